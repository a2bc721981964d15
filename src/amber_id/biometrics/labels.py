"""How well are labels guessed, such as emotions, every label weighing alike, and does one side do better?

Balanced accuracy is the mean over labels of the share of their clips that are guessed right (Brodersen et
al., ICPR 2010): whoever guesses one label always, or by lot, has one over the number of labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from amber_id.biometrics.intervals import (
    Difference,
    Estimate,
    Spread,
    difference_of,
    estimate_of,
    unmoved_width,
)
from amber_id.biometrics.sums import spreads_of_sums


@dataclass(frozen=True)
class BalancedAccuracies:
    """Balanced accuracies of two sides with intervals over subjects, and the first less the second."""

    one: Estimate
    other: Estimate
    less: Difference


def balanced_accuracies(
    one: Bool[np.ndarray, " N"],
    other: Bool[np.ndarray, " N"],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> BalancedAccuracies:
    """Balanced accuracies of two guesses of the labels of N clips; `one` and `other` say which are right.

    Subjects are resampled with all their clips; a resample that lacks a label is drawn again, and counted.

    Raises
    ------
    EvaluationError
        If there are fewer than 3 subjects, or so few show a label that resamples hardly ever have it.
    """
    first, second = _spreads((one, other), labels, subjects, replicates=replicates, level=level, rng=rng)
    width = unmoved_width(first, second, (0.0, 1.0))
    return BalancedAccuracies(
        estimate_of(first, (0.0, 1.0)),
        estimate_of(second, (0.0, 1.0)),
        difference_of(second.moves_to(first), width=width),
    )


def balanced_accuracy(
    right: Bool[np.ndarray, " N"],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Balanced accuracy of one guess of the labels of N clips, as `balanced_accuracies` has it.

    Examples
    --------
    >>> labels, subjects = np.repeat([0, 1], 12), np.repeat(np.arange(8), 3)
    >>> guess = balanced_accuracy(np.arange(24) % 4 > 0, labels, subjects, rng=np.random.default_rng(0))
    >>> guess.value, guess.low < 0.7, guess.high > 0.8
    (0.75, True, True)
    """
    (spread,) = _spreads((right,), labels, subjects, replicates=replicates, level=level, rng=rng)
    return estimate_of(spread, (0.0, 1.0))


def _spreads(
    sides: Sequence[Bool[np.ndarray, " N"]],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    *,
    replicates: int,
    level: float,
    rng: np.random.Generator,
) -> list[Spread]:
    _, label = np.unique(labels, return_inverse=True)
    names, subject = np.unique(subjects, return_inverse=True)
    S, K = len(names), int(label.max()) + 1

    def sums(values: Bool[np.ndarray, " N"]) -> Float64[np.ndarray, "S K"]:
        return np.bincount(subject * K + label, values.astype(np.float64), S * K).reshape(S, K)

    clips = sums(np.ones(len(label), dtype=bool))

    def mean_of_shares(rows: Float[np.ndarray, "R _"]) -> Float[np.ndarray, " R"]:
        with np.errstate(invalid="ignore"):  # where a label is missing
            return (rows[:, :K] / rows[:, K:]).mean(axis=1)

    return spreads_of_sums(
        [np.hstack([sums(right), clips]) for right in sides],
        mean_of_shares,
        replicates=replicates,
        level=level,
        rng=rng,
    )


def guesses_p_value(
    guesses: Int[np.ndarray, " N"],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    *,
    permutations: int,
    rng: np.random.Generator,
) -> float:
    """How often guesses are as good as these where the labels of each subject's clips are permuted.

    (1 + permutations whose balanced accuracy is as high) / (1 + permutations). What a subject is like has no
    part in it: guesses that depend on the subject alone are not better than chance.
    """
    different, label = np.unique(labels, return_inverse=True)
    weights = (1 / np.bincount(label))[label]  # of a clip that is guessed right
    guessed = np.searchsorted(different, guesses)
    guessed = np.where(np.isin(guesses, different), guessed, -1)
    observed = weights[guessed == label].sum()
    reached = 0
    for _ in range(permutations):
        permuted = permuted_within(label, subjects, rng)
        reached += bool(((permuted == guessed) / np.bincount(label)[permuted]).sum() >= observed - 1e-9)
    return (1 + reached) / (1 + permutations)


def permuted_within(
    labels: Int[np.ndarray, " N"], subjects: Int[np.ndarray, " N"], rng: np.random.Generator
) -> Int[np.ndarray, " N"]:
    """The labels with those of each subject's clips permuted: every subject keeps its own."""
    permuted = np.empty_like(labels)
    permuted[np.argsort(subjects, kind="stable")] = labels[np.lexsort((rng.random(len(labels)), subjects))]
    return permuted


def permuted_over_subjects(
    labels: Int[np.ndarray, " N"], subjects: Int[np.ndarray, " N"], rng: np.random.Generator
) -> Int[np.ndarray, " N"]:
    """Labels that are constant over each subject's clips, permuted over subjects: all clips go with theirs.

    >>> labels, subjects = np.array([4, 4, 7, 7, 7]), np.array([0, 0, 1, 1, 1])
    >>> permuted_over_subjects(labels, subjects, np.random.default_rng(3)).tolist()
    [7, 7, 4, 4, 4]
    """
    _, first, subject = np.unique(subjects, return_index=True, return_inverse=True)
    permuted: Int[np.ndarray, " N"] = rng.permutation(labels[first])[subject]
    return permuted


def shares_right(right: Bool[np.ndarray, " N"], labels: Int[np.ndarray, " N"], different: int) -> float:
    """The balanced accuracy of guesses of labels 0 to `different` less 1, all of which occur."""
    counts = np.bincount(labels, minlength=different)
    return float((np.bincount(labels, right, different) / counts).mean())
