import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from amber_id.biometrics import (
    ErrorCurve,
    accuracy_at,
    act_dcf,
    auc,
    balanced_accuracy_at,
    best_balanced_accuracy,
    det,
    eer,
    eer_rocch,
    eer_threshold,
    error_curve,
    hter_at,
    min_dcf,
    rates_at,
    roc,
    threshold_at_fmr,
    tmr_at_fmr,
)
from amber_id.errors import UndefinedMetricError

FIGURES = {
    "accuracy_at": lambda *sides, **weights: accuracy_at(*sides, 0.5, **weights),
    "act_dcf": lambda *sides, **weights: act_dcf(*sides, prior=0.3, **weights),
    "auc": auc,
    "balanced_accuracy_at": lambda *sides, **weights: balanced_accuracy_at(*sides, 0.5, **weights),
    "best_balanced_accuracy": best_balanced_accuracy,
    "eer": eer,
    "eer_rocch": eer_rocch,
    "eer_threshold": eer_threshold,
    "hter_at": lambda *sides, **weights: hter_at(*sides, 0.5, **weights),
    "min_dcf": lambda *sides, **weights: min_dcf(*sides, prior=0.3, **weights),
    "rates_at": lambda *sides, **weights: rates_at(*sides, 0.5, **weights),
    "threshold_at_fmr": lambda *sides, **weights: threshold_at_fmr(*sides, 0.3, **weights),
    "tmr_at_fmr": lambda *sides, **weights: tmr_at_fmr(*sides, 0.3, floor=0.0, **weights),
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


def loop_eer_rocch(mated, nonmated) -> float:
    """The lowest crossing of FMR = FNMR by a line between two points of the curve."""
    points = [(fmr, fnmr) for _, fmr, fnmr in loop_curve(mated, nonmated)]
    crossings = []
    for fmr, fnmr in points:
        for other_fmr, other_fnmr in points:
            above, below = fmr - fnmr, other_fnmr - other_fmr
            if above >= 0 and below > 0:
                crossings.append(fmr + above / (above + below) * (other_fmr - fmr))
    return min(crossings)


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
    assert hter_at(*sides, threshold) == pytest.approx(1 - balanced)


# Worked by hand. Mated, non-mated, ROCCH EER.
HULLS = {
    "separate": ([0.75, 1.0], [0.0, 0.25], 0.0),
    "reversed": ([0.0, 0.25], [0.75, 1.0], 0.5),
    "identical sets": ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], 0.5),
    "all tied": ([0.5, 0.5], [0.5], 0.5),
    # At 3 (1/3, 0), at 4 (1/3, 1/2), at inf (0, 1). From (1/3, 0) to (0, 1): 1/3 - t/3 = t where t = 1/4.
    "tied high scores": ([3.0, 4.0], [1.0, 2.0, 4.0], 0.25),
    # At 3 (1/2, 0), at 4 (1/4, 1), at inf (0, 1): from (1/2, 0) to (0, 1) 1/2 - t/2 = t: t = 1/3.
    "one mated": ([3.0], [1.0, 2.0, 3.0, 4.0], 1 / 3),
}


@pytest.mark.parametrize(("mated", "nonmated", "rate"), HULLS.values(), ids=HULLS)
def test_the_rocch_eer_worked_by_hand(mated, nonmated, rate) -> None:
    assert eer_rocch(np.array(mated), np.array(nonmated)) == pytest.approx(rate, abs=1e-15)


# Worked by hand for non-mated 0.1, 0.2, 0.2, 0.4: FMR 1, 3/4, 1/4, 0 at 0.1, 0.2, 0.4 and above.
@pytest.mark.parametrize(
    ("fmr", "threshold", "tmr"),
    [
        (1.0, 0.1, 1.0),
        (0.75, 0.2, 1.0),
        (0.7, 0.3, 2 / 3),
        (0.25, 0.3, 2 / 3),
        (0.2, 0.5, 1 / 3),
        (0.0, 0.5, 1 / 3),
    ],
)
def test_thresholds_give_at_most_the_fmr_that_was_asked_for(fmr, threshold, tmr) -> None:
    sides = np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.2, 0.4])
    assert threshold_at_fmr(*sides, fmr) == threshold
    assert tmr_at_fmr(*sides, fmr, floor=0.0) == pytest.approx(tmr)


