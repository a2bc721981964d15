"""The page of a study for whoever must decide: ``report.html``, and the figures beside it.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything; `self_contained` says how. What
prints first, finding, limits, checks and matrix, is a summary of two pages; all else follows from page three.
An invalid finding is struck through, with its reasons beside it; it is never hidden.
Every text is escaped; rates are fractions inside and percentages on the page. Equal input gives an equal
page, under the same versions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Comparisons
from amber_id.motion import VIEWS
from amber_id.notation import leaves_out_zero, short_percent
from amber_id.recordings import RecordingSet
from amber_id.report.cells import (
    check_belong,
    headline_eers,
    lowest_on_test,
    several_sources,
    shown_eer,
)
from amber_id.report.drawing.curves import curves_charts
from amber_id.report.drawing.days import days_chart, session_figures_of
from amber_id.report.drawing.det import det_chart, det_curves, det_lines
from amber_id.report.drawing.distributions import cell_distributions_chart, distributions
from amber_id.report.drawing.face_parts import face_drawing, largest_share, part_name, shares
from amber_id.report.drawing.matrix import eers_chart
from amber_id.report.drawing.plotly_chart import Chart, legend_of, scale_places
from amber_id.report.drawing.tradeoff import tradeoff, tradeoff_chart
from amber_id.report.drawing.views import views_chart
from amber_id.report.evaluation.wording import finding
from amber_id.report.self_contained import fragments, render_with_charts
from amber_id.report.study.attributes import attributes_by_title
from amber_id.report.study.figures import write_study_figures
from amber_id.report.study.guidelines import actor_rows, guidelines, people_searched
from amber_id.report.study.map import StudyMap, map_notes, played_faces, study_map_chart, study_maps
from amber_id.report.study.tables import attacker_columns, cell_rows, check_rows, matrix_columns, parts_kept
from amber_id.report.study.wording import (
    STREAM_MEANINGS,
    officer_notes,
    officer_warnings,
)
from amber_id.results import StudyResults, known_figures


def write_study_report(
    results: StudyResults,
    comparisons: Mapping[str, Comparisons],
    folder: Path,
    *,
    faces: Mapping[str, RecordingSet] | None = None,
) -> Path:
    """Write ``report.html`` and ``figures/`` into the folder of a study.

    Parameters
    ----------
    results
        Everything that the study found.
    comparisons
        The scores of the strongest attacker of each cell, by its letters; curves and distributions are drawn
        of those that are there.
    folder
        Of the study; it is made if need be.
    faces
        For a cell whose map may play faces, by its letters, the recordings of its clips: OOO plays the
        movement of real faces. Maps without are only drawn.

    Returns
    -------
    Path
        That of ``report.html``; its figures lie in ``figures/`` beside it.

    Raises
    ------
    EvaluationError
        If the scores are not those of the study.
    MissingDependencyError
        If jinja2, plotly or matplotlib is not installed.
    """
    check_belong(results, comparisons)
    maps = study_maps(results, faces or {})
    page = _render(results, comparisons, maps)
    write_study_figures(results, comparisons, maps, folder / "figures")
    path = folder / "report.html"
    write_text_atomically(path, page)
    return path


def _render(
    results: StudyResults, comparisons: Mapping[str, Comparisons], maps: Mapping[str, StudyMap]
) -> str:
    """The page as text."""
    plays = any(each.faces for each in maps.values())
    return render_with_charts(
        "study/page.html",
        _content(results, comparisons, maps),
        styles=["study/page.css", *(["face_player.css", "study/map.css"] if plays else [])],
        scripts=["face_player.js", "study/map.js"] if plays else [],
        filters={"part_name": part_name},
    )


def _content(
    results: StudyResults, comparisons: Mapping[str, Comparisons], maps: Mapping[str, StudyMap]
) -> dict[str, Any]:
    """What the template shows."""
    eer, originals = headline_eers(results)
    cell = results.cells[results.headline.cell]
    charts = _charts(results, comparisons) | {
        f"map-{each.letters}": study_map_chart(each) for each in maps.values()
    }
    columns = matrix_columns(results)
    return {
        "summary": fragments("study/sections/summary"),
        "details": fragments("study/sections/details"),
        "results": results,
        "headline": results.headline,
        "counts": results.counts,
        "utility": results.utility,
        "made": results.provenance,
        "eer": eer,
        "originals": originals,
        "archive": known_figures(cell.metrics, "archive"),
        "auc": cell.metrics.auc,
        "level": short_percent(eer.level),
        "reading": dict(zip(("text", "tone"), finding(results.headline.recognition, eer), strict=True)),
        "scale": scale_places(eer, originals),
        "sources": ", ".join(f"{name} {n}" for name, n in sorted(results.counts.subjects_of_source.items())),
        "several_sources": several_sources(results),
        "controls": check_rows((*results.controls, *results.sensitivity.values())),
        "confounds": check_rows(results.confounds),
        "columns": columns,
        "of_attackers": attacker_columns(results),
        "matrix": {letters: cell_rows(each, columns) for letters, each in results.cells.items()},
        "view_meanings": {name: view.summary[0].upper() + view.summary[1:] for name, view in VIEWS.items()},
        "stream_meanings": STREAM_MEANINGS,
        "faces": {
            letters: face_drawing(regions, largest_share(results))
            for letters, regions in results.regions.items()
            if shares(regions)
        },
        "largest": largest_share(results),
        "session_rows": [
            {"letters": letters, "view": view, "people": figures.people, "compared": figures.compared}
            for letters, view, figures in session_figures_of(results.sessions)
        ],
        "shown": leaves_out_zero,
        "lowest_on_test": lowest_on_test,
        "shown_eer": shown_eer,
        "lowest_fmr": max((each.fmr_floor for each in comparisons.values()), default=None),
        "maps": maps,
        "map_notes": map_notes(maps, results),
        "played": played_faces(maps),
        "parts_kept": parts_kept(results.utility),
        "attributes": attributes_by_title(results),
        "wanted": [each for each in results.attributes.values() if each.wanted],
        **_for_the_officer(results),
        "charts": charts,
        "has_curves": any(name.startswith("curve-") for name in charts),
        "legends": _legends(charts),
    }


def _for_the_officer(results: StudyResults) -> dict[str, Any]:
    """What the part for whoever must sign shows."""
    return {
        "criteria": officer_notes(results),
        "warnings": officer_warnings(results),
        "guidelines": guidelines(),
        "actors": actor_rows(results),
        "searched": people_searched(results),
    }


def _legends(charts: Mapping[str, Chart]) -> dict[str, list[dict[str, str]]]:
    """What the marks mean: of all distributions once, and of the matrix, whose rows are named, guessing."""
    legends = {name: legend_of(chart) for name, chart in charts.items() if not name.startswith("map-")}
    legends["eers"] = legends["eers"][:1]
    distributions_of = [name for name in legends if name.startswith("scores-")]
    return legends | {"scores": max((legends[name] for name in distributions_of), key=len, default=[])}


def _charts(results: StudyResults, comparisons: Mapping[str, Comparisons]) -> dict[str, Chart]:
    """Those for which there is something to draw."""
    curves = det_curves(comparisons)
    charts = {"eers": eers_chart(results)}
    if results.views:
        charts["views"] = views_chart(results)
    if curves:
        charts["det"] = det_chart(det_lines(curves, results))
    for letters, bins in distributions(comparisons).items():
        charts[f"scores-{letters}"] = cell_distributions_chart(bins, results.cells[letters])
    charts |= curves_charts(results) | days_chart(results.sessions)
    if tradeoff(results):
        charts["tradeoff"] = tradeoff_chart(results)
    return charts
