"""Balanced accuracy of labels, its intervals over people, and whether guesses beat chance."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from amber_id.biometrics.labels import balanced_accuracies, guesses_p_value
from amber_id.errors import EvaluationError


def guesses(
    rng: np.random.Generator, *, people: int, clips: int, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of three kinds, of which one is rarer; guesses of which some are right; whose clips they are."""
    subjects = np.repeat(np.arange(people), clips)
    labels = rng.choice(3, len(subjects), p=[0.5, 0.3, 0.2])
    right = rng.random(len(subjects)) < share
    return labels, np.where(right, labels, (labels + rng.integers(1, 3, len(labels))) % 3), subjects


def test_values_are_means_of_shares_of_each_label() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])
    one = np.array([1, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)  # 3/4, 1/2, 1/3
    other = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1], dtype=bool)  # 0, 1, 1
    subjects = np.array([0, 1, 2, 3, 0, 1, 0, 1, 2])
    result = balanced_accuracies(one, other, labels, subjects, rng=np.random.default_rng(0))
    assert result.one.value == pytest.approx((3 / 4 + 1 / 2 + 1 / 3) / 3)
    assert result.other.value == pytest.approx(2 / 3)
    assert result.less.value == pytest.approx(result.one.value - result.other.value)
    rng = np.random.default_rng(1)
    labels, guessed, subjects = guesses(rng, people=9, clips=7, share=0.6)
    result = balanced_accuracies(guessed == labels, guessed == labels, labels, subjects, rng=rng)
    assert result.one.value == pytest.approx(balanced_accuracy_score(labels, guessed))
    assert (result.less.value, result.less.low, result.less.high) == (0, 0, 0)


def test_resamples_draw_people_with_all_their_clips() -> None:
    """The spread of a plain loop over drawn people, which is wider than that over clips."""
    rng = np.random.default_rng(2)
    subjects = np.repeat(np.arange(12), 10)
    labels = rng.integers(0, 2, 120)
    right = subjects < 6  # half of the people are always read right, the others never
    result = balanced_accuracies(right, ~right, labels, subjects, rng=np.random.default_rng(3))
    drawn = []
    for _ in range(2000):
        clips = np.concatenate([np.flatnonzero(subjects == p) for p in rng.integers(0, 12, 12)])
        shares = [right[clips][labels[clips] == label].mean() for label in (0, 1)]
        drawn.append(np.mean(shares))
    half = (result.one.high - result.one.low) / 2
    assert 1.7 < half / np.std(drawn) < 2.8  # Student's quantile of few people
    assert result.less.high - result.less.low > 1.8 * (result.one.high - result.one.low)  # they move apart


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    for seed in range(100):
        labels, guessed, subjects = guesses(np.random.default_rng(seed), people=20, clips=10, share=0.6)
        estimate = balanced_accuracies(
            guessed == labels,
            guessed == labels,
            labels,
            subjects,
            replicates=200,
            rng=np.random.default_rng(seed),
        ).one
        held += estimate.low <= 0.6 <= estimate.high
    assert held >= 90


def test_a_resample_without_a_label_is_drawn_again() -> None:
    subjects, labels = np.repeat(np.arange(6), 2), np.array([0, 1, 0, 1, 0, 2, 0, 1, 0, 1, 0, 1])
    right = np.ones(12, dtype=bool)
    estimate = balanced_accuracies(right, right, labels, subjects, rng=np.random.default_rng(0)).one
    assert estimate.redrawn > 100  # one person alone shows label 2, and is missing in a third
    assert estimate.value == 1
    assert estimate.low < 1  # six people without an error say no more
    with pytest.raises(EvaluationError, match="needs 3 subjects or more, got 2"):
        balanced_accuracies(right[:4], right[:4], labels[:4], subjects[:4], rng=np.random.default_rng(0))


def test_a_p_value_asks_for_more_than_who_somebody_is() -> None:
    rng = np.random.default_rng(4)
    labels, guessed, subjects = guesses(rng, people=10, clips=9, share=0.6)

    def p_value(guesses: np.ndarray) -> float:
        return guesses_p_value(guesses, labels, subjects, permutations=199, rng=np.random.default_rng(0))

    assert p_value(guessed) == pytest.approx(1 / 200)
    often = np.array([np.bincount(labels[subjects == person]).argmax() for person in range(10)])
    assert p_value(often[subjects]) == 1  # known by the person alone: permuting changes nothing
    by_lot = [p_value(np.random.default_rng(seed).integers(0, 3, 90)) for seed in range(40)]
    assert np.mean(by_lot) == pytest.approx(0.5, abs=0.15)
    assert p_value(np.full(90, 7)) == 1  # a label that nobody shows
