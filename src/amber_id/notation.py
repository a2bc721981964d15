"""How is a number, an interval, a percentage or a duration written for people?

Conventions
-----------
Rates are fractions. Pages, figures and sentences write them as percentages, their differences as points of a
percent; the command line writes them as fractions, as in files. A page sees to it that no line ends between a
number and its unit.

Examples
--------
>>> from types import SimpleNamespace
>>> rate = SimpleNamespace(value=0.261, low=0.22, high=0.303)
>>> interval(rate), percent_and_interval(rate), with_interval(rate)
('[22.0, 30.3]', '26.1 % [22.0, 30.3]', '0.261 [0.220, 0.303]')
>>> interval_in_unit(rate, "bit"), interval_in_unit(rate, "%")
('[0.220, 0.303]', '[22.0, 30.3]')
>>> difference = SimpleNamespace(value=-0.098, low=-0.156, high=0.041, detectable=0.05)
>>> points(difference), signed(difference), direction(difference), detectable(difference)
('−9.8 [−15.6, +4.1]', '-0.098 [-0.156, +0.041]', 'not shown', '5.0')
>>> direction(SimpleNamespace(value=0.1, low=0.02, high=0.2))
'higher'
"""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Interval(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float:
        """The figure."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


@runtime_checkable
class Change(Interval, Protocol):
    """A difference with its interval, and the smallest true one that would probably have been shown."""

    @property
    def detectable(self) -> float:
        """That difference, without sign."""


def percent(rate: float, digits: int = 1) -> str:
    """A measured rate, to a tenth of a percent."""
    return f"{100 * rate:.{digits}f} %"


def short_percent(rate: float) -> str:
    """A given rate, such as a level or the guesser's, without a needless zero.

    Examples
    --------
    >>> short_percent(0.5), short_percent(0.971)
    ('50 %', '97.1 %')
    """
    return f"{100 * rate:.3g} %"


def interval(rate: Interval) -> str:
    """The interval beside a percentage."""
    return f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def percent_and_interval(rate: Interval) -> str:
    """A measured rate with its interval, for a sentence."""
    return f"{percent(rate.value)} {interval(rate)}"


def with_interval(figure: Interval, digits: int = 3) -> str:
    """A figure with its interval, as in files."""
    return f"{figure.value:.{digits}f} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def signed(difference: Interval, digits: int = 3) -> str:
    """A difference with its interval, with signs, as in files."""
    return f"{difference.value:+.{digits}f} [{difference.low:+.{digits}f}, {difference.high:+.{digits}f}]"


def points(difference: Interval) -> str:
    """A difference of rates with its interval, in points of a percent."""
    ends = f"[{100 * difference.low:+.1f}, {100 * difference.high:+.1f}]"
    return f"{100 * difference.value:+.1f} {ends}".replace("-", "\N{MINUS SIGN}")


def leaves_out_zero(difference: Interval) -> bool:
    """Whether a difference is shown: its interval does not hold 0."""
    return difference.low > 0 or difference.high < 0


def direction(difference: Interval) -> str:
    """Whether a difference is shown: ``higher``, ``lower``, or ``not shown``."""
    if not leaves_out_zero(difference):
        return "not shown"
    return "higher" if difference.value > 0 else "lower"


def detectable(difference: Change) -> str:
    """The smallest true difference that a study would probably have shown, in points of a percent.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> detectable(SimpleNamespace(value=0.01, low=-0.02, high=0.04, detectable=0.05))
    '5.0'
    """
    return f"{100 * difference.detectable:.1f}"


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


def count(number: int) -> str:
    """A whole number with its thousands apart.

    Examples
    --------
    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def plural(number: int, one: str, many: str) -> str:
    """The number with its noun.

    Examples
    --------
    >>> plural(1, "clip", "clips"), plural(1200, "clip", "clips")
    ('1 clip', '1,200 clips')
    """
    return f"{number:,} {one if number == 1 else many}"


def number(value: float) -> str:
    """A figure to three digits, with a minus sign of its own.

    Examples
    --------
    >>> number(-0.0614), number(-0.0004)
    ('−0.061', '0.000')
    """
    return f"{value + 0.0:.3f}".replace("-0.000", "0.000").replace("-", "\N{MINUS SIGN}")


def in_unit(value: float, unit: str) -> str:
    """A figure in its unit: a rate in percent, anything else to three digits.

    Examples
    --------
    >>> in_unit(0.2614, "%"), in_unit(0.2614, "bit"), in_unit(-0.0004, "")
    ('26.1 %', '0.261 bit', '0.000')
    """
    if unit == "%":
        return percent(value)
    return f"{number(value)} {unit}".rstrip()


def interval_in_unit(rate: Interval, unit: str) -> str:
    """The interval beside a figure in its unit, without the unit."""
    return interval(rate) if unit == "%" else f"[{number(rate.low)}, {number(rate.high)}]"
