"""The chain of the README, command by command, on real talking heads: five folds, everyone tested once.

Each person sat once, so this proves that the pipeline works on real faces, and nothing about people.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from amber_id.recordings import RecordingSet

EPOCHS = "1"


def amber(*arguments: object, code: int = 0) -> str:
    command = [sys.executable, "-m", "amber_id", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stderr[-2000:]
    return done.stdout


def results_of(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


def without_times(folder: Path) -> dict:
    return {name: value for name, value in results_of(folder).items() if name != "times"}


@pytest.fixture(scope="module")
def recordings(real_clips: Path, model_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain") / "recordings"
    amber("track", real_clips, folder, "--model", model_bundle)
    amber("split", folder, "--folds", "5")
    return folder


def chain(recordings: Path, out: Path, *flags: str) -> Path:
    """Train, reselect, evaluate; the folder of the evaluation."""
    amber("train", recordings, "--out", out / "run", *flags)
    amber("reselect", out / "run", recordings)
    said = amber("evaluate", out / "run", recordings, "--out", out / "report")
    assert "EER" in said.splitlines()[0]
    assert said.splitlines()[-1] == str(out / "report" / "report.html")
    return out / "report"


def test_all_clips_are_tracked(recordings: Path, real_clips: Path) -> None:
    entries = RecordingSet.open(recordings).entries
    assert len(entries) == len(list(real_clips.rglob("*.mp4"))) == 89
    share = sum(entry.tracked_frames for entry in entries) / sum(entry.frames for entry in entries)
    assert share >= 0.99
    assert list(csv.reader((recordings / "failures.csv").read_text().splitlines()))[1:] == []


def test_a_rerun_of_tracking_does_nothing(recordings: Path, real_clips: Path, model_bundle: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in recordings.rglob("*.safetensors")}
    said = amber("track", real_clips, recordings, "--model", model_bundle)
    assert "0 clips tracked, 89 were there already" in said
    assert {path: path.stat().st_mtime_ns for path in recordings.rglob("*.safetensors")} == before


def test_moments_from_videos_to_a_report_and_again(recordings: Path, tmp_path: Path) -> None:
    first = chain(recordings, tmp_path / "a", "--attacker", "moments")
    results = results_of(first)
    assert results["counts"]["subjects"] == 25
    assert results["counts"]["clips"] == 89
    assert len(results["dev"]) == 5
    rates = {name: rate for name, rate in results["metrics"].items() if rate is not None}
    for name, rate in rates.items():
        least = -1 if name == "linkability" else 0
        assert least <= rate["low"] <= rate["value"] <= rate["high"] <= 1
    assert len(rates) == 15 - 2  # people of a fold are too few for a TMR at an FMR of 1 % or less
    assert results["metrics"]["eer"]["high"] < 0.5
    names = {path.name for path in (first / "figures").iterdir()}
    assert {"roc.png", "roc.pdf", "score_distributions.png", "tsne.png", "subjects.png"} <= names
    assert without_times(chain(recordings, tmp_path / "b", "--attacker", "moments")) == without_times(first)


def test_the_network_from_videos_to_a_report(recordings: Path, tmp_path: Path) -> None:
    flags = ("--attacker", "stgcn", "--view", "motion", "--epochs", EPOCHS)
    results = results_of(chain(recordings, tmp_path, *flags))
    assert results["attacker"]["features"]["view"] == "motion"
    assert results["counts"]["subjects"] == 25


def test_with_permuted_labels_nothing_is_found(recordings: Path, tmp_path: Path) -> None:
    control = chain(recordings, tmp_path, "--attacker", "moments", "--control", "permuted-labels")
    eer = results_of(control)["metrics"]["eer"]
    assert eer["low"] <= 0.5 <= eer["high"]
    assert eer["high"] - eer["low"] <= 0.25
