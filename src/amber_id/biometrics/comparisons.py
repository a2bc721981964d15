"""How alike two clips are, and whose clips they are.

Conventions
-----------
P comparisons among N clips of S subjects. A clip is an index in 0..N-1, a subject one in 0..S-1; subjects are
numbered over the whole study, so that index 3 is the same person in every fold and condition.
The enrolment clip is the stored one, the probe clip the one under test.
A score is a similarity: higher means more alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from amber_id.biometrics.directions import unit_vectors
from amber_id.errors import EvaluationError, UndefinedMetricError


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Scores of 1:1 comparisons, with the clips and the subjects behind each.

    Raises
    ------
    ValueError
        If the arrays differ in length or dtype from what is stated here, a score is not finite, a clip lies
        outside 0..N-1 or is compared with itself, a subject or session is negative, one session has two
        subjects, or two clips of one utterance are compared where utterances are kept.

    Examples
    --------
    >>> comparisons = Comparisons(
    ...     scores=np.array([0.9, 0.2, 0.4]),
    ...     enrolment=np.array([0, 0, 1]),
    ...     probe=np.array([1, 2, 2]),
    ...     subjects=np.array([0, 0, 1]),
    ... )
    >>> comparisons.n_mated, comparisons.n_nonmated, comparisons.n_subjects
    (1, 2, 2)
    >>> comparisons.nonmated_scores
    array([0.2, 0.4])
    """

    scores: Float64[np.ndarray, " P"]  # similarity of the two clips
    enrolment: Int64[np.ndarray, " P"]  # the enrolment clip
    probe: Int64[np.ndarray, " P"]  # the probe clip
    subjects: Int64[np.ndarray, " N"]  # who each clip shows
    sessions: Int64[np.ndarray, " N"] | None = None  # in which sitting, numbered over the whole study
    # What is said, numbered over the whole study, -1 if not known; where only different ones are compared.
    utterances: Int64[np.ndarray, " N"] | None = None

    def __post_init__(self) -> None:
        P, N = len(self.scores), len(self.subjects)
        _check_array("scores", self.scores, np.float64, P)
        for name in ("enrolment", "probe"):
            _check_array(name, getattr(self, name), np.int64, P)
            _check_indices(name, getattr(self, name), N)
        _check_array("subjects", self.subjects, np.int64, N)
        check_finite(self.scores, "scores")
        if (self.subjects < 0).any():
            raise ValueError(f"subjects must be numbered from 0, got {self.subjects.min()}")
        alone = np.flatnonzero(self.enrolment == self.probe)
        if alone.size:
            raise ValueError(
                f"a comparison takes two clips, got clip {self.enrolment[alone[0]]} with itself in row "
                f"{alone[0]} and {alone.size - 1} more such rows: leave them out"
            )
        if self.sessions is not None:
            _check_sessions(self.sessions, self.subjects)
        if self.utterances is not None:
            _check_array("utterances", self.utterances, np.int64, N)
            if (self.utterances[self.enrolment] == self.utterances[self.probe]).any():
                raise ValueError("utterances are for comparisons of different ones, got two clips of one")

    @property
    def n_subjects(self) -> int:
        """S, one more than the largest subject; not every one of them need take part."""
        return int(self.subjects.max(initial=-1)) + 1

    @property
    def enrolment_subjects(self) -> Int64[np.ndarray, " P"]:
        """Who the enrolment clip of each comparison shows."""
        subjects: Int64[np.ndarray, " P"] = self.subjects[self.enrolment]
        return subjects

    @property
    def probe_subjects(self) -> Int64[np.ndarray, " P"]:
        """Who the probe clip of each comparison shows."""
        subjects: Int64[np.ndarray, " P"] = self.subjects[self.probe]
        return subjects

    @cached_property
    def mated(self) -> Bool[np.ndarray, " P"]:
        """True where both clips show the same subject."""
        mated: Bool[np.ndarray, " P"] = self.enrolment_subjects == self.probe_subjects
        return mated

    @property
    def n_mated(self) -> int:
        """Number of comparisons between two clips of one subject."""
        return int(np.count_nonzero(self.mated))

    @property
    def n_nonmated(self) -> int:
        """Number of comparisons between clips of two subjects."""
        return len(self.scores) - self.n_mated

    @property
    def mated_scores(self) -> Float64[np.ndarray, " M"]:
        """Scores of the mated comparisons, in the order given."""
        scores: Float64[np.ndarray, " M"] = self.scores[self.mated]
        return scores

    @property
    def nonmated_scores(self) -> Float64[np.ndarray, " N"]:
        """Scores of the non-mated comparisons, in the order given."""
        scores: Float64[np.ndarray, " N"] = self.scores[~self.mated]
        return scores

    @cached_property
    def n_subject_pairs(self) -> int:
        """Different unordered pairs of subjects that were compared with each other."""
        apart = ~self.mated
        pairs = pair_numbers(self.enrolment_subjects[apart], self.probe_subjects[apart], self.n_subjects)
        return len(np.unique(pairs))

    @property
    def fmr_floor(self) -> float:
        """The FMR below which these people say nothing: 3 over the pairs of subjects, at most 1.

        Raises UndefinedMetricError without a non-mated comparison.
        """
        if self.n_nonmated == 0:
            raise UndefinedMetricError("a floor of the FMR needs non-mated comparisons, got none")
        return lowest_rate(self.n_subject_pairs)

    def only(self, rows: Bool[np.ndarray, " P"]) -> "Comparisons":
        """These comparisons alone; clips and subjects keep their numbers."""
        return replace(self, scores=self.scores[rows], enrolment=self.enrolment[rows], probe=self.probe[rows])

    @classmethod
    def pool(cls, parts: Sequence["Comparisons"]) -> "Comparisons":
        """All comparisons of several folds as one, in the order of the folds.

        The folds must share one subject numbering: index 3 is the same person in each. Clips are numbered on.

        Raises
        ------
        ValueError
            If there is no part, or only some know the sessions or the utterances.

        Examples
        --------
        >>> one = Comparisons(np.array([0.9]), np.array([0]), np.array([1]), subjects=np.array([0, 0]))
        >>> two = Comparisons(np.array([0.1]), np.array([0]), np.array([1]), subjects=np.array([0, 1]))
        >>> both = Comparisons.pool([one, two])
        >>> both.scores, both.probe, both.subjects
        (array([0.9, 0.1]), array([1, 3]), array([0, 0, 0, 1]))
        """
        sessions = [part.sessions for part in parts if part.sessions is not None]
        utterances = [part.utterances for part in parts if part.utterances is not None]
        for name, known in (("sessions", sessions), ("utterances", utterances)):
            if not parts or len(known) not in (0, len(parts)):
                raise ValueError(
                    f"parts must be one or more comparisons, all or none with {name}, got {len(parts)} with "
                    f"{len(known)} that know them"
                )
        first = np.cumsum([0, *(len(part.subjects) for part in parts[:-1])])
        return cls(
            scores=np.concatenate([part.scores for part in parts]),
            enrolment=np.concatenate([part.enrolment + n for part, n in zip(parts, first, strict=True)]),
            probe=np.concatenate([part.probe + n for part, n in zip(parts, first, strict=True)]),
            subjects=np.concatenate([part.subjects for part in parts]),
            sessions=np.concatenate(sessions) if sessions else None,
            utterances=np.concatenate(utterances) if utterances else None,
        )


