"""Comparisons of different utterances: the right ones stay, and what is made of them knows it."""

from itertools import combinations

import numpy as np
import pytest

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    aggregate_clips,
    compare_across,
    compare_all,
    of_different_utterances,
    permutation_null,
)

CLIPS = tuple("abcdef")
SUBJECTS = np.array([0, 0, 0, 1, 1, 1])
UTTERANCE_OF = {"a": "hello", "b": "hello", "c": "thanks", "d": "hello", "e": "yes"}  # f is not known


def scored(subjects: np.ndarray, *, seed: int = 0) -> Comparisons:
    return compare_all(np.random.default_rng(seed).normal(size=(len(subjects), 5)), subjects)


def test_the_comparisons_are_those_of_a_plain_loop() -> None:
    comparisons = scored(SUBJECTS)
    kept = of_different_utterances(comparisons, CLIPS, UTTERANCE_OF)
    expected = [
        (i, j)
        for i, j in combinations(range(6), 2)
        if CLIPS[i] in UTTERANCE_OF
        and CLIPS[j] in UTTERANCE_OF
        and UTTERANCE_OF[CLIPS[i]] != UTTERANCE_OF[CLIPS[j]]
    ]
    assert list(zip(kept.enrolment.tolist(), kept.probe.tolist(), strict=True)) == expected
    score_of = dict(zip(combinations(range(6), 2), comparisons.scores.tolist(), strict=True))
    assert kept.scores.tolist() == [score_of[pair] for pair in expected]
    assert (kept.n_mated, kept.n_nonmated) == (3, 4)


def test_enrolled_and_probed_clips_are_told_apart_by_what_they_say() -> None:
    vectors = np.random.default_rng(1).normal(size=(6, 5))
    kept = of_different_utterances(compare_across(vectors, vectors, SUBJECTS), CLIPS * 2, UTTERANCE_OF)
    names = CLIPS * 2
    assert len(kept.scores) == 2 * 7
    for enrolled, probed in zip(kept.enrolment, kept.probe, strict=True):
        assert UTTERANCE_OF[names[enrolled]] != UTTERANCE_OF[names[probed]]


def test_folds_with_utterances_are_pooled_and_half_known_ones_refused() -> None:
    one = of_different_utterances(scored(SUBJECTS), CLIPS, UTTERANCE_OF)
    pooled = Comparisons.pool([one, one])
    assert pooled.utterances is not None
    assert pooled.utterances.tolist() == [*one.utterances] * 2
    with pytest.raises(ValueError, match="all or none with utterances, got 2 with 1"):
        Comparisons.pool([one, scored(SUBJECTS)])


def test_two_clips_of_one_utterance_are_no_comparison_of_different_ones() -> None:
    with pytest.raises(ValueError, match="got two clips of one"):
        Comparisons(np.array([0.5]), np.array([0]), np.array([1]), np.array([0, 0]), None, np.array([3, 3]))


def test_groups_of_clips_lie_within_utterances_where_these_are_large_enough() -> None:
    subjects = np.repeat(np.arange(4), 18)
    said = np.tile(np.repeat(np.arange(3), 6), 4)  # three words, six times each
    names = [str(n) for n in range(len(subjects))]
    kept = of_different_utterances(
        scored(subjects), names, {name: f"w{word}" for name, word in zip(names, said, strict=True)}
    )
    groups = aggregate_clips(kept, 3, rng=np.random.default_rng(0))
    # Two groups of each word: of the 15 pairs of a person's groups, 3 are of one word.
    assert groups.n_mated == 4 * 12
    assert groups.n_nonmated == 6 * (36 - 12)


def null_p(comparisons: Comparisons, seed: int) -> float:
    null = permutation_null(
        comparisons, {"auc": ErrorCurve.auc}, permutations=39, rng=np.random.default_rng(seed)
    )
    return null["auc"].p_value


def test_words_that_tell_the_scores_do_not_tell_people_and_people_do() -> None:
    """Each person says each of three words a different number of times, and words alone make the scores."""
    subjects = np.repeat(np.arange(6), 8)
    rejected, recognised = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        said = rng.integers(0, 3, len(subjects))
        names = [str(n) for n in range(len(subjects))]
        words = {name: f"w{word}" for name, word in zip(names, said, strict=True)}
        noise = rng.normal(size=(len(subjects), 6))
        of_word, of_person = rng.normal(size=(3, 6))[said], rng.normal(size=(6, 6))[subjects]
        rejected += (
            null_p(of_different_utterances(compare_all(noise + of_word, subjects), names, words), seed)
            <= 0.05
        )
        recognised += (
            null_p(of_different_utterances(compare_all(noise + 2 * of_person, subjects), names, words), seed)
            <= 0.05
        )
    assert rejected <= 8  # 3 expected; more than 8 in 60 has a chance of .005
    assert recognised == 60


def test_utterances_that_nobody_repeats_change_nothing() -> None:
    subjects = np.repeat(np.arange(5), 4)
    comparisons, names = scored(subjects, seed=3), [str(n) for n in range(20)]
    kept = of_different_utterances(comparisons, names, {name: f"w{name}" for name in names})
    np.testing.assert_array_equal(kept.scores, comparisons.scores)
    assert null_p(kept, 0) == null_p(comparisons, 0)
