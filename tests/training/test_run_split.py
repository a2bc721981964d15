"""A run is tested under the split that it was trained under, and recordings are left as they are."""

import shutil
from pathlib import Path

import pytest

from amber_id.errors import SplitError
from amber_id.motion import FeatureConfig
from amber_id.protocols import Split, SplitConfig, make_split, source_of_subjects, write_split
from amber_id.recordings import RecordingSet
from amber_id.training import TrainConfig, split_of_run, train

TRAINING = TrainConfig(attacker="moments", features=FeatureConfig(view="static", regions=("nose",)))


@pytest.fixture
def split(people: RecordingSet) -> Split:
    return make_split(source_of_subjects(people), SplitConfig(folds=2, dev=0.25, seed=3))


@pytest.fixture
def run(people: RecordingSet, split: Split, tmp_path: Path) -> Path:
    return train(people, split, TRAINING, tmp_path / "study" / "runs" / "one")[0].path


def test_the_split_lies_in_the_run_and_nothing_beside_the_recordings(
    run: Path, people: RecordingSet, split: Split
) -> None:
    for named in (run, run / "fold1" / "checkpoint.safetensors"):
        found = split_of_run(named, people)
        assert (found.split, found.path) == (split, run / "split.csv")
    assert not (people.root / "split.csv").exists()
    assert not (people.root / "split.json").exists()


def test_it_goes_before_another_split_beside_the_recordings(
    run: Path, people: RecordingSet, split: Split
) -> None:
    other = make_split(source_of_subjects(people), SplitConfig(folds=2, dev=0.25, seed=4))
    write_split(other, people.root / "split.csv")
    assert split_of_run(run, people).split == split
    write_split(split, people.root / "split.csv")
    assert split_of_run(run, people).path == people.root / "split.csv"


@pytest.mark.parametrize("place", ["split.csv", "splits/folds/split.csv"])
def test_it_is_found_in_the_folder_of_a_study(
    place: str, run: Path, people: RecordingSet, split: Split
) -> None:
    study = run.parents[1]
    (study / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(run / "split.csv", study / place)
    assert split_of_run(run, people).path == study / place


def test_people_of_whom_the_split_knows_nothing_are_left_out(
    run: Path, people: RecordingSet, synthetic_people: Path
) -> None:
    shutil.copytree(synthetic_people / "synth_id001", people.root / "synth_id900")
    found = split_of_run(run, RecordingSet.open(people.root))
    assert found.recordings.subjects == people.subjects


def test_an_attacker_from_elsewhere_is_tested_under_the_split_of_the_recordings(
    run: Path, people: RecordingSet
) -> None:
    (run / "split.csv").unlink()
    made = split_of_run(run, people)
    assert made.path is None
    assert not (people.root / "split.csv").exists()
    other = make_split(source_of_subjects(people), SplitConfig(folds=3, dev=0.25))
    write_split(other, people.root / "split.csv")
    assert split_of_run(run, people).split == other
    fewer = people.select(people.subjects[1:])
    write_split(make_split(source_of_subjects(fewer), SplitConfig(dev=0.3)), people.root / "split.csv")
    with pytest.raises(SplitError, match="no partition for"):
        split_of_run(run, people)