def compare_all(
    vectors: Float[np.ndarray, "N D"],
    subjects: Int[np.ndarray, " N"],
    *,
    sessions: Int[np.ndarray, " N"] | None = None,
    block_size: int = 512,
) -> Comparisons:
    """Cosine score of each unordered pair of different clips, once each, all held in memory.

    The pairs come in the order (0, 1), (0, 2), ..., (1, 2), ...; the earlier clip is the enrolment.
    Products are summed in float64, so `block_size` changes a score by rounding only (about 1e-16).
    For more than some 10,000 clips use :func:`amber_id.biometrics.tally_all`, which holds no scores.

    Parameters
    ----------
    vectors
        One embedding per clip, of any length but zero.
    subjects
        Who each clip shows, as an index in 0..S-1.
    sessions
        In which sitting each clip was filmed, where that is known.
    block_size
        Clips compared at a time with all later ones.

    Returns
    -------
    Comparisons
        N (N - 1) / 2 scores in [-1, 1], up to rounding.

    Raises
    ------
    EvaluationError
        If there are fewer than two clips.
    ValueError
        If a vector is zero or not finite, or a subject is negative.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [3, 0], [0, 2]], dtype=np.float32)
    >>> comparisons = compare_all(vectors, np.array([0, 0, 1]))
    >>> comparisons.scores
    array([1., 0., 0.])
    >>> comparisons.mated
    array([ True, False, False])
    """
    N = len(vectors)
    _check_two_clips(N)
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got {block_size}")
    scores = _upper_triangle(unit_vectors(vectors, np.float64), block_size)
    enrolment, probe = np.triu_indices(N, k=1)
    return Comparisons(
        scores,
        enrolment,
        probe,
        subjects.astype(np.int64),
        None if sessions is None else sessions.astype(np.int64),
    )


