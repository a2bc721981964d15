"""Which nodes does a GLB have, and which of them are in its scene?

Conventions
-----------
Nodes are sorted so that parents come first. All of the file are kept, for joints may be anywhere; only those
of the scene show what hangs on them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import Node
from amber_id.avatarize.glb.arrays import Glb
from amber_id.avatarize.glb.vrm import Vrm

RAVAS_BENDS_RAD = 0.3
"""How far RAVAS bends the neck of every avatar, forwards about its x axis, before it turns the head."""
BENT_BACK = "amber_id_neck_bent_back_rad"
"""In a node's extras: it rests bent back so far, for RAVAS."""

_LOOK_AHEAD = np.diag([-1.0, 1.0, -1.0, 1.0])


@dataclass(frozen=True)
class SceneTree:
    """`places` says where a node of the file is in `nodes`; `in_scene` lists nodes of the file."""

    nodes: tuple[Node, ...]
    places: dict[int, int]
    in_scene: list[int]

    def mirrors(self, index: int) -> bool:
        """Whether a node of the file turns left into right, seen from the scene."""
        mirrored, place = False, self.places[index]
        while place >= 0:
            mirrored ^= bool(np.linalg.det(self.nodes[place].local[:3, :3]) < 0)
            place = self.nodes[place].parent
        return mirrored


def read_tree(glb: Glb, vrm: Vrm) -> SceneTree:
    """Read the nodes; bones get the names that a VRM says they are, and an avatar that looks back is turned.

    Raises
    ------
    AvatarError
        If a node has two parents, is its own ancestor, or is placed in no way that makes sense.
    """
    entries = glb.structure.nodes or []
    parents: dict[int, int] = {}
    for index, node in enumerate(entries):
        for child in node.children or []:
            glb.entry("nodes", child)
            if child in parents:
                raise glb.fault(f"node {child} has two parents")
            parents[child] = index
    roots = [index for index in range(len(entries)) if index not in parents]
    order = _below(roots, entries)
    if len(order) != len(entries):
        raise glb.fault("has nodes that are their own ancestors")
    places = {index: place for place, index in enumerate(order)}
    nodes = []
    for index in order:
        local = _local(glb, index, entries[index])
        if vrm.looks_back and index not in parents:
            local = _LOOK_AHEAD @ local
        parent = places[parents[index]] if index in parents else -1
        bent_back = (entries[index].extras or {}).get(BENT_BACK)
        if isinstance(bent_back, int | float):
            local = local @ bent_neck(float(bent_back))
        nodes.append(Node(entries[index].name or f"node {index}", parent, local.astype(np.float32)))
    return SceneTree(_named(nodes, vrm, places), places, _below(_scene_roots(glb, roots), entries))


def bent_neck(radians: float = RAVAS_BENDS_RAD) -> Float64[np.ndarray, "4 4"]:
    """What bends a neck forwards, about its own x axis."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec([radians, 0, 0]).as_matrix()
    return turn


def _scene_roots(glb: Glb, roots: list[int]) -> list[int]:
    if not glb.structure.scenes:
        return roots
    scene = glb.entry("scenes", glb.structure.scene or 0)
    return [index for index in dict.fromkeys(scene.nodes or []) if glb.entry("nodes", index)]


def _below(roots: list[int], entries: list[Any]) -> list[int]:
    """These nodes and all below them, parents first."""
    order = list(roots)
    for index in order:  # which grows on the way
        order.extend(entries[index].children or [])
    return list(dict.fromkeys(order))


def _named(nodes: list[Node], vrm: Vrm, places: dict[int, int]) -> tuple[Node, ...]:
    taken = {node.name for node in nodes}
    for index, name in vrm.bone_names.items():
        if name not in taken and index in places:
            old = nodes[places[index]]
            nodes[places[index]] = Node(name, old.parent, old.local)
    return tuple(nodes)


def _local(glb: Glb, index: int, node: Any) -> Float64[np.ndarray, "4 4"]:
    if node.matrix is not None:
        local = np.array(node.matrix, np.float64).reshape(4, 4).T
    else:
        local = np.eye(4)
        turn = np.array(node.rotation or (0, 0, 0, 1), np.float64)
        if not np.any(turn):
            raise glb.fault(f"node {index} has no rotation that makes sense")
        rotation = Rotation.from_quat(turn).as_matrix()
        local[:3, :3] = rotation * np.array(node.scale or (1, 1, 1), np.float64)
        local[:3, 3] = node.translation or (0, 0, 0)
    if not np.isfinite(local).all():
        raise glb.fault(f"node {index} is placed at values that are not finite")
    return local
