import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.biometrics import (
    accuracy_at,
    auc,
    balanced_accuracy_at,
    best_balanced_accuracy,
    eer,
    eer_threshold,
    error_curve,
    rates_at,
)
from amber_id.errors import UndefinedMetricError

FIGURES = {
    "accuracy_at": lambda *sides, **weights: accuracy_at(*sides, 0.5, **weights),
    "auc": auc,
    "balanced_accuracy_at": lambda *sides, **weights: balanced_accuracy_at(*sides, 0.5, **weights),
    "best_balanced_accuracy": best_balanced_accuracy,
    "eer": eer,
    "eer_threshold": eer_threshold,
    "rates_at": lambda *sides, **weights: rates_at(*sides, 0.5, **weights),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())

# Few different scores, so that most examples have ties within a side and across both.
grid = st.integers(-4, 4).map(lambda step: step / 4)
scores = st.lists(grid, min_size=1, max_size=12).map(np.array)
weighted = st.lists(st.tuples(grid, st.integers(0, 3)), min_size=1, max_size=12).filter(
    lambda pairs: any(weight for _, weight in pairs)
)
repeatable = settings(derandomize=True, deadline=None, max_examples=60)


def arrays(pairs) -> tuple[np.ndarray, np.ndarray]:
    values, weights = zip(*pairs, strict=True)
    return np.array(values), np.array(weights, float)


def loop_curve(mated, nonmated):
    """(threshold, FMR, FNMR) by the definition, from lists of (score, weight)."""
    for threshold in [*sorted({score for score, weight in [*mated, *nonmated] if weight}), math.inf]:
        accepted = sum(weight for score, weight in nonmated if score >= threshold)
        rejected = sum(weight for score, weight in mated if score < threshold)
        yield threshold, accepted / sum(w for _, w in nonmated), rejected / sum(w for _, w in mated)


def loop_eer(mated, nonmated) -> float:
    points = list(loop_curve(mated, nonmated))
    for (_, fmr, fnmr), (_, next_fmr, next_fnmr) in pairwise(points):
        if next_fmr < next_fnmr:
            # Intersection of the lines fmr -> next_fmr and fnmr -> next_fnmr.
            return (fmr * next_fnmr - fnmr * next_fmr) / ((fmr - fnmr) + (next_fnmr - next_fmr))
    raise AssertionError("the rates must cross before +inf")


def loop_auc(mated, nonmated) -> float:
    won = sum(w * v * ((m > n) + (m == n) / 2) for m, w in mated for n, v in nonmated)
    return won / (sum(w for _, w in mated) * sum(v for _, v in nonmated))


# Worked by hand. Mated, non-mated, EER, EER threshold, AUC.
TABLE = {
    "separate": ([0.75, 1.0], [0.0, 0.25], 0.0, 0.5, 1.0),
    "reversed": ([0.0, 0.25], [0.75, 1.0], 1.0, 0.5, 0.0),
    "all tied": ([0.5, 0.5], [0.5], 0.5, 0.5, 0.5),
    # At 3: FMR 1/3, FNMR 0; at 4: FMR 1/3, FNMR 1/2. FNMR meets 1/3 after 2/3 of the way. These rates hold
    # for thresholds in (2, 3] and (3, 4], with middles 2.5 and 3.5.
    "crossing where FMR is level": ([3.0, 4.0], [1.0, 2.0, 4.0], 1 / 3, 2.5 + 2 / 3, 4.5 / 6),
    # At 2: FMR 1/2, FNMR 0; at 3: FMR 0, FNMR 1/2. Both 1/4 half way; middles 1.5 and 2.5.
    "tied at the crossing": ([2.0, 3.0], [1.0, 2.0], 0.25, 2.0, 0.875),
    # At 2: FMR 1/2 = FNMR 1/2, exactly equal in the range (1, 2].
    "equal at a point": ([1.0, 3.0], [0.0, 2.0], 0.5, 1.5, 0.75),
    # One mated against four: at 3 FMR 1/2, FNMR 0; at 4 FMR 1/4, FNMR 1: 1/2 / (1/2 + 3/4) = 2/5 of the way.
    "one mated": ([3.0], [1.0, 2.0, 3.0, 4.0], 0.4, 2.5 + 0.4, 0.625),
}


@pytest.mark.parametrize(("mated", "nonmated", "rate", "threshold", "area"), TABLE.values(), ids=TABLE)
def test_figures_worked_by_hand(mated, nonmated, rate, threshold, area) -> None:
    sides = np.array(mated), np.array(nonmated)
    assert eer(*sides) == pytest.approx(rate, abs=1e-15)
    assert eer_threshold(*sides) == pytest.approx(threshold, abs=1e-15)
    assert auc(*sides) == pytest.approx(area, abs=1e-15)


def test_separated_sides_give_exactly_0_and_1() -> None:
    low, high = np.linspace(0.0, 0.3, 7), np.linspace(0.4, 0.9, 3)
    assert eer(high, low) == 0.0
    assert eer(low, high) == 1.0


