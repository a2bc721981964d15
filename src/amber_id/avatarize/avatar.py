"""What is an avatar, whatever file it came from?

Conventions
-----------
Right-handed and in metres: x to the picture's right, y up, the face looks along +z; so a head rotation from
MediaPipe's pose applies as it is. Left and right in names are the avatar's own.
Shapes are ARKit's 52: MediaPipe's 51 in its order, and ``tongueOut``, which MediaPipe does not see.
All meshes of a file are one list of vertices here; a part without a skin hangs on its node.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from amber_id.face_mesh import BLENDSHAPE_NAMES

ARKIT_NAMES: tuple[str, ...] = (*BLENDSHAPE_NAMES[1:], "tongueOut")
SHAPES = len(ARKIT_NAMES)

NEVER_DRIVEN = frozenset(
    (
        *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "jawForward"),
        *("noseSneerLeft", "noseSneerRight", "tongueOut"),
    )
)
"""Shapes that MediaPipe's coefficients never move: below 0.01 in 7,093 frames of 25 people, or not given."""

BONE_NAMES = {
    "Head": ("Head", "J_Bip_C_Head", "mixamorigHead"),
    "Neck": ("Neck", "J_Bip_C_Neck", "mixamorigNeck"),
    "Spine2": ("Spine2", "J_Bip_C_UpperChest", "mixamorigSpine2", "UpperChest", "J_Bip_C_Chest"),
}
"""The bones that turn, by RAVAS' names, and what others call them; the better names come first."""


@dataclass(frozen=True)
class Node:
    """A node of the scene: `local` takes its coordinates to its parent's; `parent` is -1 at the root."""

    name: str
    parent: int
    local: Float32[np.ndarray, "4 4"]


@dataclass(frozen=True)
class Joint:
    """A node that vertices hang on; `inverse_bind` takes vertices at rest to the node's coordinates."""

    node: int
    inverse_bind: Float32[np.ndarray, "4 4"]


@dataclass(frozen=True)
class Material:
    """Colour (red, green, blue, opacity, each 0 to 1) times a picture; `cutout`: see through where it is."""

    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    image: UInt8[np.ndarray, "H W 4"] | None = None
    cutout: bool = False


@dataclass(frozen=True)
class Avatar:
    """A head, perhaps with a body, that shapes move and bones turn.

    `positions` at rest, `uvs` with the picture's top left at 0, 0; `morphs` is what a shape adds to the
    positions at weight 1, all 0 where the file lacks it; those that are `snapping` are shown as a whole where
    the weight is above 0.5, else not at all. Each vertex hangs on four of the `joints` (indices
    into `skin`) with `weights` that sum to 1. Parents come before their children in `nodes`. `colors` (red,
    green, blue, opacity, each 0 to 1) multiply what the materials show; None is white everywhere.
    """

    positions: Float32[np.ndarray, "V 3"]
    uvs: Float32[np.ndarray, "V 2"]
    triangles: Int32[np.ndarray, "F 3"]
    material_of: Int32[np.ndarray, " F"]
    materials: tuple[Material, ...]
    morphs: Float32[np.ndarray, "52 V 3"]
    joints: Int32[np.ndarray, "V 4"]
    weights: Float32[np.ndarray, "V 4"]
    nodes: tuple[Node, ...]
    skin: tuple[Joint, ...]
    snapping: frozenset[str] = frozenset()
    colors: Float32[np.ndarray, "V 4"] | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The ARKit shapes that move nothing."""
        return tuple(name for name, morph in zip(ARKIT_NAMES, self.morphs, strict=True) if not np.any(morph))

    def node(self, *names: str) -> int | None:
        """The first node with one of these names, upper and lower case alike; names before a colon go.

        One that vertices hang on, itself or below, comes before others: a mesh may be called as a bone is.
        """
        wanted = [name.lower() for name in names]
        present = [node.name.split(":")[-1].lower() for node in self.nodes]
        carries = self._carries()
        order = [(not carries[i], wanted.index(name), i) for i, name in enumerate(present) if name in wanted]
        return min(order)[2] if order else None

    def below(self, node: int) -> Bool[np.ndarray, " K"]:
        """Which nodes are this one, or hang on it."""
        is_below = np.zeros(len(self.nodes), bool)
        for i, each in enumerate(self.nodes):
            is_below[i] = i == node or (each.parent >= 0 and is_below[each.parent])
        return is_below

    def _carries(self) -> Bool[np.ndarray, " K"]:
        """Which nodes have vertices hanging on them or below them."""
        carries = np.zeros(len(self.nodes), bool)
        for joint in np.unique(self.joints[self.weights > 0]):
            carries[self.skin[joint].node] = True
        for i in range(len(self.nodes) - 1, 0, -1):  # children come after their parents
            if carries[i] and self.nodes[i].parent >= 0:
                carries[self.nodes[i].parent] = True
        return carries
