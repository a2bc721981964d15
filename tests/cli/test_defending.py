"""`amber defend` on the command line."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import DEFENCES
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from fixtures.command_line import Done
from fixtures.learned_defence import untrained_file


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("people")
    generate(SynthConfig.model_validate({"people": 3, "clips": 2, "duration": "2"}), out, workers=1)
    return out / "original"


Run = Callable[..., Done]


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
        (["--with", "learned"], 2, "learned needs --model FILE; `amber defences train --out FILE` makes one"),
        (["--with", "noise", "--model", "x"], 2, "--model: noise was not learned; leave it out"),
        (["--with", "learned", "--model", "x"], 1, "x: expected amber-id/learned-defence/2, got nothing"),
        (
            [],
            2,
            "expected RECORDINGS or VIDEOS, OUT, and --with NAME[:STRENGTH]; `amber defend --list` names",
        ),
        (
            ["--with", "noise:1e-7"],
            2,
            "--with noise: a strength of '1e-7' changes nothing that shows; take 0",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    amber: Run, originals: Path, tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    done = amber("defend", originals, tmp_path / "out", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"amber: {reason}")
    assert not (tmp_path / "out").exists()


def test_videos_are_tracked_first_beside_what_is_defended(
    amber: Run, real_clips: Path, model_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMBER_FACE_LANDMARKER", str(model_bundle))
    clip = min(real_clips.rglob("*.mp4"), key=lambda path: path.stat().st_size)
    video = tmp_path / "videos" / clip.parent.name / clip.name
    video.parent.mkdir(parents=True)
    video.write_bytes(clip.read_bytes())
    out = tmp_path / "out"
    done = amber("defend", tmp_path / "videos", out, "--with", "damp", "--workers", 1, "--seed", 1)
    tracked = RecordingSet.open(tmp_path / "out-undefended")
    assert done.returncode == 0, done.stderr
    assert f"{tracked.root}: the recordings of the videos, which are not defended" in done.stderr
    defended = RecordingSet.open(out)
    assert [entry.clip for entry in defended.entries] == [entry.clip for entry in tracked.entries]
    (raw,), (still,) = ([each.load(entry) for entry in each.entries] for each in (tracked, defended))
    assert np.nanstd(raw.blendshapes[:, 25]) > 0.01  # the jaw
    assert np.nanstd(still.blendshapes[:, 25]) < 1e-6
    assert (raw.defence, still.defence) == ("", "damp:1")


@pytest.mark.parametrize("place", ["videos", "recordings"])
def test_recordings_are_not_written_among_videos(
    amber: Run, originals: Path, tmp_path: Path, place: str
) -> None:
    video = tmp_path / "videos" / "a_id001" / "x.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"none")
    source = originals if place == "recordings" else tmp_path / "videos"
    done = amber("defend", source, tmp_path / "videos", "--with", "noise")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "videos: holds videos; write the recordings to another folder" in done.stderr
    assert list(tmp_path.rglob("*.*")) == [video]


def test_a_folder_without_clips_is_one_line(amber: Run, originals: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = amber("defend", tmp_path / "empty", tmp_path / "out", "--with", "noise")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no folder named <source>_id<number> in it; expected" in done.stderr
    one = originals / "synth_id001"
    done = amber("defend", one, tmp_path / "out", "--with", "noise")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"is the folder of one person; give the one above, {originals}" in done.stderr


def test_donors_of_one_person_are_refused(amber: Run, originals: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool" / "synth_id001"
    pool.mkdir(parents=True)
    for path in (originals / "synth_id001").glob("*.safetensors"):
        (pool / path.name).write_bytes(path.read_bytes())
    done = amber("defend", originals, tmp_path / "out", "--with", "donor-clip", "--donors", tmp_path / "pool")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected clips with blendshapes of 2 people or more, got 1; name a larger folder" in done.stderr


def test_a_model_defends_and_says_whom_it_was_trained_on(amber: Run, originals: Path, tmp_path: Path) -> None:
    model = untrained_file(tmp_path)  # as if it were trained on id002 and chosen on id003
    line = ["defend", originals, tmp_path / "out", "--with", "learned:0.5", "--model", model, "--workers", 1]
    done = amber(*line, "--seed", 3)
    assert done.returncode == 0, done.stderr
    assert "6 recordings defended by learned:0.5, 0 failed" in done.stdout
    assert (
        "note: of 3 people, 1 have names that the learned defence was trained on and 1 have names of people "
        "that chose its epoch: it may hide them better than it hides others"
    ) in done.stderr
    notes = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").rglob("*.json")]
    known = {
        note["subject"]: (note["steps"][0]["trained_on"], note["steps"][0]["chosen_on"]) for note in notes
    }
    assert known == {"id001": (False, False), "id002": (True, False), "id003": (False, True)}
    assert {note["steps"][0]["model_sha256"] for note in notes} == {
        hashlib.sha256(model.read_bytes()).hexdigest()
    }
    assert "note:" not in amber(*line[:2], tmp_path / "other", "--with", "noise").stderr
