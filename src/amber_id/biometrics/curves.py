"""What both error rates are at every threshold at once.

Conventions
-----------
M mated and N non-mated scores have K - 1 different values; with +inf they make K thresholds.
A comparison is accepted when ``score >= threshold``. Hence both rates are constant for thresholds above
one score and up to the next, and tied mated and non-mated scores share one threshold.
A comparison of weight w counts as w comparisons.

All formulas of `error_rates` and `uncertainty` stand here, once, on :class:`ErrorCurve`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from amber_id.biometrics.comparisons import check_finite
from amber_id.errors import UndefinedMetricError


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """FMR and FNMR at every threshold that makes a difference; `tmr` over `fmr` is the ROC.

    Made by :func:`error_curve`. The functions of the same names explain each method.

    Examples
    --------
    >>> scores = SortedScores.of(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    >>> curve = scores.curve(np.ones(2), np.ones(2))
    >>> curve.thresholds
    array([0.1, 0.4, 0.8, inf])
    >>> curve.fmr
    array([1. , 0.5, 0. , 0. ])
    >>> curve.fnmr
    array([0. , 0. , 0.5, 1. ])
    >>> curve.tmr
    array([1. , 1. , 0.5, 0. ])
    >>> curve.eer(), curve.auc(), curve.rates_at(0.4), curve.accuracy_at(0.4)
    (0.25, 0.875, (0.5, 0.0), 0.75)
    """

    thresholds: Float64[np.ndarray, " K"]  # ascending; the last is +inf, which accepts nothing
    fmr: Float64[np.ndarray, " K"]  # falls from 1 to 0
    fnmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    mated_weight: float  # sum of the mated weights; their count where there are no weights
    nonmated_weight: float  # the same of the non-mated

    @property
    def tmr(self) -> Float64[np.ndarray, " K"]:
        """Share of mated comparisons that are accepted, 1 - FNMR."""
        return 1 - self.fnmr

    def eer(self) -> float:
        """See :func:`amber_id.biometrics.eer`."""
        k, fraction = self._crossing()
        return float(self.fmr[k] + fraction * (self.fmr[k + 1] - self.fmr[k]))

    def eer_threshold(self) -> float:
        """See :func:`amber_id.biometrics.eer_threshold`."""
        k, fraction = self._crossing()
        lower, upper = self._middle(k), self._middle(k + 1)
        return lower + fraction * (upper - lower)

    def auc(self) -> float:
        """See :func:`amber_id.biometrics.auc`."""
        # Under ties the ROC has sloped segments, whose trapezoids count a tie as half.
        tmr = self.tmr
        return float((self.fmr[:-1] - self.fmr[1:]) @ (tmr[:-1] + tmr[1:]) / 2)

    def rates_at(self, threshold: float) -> tuple[float, float]:
        """See :func:`amber_id.biometrics.rates_at`."""
        if np.isnan(threshold):
            raise ValueError("threshold must be a number, got NaN")
        k = np.searchsorted(self.thresholds, threshold, side="left")
        return float(self.fmr[k]), float(self.fnmr[k])

    def accuracy_at(self, threshold: float) -> float:
        """See :func:`amber_id.biometrics.accuracy_at`."""
        fmr, fnmr = self.rates_at(threshold)
        correct = self.mated_weight * (1 - fnmr) + self.nonmated_weight * (1 - fmr)
        return correct / (self.mated_weight + self.nonmated_weight)

    def balanced_accuracy_at(self, threshold: float) -> float:
        """See :func:`amber_id.biometrics.balanced_accuracy_at`."""
        fmr, fnmr = self.rates_at(threshold)
        return 1 - (fmr + fnmr) / 2

    def best_balanced_accuracy(self) -> tuple[float, float]:
        """See :func:`amber_id.biometrics.best_balanced_accuracy`."""
        values = 1 - (self.fmr + self.fnmr) / 2
        k = np.argmax(values)
        return float(values[k]), float(self.thresholds[k])

    def _crossing(self) -> tuple[int, float]:
        """The last k with FMR >= FNMR, and how far from point k to k + 1 both are equal, in [0, 1)."""
        gap = self.fmr - self.fnmr  # falls from 1 to -1
        k = int(np.searchsorted(-gap, 0.0, side="right")) - 1
        return k, float(gap[k] / (gap[k] - gap[k + 1]))

    def _middle(self, k: int) -> float:
        """Middle of the thresholds that give the rates of point k; at both ends the outermost score."""
        # Scores of weight 0 repeat a point; they must not move the middle.
        rising = self.fnmr - self.fmr
        first = int(np.searchsorted(rising, rising[k], side="left"))
        last = int(np.searchsorted(rising, rising[k], side="right")) - 1
        if first == 0:
            return float(self.thresholds[last])
        below, upto = float(self.thresholds[first - 1]), float(self.thresholds[last])
        return below if np.isinf(upto) else (below + upto) / 2


@dataclass(frozen=True, eq=False)
class SortedScores:
    """Scores sorted once, so that every further set of weights costs two cumulative sums.

    Examples
    --------
    >>> scores = SortedScores.of(np.array([0.8, 0.4]), np.array([0.4]))
    >>> scores.mated_order, scores.mated_below
    (array([1, 0]), array([0, 1, 2]))
    """

    thresholds: Float64[np.ndarray, " K"]  # the different scores ascending, then +inf
    mated_order: Int64[np.ndarray, " M"]  # puts the mated scores in ascending order
    nonmated_order: Int64[np.ndarray, " N"]  # the same for the non-mated
    mated_below: Int64[np.ndarray, " K"]  # count of mated scores below each threshold
    nonmated_below: Int64[np.ndarray, " K"]  # the same of the non-mated

    @classmethod
    def of(cls, mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]) -> "SortedScores":
        """Sort both sides and find each threshold's place in them.

        Raises
        ------
        ValueError
            If a score is not finite.

        Examples
        --------
        >>> SortedScores.of(np.array([0.4, 0.8]), np.array([0.4])).thresholds
        array([0.4, 0.8, inf])
        """
        check_finite(mated, "mated scores")
        check_finite(nonmated, "non-mated scores")
        thresholds = np.append(np.unique(np.concatenate([mated, nonmated])), np.inf)
        mated_order, nonmated_order = np.argsort(mated), np.argsort(nonmated)
        return cls(
            thresholds=thresholds.astype(np.float64),
            mated_order=mated_order,
            nonmated_order=nonmated_order,
            mated_below=np.searchsorted(mated[mated_order], thresholds, side="left"),
            nonmated_below=np.searchsorted(nonmated[nonmated_order], thresholds, side="left"),
        )

    def curve(
        self, mated_weights: Float64[np.ndarray, " M"], nonmated_weights: Float64[np.ndarray, " N"]
    ) -> ErrorCurve:
        """The error curve under weights >= 0 that follow the *ascending* scores of each side.

        Raises
        ------
        UndefinedMetricError
            If a side is empty or has no weight.

        Examples
        --------
        >>> scores = SortedScores.of(np.array([0.8, 0.4]), np.array([0.5]))
        >>> scores.curve(np.array([3.0, 1.0]), np.array([1.0])).fnmr
        array([0.  , 0.75, 0.75, 1.  ])
        """
        mated_below = _running_sum(mated_weights)
        nonmated_below = _running_sum(nonmated_weights)
        mated, nonmated = mated_below[-1], nonmated_below[-1]
        _check_sides(mated > 0, nonmated > 0)
        return ErrorCurve(
            thresholds=self.thresholds,
            fmr=(nonmated - nonmated_below[self.nonmated_below]) / nonmated,
            fnmr=mated_below[self.mated_below] / mated,
            mated_weight=float(mated),
            nonmated_weight=float(nonmated),
        )


def _running_sum(weights: Float64[np.ndarray, " P"]) -> Float64[np.ndarray, " P+1"]:
    """Entry k is the sum of the first k weights."""
    sums = np.zeros(len(weights) + 1)
    np.cumsum(weights, out=sums[1:])
    return sums


def _check_sides(mated: bool | np.bool_, nonmated: bool | np.bool_) -> None:
    """Refuse a set of comparisons with an empty side, naming it."""
    if not mated:
        also = "" if nonmated else " and no non-mated ones"
        raise UndefinedMetricError(
            f"error rates need mated and non-mated comparisons, got no mated ones{also}: "
            "some subjects need two clips or more"
        )
    if not nonmated:
        raise UndefinedMetricError(
            "error rates need mated and non-mated comparisons, got no non-mated ones: "
            "there must be two subjects or more"
        )
