"""Which avatar is used when nobody brings one?

A stylised head on MediaPipe's canonical face mesh, which lies in the model bundle that tracking needs anyway.
It shows no living person. Its skin moves as real faces were measured to move, so that MediaPipe, tracking
the avatar, finds the motion that drove it.

Conventions
-----------
Metres, the head where Ready Player Me's is, with the bones Hips, Spine2, Neck and Head: other software for
such avatars frames and turns it. One mesh, one picture; the same bundle gives the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int32

from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar, Joint, Material, Node
from amber_id.avatarize.default_head.canonical_face import (
    LOWER_LIP,
    LOWER_LIP_EDGE,
    POINTS,
    SIDES,
    read_canonical_face,
)
from amber_id.avatarize.default_head.expression_shapes import ExpressiveFace, expressive_face
from amber_id.avatarize.default_head.eye_and_brow_shapes import EYE_RADIUS, eyeball_middle, gaze_of
from amber_id.avatarize.default_head.head_parts import (
    JAW_SHAPES,
    Part,
    ears,
    eyeball,
    lid_rim,
    mouth,
    neck_and_shoulders,
    skull_and_hair,
    teeth,
    tongue,
)
from amber_id.avatarize.default_head.skin_texture import Palette, face_place, paint_texture
from amber_id.avatarize.default_head.subdivision import subdivide

__all__ = ["Palette", "default_avatar"]

# The canonical face is life-size; the avatar is larger, so that it fills the pictures of a fixed camera.
_METRES = 0.0125
_FACE_HEIGHT_M = 1.63
_BONES = {
    "Hips": (0.0, 1.0, -0.05),
    "Spine2": (0.0, 1.30, -0.06),
    "Neck": (0.0, 1.47, -0.065),
    "Head": (0.0, 1.54, -0.05),
}
# The lower jaw goes this share of the way that the lower lip goes.
_JAW_SHARE = 0.9


def default_avatar(bundle: Path, palette: Palette = "sand") -> Avatar:
    """Make the avatar from a FaceLandmarker bundle, in one of three sets of colours.

    Raises
    ------
    ModelBundleError
        If `bundle` has no canonical mesh.
    MissingDependencyError
        If Pillow, which paints the skin, is not installed.
    """
    face = expressive_face(read_canonical_face(bundle))
    parts = _parts(face)
    counts = [len(part.positions) for part in parts]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=True)])
    joints, weights = _skinning(parts)
    nodes, skin = _skeleton()
    positions = np.concatenate([part.positions for part in parts])
    return Avatar(
        positions=(_METRES * positions + (0, _FACE_HEIGHT_M, 0)).astype(np.float32),
        uvs=np.concatenate([part.uvs for part in parts]).astype(np.float32),
        triangles=triangles.astype(np.int32),
        material_of=np.zeros(len(triangles), np.int32),
        materials=(Material(image=paint_texture(face.mesh.uvs, palette)),),
        morphs=_morphs(parts),
        joints=joints,
        weights=weights,
        nodes=nodes,
        skin=skin,
    )


def _parts(face: ExpressiveFace) -> list[Part]:
    skin = _skin(face)
    lower = [LOWER_LIP_EDGE[5], LOWER_LIP[5]]
    jaw = {name: _JAW_SHARE * face.shapes[name][lower].mean(axis=0) for name in JAW_SHAPES}
    rest = face.mesh.positions
    balls = [eyeball(eyeball_middle(rest, side), EYE_RADIUS, gaze_of(side)) for side in SIDES]
    rims = [lid_rim(skin, side) for side in SIDES]
    inside = [mouth(skin), *teeth(jaw), tongue(jaw)]
    return [skin, *rims, *balls, *inside, *skull_and_hair(skin), *ears(), *neck_and_shoulders()]


def _skin(face: ExpressiveFace) -> Part:
    finer = subdivide(face.mesh.triangles, POINTS)
    positions = finer.smooth @ face.mesh.positions
    shapes = {name: finer.smooth @ moved for name, moved in face.shapes.items()}
    return Part(positions, face_place(finer.middle @ face.mesh.uvs), finer.triangles, shapes)


def _morphs(parts: Sequence[Part]) -> Float32[np.ndarray, "52 V 3"]:
    moves = np.zeros((SHAPES, sum(len(part.positions) for part in parts), 3), np.float32)
    start = 0
    for part in parts:
        own = slice(start, start + len(part.positions))
        start = own.stop
        for name, moved in part.shapes.items():
            moves[ARKIT_NAMES.index(name), own] = _METRES * moved
    return moves


def _skinning(parts: Sequence[Part]) -> tuple[Int32[np.ndarray, "V 4"], Float32[np.ndarray, "V 4"]]:
    """Four joints and their weights for each vertex; the neck passes from the head to the shoulders."""
    V = sum(len(part.positions) for part in parts)
    joints, weights = np.zeros((V, 4), np.int32), np.zeros((V, 4), np.float32)
    spine, neck, head = (list(_BONES).index(name) for name in ("Spine2", "Neck", "Head"))
    start = 0
    for part in parts:
        own = slice(start, start + len(part.positions))
        start = own.stop
        joints[own, 0] = {"head": head, "neck": head, "body": spine}[part.bone]
        weights[own, 0] = 1
        if part.bone == "neck":
            high = 0.6 * np.clip((part.positions[:, 1] + 13) / 6, 0, 1)
            joints[own, 1] = neck
            weights[own, 0], weights[own, 1] = high, 1 - high
    return joints, weights


def _skeleton() -> tuple[tuple[Node, ...], tuple[Joint, ...]]:
    nodes, skin = [], []
    at = np.zeros(3)
    for number, (name, place) in enumerate(_BONES.items()):
        nodes.append(Node(name, number - 1, _shift(np.array(place) - at)))
        at = np.array(place)
        skin.append(Joint(number, _shift(-at)))
    return tuple(nodes), tuple(skin)


def _shift(by: Float[np.ndarray, " 3"]) -> Float32[np.ndarray, "4 4"]:
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, 3] = by
    return matrix
