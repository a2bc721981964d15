import json
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.biometrics.calibration import pav_llrs
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.disclosure import d_sys, d_sys_raw_of, zebra, zebra_expected_of
from amber_id.errors import UndefinedMetricError

# Few different scores, so that most examples have ties within a side and across both.
scores = st.lists(st.integers(-4, 4).map(lambda step: step / 4), min_size=1, max_size=12).map(np.array)
repeatable = settings(derandomize=True, deadline=None, max_examples=60)
MOST = 1 / (2 * math.log(2))
# Gauss-Legendre over priors from 0 to 1.
PRIORS, WEIGHTS = (np.polynomial.legendre.leggauss(400) + np.array([[1.0], [0.0]])) / 2


def golden_cases(path):
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        rng = np.random.default_rng(case["seed"])
        mated = rng.normal(case["mean"], 1, case["mated"])
        nonmated = rng.normal(0, 1, case["nonmated"])
        if case["rounded_to_0_1"]:
            mated, nonmated = mated.round(1), nonmated.round(1)
        yield case, mated, nonmated


# ---- ZEBRA


def quadrature(mated, nonmated) -> float:
    """Area between the entropy of the prior and the empirical cross entropy, in bits."""
    curve = error_curve(mated, nonmated)
    with np.errstate(divide="ignore"):
        inverse = np.exp(-pav_llrs(curve))
    total = -WEIGHTS @ (PRIORS * np.log2(PRIORS) + (1 - PRIORS) * np.log2(1 - PRIORS))
    for mated_share, nonmated_share, inv in zip(
        curve.mated_shares, curve.nonmated_shares, inverse, strict=True
    ):
        odds_against = (1 - PRIORS) / PRIORS * inv
        if mated_share:
            total -= WEIGHTS @ (PRIORS * mated_share * np.log2(1 + odds_against))
        if nonmated_share:
            total -= WEIGHTS @ ((1 - PRIORS) * nonmated_share * np.log2(1 + 1 / odds_against))
    return float(total)


# Worked by hand. Mated, non-mated, expected, worst case, category.
ZEBRAS = {
    # With two virtual pairs the odds are 1 : 3 and 3 : 1.
    "separate": ([0.75, 1.0], [0.0, 0.25], MOST, math.log10(3), "A"),
    "reversed": ([0.0, 0.25], [0.75, 1.0], 0.0, 0.0, "0"),
    "identical": ([0.25, 0.5], [0.25, 0.5], 0.0, 0.0, "0"),
    # Half of each side certain, the tie worth nothing: half of the most. Laplace: 1 : 2 and 2 : 1.
    "tied across": ([0.4, 0.8], [0.1, 0.4], MOST / 2, math.log10(2), "A"),
}


@pytest.mark.parametrize(("mated", "nonmated", "expected", "worst", "category"), ZEBRAS.values(), ids=ZEBRAS)
def test_disclosure_worked_by_hand(mated, nonmated, expected, worst, category) -> None:
    result = zebra(np.array(mated), np.array(nonmated))
    assert result.expected == pytest.approx(expected, abs=1e-12)
    assert result.worst_case == pytest.approx(worst, abs=1e-12)
    assert result.category == category


def test_one_mated_score_worked_by_hand() -> None:
    # Half of the non-mated certain; above them LR = 2 in a pool of the mated one and two non-mated.
    # I(2) = (1 - ln 2) / 2 and I(1/2) = (-1/2 + ln 2) / (2 / 4).
    expected = (1 / 2 - (1 - math.log(2)) / 2 - (math.log(2) - 1 / 2) * 2 / 2) / math.log(2)
    assert zebra(np.array([0.3]), np.array([0.1, 0.2, 0.3, 0.4])).expected == pytest.approx(expected)


def test_a_guesser_with_sides_of_different_size_is_not_quite_0() -> None:
    # With Laplace's rule the lower pair joins the rest, 3 : 4, over prior odds 2 : 3.
    result = zebra(np.zeros(2), np.zeros(3))
    assert (result.expected, result.category) == (0.0, "A")
    assert result.worst_case == pytest.approx(math.log10(9 / 8))


