"""How well are labels guessed, such as emotions, every label weighing alike, and does one side do better?

Balanced accuracy is the mean over labels of the share of their clips that are guessed right (Brodersen et
al., ICPR 2010): whoever guesses one label always, or by lot, has one over the number of labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from amber_id.biometrics.intervals import (
    Difference,
    Estimate,
    Spread,
    difference_of,
    estimate_of,
    unmoved_width,
)
from amber_id.errors import EvaluationError

_FEWEST_SUBJECTS = 3
_MOST_REDRAWS = 100  # per resample on average, before giving up


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
    _, label = np.unique(labels, return_inverse=True)
    names, subject = np.unique(subjects, return_inverse=True)
    S, K = len(names), int(label.max()) + 1
    if S < _FEWEST_SUBJECTS:
        raise EvaluationError(f"an interval over people needs {_FEWEST_SUBJECTS} subjects or more, got {S}")
    counts = _sums(np.ones(len(label)), subject, label, (S, K))
    times, redrawn = _draws(counts, replicates, rng)

    def spread(right: Bool[np.ndarray, " N"]) -> Spread:
        hits = _sums(right.astype(np.float64), subject, label, (S, K))
        value = (hits.sum(axis=0) / counts.sum(axis=0)).mean()
        resampled = (times @ hits / (times @ counts)).mean(axis=1)
        with np.errstate(invalid="ignore"):
            left_out = ((hits.sum(axis=0) - hits) / (counts.sum(axis=0) - counts)).mean(axis=1)
        return Spread(float(value), resampled, left_out, redrawn, level, S, S)

    first, second = spread(one), spread(other)
    width = unmoved_width(first, second, (0.0, 1.0))
    return BalancedAccuracies(
        estimate_of(first, (0.0, 1.0)),
        estimate_of(second, (0.0, 1.0)),
        difference_of(second.moves_to(first), width=width),
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
    home = np.argsort(subjects, kind="stable")
    reached = 0
    for _ in range(permutations):
        permuted = np.empty_like(label)
        permuted[home] = label[np.lexsort((rng.random(len(label)), subjects))]
        reached += bool(((permuted == guessed) / np.bincount(label)[permuted]).sum() >= observed - 1e-9)
    return (1 + reached) / (1 + permutations)


def _sums(
    values: Float64[np.ndarray, " N"],
    subject: Int[np.ndarray, " N"],
    label: Int[np.ndarray, " N"],
    shape: Sequence[int],
) -> Float64[np.ndarray, "S K"]:
    """The sum of the values of each subject's clips of each label."""
    S, K = shape
    sums: Float64[np.ndarray, "S K"] = np.bincount(subject * K + label, values, S * K).reshape(S, K)
    return sums


def _draws(
    counts: Float64[np.ndarray, "S K"], replicates: int, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, "R S"], int]:
    """How often each subject is drawn in each resample, and how many resamples lacked a label."""
    S = len(counts)
    times = np.empty((replicates, S))
    pending, redrawn = np.arange(replicates), 0
    while pending.size:
        times[pending] = rng.multinomial(S, np.full(S, 1 / S), size=len(pending))
        pending = pending[(times[pending] @ counts == 0).any(axis=1)]
        redrawn += len(pending)
        if redrawn > _MOST_REDRAWS * replicates:
            raise EvaluationError(
                f"resamples must hold every label, got {redrawn} that do not: too few people show one of them"
            )
    return times, redrawn
