"""How sure is a figure, when a few people make many comparisons?

All comparisons of one person share that person's habits, so they are not independent, and an interval that
resamples comparisons is several times too narrow. Here *subjects* are resampled with replacement, each with
all its comparisons; `tallies` says how a comparison of two people is weighted.

The interval
------------
Around the figure itself, on the probit scale for rates and as it is for everything else, by ``t`` standard
errors, and back. The standard error is the spread of the resamples: few people make it somewhat too small
for the people, who are drawn S from S, and product weights somewhat too large for the noise of single pairs.
``t`` is Student's quantile with ``2 S / (k - 1)`` degrees of freedom, at least 2 and at most S - 1, where k
is the kurtosis of the figures with one person left out at a time: how well S people determine their own
spread (the variance of a variance). So an interval is wider where a few people decide the figure. A plain
percentile interval has neither scale nor t and is too narrow; ``docs/coverage.md`` has measured coverage.
A rate of exactly 0 or 1, which no resample can move, gets the exact binomial end of S people without a case.
A difference is resampled as a difference, with the same draws of people on both sides, on its own scale.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Shaped
from scipy.special import ndtr, ndtri
from scipy.stats import t as student

from amber_id.biometrics.comparisons import Comparisons, check_finite
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.resampling import Statistic, Study, resample
from amber_id.errors import EvaluationError

_ROUNDING = 1e-12  # of a rate
_POWER = 0.8  # of the difference that a study could have detected


@dataclass(frozen=True)
class Estimate:
    """A figure with its confidence interval over subjects, and how that was made."""

    value: float
    low: float  # lower end
    high: float  # upper end
    level: float  # share of studies whose interval should hold the truth, e.g. 0.95
    n_subjects: int  # S, those that were drawn
    n_deciding: int  # those with comparisons of the kind that fewer of them have, mostly mated ones
    degrees_of_freedom: float  # of the spread between people; far below S where a few of them decide
    replicates: int  # resamples the interval was taken from
    redrawn: int  # resamples thrown away since a side had no comparison left


@dataclass(frozen=True)
class Difference(Estimate):
    """A difference of two figures of the same people, with its paired interval."""

    detectable: float  # smallest true difference that had an 80 % chance of an interval without zero


def bootstrap(
    study: Study,
    statistics: Mapping[str, Statistic],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Every statistic with its interval over people; all of them see the same resamples.

    Parameters
    ----------
    study
        Comparisons or their tally; or a sequence of them, one for each training seed, over the same people:
        figures are then averaged over seeds, in the study as in each resample. Where a tally is by session, a
        second stage draws sessions within each drawn subject.
    statistics
        By name, e.g. ``{"eer": Statistic(ErrorCurve.eer)}``.
    replicates
        Resamples that count.
    level
        Of the intervals, in (0, 1).
    rng
        Source of the draws; the same state gives the same intervals.

    Raises
    ------
    EvaluationError
        If fewer than 3 subjects have non-mated comparisons or fewer than 2 have mated ones, or a statistic is
        not finite.
    UndefinedMetricError
        If a side is empty.
    ValueError
        If `replicates` or `level` is out of range, or there is no statistic.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(8), 5)
    >>> vectors = rng.normal(size=(8, 16))[subjects] + rng.normal(size=(40, 16))
    >>> statistics = {"eer": Statistic(ErrorCurve.eer), "auc": Statistic(ErrorCurve.auc)}
    >>> found = bootstrap(compare_all(vectors, subjects), statistics, replicates=200, rng=rng)
    >>> 0 < found["eer"].low < found["eer"].value < found["eer"].high < 0.3
    True
    """
    _check_settings(statistics, replicates, level)
    (found,) = resample([study], statistics, replicates=replicates, rng=rng)
    return {
        name: estimate_of(
            Spread(
                found.values[name],
                found.resampled[name],
                found.left_out[name],
                found.redrawn,
                level,
                found.n_subjects,
                found.n_deciding,
            ),
            statistic.scale,
        )
        for name, statistic in statistics.items()
    }


