"""From how a figure moves when other people are drawn, to an interval.

Conventions
-----------
Around the figure itself, on the probit scale between its ends, if it has any, by ``t`` standard
errors, and back. The standard error is the spread of the resamples: few people make it somewhat too small
for the people, who are drawn S from S, and product weights somewhat too large for the noise of single pairs.
``t`` is Student's quantile with ``2 S / (k - 1)`` degrees of freedom, at least 2 and at most S - 1, where k
is the kurtosis of the figures with one person left out at a time: how well S people determine their own
spread (the variance of a variance). So an interval is wider where a few people decide the figure. A plain
percentile interval has neither scale nor t and is too narrow; ``docs/coverage.md`` has measured coverage.
A figure at one of its ends, which no resample can move, gets the exact binomial end of people without a case.
A difference is resampled as a difference, with the same draws of people on both sides, on its own scale.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr, ndtri
from scipy.stats import beta
from scipy.stats import t as student

from amber_id.biometrics.resampling import Resampled

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

    @classmethod
    def of(cls, figures: Resampled, name: str, level: float) -> "Spread":
        """One of the statistics that were resampled, for intervals of a level."""
        return cls(
            figures.values[name],
            figures.resampled[name],
            figures.left_out[name],
            figures.redrawn,
            level,
            figures.n_subjects,
            figures.n_deciding,
        )

    def moves_to(self, other: "Spread") -> "Spread":
        """`other` less this one, draw by draw; both must come from the same draws of people."""
        return replace(
            self,
            value=other.value - self.value,
            resampled=other.resampled - self.resampled,
            left_out=other.left_out - self.left_out,
            n_deciding=min(self.n_deciding, other.n_deciding),
        )

    @property
    def error(self) -> float:
        """Standard error."""
        return float(np.std(self.resampled, ddof=1))

    @property
    def degrees_of_freedom(self) -> float:
        """Those of the standard error, by the kurtosis of the figures with one subject left out."""
        S, most = len(self.left_out), max(self.n_deciding - 1, 1)
        shifts = self.left_out[np.isfinite(self.left_out)]
        shifts = shifts - shifts.mean()
        square = np.mean(shifts**2)
        if square == 0:
            return float(most)
        kurtosis = float(np.mean(shifts**4) / square**2)
        return float(np.clip(2 * S / max(kurtosis - 1, 1e-9), min(2, most), most))

    @property
    def no_case(self) -> float:
        """The exact binomial end where none of so many people shows a case."""
        return float(1 - ((1 - self.level) / 2) ** (1 / self.n_deciding))

    def reach(self, share: float) -> float:
        """So many standard errors that `share` of Student's distribution lies below."""
        return float(student.ppf(share, self.degrees_of_freedom)) * self.error


def estimate_of(spread: Spread, bounds: tuple[float, float] | None) -> Estimate:
    """The interval around a figure, on the probit scale between its bounds, if it has any."""
    upper = (1 + spread.level) / 2
    if bounds is None:
        reach, df = spread.reach(upper), spread.degrees_of_freedom
        ends = spread.value - reach, spread.value + reach
        return _made(spread, spread.value, *ends, df)
    least, most = bounds
    rate = _as_rate(spread, least, most)
    if not 0 < rate.value < 1:
        low = 0.0 if rate.value <= 0 else min(1 - rate.no_case, _quantile(rate.resampled, 1 - upper))
        high = 1.0 if rate.value >= 1 else max(rate.no_case, _quantile(rate.resampled, upper))
        df = rate.degrees_of_freedom
    else:
        # A resample without an error would lie at minus infinity: it counts as a twentieth of the value.
        nearest = min(rate.value, 1 - rate.value) / 20
        centre, resampled, left_out = (
            ndtri(np.clip(rates, nearest, 1 - nearest))
            for rates in (rate.value, rate.resampled, rate.left_out)
        )
        probit = replace(rate, value=float(centre), resampled=resampled, left_out=left_out)
        reach, df = probit.reach(upper), probit.degrees_of_freedom
        low, high = float(ndtr(centre - reach)), float(ndtr(centre + reach))
    value, low, high = (least + (most - least) * each for each in (rate.value, low, high))
    return _made(spread, value, low, high, df)


