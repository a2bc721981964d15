"""Several studies over each other: ROC and DET of one cell, on the page and for a paper.

Conventions
-----------
A line is named after its study, whose name may hold anything: it is markup in a chart and is escaped there.
It carries a number, as in the table, since two names may look alike. Rates are fractions inside.
"""

from collections.abc import Sequence

from amber_id.biometrics import Comparisons
from amber_id.report.drawing.det import DetLine, det_curve
from amber_id.report.drawing.palette import study_style
from amber_id.report.drawing.roc import StudyLine, roc_points
from amber_id.results import ComparisonResults

POOLED = "all parts pooled"
_LONGEST_NAME = 36


def study_lines(results: ComparisonResults, comparisons: Sequence[Comparisons]) -> list[StudyLine]:
    """The lines of all studies in their order; what was pooled comes last, under the name `POOLED`."""
    named = [
        (f"{_short(study.name)}{'' if study.headline.valid else ' (INVALID)'}", study.cells[results.cell].eer)
        for study in results.studies
    ]
    if results.pooled is not None:
        named.append((POOLED, results.pooled.cell.eer))
    lines = []
    for number, ((name, eer), compared) in enumerate(zip(named, comparisons, strict=True)):
        label = f"{number + 1} {name}"
        det = DetLine(label, study_style(number), det_curve(compared), eer)
        lines.append(StudyLine(label, roc_points(compared), det))
    return lines


def _short(name: str) -> str:
    """A name that fits a legend; the number before it still tells it from others."""
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[1 - half :]}"


def drawn_dets(lines: Sequence[StudyLine]) -> list[DetLine]:
    """The DET lines that have a point."""
    return [line.det for line in lines if len(line.det.curve.fmr)]