def bootstrap_difference(
    one: Study,
    other: Study,
    statistics: Mapping[str, Statistic],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Difference]:
    """Every statistic of `other` minus that of `one`, with its paired interval over people.

    Both sides see the same draws of people, so that what makes a person easy or hard on both sides cancels.
    Subjects must be numbered alike, and be the same, on both sides; otherwise EvaluationError is raised.
    Parameters and other errors are those of :func:`bootstrap`.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(8), 5)
    >>> people = rng.normal(size=(8, 16))[subjects]
    >>> clear, noisy = (compare_all(people + s * rng.normal(size=(40, 16)), subjects) for s in (1, 2))
    >>> found = bootstrap_difference(clear, noisy, {"eer": Statistic(ErrorCurve.eer)}, rng=rng)["eer"]
    >>> found.low > 0
    True
    """
    _check_settings(statistics, replicates, level)
    first, second = resample([one, other], statistics, replicates=replicates, rng=rng)
    return {
        name: difference_of(
            Spread(
                second.values[name] - first.values[name],
                second.resampled[name] - first.resampled[name],
                second.left_out[name] - first.left_out[name],
                first.redrawn,
                level,
                first.n_subjects,
                min(first.n_deciding, second.n_deciding),
            )
        )
        for name in statistics
    }


