"""The ROC: its points, the chart of the page, and the figure for a paper.

Conventions
-----------
A curve has at most `ROC_POINTS` points, however many were measured. Rates are fractions. A drawing is given
an empty figure, draws with the settings in force, and returns it.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from amber_id.biometrics import Comparisons, error_curve
from amber_id.notation import percent, percent_and_interval, short_percent
from amber_id.report.drawing.captions import INK, title_of
from amber_id.report.drawing.det import DetLine
from amber_id.report.drawing.palette import MATED, NEUTRAL
from amber_id.report.drawing.paper import guessing, sized
from amber_id.report.drawing.plotly_chart import (
    Chart,
    eer_mark,
    guessing_line,
    line_trace,
    marks_trace,
    plain_layout,
)
from amber_id.results import EvaluationResults, Rate

if TYPE_CHECKING:
    import matplotlib.figure
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class RocPoints:
    """The ROC from the strictest threshold, which accepts nothing, to the most lenient one."""

    thresholds: Float64[np.ndarray, " K"]  # descending; the first is +inf
    fmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    tmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    subject_pairs: int  # different pairs of people behind the non-mated comparisons
    lowest_fmr: float  # below which these people say nothing: 3 / pairs

    @property
    def shows_low_fmr(self) -> bool:
        """Whether a logarithmic axis down to `lowest_fmr` spans half a decade, enough to show something."""
        return self.lowest_fmr <= 0.3


@dataclass(frozen=True, eq=False)
class StudyLine:
    """A study in the overlays: its ROC, and its DET where its people support a point of one."""

    name: str
    roc: RocPoints
    det: DetLine


ROC_POINTS = 1000


def draw_roc(
    figure: "matplotlib.figure.Figure", points: RocPoints, results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """TMR over FMR; at low FMR again on a logarithmic axis, as far as the number of people supports."""
    two = points.shows_low_fmr
    sized(figure, 9.6 if two else 5.4, 5.2)
    panels = figure.subplots(1, 2 if two else 1, squeeze=False)[0]
    counts = results.counts
    figure.suptitle(
        title_of(results, f"ROC of {results.attacker.name}") + f"\n{counts.subjects} people, "
        f"{counts.comparisons.mated:,} mated and {counts.comparisons.nonmated:,} non-mated comparisons",
        x=0.01, ha="left",
    )  # fmt: skip
    for axes in panels:
        _roc_lines(axes, points, results)
    panels[0].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", title="All thresholds")
    panels[0].legend(loc="lower right")
    if two:
        panels[1].set(
            xscale="log", xlim=(points.lowest_fmr, 1), ylim=(-0.02, 1.02), box_aspect=1,
            title=f"Low FMR, down to 3 / {points.subject_pairs:,} pairs of people",
        )  # fmt: skip
    for axes in panels:
        axes.set(xlabel="False match rate, FMR (%)", ylabel="True match rate, TMR = 1 − FNMR (%)")
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
        axes.xaxis.set_minor_formatter("")
    return figure


def _roc_lines(axes: "matplotlib.axes.Axes", points: RocPoints, results: EvaluationResults) -> None:
    """The curve, the guesser's line, and the EER with its interval where FMR equals FNMR."""
    guess = np.geomspace(1e-6, 1, 200)
    guessing(axes, guess, guess)
    axes.plot(points.fmr, points.tmr, color=MATED, linewidth=2, label=f"Attacker {results.attacker.name}")
    rate = results.metrics.eer
    across = np.linspace(rate.low, rate.high, 50)
    axes.plot(across, 1 - across, color=INK, linewidth=4, alpha=0.3, solid_capstyle="round")
    axes.plot(
        [rate.value], [1 - rate.value], color=INK, marker="o", markersize=6, linestyle="none",
        label=f"EER {percent_and_interval(rate)}\n"
        f"({short_percent(rate.level)} interval over people)",
    )  # fmt: skip


