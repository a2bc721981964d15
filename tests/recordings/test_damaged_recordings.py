"""One damaged recording is named and left out by every verb that reads a folder; the others go on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jaxtyping
import pytest

from amber_id.protocols.copies import find_copies
from amber_id.recordings import RecordingSet
from fixtures.command_line import Done, run_here


@pytest.fixture
def amber(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command line in this process, as a user meets it: annotations are checked under pytest alone."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)

    return run_here


@pytest.fixture
def damaged(synthetic_people: Path, tmp_path: Path) -> Path:
    """Twelve people of four clips, of which one is cut off and one has a flipped bit in its arrays."""
    folder = tmp_path / "recordings"
    shutil.copytree(synthetic_people, folder, ignore=shutil.ignore_patterns(".features", "*.json", "split*"))
    cut_off, flipped = (_path_of(folder, which) for which in (0, 5))
    cut_off.write_bytes(cut_off.read_bytes()[:-1])
    data = bytearray(flipped.read_bytes())
    data[-(len(data) // 2)] ^= 0x01
    flipped.write_bytes(data)
    return folder


def _path_of(folder: Path, which: int) -> Path:
    return sorted(folder.rglob("*.safetensors"))[which]


def _clip(folder: Path, which: int) -> str:
    return _path_of(folder, which).relative_to(folder).with_suffix("").as_posix()


def test_every_verb_names_them_and_goes_on(amber: Callable[..., Done], damaged: Path, tmp_path: Path) -> None:
    cut_off = f"{_clip(damaged, 0)}: its recording: expected amber-id/recording/1, got a file that is cut off"
    flipped = f"{_clip(damaged, 5)}: its recording: its arrays are not those that were written"
    run = tmp_path / "run"
    split = amber("split", damaged, "--dev", 0.4)
    assert (split.returncode, split.stderr.count("\n")) == (3, 1), split.stderr
    assert cut_off in split.stderr
    train = ("train", damaged, "--out", run, "--attacker", "moments", "--view", "static", "--quiet")
    for arguments in (train, ("embed", run, damaged, "--out", tmp_path / "v.safetensors", "--quiet")):
        done = amber(*arguments)
        assert done.returncode == 3, done.stderr
        assert cut_off in done.stderr
        assert flipped in done.stderr or arguments is train  # the person may be one of test
    assert "46 clips of 12 people" in done.stdout
    evaluated = amber("evaluate", run, damaged, "--out", tmp_path / "e", "--replicates", 100, "--quiet")
    assert evaluated.returncode == 3, evaluated.stderr
    assert cut_off in evaluated.stderr
    assert json.loads((tmp_path / "e" / "results.json").read_text())["schema"].startswith("amber-id/eval")
    chosen = amber("reselect", run, damaged, "--quiet")
    assert chosen.returncode == 3, chosen.stderr
    assert cut_off in chosen.stderr
    assert "fold 0: epoch 1 of 1" in chosen.stdout


def test_what_cannot_be_read_is_not_searched_for_copies_and_that_is_said(damaged: Path) -> None:
    found = find_copies(RecordingSet.open(damaged))
    assert found.copies == ()
    (said,) = (each for each in found.not_checked if "could not be read" in each)
    assert said.startswith("1 of 47 clips could not be read and were not compared, e.g. ")
    assert _clip(damaged, 5) in said
