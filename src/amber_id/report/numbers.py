"""How is a number, an interval, a percentage or a duration written?

Conventions
-----------
Rates are fractions; they are written as percentages with a space that does not break, and their differences
as points of a percent.
"""

import json
from collections.abc import Callable, Mapping

from amber_id.report.cells import is_shown
from amber_id.results import Difference, Rate
from amber_id.results.utility import Average


def percent(rate: float) -> str:
    r"""A measured rate, to a tenth of a percent.

    Examples
    --------
    >>> percent(0.2614)
    '26.1\xa0%'
    """
    return f"{100 * rate:.1f}\N{NO-BREAK SPACE}%"


def short_percent(rate: float) -> str:
    r"""A given rate, such as a level or the guesser's, without a needless zero.

    Examples
    --------
    >>> short_percent(0.5), short_percent(0.971)
    ('50\xa0%', '97.1\xa0%')
    """
    return f"{100 * rate:.3g}\N{NO-BREAK SPACE}%"


def interval(rate: Rate | Average) -> str:
    """The interval beside a percentage.

    Examples
    --------
    >>> interval(Rate(value=0.261, low=0.22, high=0.303, level=0.95, chance=0.5))
    '[22.0, 30.3]'
    """
    return f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def duration(seconds: float) -> str:
    """A wall time, coarsely.

    Examples
    --------
    >>> duration(42.3), duration(150.0), duration(9000.0)
    ('42 s', '2 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def points(found: Difference) -> str:
    r"""A difference of rates with its interval, in points of a percent.

    Examples
    --------
    >>> points(Difference(value=-0.098, low=-0.156, high=0.041, level=0.95, detectable=0.1))
    '−9.8 [−15.6, +4.1]'
    """
    said = f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    return said.replace("-", "−")


def direction(found: Difference) -> str:
    """Whether a difference is there: ``higher``, ``lower``, or not shown, and what would have been seen.

    Examples
    --------
    >>> direction(Difference(value=0.1, low=0.02, high=0.2, level=0.95, detectable=0.12))
    'higher'
    >>> direction(Difference(value=0.01, low=-0.02, high=0.04, level=0.95, detectable=0.05))
    'not shown'
    """
    if not is_shown(found):
        return "not shown"
    return "higher" if found.value > 0 else "lower"


def detectable(found: Difference) -> str:
    r"""The smallest true difference that this study would probably have shown, in points.

    Examples
    --------
    >>> detectable(Difference(value=0.01, low=-0.02, high=0.04, level=0.95, detectable=0.05))
    '5.0'
    """
    return f"{100 * found.detectable:.1f}"


def plural(number: int, one: str, many: str) -> str:
    """The number with its noun.

    Examples
    --------
    >>> plural(1, "clip", "clips"), plural(1200, "clip", "clips")
    ('1 clip', '1,200 clips')
    """
    return f"{number:,} {one if number == 1 else many}"


def in_unit(value: float, unit: str) -> str:
    r"""A figure in its unit: a rate in percent, anything else to three digits.

    Examples
    --------
    >>> in_unit(0.2614, "%"), in_unit(0.2614, "bit"), in_unit(-0.0004, "")
    ('26.1\xa0%', '0.261\xa0bit', '0.000')
    """
    if unit == "%":
        return percent(value)
    number = f"{value + 0.0:.3f}".replace("-0.000", "0.000")
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def interval_in_unit(rate: Rate, unit: str) -> str:
    """The interval beside a figure in its unit, without the unit.

    Examples
    --------
    >>> interval_in_unit(Rate(value=0.261, low=0.22, high=0.303, level=0.95, chance=1.0), "bit")
    '[0.220, 0.303]'
    """
    return interval(rate) if unit == "%" else f"[{in_unit(rate.low, '')}, {in_unit(rate.high, '')}]"


FILTERS: Mapping[str, Callable[..., str]] = {
    "count": lambda number: f"{number:,}",
    "duration": duration,
    "interval": interval,
    "percent": percent,
    "plain": lambda value: value if isinstance(value, str) else json.dumps(value, sort_keys=True),
    "short_percent": short_percent,
    "detectable": detectable,
    "direction": direction,
    "number": lambda value: f"{value:.3f}".replace("-", "\N{MINUS SIGN}"),
    "plural": plural,
    "points": points,
}
"""How every page writes a number or a setting."""
