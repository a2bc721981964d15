from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    PairTally,
    ScoreHistogram,
    SubjectTally,
    compare_all,
    eer,
    error_curve,
    merge,
    tally,
)
from amber_id.errors import EvaluationError, UndefinedMetricError


def study(n_subjects=6, n_clips=4, seed=0, decimals=2, n_sessions=None) -> Comparisons:
    """Comparisons of random people, with ties; clips dealt to sessions in turn."""
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(n_subjects), n_clips)
    vectors = rng.normal(size=(n_subjects, 8))[subjects] + rng.normal(size=(len(subjects), 8))
    sessions = None if n_sessions is None else subjects * n_sessions + np.arange(len(subjects)) % n_sessions
    found = compare_all(vectors, subjects, sessions=sessions)
    return Comparisons(found.scores.round(decimals), found.enrolment, found.probe, subjects, sessions)


def written_out(comparisons: Comparisons, times) -> tuple[Counter, Counter]:
    """Scores of every comparison among the drawn people, each copy a person of its own, one by one."""
    rows = list(
        zip(comparisons.scores, comparisons.enrolment_subjects, comparisons.probe_subjects, strict=True)
    )
    drawn = np.repeat(np.arange(len(times)), times)
    mated = Counter(score for person in drawn for score, i, j in rows if i == j == person)
    nonmated = Counter(
        score
        for one, other in combinations(drawn, 2)
        if one != other  # two copies of one person are not two people
        for score, i, j in rows
        if {i, j} == {one, other}
    )
    return mated, nonmated


def counted(edges, masses) -> Counter:
    return Counter({edge: round(mass) for edge, mass in zip(edges, masses, strict=True) if mass})


@pytest.mark.parametrize("seed", range(8))
def test_one_resample_is_the_comparisons_of_the_people_drawn(seed) -> None:
    comparisons = study()
    times = np.bincount(np.random.default_rng(seed).integers(6, size=6), minlength=6)
    assert times.max() > 1  # or the test would not see a weight other than 1
    people = tally(comparisons)
    mated, nonmated = people.masses(times[None].astype(float))
    assert (counted(people.edges, mated[0]), counted(people.edges, nonmated[0])) == written_out(
        comparisons, times
    )
    totals = people.totals(times[None].astype(float))
    assert totals[0] == mated.sum()
    assert totals[1] == nonmated.sum()


def test_a_drawn_session_brings_its_comparisons_as_often_as_both_its_ends() -> None:
    comparisons = study(n_subjects=3, n_clips=4, n_sessions=2)
    people = tally(comparisons, by="session")
    assert isinstance(people, PairTally)
    assert people.by_session
    np.testing.assert_array_equal(people.unit_subjects, [0, 0, 1, 1, 2, 2])
    times, unit_times = np.array([[1.0, 2.0, 0.0]]), np.array([[2.0, 0.0, 1.0, 1.0, 1.0, 1.0]])
    expected_mated, expected_nonmated = Counter(), Counter()
    sessions, subjects = comparisons.sessions, comparisons.subjects
    for score, i, j in zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True):
        a, b = subjects[i], subjects[j]
        weight = unit_times[0, sessions[i]] * (
            1 if sessions[i] == sessions[j] else unit_times[0, sessions[j]]
        )
        weight *= times[0, a] * (1 if a == b else times[0, b])
        (expected_mated if a == b else expected_nonmated)[score] += round(weight)
    mated, nonmated = people.masses(times, unit_times)
    assert counted(people.edges, mated[0]) == +expected_mated
    assert counted(people.edges, nonmated[0]) == +expected_nonmated
    # Every session once is no resampling of sessions.
    np.testing.assert_array_equal(
        people.masses(times, np.ones((1, 6)))[1], tally(comparisons).masses(times)[1]
    )


def test_few_different_scores_are_kept_exactly() -> None:
    comparisons = study()
    people = tally(comparisons)
    np.testing.assert_array_equal(people.edges, np.unique(comparisons.scores))
    exact = eer(comparisons.mated_scores, comparisons.nonmated_scores)
    assert people.whole.curve().eer() == exact
    assert (
        float(
            ScoreHistogram(people.edges, *(side[0] for side in people.masses(np.ones((1, 6))))).curve().eer()
        )
        == exact
    )


def test_many_different_scores_share_bins_whose_edges_are_exact() -> None:
    comparisons = study(n_clips=12, decimals=9)
    people = tally(comparisons, bins=16)
    assert len(people.edges) <= 16
    assert people.edges[0] == comparisons.scores.min()
    curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    mated, nonmated = people.masses(np.ones((1, 6)))
    coarse = ScoreHistogram(people.edges, mated[0], nonmated[0]).curve()
    for edge, fmr, fnmr in zip(coarse.thresholds, coarse.fmr, coarse.fnmr, strict=True):
        assert curve.rates_at(edge) == pytest.approx((fmr, fnmr), abs=1e-12)
    assert people.whole.curve().eer() == curve.eer()
    low, high = coarse.eer_bounds()
    assert low <= curve.eer() <= high
    assert high - low < 0.15


def test_only_subjects_that_take_part_are_counted() -> None:
    comparisons = study()
    number = np.array([2, 3, 5, 11, 12, 19])
    sparse = Comparisons(
        comparisons.scores, comparisons.enrolment, comparisons.probe, number[comparisons.subjects]
    )
    np.testing.assert_array_equal(tally(sparse).subjects, number)
    np.testing.assert_array_equal(tally(sparse).counts, tally(comparisons).counts)
    one_fold = Comparisons.pool(
        [sparse, Comparisons(np.array([0.5]), np.array([0]), np.array([1]), np.array([7, 8]))]
    )
    assert tally(one_fold).subjects.tolist() == [2, 3, 5, 7, 8, 11, 12, 19]


