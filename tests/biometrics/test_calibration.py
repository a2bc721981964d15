import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.biometrics.calibration import (
    IsotonicCalibration,
    LinearCalibration,
    cllr,
    cllr_of,
    fit_isotonic_calibration,
    fit_linear_calibration,
    min_cllr,
    min_cllr_of,
    pav_llrs,
)
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve
from amber_id.errors import EvaluationError, UndefinedMetricError

# Few different scores, so that most examples have ties within a side and across both.
grid = st.integers(-4, 4).map(lambda step: step / 4)
scores = st.lists(grid, min_size=1, max_size=12).map(np.array)
masses = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9).filter(
    lambda pairs: any(m for m, _ in pairs) and any(n for _, n in pairs)
)
repeatable = settings(derandomize=True, deadline=None, max_examples=60)
INF = math.inf


def loop_pav(pairs) -> list[float]:
    """LLR of each (mated, non-mated) mass, lowest score first: merge neighbours until the odds rise."""
    pools = []
    for k, (mated, nonmated) in enumerate(pairs):
        if mated + nonmated == 0:
            continue
        pools.append([mated, nonmated, [k]])
        # mated / nonmated of the lower pool >= that of the upper one, without dividing by 0
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            m, n, members = pools.pop()
            pools[-1] = [pools[-1][0] + m, pools[-1][1] + n, pools[-1][2] + members]
    odds = sum(m for m, _ in pairs) / sum(n for _, n in pairs)
    llrs = {}
    for m, n, members in pools:
        value = INF if n == 0 else -INF if m == 0 else math.log(m / n / odds)
        llrs |= dict.fromkeys(members, value)
    seen = sorted(llrs)
    return [llrs[max((k for k in seen if k <= i), default=seen[0])] for i in range(len(pairs))]


def loop_pav_laplace(pairs) -> list[float]:
    """The same with a virtual comparison of each side at both ends; odds stay those of the real ones."""
    odds = sum(m for m, _ in pairs) / sum(n for _, n in pairs)
    padded_odds = (sum(m for m, _ in pairs) + 2) / (sum(n for _, n in pairs) + 2)
    padded = loop_pav([(1, 1), *pairs, (1, 1)])[1:-1]
    return [llr + math.log(padded_odds / odds) for llr in padded]


def loop_cllr(mated, nonmated) -> float:
    miss = sum(math.log2(1 + math.exp(-llr)) for llr in mated) / len(mated)
    false_match = sum(math.log2(1 + math.exp(llr)) for llr in nonmated) / len(nonmated)
    return (miss + false_match) / 2


def curve_of(pairs) -> ErrorCurve:
    mated, nonmated = np.array(pairs).T
    return ErrorCurve.of_masses(np.arange(len(pairs)) / 8, mated, nonmated)


# Worked by hand. Mated, non-mated, LR at each different score, LR with Laplace's rule, min Cllr.
TABLE = {
    # With virtual pairs: 1 : 3 and 3 : 1, prior odds 1.
    "separate": ([0.75, 1.0], [0.0, 0.25], [0, 0, INF, INF], [1 / 3, 1 / 3, 3, 3], 0.0),
    # Everything is one pool.
    "reversed": ([0.0, 0.25], [0.75, 1.0], [1, 1, 1, 1], [1, 1, 1, 1], 1.0),
    # Prior odds 2. With virtual pairs 1 : 1, 2 : 1, 1 : 1, of which the upper two make a pool of 3 : 2.
    "all tied": ([0.5, 0.5], [0.5], [1], [3 / 4], 1.0),
    "identical": ([0.25, 0.5], [0.25, 0.5], [1, 1], [1, 1], 1.0),
    # A tie at 0.4 of one and one; 0.8 is mated only, 0.1 non-mated only.
    "tied across": ([0.4, 0.8], [0.1, 0.4], [0, 1, INF], [1 / 2, 1, 2], 0.5),
    # Prior odds 1/4. Pool of 0.3 and 0.4 1 : 2, so LR 2; with virtual pairs 1 : 3 below it, so LR 4/3.
    "one mated": (
        [0.3],
        [0.1, 0.2, 0.3, 0.4],
        [0, 0, 2, 2],
        [4 / 3, 4 / 3, 2, 2],
        (math.log2(1 + 1 / 2) + math.log2(1 + 2) / 2) / 2,
    ),
}


