"""How sure would a study of so many people be? The simulated studies of `amber power`, drawn for a paper.

Conventions
-----------
A panel for each number of clips, a line for each expected EER, over people on a logarithmic axis.
Widths and differences are fractions inside and percentage points in the figure.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from amber_id.biometrics import StudyPower
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.palette import NEUTRAL
from amber_id.report.drawing.paper import sized

if TYPE_CHECKING:
    import matplotlib.figure

_MARKERS = "osD^vPX"
_PANEL_IN = (3.5, 2.8)
_ASIDE = 1.05  # of one EER's points from the next, as a factor of people


def write_power_figures(powers: Sequence[StudyPower], folder: Path) -> list[Path]:
    """Draw ``power`` into `folder`, as PNG and PDF; returns the two files.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    return draw_files({"power": lambda figure: draw_power(figure, powers)}, folder)


def draw_power(
    figure: "matplotlib.figure.Figure", powers: Sequence[StudyPower]
) -> "matplotlib.figure.Figure":
    """The width of the interval above, the detectable difference below; a column for each number of clips."""
    plan = powers[0].plan
    clips = sorted({power.plan.clips for power in powers})
    sized(figure, max(_PANEL_IN[0] * len(clips), 4.4) + 0.8, 2 * _PANEL_IN[1] + 1.3, h_pad=0.08, w_pad=0.1)
    panels = figure.subplots(2, len(clips), squeeze=False, sharex=True, sharey="row")
    for column, number in zip(panels.T, clips, strict=True):
        for axes, measure in zip(column, ("width", "detectable"), strict=True):
            _lines(axes, [power for power in powers if power.plan.clips == number], measure)
        column[0].set_title(f"{number} clips of each person")
        column[1].set_xlabel("People tested" + (f", in {plan.folds} folds" if plan.folds > 1 else ""))
        if plan.detect:
            _line_to_detect(column[1], plan.detect)
    panels[0, 0].set_ylabel("Width of the 95 % interval\nof the EER (percentage points)")
    panels[1, 0].set_ylabel("Detectable difference\nof EERs (percentage points)")
    for axes in panels[:, 0]:
        _ticks(axes, sorted({power.plan.people for power in powers}))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, handlelength=3, borderpad=0)
    figure.suptitle(
        f"Precision of a study yet to be made\n{powers[0].studies} simulated studies at each point: median; "
        "bar: 8 of 10\n"
        f"people unlike by {plan.unlike:g}, conditions correlated by {plan.correlation:g}",
        x=0.01, ha="left", fontsize=10,
    )  # fmt: skip
    return figure


def _lines(axes: "matplotlib.axes.Axes", powers: Sequence[StudyPower], measure: str) -> None:
    """A line for each EER, and how widths spread over studies."""
    from matplotlib import colormaps

    eers = sorted({power.plan.eer for power in powers})
    for number, eer in enumerate(eers):
        own = sorted(
            (power for power in powers if power.plan.eer == eer), key=lambda power: power.plan.people
        )
        aside = _ASIDE ** (number - (len(eers) - 1) / 2)  # so that points of one height can be told apart
        people = [aside * power.plan.people for power in own]
        # Dark to light with rising EER, also in grey print and to any colour vision.
        color = colormaps["viridis"](0.78 * number / max(len(eers) - 1, 1))
        if measure == "width":
            low, high = ([100 * getattr(power, end) for power in own] for end in ("width_low", "width_high"))
            axes.vlines(people, low, high, color=color, linewidth=1.4, alpha=0.55)
        axes.plot(
            people, [100 * getattr(power, measure) for power in own], color=color, linewidth=1.5,
            marker=_MARKERS[number % len(_MARKERS)], markersize=6, markeredgecolor="white",
            label=f"EER {100 * eer:g} %",
        )  # fmt: skip


def _line_to_detect(axes: "matplotlib.axes.Axes", detect: float) -> None:
    axes.axhline(100 * detect, color=NEUTRAL, linestyle="--", linewidth=1.2)
    axes.annotate(
        f"to be detected: {100 * detect:g}", (1, 100 * detect), (-2, 3), ha="right", fontsize=9,
        xycoords=("axes fraction", "data"), textcoords="offset points",
    )  # fmt: skip


def _ticks(axes: "matplotlib.axes.Axes", people: list[int]) -> None:
    """Both axes logarithmic: a tick at each number of people that was simulated, and at round heights."""
    axes.set(xscale="log", yscale="log")
    axes.set_xticks(people, [f"{number:,}" for number in people])
    axes.set_xticks([], minor=True)
    low, high = axes.get_ylim()
    heights = [digit * 10.0**power for power in range(-3, 3) for digit in (1, 1.5, 2, 3, 4, 5, 7)]
    inside = [height for height in heights if low <= height <= high]
    axes.set_yticks(inside, [f"{height:g}" for height in inside])
    axes.set_yticks([], minor=True)