def test_balanced_people_weigh_the_same_whatever_their_clips() -> None:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(4), [2, 3, 9, 5])
    comparisons = compare_all(rng.normal(size=(len(subjects), 4)), subjects)
    balanced = tally(comparisons).balanced()
    mated, nonmated = balanced.totals(np.ones((1, 4)))
    assert mated[0] == pytest.approx(4)
    assert nonmated[0] == pytest.approx(6)
    weights = {True: [], False: []}
    pairs = Counter(zip(comparisons.enrolment_subjects, comparisons.probe_subjects, strict=True))
    for i, j in zip(comparisons.enrolment_subjects, comparisons.probe_subjects, strict=True):
        weights[bool(i == j)].append(1 / pairs[i, j])
    expected = eer(
        comparisons.mated_scores,
        comparisons.nonmated_scores,
        mated_weights=np.array(weights[True]),
        nonmated_weights=np.array(weights[False]),
    )
    assert balanced.whole.curve().eer() == pytest.approx(expected, abs=1e-12)


def many_people(n_subjects=301) -> Comparisons:
    return study(n_subjects=n_subjects, n_clips=2, decimals=1)


def test_very_many_people_are_counted_one_by_one() -> None:
    comparisons = many_people()
    people, pairs = tally(comparisons), tally(many_people(300))
    assert isinstance(people, SubjectTally)
    assert isinstance(pairs, PairTally)
    assert people.n_mated_subjects == people.n_nonmated_subjects == 301
    mated, nonmated = people.masses(np.ones((1, 301)))
    np.testing.assert_array_equal(mated[0], people.whole.mated)
    np.testing.assert_array_equal(nonmated[0], people.whole.nonmated)


def test_leaving_one_of_very_many_out_is_exact_and_a_resample_nearly() -> None:
    comparisons = many_people()
    people = tally(comparisons)
    without = 1 - np.eye(301)[[17]]
    kept = (comparisons.enrolment_subjects != 17) & (comparisons.probe_subjects != 17)
    expected = np.histogram(comparisons.scores[kept & ~comparisons.mated], np.append(people.edges, np.inf))[0]
    np.testing.assert_allclose(people.masses(without)[1][0], expected, atol=1e-9)

    # The FMR of resamples: what the linear part leaves out is noise of single pairs, which product weights
    # triple; these people are alike, so that such noise is as large here as it gets.
    draws = np.random.default_rng(0).multinomial(301, np.full(301, 1 / 301), size=40).astype(float)
    threshold = people.edges[len(people.edges) * 2 // 3]
    accepted = comparisons.scores >= threshold
    apart = ~comparisons.mated
    exact = []
    for times in draws:
        weight = (times[comparisons.enrolment_subjects] * times[comparisons.probe_subjects])[apart]
        exact.append(weight[accepted[apart]].sum() / weight.sum())
    linear = ErrorCurve.of_masses(people.edges, *people.masses(draws)).rates_at(threshold)[0]
    assert np.corrcoef(exact, linear)[0, 1] > 0.8
    assert 0.7 < np.std(linear) / np.std(exact) < 1.05  # 0.82 where such noise is all there is


def shards_of(comparisons: Comparisons):
    """The same comparisons counted in two parts, in bins of the whole."""
    whole = tally(comparisons)
    half = np.arange(len(comparisons.scores)) % 2 == 0
    rows = np.searchsorted(whole.edges, comparisons.scores)
    parts = []
    for kept in (half, ~half):
        counts = np.zeros_like(whole.counts)
        place = {(a, b): q for q, (a, b) in enumerate(zip(whole.one, whole.other, strict=True))}
        for row, i, j in zip(
            rows[kept], comparisons.enrolment_subjects[kept], comparisons.probe_subjects[kept], strict=True
        ):
            counts[place[min(i, j), max(i, j)], row] += 1
        mated = counts[whole.mated].sum(axis=0)
        histogram = ScoreHistogram(whole.edges, mated, counts.sum(axis=0) - mated)
        parts.append(
            PairTally(
                histogram, whole.edges, counts, whole.one, whole.other, whole.unit_subjects, whole.subjects
            )
        )
    return whole, parts


def test_shards_add_up_to_the_whole() -> None:
    whole, parts = shards_of(study())
    merged = merge(parts)
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_array_equal(merged.whole.mated, whole.whole.mated)
    np.testing.assert_array_equal(merged.whole.nonmated, whole.whole.nonmated)


def test_shards_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="edges must be the same in both shards"):
        merge([tally(study()), tally(study(seed=1))])
    with pytest.raises(ValueError, match="got both kinds"):
        merge([tally(study()), tally(many_people())])
    with pytest.raises(ValueError, match="one shard or more, got none"):
        merge([])


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="by must be 'subject' where sessions are not known"):
        tally(study(), by="session")
    with pytest.raises(ValueError, match="bins must be 2 or more, got 1"):
        tally(study(), bins=1)
    with pytest.raises(EvaluationError, match="300 or fewer, got 304"):
        tally(study(n_subjects=152, n_clips=2, n_sessions=2), by="session")
    with pytest.raises(UndefinedMetricError, match="no mated ones"):
        tally(study(n_clips=1)).whole.curve()
