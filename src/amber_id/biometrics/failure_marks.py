"""Which of these scores are no scores, but mark a comparison that failed?

Systems write a constant where a template could not be made: -1000, -999, the lowest number there is in place
of minus infinity. The rule: at most five different values at either end of all scores, at most half
of the comparisons unless all of them are numbers that programs use for this, with a gap to the rest of the
scores, the core,

* of five times the range of the core, and of all of its range on a logarithmic scale about the median, so
  that likelihood ratios, whose sizes differ by orders of magnitude, are scores; or
* of once the range, and a quarter of the logarithmic one, where each of them stands twice or more or is a
  number that programs use for this: 10, 100, ..., 9, 99, ..., and the largest there are, with either sign.

More than half may well be no failures where the number is another: many matchers give 0 to most pairs.

The core must have ten different values or more: of fewer nothing can be said. A constant among the scores,
such as 0 among cosines, cannot be distinguished from a score.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

_MOST_VALUES = 5
_FEWEST_OTHERS = 10  # different values, from which a range can be estimated
_FAR = (5.0, 1.0)  # in ranges of the core, and in those of its logarithms
_FAR_CONSTANT = (1.0, 0.25)
_LARGEST = np.array([np.finfo(kind).max for kind in (np.float16, np.float32, np.float64)], np.float64)


@dataclass(frozen=True, eq=False)
class Placeholders:
    """The values that mark failed comparisons, and between what all others lie; made by :func:`placeholders`.

    Examples
    --------
    >>> found = placeholders(np.append(np.linspace(-1, 1, 50), [-1000.0, -1000.0]))
    >>> found.values, found.lowest, found.highest
    (array([-1000.]), -1.0, 1.0)
    """

    values: Float64[np.ndarray, " V"]  # ascending; none as a rule
    lowest: float  # of the other scores
    highest: float

    def among(self, scores: Float[np.ndarray, " P"]) -> Bool[np.ndarray, " P"]:
        """Which scores are such values."""
        return np.isin(scores, self.values)

    def brought_near(self, scores: Float64[np.ndarray, " P"]) -> Float64[np.ndarray, " P"]:
        """Copy of the scores with each such value next to the others: below or above all by their range."""
        reach = self.highest - self.lowest
        near = np.where(scores < self.lowest, self.lowest - reach, self.highest + reach)
        return np.where(self.among(scores), near, scores)


def placeholders(scores: Float64[np.ndarray, " P"]) -> Placeholders:
    """The values among some scores that mark comparisons that failed, by the rule of this module.

    Raises
    ------
    ValueError
        If there is no score.
    """
    if not scores.size:
        raise ValueError("placeholders needs scores, got none")
    values, counts = np.unique(scores, return_counts=True)
    V, customary = len(values), np.zeros(len(values), dtype=bool)
    for end in (slice(0, _MOST_VALUES), slice(max(V - _MOST_VALUES, 0), V)):
        customary[end] = _is_customary(values[end])
    marks = customary | (counts > 1)
    low, high = 0, V  # values[low:high] is the core
    for n_below, n_above in product(range(_MOST_VALUES + 1), repeat=2):
        a, b = n_below, V - n_above
        is_tighter = b - a < high - low and b - a >= _FEWEST_OTHERS
        may_be_most = customary[:a].all() and customary[b:].all()
        if not is_tighter or (not may_be_most and 2 * counts[a:b].sum() < len(scores)):
            continue
        if _is_far(values, counts, marks, a, b):
            low, high = a, b
    return Placeholders(
        np.concatenate([values[:low], values[high:]]), float(values[low]), float(values[high - 1])
    )


def _is_customary(values: Float64[np.ndarray, " V"]) -> Bool[np.ndarray, " V"]:
    """Whether a value is a power of ten, one less, or the largest number of its kind, with either sign."""
    sizes = np.abs(values)
    powers = 10.0 ** np.arange(1, 309)
    return np.isin(sizes, np.concatenate([powers, powers[:15] - 1, _LARGEST]))


def _is_far(
    values: Float64[np.ndarray, " V"],
    counts: Int64[np.ndarray, " V"],
    marks: Bool[np.ndarray, " V"],
    low: int,
    high: int,
) -> bool:
    """Whether the values below `low` and those from `high` on lie far from the core between them."""
    # A fourth, so that the differences of the largest numbers are numbers.
    values = values / 4
    core, reach = values[low:high], values[high - 1] - values[low]
    ends = [(low - 1, low, marks[:low])] if low else []
    ends += [(high, high - 1, marks[high:])] if high < len(values) else []
    limits = [_FAR_CONSTANT if constant.all() else _FAR for *_, constant in ends]
    gaps = [(end, edge, *far) for (end, edge, _), far in zip(ends, limits, strict=True)]
    if any(abs(values[end] - values[edge]) / far <= reach for end, edge, far, _ in gaps):
        return False
    middle = np.median(np.repeat(core, counts[low:high]))
    size = np.median(np.abs(core - middle)) or reach
    with np.errstate(over="ignore", invalid="ignore"):
        logs = np.sign(values - middle) * np.log1p(np.abs(values - middle) / size)
        log_reach = logs[high - 1] - logs[low]
        return all(abs(logs[end] - logs[edge]) > far * log_reach for end, edge, _, far in gaps)
