"""How alike two clips are, and whose clips they are.

Conventions
-----------
P comparisons among S subjects. A subject is an index in 0..S-1.
The enrolment clip is the stored one, the probe clip the one under test.
A score is a similarity: higher means more alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from amber_id.errors import EvaluationError


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Scores of 1:1 comparisons, with the two subjects behind each.

    Raises
    ------
    ValueError
        If the arrays differ in length or dtype from what is stated here, a score is not finite, or a
        subject lies outside 0..n_subjects-1.

    Examples
    --------
    >>> comparisons = Comparisons(
    ...     scores=np.array([0.9, 0.2, 0.4]),
    ...     enrolment=np.array([0, 0, 1]),
    ...     probe=np.array([0, 1, 2]),
    ...     n_subjects=3,
    ... )
    >>> comparisons.n_mated, comparisons.n_nonmated
    (1, 2)
    >>> comparisons.nonmated_scores
    array([0.2, 0.4])
    """

    scores: Float64[np.ndarray, " P"]  # similarity of the two clips
    enrolment: Int64[np.ndarray, " P"]  # subject of the enrolment clip
    probe: Int64[np.ndarray, " P"]  # subject of the probe clip
    n_subjects: int  # S, whether or not every one of them takes part

    def __post_init__(self) -> None:
        for name, dtype in (("scores", np.float64), ("enrolment", np.int64), ("probe", np.int64)):
            values = getattr(self, name)
            if values.dtype != dtype or values.shape != (len(self.scores),):
                raise ValueError(
                    f"{name} must be {np.dtype(dtype)} of shape ({len(self.scores)},) like scores, "
                    f"got {values.dtype} of shape {values.shape}"
                )
        check_finite(self.scores, "scores")
        for name in ("enrolment", "probe"):
            subjects = getattr(self, name)
            outside = subjects[(subjects < 0) | (subjects >= self.n_subjects)]
            if outside.size:
                raise ValueError(
                    f"{name} must hold subjects in 0..{self.n_subjects - 1}, got {outside[0]} "
                    f"and {outside.size - 1} more outside: number the subjects from 0"
                )

    @property
    def mated(self) -> Bool[np.ndarray, " P"]:
        """True where both clips show the same subject."""
        mated: Bool[np.ndarray, " P"] = self.enrolment == self.probe
        return mated

    @property
    def n_mated(self) -> int:
        """Count of comparisons of a subject with itself."""
        return int(np.count_nonzero(self.mated))

    @property
    def n_nonmated(self) -> int:
        """Count of comparisons of two different subjects."""
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

    @classmethod
    def pool(cls, parts: Sequence["Comparisons"]) -> "Comparisons":
        """All comparisons of several folds as one, in the order of the folds.

        The folds must share one subject numbering: index 3 is the same person in each.

        Raises
        ------
        ValueError
            If there is no part, or their `n_subjects` differ.

        Examples
        --------
        >>> one = Comparisons(np.array([0.9]), np.array([0]), np.array([0]), n_subjects=2)
        >>> two = Comparisons(np.array([0.1]), np.array([0]), np.array([1]), n_subjects=2)
        >>> Comparisons.pool([one, two]).scores
        array([0.9, 0.1])
        """
        counts = {part.n_subjects for part in parts}
        if len(counts) != 1:
            raise ValueError(
                f"parts must be one or more comparisons with the same n_subjects, got {sorted(counts)}: "
                "were the subjects numbered fold by fold?"
            )
        return cls(
            scores=np.concatenate([part.scores for part in parts]),
            enrolment=np.concatenate([part.enrolment for part in parts]),
            probe=np.concatenate([part.probe for part in parts]),
            n_subjects=counts.pop(),
        )


def compare_all(
    vectors: Float[np.ndarray, "N D"],
    subjects: Int[np.ndarray, " N"],
    *,
    n_subjects: int | None = None,
    block_size: int = 512,
) -> Comparisons:
    """Cosine score of each unordered pair of different clips, once each.

    The pairs come in the order (0, 1), (0, 2), ..., (1, 2), ...; the earlier clip is the enrolment.
    Products are summed in float64, so `block_size` changes a score by rounding only (about 1e-16).

    Parameters
    ----------
    vectors
        One embedding per clip, of any length but zero.
    subjects
        Who each clip shows, as an index in 0..S-1.
    n_subjects
        S; by default one more than the largest index. Give it where folds are to be pooled.
    block_size
        Clips compared at a time with all later ones; memory grows with `block_size` times N.

    Returns
    -------
    Comparisons
        N (N - 1) / 2 scores in [-1, 1], up to rounding.

    Raises
    ------
    EvaluationError
        If there are fewer than two clips.
    ValueError
        If a vector is zero or not finite, or a subject is out of range.

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
    if N < 2:
        raise EvaluationError(f"a comparison takes two clips, got {N}: add clips to this partition")
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got {block_size}")
    directions = _directions(vectors)
    subjects = subjects.astype(np.int64)

    P = N * (N - 1) // 2
    scores, enrolment, probe = np.empty(P), np.empty(P, np.int64), np.empty(P, np.int64)
    filled = 0
    for start in range(0, N, block_size):
        block = directions[start : start + block_size] @ directions[start:].T
        later = np.triu(np.ones(block.shape, dtype=bool), k=1)  # probe clip after enrolment clip
        rows = slice(filled, filled + int(np.count_nonzero(later)))
        scores[rows] = block[later]
        enrolment[rows] = np.broadcast_to(subjects[start : start + block_size, None], block.shape)[later]
        probe[rows] = np.broadcast_to(subjects[start:], block.shape)[later]
        filled = rows.stop
    return Comparisons(
        scores, enrolment, probe, int(subjects.max()) + 1 if n_subjects is None else n_subjects
    )


def _directions(vectors: Float[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
    """The vectors scaled to length 1, in float64."""
    directions: Float64[np.ndarray, "N D"] = vectors.astype(np.float64)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise ValueError(
            f"vectors must be finite and not zero, got length {lengths[bad[0], 0]} in row {bad[0]} "
            f"and {bad.size - 1} more such rows: leave the clip out as a failure to acquire"
        )
    directions /= lengths
    return directions


def check_finite(values: Float[np.ndarray, " P"], name: str) -> None:
    """Refuse NaN and infinity, saying how many came.

    Raises
    ------
    ValueError
        If any value is not finite.

    Examples
    --------
    >>> check_finite(np.array([0.1, np.nan]), "scores")
    Traceback (most recent call last):
    ValueError: scores must be finite, got 1 NaN and 0 infinite among 2: mend what made them
    """
    nan, infinite = np.count_nonzero(np.isnan(values)), np.count_nonzero(np.isinf(values))
    if nan or infinite:
        raise ValueError(
            f"{name} must be finite, got {nan} NaN and {infinite} infinite among {values.size}: "
            "mend what made them"
        )
