import math
import statistics as plain
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, compare_all, eer
from amber_id.biometrics.people import (
    SubjectFigures,
    WorstDecile,
    aggregate_clips,
    per_subject_figures,
    subject_balanced_weights,
    worst_decile_eer,
)
from amber_id.errors import EvaluationError, UndefinedMetricError


def study(clips=(4, 2, 5, 3), seed=0, decimals=1, sessions=None) -> Comparisons:
    """Comparisons of random people with so many clips each, with ties."""
    rng = np.random.default_rng(seed)
    subjects = rng.permutation(np.repeat(np.arange(len(clips)), clips))
    vectors = rng.normal(size=(len(clips), 6))[subjects] + rng.normal(size=(len(subjects), 6))
    comparisons = compare_all(vectors, subjects, sessions=sessions)
    return replace(comparisons, scores=comparisons.scores.round(decimals))


def rows(comparisons):
    """(score, one clip, the other clip, its subject, the other's) of each comparison."""
    subjects = comparisons.subjects.tolist()
    for score, i, j in zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True):
        yield float(score), int(i), int(j), subjects[i], subjects[j]


def shuffled(comparisons, seed=0) -> Comparisons:
    """The same comparisons in another order, some the other way round."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(comparisons.scores))
    turn = rng.random(len(order)) < 0.5
    enrolment, probe = comparisons.enrolment[order], comparisons.probe[order]
    return replace(
        comparisons,
        scores=comparisons.scores[order],
        enrolment=np.where(turn, probe, enrolment),
        probe=np.where(turn, enrolment, probe),
    )


def kept(comparisons, mask) -> Comparisons:
    return replace(
        comparisons,
        scores=comparisons.scores[mask],
        enrolment=comparisons.enrolment[mask],
        probe=comparisons.probe[mask],
    )


def test_figures_of_each_subject_follow_a_plain_loop() -> None:
    comparisons = study(clips=(4, 2, 5, 3, 4))
    found = per_subject_figures(comparisons)
    assert [figures.subject for figures in found] == [0, 1, 2, 3, 4]
    for figures in found:
        with_self = [score for score, _, _, a, b in rows(comparisons) if a == b == figures.subject]
        with_others = [
            score for score, _, _, a, b in rows(comparisons) if a != b and figures.subject in (a, b)
        ]
        assert figures.mated_mean == pytest.approx(plain.mean(with_self), abs=1e-12)
        assert figures.nonmated_mean == pytest.approx(plain.mean(with_others), abs=1e-12)
        assert (figures.n_mated, figures.n_nonmated) == (len(with_self), len(with_others))
        assert figures.eer == eer(np.array(with_self), np.array(with_others))
    assert (found[0].n_mated, found[0].n_nonmated) == (6, 4 * 14)
    assert len({figures.eer for figures in found}) > 2  # or the test would not tell people apart


def test_figures_worked_by_hand() -> None:
    # Subjects 0 and 1 have two clips each. Subject 0 is told from the other at any threshold between; of
    # subject 1, whose mated score is the lowest, nothing is.
    comparisons = Comparisons(
        scores=np.array([0.9, 0.5, 0.4, 0.5, 0.6, 0.1]),
        enrolment=np.array([0, 0, 0, 1, 1, 2]),
        probe=np.array([1, 2, 3, 2, 3, 3]),
        subjects=np.array([0, 0, 1, 1]),
    )
    assert per_subject_figures(comparisons) == (
        SubjectFigures(0, 0.9, 0.5, n_mated=1, n_nonmated=4, eer=0.0),
        SubjectFigures(1, 0.1, 0.5, n_mated=1, n_nonmated=4, eer=1.0),
    )


def test_a_figure_of_nothing_is_none() -> None:
    # Subject 0 has two clips, 1 and 2 have one each, 3 was never compared.
    comparisons = Comparisons(
        np.array([0.9, 0.25, 0.5]), np.array([0, 0, 0]), np.array([1, 2, 3]), np.array([0, 0, 1, 2, 3])
    )
    found = per_subject_figures(comparisons)
    assert [each.mated_mean for each in found] == [0.9, None, None, None]
    assert [each.nonmated_mean for each in found] == [0.375, 0.25, 0.5, None]
    assert [each.n_mated for each in found] == [1, 0, 0, 0]
    assert [each.n_nonmated for each in found] == [2, 1, 1, 0]
    assert [each.eer for each in found] == [0.0, None, None, None]


def test_a_subject_alone_has_no_eer() -> None:
    (figures,) = per_subject_figures(study(clips=(3,)))
    assert (figures.n_mated, figures.nonmated_mean, figures.eer) == (3, None, None)


def test_order_and_direction_do_not_matter_to_the_figures() -> None:
    comparisons = study(decimals=9)
    assert per_subject_figures(shuffled(comparisons)) == per_subject_figures(comparisons)


def test_figures_of_pooled_folds_are_those_of_each() -> None:
    first, second = study(clips=(3, 2, 4)), study(clips=(2, 5), seed=1)
    apart = per_subject_figures(first) + tuple(
        replace(figures, subject=figures.subject + 3) for figures in per_subject_figures(second)
    )
    pooled = Comparisons.pool([first, replace(second, subjects=second.subjects + 3)])
    assert per_subject_figures(pooled) == apart


def with_rates(rates) -> list[SubjectFigures]:
    return [
        SubjectFigures(i, 0.5, 0.1, n_mated=3, n_nonmated=9, eer=rate)
        if rate is not None
        # A subject with a single clip.
        else SubjectFigures(i, None, 0.1, n_mated=0, n_nonmated=9, eer=None)
        for i, rate in enumerate(rates)
    ]


@pytest.mark.parametrize(
    ("n", "place"), [(1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (35, 4), (100, 10)]
)
def test_the_worst_decile_is_the_figure_of_one_person(n, place) -> None:
    rates = np.random.default_rng(n).permutation(np.arange(1, n + 1) / 200)
    found = worst_decile_eer(with_rates(rates.tolist()))
    assert found == WorstDecile(int(np.flatnonzero(rates == place / 200)[0]), place / 200, n)
    assert found.eer == np.quantile(rates, 0.1, method="inverted_cdf")


def test_people_without_an_eer_do_not_count() -> None:
    rates = [None] * 30 + [0.5, 0.2, 0.4]
    assert worst_decile_eer(with_rates(rates)) == WorstDecile(subject=31, eer=0.2, n_subjects=3)


def test_an_eer_of_zero_counts() -> None:
    assert worst_decile_eer(with_rates([0.3, 0.0, 0.2])) == WorstDecile(subject=1, eer=0.0, n_subjects=3)


def test_the_lower_subject_comes_first_among_equals() -> None:
    assert worst_decile_eer(with_rates([0.3, 0.2, 0.2])).subject == 1
    assert worst_decile_eer(with_rates([0.3, 0.2, 0.2])[::-1]).subject == 1


@pytest.mark.parametrize("figures", [[], with_rates([None, None])])
def test_nobody_with_an_eer_has_no_worst_decile(figures) -> None:
    with pytest.raises(UndefinedMetricError, match=f"a subject with an EER, got none among {len(figures)}"):
        worst_decile_eer(figures)


def test_a_guesser_has_the_worst_decile_that_the_docstring_says() -> None:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(35), 5)
    found = [
        worst_decile_eer(per_subject_figures(compare_all(rng.normal(size=(175, 16)), subjects))).eer
        for _ in range(12)
    ]
    assert plain.mean(found) == pytest.approx(0.40, abs=0.03)


def test_balanced_weights_sum_to_the_same_for_each_owner() -> None:
    comparisons = shuffled(study(clips=(4, 2, 5, 1)))
    mated_weights, nonmated_weights = subject_balanced_weights(comparisons)
    mated, nonmated = {}, {}
    mated_rows = [row for row in rows(comparisons) if row[3] == row[4]]
    nonmated_rows = [row for row in rows(comparisons) if row[3] != row[4]]
    for (*_, a, _), weight in zip(mated_rows, mated_weights, strict=True):
        mated.setdefault(a, []).append(weight)
    for (*_, a, b), weight in zip(nonmated_rows, nonmated_weights, strict=True):
        nonmated.setdefault(frozenset((a, b)), []).append(weight)
    assert set(mated) == {0, 1, 2}
    assert set(nonmated) == {frozenset(pair) for pair in combinations(range(4), 2)}
    for owners, weights in ((mated, mated_weights), (nonmated, nonmated_weights)):
        assert weights.mean() == pytest.approx(1, abs=1e-12)
        for own in owners.values():
            assert sum(own) == pytest.approx(len(weights) / len(owners), abs=1e-12)
            assert len(set(own)) == 1


def test_weights_are_1_where_people_have_equally_many_clips() -> None:
    mated_weights, nonmated_weights = subject_balanced_weights(study(clips=(3, 3, 3)))
    np.testing.assert_allclose(mated_weights, 1, rtol=0, atol=1e-15)
    np.testing.assert_allclose(nonmated_weights, 1, rtol=0, atol=1e-15)


def test_a_balanced_rate_counts_people() -> None:
    # Subject 0 has 3 mated comparisons, all rejected at 0.5; subject 1 has one, accepted. No non-mated
    # comparison is: so the FNMR there is 3/4 of pairs, but half of people.
    scores = {0: 0.2, 1: 0.9}
    comparisons = study(clips=(3, 2))
    mated = comparisons.mated
    by_owner = np.array([scores[subject] for subject in comparisons.enrolment_subjects])
    comparisons = replace(comparisons, scores=np.where(mated, by_owner, 0.3))
    mated_weights, nonmated_weights = subject_balanced_weights(comparisons)
    sides = comparisons.mated_scores, comparisons.nonmated_scores
    # Rates (FMR, FNMR) at 0.3: (1, f), at 0.9: (0, f) with f = 3/4 and 1/2; they cross where FMR is f.
    assert eer(*sides) == pytest.approx(0.75)
    balanced = eer(*sides, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    assert balanced == pytest.approx(0.5)


def test_a_side_without_comparisons_has_no_weights() -> None:
    mated_weights, nonmated_weights = subject_balanced_weights(study(clips=(1, 1, 1)))
    assert (len(mated_weights), nonmated_weights.tolist()) == (0, [1, 1, 1])
    mated_weights, nonmated_weights = subject_balanced_weights(study(clips=(3,)))
    assert (mated_weights.tolist(), len(nonmated_weights)) == ([1, 1, 1], 0)


def members(comparisons, k, seed) -> dict[int, set[int]]:
    """The clips of each group that was compared with one of another subject.

    With the score 2^i + 2^j of clips i and j, that of two groups times k is the sum of 2^i over both.
    """
    coded = replace(comparisons, scores=(2.0**comparisons.enrolment + 2.0**comparisons.probe))
    groups = aggregate_clips(coded, k, rng=np.random.default_rng(seed))
    found: dict[int, set[int]] = {}
    for score, g, h, a, b in rows(groups):
        both = {clip for clip in range(len(coded.subjects)) if round(score * k) >> clip & 1}
        assert len(both) == 2 * k
        if a != b:
            for group, subject in ((g, a), (h, b)):
                own = {clip for clip in both if comparisons.subjects[clip] == subject}
                assert found.setdefault(group, own) == own
    return found


@pytest.mark.parametrize("k", [1, 2, 3])
def test_groups_are_disjoint_of_one_subject_and_of_k_clips(k) -> None:
    comparisons = study(clips=(7, 6, 8, k - 1, 2 * k))
    groups = aggregate_clips(comparisons, k, rng=np.random.default_rng(0))
    clips = members(comparisons, k, seed=0)
    assert len(clips) == len(groups.subjects) == 7 // k + 6 // k + 8 // k + 2
    for group, own in clips.items():
        assert len(own) == k
        assert {comparisons.subjects[clip] for clip in own} == {groups.subjects[group]}
    assert len(set().union(*clips.values())) == k * len(clips)
    # As documented, those left over.
    left_over = 7 % k + 6 % k + 8 % k + k - 1
    assert len(comparisons.subjects) - k * len(groups.subjects) == left_over


@pytest.mark.parametrize("k", [2, 3])
def test_the_score_of_two_groups_is_the_mean_of_all_between_them(k) -> None:
    comparisons = study(clips=(7, 6, 8, 2 * k), decimals=6)
    scores = {frozenset((i, j)): score for score, i, j, _, _ in rows(comparisons)}
    clips = members(comparisons, k, seed=3)
    groups = aggregate_clips(comparisons, k, rng=np.random.default_rng(3))
    assert groups.n_mated > 0
    seen = set()
    for score, g, h, a, b in rows(groups):
        expected = plain.mean(scores[frozenset((i, j))] for i in clips[g] for j in clips[h])
        assert score == pytest.approx(expected, abs=1e-12)
        assert (a == b) == (comparisons.subjects[min(clips[g])] == comparisons.subjects[min(clips[h])])
        seen.add(frozenset((g, h)))
    # Each two groups once.
    assert len(seen) == len(groups.scores) == math.comb(len(clips), 2)


def test_groups_of_one_clip_have_the_same_scores() -> None:
    comparisons = study(decimals=9)
    groups = aggregate_clips(comparisons, 1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(groups.mated_scores), np.sort(comparisons.mated_scores))
    np.testing.assert_array_equal(np.sort(groups.nonmated_scores), np.sort(comparisons.nonmated_scores))
    assert per_subject_figures(groups) == per_subject_figures(comparisons)


def test_the_seed_decides_who_is_grouped_with_whom() -> None:
    comparisons = study(clips=(6, 6, 6))
    assert members(comparisons, 2, seed=1) == members(comparisons, 2, seed=1)
    groupings = {frozenset(map(frozenset, members(comparisons, 2, seed).values())) for seed in range(20)}
    assert len(groupings) > 15


def test_each_two_clips_of_a_subject_are_grouped_equally_often() -> None:
    comparisons = study(clips=(4, 4))
    together = {}
    for seed in range(300):
        for own in members(comparisons, 2, seed).values():
            together[frozenset(own)] = together.get(frozenset(own), 0) + 1
    # Twelve pairs of clips, each together with chance 1/3.
    assert len(together) == 12
    spread = math.sqrt(300 * 2 / 9)
    assert all(abs(count - 100) < 4 * spread for count in together.values())


def test_order_and_direction_do_not_matter_to_the_groups() -> None:
    comparisons = study(clips=(5, 4, 6), decimals=9)
    one, other = (
        aggregate_clips(each, 2, rng=np.random.default_rng(0))
        for each in (comparisons, shuffled(comparisons))
    )
    np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(one.enrolment, other.enrolment)
    np.testing.assert_array_equal(one.probe, other.probe)
    np.testing.assert_array_equal(one.subjects, other.subjects)


def test_a_group_lies_within_one_session() -> None:
    clips = (6, 5)
    # Subject 0 has sessions 4 and 2 of three clips each, subject 1 has sessions 7 of four and 0 of one.
    plain_study = study(clips=clips)
    ordered = np.argsort(plain_study.subjects, kind="stable")
    sessions = np.empty(11, dtype=np.int64)
    sessions[ordered] = [4, 2, 4, 2, 4, 2, 7, 7, 0, 7, 7]
    comparisons = replace(plain_study, sessions=sessions)
    groups = aggregate_clips(comparisons, 2, rng=np.random.default_rng(0))
    assert sorted(zip(groups.sessions, groups.subjects, strict=True)) == [(2, 0), (4, 0), (7, 1), (7, 1)]
    for seed in range(10):
        found = members(comparisons, 2, seed)
        assert all(len({sessions[clip] for clip in own}) == 1 for own in found.values())
    assert any(
        len({sessions[clip] for clip in own}) == 2
        for seed in range(10)
        for own in members(plain_study, 2, seed).values()
    )


def test_groups_with_a_missing_score_are_not_compared() -> None:
    comparisons = study(clips=(6, 6))
    clips = members(comparisons, 2, seed=0)
    (g, one), *_, (h, other) = clips.items()
    missing = {min(one), max(other)}
    mask = np.array([{i, j} != missing for _, i, j, _, _ in rows(comparisons)])
    whole = aggregate_clips(comparisons, 2, rng=np.random.default_rng(0))
    found = aggregate_clips(kept(comparisons, mask), 2, rng=np.random.default_rng(0))
    pairs = [{int(i), int(j)} for _, i, j, _, _ in rows(whole)]
    assert [{i, j} for _, i, j, _, _ in rows(found)] == [pair for pair in pairs if pair != {g, h}]


def test_folds_are_not_mixed_and_clips_that_were_never_compared_are_not_dealt() -> None:
    first, second = study(clips=(4, 4)), study(clips=(4, 5), seed=1)
    second = replace(second, subjects=second.subjects + 2)
    idle = replace(second, subjects=np.append(second.subjects, [3, 3, 3]))
    groups = aggregate_clips(Comparisons.pool([first, idle]), 2, rng=np.random.default_rng(0))
    assert np.bincount(groups.subjects).tolist() == [2, 2, 2, 2]
    pairs = {frozenset((a, b)) for *_, a, b in rows(groups)}
    assert pairs == {frozenset(pair) for pair in [(0,), (1,), (2,), (3,), (0, 1), (2, 3)]}
    assert len(groups.scores) == 2 * math.comb(4, 2)


def test_originals_and_avatars_are_grouped_apart() -> None:
    # Clips 0 to 7 are originals of two people, 8 to 15 avatars; only one of each is compared.
    subjects = np.tile(np.repeat([0, 1], 4), 2)
    enrolment, probe = np.divmod(np.arange(64), 8)
    scores = np.random.default_rng(0).normal(size=64)
    comparisons = Comparisons(scores, enrolment, probe + 8, subjects)
    clips = members(comparisons, 2, seed=0)
    groups = aggregate_clips(comparisons, 2, rng=np.random.default_rng(0))
    assert len(groups.scores) == 4 * 4
    assert len(clips) == 8
    for _, g, h, _, _ in rows(groups):
        assert max(clips[g]) < 8 <= min(clips[h])


def test_more_clips_tell_people_apart_better() -> None:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(12), 12)
    vectors = rng.normal(size=(12, 16))[subjects] + 2 * rng.normal(size=(144, 16))
    comparisons = compare_all(vectors, subjects)
    rates = []
    for k in (1, 2, 4):
        groups = aggregate_clips(comparisons, k, rng=rng)
        rates.append(eer(groups.mated_scores, groups.nonmated_scores))
    assert rates[0] > rates[1] + 0.05 > rates[2] + 0.1


def test_too_few_clips_are_refused_with_the_most_that_there_are() -> None:
    message = "two groups of 3 need a subject with 6 clips, .* got 4 subjects, of which 2 has most clips, 5"
    few = study(clips=(4, 2, 5, 3))
    few = replace(few, subjects=np.append(few.subjects, [0, 0, 0]))  # never compared, so they do not count
    with pytest.raises(EvaluationError, match=message):
        aggregate_clips(few, 3, rng=np.random.default_rng(0))
    with pytest.raises(EvaluationError, match="two groups of 9 need a subject with 18 clips"):
        aggregate_clips(study(clips=(4, 2, 5, 3)), 9, rng=np.random.default_rng(0))


def test_a_k_below_1_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        aggregate_clips(study(), 0, rng=np.random.default_rng(0))


def test_clips_compared_twice_are_refused() -> None:
    comparisons = study(clips=(2, 2))
    twice = replace(
        comparisons,
        scores=np.append(comparisons.scores, 0.5),
        enrolment=np.append(comparisons.enrolment, 3),
        probe=np.append(comparisons.probe, 1),
    )
    with pytest.raises(ValueError, match="one comparison of each pair, got clips 1 and 3 and 0 more"):
        aggregate_clips(twice, 1, rng=np.random.default_rng(0))
