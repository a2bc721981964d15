"""How similarity scores spread: the bins, the chart of the page, the figure for a paper, the table.

Conventions
-----------
A score is a similarity; a comparison is accepted when ``score >= threshold``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64, Int64

from amber_id.biometrics import Comparisons
from amber_id.report.drawing.captions import INK, mark_cell, score_kind, title_of
from amber_id.report.drawing.palette import CELL_STYLES, MATED, NEUTRAL, NONMATED
from amber_id.report.drawing.paper import panels_of, sized
from amber_id.report.drawing.plotly_chart import Chart, line_trace, plain_layout, six_digits
from amber_id.results import CellResult, DevFold, EvaluationResults, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDES = (  # field of `ScoreBins`, name, colour, hatch
    ("nonmated", "Different people (non-mated)", NONMATED, ""),
    ("mated", "Same person (mated)", MATED, "///"),
)
_BINS = (12, 60)  # fewest and most bins of a histogram


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """How the scores of both kinds spread over shared bins; the last bin holds its upper edge too."""

    mated: Int64[np.ndarray, " B"]  # count per bin
    nonmated: Int64[np.ndarray, " B"]
    edges: Float64[np.ndarray, " B+1"]

    @property
    def width(self) -> float:
        """Width of a bin, in score."""
        return float(self.edges[1] - self.edges[0])


def distributions_chart(
    bins: ScoreBins, results: EvaluationResults | CellResult, *, height: int = 420
) -> Chart:
    """Both histograms as outlines over shared bins, and the thresholds chosen on dev."""
    return histograms_chart(bins, results.dev, score_kind(results), height=height)


def histograms_chart(bins: ScoreBins, dev: Sequence[DevFold], kind: str, *, height: int) -> Chart:
    """Histograms of scores of a `kind`, with the thresholds of `dev`."""
    low, high = bins.edges[:-1], bins.edges[1:]
    data = []
    highest = 0.0
    for side, name, color, _ in _SIDES:
        counts = getattr(bins, side)
        share = counts / counts.sum()
        highest = max(highest, float(share.max()))
        data.append({
            "type": "bar", "name": name, "x": six_digits((low + high) / 2), "y": six_digits(share),
            "width": bins.width, "marker": {"color": color, "opacity": 0.5, "line": {"width": 0}},
            "customdata": [
                [f"{a:.3f}", f"{b:.3f}", f"{n:,}"] for a, b, n in zip(low, high, counts, strict=True)
            ],
            "hovertemplate": "score %{customdata[0]} to %{customdata[1]}<br>"
            f"%{{y:.2%}} of {counts.sum():,}: %{{customdata[2]}} comparisons<extra>{name}</extra>",
        })  # fmt: skip
    several = len(dev) > 1
    for number, fold in enumerate(dev):
        of_fold = f", fold {fold.fold}" if several else ""
        line = line_trace(
            [fold.threshold, fold.threshold], [0, 1.06 * highest],
            "Threshold of each fold, from dev" if several else "Threshold, from dev", NEUTRAL, dash="dash",
            showlegend=number == 0,
            hovertemplate=f"threshold {fold.threshold:.4f}{of_fold}<extra></extra>",
        )  # fmt: skip
        data.append(line)
    layout = plain_layout(f"Score ({kind})", f"Share per {bins.width:.2g} of score", height=height)
    layout |= {"barmode": "overlay", "bargap": 0}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.08 * highest]}
    return {"data": data, "layout": layout}


def draw_distributions(figure: "Figure", bins: ScoreBins, results: EvaluationResults) -> "Figure":
    """Share of mated and of non-mated comparisons per bin of score, and the thresholds chosen on dev."""
    sized(figure, 8.2, 4.8)
    axes = figure.subplots()
    _stairs(axes, bins, 1.8, counted=True)
    for number, fold in enumerate(results.dev):
        several = f" of fold {fold.fold}" if len(results.dev) > 1 else ""
        axes.axvline(
            fold.threshold, color=INK, linestyle=((0, (6, 2 + 2 * number))), linewidth=1.3,
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


def _stairs(axes: "Axes", bins: ScoreBins, linewidth: float, *, counted: bool) -> None:
    """Both histograms, mated ones hatched; with `counted`, the legend has the number of comparisons."""
    for side, name, color, hatch in _SIDES:
        counts = getattr(bins, side)
        share, label = 100 * counts / counts.sum(), f"{name}, n = {counts.sum():,}" if counted else name
        axes.stairs(share, bins.edges, fill=True, facecolor=color, alpha=0.25)
        axes.stairs(share, bins.edges, color=color, linewidth=linewidth, hatch=hatch, label=label)


def draw_cell_distributions(
    figure: "Figure", bins: Mapping[str, ScoreBins], results: StudyResults
) -> "Figure":
    """Scores of same and of different people, a panel for each cell."""
    columns = min(2, len(bins))
    sized(figure, 4.6 * columns, 2.8 * -(-len(bins) // columns) + 0.7)
    panels = panels_of(figure, len(bins), columns)
    for axes, (letters, each) in zip(panels, bins.items(), strict=True):
        _stairs(axes, each, 1.6, counted=False)
        for fold in results.cells[letters].dev:
            axes.axvline(fold.threshold, color=INK, linestyle="--", linewidth=1)
        axes.set(xlabel=f"Score ({score_kind(results.cells[letters])})", ylabel="Share (%)", ylim=(0, None))
        axes.set_title(letters)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2)
    figure.suptitle(
        f"{mark_cell(results)}Scores of each cell; dashed: thresholds from dev", x=0.01, ha="left"
    )
    return figure


def cell_distributions_chart(bins: ScoreBins, cell: CellResult) -> Chart:
    """Both histograms of one cell; mated ones are hatched, to be told in black and white."""
    chart = distributions_chart(bins, cell, height=280)
    for trace in chart["data"]:
        if trace.get("marker", {}).get("color") == MATED:
            trace["marker"]["pattern"] = {"shape": "/", "size": 6, "solidity": 0.35}
    return chart


def distribution_rows(bins: Mapping[str, ScoreBins]) -> list[dict[str, Any]]:
    """A row for each bin."""
    return [
        {"cell": letters, "low": f"{low:.6g}", "high": f"{high:.6g}", "mated": mated, "nonmated": nonmated}
        for letters, each in bins.items()
        for low, high, mated, nonmated in zip(
            each.edges[:-1], each.edges[1:], each.mated, each.nonmated, strict=True
        )
    ]


def distributions(comparisons: Mapping[str, Comparisons]) -> dict[str, ScoreBins]:
    """How the scores of each cell spread, in the order of the matrix."""
    return {letters: score_bins(comparisons[letters]) for letters in CELL_STYLES if letters in comparisons}


def score_bins(comparisons: Comparisons) -> ScoreBins:
    """Histograms of both kinds over the same bins; more bins where there are more scores (Rice's rule)."""
    mated, nonmated = comparisons.mated_scores, comparisons.nonmated_scores
    n_bins = int(np.clip(np.ceil(2 * np.cbrt(min(len(mated), len(nonmated)))), *_BINS))
    edges = np.histogram_bin_edges(comparisons.scores, bins=n_bins).astype(np.float64)
    return ScoreBins(np.histogram(mated, edges)[0], np.histogram(nonmated, edges)[0], edges)
