"""Does what clips have whoever they show tell people apart: shape, resolution, rate, length, faces?

Each property is taken for an attacker: the score of two clips is minus the difference of their values. How
well it does is its EER; whether that is more than chance is asked by permuting the values over the clips, the
statistic being the rank of mated scores among all, which is their AUC but for constants (the same test as
ANOSIM: Clarke, "Non-parametric multivariate analyses of changes in community structure", Australian Journal
of Ecology 18, 1993). It has power against people who differ in level and against people who differ in spread.

Where there are several sources, all is asked twice: among all clips, and among the clips of one source, which
is what a headline compares. There the values are permuted within sources.

What has no order, such as an utterance, scores 1 where two clips have the same and 0 else; the rest is alike.

Values that differ no more than measurements of one value do count as the same: a frame rate within 0.25 %
of a whole number is that number (29.97 is 30, and timestamps in milliseconds make noise of 0.1 %); then
values up to a tolerance above the smallest are one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from amber_id.audit.confounds.properties import Property
from amber_id.biometrics import error_curve
from amber_id.recordings import RecordingEntry

_GATHERED = 2_000_000  # comparisons looked up at once


@dataclass(frozen=True)
class Telling:
    """How well a property tells people apart in some comparisons."""

    eer: float
    auc: float
    p_value: float | None  # of the permutation test; None where no permutation could change anything


@dataclass(frozen=True, eq=False)
class Values:
    """A property of N clips of P people: ``steps[code]`` are the values, ascending, K of them different.

    Of what has no order the steps are mere numbers.
    """

    steps: Float64[np.ndarray, " K"]
    code: Int64[np.ndarray, " N"]
    person: Int64[np.ndarray, " N"]
    place: Int64[np.ndarray, " N"]  # clips are compared, and values permuted, within one place


def values_of(what: Property, entries: Sequence[RecordingEntry], *, within_source: bool = False) -> Values:
    """A property of all clips; all are in one place, or those of each source are."""
    steps, code = in_steps(
        np.array([what.of(entry) for entry in entries], dtype=np.float64), what.tolerance, what.relative
    )
    return _valued(steps, code, entries, within_source)


def named_values(names: Sequence[str], entries: Sequence[RecordingEntry], *, within_source: bool) -> Values:
    """What has no order, as named for each clip; places are as in `values_of`."""
    different, code = np.unique(names, return_inverse=True)
    return _valued(np.arange(len(different), dtype=np.float64), code, entries, within_source)


def _valued(
    steps: Float64[np.ndarray, " K"],
    code: Int64[np.ndarray, " N"],
    entries: Sequence[RecordingEntry],
    within_source: bool,
) -> Values:
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    sources = [entry.source if within_source else "" for entry in entries]
    place = np.unique(sources, return_inverse=True)[1]
    return Values(steps, code.astype(np.int64), person.astype(np.int64), place.astype(np.int64))


def in_steps(
    values: Float64[np.ndarray, " N"], tolerance: float, relative: bool
) -> tuple[Float64[np.ndarray, " K"], Int64[np.ndarray, " N"]]:
    """Different values, ascending, and which of them each value is.

    From the smallest on, values up to `tolerance` above the first of a step are that step; its value is their
    mean. No chain of small differences makes one step of values far apart.

    >>> in_steps(np.array([4.0, 2.0, 4.04, 2.02]), 0.05, False)
    (array([2.01, 4.02]), array([1, 0, 1, 0]))
    """
    different, place = np.unique(values, return_inverse=True)
    step_of = np.zeros(len(different), dtype=np.int64)
    first, step = different[0], 0
    for i, value in enumerate(different):
        if value > first + tolerance * (first if relative else 1.0) + 1e-9:
            first, step = value, step + 1
        step_of[i] = step
    code: Int64[np.ndarray, " N"] = step_of[place]
    return np.bincount(code, weights=values) / np.bincount(code), code


def telling(values: Values, *, permutations: int, rng: np.random.Generator) -> Telling | None:
    """How well the values tell people apart; None without a mated or without a non-mated comparison."""
    mated, compared = _comparisons(values)
    at = np.triu_indices(len(values.steps))
    scores = _scores(values.steps)
    of_mated, of_nonmated = mated[at], compared[at] - mated[at]
    if not (of_mated.any() and of_nonmated.any()):
        return None
    curve = error_curve(scores[at], scores[at], mated_weights=of_mated, nonmated_weights=of_nonmated)
    ranks = _ranks(scores, compared)
    p_value = _p_value(values, lambda one, other: ranks[one, other], permutations, rng)
    return Telling(float(curve.eer()), float(curve.auc()), p_value)


def telling_alike(values: Values, *, permutations: int, rng: np.random.Generator) -> Telling | None:
    """How well `alike` scores do: 1 for two clips of one value, 0 for others."""
    likeness = alike(values)
    if likeness is None:
        return None
    p_value = _p_value(values, np.equal, permutations, rng)
    return Telling(likeness.eer, likeness.auc, p_value)


@dataclass(frozen=True)
class Alike:
    """How often two clips have one value, and how well that alone tells people apart."""

    mated: float  # share of the mated comparisons that do
    nonmated: float
    eer: float
    auc: float


def alike(values: Values) -> Alike | None:
    """Whether two clips have one value, as an attacker; None without mated or non-mated comparisons."""

    def pairs(*groups: Int64[np.ndarray, " N"]) -> float:
        counts = np.unique(np.stack(groups), axis=1, return_counts=True)[1]
        return float((counts * (counts - 1) / 2).sum())

    mated, compared = pairs(values.person), pairs(values.place)
    nonmated = compared - mated
    if not (mated and nonmated):
        return None
    same_mated = pairs(values.person, values.code)
    same_nonmated = pairs(values.place, values.code) - same_mated
    scores = np.array([1.0, 0.0])
    curve = error_curve(
        scores,
        scores,
        mated_weights=np.array([same_mated, mated - same_mated]),
        nonmated_weights=np.array([same_nonmated, nonmated - same_nonmated]),
    )
    return Alike(same_mated / mated, same_nonmated / nonmated, float(curve.eer()), float(curve.auc()))


def _can_change(values: Values) -> bool:
    """Whether a place has two different values."""
    pairs = np.unique(np.stack([values.place, values.code]), axis=1)
    return bool((np.bincount(pairs[0]) > 1).any())


def _scores(steps: Float64[np.ndarray, " K"]) -> Float64[np.ndarray, "K K"]:
    # Rounded, so that 4 - 3 and 3 - 2 are one score.
    return -np.abs(steps[:, None] - steps).round(9)


def _comparisons(values: Values) -> tuple[Float64[np.ndarray, "K K"], Float64[np.ndarray, "K K"]]:
    """Mated comparisons, and all, of each two values; on and above the diagonal each counts once."""

    def within(groups: Int64[np.ndarray, " N"]) -> Float64[np.ndarray, "K K"]:
        counts = np.zeros((groups.max() + 1, len(values.steps)))
        np.add.at(counts, (groups, values.code), 1)
        pairs = counts.T @ counts
        diagonal = np.diag_indices_from(pairs)
        pairs[diagonal] = (pairs[diagonal] - counts.sum(axis=0)) / 2
        return pairs

    return within(values.person), within(values.place)


def _ranks(
    scores: Float64[np.ndarray, "K K"], compared: Float64[np.ndarray, "K K"]
) -> Float64[np.ndarray, "K K"]:
    """The share of all comparisons that score lower than each score, ties counting half."""
    _, which = np.unique(scores, return_inverse=True)
    which = which.reshape(scores.shape)
    at = np.triu_indices(len(scores))
    masses = np.bincount(which[at], weights=compared[at])
    share = (np.cumsum(masses) - masses / 2) / masses.sum()
    ranks: Float64[np.ndarray, "K K"] = share[which]
    return ranks


def _p_value(
    values: Values,
    rank: Callable[[Int64[np.ndarray, "..."], Int64[np.ndarray, "..."]], np.ndarray],
    permutations: int,
    rng: np.random.Generator,
) -> float | None:
    """(1 + permutations whose mated comparisons rank as high) / (1 + permutations).

    `rank` says how high the score of two values ranks. None where no permutation could change anything.
    """
    if not _can_change(values):
        return None
    one, other = _mated_pairs(values.person)
    home = np.argsort(values.place, kind="stable")
    observed = rank(values.code[one], values.code[other]).sum()
    reached, chunk = 0, max(1, _GATHERED // len(one))
    for start in range(0, permutations, chunk):
        rows = min(chunk, permutations - start)
        code = np.empty((rows, len(values.code)), dtype=np.int64)
        for row in code:
            row[home] = values.code[np.lexsort((rng.random(len(home)), values.place))]
        sums = rank(code[:, one], code[:, other]).sum(axis=1)
        # A permutation that changes nothing must count, whatever the rounding.
        reached += int(np.count_nonzero(sums >= observed * (1 - 1e-12)))
    return (1 + reached) / (1 + permutations)


def _mated_pairs(
    person: Int64[np.ndarray, " N"],
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " M"]]:
    """Both clips of every mated comparison."""
    order = np.argsort(person, kind="stable")
    one, other = [], []
    for clips in np.split(order, np.flatnonzero(np.diff(person[order])) + 1):
        first, second = np.triu_indices(len(clips), k=1)
        one.append(clips[first])
        other.append(clips[second])
    return np.concatenate(one), np.concatenate(other)
