"""The experiment of the thesis and the corrected one on one page, ``thesis.html``, with a table beside it.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything; `self_contained` says how.
What the thesis published is marked as such wherever it stands, and has no interval, since none was published.
Every text is escaped, and no person is named. Equal input gives equal bytes, under the same versions.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.figures import figures_in
from amber_id.notation import percent
from amber_id.report.drawing.intervals import Marks, intervals_chart
from amber_id.report.drawing.palette import CELL_STYLES, NEUTRAL
from amber_id.report.drawing.plotly_chart import Chart, legend_of, six_digits
from amber_id.report.drawing.tables import as_csv, spread
from amber_id.report.self_contained import render_with_charts
from amber_id.report.thesis.attackers import CLIPS, attacker_charts, caption_of
from amber_id.results import (
    ConditionFigures,
    ConditionName,
    FoldFigure,
    PublishedFigure,
    Rate,
    ThesisPart,
    ThesisStudyResults,
)

PIPELINES = {"thesis": "as in the thesis", "corrected": "corrected"}
_STYLES = {"original": CELL_STYLES["OOO"], "anonymised": CELL_STYLES["AAA"]}
_LOSSES = {"cross_entropy": "cross-entropy", "arcface": "ArcFace", "supcon": "supervised contrast"}
_PUBLISHED = "published elsewhere"
_MORE = tuple(figure for figure in figures_in("thesis") if figure.name != "eer")


def write_thesis_report(results: ThesisStudyResults, folder: Path) -> Path:
    """Write ``thesis.html`` and ``thesis.csv`` into a folder, which is made if need be; give the page.

    Attackers whose embeddings and scores are kept in the folder, as a study leaves them, are drawn one by
    one.

    Raises
    ------
    FileFormatError
        If such embeddings and scores cannot be read.
    MissingDependencyError
        If jinja2 or plotly is not installed.
    """
    path = folder / "thesis.html"
    write_text_atomically(path, _render(results, folder))
    write_text_atomically(folder / "thesis.csv", as_csv(thesis_rows(results)))
    return path


def thesis_rows(results: ThesisStudyResults) -> list[dict[str, Any]]:
    """A row for each part and condition, and for each of its folds."""
    rows = []
    for part in results.parts:
        about = {name: getattr(part, name) for name in ("pipeline", "split", "loss", "sees", "region")}
        for condition, figures in part.conditions.items():
            rows.append(about | {"condition": condition, "fold": None} | _in_columns(figures))
            rows += [
                about | {"condition": condition, "fold": fold.fold} | _in_columns(fold)
                for fold in figures.folds
            ]
    return rows


def _in_columns(figures: ConditionFigures | FoldFigure) -> dict[str, Any]:
    """How many people and comparisons, and the figures; a fold has its EER alone."""
    row: dict[str, Any] = {
        "people": figures.subjects, "mated": figures.counts.mated, "nonmated": figures.counts.nonmated,
        **spread("eer", figures.eer),
    }  # fmt: skip
    for figure in _MORE:
        row |= spread(figure.name, getattr(figures, figure.name, None))
    return row


def _render(results: ThesisStudyResults, folder: Path) -> str:
    """The page as text."""
    whole = [part for part in results.parts if part.region is None]
    charts = {
        "main": _main_chart(
            [part for part in whole if part.main or part.sees == "motion"], results.published
        ),
        "folds": _folds_chart(part for part in whole if part.split == "folds"),
    } | _region_charts(results)
    of_attackers = attacker_charts(results, folder)
    for drawn in of_attackers.values():
        charts |= drawn
    content = {
        "results": results,
        "whole": whole,
        "charts": charts,
        "legends": {name: legend_of(chart) for name, chart in charts.items()},
        "pipelines": PIPELINES,
        "clips": CLIPS,
        "setting": setting,
        "more": _MORE,
        "drawn": {name: list(drawn) for name, drawn in of_attackers.items()},
        "caption_of": caption_of,
        "fold_spread": fold_spread,
        "regions": {name: _regions(results, name) for name in PIPELINES if _regions(results, name)},
        "level": results.config["evaluation"]["level"],
        "replicates": results.config["evaluation"]["replicates"],
    }
    return render_with_charts("thesis/page.html", content, styles=["study/page.css"])


def setting(part: ThesisPart) -> str:
    """What is trained on what, in words, the pipeline apart: ``ArcFace, xy + motion`` or ``view motion``."""
    if part.pipeline == "corrected":
        return f"view {part.sees}"
    return f"{_LOSSES[part.loss]}, {part.sees.replace('+', ' + ')}"


def fold_spread(part: ThesisPart, condition: ConditionName) -> str:
    """The lowest and the highest EER of the folds of a part."""
    eers = [fold.eer.value for fold in part.conditions[condition].folds if fold.eer is not None]
    return f"{percent(min(eers))} to {percent(max(eers))}" if eers else "–"


def _label(part: ThesisPart) -> str:
    where = "folds" if part.split == "folds" else "k0"
    return f"{PIPELINES[part.pipeline]}, {where}" + (f", {part.sees}" if part.pipeline == "corrected" else "")


def _main_chart(parts: Iterable[ThesisPart], published: Iterable[PublishedFigure]) -> Chart:
    """The main parts, below what the thesis published."""
    drawn = list(parts)
    marks = [
        Marks(name, _STYLES[condition], {_label(part): part.conditions[condition].eer for part in drawn})
        for condition, name in CLIPS.items()
    ]
    rows = [_PUBLISHED, *dict.fromkeys(map(_label, drawn))]
    chart = intervals_chart(marks, rows, "Equal error rate, EER")
    figures = list(published)
    chart["data"].append({
        "type": "scatter", "mode": "markers+text", "name": "published by the thesis, on other people",
        "x": six_digits([each.eer for each in figures]), "y": [0] * len(figures),
        "text": [each.name for each in figures], "textposition": ["top left", "top right"],
        "marker": {"size": 11, "color": NEUTRAL, "symbol": "diamond"},
        "customdata": [percent(each.eer) for each in figures],
        "hovertemplate": "%{text}, published<br>EER about %{customdata}, no interval<extra></extra>",
    })  # fmt: skip
    return chart


def _folds_chart(parts: Iterable[ThesisPart]) -> Chart:
    """The EER of every fold of the parts that have some."""
    eers: dict[ConditionName, dict[str, Rate]] = {condition: {} for condition in CLIPS}
    rows = []
    for part in parts:
        for condition in CLIPS:
            for fold in part.conditions[condition].folds:
                row = f"{PIPELINES[part.pipeline]}, fold {fold.fold + 1}"
                rows.append(row)
                if fold.eer is not None:
                    eers[condition][row] = fold.eer
    marks = [Marks(name, _STYLES[condition], eers[condition]) for condition, name in CLIPS.items()]
    return intervals_chart(marks, list(dict.fromkeys(rows)), "EER of a fold")


def _regions(results: ThesisStudyResults, pipeline: str) -> dict[str, ThesisPart]:
    """The parts of one pipeline that show one region alone."""
    return {
        part.region.replace("_", " "): part
        for part in results.parts
        if part.region is not None and part.pipeline == pipeline
    }


def _region_charts(results: ThesisStudyResults) -> dict[str, Chart]:
    charts = {}
    for pipeline in PIPELINES:
        regions = _regions(results, pipeline)
        if regions:
            marks = [
                Marks(
                    name,
                    _STYLES[condition],
                    {region: part.conditions[condition].eer for region, part in regions.items()},
                )
                for condition, name in CLIPS.items()
            ]
            title = f"EER of one region alone, {PIPELINES[pipeline]}"
            charts[f"regions-{pipeline}"] = intervals_chart(marks, list(regions), title)
    return charts
