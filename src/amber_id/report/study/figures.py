"""The figures of a study for a paper, and their numbers as tables; `figure_files` says how they are written.

Conventions
-----------
A drawing is given an empty figure, draws with the settings in force, and returns it.
Tables are CSV in UTF-8 with a header; rates are fractions there, percentages in the figures.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Comparisons
from amber_id.report.drawing.captions import INK, mark_cell, score_kind
from amber_id.report.drawing.det import det_curves, det_lines, det_rows, draw_det
from amber_id.report.drawing.distributions import ScoreBins, distribution_rows, distributions
from amber_id.report.drawing.face_parts import draw_regions, region_rows, shares
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.intervals import draw_matrix, matrix_rows
from amber_id.report.drawing.palette import MATED, NONMATED
from amber_id.report.drawing.tables import as_csv
from amber_id.report.study.map import StudyMap, draw_study_maps, map_rows
from amber_id.results import StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_study_figures(
    results: StudyResults,
    comparisons: Mapping[str, Comparisons],
    maps: Mapping[str, StudyMap],
    folder: Path,
) -> list[Path]:
    """Draw ``matrix``, ``det``, ``distributions``, ``map`` and ``regions`` as PNG and PDF; write each as CSV.

    Without scores there is no ``det`` and no ``distributions``, without maps or regions none of those.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    curves, bins = det_curves(comparisons), distributions(comparisons)
    drawings = {"matrix": lambda figure: draw_matrix(figure, results)}
    tables: dict[str, list[dict[str, Any]]] = {"matrix": matrix_rows(results)}
    if curves:
        lines = det_lines(curves, results)
        drawings["det"] = lambda figure: draw_det(figure, lines, mark=mark_cell(results))
        tables["det"] = det_rows(curves)
    if bins:
        drawings["distributions"] = lambda figure: draw_distributions(figure, bins, results)
        tables["distributions"] = distribution_rows(bins)
    if maps:
        drawings["map"] = lambda figure: draw_study_maps(figure, maps, mark=mark_cell(results))
        tables["map"] = map_rows(maps)
    if any(shares(regions) for regions in results.regions.values()):
        drawings["regions"] = lambda figure: draw_regions(figure, results)
        tables["regions"] = region_rows(results)
    paths = draw_files(drawings, folder)
    for name, rows in tables.items():
        paths.append(folder / f"{name}.csv")
        write_text_atomically(paths[-1], as_csv(rows))
    return paths


def draw_distributions(figure: "Figure", bins: Mapping[str, ScoreBins], results: StudyResults) -> "Figure":
    """Scores of same and of different people, a panel for each cell."""
    columns = min(2, len(bins))
    rows = -(-len(bins) // columns)
    figure.set_size_inches(4.6 * columns, 2.8 * rows + 0.7)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (letters, each) in zip(panels, bins.items(), strict=False):
        for counts, color, hatch, name in (
            (each.nonmated, NONMATED, "", "Different people (non-mated)"),
            (each.mated, MATED, "///", "Same person (mated)"),
        ):
            share = 100 * counts / counts.sum()
            axes.stairs(share, each.edges, fill=True, facecolor=color, alpha=0.25)
            axes.stairs(share, each.edges, color=color, linewidth=1.6, hatch=hatch, label=name)
        for fold in results.cells[letters].dev:
            axes.axvline(fold.threshold, color=INK, linestyle="--", linewidth=1)
        axes.set(xlabel=f"Score ({score_kind(results.cells[letters])})", ylabel="Share (%)", ylim=(0, None))
        axes.set_title(letters)
    for axes in panels[len(bins) :]:
        axes.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2)
    figure.suptitle(
        f"{mark_cell(results)}Scores of each cell; dashed: thresholds from dev", x=0.01, ha="left"
    )
    return figure
