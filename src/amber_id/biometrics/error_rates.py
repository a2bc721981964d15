"""How often 1:1 verification is wrong.

Conventions
-----------
Each function takes the mated and the non-mated scores, in any order, and optionally `mated_weights` and
`nonmated_weights`, one weight >= 0 for each score; a comparison of weight w counts as w comparisons.
A score is a similarity: higher means more alike. A comparison is accepted when ``score >= threshold``.
Tied mated and non-mated scores share one threshold: both sides of a tie are decided alike.
Rates are fractions in [0, 1], never percentages.

Every function raises :class:`amber_id.errors.UndefinedMetricError` when a side is empty or has no weight,
and `ValueError` when a score is not finite or the weights do not fit. For several figures of the same
scores, call :func:`error_curve` once and use the methods of the same names.
"""

from typing import NamedTuple, TypeAlias, TypedDict, Unpack

import numpy as np
from jaxtyping import Float, Float64
from scipy.special import ndtri

from amber_id.biometrics.comparisons import lowest_rate
from amber_id.biometrics.counted_scores import crossing_curve, error_curve
from amber_id.errors import UndefinedMetricError

Mated: TypeAlias = Float[np.ndarray, " M"]
Nonmated: TypeAlias = Float[np.ndarray, " N"]


class Weights(TypedDict, total=False):
    """What each comparison counts for; 1 unless given."""

    mated_weights: Float[np.ndarray, " M"] | None
    nonmated_weights: Float[np.ndarray, " N"] | None


class Roc(NamedTuple):
    """A ROC, from the strictest threshold, which accepts nothing, to the most lenient."""

    fmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    tmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    thresholds: Float64[np.ndarray, " K"]  # descending; the first is +inf


class Det(NamedTuple):
    """A DET curve on probit axes, without the points where a rate is 0 or 1."""

    fmr: Float64[np.ndarray, " K"]  # probit of the FMR, rising
    fnmr: Float64[np.ndarray, " K"]  # probit of the FNMR, falling
    thresholds: Float64[np.ndarray, " K"]  # descending


