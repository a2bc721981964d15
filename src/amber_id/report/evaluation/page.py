"""One page for whoever must decide: ``report.html``, from ``results.json`` and ``arrays.safetensors`` alone.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything: plotly.js is inside, and a content
security policy lets the browser run only the two scripts that were written here.
Every text is escaped; rates are fractions inside and percentages on the page; people appear by pseudonym.
Equal input gives an equal page, under the same versions.
"""

from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.figures import OPTIMISTIC, figures_in
from amber_id.notation import in_unit, interval_in_unit, short_percent
from amber_id.report.drawing.distributions import distributions_chart, score_bins
from amber_id.report.drawing.maps import fold_maps, map_chart
from amber_id.report.drawing.people import subject_rows, subjects_chart
from amber_id.report.drawing.plotly_chart import Chart, legend_of, scale_places
from amber_id.report.drawing.roc import roc_chart, roc_points
from amber_id.report.evaluation.checked import check_belong_together, compared
from amber_id.report.evaluation.wording import (
    disclosure_note,
    map_note,
    oracle_note,
    people_note,
    reading,
    roc_note,
    scoring_note,
)
from amber_id.report.self_contained import render_with_charts
from amber_id.results import EvaluationArrays, EvaluationResults, read_arrays, read_results


def write_report(eval_dir: Path) -> Path:
    """Render ``report.html`` in the folder of an evaluation, from the two files in it.

    Returns
    -------
    Path
        That of ``report.html``.

    Raises
    ------
    EvaluationError
        If the two files are not of one evaluation.
    FileFormatError
        If one of them is missing, cut off, or of another schema.
    MissingDependencyError
        If jinja2 or plotly is not installed.
    """
    results = read_results(eval_dir / "results.json")
    arrays = read_arrays(eval_dir / "arrays.safetensors")
    check_belong_together(results, arrays)
    path = eval_dir / "report.html"
    write_text_atomically(path, _render(results, arrays))
    return path


def _render(results: EvaluationResults, arrays: EvaluationArrays) -> str:
    """The page as text."""
    return render_with_charts("evaluation/page.html", _content(results, arrays))


def _content(results: EvaluationResults, arrays: EvaluationArrays) -> dict[str, Any]:
    """What the template shows."""
    comparisons = compared(arrays)
    roc = roc_points(comparisons)
    maps = fold_maps(results, arrays)
    rows = subject_rows(results)
    charts: dict[str, Chart] = {
        "roc": roc_chart(roc, results),
        "scores": distributions_chart(score_bins(comparisons), results),
        "subjects": subjects_chart(rows, results),
    } | {f"map-{each.fold}": map_chart(each) for each in maps}
    sources = results.counts.subjects_of_source
    return {
        "results": results,
        "metrics": results.metrics,
        "counts": results.counts,
        "eer": results.metrics.eer,
        "level": short_percent(results.metrics.eer.level),
        "reading": dict(zip(("text", "tone"), reading(results), strict=True)),
        "scale": scale_places(results.metrics.eer, None if results.oracle is None else results.oracle.eer),
        "oracle_note": None if results.oracle is None else oracle_note(results.oracle),
        "sources": ", ".join(f"{name} {number}" for name, number in sorted(sources.items())),
        "rates": _rates(results),
        "disclosure_note": disclosure_note(results.disclosure),
        "roc": roc,
        "roc_note": roc_note(roc),
        "maps": maps,
        "map_note": map_note(maps, results),
        "scoring_note": scoring_note(results),
        "people_note": people_note(rows),
        "charts": charts,
        "legends": {name: legend_of(charts[name]) for name in ("roc", "scores", "subjects")},
    }


def _rates(results: EvaluationResults) -> list[dict[str, Any]]:
    """A row for each figure that this study allows."""
    rates = [(figure, getattr(results.metrics, figure.name)) for figure in figures_in("evaluation")]
    return [
        {
            "name": figure.title,
            "meaning": figure.meaning,
            "value": in_unit(rate.value, figure.unit),
            "interval": interval_in_unit(rate, figure.unit),
            "chance": short_percent(rate.chance) if figure.unit == "%" else f"{rate.chance:.3g}",
            "better": figure.better,
            "optimistic": figure.name == OPTIMISTIC,
        }
        for figure, rate in rates
        if rate is not None
    ]
