"""`amber defend` on the command line."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from amber_id.anonymisers import DEFENCES
from amber_id.synthetic import SynthConfig, generate
from fixtures.command_line import Done, run_here


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("people")
    generate(SynthConfig.model_validate({"people": 3, "clips": 2, "duration": "2"}), out, workers=1)
    return out / "original"


Run = Callable[..., Done]


@pytest.fixture
def amber(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return partial(run_here, capsys, monkeypatch)


def test_the_list_has_every_defence_and_how_long_it_waits(amber: Run) -> None:
    done = amber("defend", "--list")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [line[0] for line in lines] == list(DEFENCES)
    for row, defence in zip(
        (line for line in done.stdout.splitlines() if line.startswith("  ")), DEFENCES.values(), strict=True
    ):
        assert row.endswith(defence.when)
        assert defence.summary in row
        assert ("epsilon" in row) == (defence.family == "noise")
    assert "epsilon of one frame 14,047; changes" in done.stdout


def test_a_folder_is_defended_and_says_that_the_seed_is_a_secret(
    amber: Run, originals: Path, tmp_path: Path
) -> None:
    line = ["defend", originals, tmp_path / "out", "--with", "p-blend:0.5", "--workers", 1]
    done = amber(*line)
    assert done.returncode == 0, done.stderr
    first_line, title, numbers, worth = done.stdout.splitlines()
    assert first_line == f"{tmp_path / 'out'}: 6 recordings defended by p-blend:0.5, 0 failed"
    assert title == "formal privacy (docs/defences.md):"
    assert numbers == (
        "  p-blend:0.5: epsilon 40 for a coefficient of one frame, 2,040 for all coefficients of the frame, "
        "infinite with the head, infinite for the longest recording, of 60 frames; delta 0"
    )
    assert worth.startswith("    of no use: all frames of a recording have one offset")
    assert "is a secret" in done.stderr

    def seeds() -> set[int]:
        return {json.loads(path.read_text("utf-8"))["seed"] for path in (tmp_path / "out").rglob("*.json")}

    (first,) = seeds()
    amber(*line)
    (second,) = seeds()
    assert first != second  # drawn anew: nobody can guess it
    assert amber(*line, "--seed", 3, "--quiet") == Done(0, done.stdout, "")
    assert seeds() == {3}


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (
            ["--with", "noise:2"],
            2,
            "--with noise: expected a strength from 0 (nothing changes) to 1, got '2'",
        ),
        (["--with", "popluation"], 2, "--with: no defence is called 'popluation'; do you mean population?"),
        (["--with", "donor-clip"], 2, "donor-clip takes on the style of people of --donors: name a folder"),
        (["--with", "noise", "--donors", "."], 2, "--donors: noise takes on nobody's style; leave it out"),
        (["--with", "noise", "--seed", "-1"], 2, "--seed must be 0 or more, got -1"),
        (["--with", "noise", "--workers", "0"], 2, "--workers must be 1 or more, got 0"),
        ([], 2, "expected RECORDINGS OUT --with NAME[:STRENGTH]; `amber defend --list` names the defences"),
    ],
)
def test_what_cannot_be_is_one_line(
    amber: Run, originals: Path, tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    done = amber("defend", originals, tmp_path / "out", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"amber: {reason}")
    assert not (tmp_path / "out").exists()


def test_videos_are_to_be_tracked_first(amber: Run, tmp_path: Path) -> None:
    video = tmp_path / "videos" / "a_id001" / "x.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"none")
    done = amber("defend", tmp_path / "videos", tmp_path / "out", "--with", "noise")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "holds videos, no recordings; run: amber track" in done.stderr


def test_donors_of_one_person_are_refused(amber: Run, originals: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool" / "synth_id001"
    pool.mkdir(parents=True)
    for path in (originals / "synth_id001").glob("*.safetensors"):
        (pool / path.name).write_bytes(path.read_bytes())
    done = amber("defend", originals, tmp_path / "out", "--with", "donor-clip", "--donors", tmp_path / "pool")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected clips with blendshapes of 2 people or more, got 1; name a larger folder" in done.stderr
