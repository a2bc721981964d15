"""How is a figure written in a line of text, beside its interval?"""

from amber_id.results.figures import Difference, Rate


def with_interval(figure: Rate) -> str:
    """A figure and its interval: ``0.263 [0.221, 0.304]``."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def signed(difference: Difference) -> str:
    """A difference and its interval, with signs: ``+0.104 [+0.010, +0.199]``."""
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
