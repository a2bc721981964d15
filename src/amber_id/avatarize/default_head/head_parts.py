"""What does the default avatar have besides its face: eyeballs, mouth, skull, hair, ears, neck, shoulders?

Conventions
-----------
Centimetres in the frame of `canonical_face`. Parts that touch share the curve where they touch, others lie a
clear distance apart: nothing flickers, nothing shines through. What hangs on skin moves with that skin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from amber_id.avatarize.default_head.canonical_face import LOWER_LIP_EDGE, OVAL, UPPER_LID, Side
from amber_id.avatarize.default_head.skin_texture import Field, eye_place, field_place, throat_place

Bone = Literal["head", "neck", "body"]
JAW_SHAPES = ("jawOpen", "jawLeft", "jawRight", "jawForward")

# The loft from the outline of the face to the back of the head: shares of the way back.
_SKULL_SHARES = (0.06, 0.14, 0.24, 0.36, 0.5, 0.64, 0.77, 0.88, 0.96, 1.0)
_SKULL_MIDDLE = np.array([0, 1.2, -12.5])
_HAIR_FROM_HEIGHT = 1.6
# Behind the ears hair reaches down to the nape.
_HAIR_BEHIND_RING = 4
_HAIR_THICKNESS = 0.5
# The tongue goes this share of the way of the jaw, so an open mouth shows it.
_TONGUE_SHARE = 0.7


@dataclass(frozen=True)
class Part:
    """A piece of the mesh; `shapes` that are not named do not move it."""

    positions: Float[np.ndarray, "N 3"]
    uvs: Float[np.ndarray, "N 2"]
    triangles: Int[np.ndarray, "F 3"]
    shapes: dict[str, Float[np.ndarray, "N 3"]] = field(default_factory=dict)
    bone: Bone = "head"


def open_edge(triangles: Int[np.ndarray, "F 3"], start: int) -> list[int]:
    """The vertices along the open edge of a mesh on which `start` lies, in order round it."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    directed = set(map(tuple, edges.tolist()))
    following = {a: b for a, b in directed if (b, a) not in directed}
    loop = [start]
    while following[loop[-1]] != start:
        loop.append(following[loop[-1]])
    return loop


def lid_rim(skin: Part, side: Side) -> Part:
    """The thickness of the lids: from their edges back into the eye socket."""
    edge = open_edge(skin.triangles, UPPER_LID[side][0])
    rims = [skin.positions[edge], skin.positions[edge] - (0, 0, 0.6)]
    return _hang_on(skin, edge, rims, follow=(1.0, 1.0), uvs=_plain("lid", 2 * len(edge)))


def mouth(skin: Part) -> Part:
    """The inside of the lips and the dark behind them."""
    edge = open_edge(skin.triangles, LOWER_LIP_EDGE[0])
    at = skin.positions[edge]
    middle = at.mean(axis=0)
    across = (at - middle) * (1, 0, 0)
    below = np.isin(edge, _lower_edge(edge))[:, None]
    apart = np.where(below, -1.0, 1.0) * (0, 1, 0)
    narrow = np.clip(1 - np.abs(across[:, :1] / 2.3) ** 2, 0.0, 1)
    rings = [
        at,
        at + apart * 0.18 * narrow - (0, 0, 0.35),
        at + apart * 1.0 * narrow - (0, 0, 1.2),
        middle + across * 1.0 + apart * 1.8 * narrow - (0, 0, 3.4),
        middle + across * 0 - (0, 0, 4.6),
    ]
    depth = np.repeat([0.0, 0.12, 0.5, 0.8, 1.0], len(edge))
    return _hang_on(skin, edge, rings, follow=(1.0, 1.0, 0.95, 0.8, 0.0), uvs=throat_place(depth))


def teeth(jaw: dict[str, Float[np.ndarray, " 3"]]) -> list[Part]:
    """Two rows behind the lips; the lower one moves as the `jaw` does."""
    upper = _row_of_teeth(top=-3.55, bottom=-4.3, forward=4.35)
    lower = _row_of_teeth(top=-4.6, bottom=-5.2, forward=3.75)
    return [upper, Part(lower.positions, lower.uvs, lower.triangles, _all_alike(jaw, len(lower.positions)))]