@pytest.mark.parametrize(
    ("threshold", "rates", "accuracy", "balanced"),
    [
        (-math.inf, (1.0, 0.0), 0.4, 0.5),
        (0.2, (2 / 3, 0.0), 0.6, 2 / 3),
        (0.4, (1 / 3, 0.0), 0.8, 5 / 6),  # the tied 0.4 is accepted on both sides
        (0.41, (0.0, 0.5), 0.8, 0.75),
        (0.8, (0.0, 0.5), 0.8, 0.75),
        (0.9, (0.0, 1.0), 0.6, 0.5),
        (math.inf, (0.0, 1.0), 0.6, 0.5),
    ],
)
def test_decisions_worked_by_hand(threshold, rates, accuracy, balanced) -> None:
    sides = np.array([0.8, 0.4]), np.array([0.4, 0.1, 0.2])
    assert rates_at(*sides, threshold) == pytest.approx(rates)
    assert accuracy_at(*sides, threshold) == pytest.approx(accuracy)
    assert balanced_accuracy_at(*sides, threshold) == pytest.approx(balanced)


def test_the_best_balanced_accuracy_is_at_the_lowest_score_that_reaches_it() -> None:
    assert best_balanced_accuracy(np.array([0.5, 0.8]), np.array([0.1, 0.6])) == (0.75, 0.5)
    assert best_balanced_accuracy(np.array([0.1]), np.array([0.9])) == (0.5, 0.1)


def test_public_numbers_are_reproduced(golden_metrics) -> None:
    cases = json.loads(golden_metrics.read_text(encoding="utf-8"))["cases"]
    assert any(case["rounded_to_0_1"] for case in cases)
    for case in cases:
        rng = np.random.default_rng(case["seed"])
        mated = rng.normal(case["mean"], 1, case["mated"])
        nonmated = rng.normal(0, 1, case["nonmated"])
        if case["rounded_to_0_1"]:
            mated, nonmated = mated.round(1), nonmated.round(1)
        assert eer(mated, nonmated) == pytest.approx(case["eer_interpolated"], rel=0, abs=1e-12), case


@repeatable
@given(weighted, weighted)
def test_the_figures_follow_their_definitions_in_a_plain_loop(mated, nonmated) -> None:
    (m, wm), (n, wn) = arrays(mated), arrays(nonmated)
    weights = {"mated_weights": wm, "nonmated_weights": wn}
    assert eer(m, n, **weights) == pytest.approx(loop_eer(mated, nonmated), abs=1e-12)
    assert auc(m, n, **weights) == pytest.approx(loop_auc(mated, nonmated), abs=1e-12)
    best = 0.0
    for threshold, fmr, fnmr in loop_curve(mated, nonmated):
        assert rates_at(m, n, threshold, **weights) == pytest.approx((fmr, fnmr), abs=1e-12)
        balanced = 1 - (fmr + fnmr) / 2
        assert balanced_accuracy_at(m, n, threshold, **weights) == pytest.approx(balanced, abs=1e-12)
        correct = wm.sum() * (1 - fnmr) + wn.sum() * (1 - fmr)
        accuracy = correct / (wm.sum() + wn.sum())
        assert accuracy_at(m, n, threshold, **weights) == pytest.approx(accuracy, abs=1e-12)
        best = max(best, balanced)
    value, threshold = best_balanced_accuracy(m, n, **weights)
    assert value == pytest.approx(best, abs=1e-12)
    assert balanced_accuracy_at(m, n, threshold, **weights) == pytest.approx(value, abs=1e-12)


@every_figure
@repeatable
@given(mated=weighted, nonmated=weighted)
def test_a_weight_is_a_count_of_copies(figure, mated, nonmated) -> None:
    (m, wm), (n, wn) = arrays(mated), arrays(nonmated)
    copies = figure(np.repeat(m, wm.astype(int)), np.repeat(n, wn.astype(int)))
    # best_balanced_accuracy may name a score of weight 0 as threshold; its value must agree.
    take = (lambda result: result[0]) if figure is best_balanced_accuracy else (lambda result: result)
    assert take(figure(m, n, mated_weights=wm, nonmated_weights=wn)) == pytest.approx(take(copies), abs=1e-12)
    thirds = figure(m, n, mated_weights=wm / 3, nonmated_weights=wn / 3)
    assert take(thirds) == pytest.approx(take(copies), abs=1e-12)


@every_figure
@repeatable
@given(mated=scores, nonmated=scores, seed=st.integers(0, 99))
def test_the_order_of_the_scores_does_not_matter(figure, mated, nonmated, seed) -> None:
    rng = np.random.default_rng(seed)
    assert figure(rng.permutation(mated), rng.permutation(nonmated)) == figure(mated, nonmated)


@repeatable
@given(scores, scores)
def test_rates_stay_when_scores_are_stretched_in_order(mated, nonmated) -> None:
    for stretch in (np.exp, lambda score: 3 * score - 7, lambda score: score**3):
        stretched = stretch(mated), stretch(nonmated)
        assert eer(*stretched) == eer(mated, nonmated)
        assert auc(*stretched) == auc(mated, nonmated)
        assert best_balanced_accuracy(*stretched)[0] == best_balanced_accuracy(mated, nonmated)[0]


