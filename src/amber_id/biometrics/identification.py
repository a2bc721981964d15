"""Who is it, among N people?

1:N identification, in the terms of ISO/IEC 19795-1: a probe clip is searched for in a gallery of enrolled
people. Closed set: the probe's own subject, its mate, is always in the gallery. Open set: it may be missing.

Conventions
-----------
Q probe clips, S subjects; a probe's score against a subject is that of its :class:`Gallery`. Rank 1 is the
highest score. Ties are broken at random and rates are the expectation over that: with b subjects above the
mate and t others tied with it, its rank is b + 1, ..., b + t + 1, each equally likely. So constant scores
give exactly the guesser's rate, rank-1 1/G among G people.
Rates are fractions in [0, 1]. Probe clips weigh alike, or people, however many clips they have, with
``balanced=True``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import gammaln

from amber_id.biometrics.galleries import Gallery
from amber_id.errors import UndefinedMetricError

# Sums of shares carry rounding errors of this size, which must not move a threshold.
_ROUNDING = 1e-12


class OpenSetCurve(NamedTuple):
    """Both rates of open-set identification at every threshold that makes a difference."""

    thresholds: Float64[np.ndarray, " K"]  # ascending; the last is +inf, which returns nobody
    fpir: Float64[np.ndarray, " K"]  # falls from 1 to 0
    tpir: Float64[np.ndarray, " K"]  # falls from the rank-1 rate to 0


def cmc(gallery: Gallery, *, balanced: bool = False) -> Float64[np.ndarray, " G"]:
    """Cumulative match characteristic: share of probes whose mate is among the r best, for r = 1, 2, ..., G.

    G is the size of the largest gallery. It rises to 1; a guesser's is r/G where all galleries have G people.

    Examples
    --------
    The first mate is on top; the second is tied with one other below a third:

    >>> scores = np.array([[0.9, 0.1, 0.4], [0.7, 0.2, 0.2]])
    >>> gallery = Gallery(scores, clips=np.arange(2), subjects=np.arange(2))
    >>> cmc(gallery)
    array([0.5 , 0.75, 1.  ])
    """
    better, tied = _rivals(gallery)
    ranks = np.arange(1, gallery.sizes.max() + 1)
    hits = np.clip((ranks - better[:, None]) / (tied[:, None] + 1), 0, 1)
    return np.average(hits, axis=0, weights=_weights(gallery, balanced))


def rank1_hits(gallery: Gallery) -> Float64[np.ndarray, " Q"]:
    """How likely each probe's mate comes out on top: 1, 0, or 1/n where it is one of n tied on top.

    Together with ``gallery.subjects`` this is what an interval over people resamples.

    Examples
    --------
    >>> gallery = Gallery(np.array([[0.9, 0.1], [0.2, 0.2]]), clips=np.arange(2), subjects=np.arange(2))
    >>> rank1_hits(gallery)
    array([1. , 0.5])
    """
    better, tied = _rivals(gallery)
    return np.where(better == 0, 1 / (tied + 1), 0.0)


def rank1(gallery: Gallery, *, balanced: bool = False) -> float:
    """Share of probes whose mate comes out on top; a guesser has the mean of ``1 / gallery.sizes``.

    It falls with the size of the gallery: compare studies by :func:`rank1_by_gallery_size`.

    Examples
    --------
    >>> gallery = Gallery(np.array([[0.9, 0.1], [0.2, 0.2]]), clips=np.arange(2), subjects=np.arange(2))
    >>> rank1(gallery)
    0.75
    """
    return float(np.average(rank1_hits(gallery), weights=_weights(gallery, balanced)))


def rank1_by_gallery_size(
    gallery: Gallery, sizes: Sequence[int], *, balanced: bool = False
) -> Float64[np.ndarray, " K"]:
    """Rank-1 rate in galleries of the mate and G - 1 others, for each G of `sizes`; a guesser has 1/G.

    The exact expectation over all choices of the others, nothing is drawn. Of n people in the gallery let
    w score below the mate and t tie with it. The mate is returned when no better one was chosen and it wins
    the toss among the tied: ``(C(w + t + 1, G) - C(w, G)) / ((t + 1) C(n - 1, G - 1))``, the sum over j
    chosen tied ones of ``C(t, j) C(w, G - 1 - j) / (j + 1)``, over the number of choices.

    Raises
    ------
    ValueError
        If a size is below 1 or above the smallest gallery of a probe.

    Examples
    --------
    One of two others is better, and a gallery of two holds the better one half of the time:

    >>> gallery = Gallery(np.array([[0.5, 0.7, 0.1]]), clips=np.array([0]), subjects=np.array([0]))
    >>> rank1_by_gallery_size(gallery, [1, 2, 3]).round(6)
    array([1. , 0.5, 0. ])
    """
    smallest = int(gallery.sizes.min())
    outside = [size for size in sizes if not 1 <= size <= smallest]
    if outside:
        raise ValueError(
            f"sizes must lie in 1..{smallest}, the smallest gallery of a probe, got {outside[0]}"
        )
    better, tied = (counts[:, None] for counts in _rivals(gallery))
    n, G = gallery.sizes[:, None], np.array(sizes, dtype=np.int64)[None]
    chances = _log_choose(n - 1, G - 1)
    not_beaten = np.exp(_log_choose(n - better, G) - chances)
    all_below = np.exp(_log_choose(n - better - tied - 1, G) - chances)
    hits = (not_beaten - all_below) / (tied + 1)
    return np.average(np.clip(hits, 0, 1), axis=0, weights=_weights(gallery, balanced))


def open_set(gallery: Gallery, *, balanced: bool = False) -> OpenSetCurve:
    """FPIR and TPIR where the person looked for need not be enrolled.

    A search returns the best subject if its score is at least the threshold, else nobody. False positive
    identification rate (FPIR): share of searches without a mate that return somebody, each probe being
    searched for with its own subject taken out of the gallery. True positive identification rate (TPIR, 1 -
    FNIR) at rank 1: share of searches with the mate that return the mate.

    A guesser among G people has a TPIR of 1/G where FPIR is 1, and of about f / (G - 1) at a small FPIR f.

    Examples
    --------
    >>> gallery = Gallery(np.array([[0.9, 0.1], [0.4, 0.6]]), clips=np.arange(2), subjects=np.arange(2))
    >>> for threshold, fpir, tpir in zip(*open_set(gallery)):
    ...     print(threshold, fpir, tpir)
    0.1 1.0 1.0
    0.4 0.5 1.0
    0.6 0.0 1.0
    0.9 0.0 0.5
    inf 0.0 0.0
    """
    others = gallery.scores.copy()
    others[np.arange(len(others)), gallery.subjects] = -np.inf
    best_other, own = others.max(axis=1), gallery.mate_scores
    thresholds = np.append(np.unique(np.concatenate([best_other, own])), np.inf)
    weights = _weights(gallery, balanced)
    return OpenSetCurve(
        thresholds,
        fpir=_share_from(best_other, weights, thresholds) / weights.sum(),
        tpir=_share_from(own, weights * rank1_hits(gallery), thresholds) / weights.sum(),
    )


def tpir_at_fpir(
    gallery: Gallery, fpir: float, *, floor: float | None = None, balanced: bool = False
) -> float:
    """TPIR at the lowest threshold, of all scores and +inf, whose FPIR is at most `fpir`; see `open_set`.

    Parameters
    ----------
    gallery
        Scores of the probes.
    fpir
        Requested FPIR.
    floor
        Lowest FPIR that the study can say something about; :attr:`Gallery.fpir_floor` unless given.
    balanced
        Weigh people alike instead of clips.

    Raises
    ------
    UndefinedMetricError
        If `fpir` lies below the floor.
    ValueError
        If `fpir` does not lie in [0, 1].

    Examples
    --------
    >>> gallery = Gallery(np.array([[0.9, 0.5], [0.4, 0.6]]), clips=np.arange(2), subjects=np.arange(2))
    >>> tpir_at_fpir(gallery, fpir=1.0)
    1.0
    >>> tpir_at_fpir(gallery, fpir=0.1)
    Traceback (most recent call last):
    amber_id.errors.UndefinedMetricError: fpir must be at least 1, the floor of this study, got 0.1: \