@pytest.mark.parametrize(("mated", "nonmated", "ratios", "laplace", "cost"), TABLE.values(), ids=TABLE)
def test_ratios_worked_by_hand(mated, nonmated, ratios, laplace, cost) -> None:
    sides = np.array(mated), np.array(nonmated)
    curve = error_curve(*sides)
    np.testing.assert_allclose(np.exp(pav_llrs(curve)), ratios, rtol=1e-12)
    np.testing.assert_allclose(np.exp(pav_llrs(curve, laplace=True)), laplace, rtol=1e-12)
    assert min_cllr(*sides) == pytest.approx(cost, abs=1e-12)


@repeatable
@given(masses)
def test_pav_follows_its_definition_in_a_plain_loop(pairs) -> None:
    np.testing.assert_allclose(pav_llrs(curve_of(pairs)), loop_pav(pairs), atol=1e-9)
    np.testing.assert_allclose(pav_llrs(curve_of(pairs), laplace=True), loop_pav_laplace(pairs), atol=1e-9)


@repeatable
@given(masses)
def test_virtual_tied_pairs_are_the_padding_of_the_public_toolkits(pairs) -> None:
    # BOSARIS puts mated, non-mated at each end, as different scores and with the mated one lower.
    toolkit = loop_pav([(1, 0), (0, 1), *pairs, (1, 0), (0, 1)])[2:-2]
    shift = loop_pav_laplace(pairs)[0] - toolkit[0]
    np.testing.assert_allclose(pav_llrs(curve_of(pairs), laplace=True), np.array(toolkit) + shift, atol=1e-9)


@repeatable
@given(st.lists(masses, min_size=2, max_size=4))
def test_resamples_are_answered_one_by_one(tables) -> None:
    width = max(len(pairs) for pairs in tables)
    # Scores without any mass, at the ends and inside, as resamples have them.
    tables = [[(0, 0), *pairs, *[(0, 0)] * (width + 1 - len(pairs))] for pairs in tables]
    mated, nonmated = np.moveaxis(np.array(tables), -1, 0)
    grid_of_scores = np.arange(width + 2) / 8
    rows = [ErrorCurve.of_masses(grid_of_scores, m, n) for m, n in zip(mated, nonmated, strict=True)]
    both = ErrorCurve.of_masses(grid_of_scores, mated[:, None], nonmated[:, None])
    for laplace in (False, True):
        expected = [pav_llrs(row, laplace=laplace) for row in rows]
        np.testing.assert_array_equal(pav_llrs(both, laplace=laplace)[:, 0], expected)
    for figure in (cllr_of, min_cllr_of):
        np.testing.assert_array_equal(figure(both)[:, 0], [figure(row) for row in rows])


@repeatable
@given(masses)
def test_scores_that_a_resample_lacks_change_nothing(pairs) -> None:
    spread = [pair for both in zip(pairs, [(0, 0)] * len(pairs), strict=True) for pair in both]
    np.testing.assert_array_equal(pav_llrs(curve_of(spread))[::2], pav_llrs(curve_of(pairs)))
    np.testing.assert_array_equal(pav_llrs(curve_of(spread))[1::2], pav_llrs(curve_of(pairs)))
    assert min_cllr_of(curve_of(spread)) == pytest.approx(min_cllr_of(curve_of(pairs)), abs=1e-12)


def test_a_pool_of_one_side_only_is_certain_whatever_the_rounding() -> None:
    mated = np.array([0.1, 0.2, 0.3, 0.7, 0.1, 0.3]) / 3
    curve = ErrorCurve.of_masses(np.arange(7) / 8, np.append(0.0, mated), np.append(1 / 7, np.zeros(6)))
    np.testing.assert_array_equal(pav_llrs(curve), [-INF, *[INF] * 6])


@repeatable
@given(scores, scores)
def test_cllr_follows_its_definition_in_a_plain_loop(mated, nonmated) -> None:
    assert cllr(mated, nonmated) == pytest.approx(loop_cllr(mated, nonmated), abs=1e-12)
    assert cllr_of(error_curve(mated, nonmated)) == pytest.approx(cllr(mated, nonmated), abs=1e-12)


@repeatable
@given(st.lists(st.tuples(grid, st.integers(1, 3)), min_size=1, max_size=9), scores)
def test_a_weight_is_a_count_of_copies(weighted, nonmated) -> None:
    mated, weights = (np.array(column, float) for column in zip(*weighted, strict=True))
    copies = np.repeat(mated, weights.astype(int))
    for figure in (cllr, min_cllr):
        value = figure(mated, nonmated, mated_weights=weights)
        assert value == pytest.approx(figure(copies, nonmated), abs=1e-12)
        value = figure(nonmated, mated, nonmated_weights=weights)
        assert value == pytest.approx(figure(nonmated, copies), abs=1e-12)


