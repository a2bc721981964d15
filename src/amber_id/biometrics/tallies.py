"""How many comparisons of whom fall where: all that a bootstrap over people needs of the scores.

Conventions
-----------
A bin holds the scores from its edge up to the next edge; the last is open above. So the rates at every edge
are exact, and only a rate between two edges is not; :meth:`ErrorCurve.eer_bounds` says by how much at most.
Edges are the different scores themselves where there are few, else quantiles of both sides.
A subject drawn w times brings each of its mated comparisons w times, and each of its non-mated comparisons
with a subject drawn v times w v times: the subsets bootstrap (Bolle, Ratha and Pankanti, Computer Vision and
Image Understanding 93, 2004) with the product weights of the pigeonhole bootstrap (Owen, Annals of Applied
Statistics 1, 2007). A subject is never compared with its own copy as non-mated.

:class:`PairTally` keeps a histogram for each pair of people, which grow with the square of the people;
:class:`SubjectTally` one for each person, with w v replaced by its linear part w + v - 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped

from amber_id.biometrics.comparisons import Comparisons, pair_numbers
from amber_id.biometrics.curves import ErrorCurve
from amber_id.errors import EvaluationError

# Beyond the pairs of this many people, there are too many to keep a histogram for each.
MOST_PAIRED_SUBJECTS = 300
_MOST_PAIRS = MOST_PAIRED_SUBJECTS * (MOST_PAIRED_SUBJECTS + 1) // 2
DEFAULT_BINS = 1024
_ROWS_AT_A_TIME = 4096  # histograms turned to floating point at once

_Masses: TypeAlias = Shaped[np.ndarray, " B"]  # comparisons of one kind at each of B scores


@dataclass(frozen=True, eq=False)
class ScoreHistogram:
    """Comparisons of both kinds counted, or weighed, by score.

    Examples
    --------
    >>> part = ScoreHistogram(np.array([0.0, 0.5]), np.array([1, 3]), np.array([4, 0]))
    >>> both = part + part
    >>> both.mated, round(float(both.curve().eer()), 9)
    (array([2, 6]), 0.2)
    """

    edges: Float64[np.ndarray, " B"]  # ascending
    mated: Shaped[np.ndarray, " B"]
    nonmated: Shaped[np.ndarray, " B"]

    @classmethod
    def exact(cls, comparisons: Comparisons) -> "ScoreHistogram":
        """One bin for each different score."""
        edges, place = np.unique(comparisons.scores, return_inverse=True)
        mated = comparisons.mated
        return cls(
            edges,
            np.bincount(place[mated], minlength=len(edges)),
            np.bincount(place[~mated], minlength=len(edges)),
        )

    def curve(self) -> ErrorCurve:
        """FMR and FNMR at every edge; raises UndefinedMetricError when a side is empty."""
        return self._curve

    @cached_property
    def _curve(self) -> ErrorCurve:
        return ErrorCurve.of_masses(self.edges, self.mated, self.nonmated)

    def __add__(self, other: "ScoreHistogram") -> "ScoreHistogram":
        """The comparisons of two shards; raises ValueError if their bins differ."""
        _check_same(self.edges, other.edges, "edges")
        return ScoreHistogram(self.edges, self.mated + other.mated, self.nonmated + other.nonmated)


@dataclass(frozen=True, eq=False)
class PairTally:
    """A histogram of scores for each two units that were compared; a unit is a subject, or a session of one.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> pairs = tally(compare_all(vectors, np.array([0, 0, 1])))
    >>> pairs.mated, pairs.counts
    (array([ True, False]), array([[0, 0, 1],
           [1, 1, 0]], dtype=int32))
    """

    whole: ScoreHistogram  # all of them, as finely as they are known
    edges: Float64[np.ndarray, " B"]
    counts: Shaped[np.ndarray, "Q B"]  # comparisons, or their weight
    one: Int64[np.ndarray, " Q"]  # the units of each histogram
    other: Int64[np.ndarray, " Q"]
    unit_subjects: Int64[np.ndarray, " U"]  # whose each unit is: a position in `subjects`
    subjects: Int64[np.ndarray, " S"]  # those that take part, by their number in the study, ascending

    @cached_property
    def mated(self) -> Bool[np.ndarray, " Q"]:
        """Whether a histogram is of comparisons within one subject."""
        return np.equal(self.unit_subjects[self.one], self.unit_subjects[self.other])

    @property
    def by_session(self) -> bool:
        """Whether units are sessions."""
        return len(self.unit_subjects) > len(self.subjects)

    @property
    def n_mated_subjects(self) -> int:
        """Subjects with a mated comparison."""
        return len(np.unique(self.unit_subjects[self.one[self.mated & self._met]]))

    @property
    def n_nonmated_subjects(self) -> int:
        """Subjects with a non-mated comparison."""
        apart = ~self.mated & self._met
        return len(np.unique(self.unit_subjects[np.concatenate([self.one[apart], self.other[apart]])]))

    @cached_property
    def _met(self) -> Bool[np.ndarray, " Q"]:
        """Whether there is a comparison; a subject of one clip has none with itself."""
        return np.asarray(self.counts.any(axis=1))

    def balanced(self) -> "PairTally":
        """Reweighted tally: the mated comparisons of each subject weigh 1 in all, and those of each pair."""
        pair = pair_numbers(self.unit_subjects[self.one], self.unit_subjects[self.other], len(self.subjects))
        _, place = np.unique(pair, return_inverse=True)
        totals = np.bincount(place, weights=self.counts.sum(axis=1))
        shares = self.counts / np.maximum(totals[place], 1)[:, None]
        whole = ScoreHistogram(self.edges, shares[self.mated].sum(axis=0), shares[~self.mated].sum(axis=0))
        return replace(self, whole=whole, counts=shares)

    def masses(
        self, times: Float64[np.ndarray, "R S"], unit_times: Float64[np.ndarray, "R U"] | None = None
    ) -> tuple[Float64[np.ndarray, "R B"], Float64[np.ndarray, "R B"]]:
        """Mated and non-mated weight in each bin, each subject and each unit of it drawn so often."""
        return self._weighted(self.counts, times, unit_times)

    def totals(
        self, times: Float64[np.ndarray, "R S"], unit_times: Float64[np.ndarray, "R U"] | None = None
    ) -> tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]]:
        """Mated and non-mated weight in all."""
        mated, nonmated = self._weighted(self.counts.sum(axis=1, keepdims=True), times, unit_times)
        return mated[:, 0], nonmated[:, 0]

    def _weighted(
        self,
        counts: Shaped[np.ndarray, "Q C"],
        times: Float64[np.ndarray, "R S"],
        unit_times: Float64[np.ndarray, "R U"] | None,
    ) -> tuple[Float64[np.ndarray, "R C"], Float64[np.ndarray, "R C"]]:
        a, b = self.unit_subjects[self.one], self.unit_subjects[self.other]
        mated, nonmated = (np.zeros((len(times), counts.shape[1])) for _ in range(2))
        for side, total in ((self.mated, mated), (~self.mated, nonmated)):
            rows = np.flatnonzero(side)
            for start in range(0, len(rows), _ROWS_AT_A_TIME):
                some = rows[start : start + _ROWS_AT_A_TIME]
                weights = times[:, a[some]]
                if total is nonmated:
                    weights = weights * times[:, b[some]]
                if unit_times is not None:
                    weights = weights * _of_units(unit_times, self.one[some], self.other[some])
                total += weights @ counts[some].astype(np.float64)
        return mated, nonmated

    def __add__(self, other: "PairTally") -> "PairTally":
        """The comparisons of two shards of one study; raises ValueError if bins or people differ."""
        for name in ("edges", "one", "other", "unit_subjects", "subjects"):
            _check_same(getattr(self, name), getattr(other, name), name)
        return replace(self, whole=self.whole + other.whole, counts=self.counts + other.counts)


@dataclass(frozen=True, eq=False)
class SubjectTally:
    """A histogram of scores for each subject; memory grows with the people, not with their pairs.

    Resamples are linearised: a non-mated comparison of subjects drawn w and v times weighs w + v - 1 instead
    of w v. What is left out, (w - 1)(v - 1), is of the order of one over the people beside what is kept.
    """

    whole: ScoreHistogram
    edges: Float64[np.ndarray, " B"]
    mated: Int64[np.ndarray, "S B"]  # of the subject with itself
    nonmated: Int64[np.ndarray, "S B"]  # of the subject with others: each comparison stands in two rows
    subjects: Int64[np.ndarray, " S"]

    @property
    def n_mated_subjects(self) -> int:
        """Subjects with a mated comparison."""
        return int(np.count_nonzero(self.mated.any(axis=1)))

    @property
    def n_nonmated_subjects(self) -> int:
        """Subjects with a non-mated comparison."""
        return int(np.count_nonzero(self.nonmated.any(axis=1)))

    def masses(
        self,
        times: Float64[np.ndarray, "R S"],
        unit_times: Float64[np.ndarray, "R U"] | None = None,  # noqa: ARG002
    ) -> tuple[Float64[np.ndarray, "R B"], Float64[np.ndarray, "R B"]]:
        """Mated and non-mated weight in each bin when each subject is drawn so often."""
        mated = times @ self.mated.astype(np.float64)
        nonmated = (times - 1) @ self.nonmated.astype(np.float64) + self.nonmated.sum(axis=0) / 2
        # A bin of a single pair of people, neither of whom is drawn, comes out at minus itself.
        return mated, np.maximum(nonmated, 0)

    def totals(
        self,
        times: Float64[np.ndarray, "R S"],
        unit_times: Float64[np.ndarray, "R U"] | None = None,  # noqa: ARG002
    ) -> tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]]:
        """Mated and non-mated weight in all."""
        each = self.nonmated.sum(axis=1)
        return times @ self.mated.sum(axis=1).astype(np.float64), (times - 1) @ each + each.sum() / 2

    def __add__(self, other: "SubjectTally") -> "SubjectTally":
        """The comparisons of two shards of one study; raises ValueError if bins or people differ."""
        for name in ("edges", "subjects"):
            _check_same(getattr(self, name), getattr(other, name), name)
        return replace(
            self,
            whole=self.whole + other.whole,
            mated=self.mated + other.mated,
            nonmated=self.nonmated + other.nonmated,
        )


Tally: TypeAlias = PairTally | SubjectTally


def tally(
    comparisons: Comparisons,
    *,
    by: Literal["subject", "session"] = "subject",
    bins: int = DEFAULT_BINS,
) -> Tally:
    """Count comparisons by score, for each pair of people, or for each person where too many people met.

    Parameters
    ----------
    comparisons
        Scores that are held; for those that are not, see :func:`amber_id.biometrics.tally_all`.
    by
        ``"session"`` keeps the sessions of a subject apart, so that they can be resampled too.
    bins
        Most bins.

    Raises
    ------
    ValueError
        If sessions are asked for and not known, or `bins` is below 2.
    EvaluationError
        If sessions are asked for among more than `MOST_PAIRED_SUBJECTS` sessions.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> vectors = np.random.default_rng(0).normal(size=(12, 4))
    >>> people = tally(compare_all(vectors, np.repeat(np.arange(4), 3)), bins=16)
    >>> len(people.subjects), people.counts.shape, int(people.counts.sum())
    (4, (10, 13), 66)
    """
    units, unit_subjects, subjects = _units(comparisons, by)
    whole = ScoreHistogram.exact(comparisons)
    edges = whole.edges
    if len(edges) > bins:
        edges = quantile_edges(edges, whole.mated, whole.nonmated, bins)
    place = np.searchsorted(edges, comparisons.scores, side="right") - 1
    one, other = units[comparisons.enrolment], units[comparisons.probe]
    pairs, row = np.unique(pair_numbers(one, other, len(unit_subjects)), return_inverse=True)
    if len(pairs) > _MOST_PAIRS:
        return _subject_tally(whole, edges, place, one, other, subjects)
    B = len(edges)
    counts = np.bincount(row * B + place, minlength=len(pairs) * B).reshape(len(pairs), B)
    first, second = np.divmod(pairs, len(unit_subjects))
    return PairTally(whole, edges, counts.astype(np.int32), first, second, unit_subjects, subjects)


def merge(shards: Sequence[Tally]) -> Tally:
    """The tally of a study whose comparisons :func:`amber_id.biometrics.tally_all` counted in parts.

    Raises
    ------
    ValueError
        If there is no part, or bins or people differ between them.
    """
    if not shards:
        raise ValueError("merge needs one shard or more, got none")
    total = shards[0]
    for shard in shards[1:]:
        if type(shard) is not type(total):
            raise ValueError("shards must all count pairs of people, or all count people, got both kinds")
        total = total + shard  # type: ignore[operator]
    return total


def _units(
    comparisons: Comparisons, by: str
) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " U"], Int64[np.ndarray, " S"]]:
    """The unit of each clip, the subject of each unit, and the subjects, of all that take part."""
    taking_part = np.zeros(len(comparisons.subjects), dtype=bool)
    taking_part[comparisons.enrolment] = taking_part[comparisons.probe] = True
    subjects = np.unique(comparisons.subjects[taking_part])
    of_clip = np.searchsorted(subjects, comparisons.subjects).clip(max=len(subjects) - 1)
    if by == "subject":
        return of_clip, np.arange(len(subjects)), subjects
    if comparisons.sessions is None:
        raise ValueError("by must be 'subject' where sessions are not known, got 'session'")
    sessions, first = np.unique(comparisons.sessions[taking_part], return_index=True)
    if len(sessions) > MOST_PAIRED_SUBJECTS:
        raise EvaluationError(
            f"sessions can be resampled where there are {MOST_PAIRED_SUBJECTS} or fewer, "
            f"got {len(sessions)}: resample subjects only"
        )
    units = np.searchsorted(sessions, comparisons.sessions).clip(max=len(sessions) - 1)
    return units, of_clip[taking_part][first], subjects


def _subject_tally(
    whole: ScoreHistogram,
    edges: Float64[np.ndarray, " B"],
    place: Int64[np.ndarray, " P"],
    one: Int64[np.ndarray, " P"],
    other: Int64[np.ndarray, " P"],
    subjects: Int64[np.ndarray, " S"],
) -> SubjectTally:
    B, S = len(edges), len(subjects)
    mated = one == other

    def counted(who: Int64[np.ndarray, " P"], side: Bool[np.ndarray, " P"]) -> Int64[np.ndarray, "S B"]:
        return np.bincount(who[side] * B + place[side], minlength=S * B).reshape(S, B)

    return SubjectTally(
        whole, edges, counted(one, mated), counted(one, ~mated) + counted(other, ~mated), subjects
    )


def quantile_edges(
    values: Float64[np.ndarray, " B"], mated: _Masses, nonmated: _Masses, bins: int
) -> Float64[np.ndarray, " _"]:
    """At most `bins` of the ascending `values`: the first, and quantiles of both sides and their tails."""
    if bins < 2:
        raise ValueError(f"bins must be 2 or more, got {bins}")
    chosen: list[Int64[np.ndarray, " _"]] = [np.zeros(1, np.int64)]
    for side in (mated, nonmated):
        share = np.cumsum(side) / max(side.sum(), 1)
        middle = np.linspace(0, 1, max(bins * 7 // 16, 2), endpoint=False)[1:]
        # Ever closer in both tails, where a quantile would leave a low FMR without an edge.
        tail = np.geomspace(1 / max(side.sum(), 1), 1, bins // 32, endpoint=False)
        chosen.append(np.searchsorted(share, np.concatenate([middle, tail, 1 - tail])))
    edges: Float64[np.ndarray, " _"] = values[np.unique(np.hstack(chosen)).clip(max=len(values) - 1)]
    return edges


def _of_units(
    unit_times: Float64[np.ndarray, "R U"], one: Int64[np.ndarray, " Q"], other: Int64[np.ndarray, " Q"]
) -> Float64[np.ndarray, "R Q"]:
    """How often the two units of each histogram are drawn together; one with itself as often as alone."""
    both: Float64[np.ndarray, "R Q"] = np.where(
        one == other, unit_times[:, one], unit_times[:, one] * unit_times[:, other]
    )
    return both


def _check_same(one: Float[np.ndarray, " _"] | Int64[np.ndarray, " _"], other: np.ndarray, name: str) -> None:
    if not np.array_equal(one, other):
        raise ValueError(f"{name} must be the same in both shards, got different ones: count them alike")
