"""From which score on is a likelihood ratio evidence?

A calibration is fitted to the comparisons of some people; other people would give another line. Where the
ratio cannot be distinguished from 1, a score is no evidence either way.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.special import expit, stdtrit

from amber_id.biometrics.calibration import LinearCalibration
from amber_id.biometrics.comparisons import Comparisons
from amber_id.biometrics.permutation import label_free_edges

_STEPS = 8  # of Newton's method, from the line of all people
_CONVERGED = 1e-6


class ScoreRange(NamedTuple):
    """Scores from `low` to `high`; either may be infinite."""

    low: float
    high: float


def undecided_scores(comparisons: Comparisons, line: LinearCalibration, *, level: float = 0.95) -> ScoreRange:
    """Scores whose calibrated likelihood ratio cannot be distinguished from 1, by an interval over people.

    The line of :func:`amber_id.biometrics.fit_linear_calibration` is fitted again with each person left out,
    which gives the covariance of its slope and offset (jackknife: Efron and Stein, Annals of Statistics 9,
    1981). A score is undecided where the interval of its LLR, by Student's t with one degree of freedom less
    than people, holds 0 (Fieller, Journal of the Royal Statistical Society B 16, 1954). All scores are where
    the slope itself cannot be distinguished from 0, or where the comparisons depend on one person.

    Parameters
    ----------
    comparisons
        What the calibration was fitted to.
    line
        What :func:`amber_id.biometrics.fit_linear_calibration` gave for them.
    level
        Of the interval.

    Raises
    ------
    ValueError
        If `level` does not lie in (0, 1).

    Examples
    --------
    >>> from amber_id.biometrics import compare_all, fit_linear_calibration
    >>> subjects, rng = np.repeat(np.arange(30), 4), np.random.default_rng(0)
    >>> vectors = rng.normal(size=(30, 16))[subjects] + rng.normal(size=(120, 16))
    >>> comparisons = compare_all(vectors, subjects)
    >>> line = fit_linear_calibration(comparisons.mated_scores, comparisons.nonmated_scores)
    >>> low, high = undecided_scores(comparisons, line)
    >>> 0.2 < low < high < 0.4
    True
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    edges, mated, nonmated = _without_each(comparisons)
    everything, n_people = ScoreRange(-np.inf, np.inf), len(mated) - 1
    if n_people < 3 or not ((mated.sum(axis=1) > 0) & (nonmated.sum(axis=1) > 0)).all():
        return everything
    centre, spread = float(edges.mean()), float(edges.std())
    start = np.array([line.scale * spread, line.offset + line.scale * centre])
    lines = _fitted(
        (edges - centre) / spread,
        mated / mated.sum(axis=1, keepdims=True) / 2,
        nonmated / nonmated.sum(axis=1, keepdims=True) / 2,
        start,
    )
    if lines is None:
        return everything
    covariance = _jackknife_covariance(lines[1:])
    reach = float(stdtrit(n_people - 1, (1 + level) / 2)) ** 2
    ends = _fieller_ends(start, covariance, reach)
    return everything if ends is None else ScoreRange(*(float(centre + spread * end) for end in ends))


def _jackknife_covariance(lines: Float64[np.ndarray, "R 2"]) -> Float64[np.ndarray, "2 2"]:
    """Covariance of slope and offset, from their values with each of R people left out."""
    apart = lines - lines.mean(axis=0)
    covariance: Float64[np.ndarray, "2 2"] = (len(lines) - 1) / len(lines) * apart.T @ apart
    return covariance


def _fieller_ends(
    line: Float64[np.ndarray, " 2"], covariance: Float64[np.ndarray, "2 2"], reach: float
) -> tuple[float, float] | None:
    """Where (slope z + offset)^2 equals `reach` times its variance; None where the slope may be 0."""
    slope, offset = line
    a = slope**2 - reach * covariance[0, 0]
    b = slope * offset - reach * covariance[0, 1]
    c = offset**2 - reach * covariance[1, 1]
    if a <= 0:
        return None
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return (-b - root) / a, (-b + root) / a


def _without_each(
    comparisons: Comparisons,
) -> tuple[Float64[np.ndarray, " B"], Float64[np.ndarray, "R B"], Float64[np.ndarray, "R B"]]:
    """Comparisons in bins of scores, of all people and then without each who takes part."""
    edges = label_free_edges(comparisons.scores)
    place = np.searchsorted(edges, comparisons.scores, side="right") - 1
    people, who = np.unique(
        np.concatenate([comparisons.enrolment_subjects, comparisons.probe_subjects]), return_inverse=True
    )
    one, other = np.split(who, 2)
    S, B = len(people), len(edges)

    def without(kind: Bool[np.ndarray, " P"], *sides: Int64[np.ndarray, " P"]) -> Float64[np.ndarray, "R B"]:
        whole = np.bincount(place[kind], minlength=B)
        left = np.tile(whole, (S + 1, 1)).astype(np.float64)
        for side in sides:
            left[1:] -= np.bincount(side[kind] * B + place[kind], minlength=S * B).reshape(S, B)
        return left

    return edges, without(comparisons.mated, one), without(~comparisons.mated, one, other)


def _fitted(
    z: Float64[np.ndarray, " B"],
    mated: Float64[np.ndarray, "R B"],
    nonmated: Float64[np.ndarray, "R B"],
    start: Float64[np.ndarray, " 2"],
) -> Float64[np.ndarray, "R 2"] | None:
    """Slope and offset of each row by logistic regression; None where one does not settle."""
    design = np.stack([z, np.ones(len(z))])
    lines = np.repeat(start[None], len(mated), axis=0)
    for _ in range(_STEPS):
        given = expit(lines @ design)
        gradient = (nonmated * given - mated * (1 - given)) @ design.T
        curvature = np.einsum("rb,ib,jb->rij", (mated + nonmated) * given * (1 - given), design, design)
        if not (np.linalg.det(curvature) > 0).all():
            return None
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        lines = lines - step
        if np.abs(step).max() < _CONVERGED * (1 + np.abs(lines).max()):
            return lines
    return None
