"""One door to all networks: each takes its own features, comes back, and says no in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch

from amber_id.attackers import (
    NETWORKS,
    AttackerName,
    CheckpointHeader,
    DevFigures,
    default_signals,
    default_streams,
    load_attacker,
    resolved_config,
    save_checkpoint,
)
from amber_id.attackers.networks import NetworkAttacker
from amber_id.embeddings import embed_clips
from amber_id.errors import EmbeddingError, FileFormatError, UsageError
from amber_id.motion import FeatureConfig, in_channels, load_windows, vertex_graph
from amber_id.recordings import RecordingSet

SMALL = {
    "stgcn": {"channels": (8,), "parts": 4, "width": 16, "dimensions": 12},
    "thesis": {"channels": (8, 12), "dimensions": 12},
    "distances": {"channels": (8, 12), "anchors": 10, "dimensions": 12},
    "blendshapes": {"channels": (8,), "parts": 4, "width": 16, "dimensions": 12},
}


def _features(attacker: AttackerName) -> FeatureConfig:
    signals = default_signals(attacker)
    return FeatureConfig(signals=signals, streams=default_streams(attacker, signals, "all"))


def _made(attacker: AttackerName) -> NetworkAttacker:
    torch.manual_seed(0)
    features = _features(attacker)
    network = NETWORKS[attacker].make(features, SMALL[attacker])
    x, mask = _some(features)
    network(torch.from_numpy(x), torch.from_numpy(mask))  # fills the running figures
    return NetworkAttacker(network, torch.device("cpu"), features)


def _some(features: FeatureConfig, n: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shape = (n, in_channels(features), 64, vertex_graph(features).n_vertices)
    mask = np.arange(64) < rng.integers(25, 65, n)[:, None]
    return (rng.normal(size=shape) * mask[:, None, :, None]).astype(np.float32), mask


@pytest.mark.parametrize("attacker", NETWORKS)
def test_embeddings_do_not_depend_on_the_batch(attacker: AttackerName):
    made = _made(attacker)
    x, mask = _some(made.features)
    whole = made.embed(x, mask, batch=256)
    assert whole.shape == (9, 12)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made.embed(x, mask, batch=1), whole, atol=1e-5)


@pytest.mark.parametrize("attacker", NETWORKS)
def test_nothing_is_computed_on_padding_that_all_windows_of_a_batch_have(attacker: AttackerName):
    made = _made(attacker)
    x, mask = _some(made.features)
    length = mask.sum(axis=1)
    assert len(set(length)) > 4
    seen: list[tuple[int, int]] = []
    made.network.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[1].shape)))
    embedded = made.embed(x, mask, batch=3)
    assert seen == [(3, n) for n in np.sort(length)[2::3]]
    alone = [made.embed(x[n : n + 1, :, : length[n]], mask[n : n + 1, : length[n]]) for n in range(len(x))]
    np.testing.assert_allclose(embedded, np.concatenate(alone), atol=1e-5)


@pytest.mark.parametrize("attacker", NETWORKS)
def test_an_attacker_comes_back_from_its_checkpoint(attacker: AttackerName, tmp_path: Path):
    made = _made(attacker)
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, _header(attacker), made.tensors())
    header, back = load_attacker(path, "cpu")
    x, mask = _some(made.features)
    np.testing.assert_array_equal(back.embed(x, mask), made.embed(x, mask))
    assert (header.attacker, back.features) == (attacker, made.features)
    arrays = made.tensors()
    name = next(iter(arrays))
    save_checkpoint(path, _header(attacker), {n: a for n, a in arrays.items() if n != name})
    with pytest.raises(FileFormatError, match="its arrays do not fit its header"):
        load_attacker(path, "cpu")


def _header(attacker: AttackerName) -> CheckpointHeader:
    return CheckpointHeader(
        attacker=attacker,
        attacker_config=resolved_config(attacker, _features(attacker), SMALL[attacker]),
        features=_features(attacker),
        point_set="face_landmarker_478",
        train_subjects=("id001", "id002"),
        dev_subjects=("id003",),
        train_clips=4,
        fold=0,
        folds=1,
        seed=0,
        control=None,
        epoch=1,
        train_sources=("synth",),
        dev=DevFigures(eer=0.5, auc=0.5, threshold=0.0, subjects=1, calibration=None),
        recordings_sha256="0",
        split_sha256="0",
        versions={},
    )


def test_what_an_attacker_cannot_take_is_refused():
    landmarks = FeatureConfig()
    with pytest.raises(UsageError, match="blendshapes needs the signals blendshapes, got landmarks"):
        resolved_config("blendshapes", landmarks, {})
    both = FeatureConfig(streams=("joint", "face"))
    with pytest.raises(UsageError, match=r"--attacker distances: .* joint stream alone"):
        resolved_config("distances", both, {})


def test_asking_what_a_configuration_is_draws_nothing():
    torch.manual_seed(5)
    resolved_config("stgcn", FeatureConfig(), {})
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))


def test_every_view_has_streams_of_its_own():
    for attacker in (*NETWORKS, "moments"):
        for view in ("all", "motion", "static", "pose"):
            for signals in ("landmarks", "blendshapes"):
                streams = default_streams(attacker, signals, view)
                FeatureConfig(signals=signals, view=view, streams=streams)  # refuses what does not fit
    assert default_streams("stgcn", "landmarks", "all") == ("joint", "face")
    assert default_streams("thesis", "landmarks", "all") == ("joint",)


def test_features_of_another_view_are_refused(people: RecordingSet):
    made = _made("thesis")
    other = load_windows(people, FeatureConfig(view="motion"))
    with pytest.raises(EmbeddingError, match="trained on features with view all, these have motion"):
        embed_clips(made, other)