@repeatable
@given(scores, scores)
def test_exchanged_sides_turn_the_rates_round(mated, nonmated) -> None:
    assert eer(nonmated, mated) == pytest.approx(1 - eer(mated, nonmated), abs=1e-12)
    assert auc(nonmated, mated) == pytest.approx(1 - auc(mated, nonmated), abs=1e-12)


@repeatable
@given(scores, scores)
def test_neither_side_is_favoured(mated, nonmated) -> None:
    sides, mirrored = (mated, nonmated), (-nonmated, -mated)
    assert eer(*mirrored) == pytest.approx(eer(*sides), abs=1e-12)
    assert auc(*mirrored) == pytest.approx(auc(*sides), abs=1e-12)
    assert eer_threshold(*mirrored) == pytest.approx(-eer_threshold(*sides), abs=1e-12)


@repeatable
@given(scores, scores)
def test_the_eer_threshold_lies_at_the_crossing(mated, nonmated) -> None:
    threshold, rate = eer_threshold(mated, nonmated), eer(mated, nonmated)
    assert min(mated.min(), nonmated.min()) <= threshold <= max(mated.max(), nonmated.max())
    curve = error_curve(mated, nonmated)
    fmr, fnmr = curve.rates_at(threshold)
    k = np.searchsorted(curve.thresholds, threshold)
    # At most one step of the curve away from the equal error rate, on either side.
    neighbours = slice(max(k - 1, 0), k + 2)
    assert curve.fmr[neighbours].min() - 1e-12 <= rate <= curve.fmr[neighbours].max() + 1e-12
    assert curve.fnmr[neighbours].min() - 1e-12 <= rate <= curve.fnmr[neighbours].max() + 1e-12
    assert min(fmr, fnmr) <= rate + 1e-12
    assert max(fmr, fnmr) >= rate - 1e-12


@repeatable
@given(weighted, weighted)
def test_the_curve_runs_from_accepting_all_to_accepting_none(mated, nonmated) -> None:
    (m, wm), (n, wn) = arrays(mated), arrays(nonmated)
    curve = error_curve(m, n, mated_weights=wm / 7, nonmated_weights=wn / 7)
    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1], curve.fnmr[-1]) == (1, 0, 0, 1)
    assert curve.thresholds[-1] == math.inf
    assert (np.diff(curve.thresholds) > 0).all()
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    np.testing.assert_array_equal(curve.tmr, 1 - curve.fnmr)
    assert curve.mated_weight == pytest.approx(wm.sum() / 7)
    assert curve.nonmated_weight == pytest.approx(wn.sum() / 7)


def test_a_guesser_is_at_one_half() -> None:
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(size=20_000), rng.normal(size=30_000)
    assert eer(mated, nonmated) == pytest.approx(0.5, abs=0.02)
    assert auc(mated, nonmated) == pytest.approx(0.5, abs=0.02)


@every_figure
@pytest.mark.parametrize(
    ("n_mated", "n_nonmated", "empty"),
    [
        (0, 2, "got no mated ones: "),
        (2, 0, "got no non-mated ones"),
        (0, 0, "no mated ones and no non-mated ones"),
    ],
)
def test_an_empty_side_has_no_rate(figure, n_mated, n_nonmated, empty) -> None:
    with pytest.raises(UndefinedMetricError, match=empty):
        figure(np.ones(n_mated), np.ones(n_nonmated))


def test_a_side_without_weight_has_no_rate() -> None:
    with pytest.raises(UndefinedMetricError, match="got no mated ones"):
        eer(np.ones(2), np.ones(3), mated_weights=np.zeros(2))


@every_figure
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_refused(figure, value) -> None:
    with pytest.raises(ValueError, match=r"^mated scores must be finite"):
        figure(np.array([0.5, value]), np.array([0.1]))
    with pytest.raises(ValueError, match=r"^non-mated scores must be finite"):
        figure(np.array([0.5]), np.array([0.1, value]))


@pytest.mark.parametrize("figure", [rates_at, accuracy_at, balanced_accuracy_at])
def test_a_threshold_that_is_no_number_is_refused(figure) -> None:
    with pytest.raises(ValueError, match="threshold must be a number, got NaN"):
        figure(np.array([0.5]), np.array([0.1]), math.nan)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], r"mated_weights must have one weight per score, shape \(2,\), got \(1,\)"),
        ([1.0, -0.5], "mated_weights must be 0 or more, got -0.5"),
        ([1.0, math.nan], "mated_weights must be finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, message, without_shape_checks) -> None:
    with pytest.raises(ValueError, match=message):
        eer(np.ones(2), np.ones(3), mated_weights=np.array(weights))
    with pytest.raises(ValueError, match="non" + message):
        eer(np.ones(3), np.ones(2), nonmated_weights=np.array(weights))
