"""Which point of the tracked face is which?

Conventions
-----------
MediaPipe's FaceLandmarker gives 478 points: 468 of the face mesh and ten of the irises.
Its older FaceMesh gives the first 468. All indices here are below 468, so both serve.
Left and right are the person's own, as in MediaPipe's names.

The regions and their edges are MediaPipe's own connection tables
(``mediapipe.tasks.python.vision.FaceLandmarksConnections``, Apache-2.0), written as paths;
their union is the 152 points that the thesis selected. Coordinates of `mean_face` are
right-handed in the image's sense: x to the right, y down, z away from the camera; the unit is
the distance between the outer corners of the eyes.
"""

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import load

Region = Literal["face_oval", "left_eye", "left_eyebrow", "lips", "nose", "right_eye", "right_eyebrow"]
RegionGroup = Literal["eyebrows", "eyes"]

_PATHS: dict[str, tuple[tuple[int, ...], ...]] = {
    "face_oval": (
        (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
        (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10),
    ),
    "left_eye": (
        (263, 249, 390, 373, 374, 380, 381, 382, 362),
        (263, 466, 388, 387, 386, 385, 384, 398, 362),
    ),
    "left_eyebrow": ((276, 283, 282, 295, 285), (300, 293, 334, 296, 336)),
    "lips": (
        (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
        (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
        (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
        (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    ),
    "nose": (
        (168, 6, 197, 195, 5, 4, 1, 19, 94, 2),
        (2, 326, 327, 294, 278, 344, 440, 275, 4, 45, 220, 115, 48, 64, 98, 97, 2),
    ),
    "right_eye": (
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
    ),
    "right_eyebrow": ((46, 53, 52, 65, 55), (70, 63, 105, 66, 107)),
}

REGION_GROUPS: dict[str, tuple[Region, ...]] = {
    "eyebrows": ("left_eyebrow", "right_eyebrow"),
    "eyes": ("left_eye", "right_eye"),
}

# The region edges alone fall into ten pieces; these join them into one graph.
BRIDGES: dict[str, tuple[tuple[int, int], ...]] = {
    "outer to inner lips": ((61, 78), (0, 13), (291, 308), (17, 14)),
    "lower to upper left eyebrow": ((276, 300), (285, 336)),
    "lower to upper right eyebrow": ((46, 70), (55, 107)),
    "left eye to eyebrow": ((386, 282),),
    "right eye to eyebrow": ((159, 52),),
    "nose bridge to inner eye corners": ((6, 362), (6, 133)),
    "nose bridge to forehead": ((168, 10),),
    "nose base to upper lip": ((2, 0),),
    "lower lip to chin": ((17, 152),),
    "outer eye corners to temples": ((263, 356), (33, 127)),
    "eyebrows to forehead": ((334, 332), (105, 103)),
}

NOSE_TIP = 4
OUTER_EYE_CORNERS = (33, 263)

# Points that expressions hardly move, for rigid alignment: forehead, nose bridge, corners of the eyes,
# forming a symmetric set over the upper face, chosen among the points with the least motion left
# after alignment; `scripts/measure_mean_face.py` prints how much.
RIGID_POINTS: tuple[int, ...] = (
    *(6, 8, 9, 10, 151, 168, 195, 197),
    *(33, 35, 67, 69, 108, 109, 122, 133, 193, 196),
    *(263, 265, 297, 299, 337, 338, 351, 362, 417, 419),
)

# The order in which MediaPipe gives them.
BLENDSHAPE_NAMES: tuple[str, ...] = (
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
)


def edges_of(region: Region) -> tuple[tuple[int, int], ...]:
    """MediaPipe's edges of one region, as pairs of point indices."""
    return tuple(edge for path in _PATHS[region] for edge in pairwise(path))


def edges_by_group() -> dict[str, list[tuple[int, int]]]:
    """The edges of all regions, those of a pair of regions together."""
    group_of = {member: group for group, members in REGION_GROUPS.items() for member in members}
    edges: dict[str, list[tuple[int, int]]] = {}
    for region in REGIONS:
        edges.setdefault(group_of.get(region, region), []).extend(edges_of(region))
    return edges


def points_of(region: Region | RegionGroup) -> tuple[int, ...]:
    """Point indices of a region or of a pair of regions, ascending."""
    members = REGION_GROUPS.get(region, (region,))
    return tuple(sorted({point for member in members for path in _PATHS[member] for point in path}))


REGIONS: tuple[Region, ...] = get_args(Region)
SELECTED_POINTS: tuple[int, ...] = tuple(sorted({point for region in REGIONS for point in points_of(region)}))


@cache
def mean_face() -> Float[np.ndarray, "478 3"]:
    """The symmetric mean of tracked real faces; see `scripts/measure_mean_face.py` for how it was measured.

    Origin at the mean of the rigid points; unit: the distance between the outer corners of the eyes.
    """
    face = _measured()["mean_face"].astype(np.float64)
    face.setflags(write=False)
    return face


@cache
def mirror_pairs() -> Int[np.ndarray, " 478"]:
    """Index of each point's counterpart on the other side; points on the midline are their own."""
    pairs = _measured()["mirror"].astype(np.int64)
    pairs.setflags(write=False)
    return pairs


def _measured() -> dict[str, np.ndarray]:
    return load(files("amber_id").joinpath("data/mean_face.safetensors").read_bytes())
