"""Which part of the face gives people away, as a drawing: the mean face, darker where the share is larger.

Conventions
-----------
A share is a Shapley value: how much of 0.5 - EER is owed to a part; those of all parts add up to it. One
whose interval holds 0 is not shown, and hatched. One scale of lightness serves all faces of a study, so it
can be read in black and white; the numbers stand beside the face.
The face is the common mean face of `face_mesh`: nobody's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import mean_face
from amber_id.report.study_summary import PARTS, PartShape, is_shown, part_shapes, shares
from amber_id.results import RegionResult, Share, StudyResults

_LIGHT, _DARK = np.array([250, 226, 205]), np.array([140, 45, 4])
_UNIT_PX = 150  # of the drawing, per eye distance
_LABEL_PX = 265  # room for the names
_STEP_PX = 46  # between names, at least


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
    found = [share.value for regions in results.regions.values() for share in shares(regions).values()]
    return max(found, default=0.0)


def face_drawing(regions: Mapping[str, RegionResult], largest: float) -> dict[str, Any]:
    """One face as an SVG: its frame, points, parts from the outermost to the innermost, and their names."""
    places = _UNIT_PX * mean_face()[:, :2]
    corner, far = places.min(axis=0) - 14, places.max(axis=0) + 14
    found = shares(regions)
    shapes = [shape for shape in part_shapes() if shape.name in found]
    heights = _label_heights({shape.name: _UNIT_PX * shape.label[1] for shape in shapes})
    return {
        "frame": f"{corner[0]:.0f} {corner[1]:.0f} {far[0] - corner[0] + _LABEL_PX:.0f} "
        f"{far[1] - corner[1]:.0f}",
        "dots": [_pair(place) for place in places],
        "parts": [
            _part(shape, found[shape.name], largest)
            | {"text_x": f"{far[0] + 6:.0f}", "text_y": f"{heights[shape.name]:.0f}"}
            for shape in shapes
        ],
    }


def _part(shape: PartShape, share: Share, largest: float) -> dict[str, Any]:
    label = _UNIT_PX * shape.label
    return {
        "name": part_name(shape.name),
        "value": f"{share.value:+.3f}".replace("-", "−"),
        "interval": f"[{share.low:.3f}, {share.high:.3f}]".replace("-", "−"),
        "shown": is_shown(share),
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
