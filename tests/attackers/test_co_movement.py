"""Co-movement: covariances in a plain loop, correlations by hand, and that it tells people apart."""

import math
from itertools import pairwise

import numpy as np
import pytest

from amber_id.attackers import co_movement
from amber_id.attackers.co_movement import (
    components_shape,
    correlations_of,
    covariances_of,
    fit_components,
    has_co_movement,
    n_covariances,
)
from amber_id.attackers.moments import MOMENTS, MomentsAttacker, MomentsConfig, fit_moments
from amber_id.attackers.window_statistics import n_statistics, statistics_under
from amber_id.biometrics import compare_all, eer
from amber_id.motion import FeatureConfig

MOTION = FeatureConfig(view="motion", regions=("right_eye",))
V = len(MOTION.points)


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (FeatureConfig(view="motion"), True),
        (FeatureConfig(view="motion", streams=("bone",)), True),
        (FeatureConfig(view="motion", streams=("joint", "bone")), False),
        (FeatureConfig(view="motion", signals="blendshapes"), False),
        (FeatureConfig(view="pose"), False),
        (FeatureConfig(streams=("joint", "face")), False),
    ],
)
def test_the_motion_of_landmarks_has_co_movement(features: FeatureConfig, expected: bool):
    assert has_co_movement(features) is expected
    assert (n_covariances(features) > 0) is expected


def test_covariances_equal_a_plain_loop():
    rng = np.random.default_rng(0)
    mask = np.arange(9) < np.array([[9], [6]])
    values = rng.normal(size=(2, 2, 9, V)) * mask[:, None, :, None]
    covariances = covariances_of(values, mask, MOTION)
    weights = co_movement._smooth_weights(MOTION.points)
    assert covariances.shape == (2, n_covariances(MOTION))
    for n, frames in enumerate((9, 6)):
        summed = [
            [sum(values[n, c, t, v] * weights[v, k] for v in range(V)) for t in range(frames)]
            for c in range(2)
            for k in range(weights.shape[1])
        ]
        changes = [[b - a for a, b in pairwise(row)] for row in summed]
        expected = [
            _covariance(signals[i], signals[j])
            for signals in (summed, changes)
            for i in range(len(signals))
            for j in range(i, len(signals))
        ]
        np.testing.assert_allclose(covariances[n], expected, atol=1e-12)


def _covariance(one: list[float], other: list[float]) -> float:
    a, b = (sum(x) / len(x) for x in (one, other))
    return sum((x - a) * (y - b) for x, y in zip(one, other, strict=True)) / len(one)


def test_correlations_by_hand():
    """Two signals of variances 4 and 9: covariance 3 is a correlation of a half, of their changes none."""
    covariances = np.array([[4.0, 3.0, 9.0, 1.0, 0.0, 1.0]])
    axes = np.stack([np.eye(2), np.eye(2)])
    movement, changes = correlations_of(covariances, axes)
    assert movement.tolist() == [[pytest.approx(math.atanh(0.5), abs=1e-5)]]
    assert changes.tolist() == [[0.0]]


def test_components_are_those_of_most_variance():
    """Signals that rise together, of covariance 3 about variances 4: (1, 1) has 7, (1, -1) has 1."""
    covariances = np.array([[3.0, 3.0, 5.0, 1.0, 0.0, 2.0], [5.0, 3.0, 3.0, 1.0, 0.0, 2.0]])
    movement, changes = fit_components(covariances)
    half = math.sqrt(0.5)
    np.testing.assert_allclose(np.abs(movement), [[half, half], [half, half]])
    assert movement[0, 0] * movement[1, 0] > 0
    np.testing.assert_allclose(np.abs(changes), [[0, 1], [1, 0]], atol=1e-12)


def test_what_does_not_move_is_correlated_with_nothing():
    movement, changes = correlations_of(np.zeros((1, 6)), np.stack([np.eye(2), np.eye(2)]))
    assert movement.tolist() == changes.tolist() == [[0.0]]


# in the attacker -----------------------------------------------------------------------------------


def _people(people: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eight windows each: halves of an eye move equally much in everybody, together or not by person."""
    rng = np.random.default_rng(seed)
    values, who = [], []
    for person in range(people):
        share = rng.uniform(-0.9, 0.9)
        for _ in range(8):
            one, noise = rng.normal(size=(2, 2, 40, 1))
            other = share * one + math.sqrt(1 - share**2) * noise
            upper = np.arange(V) < V // 2
            values.append(np.where(upper, one, other) + 0.1 * rng.normal(size=(2, 40, V)))
            who.append(person)
    return np.stack(values), np.array(who)


def _eer(attacker: MomentsAttacker, values: np.ndarray, who: np.ndarray) -> float:
    comparisons = compare_all(attacker.embed(values, np.ones((len(values), 40), bool)), who)
    return eer(comparisons.mated_scores, comparisons.nonmated_scores)


def _fit(values: np.ndarray, who: np.ndarray) -> MomentsAttacker:
    mask = np.ones((len(values), 40), bool)
    return fit_moments(values, mask, who, MomentsConfig(), features=MOTION)


def test_moving_together_tells_people_apart(monkeypatch: pytest.MonkeyPatch):
    learnt, others = _people(20, 0), _people(20, 1)
    with_co_movement = _eer(_fit(*learnt), *others)
    monkeypatch.setattr("amber_id.attackers.moments.has_co_movement", lambda _: False)
    monkeypatch.setattr("amber_id.attackers.window_statistics.has_co_movement", lambda _: False)
    assert with_co_movement < 0.37
    assert _eer(_fit(*learnt), *others) > with_co_movement + 0.08


def test_an_attacker_with_components_comes_back_from_its_arrays():
    values, who = _people(8, 0)
    attacker = _fit(values, who)
    tensors = attacker.tensors()
    assert tensors["components"].shape == components_shape(MOTION)
    back = MOMENTS.loader(tensors, MOTION)
    mask = np.ones((len(values), 40), bool)
    np.testing.assert_array_equal(back.embed(values, mask), attacker.embed(values, mask))
    with pytest.raises(ValueError, match="components must be of shape"):
        MOMENTS.loader(tensors | {"components": tensors["components"][:, 1:]}, MOTION)
    with pytest.raises(ValueError, match="expected a finite"):
        MOMENTS.loader(tensors | {"components": tensors["components"] * np.nan}, MOTION)
    del tensors["components"]
    with pytest.raises(ValueError, match=r"expected the arrays .*components"):
        MOMENTS.loader(tensors, MOTION)


def test_statistics_end_with_the_covariances():
    values, _ = _people(1, 0)
    mask = np.ones((8, 40), bool)
    statistics = statistics_under(MOTION, values, mask)
    assert statistics.shape[1] == n_statistics(MOTION) == 22 * 2 * V + n_covariances(MOTION)
    np.testing.assert_array_equal(
        statistics[:, -n_covariances(MOTION) :], covariances_of(values, mask, MOTION)
    )
