"""How is a figure for a paper laid out? What all drawings with Matplotlib share.

Conventions
-----------
A drawing is given an empty figure, draws with the settings in force, and returns it.
"""

from typing import TYPE_CHECKING, Any

from amber_id.report.drawing.palette import NEUTRAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def sized(figure: "Figure", width_in: float, height_in: float, **spaces: float) -> "Figure":
    """The figure at its size, with room around its panels."""
    figure.set_size_inches(width_in, height_in)
    figure.set_layout_engine("constrained", **{"h_pad": 0.1, "w_pad": 0.12} | spaces)
    return figure


def panels_of(figure: "Figure", number: int, columns: int) -> list["Axes"]:
    """So many panels in rows of at most so many columns; what is left of the last row stays empty."""
    panels = list(figure.subplots(-(-number // columns), columns, squeeze=False).flat)
    for axes in panels[number:]:
        axes.set_visible(False)
    return panels[:number]


def guessing(axes: "Axes", x: Any, y: Any) -> None:
    """What guessing gives, as a dashed line."""
    axes.plot(x, y, color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
