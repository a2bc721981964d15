"""Losses against their formulas in plain loops, and who is nobody."""

import math

import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional as F

from amber_id.attackers import NETWORKS
from amber_id.motion import FeatureConfig, in_channels, vertex_graph
from amber_id.training import LoopConfig, LossConfig
from amber_id.training.losses import Loss

S, D, SCALE = 4, 6, 9.0


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return F.normalize(torch.randn(8, D), dim=1), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])


def _number(loss: Loss, x: torch.Tensor, subject: torch.Tensor) -> float:
    with torch.no_grad():
        return float(loss(x, subject))


def _softmax_loss(logits: list[list[float]], subject: list[int]) -> float:
    total = 0.0
    for row, own in zip(logits, subject, strict=True):
        total += math.log(sum(math.exp(v) for v in row)) - row[own]
    return total / len(subject)


def test_cross_entropy_is_a_softmax_over_cosines():
    x, subject = _batch()
    loss = Loss(S, D, LossConfig(scale=SCALE, label_smoothing=0.0))
    cosines = (x @ F.normalize(loss.directions, dim=1).T).tolist()
    logits = [[SCALE * c for c in row] for row in cosines]
    assert _number(loss, x, subject) == pytest.approx(_softmax_loss(logits, subject.tolist()), rel=1e-5)


def test_arcface_adds_an_angle_to_the_subjects_own():
    x, subject = _batch()
    loss = Loss(S, D, LossConfig(name="arcface", scale=SCALE, margin_degrees=20.0))
    (weights,) = loss.parameters()
    cosines = (x @ F.normalize(weights.detach(), dim=0)).tolist()
    logits = [
        [SCALE * (math.cos(math.acos(c) + math.radians(20) * (k == own))) for k, c in enumerate(row)]
        for row, own in zip(cosines, subject.tolist(), strict=True)
    ]
    assert _number(loss, x, subject) == pytest.approx(_softmax_loss(logits, subject.tolist()), rel=1e-4)


def _supcon(x: torch.Tensor, label: list[int], anchors: range) -> float:
    """Khosla et al., equation 2, in a loop."""
    total = 0.0
    for i in anchors:
        others = [j for j in range(len(x)) if j != i]
        norm = math.log(sum(math.exp(SCALE * float(x[i] @ x[j])) for j in others))
        own = [j for j in others if label[j] == label[i]]
        total -= sum(SCALE * float(x[i] @ x[j]) - norm for j in own) / len(own)
    return total / len(anchors)


def test_supervised_contrast_equals_its_formula():
    x, subject = _batch()
    loss = Loss(S, D, LossConfig(name="supcon", scale=SCALE))
    assert _number(loss, x, subject) == pytest.approx(_supcon(x, subject.tolist(), range(8)), rel=1e-4)


def test_nobody_is_a_class_of_its_own_or_a_contrast_to_everyone():
    x, subject = _batch()
    nobody = torch.tensor([0, 0, 1, 1, 2, 2, S, S])
    told = Loss(S, D, LossConfig(shuffled_negatives=True))
    assert told.directions.shape == (S + 1, D)
    assert math.isfinite(_number(told, x, nobody))
    contrast = Loss(S, D, LossConfig(name="supcon", scale=SCALE, shuffled_negatives=True))
    expected = _supcon(x, [0, 0, 1, 1, 2, 2, 8, 9], range(6))  # two that are nobody are not alike
    assert _number(contrast, x, nobody) == pytest.approx(expected, rel=1e-4)
    assert _number(contrast, x, nobody) != pytest.approx(_number(contrast, x, subject), rel=1e-3)


def test_a_contrast_needs_several_clips_of_a_person():
    with pytest.raises(ValidationError, match="needs clips_per_subject of at least 2, got 0"):
        LoopConfig(loss=LossConfig(name="supcon"))
    LoopConfig(loss=LossConfig(name="supcon"), clips_per_subject=2)


@pytest.mark.parametrize("name", ["cross_entropy", "arcface", "supcon"])
def test_a_loss_is_computed_in_float32_whatever_the_network_is(name: str) -> None:
    x, subject = _batch()
    loss = Loss(S, D, LossConfig(name=name, scale=SCALE))
    plain = _number(loss, x, subject)
    with torch.autocast("cpu", torch.bfloat16):
        assert _number(loss, x, subject) == plain
        assert _number(loss, x.bfloat16(), subject) == _number(loss, x.bfloat16().float(), subject)


@pytest.mark.parametrize("name", ["distances", "stgcn", "thesis"])
def test_embeddings_have_length_one_in_bf16(name: str) -> None:
    features = FeatureConfig(regions=("nose",))
    torch.manual_seed(0)
    network = NETWORKS[name].make(features, {"channels": (8,)} if name == "thesis" else {}).train()
    x = torch.randn(3, in_channels(features), 64, vertex_graph(features).n_vertices)
    mask = torch.ones(3, 64, dtype=torch.bool)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        lengths = network(x, mask).double().norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(3, dtype=torch.float64), atol=1e-6, rtol=0)
