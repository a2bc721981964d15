"""How much does a score give away about whether two clips are of one person?

Conventions
-----------
0 says that scores give nothing away, larger that they give away more. Every measure here but :func:`d_sys` is
fitted to the scores it judges and comes out above 0 for a guesser, the more so the fewer the scores. Compare
it with its values in the study with people assigned to clips at random: :func:`permutation_null`.
Functions named `..._of` take an :class:`ErrorCurve` and give one value for each of its resamples.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from amber_id.biometrics.calibration import pav_llrs
from amber_id.biometrics.comparisons import check_finite
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve, PerResample
from amber_id.biometrics.permutation import label_free_edges

_CATEGORY_ENDS = (1, 2, 4, 5, 6)  # of log10 LR, between A, B, C, D, E and F
MOST_EXPECTED = 0.5 / float(np.log(2))  # bits, of ZEBRA: the most that scores can disclose over all priors
_FAR_LLR = 200.0  # beyond it a ratio costs less than 1e-80 on the right side


@dataclass(frozen=True)
class Zebra:
    """What scores disclose to an adversary who knows the best ratio for each; made by :func:`zebra`.

    Examples
    --------
    >>> zebra(np.array([0.4, 0.8]), np.array([0.1, 0.4])).category
    'A'
    """

    expected: float  # bits, over all prior beliefs alike; from 0 to 1 / (2 ln 2) = 0.7213
    worst_case: float  # log10 of the strongest LR, for or against; grows with the number of comparisons
    category: str  # of the worst case: "0" none, "A" below 1, then "B" to "F" from 1, 2, 4, 5 and 6


def zebra(mated: Float[np.ndarray, " M"], nonmated: Float[np.ndarray, " N"]) -> Zebra:
    """Expected and worst-case disclosure. Nautsch et al., The Privacy ZEBRA, Interspeech 2020.

    `expected` is the area between the entropy of a prior and the empirical cross entropy after seeing the
    score, over priors uniform in [0, 1], with likelihood ratios by PAV.
    `worst_case` describes these comparisons, with Laplace's rule; it estimates nothing, as it grows with
    their number: separated sides reach about log10 of the larger, and a guesser whose sides differ in size
    keeps a little above 0.

    Examples
    --------
    >>> result = zebra(np.array([0.8, 0.9]), np.array([0.1, 0.4]))
    >>> round(result.expected, 4), round(result.worst_case, 4), result.category
    (0.7213, 0.4771, 'A')
    >>> zebra(np.array([0.5]), np.array([0.5]))
    Zebra(expected=0.0, worst_case=0.0, category='0')
    """
    curve = error_curve(mated, nonmated)
    return Zebra(float(zebra_expected_of(curve)), *zebra_worst_case(curve))


def zebra_worst_case(curve: ErrorCurve) -> tuple[float, str]:
    """Worst-case disclosure and its category, of a curve without resamples; see :func:`zebra`.

    Examples
    --------
    >>> zebra_worst_case(error_curve(np.array([0.5]), np.array([0.5])))
    (0.0, '0')
    """
    worst_case = float(np.abs(pav_llrs(curve, laplace=True)).max() / np.log(10))
    if worst_case <= np.finfo(np.float64).eps:
        return 0.0, "0"
    return worst_case, "ABCDEF"[np.searchsorted(_CATEGORY_ENDS, worst_case, side="right")]


def zebra_expected_of(curve: ErrorCurve) -> PerResample:
    """Expected disclosure in bits; see :func:`zebra`.

    The integral over the priors in closed form: (1/2 - mean I(L) of the mated - mean I(1/L) of the
    non-mated) / ln 2 with I(L) = (L - 1 - ln L) / (2 (L - 1)^2).

    Examples
    --------
    >>> round(float(zebra_expected_of(error_curve(np.array([0.4, 0.8]), np.array([0.1, 0.4])))), 4)
    0.3607
    """
    llrs = pav_llrs(curve)
    left = curve.mated_shares * _cost_over_priors(llrs) + curve.nonmated_shares * _cost_over_priors(-llrs)
    # PAV never costs more than knowing nothing; rounding may.
    return np.maximum(0.0, (0.5 - left.sum(axis=-1)) / np.log(2))


def d_sys(
    mated: Float[np.ndarray, " M"],
    nonmated: Float[np.ndarray, " N"],
    *,
    permutations: int = 200,
    seed: int = 0,
) -> float:
    """Linkability of Gomez-Barrero et al. (IEEE TIFS 13, 2018), less what the estimator shows by itself.

    :func:`d_sys_raw_of` less its mean where mated comparisons are chosen at random. So it is
    about 0 for a guesser, may be slightly negative, and reaches nearly 1 where the sides separate.
    Comparisons that share a clip are not independent: whether a value differs from 0 is for
    :func:`permutation_null` to say.

    Parameters
    ----------
    mated, nonmated
        Scores of both sides.
    permutations
        Draws of the mean that is subtracted.
    seed
        Of the draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> abs(d_sys(rng.normal(size=500), rng.normal(size=5000))) < 0.05
    True
    >>> round(d_sys(rng.normal(9, 1, size=500), rng.normal(size=5000)), 1)
    0.9
    """
    if permutations < 1:
        raise ValueError(f"permutations must be 1 or more, got {permutations}")
    check_finite(mated, "mated scores")
    check_finite(nonmated, "non-mated scores")
    edges = label_free_edges(np.concatenate([mated, nonmated]))
    counts = [np.bincount(_places(edges, side), minlength=len(edges)) for side in (mated, nonmated)]
    total = counts[0] + counts[1]
    curve, bins = ErrorCurve.of_masses(edges, *counts), d_sys_bins(len(mated))
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(total, len(mated), size=permutations, method="marginals")
    chance = d_sys_raw_of(ErrorCurve.of_masses(edges, drawn, total - drawn), bins=bins)
    return float(d_sys_raw_of(curve, bins=bins) - np.mean(chance))


def d_sys_raw_of(curve: ErrorCurve, *, bins: int | None = None) -> PerResample:
    """Linkability of Gomez-Barrero et al. (IEEE TIFS 13, 2018) by histograms, in [0, 1]; biased upward.

    The mean over mated scores of max(0, 2 LR / (1 + LR) - 1): how sure an adversary is, who thinks both
    sides equally likely, that two clips are of one person.

    The ratios depend on the order of the scores alone, and so do these bins: each holds an equal share of
    all ranks, mated and non-mated scores together weighing alike. The authors' bins have equal width on the
    scale of the scores; there a single value far from the others empties all bins but two, and another scale
    for the same order gives another figure. For scores that are about normal the two agree.

    Parameters
    ----------
    curve
        What was compared.
    bins
        How many. Unless given, about a tenth of the number of mated scores, from 2 to 100, an even number so
        that sides that separate lie in different bins.

    Examples
    --------
    >>> float(d_sys_raw_of(error_curve(np.array([0.5, 0.9]), np.array([0.1, 0.2])), bins=2))
    1.0
    >>> float(d_sys_raw_of(error_curve(np.array([0.1, 0.9]), np.array([0.2, 0.3])), bins=4))
    1.0
    >>> float(d_sys_raw_of(error_curve(np.array([0.5, 9e9]), np.array([-1e9, 0.2])), bins=2))
    1.0
    """
    if bins is not None and bins < 1:
        raise ValueError(f"bins must be 1 or more, got {bins}")
    weights, mated, nonmated = np.asarray(curve.mated_weight), curve.mated_shares, curve.nonmated_shares
    values = np.empty(weights.shape)
    for row in np.ndindex(weights.shape):
        n = d_sys_bins(float(weights[row])) if bins is None else bins
        place = _rank_bins((mated[row] + nonmated[row]) / 2, n)
        values[row] = _linkability(
            np.bincount(place, weights=mated[row], minlength=n),
            np.bincount(place, weights=nonmated[row], minlength=n),
        )
    return values[()]


def d_sys_bins(n_mated: float | int) -> int:
    """Bins of :func:`d_sys_raw_of`: as many as its authors choose, to the next even number, two at least."""
    return 2 * int(min(50, max(1, n_mated // 20)))


def _rank_bins(masses: Float64[np.ndarray, " B"], bins: int) -> Int64[np.ndarray, " B"]:
    """Which bin each of the ascending scores lies in, of those that divide a mass of 1; ties share one."""
    middle = np.cumsum(masses) - masses / 2
    # Shares carry rounding errors, which must not move a score that stands on an edge.
    return (middle * bins + 1e-9).astype(np.int64).clip(max=bins - 1)


def _places(edges: Float64[np.ndarray, " B"], scores: Float[np.ndarray, " P"]) -> Int64[np.ndarray, " P"]:
    """The bin of each score, from its lower edge on."""
    return np.maximum(np.searchsorted(edges, scores, side="right") - 1, 0)


def _linkability(mated: Float64[np.ndarray, "*R B"], nonmated: Float64[np.ndarray, "*R B"]) -> PerResample:
    """D_sys from the share of each side in each bin; 2 LR / (1 + LR) - 1 = (p - q) / (p + q)."""
    both = mated + nonmated
    local = np.maximum(0.0, mated - nonmated) / np.where(both > 0, both, 1.0)
    return np.sum(mated * local, axis=-1)


def _cost_over_priors(llrs: Float64[np.ndarray, "*R B"]) -> Float64[np.ndarray, "*R B"]:
    """I(L), the integral of p ln(1 + (1 - p) / (p L)) over priors p from 0 to 1."""
    llrs = np.clip(llrs, -_FAR_LLR, _FAR_LLR)
    x = np.expm1(llrs)  # L - 1
    near = np.abs(x) < 1e-3  # where the fraction is 0 / 0, and its series exact to 1e-13
    divisor = np.where(near, 1.0, 2 * x**2)
    return np.where(near, 1 / 4 - x / 6 + x**2 / 8 - x**3 / 10, (x - llrs) / divisor)