@pytest.mark.parametrize(
    ("n", "category"),
    # Two separated sides of n each give odds of n + 1 : 1 over prior odds 1.
    [(8, "A"), (9, "B"), (98, "B"), (100, "C"), (9_998, "C"), (10_000, "D"), (100_000, "E"), (10**6, "F")],
)
def test_the_category_follows_the_worst_case(n, category) -> None:
    result = zebra(np.ones(n), np.zeros(n))
    assert result.worst_case == pytest.approx(math.log10(n + 1))
    assert result.category == category
    assert result.expected == MOST


@repeatable
@given(scores, scores)
def test_expected_disclosure_is_the_area_over_all_priors(mated, nonmated) -> None:
    value = float(zebra_expected_of(error_curve(mated, nonmated)))
    assert value == pytest.approx(quadrature(mated, nonmated), abs=1e-6)
    assert 0 <= value <= MOST


def exact_cost(ratio: Decimal) -> Decimal:
    return Decimal(1) / 4 if ratio == 1 else (ratio - 1 - ratio.ln()) / (2 * (ratio - 1) ** 2)


@pytest.mark.parametrize("step", [0, 1e-12, 1e-7, 1e-4, 1.5e-3, 1.9e-3, 2.1e-3, 1e-2, 1.0, 1e9])
def test_ratios_near_1_and_far_from_it_cost_what_they_should(step) -> None:
    # Two pools of mated 1 and 1 + step against 1 non-mated each, in 60 digits.
    curve = ErrorCurve.of_masses(np.array([0.0, 1.0]), np.array([1.0, 1 + step]), np.array([1.0, 1.0]))
    with localcontext(prec=60):
        upper = 1 + Decimal(step)
        left = Decimal(0)
        for mated in (Decimal(1), upper):
            ratio = mated / ((1 + upper) / 2)
            left += mated / (1 + upper) * exact_cost(ratio) + exact_cost(1 / ratio) / 2
        expected = (Decimal(1) / 2 - left) / Decimal(2).ln()
    assert zebra_expected_of(curve) == pytest.approx(float(expected), abs=1e-11)
    assert zebra_expected_of(curve) >= 0


def test_huge_weights_neither_overflow_nor_fail() -> None:
    curve = ErrorCurve.of_masses(np.array([0.0, 1.0]), np.array([1e-280, 1.0]), np.array([1.0, 1e-280]))
    assert zebra_expected_of(curve) == pytest.approx(MOST)


@repeatable
@given(scores, scores)
def test_only_the_order_of_scores_discloses(mated, nonmated) -> None:
    result = zebra(mated, nonmated)
    for stretch in (np.exp, lambda score: 3 * score - 7, lambda score: score**3):
        stretched = zebra(stretch(mated), stretch(nonmated))
        assert stretched == result
    # An adversary told the scores upside down, with sides exchanged, learns as much.
    mirrored = zebra(-nonmated, -mated)
    assert mirrored.expected == pytest.approx(result.expected, abs=1e-12)
    assert mirrored.worst_case == pytest.approx(result.worst_case, abs=1e-12)


def test_public_zebras_are_reproduced(golden_metrics) -> None:
    compared = 0
    for case, mated, nonmated in golden_cases(golden_metrics):
        if case["zebra_expected"] is not None:
            result = zebra(mated, nonmated)
            assert result.expected == pytest.approx(case["zebra_expected"], abs=1e-7), case
            assert result.worst_case == pytest.approx(case["zebra_worst_case_laplace"], abs=1e-6), case
            compared += 1
    assert compared == 5


# ---- D_sys


