"""The statistical attacker: its statistics in a plain loop, and that it finds a habit and nothing else."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from amber_id.attackers import moments
from amber_id.attackers import window_statistics as statistics_module
from amber_id.attackers.moments import (
    MomentsAttacker,
    MomentsConfig,
    fit_moments,
)
from amber_id.attackers.window_statistics import BANDS_HZ, window_statistics
from amber_id.biometrics import compare_all, eer, two_covariance_llr
from amber_id.errors import TrainingError
from amber_id.motion import FeatureConfig

RATE_HZ = 25.0
T, V = 48, 6


def _whole(values: np.ndarray) -> np.ndarray:
    return np.ones((len(values), values.shape[2]), dtype=bool)


def _signal_statistics(x: list[float]) -> list[float]:
    """The 22 statistics of one signal, number by number."""
    n = len(x)
    mean = sum(x) / n
    spread = math.sqrt(sum((v - mean) ** 2 for v in x) / n)
    skewness = sum((v - mean) ** 3 for v in x) / n / (spread**3 + 1e-12)
    changes = math.sqrt(sum((b - a) ** 2 for a, b in pairwise(x)) / (n - 1))
    taper = [math.sin(math.pi * (t + 0.5) / n) ** 2 for t in range(n)]
    energy = sum(w**2 for w in taper)
    powers = []
    for low, high in BANDS_HZ:
        total = 0.0
        for k in range(4):
            hertz = low + (high - low) * k / 4
            turns = [2 * math.pi * hertz * t / RATE_HZ for t in range(n)]
            real = sum((v - mean) * w * math.cos(a) for v, w, a in zip(x, taper, turns, strict=True))
            imaginary = sum((v - mean) * w * math.sin(a) for v, w, a in zip(x, taper, turns, strict=True))
            total += real**2 + imaginary**2
        powers.append(math.log(total / 4 / energy + 1e-12))
    quantiles = [_quantile(x, share) for share in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)]
    of_changes = [_quantile([b - a for a, b in pairwise(x)], share) for share in (0.02, 0.98)]
    ranges = [math.log(quantiles[b] - quantiles[a] + 1e-3) for a, b in ((1, 3), (3, 5), (0, 6))]
    logs = [math.log(spread + 1e-6), math.log(changes + 1e-6)]
    return [mean, skewness, *logs, *powers, *quantiles, *of_changes, *ranges]


def _quantile(x: list[float], share: float) -> float:
    """Linear between the two nearest of the sorted values."""
    ordered, at = sorted(x), share * (len(x) - 1)
    low = math.floor(at)
    return ordered[low] + (at - low) * (ordered[math.ceil(at)] - ordered[low])


def _some_windows(n: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n, 2, T, V)).astype(np.float32)
    lengths = [T, 25, 30, *([T] * n)][:n]
    mask = np.arange(T) < np.array(lengths)[:, None]
    values *= mask[:, None, :, None]
    return values, mask


def test_statistics_equal_a_plain_loop():
    values, mask = _some_windows()
    found = window_statistics(values, mask, rate_hz=RATE_HZ)
    assert found.shape == (3, 22 * 2 * V)
    for n in range(3):
        for c in range(2):
            for v in range(V):
                expected = _signal_statistics(values[n, c, mask[n], v].astype(float).tolist())
                np.testing.assert_allclose(found[n, c * V + v :: 2 * V], expected, rtol=1e-8, atol=1e-8)


def test_a_swing_shows_in_its_own_band():
    t = np.arange(64) / RATE_HZ
    middles = [(low + high) / 2 for low, high in BANDS_HZ]
    values = np.stack([np.sin(2 * np.pi * hertz * t) for hertz in middles], axis=1)[None, None]
    bands = window_statistics(values.astype(np.float32), np.ones((1, 64), bool), rate_hz=RATE_HZ)[
        0, 4 * 6 : 10 * 6
    ]
    assert bands.reshape(6, 6).argmax(axis=0).tolist() == [0, 1, 2, 3, 4, 5]


def test_bands_that_a_rate_cannot_show_are_left_out():
    values, mask = _some_windows()
    assert window_statistics(values, mask, rate_hz=12.0).shape == (3, (4 + 4 + 12) * 2 * V)


def test_the_amount_of_padding_changes_nothing():
    values, mask = _some_windows()
    longer = np.zeros((3, 2, T + 40, V), np.float32)
    longer[:, :, :T] = values
    padded = np.pad(mask, ((0, 0), (0, 40)))
    np.testing.assert_allclose(
        window_statistics(longer, padded, rate_hz=RATE_HZ),
        window_statistics(values, mask, rate_hz=RATE_HZ),
        rtol=1e-9,
        atol=1e-9,
    )


def test_how_many_windows_are_computed_together_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    values, mask = _some_windows(7)
    at_once = window_statistics(values, mask, rate_hz=RATE_HZ)
    monkeypatch.setattr(statistics_module, "_AT_ONCE", 2)
    np.testing.assert_array_equal(window_statistics(values, mask, rate_hz=RATE_HZ), at_once)
    assert window_statistics(values[:0], mask[:0], rate_hz=RATE_HZ).shape == (0, 22 * 2 * V)


# what it learns -------------------------------------------------------------------------------------


@cache
def _people(
    subjects: range, *, habit: float, mood: float = 0.0, clips: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Everyone swings every signal with amplitudes of their own (log-normal, spread `habit`), in noise.

    From clip to clip all amplitudes of the later signals rise and fall together (spread `mood`).
    """
    t = np.arange(T) / RATE_HZ
    values, labels = [], []
    for subject in subjects:
        own = habit * np.random.default_rng([seed, subject]).normal(size=(3, V))
        rng = np.random.default_rng([seed, subject, 1])
        for _ in range(clips):
            amplitude = np.exp(own + mood * rng.normal() * (np.arange(V) > 1))
            phases = rng.uniform(0, 2 * np.pi, (3, V))
            hertz = np.array([1.0, 3.0, 6.0])[:, None]
            swing = (amplitude * np.sin(2 * np.pi * hertz * t[:, None, None] + phases)).sum(axis=1)
            values.append((swing + 0.5 * rng.normal(size=(T, V)))[None])
            labels.append(subject - subjects.start)
    return np.stack(values).astype(np.float32), np.array(labels)


