"""What both error rates are at every threshold at once.

Conventions
-----------
M mated and N non-mated scores have K - 1 different values; with +inf they make K thresholds.
A comparison is accepted when ``score >= threshold``. Hence both rates are constant for thresholds above
one score and up to the next, and tied mated and non-mated scores share one threshold.
A comparison of weight w counts as w comparisons.

The formulas of `error_rates` stand here, once, on :class:`ErrorCurve`. Its rates may have leading axes, one
entry for each resample of a bootstrap; every method then answers for all of them at once.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float64, Int64

from amber_id.errors import UndefinedMetricError

# One number for each resample; a plain one where there are no leading axes.
PerResample: TypeAlias = Float64[np.ndarray, "*R"] | float
_Places: TypeAlias = Int64[np.ndarray, "*R"] | np.int64 | int


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """FMR and FNMR at every threshold that makes a difference; `tmr` over `fmr` is the ROC.

    Made by :func:`amber_id.biometrics.error_curve`. The functions of the same names explain each method.

    Examples
    --------
    >>> curve = ErrorCurve.of_masses(np.array([0.1, 0.4, 0.8]), np.array([0, 1, 1]), np.array([1, 1, 0]))
    >>> curve.thresholds
    array([0.1, 0.4, 0.8, inf])
    >>> curve.fmr
    array([1. , 0.5, 0. , 0. ])
    >>> curve.fnmr
    array([0. , 0. , 0.5, 1. ])
    >>> curve.tmr
    array([1. , 1. , 0.5, 0. ])
    >>> float(curve.eer()), float(curve.auc()), float(curve.accuracy_at(0.4))
    (0.25, 0.875, 0.75)

    Two resamples at once, in the second of which the upper mated score counts three times:

    >>> both = ErrorCurve.of_masses(curve.scores, np.array([[0, 1, 1], [0, 1, 3]]), np.array([1, 1, 0]))
    >>> both.eer()
    array([0.25      , 0.16666667])
    """

    thresholds: Float64[np.ndarray, " K"]  # ascending; the last is +inf, which accepts nothing
    fmr: Float64[np.ndarray, "*R K"]  # falls from 1 to 0
    fnmr: Float64[np.ndarray, "*R K"]  # rises from 0 to 1
    mated_weight: PerResample  # sum of the mated weights; their count where there are none
    nonmated_weight: PerResample  # the same of the non-mated

    @classmethod
    def of_masses(
        cls,
        scores: Float[np.ndarray, " B"],
        mated: Float[np.ndarray, "*R B"] | Int64[np.ndarray, "*R B"],
        nonmated: Float[np.ndarray, "*Q B"] | Int64[np.ndarray, "*Q B"],
    ) -> "ErrorCurve":
        """The curve of comparisons that weigh `mated` and `nonmated` at each of the ascending `scores`.

        Raises
        ------
        UndefinedMetricError
            If a side is empty or has no weight.
        """
        shape = np.broadcast_shapes(mated.shape, nonmated.shape)
        below_mated = _running_sum(np.broadcast_to(mated, shape))
        below_nonmated = _running_sum(np.broadcast_to(nonmated, shape))
        return cls.of_sums(np.append(scores, np.inf).astype(np.float64), below_mated, below_nonmated)

    @classmethod
    def of_sums(
        cls,
        thresholds: Float64[np.ndarray, " K"],
        below_mated: Float64[np.ndarray, "*R K"],
        below_nonmated: Float64[np.ndarray, "*R K"],
    ) -> "ErrorCurve":
        """The curve of comparisons that weigh so much below each threshold; the last is +inf.

        Raises
        ------
        UndefinedMetricError
            If a side is empty or has no weight.
        """
        all_mated, all_nonmated = below_mated[..., -1], below_nonmated[..., -1]
        check_sides(bool(np.all(all_mated > 0)), bool(np.all(all_nonmated > 0)))
        return cls(
            thresholds=thresholds,
            fmr=(all_nonmated[..., None] - below_nonmated) / all_nonmated[..., None],
            fnmr=below_mated / all_mated[..., None],
            mated_weight=all_mated,
            nonmated_weight=all_nonmated,
        )

    @property
    def scores(self) -> Float64[np.ndarray, " B"]:
        """The different scores, ascending: the thresholds without +inf."""
        return self.thresholds[:-1]

    @property
    def tmr(self) -> Float64[np.ndarray, "*R K"]:
        """Share of mated comparisons that are accepted, 1 - FNMR."""
        return 1 - self.fnmr

    @property
    def mated_shares(self) -> Float64[np.ndarray, "*R B"]:
        """Share of the mated comparisons at each of `scores`."""
        return np.diff(self.fnmr, axis=-1)

    @property
    def nonmated_shares(self) -> Float64[np.ndarray, "*R B"]:
        """Share of the non-mated comparisons at each of `scores`."""
        return -np.diff(self.fmr, axis=-1)

    def eer(self) -> PerResample:
        """See :func:`amber_id.biometrics.eer`."""
        k, fraction = self._crossing()
        lower, upper = _at(self.fmr, k), _at(self.fmr, k + 1)
        return lower + fraction * (upper - lower)

    def eer_bounds(self) -> tuple[PerResample, PerResample]:
        """Between which values the EER lies whatever the scores between two thresholds are.

        For a curve of scores in bins: the rates at the lower edge of each bin are exact, and those in
        between lie between those of its two edges. Hence the exact EER does too.
        """
        k, _ = self._crossing()
        low = np.maximum(_at(self.fmr, k + 1), _at(self.fnmr, k))
        high = np.minimum(_at(self.fmr, k), _at(self.fnmr, k + 1))
        return low, high

    def eer_threshold(self) -> PerResample:
        """See :func:`amber_id.biometrics.eer_threshold`."""
        k, fraction = self._crossing()
        lower, upper = self._middle(k), self._middle(k + 1)
        return lower + fraction * (upper - lower)

    def eer_rocch(self) -> PerResample:
        """See :func:`amber_id.biometrics.eer_rocch`."""
        # The edge of the convex hull that crosses FMR = FNMR: start with the guesser's line and let it
        # sink, on the side of the diagonal where it lies, onto the point farthest below it.
        lenient = np.stack([_at(self.fmr, 0), _at(self.fnmr, 0)])  # (1, 0)
        strict = np.stack([_at(self.fmr, -1), _at(self.fnmr, -1)])  # (0, 1)
        while True:
            across, up = strict[1] - lenient[1], lenient[0] - strict[0]
            height = across[..., None] * self.fmr + up[..., None] * self.fnmr
            k = np.argmin(height, axis=-1)
            sinks = across * lenient[0] + up * lenient[1] - _at(height, k) > 1e-14
            point = np.stack([_at(self.fmr, k), _at(self.fnmr, k)])
            is_lenient = point[0] >= point[1]
            lenient = np.where(sinks & is_lenient, point, lenient)
            strict = np.where(sinks & ~is_lenient, point, strict)
            if not sinks.any():
                break
        above, below = lenient[0] - lenient[1], strict[1] - strict[0]
        return lenient[0] + above / (above + below) * (strict[0] - lenient[0])

    def auc(self) -> PerResample:
        """See :func:`amber_id.biometrics.auc`."""
        # Under ties the ROC has sloped segments, whose trapezoids count a tie as half.
        tmr = self.tmr
        return np.sum(self.nonmated_shares * (tmr[..., :-1] + tmr[..., 1:]), axis=-1) / 2

    def rates_at(self, threshold: float) -> tuple[PerResample, PerResample]:
        """See :func:`amber_id.biometrics.rates_at`."""
        if np.isnan(threshold):
            raise ValueError("threshold must be a number, got NaN")
        k = np.searchsorted(self.thresholds, threshold, side="left")
        return self.fmr[..., k], self.fnmr[..., k]

    def accuracy_at(self, threshold: float) -> PerResample:
        """See :func:`amber_id.biometrics.accuracy_at`."""
        fmr, fnmr = self.rates_at(threshold)
        correct = self.mated_weight * (1 - fnmr) + self.nonmated_weight * (1 - fmr)
        return correct / (self.mated_weight + self.nonmated_weight)

    def hter_at(self, threshold: float) -> PerResample:
        """See :func:`amber_id.biometrics.hter_at`."""
        fmr, fnmr = self.rates_at(threshold)
        return (fmr + fnmr) / 2

    def balanced_accuracy_at(self, threshold: float) -> PerResample:
        """See :func:`amber_id.biometrics.balanced_accuracy_at`."""
        return 1 - self.hter_at(threshold)

    def best_balanced_accuracy(self) -> tuple[PerResample, PerResample]:
        """See :func:`amber_id.biometrics.best_balanced_accuracy`."""
        values = 1 - (self.fmr + self.fnmr) / 2
        k = np.argmax(values, axis=-1)
        return _at(values, k), self.thresholds[k]

    def threshold_at_fmr(self, fmr: float) -> PerResample:
        """See :func:`amber_id.biometrics.threshold_at_fmr`."""
        return self.thresholds[self._strictness_for(fmr)]

    def tmr_at_fmr(self, fmr: float) -> PerResample:
        """See :func:`amber_id.biometrics.tmr_at_fmr`; knows no floor."""
        return _at(self.tmr, self._strictness_for(fmr))

    def dcf(
        self, *, prior: float, cost_miss: float = 1.0, cost_fa: float = 1.0
    ) -> Float64[np.ndarray, "*R K"]:
        """Normalised detection cost at each threshold; see :func:`amber_id.biometrics.min_dcf`.

        Raises
        ------
        ValueError
            If `prior` does not lie in (0, 1) or a cost is not positive.
        """
        miss, false_match = _cost_weights(prior, cost_miss, cost_fa)
        return (miss * self.fnmr + false_match * self.fmr) / min(miss, false_match)

    def min_dcf(self, *, prior: float, cost_miss: float = 1.0, cost_fa: float = 1.0) -> PerResample:
        """See :func:`amber_id.biometrics.min_dcf`."""
        return self.dcf(prior=prior, cost_miss=cost_miss, cost_fa=cost_fa).min(axis=-1)

    def act_dcf(self, *, prior: float, cost_miss: float = 1.0, cost_fa: float = 1.0) -> PerResample:
        """See :func:`amber_id.biometrics.act_dcf`."""
        miss, false_match = _cost_weights(prior, cost_miss, cost_fa)
        k = np.searchsorted(self.thresholds, np.log(false_match / miss), side="left")
        return self.dcf(prior=prior, cost_miss=cost_miss, cost_fa=cost_fa)[..., k]

    def _crossing(self) -> tuple[_Places, PerResample]:
        """The last k with FMR >= FNMR, and how far from point k to k + 1 both are equal, in [0, 1)."""
        gap = self.fmr - self.fnmr  # falls from 1 to -1
        k = np.count_nonzero(gap >= 0, axis=-1) - 1
        here, after = _at(gap, k), _at(gap, k + 1)
        return k, here / (here - after)

    def _middle(self, k: _Places) -> PerResample:
        """Middle of the thresholds that give the rates of point k; at both ends the outermost score."""
        scores = self.scores
        return (scores[np.maximum(k - 1, 0)] + scores[np.minimum(k, len(scores) - 1)]) / 2

    def _strictness_for(self, fmr: float) -> _Places:
        """The first k whose FMR is at most `fmr`."""
        if not 0 <= fmr <= 1:
            raise ValueError(f"fmr must lie in [0, 1], got {fmr}")
        # Weights such as thirds leave a rate that equals the request a rounding above it.
        return np.count_nonzero(self.fmr > fmr + 1e-12, axis=-1)


def _at(values: Float64[np.ndarray, "*R K"], k: _Places) -> PerResample:
    """Entry k of the last axis, another k for each leading place."""
    if np.ndim(k) == 0:
        return values[..., k]
    return np.take_along_axis(values, np.asarray(k)[..., None], axis=-1)[..., 0]


def _running_sum(
    weights: Float[np.ndarray, "*R B"] | Int64[np.ndarray, "*R B"],
) -> Float64[np.ndarray, "*R K"]:
    """Entry k is the sum of the first k weights."""
    sums = np.zeros((*weights.shape[:-1], weights.shape[-1] + 1))
    np.cumsum(weights, axis=-1, out=sums[..., 1:])
    return sums


def _cost_weights(prior: float, cost_miss: float, cost_fa: float) -> tuple[float, float]:
    """What a miss and a false match weigh."""
    if not 0 < prior < 1:
        raise ValueError(f"prior must lie in (0, 1), got {prior}")
    if not (cost_miss > 0 and cost_fa > 0):
        raise ValueError(f"costs must be positive, got cost_miss={cost_miss} and cost_fa={cost_fa}")
    return prior * cost_miss, (1 - prior) * cost_fa


def check_sides(mated: bool, nonmated: bool) -> None:
    """Refuse a set of comparisons with an empty side, naming it.

    Raises
    ------
    UndefinedMetricError
        If one of them is False.
    """
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