def loop_d_sys(mated, nonmated, bins) -> float:
    """Each score stands in the middle of its share of all ranks, both sides together weighing alike."""
    bin_of, below = {}, Fraction(0)
    for score in sorted({*mated, *nonmated}):
        shares = [Fraction(sum(each == score for each in side), len(side)) for side in (mated, nonmated)]
        own = sum(shares) / 2
        bin_of[score] = min(math.floor((below + own / 2) * bins), bins - 1)
        below += own
    total = 0.0
    for place in range(bins):
        p, q = (sum(bin_of[score] == place for score in side) / len(side) for side in (mated, nonmated))
        if p > q:
            ratio = p / q if q else math.inf
            total += p * (1.0 if q == 0 else 2 * ratio / (1 + ratio) - 1)
    return total


@repeatable
@given(scores, scores, st.sampled_from([1, 2, 3, 4, 8]))
def test_linkability_follows_its_definition_in_a_plain_loop(mated, nonmated, bins) -> None:
    value = d_sys_raw_of(error_curve(mated, nonmated), bins=bins)
    assert value == pytest.approx(loop_d_sys(mated, nonmated, bins), abs=1e-12)


STRETCHES = {
    "sigmoid": lambda score: 1 / (1 + np.exp(-score)),
    "exponential": np.exp,
    "times a million": lambda score: 1e6 * score,
    "moved": lambda score: score - 1000,
    "cubed": lambda score: score**3,
    "huge": lambda score: score * 1e307,
}


@pytest.mark.parametrize("stretch", STRETCHES.values(), ids=STRETCHES)
def test_only_the_order_of_scores_links(stretch) -> None:
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(1.5, 1, 200), rng.normal(size=3000)
    assert d_sys(stretch(mated), stretch(nonmated)) == d_sys(mated, nonmated)
    raw = d_sys_raw_of(error_curve(mated, nonmated))
    assert d_sys_raw_of(error_curve(stretch(mated), stretch(nonmated))) == raw


@pytest.mark.parametrize("far", [-1000.0, -1.7e308, 1e30])
@pytest.mark.parametrize("side", [0, 1])
def test_a_value_far_from_the_others_moves_linkability_by_no_more_than_its_share(far, side) -> None:
    rng = np.random.default_rng(0)
    sides = [rng.normal(1.5, 1, 200), rng.normal(size=3000)]
    before = d_sys(*sides)
    sides[side][0] = far
    assert d_sys(*sides) == pytest.approx(before, abs=0.02)


def test_sides_that_separate_are_linked_however_few_they_are() -> None:
    for n_mated, n_nonmated in ((2, 4), (12, 264), (45, 400), (200, 4750)):
        curve = error_curve(np.linspace(2, 3, n_mated), np.linspace(0, 1, n_nonmated))
        assert d_sys_raw_of(curve) == pytest.approx(1.0, abs=1e-12)


def test_equal_scores_link_nothing() -> None:
    assert d_sys_raw_of(error_curve(np.ones(3), np.ones(5))) == 0.0
    assert d_sys(np.ones(3), np.ones(5)) == 0.0


def test_the_bins_are_a_tenth_of_the_mated_scores_and_even() -> None:
    rng = np.random.default_rng(0)
    for n_mated, bins in ((3, 2), (39, 2), (45, 4), (999, 98), (5000, 100)):
        curve = error_curve(rng.normal(1, 1, n_mated), rng.normal(size=4000))
        assert d_sys_raw_of(curve) == d_sys_raw_of(curve, bins=bins)
        assert d_sys_raw_of(curve) != d_sys_raw_of(curve, bins=bins + 1)


def test_the_raw_linkability_is_close_to_the_public_one(golden_metrics) -> None:
    for case, mated, nonmated in golden_cases(golden_metrics):
        value = float(d_sys_raw_of(error_curve(mated, nonmated)))
        # The public code's bins have equal width, of which few are filled; these hold equal shares, so that
        # where there is little to find (0.5 or less between the means) more of them are counted: 0.016 more.
        # The public code also drops half of both outer bins: 0.27 of the 4 bins of the case with 40 mated.
        allowed = 0.4 if case["mated"] == 40 else 0.017 if case["mean"] <= 0.5 else 4e-3
        assert value == pytest.approx(case["d_sys_histogram"], abs=allowed), case


