"""Does an avatar look at the camera?

Conventions
-----------
An avatar should look along +z, its head up along +y. Where it looks is found from what its shapes move: from
its right to its left side, from mouth and jaw up to brows or eyes, and across both, on the side to which its
triangles face. Where a file has too few shapes for that, its triangles alone tell: the mean of the
face's normals, by area. A part of a face may be bent enough that this points far down, so up and down count
only where the normals agree.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from amber_id.avatarize.avatar import ARKIT_NAMES
from amber_id.avatarize.rig import Rig
from amber_id.errors import AvatarError

MOST_OFF_DEG = 45.0

# The normals of a closed surface sum to nothing, but for rounding; such a face looks nowhere.
_LEAST_AWAY = 0.02
# Their sum is 1 long for a plane, 0.7 for brows or cheeks, below 0.4 for a jaw with teeth.
_AGREE = 0.6
_STEEP_DEG = 75.0
_NO_SIDE = ("jawLeft", "mouthLeft")  # which way something goes, and not where it is
_SIDES = [name for name in ARKIT_NAMES if name.endswith("Left") and name not in _NO_SIDE]


def check_facing(rig: Rig) -> None:
    """Refuse an avatar that looks more than 45 degrees away from +z, or whose head is not up.

    Raises
    ------
    AvatarError
        If it does; the message does not know the file.
    """
    up = _way(rig, ("jaw", "mouth"), ("brow",))
    if up is None:
        up = _way(rig, ("jaw", "mouth"), ("eye",))
    ahead = _ahead(rig, up)
    if ahead is not None:
        off = _degrees(ahead, np.array([0.0, 0, 1]))
        if off > MOST_OFF_DEG:
            x, y, z = (round(float(part), 1) + 0.0 for part in ahead)
            raise AvatarError(
                f"looks {off:.0f} degrees away from +z, along ({x:g}, {y:g}, {z:g}), or its triangles are "
                "inside out; turn it to +z and export again"
            )
    if up is not None:
        off = _degrees(up * np.array([1, 1, 0]), np.array([0.0, 1, 0]))
        if off > MOST_OFF_DEG:
            raise AvatarError(
                f"its head lies {off:.0f} degrees to the side; turn it up along +y and export again"
            )


def _ahead(rig: Rig, up: Float[np.ndarray, " 3"] | None) -> Float[np.ndarray, " 3"] | None:
    """Where the face looks, of length 1; None where that is unknown."""
    normal = rig.face_direction.astype(np.float64)
    agreement = np.linalg.norm(normal)
    left = _leftwards(rig)
    if up is not None and left is not None:
        across = np.cross(left, up)
        return _unit(-across if agreement > _LEAST_AWAY and across @ normal < 0 else across)
    if agreement <= _LEAST_AWAY:
        return None
    for known in (up, left):
        if known is not None:
            normal = normal - normal @ _unit(known) * _unit(known)
    bent = agreement < _AGREE and up is None
    if bent and abs(np.degrees(np.arcsin(normal[1] / np.linalg.norm(normal)))) < _STEEP_DEG:
        normal[1] = 0
    return _unit(normal)


def _leftwards(rig: Rig) -> Float[np.ndarray, " 3"] | None:
    """From the avatar's right to its left, by the shapes that it has on both sides."""
    pairs = [(name, name.removesuffix("Left") + "Right") for name in _SIDES]
    places = [(_middle(rig, [left]), _middle(rig, [right])) for left, right in pairs]
    directions = [left - right for left, right in places if left is not None and right is not None]
    return _unit(np.sum(directions, axis=0)) if directions else None


def _way(rig: Rig, below: tuple[str, ...], above: tuple[str, ...]) -> Float[np.ndarray, " 3"] | None:
    """From what some shapes move to what others do, by how their names begin."""
    ends = [
        _middle(rig, [name for name in ARKIT_NAMES if name.startswith(begins)]) for begins in (below, above)
    ]
    return None if ends[0] is None or ends[1] is None else _unit(ends[1] - ends[0])


def _middle(rig: Rig, shapes: Iterable[str]) -> Float[np.ndarray, " 3"] | None:
    """The middle at rest of what these shapes move, by how far; None where they move nothing."""
    morphs = rig.avatar.morphs[[ARKIT_NAMES.index(name) for name in shapes]]
    moved = np.linalg.norm(morphs, axis=2).sum(axis=0).astype(np.float64)
    return moved @ rig.at_rest / moved.sum() if moved.any() else None


def _unit(vector: Float[np.ndarray, " 3"]) -> Float[np.ndarray, " 3"]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))


def _degrees(one: Float[np.ndarray, " 3"], other: Float[np.ndarray, " 3"]) -> float:
    """The angle between two directions."""
    return float(np.degrees(np.arccos(np.clip(_unit(one) @ _unit(other), -1, 1))))