@repeatable
@given(scores, scores)
def test_min_cllr_is_the_least_cllr_and_knows_only_the_order(mated, nonmated) -> None:
    least = min_cllr(mated, nonmated)
    assert 0 <= least <= 1 + 1e-12
    for stretch in (np.exp, lambda score: 3 * score - 7, lambda score: score**3):
        stretched = stretch(mated), stretch(nonmated)
        assert min_cllr(*stretched) == pytest.approx(least, abs=1e-12)
        assert cllr(*stretched) >= least - 1e-12
    curve = error_curve(mated, nonmated)
    at = dict(zip(curve.scores.tolist(), pav_llrs(curve), strict=True))
    best = [np.array([at[score] for score in side]) for side in (mated, nonmated)]
    assert cllr(*best) == pytest.approx(least, abs=1e-12)


def test_cllr_of_certain_ratios() -> None:
    assert cllr(np.array([INF]), np.array([-INF, -INF])) == 0.0
    assert cllr(np.array([INF, -INF]), np.array([-INF])) == INF
    assert cllr(np.array([1.0]), np.array([INF])) == INF
    assert cllr(np.array([-5000.0]), np.array([-5000.0])) == pytest.approx(2500 / math.log(2))
    assert cllr(np.array([0, 0], np.float32), np.array([0.0], np.float32)) == 1.0


def test_public_numbers_are_reproduced(golden_metrics) -> None:
    cases = json.loads(golden_metrics.read_text(encoding="utf-8"))["cases"]
    compared = 0
    for case in cases:
        rng = np.random.default_rng(case["seed"])
        mated = rng.normal(case["mean"], 1, case["mated"])
        nonmated = rng.normal(0, 1, case["nonmated"])
        if case["rounded_to_0_1"]:
            mated, nonmated = mated.round(1), nonmated.round(1)
        assert cllr(mated, nonmated) == pytest.approx(case["cllr_of_raw_scores"], abs=1e-12), case
        if case["min_cllr"] is not None:
            assert min_cllr(mated, nonmated) == pytest.approx(case["min_cllr"], abs=1e-7), case
            compared += 1
    assert compared == 5


def test_a_line_through_gaussian_scores_is_found() -> None:
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(1.5, 0.5, 20_000), rng.normal(0.5, 0.5, 20_000)
    fit = fit_linear_calibration(mated, nonmated)
    # LLR of normal densities: (1 / 0.25) s - (1.5^2 - 0.5^2) / (2 x 0.25).
    assert (fit.scale, fit.offset) == pytest.approx((4, -4), abs=0.1)


def test_sides_of_any_size_weigh_by_the_prior() -> None:
    mated, nonmated = np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.0, 1.0])
    fit = fit_linear_calibration(mated, nonmated)
    again = fit_linear_calibration(np.tile(mated, 5), nonmated)
    assert (again.scale, again.offset) == pytest.approx((fit.scale, fit.offset), abs=1e-6)
    other = fit_linear_calibration(mated, nonmated, prior=0.01)
    assert abs(other.offset - fit.offset) > 0.01


@repeatable
@given(st.integers(0, 999), st.sampled_from([0.01, 0.5, 0.9]))
def test_no_line_nearby_costs_less(seed, prior) -> None:
    rng = np.random.default_rng(seed)
    mated, nonmated = rng.normal(0.6, 0.2, 30), rng.normal(0.2, 0.2, 90)

    def cost(scale: float, offset: float) -> float:
        log_odds = math.log(prior / (1 - prior)) + offset
        miss = np.logaddexp(0, -(scale * mated + log_odds)).mean()
        return prior * miss + (1 - prior) * np.logaddexp(0, scale * nonmated + log_odds).mean()

    fit = fit_linear_calibration(mated, nonmated, prior=prior)
    least = cost(fit.scale, fit.offset)
    for turn in np.linspace(0, 2 * math.pi, 12):
        assert cost(fit.scale + 0.1 * math.cos(turn), fit.offset + 0.1 * math.sin(turn)) > least - 1e-12


@pytest.mark.parametrize("overlap", [1e-1, 1e-3, 1e-6])
def test_sides_that_hardly_overlap_have_a_steep_line(overlap) -> None:
    low, high = np.linspace(0.0, 0.5 + overlap, 200), np.linspace(0.5, 1.0, 20)
    fit = fit_linear_calibration(high, low)
    assert fit.scale > 10
    assert cllr(fit.llrs(high), fit.llrs(low)) < 0.3


