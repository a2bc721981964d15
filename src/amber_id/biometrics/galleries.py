"""Who is searched for, and among whom?

Conventions
-----------
Q probe clips, S subjects. A probe's score against a subject is the mean of its comparisons with the other
clips of that subject. So it hangs on the scale of the scores, not on their order alone, where a subject has
several clips.
A list is directed where its probes were searched for among its enrolled clips: models and the utterances that
are held against them, or originals and their avatars. Otherwise each clip stands for its person on either
side, and is searched for among all others.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from amber_id.biometrics.comparisons import Comparisons, lowest_rate
from amber_id.biometrics.permutation import connected_clips
from amber_id.errors import EvaluationError

_LARGEST = 2.0**960  # the sum of as many scores as there can be is still a number
_MET = 0.8  # share of the people enrolled whom each probe of a directed list has met, at least


@dataclass(frozen=True, eq=False)
class Gallery:
    """Scores of probe clips against every subject they were compared with. Made by :func:`gallery_scores`.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, a score is NaN or +inf, or a probe has no score of its mate.
    EvaluationError
        If there is no probe, or one that has only its mate in the gallery.

    Examples
    --------
    >>> gallery = Gallery(
    ...     scores=np.array([[0.9, 0.1, 0.4], [0.3, 0.2, -np.inf]]),
    ...     clips=np.array([0, 5]),
    ...     subjects=np.array([0, 1]),
    ... )
    >>> gallery.sizes
    array([3, 2])
    """

    scores: Float64[np.ndarray, "Q S"]  # -inf where the subject is not in the probe's gallery
    clips: Int64[np.ndarray, " Q"]  # which clip each probe is
    subjects: Int64[np.ndarray, " Q"]  # who it shows
    n_without_mate: int = 0  # compared clips that are no probe, since no other clip of theirs was compared

    def __post_init__(self) -> None:
        if not len(self.scores) == len(self.clips) == len(self.subjects):
            raise ValueError(
                f"a gallery needs one row of scores, clip and subject per probe, got {len(self.scores)}, "
                f"{len(self.clips)} and {len(self.subjects)}"
            )
        if not len(self.scores):
            raise EvaluationError("identification needs a probe with its mate in the gallery, got no probe")
        if np.isnan(self.scores).any() or np.isposinf(self.scores).any():
            raise ValueError("gallery scores must be finite, or -inf where not compared, got NaN or +inf")
        if np.isneginf(self.mate_scores).any():
            probe = np.flatnonzero(np.isneginf(self.mate_scores))[0]
            raise ValueError(f"each probe needs a score of its mate, got none for clip {self.clips[probe]}")
        if self.sizes.min() < 2:
            probe = np.argmin(self.sizes)
            raise EvaluationError(
                f"identification needs two people in a gallery, got clip {self.clips[probe]} that was "
                f"compared with its own subject {self.subjects[probe]} only: add people to its fold"
            )

    @property
    def in_gallery(self) -> Bool[np.ndarray, "Q S"]:
        """True where the subject is in the probe's gallery."""
        compared: Bool[np.ndarray, "Q S"] = ~np.isneginf(self.scores)
        return compared

    @property
    def sizes(self) -> Int64[np.ndarray, " Q"]:
        """How many people are in each probe's gallery, its mate included."""
        return np.count_nonzero(self.in_gallery, axis=1)

    @property
    def mate_scores(self) -> Float64[np.ndarray, " Q"]:
        """Score of each probe against its own subject."""
        scores: Float64[np.ndarray, " Q"] = self.scores[np.arange(len(self.scores)), self.subjects]
        return scores

    @property
    def fpir_floor(self) -> float:
        """The FPIR below which these probes say nothing: 3 over the people they show, at most 1.

        Clips of one person are not independent, and nothing in n independent trials excludes rates above
        3 / n with 95 % confidence (Hanley and Lippman-Hand, JAMA 249, 1983).
        """
        return lowest_rate(len(np.unique(self.subjects)))


