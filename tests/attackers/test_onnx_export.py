"""A network as ONNX gives the embeddings that torch gives, or there is no file."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from torch import nn

from amber_id.attackers import (
    NETWORKS,
    CheckpointHeader,
    find_device,
    load_attacker,
    load_checkpoint,
    save_checkpoint,
)
from amber_id.attackers.networks import NetworkAttacker
from amber_id.attackers.onnx_export import (
    Exported,
    export_onnx,
    largest_difference,
    network_to_onnx,
    random_windows,
)
from amber_id.errors import AmberError, MissingDependencyError, UsageError


def network_of(checkpoint: Path) -> nn.Module:
    _, attacker = load_attacker(checkpoint, "cpu")
    assert isinstance(attacker, NetworkAttacker)
    return attacker.network


@pytest.fixture(scope="module")
def exported(network_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_onnx(network_checkpoint, tmp_path_factory.mktemp("onnx") / "network.onnx")


def test_it_agrees_with_torch_on_any_number_of_windows_of_any_length(
    exported: Exported, network_checkpoint: Path
) -> None:
    header, attacker = load_attacker(network_checkpoint, "cpu")
    session = onnxruntime.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(5)
    for n in (1, 3, 11):
        shape = (n, exported.channels, exported.frames, exported.vertices)
        values = rng.normal(size=shape).astype(np.float32)
        mask = np.arange(exported.frames) < rng.integers(1, exported.frames, size=n)[:, None]
        (found,) = session.run(None, {"windows": values, "mask": mask})
        np.testing.assert_allclose(found, attacker.embed(values, mask), atol=1e-4)
        # What lies under the mask is not seen here either, and the mask itself is.
        hidden = np.where(mask[:, None, :, None], values, 9).astype(np.float32)
        np.testing.assert_allclose(session.run(None, {"windows": hidden, "mask": mask})[0], found, atol=1e-5)
        (whole,) = session.run(None, {"windows": hidden, "mask": np.ones_like(mask)})
        assert np.abs(whole - found).max() > 1e-3
    assert (exported.dimensions, exported.frames) == (10, header.features.window_frames)
    assert exported.largest_difference < 1e-4


def test_it_says_what_the_checkpoint_says_and_nothing_of_this_machine(
    exported: Exported, network_checkpoint: Path
) -> None:
    properties = {each.key: each.value for each in onnx.load(exported.path).metadata_props}
    with safe_open(network_checkpoint, framework="numpy") as file:
        header = json.loads(file.metadata()["amber_id"])
    del header["arrays_sha256"]  # of the checkpoint's arrays
    assert set(properties) == {"amber_id"}
    assert json.loads(properties["amber_id"]) == header
    assert json.loads(properties["amber_id"])["schema"] == "amber-id/checkpoint/2"
    assert b".py" not in exported.path.read_bytes()


def test_one_that_disagrees_is_not_written(network_header: CheckpointHeader, tmp_path: Path) -> None:
    """Weights at the end of float32 give embeddings that are no numbers, and agree with nothing."""
    features = network_header.features.model_copy(update={"streams": ("joint",)})
    own = {"anchors": 3, "channels": (4,), "dimensions": 2}
    changes = {"attacker": "distances", "attacker_config": own, "features": features}
    network = NETWORKS["distances"].make(features, own)
    torch.nn.init.constant_(network.project.weight, 3e38)
    tensors = NetworkAttacker(network, find_device("cpu"), features).tensors()
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, network_header.model_copy(update=changes), tensors)
    with pytest.raises(AmberError, match=r"differ by nan, at most 0\.0001 is expected; not written"):
        export_onnx(path, tmp_path / "out" / "network.onnx")
    assert not (tmp_path / "out").exists()


def test_a_changed_weight_and_a_broken_file_are_noticed(exported: Exported, network_checkpoint: Path) -> None:
    network, features = network_of(network_checkpoint), load_checkpoint(network_checkpoint)[0].features
    model = exported.path.read_bytes()
    assert largest_difference(model, network, features) < 1e-5
    with torch.no_grad():
        network.vertex_code[0] += 0.05
    assert largest_difference(model, network, features) > 1e-4
    with pytest.raises(AmberError, match="onnxruntime cannot load the model"):
        largest_difference(model[: len(model) // 2], network, features)


def test_what_torch_cannot_trace_is_one_line(network_header: CheckpointHeader) -> None:
    class Undecided(nn.Module):
        def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return x.sum((2, 3)) if mask.sum() > 9 else -x.sum((2, 3))

    with pytest.raises(AmberError, match="stgcn cannot be exported as ONNX: Failed") as raised:
        network_to_onnx(Undecided(), network_header)
    assert len(str(raised.value).splitlines()) == 1


def test_an_attacker_without_a_network_is_refused(moments_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="moments has no network to export"):
        export_onnx(moments_checkpoint, tmp_path / "moments.onnx")


def test_windows_to_compare_on_are_padded_to_different_lengths(network_header: CheckpointHeader) -> None:
    values, mask = random_windows(8, network_header.features)
    assert sorted(mask.sum(axis=1), reverse=True) == [64, 55, 46, 37, 28, 19, 10, 1]
    assert (values != 0).all()


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named(
    package: str, network_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingDependencyError, match=rf"^{package} is not .* pip install 'amber-id\[onnx\]'$"
    ):
        export_onnx(network_checkpoint, tmp_path / "network.onnx")
