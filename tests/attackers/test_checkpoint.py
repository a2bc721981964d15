"""A checkpoint says what it is, and is loaded strictly or refused by name."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from amber_id.attackers import find_device, load_attacker, load_checkpoint, save_checkpoint
from amber_id.errors import FileFormatError, UsageError
from amber_id.file_formats import write_tensors
from amber_id.motion import FeatureConfig
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.training import LoopConfig, TrainConfig, train

SPLIT = SplitConfig(seed=1)


@pytest.fixture(params=["moments", "stgcn"])
def checkpoint(request: pytest.FixtureRequest, people: RecordingSet, tmp_path: Path) -> Path:
    config = TrainConfig(
        attacker=request.param,
        attacker_config={"channels": [8, 8]} if request.param == "stgcn" else {},
        features=FeatureConfig(regions=("lips",)),
        loop=LoopConfig(epochs=1),
    )
    run, _ = train(people, make_split(source_of_subjects(people), SPLIT), config, tmp_path / "run")
    return run.folds[0].checkpoint


def test_it_says_everything_about_itself(checkpoint: Path, people: RecordingSet) -> None:
    header, _ = load_checkpoint(checkpoint)
    split = make_split(source_of_subjects(people), SPLIT)
    assert header.train_subjects == split.subjects("train", 0)
    assert header.dev_subjects == split.subjects("dev", 0)
    assert header.features.regions == ("lips",)
    assert header.recordings_sha256 == people.content_hash()
    assert header.split_sha256 == split.content_hash()
    assert 0 <= header.dev.eer <= 1


def test_it_comes_back_whole_and_as_the_same_bytes(checkpoint: Path, tmp_path: Path) -> None:
    header, tensors = load_checkpoint(checkpoint)
    save_checkpoint(tmp_path / "again.safetensors", header, tensors)
    assert (tmp_path / "again.safetensors").read_bytes() == checkpoint.read_bytes()


def test_a_file_that_is_cut_off_is_refused(checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(FileFormatError, match=r"checkpoint\.safetensors: expected .* cut off"):
        load_attacker(checkpoint)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    write_tensors(tmp_path / "x.safetensors", "amber-id/checkpoint/1", {}, {"a": np.zeros(1)})
    with pytest.raises(FileFormatError, match="expected amber-id/checkpoint/2, got amber-id/checkpoint/1"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_a_foreign_safetensors_is_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(FileFormatError, match="no schema"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_a_missing_array_is_refused(checkpoint: Path) -> None:
    header, tensors = load_checkpoint(checkpoint)
    tensors.pop(sorted(tensors)[0])
    save_checkpoint(checkpoint, header, tensors)
    with pytest.raises(FileFormatError, match=r"checkpoint\.safetensors: .*(expected|fit)"):
        load_attacker(checkpoint)


def test_a_header_that_does_not_fit_is_refused(checkpoint: Path) -> None:
    header, _ = load_checkpoint(checkpoint)
    values = header.model_dump(mode="json") | {"attacker": "oracle"}
    write_tensors(checkpoint, "amber-id/checkpoint/2", values, load_file(checkpoint))
    with pytest.raises(FileFormatError, match="its attacker does not fit"):
        load_checkpoint(checkpoint)


@pytest.mark.parametrize("name", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--device"):
        find_device(name)