def test_calibration_on_dev_helps_on_fresh_scores() -> None:
    rng = np.random.default_rng(0)
    dev, test = (
        (rng.normal(0.5, 0.1, mated), rng.normal(0.3, 0.1, nonmated))
        for mated, nonmated in ((2000, 9000), (1000, 5000))
    )
    raw, least = cllr(*test), min_cllr(*test)
    for fit in (fit_linear_calibration(*dev), fit_isotonic_calibration(*dev)):
        cost = cllr(fit.llrs(test[0]), fit.llrs(test[1]))
        assert least < cost < least + 0.02 < raw - 0.3
    line = fit_linear_calibration(*dev)
    own = cllr(line.llrs(dev[0]), line.llrs(dev[1]))
    assert own >= min_cllr(*dev)
    for scale, offset in ((line.scale * 1.05, line.offset), (line.scale, line.offset + 0.05)):
        worse = LinearCalibration(scale, offset)
        assert cllr(worse.llrs(dev[0]), worse.llrs(dev[1])) > own


@repeatable
@given(scores, scores)
def test_isotonic_ratios_rise_stay_finite_and_meet_the_scores_seen(mated, nonmated) -> None:
    fit = fit_isotonic_calibration(mated, nonmated)
    llrs = fit.llrs(np.linspace(-2, 2, 41))
    assert np.isfinite(llrs).all()
    assert (np.diff(llrs) >= -1e-12).all()
    curve = error_curve(mated, nonmated)
    np.testing.assert_allclose(fit.llrs(curve.scores), pav_llrs(curve, laplace=True), atol=1e-12)
    ends = fit.llrs(np.array([-1e9, 1e9]))
    np.testing.assert_array_equal(ends, fit.llrs_seen[[0, -1]])


def test_between_two_scores_seen_the_ratio_is_on_the_line() -> None:
    fit = IsotonicCalibration(np.array([0.0, 1.0, 3.0]), np.array([-2.0, 0.0, 1.0]))
    np.testing.assert_allclose(fit.llrs(np.array([0.25, 2.0])), [-1.5, 0.5])


def test_what_has_no_best_line_is_refused() -> None:
    low, high = np.array([0.1, 0.2]), np.array([0.2, 0.9])
    with pytest.raises(EvaluationError, match=r"scores that overlap, got mated ones in 0\.2\.\.0\.9"):
        fit_linear_calibration(high, low)
    with pytest.raises(EvaluationError, match=r"got mated ones in 0\.1\.\.0\.2 and .*anti-correlated"):
        fit_linear_calibration(low, high)
    with pytest.raises(EvaluationError, match=r"best scale of -.*anti-correlated"):
        fit_linear_calibration(np.array([0.1, 0.2, 0.6]), np.array([0.1, 0.5, 0.9]))
    with pytest.raises(EvaluationError, match="needs different scores"):
        fit_linear_calibration(np.array([0.5]), np.array([0.5, 0.5]))
    assert fit_linear_calibration(low, low).llrs(high) == pytest.approx([0.0, 0.0])
    for prior in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=r"prior must lie in \(0, 1\), got"):
            fit_linear_calibration(low, high, prior=prior)


every_figure = pytest.mark.parametrize(
    "figure", [cllr, min_cllr, fit_linear_calibration, fit_isotonic_calibration]
)


@every_figure
def test_an_empty_side_is_refused(figure) -> None:
    with pytest.raises(UndefinedMetricError, match="got no mated ones"):
        figure(np.ones(0), np.ones(2))
    with pytest.raises(UndefinedMetricError, match="got no non-mated ones"):
        figure(np.ones(2), np.ones(0))


@every_figure
def test_nan_is_refused(figure) -> None:
    with pytest.raises(ValueError, match=r"^mated (scores|LLRs) must be .*1 NaN"):
        figure(np.array([0.5, math.nan]), np.array([0.1]))
    with pytest.raises(ValueError, match=r"^non-mated (scores|LLRs) must be .*1 NaN"):
        figure(np.array([0.5]), np.array([math.nan, 0.1]))


@pytest.mark.parametrize(
    "fit", [LinearCalibration(1.0, 0.0), IsotonicCalibration(np.zeros(1), np.zeros(1))], ids=["line", "steps"]
)
def test_a_score_that_is_no_number_has_no_ratio(fit) -> None:
    with pytest.raises(ValueError, match="scores must be finite, got 1 NaN"):
        fit.llrs(np.array([math.nan]))
