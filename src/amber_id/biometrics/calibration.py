"""What is a score worth as evidence?

Conventions
-----------
A likelihood ratio (LR) says how many times likelier a score is if both clips show one person than if they
show two. An LLR is its natural logarithm: 0 is no evidence, 2.3 means ten times likelier. Cllr is in bits.
Functions named `..._of` take an :class:`ErrorCurve` and give one value for each of its resamples; those of
the same name without it take scores, and weights as :mod:`amber_id.biometrics.error_rates` does.
Scores that people choose by are calibrated on dev; min Cllr, which is not, says what they could be worth.

PAV (pool adjacent violators) finds the LLRs that rise with the score and fit best. Tied scores share one.
Brümmer and du Preez, Application-independent evaluation of speaker detection, Computer Speech and Language
20, 2006.
"""

from dataclasses import dataclass
from typing import TypeAlias, Unpack

import numpy as np
from jaxtyping import Float, Float64
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from amber_id.biometrics.comparisons import check_finite
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve, PerResample
from amber_id.biometrics.error_rates import Weights
from amber_id.errors import EvaluationError

_Masses: TypeAlias = Float64[np.ndarray, " B"]  # comparisons of one kind at each of B scores


@dataclass(frozen=True)
class LinearCalibration:
    """LLR = scale x score + offset.

    Examples
    --------
    >>> LinearCalibration(scale=4.0, offset=-1.0).llrs(np.array([0.0, 0.5]))
    array([-1.,  1.])
    """

    scale: float  # 0 or more
    offset: float

    def llrs(self, scores: Float[np.ndarray, " P"]) -> Float[np.ndarray, " P"]:
        """LLR of each score, which must be finite."""
        check_finite(scores, "scores")
        return self.scale * scores + self.offset


@dataclass(frozen=True, eq=False)
class IsotonicCalibration:
    """LLR linear between the scores of dev, constant beyond the lowest and the highest.

    Examples
    --------
    >>> IsotonicCalibration(np.array([0.0, 1.0]), np.array([-1.0, 3.0])).llrs(np.array([-9.0, 0.5, 9.0]))
    array([-1.,  1.,  3.])
    """

    scores_seen: Float64[np.ndarray, " K"]  # different scores of dev, ascending
    llrs_seen: Float64[np.ndarray, " K"]  # finite, never falling

    def llrs(self, scores: Float[np.ndarray, " P"]) -> Float64[np.ndarray, " P"]:
        """LLR of each score, which must be finite."""
        check_finite(scores, "scores")
        return np.interp(scores, self.scores_seen, self.llrs_seen)


def pav_llrs(curve: ErrorCurve, *, laplace: bool = False) -> Float64[np.ndarray, "*R B"]:
    """Best LLR at each of `curve.scores` that never falls as the score rises.

    Pools neighbouring scores until the mated share of each pool rises, then takes the odds of the pool over
    those of all comparisons. -inf below the lowest mated score and +inf above the highest non-mated one.
    A score that a resample lacks has the LLR of the next lower one it has, or else of its lowest.

    Parameters
    ----------
    curve
        What was compared.
    laplace
        Add a virtual mated and a virtual non-mated comparison below the lowest score and above the highest,
        so that every ratio is finite; odds are still over those of the real comparisons. The virtual ones
        weigh 1 each, so weights must count comparisons. Brümmer and de Villiers, BOSARIS toolkit, 2011.

    Examples
    --------
    Two mated scores against two; 0.4 is tied and 0.1 has no mated score:

    >>> curve = error_curve(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    >>> pav_llrs(curve)
    array([-inf,   0.,  inf])

    Virtual pairs make it 1 : 2 at and below 0.1, 1 : 1 at 0.4 and 2 : 1 from 0.8:

    >>> np.exp(pav_llrs(curve, laplace=True)).round(6)
    array([0.5, 1. , 2. ])
    """
    all_mated, all_nonmated = np.asarray(curve.mated_weight), np.asarray(curve.nonmated_weight)
    mated = curve.mated_shares * all_mated[..., None]
    nonmated = curve.nonmated_shares * all_nonmated[..., None]
    ends = 1 if laplace else 0
    inner = slice(ends, mated.shape[-1] + ends)
    log_odds = np.empty(mated.shape)
    for row in np.ndindex(mated.shape[:-1]):
        padded = (np.pad(masses[row], ends, constant_values=1.0) for masses in (mated, nonmated))
        log_odds[row] = _pooled_log_odds(*padded)[inner]
    return log_odds - np.log(all_mated / all_nonmated)[..., None]


