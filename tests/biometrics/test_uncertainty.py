import math
import statistics as plain
from itertools import combinations

import numpy as np
import pytest

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Interval,
    auc,
    compare_all,
    eer,
    error_curve,
    per_subject_means,
    subject_bootstrap,
)
from amber_id.errors import EvaluationError, UndefinedMetricError

EER = {"eer": ErrorCurve.eer}


def study(n_subjects=6, n_clips=4, seed=0, decimals=2) -> Comparisons:
    """Comparisons of random people, with ties."""
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(n_subjects), n_clips)
    vectors = rng.normal(size=(n_subjects, 8))[subjects] + rng.normal(size=(len(subjects), 8))
    comparisons = compare_all(vectors, subjects)
    rounded = comparisons.scores.round(decimals)
    return Comparisons(rounded, comparisons.enrolment, comparisons.probe, n_subjects)


def resampled_people(comparisons: Comparisons, drawn) -> tuple[list[float], list[float]]:
    """Every comparison among the drawn people, each copy a person of its own, written out one by one."""
    rows = list(zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True))
    mated = [score for person in drawn for score, i, j in rows if i == j == person]
    nonmated = [
        score
        for one, other in combinations(drawn, 2)
        if one != other  # two copies of one person are not two people
        for score, i, j in rows
        if {i, j} == {one, other}
    ]
    return mated, nonmated


@pytest.mark.parametrize("seed", range(12))
def test_one_resample_is_the_comparisons_of_the_people_drawn(seed) -> None:
    comparisons = study()
    drawn = np.random.default_rng(seed).integers(6, size=6)
    mated, nonmated = resampled_people(comparisons, drawn)
    assert len(set(drawn)) < 6  # or the test would not see a weight other than 1

    statistics = {
        "eer": ErrorCurve.eer,
        "auc": ErrorCurve.auc,
        "accuracy": lambda curve: curve.accuracy_at(0.3),
        "mated": lambda curve: curve.mated_weight,
        "nonmated": lambda curve: curve.nonmated_weight,
    }
    intervals = subject_bootstrap(comparisons, statistics, replicates=1, rng=np.random.default_rng(seed))
    expected = error_curve(np.array(mated), np.array(nonmated))
    for name, statistic in statistics.items():
        assert intervals[name].low == intervals[name].high == pytest.approx(statistic(expected), abs=1e-12)
    assert intervals["mated"].low == len(mated)
    assert intervals["nonmated"].low == len(nonmated)


def test_the_interval_holds_the_middle_of_the_resamples_and_counts_redraws() -> None:
    comparisons = study(n_subjects=3, seed=1)
    rng = np.random.default_rng(7)
    rates, redrawn = [], 0
    while len(rates) < 60:
        mated, nonmated = resampled_people(comparisons, rng.integers(3, size=3))
        if mated and nonmated:
            rates.append(eer(np.array(mated), np.array(nonmated)))
        else:
            redrawn += 1
    assert redrawn > 0

    found = subject_bootstrap(comparisons, EER, replicates=60, level=0.8, rng=np.random.default_rng(7))["eer"]
    low, high = np.quantile(rates, [0.1, 0.9])
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found == Interval(found.low, found.high, level=0.8, replicates=60, redrawn=redrawn)


def test_all_statistics_see_the_same_resamples() -> None:
    seen = {"one": [], "other": []}
    statistics = {name: lambda curve, name=name: seen[name].append(curve) or curve.auc() for name in seen}
    found = subject_bootstrap(study(), statistics, replicates=20, rng=np.random.default_rng(0))
    assert len(seen["one"]) == 20
    assert all(one is other for one, other in zip(seen["one"], seen["other"], strict=True))
    assert found["one"] == found["other"]


def test_the_seed_decides_the_interval() -> None:
    def interval(seed):
        return subject_bootstrap(study(), EER, replicates=50, rng=np.random.default_rng(seed))["eer"]

    assert interval(3) == interval(3)
    assert interval(3) != interval(4)


def test_order_and_direction_of_the_comparisons_do_not_matter() -> None:
    comparisons = study()
    order = np.random.default_rng(1).permutation(len(comparisons.scores))
    turned = Comparisons(
        comparisons.scores[order], comparisons.probe[order], comparisons.enrolment[order], n_subjects=6
    )
    one, other = (
        subject_bootstrap(each, EER, replicates=50, rng=np.random.default_rng(0))["eer"]
        for each in (comparisons, turned)
    )
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_people_without_comparisons_are_not_drawn() -> None:
    comparisons = study()
    number = np.array([2, 3, 5, 11, 12, 19])
    sparse = Comparisons(comparisons.scores, number[comparisons.enrolment], number[comparisons.probe], 40)
    one, other = (
        subject_bootstrap(each, EER, replicates=50, rng=np.random.default_rng(0))
        for each in (comparisons, sparse)
    )
    assert one == other


