"""The figures of a study for a paper, and their numbers as tables; `figure_files` says how they are written.

Conventions
-----------
Tables are CSV in UTF-8 with a header; rates are fractions there, percentages in the figures.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Comparisons
from amber_id.report.drawing.captions import mark_cell
from amber_id.report.drawing.days import days_table, session_table
from amber_id.report.drawing.det import det_curves, det_lines, det_rows, draw_det
from amber_id.report.drawing.distributions import (
    distribution_rows,
    distributions,
    draw_cell_distributions,
)
from amber_id.report.drawing.face_parts import draw_regions, region_rows, shares
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.matrix import draw_matrix, matrix_rows
from amber_id.report.drawing.tables import as_csv
from amber_id.report.study.attributes import attribute_rows
from amber_id.report.study.groups import group_rows
from amber_id.report.study.map import StudyMap, draw_study_maps, map_rows
from amber_id.results import StudyResults


def write_study_figures(
    results: StudyResults,
    comparisons: Mapping[str, Comparisons],
    maps: Mapping[str, StudyMap],
    folder: Path,
) -> list[Path]:
    """Draw ``matrix``, ``det``, ``distributions``, ``map`` and ``regions`` as PNG and PDF; write each as CSV.

    Without scores there is no ``det`` and no ``distributions``, without maps or regions none of those. Where
    sessions or days have figures, ``sessions`` and ``days`` are written as CSV, and so are ``attributes`` and
    ``groups``.

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
        drawings["distributions"] = lambda figure: draw_cell_distributions(figure, bins, results)
        tables["distributions"] = distribution_rows(bins)
    if maps:
        drawings["map"] = lambda figure: draw_study_maps(figure, maps, mark=mark_cell(results))
        tables["map"] = map_rows(maps)
    if any(shares(regions) for regions in results.regions.values()):
        drawings["regions"] = lambda figure: draw_regions(figure, results)
        tables["regions"] = region_rows(results)
    others = {"sessions": session_table(results.sessions), "days": days_table(results.sessions)}
    others |= {"attributes": attribute_rows(results), "groups": group_rows(results)}
    tables |= {name: rows for name, rows in others.items() if rows}
    paths = draw_files(drawings, folder)
    for name, rows in tables.items():
        paths.append(folder / f"{name}.csv")
        write_text_atomically(paths[-1], as_csv(rows))
    return paths
