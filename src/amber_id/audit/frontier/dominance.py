"""Which points are dominated: is there one that hides people no worse, keeps as much, and is better in one?

Points are compared by the EER of their strongest attacker and by the one number of utility. A point is
*clearly* dominated where one other is better in both, by paired intervals above 0; else it may be chance.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class HasInterval(Protocol):
    """A difference with its interval."""

    @property
    def low(self) -> float:
        """Lower end."""
        ...


Values = Mapping[str, tuple[float, float]]
"""EER and utility of each point."""

Less = Callable[[str, str], tuple[HasInterval, HasInterval]]
"""EER and utility of the second point less those of the first, paired over people."""


def dominated_by(name: str, values: Values) -> tuple[str, ...]:
    """The points of no lower EER and utility than this one, and of a higher one of the two.

    Examples
    --------
    >>> values = {"weak": (0.3, 0.9), "strong": (0.4, 0.9), "costly": (0.45, 0.5), "poor": (0.35, 0.4)}
    >>> {name: dominated_by(name, values) for name in values}
    {'weak': ('strong',), 'strong': (), 'costly': (), 'poor': ('strong', 'costly')}
    """
    own = values[name]
    return tuple(
        other
        for other, both in values.items()
        if both != own and all(theirs >= ours for theirs, ours in zip(both, own, strict=True))
    )


def is_clearly_dominated(name: str, dominating: Sequence[str], less: Less) -> bool:
    """Whether one of these is better in EER and in utility by intervals that lie above 0."""
    return any(all(each.low > 0 for each in less(name, other)) for other in dominating)