def gallery_scores(comparisons: Comparisons, *, directed: bool = False) -> Gallery:
    """Each clip as a probe, scored against the subjects whose other clips it was compared with.

    A comparison is undirected: each of its clips is the probe once. A clip is never compared with itself, so
    it is never in its own gallery. A probe's gallery are the people it was compared with, of its own fold
    where folds are pooled. A clip without its mate cannot be a probe, but stays in the galleries of others.
    Two clips that were compared twice, in both directions where these do not matter, count as one, with the
    mean of both scores.

    Means are rounded to some 12 digits, of a usual score where they are smaller than that, since otherwise
    the order in which scores are added up would decide which of them are tied. Scores beyond 1e288 count as
    1e288.

    Parameters
    ----------
    comparisons
        What was compared.
    directed
        Search for probe clips among enrolment clips only, e.g. for avatars among originals. Whether a list of
        comparisons is to be read so is for :func:`is_directed` to say.

    Raises
    ------
    EvaluationError
        If no clip has its mate, or a clip that has was compared with its own subject only.

    Examples
    --------
    >>> pairs = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> comparisons = Comparisons(np.array([0.9, 0.25, 0.5]), *pairs, subjects=np.array([0, 0, 1]))
    >>> gallery = gallery_scores(comparisons)
    >>> gallery.scores
    array([[0.9 , 0.25],
           [0.9 , 0.5 ]])
    >>> gallery.n_without_mate
    1
    """
    sums, counts = _sums_by_subject(comparisons, directed=directed)
    has_mate = counts[np.arange(len(counts)), comparisons.subjects] > 0
    n_without_mate = int(np.count_nonzero(counts.any(axis=1) & ~has_mate))
    if not has_mate.any():
        raise EvaluationError(
            f"identification needs a subject with two clips, got {n_without_mate} compared clips whose "
            "subject has no other: add clips"
        )
    sums, counts = sums[has_mate], counts[has_mate]
    means = np.full(sums.shape, -np.inf)
    np.divide(sums, counts, out=means, where=counts > 0)
    return Gallery(
        scores=_rounded(means, _usual_size(comparisons.scores.clip(-_LARGEST, _LARGEST))),
        clips=np.flatnonzero(has_mate),
        subjects=comparisons.subjects[has_mate],
        n_without_mate=n_without_mate,
    )


def is_directed(comparisons: Comparisons) -> bool:
    """Whether the probes of a list were searched for among its enrolled clips.

    So it is where no clip is both, and where each probe was compared, as the probe, with most of the other
    people who are enrolled in its part of the study (4 in 5). All pairs of clips in any order are undirected.

    Examples
    --------
    >>> from amber_id.biometrics import compare_across, compare_all
    >>> vectors, subjects = np.eye(4) + 0.1, np.array([0, 0, 1, 1])
    >>> is_directed(compare_across(vectors, vectors, subjects)), is_directed(compare_all(vectors, subjects))
    (True, False)
    """
    enrolled, probes = np.unique(comparisons.enrolment), np.unique(comparisons.probe)
    if not np.isin(probes, enrolled).any():
        return True
    part, subjects = connected_clips(comparisons), comparisons.subjects
    S = comparisons.n_subjects
    there = np.unique(part[enrolled] * S + subjects[enrolled])  # each person enrolled in each part
    apart = ~comparisons.mated
    met = np.unique(comparisons.probe[apart] * S + comparisons.enrolment_subjects[apart]) // S
    n_met = np.bincount(met, minlength=len(subjects))[probes]
    n_others = np.bincount(there // S, minlength=part.max() + 1)[part[probes]]
    n_others = n_others - np.isin(part[probes] * S + subjects[probes], there)
    return bool((n_met >= _MET * n_others).all())


def _sums_by_subject(
    comparisons: Comparisons, *, directed: bool
) -> tuple[Float64[np.ndarray, "N S"], Float64[np.ndarray, "N S"]]:
    """Sums of the scores of each clip against each subject, and the number of clips behind each sum."""
    searched, against = comparisons.probe, comparisons.enrolment
    scores = comparisons.scores.clip(-_LARGEST, _LARGEST)
    if not directed:
        searched = np.concatenate([searched, against])
        against = np.concatenate([against, comparisons.probe])
        scores = np.tile(scores, 2)
    N, S = len(comparisons.subjects), comparisons.n_subjects
    weights = 1 / _times_compared(searched, against, N)
    cell = searched * S + comparisons.subjects[against]
    counts = np.bincount(cell, weights=weights, minlength=N * S).reshape(N, S)
    sums = np.bincount(cell, weights=weights * scores, minlength=N * S).reshape(N, S)
    return sums, counts


def _times_compared(
    searched: Int64[np.ndarray, " P"], against: Int64[np.ndarray, " P"], n_clips: int
) -> Int64[np.ndarray, " P"]:
    """How often the two clips of each comparison stand there in this order."""
    pairs = searched * n_clips + against
    ordered = np.sort(pairs)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.ones(len(pairs), np.int64)
    _, place, times = np.unique(pairs, return_inverse=True, return_counts=True)
    return times[place]


def _usual_size(scores: Float64[np.ndarray, " P"]) -> float:
    """The median size of the scores that are not 0; 1 where there is none."""
    sizes = np.abs(scores[scores != 0])
    return float(np.median(sizes)) if sizes.size else 1.0


def _rounded(means: Float64[np.ndarray, "Q S"], usual: float) -> Float64[np.ndarray, "Q S"]:
    """Means to 12 digits of the usual score, or of themselves where they are larger."""
    compared = np.isfinite(means)
    sizes = np.maximum(np.abs(np.where(compared, means, 0.0)), usual)
    # The power of two above divides without rounding.
    scale = np.ldexp(1.0, np.frexp(sizes)[1])
    return np.round(means / scale, 12) * scale
