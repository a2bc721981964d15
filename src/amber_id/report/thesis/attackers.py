"""What does each attacker of the thesis' study see? Its ROC, its scores, and a map of the clips.

Conventions
-----------
A chart is called ``<kind> <run>``, a map ``map <fold> <run>``; both kinds of clips share a ROC. People appear
by pseudonym, the same for all attackers of one split.
"""

import html
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from amber_id.notation import percent
from amber_id.report.drawing.distributions import histograms_chart, score_bins
from amber_id.report.drawing.maps import map_chart, maps_of
from amber_id.report.drawing.palette import CELL_STYLES
from amber_id.report.drawing.plotly_chart import Chart, guessing_line, line_trace, marks_trace
from amber_id.report.drawing.pseudonyms import pseudonyms
from amber_id.report.drawing.roc import roc_layout, roc_points
from amber_id.report.evaluation.checked import compared
from amber_id.results import (
    ConditionName,
    EvaluationArrays,
    ThesisPart,
    ThesisStudyResults,
    read_arrays,
    run_name,
    thesis_arrays,
)

CLIPS: Mapping[ConditionName, str] = {"original": "originals (refM)", "anonymised": "avatars (attM)"}
_CELLS: Mapping[ConditionName, str] = {"original": "OOO", "anonymised": "AAA"}
_HEIGHT = 340


def attacker_charts(results: ThesisStudyResults, study: Path) -> dict[str, dict[str, Chart]]:
    """The charts of each part, by its name; of parts whose arrays are kept in the folder of the study.

    Raises
    ------
    FileFormatError
        If they cannot be read.
    """
    charts = {}
    for part in results.parts:
        arrays = {
            condition: read_arrays(path)
            for condition in CLIPS
            if (path := thesis_arrays(study, part.name, condition)).exists()
        }
        if arrays:
            charts[part.name] = _of_part(part, arrays, results.provenance.splits_sha256[part.split])
    return charts


def caption_of(chart: str) -> str:
    """What a chart of `attacker_charts` shows."""
    kind, _, run = chart.partition(" ")
    if kind == "roc":
        return "ROC on test people; the marks are EERs."
    clips = CLIPS["anonymised" if run.endswith("-anonymised") else "original"]
    if kind == "scores":
        return f"Scores of test people, {clips}. Broken lines: thresholds, from dev people."
    return f"Map of the test clips, {clips}, fold {int(run.partition(' ')[0]) + 1}."


def _of_part(
    part: ThesisPart, of_conditions: Mapping[ConditionName, EvaluationArrays], split_sha256: str
) -> dict[str, Chart]:
    charts = {f"roc {part.name.replace(' ', '-')}": _roc(part, of_conditions)}
    for condition, arrays in of_conditions.items():
        run = run_name(part.name, condition)
        bins = score_bins(compared(arrays))
        dev = part.conditions[condition].dev
        charts[f"scores {run}"] = histograms_chart(bins, dev, "cosine similarity", height=_HEIGHT)
        for each in maps_of(arrays, pseudonyms(arrays.subjects, split_sha256)):
            chart = map_chart(each)
            chart["layout"] |= {"showlegend": False, "height": _HEIGHT}
            charts[f"map {each.fold} {run}"] = chart
    return charts


def _roc(part: ThesisPart, of_conditions: Mapping[ConditionName, EvaluationArrays]) -> Chart:
    guess = np.geomspace(1e-6, 1, 60)
    data = [guessing_line(guess, guess)]
    for condition, arrays in of_conditions.items():
        style = CELL_STYLES[_CELLS[condition]]
        points = roc_points(compared(arrays))
        name = html.escape(CLIPS[condition])
        data.append(
            line_trace(
                points.fmr, points.tmr, name, style.color,
                hovertemplate="FMR %{x:.2%}<br>TMR %{y:.2%}<extra></extra>",
            )
        )  # fmt: skip
        eer = part.conditions[condition].eer
        data.append(
            marks_trace(
                [eer.value], [1 - eer.value], f"EER, {name}", style.color, symbol=style.symbol, size=9,
                showlegend=False, hovertemplate=f"EER {percent(eer.value)}<extra></extra>",
            )
        )  # fmt: skip
    return {"data": data, "layout": roc_layout(_HEIGHT)}
