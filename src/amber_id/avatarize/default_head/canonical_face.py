"""Which mesh does MediaPipe measure a face against, and which of its vertices are lids, lips and brows?

Conventions
-----------
The mesh lies in every FaceLandmarker bundle: 468 vertices, of which vertex i is landmark i. Centimetres:
x to the picture's right, y up, the face looks along +z; texture coordinates with the picture's top left at
0, 0. Rings run from the avatar's right to its left, brows from the outer to the inner end.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.errors import FileFormatError, ModelBundleError
from amber_id.face_mesh import OUTER_EYE_CORNERS
from amber_id.reading import reading

Side = Literal["Left", "Right"]
SIDES: tuple[Side, ...] = get_args(Side)

POINTS = 468
UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
UPPER_LIP_EDGE = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP_EDGE = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
UPPER_LID: dict[Side, tuple[int, ...]] = {
    "Left": (362, 398, 384, 385, 386, 387, 388, 466, 263),
    "Right": (33, 246, 161, 160, 159, 158, 157, 173, 133),
}
LOWER_LID: dict[Side, tuple[int, ...]] = {
    "Left": (362, 382, 381, 380, 374, 373, 390, 249, 263),
    "Right": (33, 7, 163, 144, 145, 153, 154, 155, 133),
}
BROW_TOP: dict[Side, tuple[int, ...]] = {"Left": (300, 293, 334, 296, 336), "Right": (70, 63, 105, 66, 107)}
BROW_FOOT: dict[Side, tuple[int, ...]] = {"Left": (276, 283, 282, 295, 285), "Right": (46, 53, 52, 65, 55)}
# The outline, from the top of the forehead over the avatar's left to the chin, and back up.
OVAL: tuple[int, ...] = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)

_MEMBER = "geometry_pipeline_metadata_landmarks.binarypb"
# Field numbers of MediaPipe's GeometryPipelineMetadata and, inside it, Mesh3d.
_MESH, _VERTICES, _INDICES = 1, 3, 4
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class CanonicalFace:
    """The mesh; eyes and mouth are open in it: triangles that would fill them are left out."""

    positions: Float[np.ndarray, "468 3"]
    uvs: Float[np.ndarray, "468 2"]
    triangles: Int[np.ndarray, "F 3"]

    @property
    def eye_span(self) -> float:
        """Centimetres between the outer corners of the eyes."""
        right, left = self.positions[list(OUTER_EYE_CORNERS)]
        return float(np.linalg.norm(left - right))


def read_canonical_face(bundle: Path) -> CanonicalFace:
    """Read the mesh from a FaceLandmarker bundle.

    Raises
    ------
    ModelBundleError
        If `bundle` is no such bundle, or its mesh is not the one of 468 vertices.
    """
    wanted = f"{bundle}: expected a face landmarker bundle with a mesh of {POINTS} vertices"
    try:
        with reading(bundle, "a face landmarker bundle"):
            with zipfile.ZipFile(bundle) as members:
                metadata = members.read(_MEMBER)
            mesh = next((value for field, value in _fields(metadata) if field == _MESH), b"")
            content = list(_fields(mesh))
            numbers = b"".join(value for field, value in content if field == _VERTICES)
            vertices = np.frombuffer(numbers, "<f4").astype(np.float64).reshape(-1, 5)
            indices = [index for field, value in content if field == _INDICES for index in _indices(value)]
            triangles = np.array(indices, np.int64).reshape(-1, 3)
    except FileFormatError as error:
        raise ModelBundleError(f"{wanted}, got a file of another kind; get it again") from error
    if len(vertices) != POINTS or triangles.max(initial=0) >= POINTS:
        raise ModelBundleError(f"{wanted}, got {len(vertices)} vertices; use the official bundle")
    return CanonicalFace(vertices[:, :3], vertices[:, 3:], triangles[~_fills_opening(triangles)])


def _fills_opening(triangles: Int[np.ndarray, "F 3"]) -> Bool[np.ndarray, " F"]:
    rings = [UPPER_LIP_EDGE + LOWER_LIP_EDGE, *(UPPER_LID[side] + LOWER_LID[side] for side in SIDES)]
    return np.any([np.isin(triangles, ring).all(axis=1) for ring in rings], axis=0)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Field numbers and contents of a protocol buffer; integers are left as their bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind == _VARINT:
            length = _varint(message, at)[1] - at
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"unknown kind {kind} of protocol buffer field")
        yield key >> 3, message[at : at + length]
        at += length


def _indices(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The integer that starts at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
