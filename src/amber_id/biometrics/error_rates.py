"""How often 1:1 verification is wrong.

Conventions
-----------
Each function takes the mated and the non-mated scores, in any order, and optionally a weight >= 0 for each
score; a comparison of weight w counts as w comparisons.
A score is a similarity: higher means more alike. A comparison is accepted when ``score >= threshold``.
Tied mated and non-mated scores share one threshold: both sides of a tie are decided alike.
Rates are fractions in [0, 1], never percentages.

Every function raises :class:`amber_id.errors.UndefinedMetricError` when a side is empty or has no weight,
and `ValueError` when a score is not finite or the weights do not fit. For several figures of the same
scores, call :func:`error_curve` once and use the methods of the same names.
"""

import numpy as np
from jaxtyping import Float, Float64

from amber_id.biometrics.comparisons import check_finite
from amber_id.biometrics.curves import ErrorCurve, SortedScores


def error_curve(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> ErrorCurve:
    """FMR and FNMR at every different score and at +inf.

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
    scores = SortedScores.of(mated, nonmated)
    return scores.curve(
        _weights(mated_weights, mated, "mated_weights")[scores.mated_order],
        _weights(nonmated_weights, nonmated, "nonmated_weights")[scores.nonmated_order],
    )


def eer(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> float:
    """Equal error rate: the value that FMR and FNMR share where they cross.

    Linear interpolation between the last threshold with FMR >= FNMR and the next one. 0 when every mated
    score is above every non-mated one, 0.5 for a guesser, 1 when every mated score is below every
    non-mated one: it is not folded at 0.5, so that a null study can come out on either side.

    Examples
    --------
    Between thresholds 0.3 (FMR 2/4, FNMR 0) and 0.4 (FMR 1/4, FNMR 1/2) the rates cross at 1/3:

    >>> round(eer(np.array([0.3, 0.9]), np.array([0.1, 0.2, 0.3, 0.5])), 6)
    0.333333
    >>> eer(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    0.0
    >>> eer(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    1.0
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.eer()


def eer_threshold(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> float:
    """Threshold of the equal error rate, to be found on dev and used on test.

    Both rates stay the same for thresholds above one score and up to the next. Each point of the curve
    is therefore put in the middle of its range of thresholds, and the threshold is interpolated between
    the two points around the crossing by the same fraction as the EER. So it is always finite, lies in
    the middle of the gap when the scores separate perfectly, and favours neither side: negated scores
    with exchanged sides give the negated threshold. The first range and the last, which have no outer
    end, are represented by the lowest and the highest score.

    Examples
    --------
    >>> eer_threshold(np.array([0.75, 1.0]), np.array([0.0, 0.25]))
    0.5
    >>> eer_threshold(np.array([0.3, 0.3]), np.array([0.3]))
    0.3
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.eer_threshold()


def auc(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> float:
    """Probability that a mated score exceeds a non-mated one, ties counting half.

    Exact; equals the area under the ROC (Hanley and McNeil, Radiology 143, 1982).

    Examples
    --------
    Of the four pairs three are won and one is tied:

    >>> auc(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    0.875
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.auc()


def rates_at(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    threshold: float,
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> tuple[float, float]:
    """FMR and FNMR at a threshold, which may be any number or +-inf but not NaN.

    Examples
    --------
    >>> rates_at(np.array([0.4, 0.8]), np.array([0.1, 0.4]), threshold=0.4)
    (0.5, 0.0)
    >>> rates_at(np.array([0.4, 0.8]), np.array([0.1, 0.4]), threshold=0.41)
    (0.0, 0.5)
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.rates_at(threshold)


def accuracy_at(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    threshold: float,
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> float:
    """Share of all comparisons that are decided rightly at a threshold.

    It depends on how many comparisons are mated: with 1 in 100, rejecting everything reaches 0.99.

    Examples
    --------
    >>> accuracy_at(np.array([0.8]), np.array([0.1, 0.4, 0.9]), threshold=0.5)
    0.75
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.accuracy_at(threshold)


def balanced_accuracy_at(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    threshold: float,
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> float:
    """Accuracy with both sides counting the same, 1 - (FMR + FNMR) / 2; a guesser has 0.5.

    Examples
    --------
    >>> balanced_accuracy_at(np.array([0.8]), np.array([0.1, 0.9]), threshold=0.5)
    0.75
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.balanced_accuracy_at(threshold)


def best_balanced_accuracy(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    mated_weights: Float[np.ndarray, " M"] | None = None,
    nonmated_weights: Float[np.ndarray, " N"] | None = None,
) -> tuple[float, float]:
    """Highest balanced accuracy of any threshold, and the lowest score that reaches it as threshold.

    The threshold is chosen on the very scores it is judged by, so the value is optimistic: never below
    0.5, even for a guesser. Label it so wherever it is shown.

    Examples
    --------
    >>> best_balanced_accuracy(np.array([0.7, 0.8]), np.array([0.1, 0.9]))
    (0.75, 0.7)
    """
    curve = error_curve(mated, nonmated, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    return curve.best_balanced_accuracy()


def _weights(
    weights: Float[np.ndarray, " P"] | None, scores: Float[np.ndarray, " P"], name: str
) -> Float64[np.ndarray, " P"]:
    """The weights, checked, or 1 for each score."""
    if weights is None:
        return np.ones(len(scores))
    if weights.shape != scores.shape:
        raise ValueError(f"{name} must have one weight per score, shape {scores.shape}, got {weights.shape}")
    check_finite(weights, name)
    if (weights < 0).any():
        raise ValueError(f"{name} must be 0 or more, got {weights.min()}")
    return weights.astype(np.float64)
