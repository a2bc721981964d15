"""Which part of the face gives people away, as a drawing: the mean face, darker where the share is larger.

Conventions
-----------
A share is a Shapley value: how much of 0.5 - EER is owed to a part; those of all parts add up to it. One
whose interval holds 0 is not shown, and hatched. One scale of lightness serves all faces of a study, so it
can be read in black and white; the numbers stand beside the face.
The face is the common mean face of `face_mesh`: nobody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull

from amber_id.face_mesh import REGION_GROUPS, edges_of, mean_face, points_of
from amber_id.notation import interval_in_unit, leaves_out_zero
from amber_id.report.drawing.captions import INK, mark_cell
from amber_id.report.drawing.paper import sized
from amber_id.report.drawing.tables import spread
from amber_id.results import RegionResult, Share, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LIGHT, _DARK = np.array([250, 226, 205]), np.array([140, 45, 4])
_UNIT_PX = 150  # of the drawing, per eye distance
_LABEL_PX = 265  # room for the names
_STEP_PX = 46  # between names, at least
PARTS = ("eyebrows", "eyes", "nose", "lips", "face_oval")  # from above to below, as in the face


@dataclass(frozen=True, eq=False)
class PartShape:
    """Where a part of the face lies in the mean face, x to the right and y down, in eye distances."""

    name: str
    outlines: tuple[Float[np.ndarray, "_ 2"], ...]  # closed polygons round its members
    edges: Float[np.ndarray, "E 2 2"]
    label: Float[np.ndarray, " 2"]  # the point of it that lies most to the right


def part_name(part: str) -> str:
    """A region as it is called in a sentence.

    Examples
    --------
    >>> part_name("face_oval")
    'face oval'
    """
    return part.replace("_", " ")


def part_color(share: Share, largest: float) -> str:
    """The darker, the larger the share is beside the `largest` one; a negative one is the lightest.

    Examples
    --------
    >>> part_color(Share(value=0.1, low=0.05, high=0.15, level=0.95), largest=0.1)
    '#8c2d04'
    """
    way = float(np.clip(share.value / largest, 0, 1)) if largest > 0 else 0.0
    red, green, blue = (round(value) for value in _LIGHT + way * (_DARK - _LIGHT))
    return f"#{red:02x}{green:02x}{blue:02x}"


def largest_share(results: StudyResults) -> float:
    """The largest share of any part in any cell; 0 without a share."""
    values = [share.value for regions in results.regions.values() for share in shares(regions).values()]
    return max(values, default=0.0)


def face_drawing(regions: Mapping[str, RegionResult], largest: float) -> dict[str, Any]:
    """One face as an SVG: its frame, points, parts from the outermost to the innermost, and their names."""
    places = _UNIT_PX * mean_face()[:, :2]
    corner, far = places.min(axis=0) - 14, places.max(axis=0) + 14
    of_parts = shares(regions)
    shapes = [shape for shape in part_shapes() if shape.name in of_parts]
    heights = _label_heights({shape.name: _UNIT_PX * shape.label[1] for shape in shapes})
    return {
        "frame": f"{corner[0]:.0f} {corner[1]:.0f} {far[0] - corner[0] + _LABEL_PX:.0f} "
        f"{far[1] - corner[1]:.0f}",
        "dots": [_pair(place) for place in places],
        "parts": [
            _part(shape, of_parts[shape.name], largest)
            | {"text_x": f"{far[0] + 6:.0f}", "text_y": f"{heights[shape.name]:.0f}"}
            for shape in shapes
        ],
    }


def _part(shape: PartShape, share: Share, largest: float) -> dict[str, Any]:
    label = _UNIT_PX * shape.label
    return {
        "name": part_name(shape.name),
        "value": f"{share.value:+.3f}".replace("-", "−"),
        "interval": interval_in_unit(share, ""),
        "shown": leaves_out_zero(share),
        "color": part_color(share, largest),
        "ring": shape.name == "face_oval",  # filled, it would hide all others
        "outlines": [
            " ".join(",".join(_pair(place)) for place in _UNIT_PX * each) for each in shape.outlines
        ],
        "edges": " ".join(
            f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
            for start, end in _UNIT_PX * shape.edges
        ),
        "from_x": f"{label[0]:.0f}",
        "from_y": f"{label[1]:.0f}",
    }


def _label_heights(wanted: Mapping[str, float]) -> dict[str, float]:
    """Where names stand: as high as their part, or lower, that none covers another."""
    heights, free = {}, -np.inf
    for part in (part for part in PARTS if part in wanted):
        heights[part] = max(wanted[part], free)
        free = heights[part] + _STEP_PX
    return heights


def _pair(place: Float[np.ndarray, " 2"]) -> tuple[str, str]:
    return f"{place[0]:.1f}", f"{place[1]:.1f}"


def draw_regions(figure: "Figure", results: StudyResults) -> "Figure":
    """The mean face, darker where the share of a part is larger; a face for each cell."""
    cells = {letters: regions for letters, regions in results.regions.items() if shares(regions)}
    sized(figure, 4.8 * len(cells), 5.2)
    largest = largest_share(results)
    for axes, (letters, regions) in zip(
        figure.subplots(1, len(cells), squeeze=False).flat, cells.items(), strict=True
    ):
        _draw_face(axes, letters, {part: regions[part].share for part in shares(regions)}, largest)
    figure.suptitle(
        f"{mark_cell(results)}Share of each part in 0.5 − EER (Shapley), motion alone\n"
        "hatched: the interval holds 0, not shown",
        x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _draw_face(axes: "Axes", letters: str, of_parts: Mapping[str, Any], largest: float) -> None:
    from matplotlib.collections import LineCollection

    face = mean_face()
    axes.scatter(face[:, 0], face[:, 1], s=2, color="#c4c9d0")
    for shape in part_shapes():
        if shape.name not in of_parts:
            continue
        share = of_parts[shape.name]
        color, hatch = part_color(share, largest), "" if leaves_out_zero(share) else "////"
        for outline in shape.outlines:
            if shape.name == "face_oval":
                axes.plot(*np.append(outline, outline[:1], axis=0).T, color=color, linewidth=7,
                          linestyle="-" if leaves_out_zero(share) else (0, (1, 0.6)))  # fmt: skip
            else:
                axes.fill(*outline.T, facecolor=color, edgecolor=INK, linewidth=0.6, hatch=hatch)
        axes.add_collection(LineCollection(list(shape.edges), colors=INK, linewidths=0.5))
    labels = [
        f"{part_name(part)} {share.value:+.3f} {interval_in_unit(share, '')}".replace("-", "−")
        + ("" if leaves_out_zero(share) else ", not shown")
        for part, share in of_parts.items()
    ]
    axes.set(aspect="equal", title=letters, xlabel="\n".join(labels), xticks=[], yticks=[])
    axes.invert_yaxis()
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def region_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each region of each cell."""
    rows = []
    for letters, regions in results.regions.items():
        for region, result in regions.items():
            row = {"cell": letters, "region": region, **spread("eer_alone", result.alone)}
            row |= spread("eer_removed_less_whole", result.removed) | spread("share", result.share)
            rows.append(row)
    return rows


def shares(regions: Mapping[str, RegionResult]) -> dict[str, Share]:
    """The Shapley shares of the parts of the face, from above to below."""
    of_parts = {part: regions[part].share for part in PARTS if part in regions}
    return {part: share for part, share in of_parts.items() if share is not None}


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
