"""What is there to draw of a study: the EER of each cell, curves on probit axes, the face in parts.

Conventions
-----------
Page, printed figures and tables of numbers draw these, so that they cannot differ.
Where people come from several sources, the EER that is shown of a cell is that within sources, as in the
headline. Rates are fractions. A curve has at most `CURVE_POINTS` points, however many were measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float64
from scipy.spatial import ConvexHull
from scipy.special import ndtri

from amber_id.biometrics import Comparisons, det
from amber_id.errors import EvaluationError
from amber_id.face_mesh import REGION_GROUPS, edges_of, mean_face, points_of
from amber_id.report.palette import CELL_STYLES, CellStyle
from amber_id.report.summary import ScoreBins, score_bins
from amber_id.results import AttackerResult, CellResult, Difference, Rate, RegionResult, Share, StudyResults

CURVE_POINTS = 300
PARTS = ("eyebrows", "eyes", "nose", "lips", "face_oval")  # from above to below, as in the face
_TICKS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
_HIGHEST = 0.95  # of the rates on probit axes
VIEWS = ("all", "motion", "pose", "static")


@dataclass(frozen=True, eq=False)
class DetCurve:
    """FNMR over FMR as normal deviates, from the FMR on that the people support."""

    fmr: Float64[np.ndarray, " K"]  # probit, rising
    fnmr: Float64[np.ndarray, " K"]  # probit, falling
    lowest_fmr: float  # below which these people say nothing: 3 / pairs


@dataclass(frozen=True, eq=False)
class DetLine:
    """A curve as it is drawn: under which name, how, and with which EER."""

    name: str
    style: CellStyle
    curve: DetCurve
    eer: Rate


@dataclass(frozen=True, eq=False)
class PartShape:
    """Where a part of the face lies in the mean face, x to the right and y down, in eye distances."""

    name: str
    outlines: tuple[Float[np.ndarray, "_ 2"], ...]  # closed polygons round its members
    edges: Float[np.ndarray, "E 2 2"]
    label: Float[np.ndarray, " 2"]  # the point of it that lies most to the right


def check_belong(results: StudyResults, comparisons: Mapping[str, Comparisons]) -> None:
    """Refuse scores of another study.

    Raises
    ------
    EvaluationError
        If a cell is unknown, or has another number of comparisons.
    """
    for letters, compared in comparisons.items():
        if letters not in results.cells:
            raise EvaluationError(
                f"expected scores of the cells {', '.join(results.cells)}, got some of {letters}"
            )
        said = results.cells[letters].counts
        if (said.mated, said.nonmated) != (compared.n_mated, compared.n_nonmated):
            raise EvaluationError(
                f"results and scores must be of one study, got {said.mated} and {compared.n_mated} mated "
                f"comparisons of {letters}: audit again"
            )


def shown_eer(cell: CellResult) -> Rate:
    """The EER that stands for a cell: within sources where there are several."""
    return cell.within_source or cell.metrics.eer


def headline_eers(results: StudyResults) -> tuple[Rate, Rate | None]:
    """The EER of the headline, and that of the originals where it is another one."""
    cell = results.headline.cell
    before = results.cells.get("OOO")
    return shown_eer(results.cells[cell]), None if cell == "OOO" or before is None else shown_eer(before)


def lowest_on_test(cell: CellResult) -> AttackerResult:
    """The attacker with the lowest EER on the test people, whichever was chosen; the first of equals."""
    return min(cell.attackers.values(), key=lambda each: each.eer.value)


def several_sources(results: StudyResults) -> bool:
    """Whether people of several sources were compared."""
    return any(cell.within_source is not None for cell in results.cells.values())


def det_curves(comparisons: Mapping[str, Comparisons]) -> dict[str, DetCurve]:
    """The curve of each cell that has a point where its people say something, in the order of the matrix."""
    curves = {letters: det_curve(comparisons[letters]) for letters in CELL_STYLES if letters in comparisons}
    return {letters: curve for letters, curve in curves.items() if len(curve.fmr)}


def det_lines(curves: Mapping[str, DetCurve], results: StudyResults) -> list[DetLine]:
    """The curves of the cells of one study, each in the style of its cell."""
    return [
        DetLine(letters, CELL_STYLES[letters], curve, results.cells[letters].metrics.eer)
        for letters, curve in curves.items()
    ]


def det_curve(comparisons: Comparisons) -> DetCurve:
    """The curve from the FMR on that the people support; it has no point where they support none."""
    points = det(comparisons.mated_scores, comparisons.nonmated_scores)
    supported = points.fmr >= ndtri(comparisons.fmr_floor)
    fmr, fnmr = points.fmr[supported], points.fnmr[supported]
    # Even along the curve, whose length on these axes is the sum of both ways.
    along = fmr - fnmr
    if len(fmr) > CURVE_POINTS:
        keep = np.unique(np.searchsorted(along, np.linspace(along[0], along[-1], CURVE_POINTS)))
        fmr, fnmr = fmr[keep], fnmr[keep]
    return DetCurve(fmr, fnmr, comparisons.fmr_floor)


@dataclass(frozen=True)
class ProbitAxis:
    """From where to where DET curves are drawn, in normal deviates, and at which rates there is a tick."""

    ends: tuple[float, float]
    ticks: tuple[float, ...]  # rates

    @property
    def places(self) -> list[float]:
        """The ticks in normal deviates."""
        return [float(ndtri(tick)) for tick in self.ticks]


def probit_axis(lines: Sequence[DetLine]) -> ProbitAxis:
    """The axis of both rates, down to the lowest FMR that the people of any curve support."""
    lowest = min(line.curve.lowest_fmr for line in lines)
    ticks = tuple(tick for tick in _TICKS if lowest * 0.999 <= tick <= _HIGHEST)
    return ProbitAxis((float(ndtri(lowest)), float(ndtri(_HIGHEST))), ticks)


def distributions(comparisons: Mapping[str, Comparisons]) -> dict[str, ScoreBins]:
    """How the scores of each cell spread, in the order of the matrix."""
    return {letters: score_bins(comparisons[letters]) for letters in CELL_STYLES if letters in comparisons}


def tradeoff(results: StudyResults) -> dict[str, tuple[Rate | None, Rate]]:
    """Expression kept, and EER by `moments`, of originals, anonymised clips and simple anonymisers.

    Originals keep all, without an interval. Empty where a figure of the study's own clips is missing.
    """
    utility, views = results.utility, results.views
    if utility is None or utility.expression is None or not {"OOO", "AAA"} <= set(views):
        return {}
    own: dict[str, tuple[Rate | None, Rate]] = {
        "Originals": (None, views["OOO"]["all"].eer),
        "Anonymised": (utility.expression, views["AAA"]["all"].eer),
    }
    simple = {name: (each.expression, each.eer) for name, each in results.references.items()}
    return own | {name: both for name, both in simple.items() if both[0] is not None}


def is_shown(found: Difference | Share) -> bool:
    """Whether the interval leaves 0 out."""
    return found.low > 0 or found.high < 0


def shares(regions: Mapping[str, RegionResult]) -> dict[str, Share]:
    """The Shapley shares of the parts of the face, from above to below."""
    found = {part: regions[part].share for part in PARTS if part in regions}
    return {part: share for part, share in found.items() if share is not None}


@cache
def part_shapes() -> tuple[PartShape, ...]:
    """The parts of the mean face, the face oval first, so that the others lie upon it."""
    return tuple(_part_shape(part) for part in reversed(PARTS))


def _part_shape(part: str) -> PartShape:
    face = mean_face()[:, :2]
    members = REGION_GROUPS.get(part, (part,))
    outlines: list[np.ndarray] = []
    edges: list[tuple[int, int]] = []
    for member in members:
        points = face[list(points_of(member))]  # type: ignore[arg-type]
        outlines.append(points[ConvexHull(points).vertices])
        edges += edges_of(member)  # type: ignore[arg-type]
    everything = np.concatenate(outlines)
    return PartShape(part, tuple(outlines), face[np.array(edges)], everything[everything[:, 0].argmax()])