def bootstrap_mean(
    values: Float[np.ndarray, " Q"],
    subjects: Int[np.ndarray, " Q"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """The mean of values in [0, 1], with its interval over the subjects that they belong to.

    For what is measured clip by clip, such as the hits of :func:`amber_id.biometrics.rank1_hits`. The other
    people in a gallery are taken as given: only those who are looked for are resampled.

    Raises
    ------
    EvaluationError
        If the values belong to fewer than 3 subjects.
    ValueError
        If a value lies outside [0, 1], the arrays differ in length, or a setting is out of range.

    Examples
    --------
    >>> subjects = np.repeat(np.arange(10), 4)
    >>> hits = (subjects < 3).astype(float)
    >>> found = bootstrap_mean(hits, subjects, rng=np.random.default_rng(0))
    >>> found.value, 0.02 < found.low < 0.08, 0.6 < found.high < 0.75
    (0.3, True, True)
    """
    _check_settings(("mean",), replicates, level)
    if values.shape != subjects.shape or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            f"values must be one fraction for each of {len(subjects)} subjects, got {len(values)} from "
            f"{values.min(initial=np.inf)} to {values.max(initial=-np.inf)}"
        )
    _, place = np.unique(subjects, return_inverse=True)
    counts = np.bincount(place).astype(np.float64)
    S, sums = len(counts), np.bincount(place, weights=values)
    if S < 3:
        raise EvaluationError(f"an interval over people needs 3 subjects or more, got {S}: add people")
    times = rng.multinomial(S, np.full(S, 1 / S), size=replicates)
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    resampled = (times @ sums) / (times @ counts)
    spread = Spread(float(values.mean()), resampled, left_out, 0, level, S, S)
    return estimate_of(spread, "rate")


def bootstrap_eer(
    scores: Float[np.ndarray, " P"],
    enrol_subjects: Shaped[np.ndarray, " P"],
    probe_subjects: Shaped[np.ndarray, " P"],
    mated: Bool[np.ndarray, " P"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """The EER of scores from anywhere, with its interval over people.

    Parameters
    ----------
    scores
        One similarity per comparison.
    enrol_subjects, probe_subjects
        Who each side of the comparison shows: numbers or names.
    mated
        Whether the comparison is mated; must say the same as the two subjects.
    replicates, level
        As in :func:`bootstrap`.
    rng
        Source of the draws; ``numpy.random.default_rng(0)`` unless given.

    Raises
    ------
    ValueError
        If `mated` contradicts the subjects, the arrays differ in length, or a score is not finite.
    EvaluationError, UndefinedMetricError
        As :func:`bootstrap`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> enrol, probe = np.repeat(list("abcdefgh"), 40), np.tile(np.repeat(list("abcdefgh"), 5), 8)
    >>> scores = 2.0 * (enrol == probe) + rng.normal(size=320)
    >>> found = bootstrap_eer(scores, enrol, probe, enrol == probe)
    >>> 0 < found.low < found.value < found.high < 0.4
    True
    """
    scores, mated = np.asarray(scores), np.asarray(mated, dtype=bool)
    enrol_subjects, probe_subjects = np.asarray(enrol_subjects), np.asarray(probe_subjects)
    lengths = {len(scores), len(enrol_subjects), len(probe_subjects), len(mated)}
    if len(lengths) > 1:
        raise ValueError(
            f"scores, enrol_subjects, probe_subjects and mated must have one entry per comparison, got "
            f"{len(scores)}, {len(enrol_subjects)}, {len(probe_subjects)} and {len(mated)}"
        )
    check_finite(scores, "scores")
    wrong = np.flatnonzero((enrol_subjects == probe_subjects) != mated)
    if wrong.size:
        row = wrong[0]
        raise ValueError(
            f"mated must say whether both subjects are one, got {mated[row]} for {enrol_subjects[row]} and "
            f"{probe_subjects[row]} in row {row} and {wrong.size - 1} more such rows: do the ids match?"
        )
    names, number = np.unique(np.concatenate([enrol_subjects, probe_subjects]), return_inverse=True)
    # Which clips were compared is not known and not needed: each subject stands for an enrolment and a probe.
    S, P = len(names), len(scores)
    comparisons = Comparisons(
        scores=scores.astype(np.float64),
        enrolment=number[:P],
        probe=number[P:] + S,
        subjects=np.tile(np.arange(S), 2),
    )
    return bootstrap(
        comparisons,
        {"eer": Statistic(ErrorCurve.eer)},
        replicates=replicates,
        level=level,
        rng=rng or np.random.default_rng(0),
    )["eer"]


@dataclass(frozen=True, eq=False)
class Spread:
    """A figure, and how it moves when other people are drawn or one is left out."""

    value: float
    resampled: Float64[np.ndarray, " R"]
    left_out: Float64[np.ndarray, " G"]
    redrawn: int
    level: float
    n_subjects: int  # S, those that were drawn
    n_deciding: int  # those with comparisons of the kind that fewer of them have

    @property
    def error(self) -> float:
        """Standard error."""
        return float(np.std(self.resampled, ddof=1))

    @property
    def degrees_of_freedom(self) -> float:
        """Of the standard error, by the kurtosis of the figures with one subject left out."""
        S, most = len(self.left_out), max(self.n_deciding - 1, 1)
        shifts = self.left_out[np.isfinite(self.left_out)]
        shifts = shifts - shifts.mean()
        square = np.mean(shifts**2)
        if square == 0:
            return float(most)
        kurtosis = float(np.mean(shifts**4) / square**2)
        return float(np.clip(2 * S / max(kurtosis - 1, 1e-9), min(2, most), most))

    def reach(self, share: float) -> float:
        """So many standard errors that `share` of Student's distribution lies below."""
        return float(student.ppf(share, self.degrees_of_freedom)) * self.error


def estimate_of(spread: Spread, scale: Literal["rate", "real"]) -> Estimate:
    """The interval around a figure, on its own scale."""
    if scale == "rate":
        spread = _snapped(spread)
    value = spread.value
    upper = (1 + spread.level) / 2
    df = spread.degrees_of_freedom
    if scale == "real":
        reach = spread.reach(upper)
        low, high = value - reach, value + reach
    elif not 0 < value < 1:
        no_case = 1 - (1 - upper) ** (1 / spread.n_deciding)  # the exact binomial end
        low = 0.0 if value <= 0 else min(1 - no_case, float(np.quantile(spread.resampled, 1 - upper)))
        high = 1.0 if value >= 1 else max(no_case, float(np.quantile(spread.resampled, upper)))
    else:
        # A resample without an error would lie at minus infinity: it counts as a twentieth of the value.
        least = min(value, 1 - value) / 20
        centre, resampled, left_out = (
            ndtri(np.clip(rates, least, 1 - least)) for rates in (value, spread.resampled, spread.left_out)
        )
        probit = replace(spread, value=float(centre), resampled=resampled, left_out=left_out)
        reach, df = probit.reach(upper), probit.degrees_of_freedom
        low, high = float(ndtr(centre - reach)), float(ndtr(centre + reach))
    return Estimate(
        value,
        low,
        high,
        spread.level,
        spread.n_subjects,
        spread.n_deciding,
        df,
        len(spread.resampled),
        spread.redrawn,
    )


def _snapped(spread: Spread) -> Spread:
    """Rates within rounding of 0 or 1 are 0 or 1: their probits would be of no size."""

    def snap(rates: Float64[np.ndarray, " R"]) -> Float64[np.ndarray, " R"]:
        return np.where(rates < _ROUNDING, 0.0, np.where(rates > 1 - _ROUNDING, 1.0, rates))

    return replace(
        spread,
        value=float(snap(np.array([spread.value]))[0]),
        resampled=snap(spread.resampled),
        left_out=snap(spread.left_out),
    )


def difference_of(spread: Spread) -> Difference:
    """The interval around a difference."""
    detectable = spread.reach((1 + spread.level) / 2) + spread.reach(_POWER)
    return Difference(**vars(estimate_of(spread, "real")), detectable=detectable)


def _check_settings(statistics: Collection[str], replicates: int, level: float) -> None:
    if replicates < 2 or not 0 < level < 1 or not statistics:
        raise ValueError(
            "a bootstrap needs replicates >= 2, level in (0, 1) and a statistic, "
            f"got replicates={replicates}, level={level} and {len(statistics)} statistics"
        )