below it too few people say anything; ask for a higher FPIR or add people
    """
    if not 0 <= fpir <= 1:
        raise ValueError(f"fpir must lie in [0, 1], got {fpir}")
    lowest = gallery.fpir_floor if floor is None else floor
    if fpir < lowest:
        raise UndefinedMetricError(
            f"fpir must be at least {lowest:.3g}, the floor of this study, got {fpir:g}: below it too few "
            "people say anything; ask for a higher FPIR or add people"
        )
    curve = open_set(gallery, balanced=balanced)
    return float(curve.tpir[np.count_nonzero(curve.fpir > fpir + _ROUNDING)])


def _rivals(gallery: Gallery) -> tuple[Int64[np.ndarray, " Q"], Int64[np.ndarray, " Q"]]:
    """Numbers of other people who score above the mate of each probe, and who tie with it."""
    own = gallery.mate_scores[:, None]
    return np.count_nonzero(gallery.scores > own, axis=1), np.count_nonzero(gallery.scores == own, axis=1) - 1


def _weights(gallery: Gallery, balanced: bool) -> Float64[np.ndarray, " Q"]:
    """1 for each probe, or for each person, divided among its probes."""
    if not balanced:
        return np.ones(len(gallery.subjects))
    weights: Float64[np.ndarray, " Q"] = 1 / np.bincount(gallery.subjects)[gallery.subjects]
    return weights


def _share_from(
    scores: Float64[np.ndarray, " Q"],
    weights: Float64[np.ndarray, " Q"],
    thresholds: Float64[np.ndarray, " K"],
) -> Float64[np.ndarray, " K"]:
    """How much weight lies at or above each threshold, every score being one of them."""
    masses = np.bincount(np.searchsorted(thresholds, scores), weights=weights, minlength=len(thresholds))
    return np.cumsum(masses[::-1])[::-1]


def _log_choose(n: Int64[np.ndarray, "..."], k: Int64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Logarithm of the number of ways to choose k of n, -inf where k is more than n."""
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)  # log-gamma of 0, -1, ... is +inf
