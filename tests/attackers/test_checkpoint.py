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


def _changed(path: Path, out: Path, header: dict[str, object], **tensors: np.ndarray) -> Path:
    """A checkpoint with other values in its header, and other arrays."""
    known, arrays = load_checkpoint(path)
    values = known.model_dump(mode="json")
    for place, value in header.items():
        part, _, name = place.rpartition(".")
        (values[part] if part else values)[name] = value
    write_tensors(out, "amber-id/checkpoint/2", values, {**arrays, **tensors})
    return out


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            {"attacker_config.channels": [10**9]},
            "do not fit its header: .*less than or equal to 65536",
        ),
        ({"attacker_config.channels": [65536] * 8}, r"asks for a network of more than \d[\d,]+ numbers"),
        (
            {"attacker_config.width": 60_000, "attacker_config.dimensions": 60_000},
            "asks for a network of more",
        ),
        ({"attacker_config.dilations": [10**9]}, "less than or equal to 999"),
        ({"attacker_config.kernel": 10**9 + 1}, "less than or equal to 999"),
        ({"attacker_config": {"channels": [4], "width": 8}}, "its arrays do not fit its header: Error"),
        ({"features.window_s": 1e300}, "must be at most 10,000 frames long"),
        ({"folds": 10**9}, "its folds does not fit"),
        ({"fold": -1}, "its fold does not fit"),
        ({"dev.eer": float("nan")}, r"its dev\.eer does not fit"),
        ({"dev.auc": 7}, r"its dev\.auc does not fit"),
    ],
)
def test_a_header_that_asks_for_too_much_is_refused(
    network_checkpoint: Path, tmp_path: Path, header: dict[str, object], message: str
) -> None:
    path = _changed(network_checkpoint, tmp_path / "x.safetensors", header)
    with pytest.raises(FileFormatError, match=message) as error:
        load_attacker(path, "cpu")
    assert error.value.path == path
    assert "\n" not in str(error.value)


def test_weights_that_are_no_numbers_are_refused(
    network_checkpoint: Path, moments_checkpoint: Path, tmp_path: Path
) -> None:
    _, network = load_checkpoint(network_checkpoint)
    _, moments = load_checkpoint(moments_checkpoint)
    wrong = tmp_path / "x.safetensors"
    nan, inf = np.float32(np.nan), np.float32(np.inf)
    weight, mean, projection = network["project.weight"], moments["mean"], moments["projection"]
    cases = (
        (network_checkpoint, {"project.weight": weight * nan}, "expected finite weights"),
        (network_checkpoint, {"project.weight": np.full_like(weight, inf)}, "expected finite weights"),
        (moments_checkpoint, {"mean": mean * nan}, "expected a finite mean and projection"),
        (moments_checkpoint, {"projection": np.full_like(projection, inf)}, "expected a finite mean"),
        (moments_checkpoint, {"scale": -moments["scale"]}, "expected a finite mean .* positive scale"),
        (moments_checkpoint, {n: a[:-1] for n, a in moments.items()}, r"expected \d+ statistics, as its"),
    )
    for path, arrays, message in cases:
        with pytest.raises(FileFormatError, match=message):
            load_attacker(_changed(path, wrong, {}, **arrays), "cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--device"):
        find_device(name)
