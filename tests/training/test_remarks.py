"""An attacker that has hardly learnt is named, so that its failure is not taken for privacy."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import NETWORKS, CheckpointHeader, load_checkpoint, save_checkpoint
from amber_id.audit import evaluate
from amber_id.motion import FeatureConfig
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.training import LoopConfig, TrainConfig, remarks_on, train

SMALL = {"channels": [8], "parts": 4, "width": 16, "dimensions": 16}


@pytest.fixture(scope="module")
def header(moments_checkpoint: Path) -> CheckpointHeader:
    return load_checkpoint(moments_checkpoint)[0].model_copy(update={"attacker": "stgcn", "epoch": 4})


def of(header: CheckpointHeader, **values: object) -> CheckpointHeader:
    return header.model_copy(update=values)


def test_an_attacker_that_has_learnt_has_no_remark(header: CheckpointHeader) -> None:
    assert remarks_on("stgcn", [header], [np.array([-0.2, 0.999])]) == ()
    assert remarks_on("moments", [of(header, attacker="moments", epoch=1)], [np.array([0.999])]) == ()
    assert remarks_on("stgcn", [of(header, control="permuted-labels", epoch=1)], [np.array([0.999])]) == ()


def test_the_first_epoch_and_scores_that_are_alike_are_named_with_their_folds(
    header: CheckpointHeader,
) -> None:
    scores = [np.array([0.9985, 1.0]), np.array([0.2, 0.9])]
    folds = [of(header, fold=0, epoch=1), of(header, fold=1, epoch=3)]
    first, alike = remarks_on("stgcn", folds, scores)
    assert first.startswith("stgcn: the chosen epoch is the first in fold 0, so")
    assert alike.startswith("stgcn: all scores lie above 0.998 in fold 0: its embeddings are alike")
    assert "says little about privacy" in first
    (both,) = remarks_on("stgcn", [of(each, epoch=1) for each in folds], scores[1:] * 2)
    assert "is the first in every fold" in both


def test_the_dev_people_stand_for_scores_that_are_not_known(header: CheckpointHeader) -> None:
    assert header.dev.calibration is not None
    calibration = header.dev.calibration.model_copy(update={"lowest": 0.9981})
    alike = of(header, dev=header.dev.model_copy(update={"calibration": calibration}))
    (said,) = remarks_on("stgcn", [alike])
    assert "all scores lie above 0.998: its" in said


def test_results_of_such_a_network_say_so(people: RecordingSet, tmp_path: Path) -> None:
    split = make_split(source_of_subjects(people), SplitConfig(dev=0.25, test=0.4))
    features = FeatureConfig(regions=("nose",), streams=("joint",))
    config = TrainConfig(
        attacker="stgcn", attacker_config=SMALL, features=features, loop=LoopConfig(epochs=1)
    )
    run, _ = train(people, split, config, tmp_path / "run", device="cpu")
    results, _ = evaluate(run.path, people, split, device="cpu")
    assert [said for said in results.limits if said.startswith("stgcn: the chosen epoch is the first, so")]
    # A network whose last norm is all but a constant: everybody looks alike.
    (folder,) = run.folds
    header, tensors = load_checkpoint(folder.checkpoint)
    assert NETWORKS["stgcn"].make(features, SMALL).output_norm.weight.shape
    tensors["output_norm.weight"][:] = 1e-4
    tensors["output_norm.bias"][:] = 1.0
    save_checkpoint(folder.checkpoint, header, tensors)
    results, _ = evaluate(run.path, people, split, device="cpu")
    assert [said for said in results.limits if "all scores lie above 0.998" in said]