def compare_across(
    enrolled: Float[np.ndarray, "N D"], probes: Float[np.ndarray, "N D"], subjects: Int[np.ndarray, " N"]
) -> Comparisons:
    """Cosine score of each clip, as it looks when enrolled, with every other clip, as it looks when probed.

    Row i of both arrays is one clip under two conditions, such as the original and its avatar. A clip is not
    compared with itself: that would be recognising a take, not a person. Enrolled clips are numbered from 0,
    probes from N.

    Parameters
    ----------
    enrolled, probes
        One embedding per clip, of any length but zero.
    subjects
        Who each clip shows, as an index in 0..S-1.

    Returns
    -------
    Comparisons
        N (N - 1) scores in [-1, 1], up to rounding.

    Raises
    ------
    EvaluationError, ValueError
        Under the conditions of :func:`compare_all`.

    Examples
    --------
    >>> originals, avatars = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 2.0], [3.0, 0.0]])
    >>> comparisons = compare_across(originals, avatars, np.array([0, 1]))
    >>> comparisons.scores, comparisons.enrolment, comparisons.probe
    (array([1., 1.]), array([0, 1]), array([3, 2]))
    """
    N = len(enrolled)
    _check_two_clips(N)
    scores = unit_vectors(enrolled, np.float64) @ unit_vectors(probes, np.float64).T
    enrolment, probe = np.nonzero(~np.eye(N, dtype=bool))
    return Comparisons(
        scores[enrolment, probe], enrolment, probe + N, np.concatenate([subjects, subjects]).astype(np.int64)
    )


def lowest_rate(n_independent: int) -> float:
    """The rate below which so many independent trials say nothing: 3 / n, at most 1.

    The rule of three: none in n trials excludes rates above 3 / n with 95 % confidence (Hanley and
    Lippman-Hand, JAMA 249, 1983).

    Examples
    --------
    >>> lowest_rate(300), lowest_rate(2)
    (0.01, 1.0)
    """
    return min(1.0, 3 / n_independent)


def pair_numbers(
    one: Int64[np.ndarray, " P"], other: Int64[np.ndarray, " P"], n: int
) -> Int64[np.ndarray, " P"]:
    """A number for each unordered pair of indices below `n`.

    Examples
    --------
    >>> pair_numbers(np.array([0, 2]), np.array([2, 0]), n=3)
    array([2, 2])
    """
    return np.minimum(one, other) * n + np.maximum(one, other)


def check_finite(values: Float[np.ndarray, " P"], name: str) -> None:
    """Refuse NaN and infinity, saying how many came and where the first is.

    Raises
    ------
    ValueError
        If any value is not finite.

    Examples
    --------
    >>> check_finite(np.array([0.1, np.nan]), "scores")
    Traceback (most recent call last):
    ValueError: scores must be finite, got 1 NaN and 0 infinite among 2, first in row 1: mend what made them
    """
    nan, infinite = np.count_nonzero(np.isnan(values)), np.count_nonzero(np.isinf(values))
    if nan or infinite:
        raise ValueError(
            f"{name} must be finite, got {nan} NaN and {infinite} infinite among {values.size}, first in row "
            f"{np.flatnonzero(~np.isfinite(values))[0]}: mend what made them"
        )


def _upper_triangle(directions: Float64[np.ndarray, "N D"], block_size: int) -> Float64[np.ndarray, " P"]:
    """Products of each pair of different rows, row by row, a block of rows computed at a time."""
    N = len(directions)
    scores = np.empty(N * (N - 1) // 2)
    filled = 0
    for start in range(0, N, block_size):
        block = directions[start : start + block_size] @ directions[start:].T
        later = np.triu(np.ones(block.shape, dtype=bool), k=1)  # probe clip after enrolment clip
        rows = slice(filled, filled + int(np.count_nonzero(later)))
        scores[rows] = block[later]
        filled = rows.stop
    return scores


def _check_two_clips(n_clips: int) -> None:
    if n_clips < 2:
        raise EvaluationError(f"a comparison takes two clips, got {n_clips}: add clips to this partition")


def _check_array(name: str, values: np.ndarray, dtype: type[np.generic], length: int) -> None:
    if values.dtype != dtype or values.shape != (length,):
        raise ValueError(
            f"{name} must be {np.dtype(dtype)} of shape ({length},), "
            f"got {values.dtype} of shape {values.shape}"
        )


def _check_indices(name: str, clips: Int64[np.ndarray, " P"], n_clips: int) -> None:
    outside = clips[(clips < 0) | (clips >= n_clips)]
    if outside.size:
        raise ValueError(
            f"{name} must hold clips in 0..{n_clips - 1}, got {outside[0]} and {outside.size - 1} more "
            "outside: subjects must have one entry per clip"
        )


def _check_sessions(sessions: Int64[np.ndarray, " N"], subjects: Int64[np.ndarray, " N"]) -> None:
    _check_array("sessions", sessions, np.int64, len(subjects))
    if (sessions < 0).any():
        raise ValueError(f"sessions must be numbered from 0, got {sessions.min()}")
    pairs = np.unique(np.stack([sessions, subjects]), axis=1)
    shared = pairs[0, 1:][np.diff(pairs[0]) == 0]
    if shared.size:
        raise ValueError(
            f"a session must have one subject, got several in session {shared[0]}: number sessions over the "
            "whole study, not person by person"
        )
