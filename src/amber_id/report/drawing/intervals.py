"""A figure and its interval for each cell: the chart of the page, the figure for a paper, the table.

Conventions
-----------
Every cell of the threat matrix has a colour, a line and a mark of its own (`palette`), so that charts can be
told in black and white. An interval is a bar through its mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amber_id.motion import VIEWS
from amber_id.report.cells import shown_eer
from amber_id.report.drawing.captions import mark_cell
from amber_id.report.drawing.palette import CELL_STYLES, NEUTRAL, CellStyle
from amber_id.report.drawing.plotly_chart import Chart, line_trace, plain_layout, six_digits
from amber_id.report.drawing.tables import spread
from amber_id.report.numbers import interval, percent
from amber_id.results import Rate, StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Marks:
    """Rates of some rows under one mark."""

    name: str
    style: CellStyle
    rates: Mapping[str, Rate]  # by row


def eers_chart(results: StudyResults) -> Chart:
    """The EER of every cell on one axis."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {letters: shown_eer(cell)})
        for letters, cell in results.cells.items()
    ]
    return intervals_chart(marks, tuple(results.cells), "Equal error rate, EER", apart=False)


def views_chart(results: StudyResults) -> Chart:
    """The EER of `moments` in every view, where one condition is known."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {view: found.eer for view, found in views.items()})
        for letters, views in results.views.items()
    ]
    rows = [view for view in VIEWS if any(view in each.rates for each in marks)]
    return intervals_chart(marks, rows, "Equal error rate, EER, of moments")


def intervals_chart(marks: Sequence[Marks], rows: Sequence[str], title: str, *, apart: bool = True) -> Chart:
    """Rates with their intervals, a row each; with `apart`, marks of one row lie below each other."""
    highest = max(rate.high for each in marks for rate in each.rates.values())
    end = 0.62 if highest <= 0.62 else 1.0
    data = [
        line_trace(
            [0.5, 0.5],
            [-0.5, len(rows) - 0.5],
            "Guessing",
            NEUTRAL,
            dash="dash",
            hoverinfo="skip",
        )
    ]
    for number, each in enumerate(marks):
        shift = 0.3 * (number - (len(marks) - 1) / 2) if apart else 0.0
        known = [(place + shift, row, each.rates[row]) for place, row in enumerate(rows) if row in each.rates]
        data.append(_marked(each, known))
    row_height = 26 + (18 * (len(marks) - 1) if apart else 0)
    layout = plain_layout(title, "", height=70 + row_height * len(rows))
    layout["xaxis"] |= {"range": [-0.01, end], "tickformat": ".0%"}
    layout["yaxis"] |= {
        "range": [len(rows) - 0.5, -0.5], "showgrid": False,
        "tickvals": list(range(len(rows))), "ticktext": list(rows),
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _marked(marks: Marks, known: Sequence[tuple[float, str, Rate]]) -> Chart:
    rates = [rate for _, _, rate in known]
    return {
        "type": "scatter", "mode": "markers", "name": marks.name,
        "x": six_digits([rate.value for rate in rates]), "y": six_digits([place for place, _, _ in known]),
        "marker": {"size": 12, "color": marks.style.color, "symbol": marks.style.symbol},
        "error_x": interval_bars(rates, marks.style.color),
        "customdata": [[row, percent(rate.value), interval(rate)] for _, row, rate in known],
        "hovertemplate": f"{marks.name}, %{{customdata[0]}}<br>EER %{{customdata[1]}} %{{customdata[2]}}"
        "<extra></extra>",
    }  # fmt: skip


def interval_bars(rates: Sequence[Rate], color: str) -> dict[str, Any]:
    """The intervals of rates as the error bars of plotly.js."""
    return {
        "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": color,
        "array": six_digits([rate.high - rate.value for rate in rates]),
        "arrayminus": six_digits([rate.value - rate.low for rate in rates]),
    }  # fmt: skip


def draw_matrix(figure: "Figure", results: StudyResults) -> "Figure":
    """The EER of every cell with its interval, on one axis."""
    figure.set_size_inches(7.2, 1.7 + 0.42 * len(results.cells))
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    axes.axvline(50, color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
    names = []
    for place, (letters, cell) in enumerate(results.cells.items()):
        rate, style = shown_eer(cell), CELL_STYLES[letters]
        axes.plot([100 * rate.low, 100 * rate.high], [place, place], color=style.color, linewidth=2)
        axes.plot([100 * rate.value], [place], color=style.color, marker=style.marker, markersize=8)
        names.append(f"{letters}\n{percent(rate.value)} {interval(rate)}")
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set(xlabel="Equal error rate, EER (%)", xlim=(0, None), ylim=(len(names) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    axes.set_title(
        f"{mark_cell(results)}Each cell's strongest attacker, {results.counts.subjects} people", pad=10
    )
    figure.legend(loc="outside lower left")
    return figure


def matrix_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each cell: the figures of its strongest attacker, each with its interval."""
    rows = []
    for letters, cell in results.cells.items():
        row: dict[str, Any] = {
            "cell": letters, "attacker": cell.attacker.name,
            "mated": cell.counts.mated, "nonmated": cell.counts.nonmated,
            **spread("eer_within_source", cell.within_source),
        }  # fmt: skip
        for name in type(cell.metrics).model_fields:
            row |= spread(name, getattr(cell.metrics, name))
        rows.append(row | {"worst_decile_eer": cell.disclosure.worst_decile_eer})
    return rows