def test_linkability_is_close_to_that_of_the_distributions_behind_the_scores() -> None:
    grid = np.linspace(-8, 14, 20_001)
    for mean, n_mated in ((0.5, 2000), (1.5, 3000), (2.0, 40), (4.0, 1000)):
        p, q = (np.exp(-((grid - centre) ** 2) / 2) / math.sqrt(2 * math.pi) for centre in (mean, 0.0))
        true = np.trapezoid(p * np.maximum(0, p - q) / (p + q), grid)
        rng = np.random.default_rng(0)
        raw = [
            float(d_sys_raw_of(error_curve(rng.normal(mean, 1, n_mated), rng.normal(size=20_000))))
            for _ in range(10)
        ]
        assert np.mean(raw) == pytest.approx(true, abs=0.03), mean


@pytest.mark.parametrize("n_mated", [50, 400])
def test_linkability_of_a_guesser_is_about_0_on_average(n_mated) -> None:
    rng = np.random.default_rng(0)
    sides = [(rng.normal(size=n_mated), rng.normal(size=2000)) for _ in range(60)]
    values = np.array([d_sys(*pair, permutations=50) for pair in sides])
    raw = np.array([d_sys_raw_of(error_curve(*pair)) for pair in sides])
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert abs(values.mean()) < 3 * error
    assert raw.mean() > 10 * error  # what is subtracted matters
    assert values.min() < 0 < values.max()


def test_what_is_subtracted_is_the_mean_under_permuted_labels() -> None:
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(0.5, 1, 60), rng.normal(size=300)
    pooled = np.concatenate([mated, nonmated])
    nulls = []
    for _ in range(400):
        rng.shuffle(pooled)
        nulls.append(float(d_sys_raw_of(error_curve(pooled[:60], pooled[60:]))))
    value = d_sys(mated, nonmated, permutations=2000)
    expected = d_sys_raw_of(error_curve(mated, nonmated)) - np.mean(nulls)
    assert value == pytest.approx(expected, abs=4 * np.std(nulls) / math.sqrt(400))
    assert d_sys(mated, nonmated, permutations=2000) == value
    assert d_sys(mated, nonmated, permutations=2000, seed=1) != value


@repeatable
@given(st.integers(0, 999))
def test_resamples_are_answered_one_by_one(seed) -> None:
    rng = np.random.default_rng(seed)
    grid = np.sort(rng.normal(size=30))
    mated, nonmated = rng.integers(0, 4, size=(2, 3, 2, 30))
    both = ErrorCurve.of_masses(grid, mated, nonmated)
    for figure in (zebra_expected_of, d_sys_raw_of):
        values = figure(both)
        assert values.shape == (3, 2)
        for row in np.ndindex(3, 2):
            alone = figure(ErrorCurve.of_masses(grid, mated[row], nonmated[row]))
            assert values[row] == pytest.approx(float(alone), abs=1e-12)


every_figure = pytest.mark.parametrize("figure", [zebra, d_sys])


@every_figure
def test_an_empty_side_is_refused(figure) -> None:
    with pytest.raises(UndefinedMetricError, match="got no mated ones"):
        figure(np.ones(0), np.ones(2))
    with pytest.raises(UndefinedMetricError, match="got no non-mated ones"):
        figure(np.ones(2), np.ones(0))


@every_figure
def test_a_score_that_is_no_number_is_refused(figure) -> None:
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match=r"^mated scores must be finite"):
            figure(np.array([0.5, wrong]), np.array([0.1]))
        with pytest.raises(ValueError, match=r"^non-mated scores must be finite"):
            figure(np.array([0.5]), np.array([wrong, 0.1]))


def test_counts_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="permutations must be 1 or more, got 0"):
        d_sys(np.ones(2), np.zeros(2), permutations=0)
    with pytest.raises(ValueError, match="bins must be 1 or more, got 0"):
        d_sys_raw_of(error_curve(np.ones(2), np.zeros(2)), bins=0)
