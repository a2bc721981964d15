"""How does the default avatar's skin move with each of ARKit's shapes, and what is it like without any?

Conventions
-----------
Centimetres in the frame of `canonical_face`. Most shapes are what was measured on real faces
(``data/blendshape_basis.safetensors``: the movement of every landmark as a coefficient goes from 0 to 1), in
the part of the face that the shape is about. What MediaPipe's coefficients hardly ever show is made by hand
(`mouth_shapes`, `eye_and_brow_shapes`). The face at rest is the canonical one less its mean expression, with
closed lips.

The tables below were tuned on 44 clips of 13 people: their coefficients drove the avatar, MediaPipe tracked
its pictures, and the tables were changed until the coefficients came back as they went in. The drawn face
answers less than a real one, above all near 0, so most gains are above 1. browDown, which few people use, was
tuned on all 22 clips that show it, of 89.
"""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load

from amber_id.avatarize.avatar import ARKIT_NAMES
from amber_id.avatarize.default_head.canonical_face import POINTS, CanonicalFace
from amber_id.avatarize.default_head.eye_and_brow_shapes import (
    blinks,
    brow_region,
    cheeks_and_nose,
    eye_region,
    flatter_brows,
    frowns,
)
from amber_id.avatarize.default_head.mouth_shapes import close_lips, forward_lips, lower_face, mouth_by_hand
from amber_id.avatarize.default_head.spreading import Shapes, Spreading
from amber_id.face_mesh import BLENDSHAPE_NAMES

_DATA = files("amber_id").joinpath("data/blendshape_basis.safetensors")
# The data's y points down and its z away.
_AXES = (1, -1, -1)

# How much farther than measured a shape moves the skin; of both sides where no side is named.
_GAINS = {
    "jawOpen": 1.3,
    "mouthSmile": 1.45,
    "mouthUpperUp": 1.4,
    "mouthFunnel": 2.0,
    "mouthPucker": 1.1,
    "mouthStretch": 1.6,
    "mouthLeft": 1.3,
    "mouthRight": 1.3,
    "mouthRollUpper": 1.2,
    "mouthShrugUpper": 0.8,
    "browInnerUp": 1.9,
    "browOuterUp": 1.6,
    # MediaPipe itself answers less on the left.
    "browDownLeft": 3.2,
    "browDownRight": 2.9,
    "eyeLookUp": 1.4,
}
# How much of a shape the face at rest shows: without it MediaPipe's coefficients stay at 0 too long.
_AT_REST = {
    "mouthSmile": 0.12,
    "mouthUpperUp": 0.05,
    "browInnerUp": -0.18,
    "browOuterUp": 0.10,
    "eyeSquint": -0.15,
    "eyeLookUp": 0.10,
}
# What else a shape moves, to take back what MediaPipe takes for another one.
_CORRECTIONS = {
    "mouthSmile": {"jawOpen": 0.07},
    "mouthUpperUp": {"jawOpen": 0.04},
    "mouthFunnel": {"jawOpen": -0.25},
    "browDown": {"browOuterUp": -0.25},
}


@dataclass(frozen=True)
class ExpressiveFace:
    """The canonical mesh as the avatar has it at rest, and what each shape adds to it at weight 1."""

    mesh: CanonicalFace
    shapes: Shapes


def expressive_face(canonical: CanonicalFace) -> ExpressiveFace:
    """The face at rest and its shapes."""
    arrays = {name: array.astype(np.float64) for name, array in load(_DATA.read_bytes()).items()}
    basis = arrays["basis"][:, :POINTS] * _AXES * canonical.eye_span
    spreading = Spreading(canonical.triangles, POINTS)
    calm = canonical.positions - np.einsum("s,svd->vd", arrays["mean"], basis)
    measured = _measured(calm, basis)
    at_rest = sum(_of(_AT_REST, name, 0.0) * shape for name, shape in measured.items())
    rest = close_lips(flatter_brows(calm + at_rest, spreading), spreading)
    shapes = measured | frowns(rest, measured) | blinks(rest, spreading) | cheeks_and_nose(spreading)
    shapes |= forward_lips(spreading, measured)
    shapes |= mouth_by_hand(spreading, jaw_open=measured["jawOpen"])
    mesh = CanonicalFace(rest, canonical.uvs, canonical.triangles)
    return ExpressiveFace(mesh, {name: _corrected(name, shapes) for name in ARKIT_NAMES})


def _measured(face: Float[np.ndarray, "468 3"], basis: Float[np.ndarray, "52 468 3"]) -> Shapes:
    """Shapes as measured, each in its own part of the face, times its gain."""
    mouth = lower_face(face)
    regions = {"brow": brow_region(face), "eye": eye_region(face), "mouth": mouth, "jaw": mouth}
    shapes = {}
    for name, movement in zip(BLENDSHAPE_NAMES, basis, strict=True):
        for part, region in regions.items():
            if name.startswith(part):
                shapes[name] = _of(_GAINS, name, 1.0) * region[:, None] * movement
    return shapes


def _corrected(name: str, shapes: Shapes) -> Float[np.ndarray, "468 3"]:
    extra = _CORRECTIONS.get(_without_side(name), {})
    side = name.removeprefix(_without_side(name))
    return shapes[name] + sum(
        share * shapes[other if other in shapes else other + side] for other, share in extra.items()
    )


def _of(table: dict[str, float], name: str, otherwise: float) -> float:
    return table.get(name, table.get(_without_side(name), otherwise))


def _without_side(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")