def tongue(jaw: dict[str, Float[np.ndarray, " 3"]]) -> Part:
    """It lies behind the lower teeth, moves with the jaw, and can be put out."""
    unit, uvs, triangles = _sphere(14, 10)
    positions = unit * (1.15, 0.42, 2.1) + (0, -5.0, 1.9)
    shapes = _all_alike({name: _TONGUE_SHARE * move for name, move in jaw.items()}, len(positions))
    forward = np.clip((unit[:, 2] + 0.6) / 1.6, 0, 1)
    out = np.stack([0 * forward, 0.55 * forward - 1.5 * forward**3, 3.6 * forward], axis=1)
    shapes["tongueOut"] = out
    return Part(positions, _plain("tongue", len(uvs)), triangles, shapes)


def eyeball(middle: Float[np.ndarray, " 3"], radius: float, gaze: dict[str, tuple[float, float]]) -> Part:
    """It turns about `middle`; `gaze` gives each shape's turn to the avatar's left and up, in degrees."""
    unit, _, triangles = _sphere(28, 28)
    triangles = triangles[unit[triangles][:, :, 2].mean(axis=1) > -0.2]
    shapes = {}
    for name, (left, up) in gaze.items():
        turned = Rotation.from_euler("xy", (-up, left), degrees=True).apply(unit)
        shapes[name] = radius * (turned - unit)
    return Part(middle + radius * unit, eye_place(unit[:, :2]), triangles, shapes)


def skull_and_hair(skin: Part) -> list[Part]:
    """The head behind the outline of the face, and hair over its upper part."""
    edge = open_edge(skin.triangles, OVAL[0])
    rings = _skull_rings(skin.positions[edge])
    follow = (1.0, 0.8, 0.55, 0.3, 0.1, *([0.0] * (len(rings) - 5)))
    skull = _hang_on(skin, edge, rings, follow, _plain("skin", len(rings) * len(edge)))
    return [skull, _hair(rings)]


def ears() -> list[Part]:
    """Two flat shells."""
    unit, uvs, triangles = _sphere(14, 12)
    parts = []
    for sign in (1, -1):
        turn = Rotation.from_euler("yz", (sign * 25, -sign * 10), degrees=True)
        shell = turn.apply(unit * (0.45, 1.75, 1.05)) + np.array([sign * 7.95, 0.4, -3.6])
        parts.append(Part(shell, _plain("skin", len(uvs)), triangles))
    return parts


def neck_and_shoulders() -> list[Part]:
    """The neck follows the head in part, the shoulders do not."""
    neck = [
        (-4.0, 4.7, 4.2, -4.4),
        (-7.0, 4.6, 4.3, -4.6),
        (-10.0, 4.7, 4.6, -4.9),
        (-13.0, 5.1, 5.0, -5.2),
        (-16.0, 6.6, 5.5, -5.4),
    ]
    body = [
        (-13.8, 5.5, 5.5, -5.3),
        (-14.6, 7.2, 6.0, -5.35),
        (-15.6, 10.5, 6.6, -5.4),
        (-17.2, 15.5, 7.2, -5.6),
        (-19.5, 19.3, 7.8, -5.7),
        (-23.0, 20.8, 8.2, -5.8),
        (-34.0, 21.0, 8.5, -5.8),
    ]
    return [_tube(neck, "skin", "neck"), _tube(body, "shirt", "body")]


def _lower_edge(edge: list[int]) -> Int[np.ndarray, " K"]:
    """Which vertices of the open edge of the mouth belong to the lower lip."""
    corners = sorted(edge.index(corner) for corner in (LOWER_LIP_EDGE[0], LOWER_LIP_EDGE[-1]))
    between = edge[corners[0] + 1 : corners[1]]
    lower = between if LOWER_LIP_EDGE[5] in between else [i for i in edge if i not in between]
    return np.array(lower)


def _hang_on(
    skin: Part,
    edge: Sequence[int],
    rings: Sequence[Float[np.ndarray, "E 3"]],
    follow: Sequence[float],
    uvs: Float[np.ndarray, "N 2"],
) -> Part:
    """Rings one behind the other, the first on the `edge` of the skin, that `follow` its shapes in part."""
    shapes = {}
    for name, moved in skin.shapes.items():
        at_edge = moved[list(edge)]
        if np.any(at_edge):
            shapes[name] = np.concatenate([share * at_edge for share in follow])
    return Part(np.concatenate(rings), uvs, _between_rings(len(rings), len(edge)), shapes)


def _between_rings(rings: int, around: int) -> Int[np.ndarray, "F 3"]:
    """Two triangles for each field of the grid, field by field, in the order of rings and spokes."""
    ring, i = np.divmod(np.arange((rings - 1) * around), around)
    a, b = ring * around + i, ring * around + (i + 1) % around
    return np.stack([b, a, a + around, b, a + around, b + around], axis=1).reshape(-1, 3)


def _plain(color: Field, count: int) -> Float[np.ndarray, "N 2"]:
    return np.tile(field_place(color), (count, 1))