def difference_of(spread: Spread, *, width: float = 0.0) -> Difference:
    """The interval around a difference; at least as wide as `width` on either side."""
    upper, df = (1 + spread.level) / 2, spread.degrees_of_freedom
    reach = max(spread.reach(upper), width)
    detectable = max(spread.reach(upper) + spread.reach(_POWER), width)
    estimate = _made(spread, spread.value, spread.value - reach, spread.value + reach, df)
    return Difference(**vars(estimate), detectable=detectable)


def jackknifed(
    rate: float, left_out: Float64[np.ndarray, " G"], *, level: float, n_subjects: int, n_deciding: int
) -> Estimate:
    """The interval around a rate that is computed anew with each of G groups of people left out.

    Student's on the probit scale, with the jackknife's standard error (Miller, Biometrika 61, 1974) and the
    degrees of freedom of :class:`Spread`. Where one of the groups, or nobody, decides whether the rate is at
    an end, its probit has no size: then the exact binomial end of as many people (Clopper and Pearson,
    Biometrika 26, 1934) is given, and that end itself.
    """
    G, tail = len(left_out), (1 - level) / 2
    rates = np.append(left_out, rate)
    centre, others = (ndtri(np.clip(each, _ROUNDING, 1 - _ROUNDING)) for each in (rate, left_out))
    # Scattered about their mean like resamples: G - 1 times as far as the figures with a group left out.
    scattered = np.sqrt((G - 1) ** 2 / G) * (others - others.mean())
    spread = Spread(float(centre), scattered, others, 0, level, n_subjects, min(n_deciding, G))
    reach, df = spread.reach(1 - tail), spread.degrees_of_freedom
    low, high = float(ndtr(centre - reach)), float(ndtr(centre + reach))
    cases = rate * n_deciding
    if rates.min() < _ROUNDING:
        low, high = 0.0, float(beta.ppf(1 - tail, cases + 1, n_deciding - cases))
    elif rates.max() > 1 - _ROUNDING:
        low, high = float(beta.ppf(tail, cases, n_deciding - cases + 1)), 1.0
    return replace(_made(spread, rate, low, high, df), n_deciding=n_deciding, replicates=G)


def _made(spread: Spread, value: float, low: float, high: float, degrees_of_freedom: float) -> Estimate:
    return Estimate(
        value,
        low,
        high,
        spread.level,
        spread.n_subjects,
        spread.n_deciding,
        degrees_of_freedom,
        len(spread.resampled),
        spread.redrawn,
    )


def _as_rate(spread: Spread, least: float, most: float) -> Spread:
    """Clip a rate to 0 to 1; what is within rounding of an end is set to it, else its probit has no size."""

    def rate(values: Float64[np.ndarray, " R"]) -> Float64[np.ndarray, " R"]:
        rates = (values - least) / (most - least)
        return np.where(rates < _ROUNDING, 0.0, np.where(rates > 1 - _ROUNDING, 1.0, rates))

    return replace(
        spread,
        value=float(rate(np.array([spread.value]))[0]),
        resampled=rate(spread.resampled),
        left_out=rate(spread.left_out),
    )


def unmoved_width(one: Spread, other: Spread, bounds: tuple[float, float] | None) -> float:
    """How far apart two figures may be that both lie at an end, where no resample can move them."""
    if bounds is None or np.ptp(one.resampled) > 0 or np.ptp(other.resampled) > 0:
        return 0.0
    rates = [_as_rate(each, *bounds) for each in (one, other)]
    at_end = all(not 0 < each.value < 1 for each in rates)
    return max(each.no_case for each in rates) * (bounds[1] - bounds[0]) if at_end else 0.0


def _quantile(values: Float64[np.ndarray, " R"], share: float) -> float:
    return float(np.quantile(values, share))
