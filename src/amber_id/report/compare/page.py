"""Several studies on one page, ``compare.html``, with their figures and tables beside it.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything; `self_contained` says how.
An invalid finding is struck through with its reasons, as on the page of its study. Every text is escaped, and
no person is named. Equal input gives equal bytes, under the same versions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Comparisons
from amber_id.figures import figures_in
from amber_id.report.compare.lines import POOLED, drawn_dets, study_lines
from amber_id.report.drawing.det import det_chart, draw_det
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.plotly_chart import Chart, legend_of
from amber_id.report.drawing.roc import StudyLine, draw_roc_overlay, roc_overlay
from amber_id.report.drawing.tables import as_csv, spread
from amber_id.report.self_contained import render_with_charts
from amber_id.results import ComparedCell, ComparisonResults

_EER, *_OTHERS = ((figure.name, figure.heading) for figure in figures_in("comparison"))
_FIGURES = (_EER, ("eer_within_source", "EER within sources"), *_OTHERS)  # of a cell: field, heading


def write_comparison_report(
    results: ComparisonResults, comparisons: Sequence[Comparisons], folder: Path
) -> Path:
    """Write ``compare.html``, ``comparison.csv`` and ``figures/`` into a folder.

    Parameters
    ----------
    results
        The studies side by side.
    comparisons
        The scores of the chosen cell of each study in their order, then those that were pooled, if any were.
    folder
        It is made if need be.

    Returns
    -------
    Path
        That of ``compare.html``.

    Raises
    ------
    MissingDependencyError
        If jinja2, plotly or matplotlib is not installed.
    """
    lines = study_lines(results, comparisons)
    page = _render(results, lines)
    write_text_atomically(folder / "comparison.csv", as_csv(comparison_rows(results)))
    drawings = {"roc": lambda figure: draw_roc_overlay(figure, lines, f"ROC of {results.cell}")}
    if dets := drawn_dets(lines):
        drawings["det"] = lambda figure: draw_det(figure, dets, mark=f"{results.cell}, ", columns=1)
    draw_files(drawings, folder / "figures")
    path = folder / "compare.html"
    write_text_atomically(path, page)
    return path


def comparison_rows(results: ComparisonResults) -> list[dict[str, Any]]:
    """A row for each cell of each study, and for what was pooled; differences stand with the chosen cell."""
    rows = []
    for study in results.studies:
        for letters, cell in study.cells.items():
            row = {"study": study.name, "cell": letters, "valid": study.headline.valid}
            row |= {"people": study.subjects, "clips": sum(study.clips.values())} | _in_columns(cell)
            row |= spread("expression_kept", study.expression)
            less = study.less_first if letters == results.cell else None
            row |= spread("eer_less_first", less and less.eer) | spread("auc_less_first", less and less.auc)
            rows.append(row)
    if results.pooled is not None:
        pooled = {"study": POOLED, "cell": results.cell, "people": results.pooled.subjects}
        rows.append(dict.fromkeys(rows[0]) | pooled | _in_columns(results.pooled.cell))
    return rows


def _in_columns(cell: ComparedCell) -> dict[str, Any]:
    row: dict[str, Any] = {
        "attacker": cell.attacker, "mated": cell.counts.mated, "nonmated": cell.counts.nonmated,
    }  # fmt: skip
    for field, _ in _FIGURES:
        row |= spread(field, getattr(cell, field))
    return row


def _render(results: ComparisonResults, lines: list[StudyLine]) -> str:
    """The page as text."""
    charts: dict[str, Chart] = {"roc": roc_overlay(lines)}
    if dets := drawn_dets(lines):
        charts["det"] = det_chart(dets)
    cells = [cell for study in results.studies for cell in study.cells.values()]
    content = {
        "results": results,
        "chosen": results.cell,
        "charts": charts,
        "legend_entries": legend_of(charts["roc"]),
        "figures": [each for each in _FIGURES if any(getattr(cell, each[0]) for cell in cells)],
        "lowest_fmr": max(line.roc.lowest_fmr for line in lines),
        "synthetic": all(study.synthetic for study in results.studies),
        "expression": any(study.expression for study in results.studies),
        "pooled_name": POOLED,
    }
    return render_with_charts("compare/page.html", content, styles=["study/page.css"])