def roc_chart(points: RocPoints, results: EvaluationResults) -> Chart:
    """The ROC with the guesser's line and the EER; hovering shows the threshold."""
    guess = np.geomspace(1e-6, 1, 60)
    rate = results.metrics.eer
    across = np.linspace(rate.low, rate.high, 30)
    thresholds = [f"{each:.4f}" if np.isfinite(each) else "above every score" for each in points.thresholds]
    data = [
        guessing_line(guess, guess),
        line_trace(
            points.fmr, points.tmr, f"Attacker {html.escape(results.attacker.name)}", MATED,
            customdata=thresholds,
            hovertemplate="threshold %{customdata}<br>FMR %{x:.2%}<br>TMR %{y:.2%}<extra></extra>",
        ),
        line_trace(
            across, 1 - across, f"{short_percent(rate.level)} interval of the EER", NEUTRAL,
            width=5, hoverinfo="skip",
        ),
        marks_trace(
            [rate.value], [1 - rate.value], f"EER {percent(rate.value)}", MATED,
            marker={"line": {"width": 2, "color": "#ffffff"}},
            hovertemplate=f"EER {percent_and_interval(rate)}<extra></extra>",
        ),
    ]  # fmt: skip
    return {"data": data, "layout": roc_layout(420)}


def roc_layout(height: int) -> Chart:
    """TMR over FMR, both from 0 to 100 %."""
    layout = plain_layout("False match rate, FMR", "True match rate, TMR = 1 − FNMR", height=height)
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"range": [-0.01, 1.01], "tickformat": ".0%"}
    return layout


def roc_overlay(lines: Sequence[StudyLine]) -> Chart:
    """TMR over FMR of every study, with the guesser's line; a mark where both errors are equal."""
    data = [guessing_line([0, 1], [0, 1])]
    for line in lines:
        style, rate = line.det.style, line.det.eer
        data.append(line_trace(
            line.roc.fmr, line.roc.tmr,
            _entry(html.escape(line.name), rate), style.color,
            dash=style.dash, width=style.width,
            hovertemplate="FMR %{x:.2%}<br>TMR %{y:.2%}<extra>%{fullData.name}</extra>",
        ))  # fmt: skip
        data.append(eer_mark(rate.value, 1 - rate.value, style.color, style.symbol))
    return {"data": data, "layout": roc_layout(520)}


def draw_roc_overlay(figure: "Figure", lines: Sequence[StudyLine], title: str) -> "Figure":
    """TMR over FMR of every study, for a paper."""
    sized(figure, 6.2, 7 + 0.22 * len(lines))
    axes = figure.subplots()
    guessing(axes, [0, 100], [0, 100])
    for line in lines:
        style, rate = line.det.style, line.det.eer
        axes.plot(
            100 * line.roc.fmr, 100 * line.roc.tmr, color=style.color, linestyle=style.linestyle,
            linewidth=style.width * 0.9, label=_entry(line.name, rate),
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


def _entry(name: str, rate: Rate) -> str:
    """What the legend has for a line."""
    return f"{name}, EER {percent_and_interval(rate)}"


def roc_points(comparisons: Comparisons) -> RocPoints:
    """The ROC with at most `ROC_POINTS` points, even along the curve and along the logarithm of FMR."""
    curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    thresholds, fmr, tmr = curve.thresholds[::-1], curve.fmr[::-1], curve.tmr[::-1]
    keep = np.arange(len(fmr))
    if len(fmr) > ROC_POINTS:
        share = ROC_POINTS * 3 // 5
        along_curve = np.searchsorted(fmr + tmr, np.linspace(0, 2, share))
        along_log = np.searchsorted(fmr, np.geomspace(1 / comparisons.n_nonmated, 1, ROC_POINTS - share - 2))
        ends = np.array([0, len(fmr) - 1])
        keep = np.unique(np.concatenate([ends, along_curve, along_log]).clip(max=len(fmr) - 1))
    return RocPoints(
        thresholds[keep], fmr[keep], tmr[keep], comparisons.n_subject_pairs, comparisons.fmr_floor
    )
