"""The DET curve on probit axes: its points, the chart of the page, the figure for a paper, the table.

Conventions
-----------
A curve has at most `DET_POINTS` points, however many were measured. Rates are fractions.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr, ndtri

from amber_id.biometrics import Comparisons, det
from amber_id.notation import interval, percent
from amber_id.report.drawing.palette import CELL_STYLES, CellStyle
from amber_id.report.drawing.paper import guessing, sized
from amber_id.report.drawing.plotly_chart import (
    Chart,
    eer_mark,
    guessing_line,
    line_trace,
    plain_layout,
    six_digits,
)
from amber_id.results import Rate, StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DET_POINTS = 300
_TICKS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
_HIGHEST = 0.95  # of the rates on probit axes


@dataclass(frozen=True, eq=False)
class DetCurve:
    """FNMR over FMR as normal deviates, from the FMR on that the people support."""

    fmr: Float64[np.ndarray, " K"]  # probit, rising
    fnmr: Float64[np.ndarray, " K"]  # probit, falling
    lowest_fmr: float  # below which these people say nothing: 3 / pairs


@dataclass(frozen=True, eq=False)
class DetLine:
    """A curve as it is drawn: under which name, how, and with which EER."""

    name: str
    style: CellStyle
    curve: DetCurve
    eer: Rate


@dataclass(frozen=True)
class ProbitAxis:
    """From where to where DET curves are drawn, in normal deviates, and at which rates there is a tick."""

    ends: tuple[float, float]
    ticks: tuple[float, ...]  # rates

    @property
    def places(self) -> list[float]:
        """The ticks in normal deviates."""
        return [float(ndtri(tick)) for tick in self.ticks]


def det_chart(lines: Sequence[DetLine]) -> Chart:
    """FNMR over FMR on probit axes, with the guesser's line; a mark where both are equal."""
    axis = probit_axis(lines)
    low, high = axis.ends
    guess = np.linspace(low, high, 30)
    data = [guessing_line(guess, -guess)]
    for each in lines:
        style, curve, eer = each.style, each.curve, each.eer.value
        rates = [[percent(a), percent(b)] for a, b in zip(ndtr(curve.fmr), ndtr(curve.fnmr), strict=True)]
        line = line_trace(
            curve.fmr, curve.fnmr, f"{html.escape(each.name)}, EER {percent(eer)}", style.color,
            dash=style.dash, width=style.width, customdata=rates,
            hovertemplate="FMR %{customdata[0]}<br>FNMR %{customdata[1]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
        data.append(line)
        if low < ndtri(eer) < high:
            data.append(eer_mark(ndtri(eer), ndtri(eer), style.color, style.symbol))
    layout = plain_layout("False match rate, FMR", "False non-match rate, FNMR", height=520)
    for name in ("xaxis", "yaxis"):
        layout[name] |= {
            "range": six_digits([low - 0.05, high + 0.05]),
            "tickvals": six_digits(axis.places),
            "ticktext": [f"{100 * tick:g}%" for tick in axis.ticks],
        }
    return {"data": data, "layout": layout}


def draw_det(figure: "Figure", lines: Sequence[DetLine], *, mark: str = "", columns: int = 2) -> "Figure":
    """FNMR over FMR of all lines on one pair of probit axes; `mark` goes before the title."""
    sized(figure, 6.2, 7.4)
    axes = figure.subplots()
    axis = probit_axis(lines)
    guessing(axes, axis.ends, [-end for end in axis.ends])
    for each in lines:
        style, eer = each.style, each.eer
        axes.plot(
            each.curve.fmr, each.curve.fnmr, color=style.color, linestyle=style.linestyle,
            linewidth=style.width * 0.9, label=f"{each.name}, EER {percent(eer.value)} {interval(eer)}",
        )  # fmt: skip
        place = [ndtri(eer.value)] if 0 < eer.value < 1 else []
        axes.plot(place, place, color=style.color, marker=style.marker, markersize=7)
    names = [f"{100 * tick:g}" for tick in axis.ticks]
    axes.set_xticks(axis.places, names)
    axes.set_yticks(axis.places, names)
    reach = (axis.ends[0] - 0.05, axis.ends[1] + 0.05)
    axes.set(
        xlim=reach, ylim=reach, aspect="equal",
        xlabel="False match rate, FMR (%)", ylabel="False non-match rate, FNMR (%)",
    )  # fmt: skip
    axes.set_title(f"{mark}DET, down to an FMR of 3 / pairs of people", pad=10)
    figure.legend(loc="outside lower left", ncols=columns)
    return figure


def det_rows(curves: Mapping[str, DetCurve]) -> list[dict[str, Any]]:
    """A row for each point that is drawn."""
    return [
        {"cell": letters, "fmr": f"{fmr:.6g}", "fnmr": f"{fnmr:.6g}"}
        for letters, curve in curves.items()
        for fmr, fnmr in zip(ndtr(curve.fmr), ndtr(curve.fnmr), strict=True)
    ]


def det_curves(comparisons: Mapping[str, Comparisons]) -> dict[str, DetCurve]:
    """The curve of each cell that has a point where its people say something, in the order of the matrix."""
    curves = {letters: det_curve(comparisons[letters]) for letters in CELL_STYLES if letters in comparisons}
    return {letters: curve for letters, curve in curves.items() if len(curve.fmr)}


def det_lines(curves: Mapping[str, DetCurve], results: StudyResults) -> list[DetLine]:
    """The curves of the cells of one study, each in the style of its cell."""
    return [
        DetLine(letters, CELL_STYLES[letters], curve, results.cells[letters].metrics.eer)
        for letters, curve in curves.items()
    ]


def det_curve(comparisons: Comparisons) -> DetCurve:
    """The curve from the FMR on that the people support; it has no point where they support none."""
    points = det(comparisons.mated_scores, comparisons.nonmated_scores)
    supported = points.fmr >= ndtri(comparisons.fmr_floor)
    fmr, fnmr = points.fmr[supported], points.fnmr[supported]
    # Even along the curve, whose length on these axes is the sum of both ways.
    along = fmr - fnmr
    if len(fmr) > DET_POINTS:
        keep = np.unique(np.searchsorted(along, np.linspace(along[0], along[-1], DET_POINTS)))
        fmr, fnmr = fmr[keep], fnmr[keep]
    return DetCurve(fmr, fnmr, comparisons.fmr_floor)


def probit_axis(lines: Sequence[DetLine]) -> ProbitAxis:
    """The axis of both rates, down to the lowest FMR that the people of any curve support."""
    lowest = min(line.curve.lowest_fmr for line in lines)
    ticks = tuple(tick for tick in _TICKS if lowest * 0.999 <= tick <= _HIGHEST)
    return ProbitAxis((float(ndtri(lowest)), float(ndtri(_HIGHEST))), ticks)