def test_a_higher_level_is_wider() -> None:
    narrow, wide = (
        subject_bootstrap(study(), EER, replicates=200, level=level, rng=np.random.default_rng(0))["eer"]
        for level in (0.5, 0.95)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def simulated_study(rng, n_subjects=30, n_mated=20, n_nonmated=4):
    """Scores with a habit of each subject in them, and the EER of the population they come from.

    Mated N(2, 0.7^2 + 0.6^2), non-mated N(0, 2 0.5^2 + 0.6^2): the rates cross where both sides are
    equally many of their own standard deviations away.
    """
    pairs = np.array(list(combinations(range(n_subjects), 2)))
    own, towards_others = rng.normal(0, 0.7, n_subjects), rng.normal(0, 0.5, n_subjects)
    mated = np.repeat(np.arange(n_subjects), n_mated)
    enrolment, probe = np.repeat(pairs, n_nonmated, axis=0).T
    scores = np.concatenate([2 + own[mated], towards_others[enrolment] + towards_others[probe]])
    scores += rng.normal(0, 0.6, len(scores))
    spread = math.hypot(0.7, 0.6) + math.hypot(0.5, 0.5, 0.6)
    truth = plain.NormalDist().cdf(-2 / spread)
    subjects = np.concatenate([mated, enrolment]), np.concatenate([mated, probe])
    return Comparisons(scores, *subjects, n_subjects), truth


def pair_bootstrap(comparisons: Comparisons, replicates: int, rng) -> tuple[float, float]:
    """The usual mistake: comparisons resampled as if each were of other people."""
    mated, nonmated = comparisons.mated_scores, comparisons.nonmated_scores
    rates = [
        eer(rng.choice(mated, len(mated)), rng.choice(nonmated, len(nonmated))) for _ in range(replicates)
    ]
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(low), float(high)


def test_intervals_over_people_hold_the_truth_where_those_over_pairs_do_not(without_shape_checks) -> None:
    rng = np.random.default_rng(2)
    n_studies = 60
    people_widths, pair_widths, people_hits, pair_hits = [], [], 0, 0
    for _ in range(n_studies):
        comparisons, truth = simulated_study(rng)
        people = subject_bootstrap(comparisons, EER, replicates=150, rng=rng)["eer"]
        low, high = pair_bootstrap(comparisons, 100, rng)
        people_widths.append(people.high - people.low)
        pair_widths.append(high - low)
        people_hits += people.low <= truth <= people.high
        pair_hits += low <= truth <= high
    assert plain.mean(people_widths) > 3 * plain.mean(pair_widths)
    # In a longer run 92.5 % of the intervals over people held the truth, and about 40 % of those over pairs.
    # Both limits lie some three standard deviations of a count of 60 away.
    assert people_hits >= 50
    assert pair_hits <= 36


def test_two_people_are_too_few_for_an_interval() -> None:
    with pytest.raises(EvaluationError, match="among 3 subjects or more, got 2"):
        subject_bootstrap(study(n_subjects=2), EER, rng=np.random.default_rng(0))


def test_people_with_mated_comparisons_only_do_not_count_as_three() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.1])
    comparisons = Comparisons(scores, np.array([0, 1, 2, 0]), np.array([0, 1, 2, 1]), n_subjects=3)
    with pytest.raises(EvaluationError, match="among 3 subjects or more, got 2"):
        subject_bootstrap(comparisons, EER, rng=np.random.default_rng(0))


def test_an_empty_side_has_no_interval() -> None:
    with pytest.raises(UndefinedMetricError, match="no mated ones"):
        subject_bootstrap(study(n_clips=1), EER, rng=np.random.default_rng(0))
    with pytest.raises(UndefinedMetricError, match="no non-mated ones"):
        subject_bootstrap(study(n_subjects=1), EER, rng=np.random.default_rng(0))


def test_a_statistic_that_is_no_number_is_refused_by_name() -> None:
    statistics = {"auc": ErrorCurve.auc, "odd": lambda _: math.nan}
    with pytest.raises(EvaluationError, match="odd must be finite, got 5 of 5 resamples"):
        subject_bootstrap(study(), statistics, replicates=5, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicates": 0}, "replicates=0"),
        ({"level": 1.0}, "level=1.0"),
        ({"level": 0.0}, "level=0.0"),
        ({"statistics": {}}, "0 statistics"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        subject_bootstrap(study(), **{"statistics": EER, "rng": np.random.default_rng(0), **changes})


def test_means_of_each_subject_follow_a_plain_loop() -> None:
    comparisons = study(n_subjects=5)
    rows = list(zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True))
    found = per_subject_means(comparisons)
    assert [means.subject for means in found] == [0, 1, 2, 3, 4]
    for means in found:
        with_self = [score for score, i, j in rows if i == j == means.subject]
        with_others = [score for score, i, j in rows if i != j and means.subject in (i, j)]
        assert means.mated_mean == pytest.approx(plain.mean(with_self), abs=1e-12)
        assert means.nonmated_mean == pytest.approx(plain.mean(with_others), abs=1e-12)
        assert (means.n_mated, means.n_nonmated) == (len(with_self), len(with_others)) == (6, 64)


def test_a_mean_of_nothing_is_none() -> None:
    # Subject 0 has two clips, 1 and 2 have one each, 3 was never compared.
    comparisons = Comparisons(
        np.array([0.9, 0.25, 0.5]), np.array([0, 0, 0]), np.array([0, 1, 2]), n_subjects=4
    )
    means = per_subject_means(comparisons)
    assert [each.mated_mean for each in means] == [0.9, None, None, None]
    assert [each.nonmated_mean for each in means] == [0.375, 0.25, 0.5, None]
    assert [each.n_mated for each in means] == [1, 0, 0, 0]
    assert [each.n_nonmated for each in means] == [2, 1, 1, 0]


def test_the_bootstrap_is_centred_on_the_figure_itself() -> None:
    comparisons = study(n_subjects=20, decimals=6)
    found = subject_bootstrap(
        comparisons, {"auc": ErrorCurve.auc}, replicates=300, rng=np.random.default_rng(0)
    )
    assert found["auc"].low < auc(comparisons.mated_scores, comparisons.nonmated_scores) < found["auc"].high