def test_below_the_floor_a_study_says_nothing() -> None:
    sides = np.array([0.9]), np.linspace(0, 1, 300)
    assert tmr_at_fmr(*sides, 0.01) == 0.0
    with pytest.raises(UndefinedMetricError, match=r"at least 0\.01, the floor of this study, got 0\.0099"):
        tmr_at_fmr(*sides, 0.0099)
    with pytest.raises(UndefinedMetricError, match=r"at least 0\.2, .* got 0\.1"):
        tmr_at_fmr(*sides, 0.1, floor=0.2)


def test_detection_costs_worked_by_hand() -> None:
    # Thresholds 1, 2, 3, inf: FMR 1, 1/2, 0, 0; FNMR 0, 1/3, 2/3, 1. Prior 1/4: cost (FNMR + 3 FMR) / 1.
    sides = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0])
    assert min_dcf(*sides, prior=0.25) == pytest.approx(2 / 3)
    # A miss three times as dear: both sides weigh the same.
    assert min_dcf(*sides, prior=0.25, cost_miss=3.0) == pytest.approx(2 / 3)
    # Threshold log(3) = 1.1: FMR 1/2, FNMR 1/3.
    assert act_dcf(*sides, prior=0.25) == pytest.approx(1 / 3 + 3 / 2)
    # Worthless scores cost what rejecting everything costs.
    assert min_dcf(np.array([0.0]), np.array([1.0]), prior=0.25) == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"prior": 0.0}, "prior must lie in"), ({"cost_fa": 0.0}, "costs must be positive, got cost_miss=1.0")],
)
def test_costs_out_of_range_are_refused(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        min_dcf(np.array([1.0]), np.array([0.0]), **changes)


def test_the_det_is_the_roc_on_probit_axes_where_that_is_finite() -> None:
    rng = np.random.default_rng(0)
    sides = rng.normal(1, 1, 40), rng.normal(size=50)
    points, curve = det(*sides), roc(*sides)
    inside = (curve.fmr > 0) & (curve.fmr < 1) & (curve.tmr > 0) & (curve.tmr < 1)
    assert 0 < np.count_nonzero(inside) < len(curve.fmr)
    np.testing.assert_array_equal(points.thresholds, curve.thresholds[inside])
    np.testing.assert_allclose(points.fmr, ndtri(curve.fmr[inside]))
    np.testing.assert_allclose(points.fnmr, -ndtri(curve.tmr[inside]), atol=1e-12)
    assert (np.diff(points.fmr) >= 0).all()
    assert len(det(np.array([1.0]), np.array([0.0])).fmr) == 0


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
        if case["eer_rocch"] is not None:
            assert eer_rocch(mated, nonmated) == pytest.approx(case["eer_rocch"], rel=0, abs=1e-12), case


@repeatable
@given(weighted, weighted)
def test_the_figures_follow_their_definitions_in_a_plain_loop(mated, nonmated) -> None:
    (m, wm), (n, wn) = arrays(mated), arrays(nonmated)
    weights = {"mated_weights": wm, "nonmated_weights": wn}
    assert eer(m, n, **weights) == pytest.approx(loop_eer(mated, nonmated), abs=1e-12)
    assert auc(m, n, **weights) == pytest.approx(loop_auc(mated, nonmated), abs=1e-12)
    assert eer_rocch(m, n, **weights) == pytest.approx(loop_eer_rocch(mated, nonmated), abs=1e-12)
    best, cheapest = 0.0, math.inf
    for threshold, fmr, fnmr in loop_curve(mated, nonmated):
        cheapest = min(cheapest, (0.2 * 5 * fnmr + 0.8 * fmr) / 0.8)
        assert rates_at(m, n, threshold, **weights) == pytest.approx((fmr, fnmr), abs=1e-12)
        balanced = 1 - (fmr + fnmr) / 2
        assert balanced_accuracy_at(m, n, threshold, **weights) == pytest.approx(balanced, abs=1e-12)
        correct = wm.sum() * (1 - fnmr) + wn.sum() * (1 - fmr)
        accuracy = correct / (wm.sum() + wn.sum())
        assert accuracy_at(m, n, threshold, **weights) == pytest.approx(accuracy, abs=1e-12)
        best = max(best, balanced)
    found = min_dcf(m, n, prior=0.2, cost_miss=5.0, **weights)
    assert found == pytest.approx(cheapest, abs=1e-12)
    for rate in (0.0, 0.2, 0.5, 1.0):
        lowest = min(t for t, fmr, _ in loop_curve(mated, nonmated) if fmr <= rate + 1e-15)
        assert threshold_at_fmr(m, n, rate, **weights) == lowest
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


@repeatable
@given(scores, scores, st.sampled_from([np.float32, np.float64]), st.sampled_from([np.float32, np.float64]))
def test_scores_without_weights_are_counted_to_the_bit_as_with_weights_of_1(mated, nonmated, one, other):
    mated, nonmated = mated.astype(one), nonmated.astype(other)
    ones = {"mated_weights": np.ones(len(mated)), "nonmated_weights": np.ones(len(nonmated))}
    weighed, counted = error_curve(mated, nonmated, **ones), error_curve(mated, nonmated)
    for name in ("thresholds", "fmr", "fnmr"):
        np.testing.assert_array_equal(getattr(counted, name), getattr(weighed, name), strict=True)
    assert (counted.mated_weight, counted.nonmated_weight) == (len(mated), len(nonmated))
    assert eer(mated, nonmated) == weighed.eer()


@repeatable
@given(st.lists(weighted, min_size=2, max_size=4), st.integers(0, 99))
def test_many_resamples_at_once_give_what_each_gives_alone(sides, seed) -> None:
    values = np.unique(np.concatenate([arrays(side)[0] for side in sides]))
    rng = np.random.default_rng(seed)
    mated, nonmated = rng.integers(0, 4, (2, 5, len(values))) + np.eye(len(values), dtype=int)[0]
    together = ErrorCurve.of_masses(values, mated, nonmated)
    figures = {
        "eer": ErrorCurve.eer,
        "rocch": ErrorCurve.eer_rocch,
        "threshold": ErrorCurve.eer_threshold,
        "auc": ErrorCurve.auc,
        "accuracy": lambda curve: curve.accuracy_at(0.25),
        "best": lambda curve: curve.best_balanced_accuracy()[0],
        "tmr": lambda curve: curve.tmr_at_fmr(0.3),
        "dcf": lambda curve: curve.min_dcf(prior=0.2),
        "low": lambda curve: curve.eer_bounds()[0],
    }
    for figure in figures.values():
        alone = [figure(ErrorCurve.of_masses(values, m, n)) for m, n in zip(mated, nonmated, strict=True)]
        np.testing.assert_allclose(figure(together), alone, rtol=0, atol=1e-14)


@repeatable
@given(scores, scores, st.integers(0, 99))
def test_bins_bound_the_exact_eer(mated, nonmated, seed) -> None:
    curve = error_curve(mated, nonmated)
    kept = np.unique(np.append(np.random.default_rng(seed).permutation(len(curve.scores))[:3], 0))
    bins = np.searchsorted(kept, np.arange(len(curve.scores)), side="right") - 1
    coarse = ErrorCurve.of_masses(
        curve.scores[kept],
        np.bincount(bins, weights=curve.mated_shares),
        np.bincount(bins, weights=curve.nonmated_shares),
    )
    low, high = coarse.eer_bounds()
    assert low - 1e-12 <= curve.eer() <= high + 1e-12
    assert low - 1e-12 <= coarse.eer() <= high + 1e-12


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