def _eer(attacker: MomentsAttacker, values: np.ndarray, labels: np.ndarray) -> float:
    comparisons = compare_all(attacker.embed(values, _whole(values)), labels)
    return eer(comparisons.mated_scores, comparisons.nonmated_scores)


def _fit(values: np.ndarray, labels: np.ndarray, **options: int) -> MomentsAttacker:
    return fit_moments(values, _whole(values), labels, MomentsConfig(**options), features=FeatureConfig())


def test_a_habit_is_found_in_people_never_seen():
    attacker = _fit(*_people(range(24), habit=0.4))
    assert _eer(attacker, *_people(range(24, 40), habit=0.4)) < 0.2


def test_labels_tell_habits_from_moods():
    values, labels = _people(range(24), habit=0.4, mood=1.5)
    others = _people(range(24, 40), habit=0.4, mood=1.5)
    told, untold = _fit(values, labels), _fit(values, np.random.default_rng(0).permutation(labels))
    assert _eer(told, *others) < 0.2
    assert _eer(untold, *others) > _eer(told, *others) + 0.1


def test_without_a_habit_nothing_is_found():
    attacker = _fit(*_people(range(24), habit=0.0))
    assert 0.45 < _eer(attacker, *_people(range(24, 40), habit=0.0)) < 0.55


def test_permuted_labels_bring_chance_back():
    rng = np.random.default_rng(0)
    values, labels = _people(range(24), habit=0.4)
    attacker = _fit(values, rng.permutation(labels))
    others, truth = _people(range(24, 40), habit=0.4)
    assert 0.45 < _eer(attacker, others, rng.permutation(truth)) < 0.55


def test_embeddings_have_the_dimensions_asked_for():
    values, labels = _people(range(10), habit=0.4)
    for options, dimensions in (
        ({}, 48),
        ({"dimensions": 4}, 4),
        ({"components": 3}, 3),
        ({"discriminant": "lda"}, 9),  # one less than there are people
    ):
        attacker = _fit(values, labels, **options)
        assert attacker.embed(values[:5], _whole(values[:5])).shape == (5, dimensions)


def test_few_signals_and_many_windows_fit():
    """The head pose has six signals, hence fewer statistics than components."""
    values, labels = _people(range(20), habit=0.4)
    attacker = _fit(values[..., :2], labels)
    assert attacker.projection.shape == (44, 44)
    assert np.isfinite(attacker.embed(values[..., :2], _whole(values))).all()


def test_embeddings_are_centred_on_the_training_people():
    values, labels = _people(range(10), habit=0.4)
    np.testing.assert_allclose(_fit(values, labels).embed(values, _whole(values)).mean(axis=0), 0, atol=1e-9)


def test_a_constant_signal_is_ignored():
    values, labels = _people(range(12), habit=0.4)
    still = np.concatenate([values, np.full((*values.shape[:3], 1), 0.3, np.float32)], axis=3)
    mask = np.arange(T) < np.random.default_rng(1).integers(30, T + 1, len(values))[:, None]
    attacker, alone = (
        fit_moments(x, mask, labels, MomentsConfig(), features=FeatureConfig()) for x in (still, values)
    )
    scores = compare_all(alone.embed(values, mask), labels).scores
    np.testing.assert_allclose(compare_all(attacker.embed(still, mask), labels).scores, scores, atol=1e-8)
    moving = still.copy()
    moving[..., -1] = np.random.default_rng(0).normal(size=moving.shape[:3])
    np.testing.assert_array_equal(attacker.embed(moving, mask), attacker.embed(still, mask))


