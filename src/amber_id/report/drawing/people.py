"""Who is recognised? The mean scores of each person: the rows, the chart of the page, the figure for a paper.

Conventions
-----------
People appear by pseudonym.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from amber_id.report.drawing.captions import score_kind, title_of
from amber_id.report.drawing.palette import MATED, NEUTRAL, NONMATED
from amber_id.report.drawing.paper import sized
from amber_id.report.drawing.plotly_chart import Chart, marks_trace, plain_layout
from amber_id.report.drawing.pseudonyms import subject_names
from amber_id.results import EvaluationResults

if TYPE_CHECKING:
    import matplotlib.figure

_TALLEST_IN = 12.0
STANDING_OUT = 3  # people to point at


@dataclass(frozen=True)
class SubjectRow:
    """One person under pseudonym; None where there was nothing to average."""

    name: str
    fold: int
    clips: int
    mated: float | None  # mean score with other clips of the same person
    nonmated: float | None  # mean score with other people's clips

    @property
    def gap(self) -> float | None:
        """How far the person stands out from the others: mean mated minus mean non-mated score."""
        return None if self.mated is None or self.nonmated is None else self.mated - self.nonmated


def draw_subjects(
    figure: "matplotlib.figure.Figure", rows: list[SubjectRow], results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """Mean score of each person with itself and with others; the widest gap on top."""
    height = min(_TALLEST_IN, 2.4 + 0.24 * len(rows))
    sized(figure, 7.6, height)
    axes = figure.subplots()
    places = range(len(rows))
    for place, row in zip(places, rows, strict=True):
        if row.mated is not None and row.nonmated is not None:
            stands_out = place < STANDING_OUT
            axes.plot(
                [row.nonmated, row.mated], [place, place], linewidth=4 if stands_out else 2,
                color=MATED if stands_out else NEUTRAL, alpha=0.45,
            )  # fmt: skip
    for side, color, marker, label in (
        ("nonmated", NONMATED, "s", "With other people's clips (mean non-mated score)"),
        ("mated", MATED, "o", "With the person's own clips (mean mated score)"),
    ):
        known = [(getattr(row, side), place) for place, row in zip(places, rows, strict=True)]
        drawn = [(score, place) for score, place in known if score is not None]
        axes.scatter(
            [score for score, _ in drawn], [place for _, place in drawn],
            s=34, color=color, marker=marker, label=label, zorder=3,
        )  # fmt: skip
    step = max(1, round(0.13 * len(rows) / (height - 2.0)))
    axes.set_yticks(list(places)[::step], [row.name for row in rows][::step], fontsize=9 if step == 1 else 7)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_title(title_of(results, f"{len(rows)} test people, the easiest to recognise on top"), pad=12)
    axes.set(xlabel=f"Mean score ({score_kind(results)})", ylabel="Person (pseudonym)")
    figure.legend(loc="outside lower left")
    return figure


def subjects_chart(rows: list[SubjectRow], results: EvaluationResults) -> Chart:
    """Each person's mean score with itself and with others; the widest gap on top."""
    data = []
    gaps = [row for row in rows if row.gap is not None]
    for group, color, width in ((gaps[:STANDING_OUT], MATED, 6), (gaps[STANDING_OUT:], NEUTRAL, 2)):
        places = [rows.index(row) for row in group]
        x = [value for row in group for value in (row.nonmated, row.mated, None)]
        y = [value for place in places for value in (place, place, None)]
        data.append({
            "type": "scatter", "mode": "lines", "x": x, "y": y, "showlegend": False, "opacity": 0.5,
            "line": {"color": color, "width": width}, "hoverinfo": "skip",
        })  # fmt: skip
    for side, color, symbol, name in (
        ("nonmated", NONMATED, "square", "With other people's clips (non-mated)"),
        ("mated", MATED, "circle", "With own clips (mated)"),
    ):
        known = [(place, row) for place, row in enumerate(rows) if getattr(row, side) is not None]
        data.append(marks_trace(
            [getattr(row, side) for _, row in known], [place for place, _ in known], name, color,
            symbol=symbol, size=9, customdata=[[row.name, row.fold, row.clips] for _, row in known],
            hovertemplate="%{customdata[0]}, fold %{customdata[1]}, %{customdata[2]} clips<br>"
            "mean score %{x:.3f}<extra></extra>",
        ))  # fmt: skip
    row_height = float(np.clip(1700 / len(rows), 9, 20))
    step = int(np.ceil(13 / row_height))
    layout = plain_layout(
        f"Mean score ({score_kind(results)})", "", height=round(80 + row_height * len(rows))
    )
    layout["yaxis"] |= {
        "range": [len(rows), -1], "showgrid": False,
        "tickvals": list(range(0, len(rows), step)), "ticktext": [row.name for row in rows][::step],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def subject_rows(results: EvaluationResults) -> list[SubjectRow]:
    """One row per person, the one who stands out most first; those without a gap last."""
    names = subject_names(results)
    rows = [
        SubjectRow(names[each.subject], each.fold, each.clips, each.mean_mated, each.mean_nonmated)
        for each in results.subjects
    ]
    return sorted(rows, key=lambda row: (row.gap is None, -(row.gap or 0.0), row.name))
