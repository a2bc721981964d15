"""Several studies over each other: ROC and DET of one cell, on the page and for a paper.

Conventions
-----------
A line is named after its study, whose name may hold anything: it is markup in a chart and is escaped there.
It carries a number, as in the table, since two names may look alike. Rates are fractions inside.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from amber_id.biometrics import Comparisons
from amber_id.report.charts import Chart, line_trace, plain_layout, six_digits
from amber_id.report.palette import NEUTRAL, study_style
from amber_id.report.study_summary import DetLine, det_curve
from amber_id.report.summary import RocPoints, roc_points
from amber_id.report.wording import interval, percent
from amber_id.results import ComparisonResults, Rate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POOLED = "all parts pooled"
_LONGEST_NAME = 36


@dataclass(frozen=True, eq=False)
class StudyLine:
    """A study in the overlays: its ROC, and its DET where its people support a point of one."""

    name: str
    roc: RocPoints
    det: DetLine


def study_lines(results: ComparisonResults, comparisons: Sequence[Comparisons]) -> list[StudyLine]:
    """The lines of all studies in their order; what was pooled comes last, under the name `POOLED`."""
    named = [
        (f"{_short(study.name)}{'' if study.headline.valid else ' (INVALID)'}", study.cells[results.cell].eer)
        for study in results.studies
    ]
    if results.pooled is not None:
        named.append((POOLED, results.pooled.cell.eer))
    lines = []
    for number, ((name, eer), compared) in enumerate(zip(named, comparisons, strict=True)):
        said = f"{number + 1} {name}"
        det = DetLine(said, study_style(number), det_curve(compared), eer)
        lines.append(StudyLine(said, roc_points(compared), det))
    return lines


def _short(name: str) -> str:
    """A name that fits a legend; the number before it still tells it from others."""
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[1 - half :]}"


def drawn_dets(lines: Sequence[StudyLine]) -> list[DetLine]:
    """The DET lines that have a point."""
    return [line.det for line in lines if len(line.det.curve.fmr)]


def roc_overlay(lines: Sequence[StudyLine]) -> Chart:
    """TMR over FMR of every study, with the guesser's line; a mark where both errors are equal."""
    data = [line_trace([0, 1], [0, 1], "Guessing", NEUTRAL, dash="dash", hoverinfo="skip")]
    for line in lines:
        style, rate = line.det.style, line.det.eer
        data.append(line_trace(
            line.roc.fmr, line.roc.tmr,
            f"{html.escape(line.name)}, EER {percent(rate.value)} {interval(rate)}", style.color,
            dash=style.dash, width=style.width,
            hovertemplate="FMR %{x:.2%}<br>TMR %{y:.2%}<extra>%{fullData.name}</extra>",
        ))  # fmt: skip
        data.append({
            "type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip",
            "x": six_digits([rate.value]), "y": six_digits([1 - rate.value]),
            "marker": {"size": 10, "color": style.color, "symbol": style.symbol},
        })  # fmt: skip
    layout = plain_layout("False match rate, FMR", "True match rate, TMR = 1 − FNMR", height=520)
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"range": [-0.01, 1.01], "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def draw_roc_overlay(figure: "Figure", lines: Sequence[StudyLine], title: str) -> "Figure":
    """The same for a paper."""
    figure.set_size_inches(6.2, 7 + 0.22 * len(lines))
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
    for line in lines:
        style, rate = line.det.style, line.det.eer
        axes.plot(
            100 * line.roc.fmr, 100 * line.roc.tmr, color=style.color, linestyle=style.linestyle,
            linewidth=style.width * 0.9, label=_said(line.name, rate),
        )  # fmt: skip
        place = np.array([rate.value])
        axes.plot(100 * place, 100 * (1 - place), color=style.color, marker=style.marker, markersize=7)
    axes.set(
        xlim=(-2, 102), ylim=(-2, 102), aspect="equal",
        xlabel="False match rate, FMR (%)", ylabel="True match rate, TMR = 1 − FNMR (%)",
    )  # fmt: skip
    axes.set_title(title, pad=10)
    figure.legend(loc="outside lower left")
    return figure


def _said(name: str, rate: Rate) -> str:
    return f"{name}, EER {percent(rate.value)} {interval(rate)}"
