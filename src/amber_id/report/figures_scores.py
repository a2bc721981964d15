"""How well are same and different people told apart? The ROC and the scores behind it, for a paper.

Conventions
-----------
Each function draws into the empty figure it is given, with the settings in force, and returns it.
"""

from typing import TYPE_CHECKING

import numpy as np

from amber_id.report.palette import MATED, NEUTRAL, NONMATED
from amber_id.report.summary import RocPoints, ScoreBins
from amber_id.report.wording import interval, percent, score_kind, short_percent
from amber_id.results import EvaluationResults

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

_INK = "#22262c"


def title_of(results: EvaluationResults, title: str) -> str:
    """`title`, marked if this is a control."""
    return title if results.control is None else f"CONTROL ({results.control}): {title}"


def draw_roc(
    figure: "matplotlib.figure.Figure", points: RocPoints, results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """TMR over FMR; at low FMR again on a logarithmic axis, as far as the number of people supports."""
    two = points.shows_low_fmr
    figure.set_size_inches(9.6 if two else 5.4, 5.2)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
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
    axes.plot(guess, guess, color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
    axes.plot(points.fmr, points.tmr, color=MATED, linewidth=2, label=f"Attacker {results.attacker.name}")
    rate = results.metrics.eer
    across = np.linspace(rate.low, rate.high, 50)
    axes.plot(across, 1 - across, color=_INK, linewidth=4, alpha=0.3, solid_capstyle="round")
    axes.plot(
        [rate.value], [1 - rate.value], color=_INK, marker="o", markersize=6, linestyle="none",
        label=f"EER {percent(rate.value)} {interval(rate)}\n"
        f"({short_percent(rate.level)} interval over people)",
    )  # fmt: skip


def draw_distributions(
    figure: "matplotlib.figure.Figure", bins: ScoreBins, results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """Share of mated and of non-mated comparisons per bin of score, and the thresholds chosen on dev."""
    figure.set_size_inches(8.2, 4.8)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    for counts, color, hatch, name in (
        (bins.nonmated, NONMATED, "", "Different people (non-mated)"),
        (bins.mated, MATED, "///", "Same person (mated)"),
    ):
        share, label = 100 * counts / counts.sum(), f"{name}, n = {counts.sum():,}"
        axes.stairs(share, bins.edges, fill=True, facecolor=color, alpha=0.25)
        axes.stairs(share, bins.edges, color=color, linewidth=1.8, hatch=hatch, label=label)
    for number, fold in enumerate(results.dev):
        several = f" of fold {fold.fold}" if len(results.dev) > 1 else ""
        axes.axvline(
            fold.threshold, color=_INK, linestyle=((0, (6, 2 + 2 * number))), linewidth=1.3,
            label=f"Threshold{several} from dev people, {fold.threshold:.3f}",
        )  # fmt: skip
    axes.set_title(
        title_of(results, f"Scores of {results.attacker.name}, {results.counts.subjects} test people"), pad=12
    )
    axes.set(
        xlabel=f"Score ({score_kind(results)}; accepted at or above the threshold)",
        ylabel=f"Share of comparisons (% per {bins.width:.2g} of score)",
        ylim=(0, None),
    )
    figure.legend(loc="outside lower left", ncols=2)
    return figure