def _all_alike(moves: dict[str, Float[np.ndarray, " 3"]], count: int) -> dict[str, Float[np.ndarray, "N 3"]]:
    return {name: np.tile(move, (count, 1)) for name, move in moves.items()}


def _row_of_teeth(top: float, bottom: float, forward: float) -> Part:
    along = np.linspace(-1, 1, 15)
    x, z = 1.75 * along, forward - 1.3 * along**2
    # The front teeth are the longest.
    shorter = 0.25 * (bottom - top) * along**4
    edges = ((top, 0, 0), (bottom, 1, 0.05), (bottom, 1, 0.5))
    rows = [np.stack([x, y - share * shorter, z - back], axis=1) for y, share, back in edges]
    a = np.concatenate([row * len(x) + np.arange(len(x) - 1) for row in (0, 1)])
    triangles = np.concatenate(
        [np.stack([a, a + len(x), a + 1], 1), np.stack([a + 1, a + len(x), a + len(x) + 1], 1)]
    )
    return Part(np.concatenate(rows), _plain("teeth", 3 * len(x)), triangles)


def _sphere(
    around: int, down: int
) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 2"], Int[np.ndarray, "F 3"]]:
    """A unit sphere whose poles are above and below."""
    turn, fall = np.meshgrid(np.linspace(0, 2 * np.pi, around + 1), np.linspace(0, np.pi, down + 1))
    unit = np.stack([np.sin(fall) * np.sin(turn), np.cos(fall), np.sin(fall) * np.cos(turn)], -1).reshape(
        -1, 3
    )
    row, i = np.divmod(np.arange(down * around), around)
    a = row * (around + 1) + i
    b = a + around + 1
    return unit, unit[:, :2], np.concatenate([np.stack([a, b, a + 1], 1), np.stack([a + 1, b, b + 1], 1)])


def _skull_rings(outline: Float[np.ndarray, "E 3"]) -> list[Float[np.ndarray, "E 3"]]:
    """From the outline of the face to a point at the back: high above, receding under the chin."""
    spoke = (outline - _SKULL_MIDDLE) * (1, 1, 0)
    upward = spoke[:, 1] / np.linalg.norm(spoke, axis=1)
    bulge = np.where(upward > 0, 0.10 + 0.42 * upward, 0.10 + 0.35 * upward)[:, None]
    rings = [outline]
    for share in _SKULL_SHARES:
        wide = np.sqrt(1 - share**2) * (1 + 4 * bulge * share * (1 - share))
        z = (1 - share) * outline[:, 2:] + share * _SKULL_MIDDLE[2]
        rings.append(np.concatenate([(_SKULL_MIDDLE + spoke * wide)[:, :2], z], axis=1))
    return rings


def _hair(skull: Sequence[Float[np.ndarray, "E 3"]]) -> Part:
    """A shell over the skull on the same grid, cut along its lines, with a rounded edge over the forehead."""
    outline = skull[0]
    outward = (outline - _SKULL_MIDDLE) * (1, 1, 0)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    over = np.clip((outline[:, 1:2] - _HAIR_FROM_HEIGHT) / 4, 0.15, 1)
    thick = _HAIR_THICKNESS * over
    forward = np.array([0, 0, 1])
    front = [
        outline - 0.35 * over * outward - 0.2 * forward,
        outline - 0.30 * over * outward + 0.30 * over * forward,
        outline + 0.35 * thick * outward + 0.45 * over * forward,
    ]
    rings = [*front, *(ring + thick * outward for ring in skull[1:-1]), skull[-1] - 0.5 * forward]
    around = len(outline)
    high = np.minimum(outline[:, 1], np.roll(outline[:, 1], -1)) > _HAIR_FROM_HEIGHT
    behind = np.arange(len(rings) - 1) >= _HAIR_BEHIND_RING + len(front)
    covered = (high[None, :] | behind[:, None]).ravel()
    triangles = _between_rings(len(rings), around)[np.repeat(covered, 2)]
    return Part(np.concatenate(rings), _plain("hair", len(rings) * around), triangles)


def _tube(rings: Sequence[tuple[float, float, float, float]], color: Field, bone: Bone) -> Part:
    """Ellipses one below the other, each given as height, half width, half depth and z of its middle."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    positions = [
        np.stack([w * np.sin(turn), np.full(32, y), z + d * np.cos(turn)], 1) for y, w, d, z in rings
    ]
    triangles = _between_rings(len(rings), 32)
    return Part(np.concatenate(positions), _plain(color, 32 * len(rings)), triangles, bone=bone)
