"""The error curve of scores: how many of either side lie below each of them.

Scores are sorted first: queries in ascending order are several times as fast as others.
"""

from bisect import bisect_left

import numpy as np
from jaxtyping import Float, Float64

from amber_id.biometrics.comparisons import check_finite
from amber_id.biometrics.curves import ErrorCurve, check_sides


def error_curve(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> ErrorCurve:
    """FMR and FNMR at every different score and at +inf.

    For several figures of the same scores call this once, then the methods of the curve.

    Parameters
    ----------
    mated, nonmated
        Scores of both sides, in any order.
    mated_weights, nonmated_weights
        One weight >= 0 per score; 1 each unless given.

    Raises
    ------
    UndefinedMetricError
        If a side is empty or has no weight.
    ValueError
        If a score is not finite, or the weights do not fit.

    Examples
    --------
    >>> curve = error_curve(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    >>> for threshold, fmr, fnmr in zip(curve.thresholds, curve.fmr, curve.fnmr):
    ...     print(threshold, fmr, fnmr)
    0.1 1.0 0.0
    0.4 0.5 0.0
    0.8 0.0 0.5
    inf 0.0 1.0
    """
    check_finite(mated, "mated scores")
    check_finite(nonmated, "non-mated scores")
    if mated_weights is None and nonmated_weights is None:
        return _curve_of_sorted(np.sort(mated), np.sort(nonmated))
    scores = np.unique(np.concatenate([mated, nonmated]))
    mated_masses = _masses(mated, mated_weights, scores, "mated_weights")
    nonmated_masses = _masses(nonmated, nonmated_weights, scores, "nonmated_weights")
    # A score of weight 0 is no threshold.
    occurs = mated_masses + nonmated_masses > 0
    return ErrorCurve.of_masses(scores[occurs], mated_masses[occurs], nonmated_masses[occurs])


def _curve_of_sorted(mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]) -> ErrorCurve:
    """The curve of ascending scores, each of which counts once."""
    check_sides(len(mated) > 0, len(nonmated) > 0)
    both = np.concatenate([mated, nonmated]).astype(np.float64, copy=False)
    both.sort(kind="stable")  # merges two runs
    differs = both[1:] != both[:-1]
    first = np.flatnonzero(np.concatenate([[True], differs]))  # of each different score
    thresholds = np.append(both[first] + 0.0, np.inf)  # -0.0, which equals 0.0, may come first or not
    below = np.append(first, len(both)).astype(np.float64)
    # Ascending queries into the shorter side stay in the processor's caches.
    if len(mated) <= len(nonmated):
        below_mated = np.searchsorted(mated, thresholds).astype(np.float64)
        below_nonmated = below - below_mated
    else:
        below_nonmated = np.searchsorted(nonmated, thresholds).astype(np.float64)
        below_mated = below - below_nonmated
    return ErrorCurve.of_sums(thresholds, below_mated, below_nonmated)


def crossing_curve(mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]) -> ErrorCurve:
    """The three points of :func:`error_curve` that decide the EER, several times as fast.

    They are the last threshold with FMR >= FNMR, the next one, and +inf. Where only the EER is asked for.

    Raises
    ------
    UndefinedMetricError
        If a side is empty.
    ValueError
        If a score is not finite.

    Examples
    --------
    >>> curve = crossing_curve(np.array([0.3, 0.9]), np.array([0.1, 0.2, 0.3, 0.5]))
    >>> curve.thresholds, curve.fmr, curve.fnmr
    (array([0.3, 0.5, inf]), array([0.5 , 0.25, 0.  ]), array([0. , 0.5, 1. ]))
    """
    check_finite(mated, "mated scores")
    check_finite(nonmated, "non-mated scores")
    check_sides(len(mated) > 0, len(nonmated) > 0)
    sides = [np.sort(side).astype(np.float64, copy=False) for side in (mated, nonmated)]

    def below(thresholds: Float64[np.ndarray, " K"]) -> list[Float64[np.ndarray, " K"]]:
        return [np.searchsorted(side, thresholds).astype(np.float64) for side in sides]

    def has_crossed(threshold: float) -> bool:
        (below_mated,), (below_nonmated,) = below(np.array([threshold]))
        return bool((len(nonmated) - below_nonmated) / len(nonmated) < below_mated / len(mated))

    last, following = -np.inf, np.inf
    for side in sides:
        k = bisect_left(side, True, key=has_crossed)
        last = max(last, side[k - 1]) if k else last
        following = min(following, side[k]) if k < len(side) else following
    thresholds = np.array([last, following, np.inf])
    return ErrorCurve.of_sums(thresholds, *below(thresholds))


def _masses(
    values: Float[np.ndarray, " P"],
    weights: Float[np.ndarray, " P"] | None,
    scores: Float[np.ndarray, " B"],
    name: str,
) -> Float64[np.ndarray, " B"]:
    """How much weight lies at each of `scores`."""
    if weights is not None:
        if weights.shape != values.shape:
            raise ValueError(
                f"{name} must have one weight per score, shape {values.shape}, got {weights.shape}"
            )
        check_finite(weights, name)
        if (weights < 0).any():
            raise ValueError(f"{name} must be 0 or more, got {weights.min()}")
    order = np.argsort(values, kind="stable")  # ascending queries are several times as fast
    place = np.searchsorted(scores, values[order])
    weights = None if weights is None else weights[order]
    return np.bincount(place, weights=weights, minlength=len(scores)).astype(np.float64)