def roc(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> Roc:
    """TMR against FMR, one point for each different score and the one that accepts nothing.

    Examples
    --------
    >>> points = roc(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    >>> for fmr, tmr, threshold in zip(*points):
    ...     print(fmr, tmr, threshold)
    0.0 0.0 inf
    0.0 0.5 0.8
    0.5 1.0 0.4
    1.0 1.0 0.1
    """
    curve = error_curve(mated, nonmated, **weights)
    return Roc(curve.fmr[::-1], curve.tmr[::-1], curve.thresholds[::-1])


def det(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> Det:
    """FNMR against FMR on probit axes (normal deviates), where Gaussian scores give a straight line.

    The axes' ticks: probit(0.5) = 0, probit(0.16) = -0.99, probit(0.01) = -2.33. Points whose FMR or FNMR is
    0 or 1 lie at infinity and are left out, so that perfect separation gives an empty curve. Martin et al.,
    The DET curve in assessment of detection task performance, Eurospeech 1997.

    Examples
    --------
    >>> points = det(np.array([1.0, 3.0, 4.0]), np.array([0.0, 2.0]))
    >>> points.thresholds, points.fmr
    (array([2.]), array([0.]))
    >>> round(float(points.fnmr[0]), 4)
    -0.4307
    """
    points = roc(mated, nonmated, **weights)
    inside = (points.fmr > 0) & (points.fmr < 1) & (points.tmr > 0) & (points.tmr < 1)
    fmr, fnmr = points.fmr[inside], 1 - points.tmr[inside]
    return Det(ndtri(fmr), ndtri(fnmr), points.thresholds[inside])


def eer(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> float:
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
    if all(each is None for each in weights.values()):
        return float(crossing_curve(mated, nonmated).eer())
    return float(error_curve(mated, nonmated, **weights).eer())


def eer_rocch(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> float:
    """Equal error rate on the convex hull of the ROC, in [0, 0.5].

    The error of the best mixture of two thresholds that errs equally on both sides; never above
    :func:`eer`, and never above 0.5, also for scores that are worse than guessing. Biased downward where
    there are few scores. Brümmer and de Villiers, The BOSARIS toolkit, 2011.

    Examples
    --------
    Thresholds give (FMR, FNMR) of (1, 0), (1, 1/2), (1/2, 1/2), (0, 1/2) and (0, 1); from (1, 0) to
    (0, 1/2) the hull passes FMR = FNMR at 1/3:

    >>> round(eer_rocch(np.array([0.1, 0.9]), np.array([0.2, 0.5])), 6)
    0.333333
    >>> eer_rocch(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    0.5
    """
    return float(error_curve(mated, nonmated, **weights).eer_rocch())


def eer_threshold(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> float:
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
    return float(error_curve(mated, nonmated, **weights).eer_threshold())


def auc(mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]) -> float:
    """Probability that a mated score exceeds a non-mated one, ties counting half.

    Exact; equals the area under the ROC (Hanley and McNeil, Radiology 143, 1982).

    Examples
    --------
    Of the four pairs three are won and one is tied:

    >>> auc(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    0.875
    """
    return float(error_curve(mated, nonmated, **weights).auc())


def rates_at(
    mated: Mated, nonmated: Nonmated, threshold: float, **weights: Unpack[Weights]
) -> tuple[float, float]:
    """FMR and FNMR at a threshold, which may be any number or +-inf but not NaN.

    Examples
    --------
    >>> rates_at(np.array([0.4, 0.8]), np.array([0.1, 0.4]), threshold=0.4)
    (0.5, 0.0)
    >>> rates_at(np.array([0.4, 0.8]), np.array([0.1, 0.4]), threshold=0.41)
    (0.0, 0.5)
    """
    fmr, fnmr = error_curve(mated, nonmated, **weights).rates_at(threshold)
    return float(fmr), float(fnmr)


def threshold_at_fmr(mated: Mated, nonmated: Nonmated, fmr: float, **weights: Unpack[Weights]) -> float:
    """Lowest score, of either side, at which the FMR is at most `fmr`.

    +inf, which accepts nothing, where no score is high enough. Nothing is interpolated or extrapolated:
    the FMR at the threshold may lie well below the request, never above it.

    Examples
    --------
    >>> threshold_at_fmr(np.array([0.4, 0.9]), np.array([0.1, 0.2, 0.3, 0.4]), fmr=0.25)
    0.4
    >>> threshold_at_fmr(np.array([0.1]), np.array([0.4]), fmr=0.5)
    inf
    """
    return float(error_curve(mated, nonmated, **weights).threshold_at_fmr(fmr))


def tmr_at_fmr(
    mated: Mated, nonmated: Nonmated, fmr: float, *, floor: float | None = None, **weights: Unpack[Weights]
) -> float:
    """Share of mated comparisons accepted at the threshold whose FMR is at most `fmr`.

    Parameters
    ----------
    mated, nonmated
        Scores of both sides.
    fmr
        Requested FMR.
    floor
        Lowest FMR that the study can say something about. Give :attr:`Comparisons.fmr_floor`, 3 over the
        number of distinct non-mated subject pairs: comparisons of the same two people are not independent,
        and none in n independent trials excludes rates above 3 / n with 95 % confidence (Hanley and
        Lippman-Hand, JAMA 249, 1983). Unless given, each non-mated score counts as a pair of its own,
        which is right only where no two people are compared twice.

    Raises
    ------
    UndefinedMetricError
        If `fmr` lies below the floor, or a side is empty.

    Examples
    --------
    >>> mated, nonmated = np.array([0.05, 0.6, 0.7, 0.8]), np.array([0.0, 0.1, 0.3, 0.4, 0.65])
    >>> tmr_at_fmr(mated, nonmated, fmr=0.6)
    0.75
    >>> tmr_at_fmr(mated, nonmated, fmr=0.2)
    Traceback (most recent call last):
    amber_id.errors.UndefinedMetricError: fmr must be at least 0.6, the floor of this study, got 0.2: \
below it too few pairs of people say anything; ask for a higher FMR or add people
    """
    curve = error_curve(mated, nonmated, **weights)
    if not 0 <= fmr <= 1:
        raise ValueError(f"fmr must lie in [0, 1], got {fmr}")
    lowest = lowest_rate(len(nonmated)) if floor is None else floor
    if fmr < lowest:
        raise UndefinedMetricError(
            f"fmr must be at least {lowest:.3g}, the floor of this study, got {fmr:g}: below it too few "
            "pairs of people say anything; ask for a higher FMR or add people"
        )
    return float(curve.tmr_at_fmr(fmr))


def accuracy_at(mated: Mated, nonmated: Nonmated, threshold: float, **weights: Unpack[Weights]) -> float:
    """Share of all comparisons that are decided rightly at a threshold, which is fixed on dev.

    It depends on how many comparisons are mated: with 1 in 100, rejecting everything reaches 0.99.

    Examples
    --------
    >>> accuracy_at(np.array([0.8]), np.array([0.1, 0.4, 0.9]), threshold=0.5)
    0.75
    """
    return float(error_curve(mated, nonmated, **weights).accuracy_at(threshold))


def hter_at(mated: Mated, nonmated: Nonmated, threshold: float, **weights: Unpack[Weights]) -> float:
    """Half total error rate (FMR + FNMR) / 2 at a threshold, which is fixed on dev; a guesser has 0.5.

    Examples
    --------
    >>> hter_at(np.array([0.8]), np.array([0.1, 0.9]), threshold=0.5)
    0.25
    """
    return float(error_curve(mated, nonmated, **weights).hter_at(threshold))


def balanced_accuracy_at(
    mated: Mated, nonmated: Nonmated, threshold: float, **weights: Unpack[Weights]
) -> float:
    """Accuracy with both sides counting the same, 1 - HTER; a guesser has 0.5.

    Examples
    --------
    >>> balanced_accuracy_at(np.array([0.8]), np.array([0.1, 0.9]), threshold=0.5)
    0.75
    """
    return float(error_curve(mated, nonmated, **weights).balanced_accuracy_at(threshold))


def best_balanced_accuracy(
    mated: Mated, nonmated: Nonmated, **weights: Unpack[Weights]
) -> tuple[float, float]:
    """Highest balanced accuracy of any threshold, and the lowest score that reaches it as threshold.

    The threshold is chosen on the very scores it is judged by, so the value is optimistic: never below
    0.5, even for a guesser. Label it so wherever it is shown.

    Examples
    --------
    >>> best_balanced_accuracy(np.array([0.7, 0.8]), np.array([0.1, 0.9]))
    (0.75, 0.7)
    """
    value, threshold = error_curve(mated, nonmated, **weights).best_balanced_accuracy()
    return float(value), float(threshold)


def min_dcf(
    mated: Mated,
    nonmated: Nonmated,
    *,
    prior: float = 0.01,
    cost_miss: float = 1.0,
    cost_fa: float = 1.0,
    **weights: Unpack[Weights],
) -> float:
    """Lowest detection cost of any threshold, chosen on the very scores it is judged by; in [0, 1].

    Cost ``prior * cost_miss * FNMR + (1 - prior) * cost_fa * FMR``, divided by that of the better of
    accepting and rejecting everything, so that 1 means that the scores are of no use. `prior` is how likely
    a comparison is mated where the attacker works. NIST speaker recognition evaluation plans.

    Examples
    --------
    At threshold 0.8 nothing false is accepted and half of the mated are missed:

    >>> min_dcf(np.array([0.4, 0.8]), np.array([0.1, 0.4]), prior=0.5)
    0.5
    """
    curve = error_curve(mated, nonmated, **weights)
    return float(curve.min_dcf(prior=prior, cost_miss=cost_miss, cost_fa=cost_fa))


def act_dcf(
    mated: Mated,
    nonmated: Nonmated,
    *,
    prior: float = 0.01,
    cost_miss: float = 1.0,
    cost_fa: float = 1.0,
    **weights: Unpack[Weights],
) -> float:
    """Detection cost at the Bayes threshold, for scores that are natural-log likelihood ratios.

    As :func:`min_dcf`, at the threshold ``log((1 - prior) cost_fa / (prior cost_miss))``; can exceed 1 where
    the ratios mislead. Calibrate scores on dev first.

    Examples
    --------
    With prior 1/2 a log likelihood ratio is accepted from 0 on:

    >>> act_dcf(np.array([-1.0, 2.0]), np.array([-3.0, 0.0]), prior=0.5)
    1.0
    """
    curve = error_curve(mated, nonmated, **weights)
    return float(curve.act_dcf(prior=prior, cost_miss=cost_miss, cost_fa=cost_fa))