def cllr(
    mated_llrs: Float[np.ndarray, " M"], nonmated_llrs: Float[np.ndarray, " N"], **weights: Unpack[Weights]
) -> float:
    """Cost of log-likelihood ratios, in bits: 0 for perfect ones, 1 for ratios that say nothing.

    Mean of log2(1 + 1 / LR) over the mated plus that of log2(1 + LR) over the non-mated, halved. It has no
    upper bound: ratios that mislead cost more than 1, and infinite ones on the wrong side cost inf, as being
    certain and wrong must. Brümmer and du Preez, Computer Speech and Language 20, 2006.

    Raises
    ------
    UndefinedMetricError
        If a side is empty or has no weight.
    ValueError
        If an LLR is NaN, or the weights do not fit.

    Examples
    --------
    >>> cllr(np.array([0.0, 0.0]), np.array([0.0]))
    1.0
    >>> round(cllr(np.log([3.0]), np.log([1.0])), 6)  # (log2(4/3) + log2(2)) / 2
    0.707519
    >>> cllr(np.array([-np.inf]), np.array([-1.0]))
    inf
    """
    for side, values in (("mated", mated_llrs), ("non-mated", nonmated_llrs)):
        if np.isnan(values).any():
            raise ValueError(
                f"{side} LLRs must be numbers, got {np.count_nonzero(np.isnan(values))} NaN among "
                f"{values.size}: mend what made them"
            )
    # By rank, since only finite scores make a curve.
    llrs, ranks = np.unique(np.concatenate([mated_llrs, nonmated_llrs]), return_inverse=True)
    mated, nonmated = np.split(ranks.astype(np.float64), [len(mated_llrs)])
    curve = error_curve(mated, nonmated, **weights)
    return float(_cost(curve, llrs[curve.scores.astype(np.int64)].astype(np.float64)))


def cllr_of(curve: ErrorCurve) -> PerResample:
    """See :func:`cllr`; the scores of the curve are LLRs.

    Examples
    --------
    >>> float(cllr_of(error_curve(np.array([0.0]), np.array([0.0, 0.0]))))
    1.0
    """
    return _cost(curve, curve.scores)


def min_cllr(
    mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"], **weights: Unpack[Weights]
) -> float:
    """Cllr after the best rising map from these very scores to LLRs, in bits; in [0, 1].

    What the order of the scores is worth at best: 0 if they separate, 1 if they say nothing. Biased
    downward, the more so the fewer the scores: even a guesser's is below 1. Compare with
    :func:`amber_id.biometrics.permutation_null`.

    Examples
    --------
    Half of each side is certain, and the tie at 0.4 costs 1 bit:

    >>> min_cllr(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    0.5
    """
    return float(min_cllr_of(error_curve(mated, nonmated, **weights)))


def min_cllr_of(curve: ErrorCurve) -> PerResample:
    """See :func:`min_cllr`.

    Examples
    --------
    >>> float(min_cllr_of(error_curve(np.array([0.8]), np.array([0.1]))))
    0.0
    """
    return _cost(curve, pav_llrs(curve))


def fit_linear_calibration(
    mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"], *, prior: float = 0.5
) -> LinearCalibration:
    """Logistic regression in which the mated scores together weigh `prior`, to be fitted on dev.

    With prior 1/2 it minimises Cllr over all straight lines.

    Raises
    ------
    EvaluationError
        If no mated score lies below a non-mated one, since ever steeper lines fit ever better (use
        :func:`fit_isotonic_calibration`, whose ratios stay finite); if the best line falls, that is, higher
        scores go with different people; if all scores are equal.
    ValueError
        If a score is not finite or `prior` does not lie in (0, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit = fit_linear_calibration(rng.normal(2, 1, 5000), rng.normal(0, 1, 5000))
    >>> round(fit.scale, 1), round(fit.offset, 1)  # the truth is 2 and -2
    (2.0, -2.0)
    """
    if not 0 < prior < 1:
        raise ValueError(f"prior must lie in (0, 1), got {prior}")
    curve = error_curve(mated, nonmated)
    _check_overlap(mated, nonmated)
    centre, spread = curve.scores.mean(), curve.scores.std()
    design = np.stack([(curve.scores - centre) / spread, np.ones(len(curve.scores))], axis=1)
    slope, level = _logistic_regression(
        design, prior * curve.mated_shares, (1 - prior) * curve.nonmated_shares, float(logit(prior))
    )
    scale = slope / spread
    if scale < 0:
        raise EvaluationError(_anti_correlated(f"a best scale of {scale:.3g}"))
    return LinearCalibration(float(scale), float(level - scale * centre))


