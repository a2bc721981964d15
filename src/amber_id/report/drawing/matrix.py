"""The EER of every cell of the threat matrix: the chart of the page, the figure for a paper, the table."""

from typing import TYPE_CHECKING, Any

from amber_id.notation import percent_and_interval
from amber_id.report.cells import shown_eer
from amber_id.report.drawing.captions import mark_cell
from amber_id.report.drawing.intervals import Marks, intervals_chart
from amber_id.report.drawing.palette import CELL_STYLES, NEUTRAL
from amber_id.report.drawing.paper import sized
from amber_id.report.drawing.plotly_chart import Chart
from amber_id.report.drawing.tables import spread
from amber_id.results import StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def eers_chart(results: StudyResults) -> Chart:
    """The EER of every cell on one axis."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {letters: shown_eer(cell)})
        for letters, cell in results.cells.items()
    ]
    return intervals_chart(marks, tuple(results.cells), "Equal error rate, EER", apart=False)


def draw_matrix(figure: "Figure", results: StudyResults) -> "Figure":
    """The EER of every cell with its interval, on one axis."""
    sized(figure, 7.2, 1.7 + 0.42 * len(results.cells))
    axes = figure.subplots()
    axes.axvline(50, color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
    names = []
    for place, (letters, cell) in enumerate(results.cells.items()):
        rate, style = shown_eer(cell), CELL_STYLES[letters]
        axes.plot([100 * rate.low, 100 * rate.high], [place, place], color=style.color, linewidth=2)
        axes.plot([100 * rate.value], [place], color=style.color, marker=style.marker, markersize=8)
        names.append(f"{letters}\n{percent_and_interval(rate)}")
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
