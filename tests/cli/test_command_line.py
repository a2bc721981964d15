"""The command line: bad input is one line and an exit code, and what is good is not lost."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from amber_id.attackers import ATTACKERS
from amber_id.cli import app, train
from amber_id.motion import VIEWS, Signals
from amber_id.protocols import PROTOCOLS, Control, read_split
from amber_id.recordings import RecordingSet
from amber_id.tracking import TRACKERS
from fixtures.command_line import run_here as amber


@pytest.mark.parametrize(
    "verb",
    [
        [],
        ["doctor"],
        ["models", "fetch"],
        ["avatarize"],
        ["defend"],
        ["avatar", "preview"],
        ["avatar", "merge"],
        ["corpus", "landmarks"],
        *[[v] for v in ["track", "split", "train", "reselect", "evaluate", "synth", "view", "power"]],
        *[[v] for v in ["embed", "verify", "export"]],
    ],
    ids=" ".join,
)
def test_every_verb_explains_itself(verb: list[str]) -> None:
    result = CliRunner().invoke(app, [*verb, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_choices_are_those_of_the_library() -> None:
    flags = train.__annotations__
    for flag, names in {
        "signals": Signals,
        "control": Control,
    }.items():
        offered = str(get_args(flags[flag])[0])
        assert all(repr(name) in offered for name in get_args(names)), flag


@pytest.mark.parametrize(
    ("arguments", "flag", "rows"),
    [
        (["train", ".", "--out", "run"], "--attacker", ATTACKERS),
        (["train", ".", "--out", "run"], "--view", VIEWS),
        (["track", ".", "out"], "--tracker", TRACKERS),
        (["split", "."], "--protocol", PROTOCOLS),
        (["audit", "--out", "out"], "--protocol", PROTOCOLS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_help_and_refusal_name_the_rows_of_a_table(
    arguments: list[str], flag: str, rows: Mapping[str, object]
) -> None:
    help_text = CliRunner().invoke(app, [arguments[0], "--help"]).output
    assert f"{flag} <{'|'.join(rows)}>" in help_text
    assert all(f"{name}:" in "".join(help_text.split()) for name in rows)  # with the summary of each
    refused = CliRunner().invoke(app, [*arguments, flag, f"{next(iter(rows))}x"])
    assert refused.exit_code == 2
    assert f"do you mean {next(iter(rows))}?" in " ".join(refused.output.split())


def test_bad_videos_are_named_and_good_ones_tracked(
    real_clips: Path, model_bundle: Path, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    good = sorted((real_clips / "talking_id042").iterdir())[:2]
    for number, names in {"id042": ["a.mp4", "b.mp4"], "id007": ["a.mp4", "b.mp4"]}.items():
        (videos / f"talking_{number}").mkdir(parents=True)
        for source, name in zip(good, names, strict=True):
            (videos / f"talking_{number}" / name).symlink_to(source)
    bad = videos / "talking_id042"
    (bad / "zero.mp4").write_bytes(b"")
    (bad / "text.mp4").write_text("this is no video")
    (bad / "cut.mp4").write_bytes(good[0].read_bytes()[:2000])
    (bad / "gone.mp4").symlink_to(tmp_path / "nowhere")
    (videos / "stray").mkdir()
    (videos / "stray" / "c.mp4").symlink_to(good[0])
    (videos / "talking_id099").mkdir()
    (videos / "talking_id099" / "only.mp4").symlink_to(good[0])

    done = amber("track", videos, tmp_path / "out", "--model", model_bundle)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    rows = list(csv.DictReader((tmp_path / "out" / "failures.csv").read_text().splitlines()))
    reasons = {row["clip"]: row["reason"] for row in rows}
    expected = {f"talking_id042/{name}" for name in ("zero", "text", "cut", "gone")}
    assert reasons.keys() == expected | {"stray", "talking_id099/only"}
    for clip, reason in reasons.items():
        assert f"{clip}: {reason}" in done.stderr.splitlines()
    assert "no mated comparison" in reasons["talking_id099/only"]
    assert len(RecordingSet.open(tmp_path / "out").entries) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["track", "nowhere", "out"], 1, "nowhere: no such folder"),
        (["split", "nowhere"], 1, "nowhere: no such folder"),
        (["train", "nowhere", "--out", "run"], 1, "nowhere: no such folder"),
        (["reselect", "nowhere", "nowhere"], 1, "nowhere"),
        (["synth", "out", "--people", "0"], 2, "people"),
        (["synth", "out", "--workers", "-1"], 2, "--workers must be 1 or more, got -1"),
        (["track", ".", "out", "--shard", "3"], 2, "--shard must be i/n"),
        (["train", ".", "--out", "run", "--regions", "ears"], 2, "regions"),
        (
            ["train", ".", "--out", "run", "--view", "pose", "--streams", "bone"],
            2,
            "bone streams need landmarks",
        ),
        (["train", ".", "--out", "run", "--attacker", "oracle"], 2, "oracle"),
        (["sing"], 2, "sing"),
    ],
)
def test_wrong_usage_is_told_in_a_line(
    arguments: list[str], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = amber(*arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_split_is_made_when_first_needed_and_said(people: RecordingSet, tmp_path: Path) -> None:
    flags = ["--attacker", "moments", "--regions", "lips"]
    first = amber("train", people.root, "--out", tmp_path / "a", *flags)
    assert first.returncode == 0, first.stderr
    assert "made the default split" in first.stderr
    again = amber("train", people.root, "--out", tmp_path / "b", *flags)
    assert "split" not in again.stderr
    assert read_split(people.root / "split.csv").folds


def test_the_result_is_on_standard_output_alone(tmp_path: Path) -> None:
    done = amber("synth", tmp_path, "--people", "2", "--clips", "1", "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == str(tmp_path / "oracle.json")