def fit_isotonic_calibration(
    mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]
) -> IsotonicCalibration:
    """PAV with Laplace's rule, to be fitted on dev; ratios are finite, also when the sides separate.

    It follows every quirk of few scores: with fewer than some hundred mated ones prefer
    :func:`fit_linear_calibration`.

    Examples
    --------
    >>> fit = fit_isotonic_calibration(np.array([0.4, 0.8]), np.array([0.1, 0.4]))
    >>> np.exp(fit.llrs(np.array([-5.0, 0.4, 0.6, 9.0]))).round(3)
    array([0.5  , 1.   , 1.414, 2.   ])
    """
    curve = error_curve(mated, nonmated)
    return IsotonicCalibration(curve.scores, pav_llrs(curve, laplace=True))


def _pooled_log_odds(
    mated: Float64[np.ndarray, " B"], nonmated: Float64[np.ndarray, " B"]
) -> Float64[np.ndarray, " B"]:
    """Log of mated over non-mated mass in the pool of each score."""
    total = mated + nonmated
    seen = np.flatnonzero(total > 0)
    lower = np.searchsorted(seen, np.arange(len(total)), side="right") - 1  # of each score
    mated, nonmated, total = mated[seen], nonmated[seen], total[seen]
    pools = isotonic_regression(mated / total, weights=total).blocks
    # Odds of the sums, not of the fitted shares: only so is a share of 1 exactly 1.
    with np.errstate(divide="ignore"):
        log_odds = np.log(np.add.reduceat(mated, pools[:-1]))
        log_odds -= np.log(np.add.reduceat(nonmated, pools[:-1]))
    return np.repeat(log_odds, np.diff(pools))[np.maximum(lower, 0)]


def _cost(curve: ErrorCurve, llrs: Float64[np.ndarray, "*Q B"]) -> PerResample:
    """Cllr if each score of the curve has the LLR given for it."""
    sides = (curve.mated_shares, -llrs), (curve.nonmated_shares, llrs)
    costs = [
        # Where a side has no comparison the ratio may be infinite, and 0 x inf must not count.
        np.multiply(shares, np.logaddexp(0.0, wrong), out=np.zeros(shares.shape), where=shares > 0)
        for shares, wrong in sides
    ]
    return np.sum(costs[0] + costs[1], axis=-1) / (2 * np.log(2))


def _logistic_regression(
    design: Float64[np.ndarray, "B 2"], mated: _Masses, nonmated: _Masses, prior_log_odds: float
) -> Float64[np.ndarray, " 2"]:
    """Slope and level that minimise the mean logarithmic loss of the posterior."""

    def loss(line: Float64[np.ndarray, " 2"]) -> tuple[float, Float64[np.ndarray, " 2"]]:
        log_odds = design @ line + prior_log_odds
        value = mated @ np.logaddexp(0, -log_odds) + nonmated @ np.logaddexp(0, log_odds)
        return float(value), design.T @ (nonmated * expit(log_odds) - mated * expit(-log_odds))

    def curvature(line: Float64[np.ndarray, " 2"]) -> Float64[np.ndarray, "2 2"]:
        log_odds = design @ line + prior_log_odds
        return (design.T * ((mated + nonmated) * expit(log_odds) * expit(-log_odds))) @ design

    fit = minimize(loss, np.zeros(2), jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9})
    # Where rounding ends the descent, `success` is False at the very bottom; this is how far it is.
    height = fit.jac @ np.linalg.solve(fit.hess, fit.jac) / 2
    if not height < 1e-9:
        raise EvaluationError(f"logistic regression must come within 1e-9 of the best loss, got {height:.1g}")
    return fit.x


def _check_overlap(mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]) -> None:
    """Refuse scores for which no finite line fits best."""
    mated_seen, nonmated_seen = (f"{side.min():g}..{side.max():g}" for side in (mated, nonmated))
    seen = f"mated ones in {mated_seen} and non-mated in {nonmated_seen}"
    if mated.min() == mated.max() == nonmated.min() == nonmated.max():
        raise EvaluationError(f"a linear calibration needs different scores, got {seen}: nothing to fit")
    if mated.max() <= nonmated.min():
        raise EvaluationError(_anti_correlated(seen))
    if mated.min() >= nonmated.max():
        raise EvaluationError(
            f"a linear calibration needs scores that overlap, got {seen}: ever steeper lines fit ever "
            "better; use an isotonic calibration, or more dev comparisons"
        )


def _anti_correlated(seen: str) -> str:
    return (
        f"a linear calibration needs scores that are higher for one person than for two, got {seen}: they "
        "are anti-correlated with identity; check their sign, or take every LLR as 0"
    )