def test_signals_that_never_change_in_time_are_no_error():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 12)
    own = rng.normal(size=(8, 1, 1, V))[labels] + 0.1 * rng.normal(size=(32, 1, 1, V)).repeat(3, axis=0)
    values = np.broadcast_to(own, (96, 1, T, V)).astype(np.float32)
    attacker = _fit(values, labels)
    assert _eer(attacker, values, labels) < 0.05


def test_nothing_that_varies_is_refused():
    values = np.full((12, 1, T, V), 0.7, np.float32)
    with pytest.raises(TrainingError, match="no statistic differs between any two windows"):
        _fit(values, np.arange(12) % 3)


@pytest.mark.parametrize("labels", [np.zeros(6, np.int64), np.arange(6)])
def test_one_subject_or_one_window_each_is_refused(labels: np.ndarray):
    values, _ = _people(range(6), habit=0.4, clips=1)
    with pytest.raises(TrainingError, match="two subjects with several windows, got 6 windows"):
        _fit(values, labels)


def test_fitting_twice_gives_the_same_bytes():
    values, labels = _people(range(10), habit=0.4)
    one, other = (_fit(values, labels).tensors() for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], strict=True)


def test_an_attacker_comes_back_from_its_arrays():
    values, labels = _people(range(10), habit=0.4)
    attacker = _fit(values, labels)
    back = MomentsAttacker.from_tensors(attacker.tensors(), FeatureConfig())
    mask = _whole(values)
    np.testing.assert_array_equal(back.embed(values, mask), attacker.embed(values, mask))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: {n: x for n, x in a.items() if n != "scale"}, "expected the arrays .*, got .*"),
        (lambda a: a | {"bias": np.zeros(3)}, "got .*'bias'"),
        (
            lambda a: a | {"mean": a["mean"][:-1]},
            r"mean must be of shape \(132,\) and floating, got \(131,\)",
        ),
        (lambda a: a | {"projection": a["projection"][0]}, "must be of shape"),
        (lambda a: a | {"scale": a["scale"].astype(np.int64)}, "and floating, got .* int64"),
    ],
)
def test_wrong_arrays_are_refused(change, message: str):
    values, labels = _people(range(10), habit=0.4, clips=3)
    with pytest.raises(ValueError, match=message):
        MomentsAttacker.from_tensors(change(_fit(values, labels).tensors()), FeatureConfig())


def test_few_people_are_better_told_by_the_two_covariance_model():
    """More dimensions than people less one: what few people cannot tell apart may tell others apart."""
    values, labels = _people(range(6), habit=0.15)
    others = _people(range(24, 48), habit=0.15)
    plda, lda = (_fit(values, labels, discriminant=name) for name in ("plda", "lda"))
    assert _eer(plda, *others) < _eer(lda, *others) - 0.02


def test_the_projection_ranks_pairs_as_the_likelihood_ratio_does():
    """Vectors of one length, drawn from the model itself: cosine and ratio put pairs in one order."""
    rng = np.random.default_rng(0)
    between = np.array([4.0, 1.0, 0.25])
    labels = np.repeat(np.arange(4000), 4)
    vectors = (np.sqrt(between) * rng.normal(size=(4000, 3)))[labels] + rng.normal(size=(16000, 3))
    scaled = vectors[:200] @ moments._plda(vectors - vectors.mean(axis=0), labels)
    scores = (scaled @ scaled.T)[np.triu_indices(200, k=1)]
    enrolment, probe = np.triu_indices(200, k=1)
    llr = two_covariance_llr(vectors[:200], enrolment, probe, between=between, within=np.ones(3))
    of_lengths = two_covariance_llr(
        vectors[:200], np.arange(200), np.arange(200), between=between, within=np.ones(3)
    )
    own = of_lengths[enrolment] + of_lengths[probe]
    # What is left of the ratio once each vector's own part is taken out goes with the product.
    left = llr - np.linalg.lstsq(np.column_stack([own, np.ones_like(own)]), llr, rcond=None)[0][0] * own
    assert np.corrcoef(left, scores)[0, 1] > 0.9


def test_a_large_set_is_reduced_as_a_small_one_is(monkeypatch: pytest.MonkeyPatch):
    values, labels = _people(range(24), habit=0.4)
    others = _people(range(24, 40), habit=0.4)
    exact = _eer(_fit(values, labels, components=12), *others)
    monkeypatch.setattr(moments, "_EXACT_UP_TO", 10)
    assert _eer(_fit(values, labels, components=12), *others) == pytest.approx(exact, abs=0.003)
