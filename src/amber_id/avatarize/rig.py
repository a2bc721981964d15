"""Where are the vertices of an avatar when it makes this face and looks there?

Conventions
-----------
On the processor, in NumPy: a few thousand vertices are posed in about a millisecond, so the renderer only
draws triangles. Shapes are added first, then bones turn (linear blend skinning).
The head turns as the person's did, about its joint; the neck takes `NECK_SHARE` of the angle.
A head bone that carries less than half of the face is none.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy.sparse import csr_matrix
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES, BONE_NAMES, SHAPES, Avatar

NECK_SHARE = 0.35

# Vertices this near at rest, in metres, share a normal although a seam of the texture parts them.
_WELD = 1e-5
# What moves less than this share of what moves farthest is not the face.
_TRIFLE = 0.02
_LEAST_CARRIED = 0.5
_SNAPS_ABOVE = 0.5  # VRM's rule for expressions that are binary


class Rig:
    """An avatar ready to be posed; use one for many poses."""

    def __init__(self, avatar: Avatar) -> None:
        self.avatar = avatar
        self._face = _face(avatar)
        self._head, self._neck = _head(avatar, self._face), avatar.node(*BONE_NAMES["Neck"])
        self._rest = self._globals({})
        active = np.flatnonzero(np.any(avatar.morphs, axis=(1, 2)))
        self._active = active
        self._snapping = np.isin(np.array(ARKIT_NAMES)[active], sorted(avatar.snapping))
        self._morphs = np.ascontiguousarray(avatar.morphs[active].reshape(len(active), -1))
        self._inverse_binds = np.stack([joint.inverse_bind for joint in avatar.skin])
        self._hanging = _hanging(avatar)
        self._faces_of, self._welded = _normal_sums(avatar)

    @cached_property
    def at_rest(self) -> Float32[np.ndarray, "V 3"]:
        """The vertices with no expression, looking ahead."""
        return self.pose(np.zeros(SHAPES), np.eye(3))[0]

    @cached_property
    def face_box(self) -> tuple[Float32[np.ndarray, " 3"], Float32[np.ndarray, " 3"]]:
        """Lowest and highest corner, at rest, of what shapes move by more than a trifle."""
        face = self.at_rest[self._face]
        return face.min(axis=0), face.max(axis=0)

    @cached_property
    def face_direction(self) -> Float32[np.ndarray, " 3"]:
        """The mean normal of the face at rest, by area: where it looks, of length 1 if it is flat.

        Triangles count that shapes move as a whole, or in part where there is none of these.
        """
        moved = self._face[self.avatar.triangles]
        counted = moved.all(axis=1) if moved.all(axis=1).any() else moved.any(axis=1)
        a, b, c = self.at_rest[self.avatar.triangles[counted].T]
        normals = np.cross(b - a, c - a)
        area = np.linalg.norm(normals, axis=1).sum()
        return normals.sum(axis=0) / max(area, np.float32(1e-12))

    def pose(
        self, weights: Float[np.ndarray, "52"], rotation: Float[np.ndarray, "3 3"]
    ) -> tuple[Float32[np.ndarray, "V 3"], Float32[np.ndarray, "V 3"]]:
        """Vertices and unit normals with ARKit `weights`, the head turned by `rotation`.

        `rotation` is proper and orthogonal, in the avatar's axes. Without a head bone that carries the face
        everything turns about the middle of the face.
        """
        driven = np.asarray(weights, dtype=np.float32)[self._active]
        driven = np.where(self._snapping, driven > _SNAPS_ABOVE, driven).astype(np.float32)
        shaped = self.avatar.positions + (driven @ self._morphs).reshape(-1, 3)
        turned = self._globals(self._overrides(rotation))
        of_joint = np.stack([turned[joint.node] for joint in self.avatar.skin]) @ self._inverse_binds
        of_vertex = (self._hanging @ of_joint[:, :3].reshape(-1, 12)).reshape(-1, 3, 4)
        vertices = np.einsum("vij,vj->vi", of_vertex[:, :, :3], shaped) + of_vertex[:, :, 3]
        if self._head is None:
            middle = np.mean(self.face_box, axis=0) if np.any(rotation != np.eye(3)) else 0.0
            vertices = (vertices - middle) @ np.asarray(rotation, np.float32).T + middle
        return vertices.astype(np.float32), self._normals(vertices)

    def _overrides(self, rotation: Float[np.ndarray, "3 3"]) -> dict[int, Float[np.ndarray, "3 3"]]:
        """Which rotation from rest each turned node gets, in the avatar's axes."""
        if self._head is None:
            return {}
        turned = {self._head: rotation}
        if self._neck is not None:
            whole = Rotation.from_matrix(rotation).as_rotvec()
            turned[self._neck] = Rotation.from_rotvec(NECK_SHARE * whole).as_matrix()
        return turned

    def _globals(self, overrides: dict[int, Float[np.ndarray, "3 3"]]) -> Float32[np.ndarray, "K 4 4"]:
        """From each node's coordinates to the scene's."""
        matrices = np.empty((len(self.avatar.nodes), 4, 4))
        for i, node in enumerate(self.avatar.nodes):
            matrices[i] = node.local if node.parent < 0 else matrices[node.parent] @ node.local
            if i in overrides:
                matrices[i, :3, :3] = overrides[i] @ self._rest[i, :3, :3]
        return matrices.astype(np.float32)

    def _normals(self, vertices: Float[np.ndarray, "V 3"]) -> Float32[np.ndarray, "V 3"]:
        """Normal of each vertex, from the triangles about it, by area."""
        a, b, c = vertices[self.avatar.triangles.T]
        summed = (self._faces_of @ np.cross(b - a, c - a))[self._welded]
        lengths = np.linalg.norm(summed, axis=1, keepdims=True)
        return (summed / np.maximum(lengths, 1e-12)).astype(np.float32)


def _face(avatar: Avatar) -> Bool[np.ndarray, " V"]:
    """Which vertices shapes move by more than a trifle."""
    farthest = np.linalg.norm(avatar.morphs, axis=2).max(axis=0)
    return farthest > _TRIFLE * farthest.max()


def _head(avatar: Avatar, face: Bool[np.ndarray, " V"]) -> int | None:
    """The node that turns the head, if the face hangs mainly on it or on nodes below."""
    head = avatar.node(*BONE_NAMES["Head"])
    if head is None:
        return None
    below = avatar.below(head)[[joint.node for joint in avatar.skin]]
    carried = np.sum(avatar.weights * below[avatar.joints], axis=1)[face].sum()
    return head if carried >= _LEAST_CARRIED * face.sum() else None


def _hanging(avatar: Avatar) -> csr_matrix:
    """How much each vertex hangs on each joint: (V, J)."""
    V = len(avatar.positions)
    rows = np.repeat(np.arange(V), 4)
    shape = (V, len(avatar.skin))
    return csr_matrix((avatar.weights.ravel(), (rows, avatar.joints.ravel())), shape=shape)


def _normal_sums(avatar: Avatar) -> tuple[csr_matrix, Int[np.ndarray, " V"]]:
    """The matrix that sums triangles' normals about each welded vertex, and each vertex's welded one."""
    grid = np.round(avatar.positions / _WELD).astype(np.int64)
    places, welded = np.unique(grid, axis=0, return_inverse=True)
    F = len(avatar.triangles)
    where = (welded[avatar.triangles].ravel(), np.repeat(np.arange(F), 3))
    return csr_matrix((np.ones(3 * F, np.float32), where), shape=(len(places), F)), welded
