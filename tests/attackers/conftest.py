"""A small network that was never trained, in a checkpoint of its own."""

from pathlib import Path

import pytest
import torch

from amber_id.attackers import NETWORKS, CheckpointHeader, DevFigures, find_device, save_checkpoint
from amber_id.attackers.checkpoint import DevCalibration
from amber_id.attackers.networks import NetworkAttacker
from amber_id.motion import FeatureConfig, in_channels, vertex_graph


@pytest.fixture(scope="session")
def network_header() -> CheckpointHeader:
    return CheckpointHeader(
        attacker="stgcn",
        attacker_config={"channels": (8,), "dimensions": 10},
        features=FeatureConfig(view="motion", regions=("nose",), streams=("joint", "joint_motion")),
        point_set="face_landmarker_478",
        train_subjects=("id001", "id002", "id003"),
        dev_subjects=("id004", "id005"),
        train_clips=23,
        train_sources=("cremad", "ravdess"),
        fold=0,
        folds=1,
        seed=4,
        control=None,
        epoch=7,
        dev=DevFigures(
            eer=0.125,
            auc=0.75,
            threshold=0.5,
            subjects=2,
            calibration=DevCalibration(slope=4.0, offset=-2.0, lowest=-0.25, highest=0.875),
        ),
        recordings_sha256="ab" * 32,
        split_sha256="cd" * 32,
        versions={"amber-id": "0.1.0", "torch": "2.13.0"},
    )


@pytest.fixture(scope="session")
def network_checkpoint(network_header: CheckpointHeader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be read only."""
    features = network_header.features
    torch.manual_seed(0)
    network = NETWORKS["stgcn"].make(features, network_header.attacker_config)
    V = vertex_graph(features).n_vertices
    for _ in range(3):  # so that the running figures of the norms are not those of a fresh network
        x = torch.randn(6, in_channels(features), features.window_frames, V)
        network(x, torch.ones(6, features.window_frames, dtype=torch.bool))
    path = tmp_path_factory.mktemp("network") / "network.safetensors"
    attacker = NetworkAttacker(network, find_device("cpu"), features)
    save_checkpoint(path, network_header, attacker.tensors())
    return path
