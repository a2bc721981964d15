"""From a GLB file, also a VRM, to an avatar.

Conventions
-----------
All meshes of the scene become one list of vertices, in the coordinates that their file gives them in: a
skinned part's are its skin's, and a part without a skin hangs on its node. Normals are not read.
A file's shapes are found by their names (`shape_names`), in a VRM also by its expressions.
"""

import contextlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int, Int32

from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar, Joint
from amber_id.avatarize.glb.arrays import Glb, is_whole
from amber_id.avatarize.glb.materials import Materials
from amber_id.avatarize.glb.scene_tree import read_tree
from amber_id.avatarize.glb.shape_names import Offer, best_offers, match_shape
from amber_id.avatarize.glb.vrm import Vrm
from amber_id.errors import AvatarError

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MOST_INFLUENCES = 4
_LARGEST_NUMBER = 1e6  # an avatar in millimetres has some thousands
_START = struct.Struct("<12xI4x")  # of a GLB: how long its JSON is, which comes next
_ON_FIRST_ONLY = np.array([1, 0, 0, 0], np.float32)


@dataclass(frozen=True)
class AvatarFile:
    """An avatar and the file that it came from, with that file's SHA-256."""

    avatar: Avatar
    sha256: str
    path: Path


def read_avatar(path: Path) -> AvatarFile:
    """Read the avatar in a GLB or VRM file.

    Raises
    ------
    AvatarError
        If it cannot be read, is packed in a way that is not read here, lies partly in other files, is
        damaged, has numbers that are not finite or larger than any avatar's, or no shape with an ARKit name.
    MissingDependencyError
        If pygltflib or Pillow is not installed.
    """
    glb = Glb(path)
    # What leaves the range of float32 is found in the avatar.
    with glb.doubted(), np.errstate(over="ignore", invalid="ignore"):
        avatar = _Reader(glb).avatar()
    _check_numbers(glb, avatar)
    if len(avatar.missing) == SHAPES:
        raise glb.fault(
            "has no morph target with an ARKit name, e.g. jawOpen, so nothing would move its face"
        )
    return AvatarFile(avatar, glb.sha256, path)


def _check_numbers(glb: Glb, avatar: Avatar) -> None:
    """Refuse what could not be drawn: products of numbers that are finite may not be."""
    for what, values in (
        ("the positions", avatar.positions),
        ("the shapes", avatar.morphs),
        ("the texture coordinates", avatar.uvs),
        ("the weights of joints", avatar.weights),
        ("the colours", np.zeros(1) if avatar.colors is None else avatar.colors),
        ("the places of nodes", np.array([node.local for node in avatar.nodes])),
        ("the inverse bind matrices", np.array([joint.inverse_bind for joint in avatar.skin])),
    ):
        largest = np.abs(values).max(initial=0)
        if not largest <= _LARGEST_NUMBER:
            raise glb.fault(f"{what} reach {largest:.3g}; at most {_LARGEST_NUMBER:g} is read")


@contextlib.contextmanager
def naming(path: Path | None) -> Iterator[None]:
    """Name the file of an avatar, where that is known, in errors of the block, which does not know it."""
    try:
        yield
    except AvatarError as error:
        if path is None:
            raise
        raise AvatarError(f"{path}: {error}") from error


@dataclass(frozen=True)
class _Part:
    """One primitive, as it goes into the avatar: `morphs` by shape, `joints` into the avatar's skin."""

    positions: Float32[np.ndarray, "V 3"]
    uvs: Float32[np.ndarray, "V 2"]
    colors: Float32[np.ndarray, "V 4"] | None
    triangles: Int[np.ndarray, "F 3"]
    material: int
    morphs: dict[int, Float32[np.ndarray, "V 3"]]
    joints: Int[np.ndarray, "V 4"]
    weights: Float32[np.ndarray, "V 4"]


class _Reader:
    """Reads the avatar of one file."""

    def __init__(self, glb: Glb) -> None:
        self._glb = glb
        self._vrm = Vrm(glb.structure)
        self._tree = read_tree(glb, self._vrm)
        self._materials = Materials(glb)
        self._skin: dict[tuple[int, bytes], int] = {}
        self._offers = self._vrm.offers()
        self._own_weights = _own_weights(glb)
        self._snapping: dict[int, bool] = {}  # by shape; what only some of its meshes say is not done

    def avatar(self) -> Avatar:
        parts = [part for index in self._tree.in_scene for part in self._parts(index)]
        if not parts:
            raise self._glb.fault("has no triangles in its scene")
        V = sum(len(part.positions) for part in parts)
        self._glb.reserve(SHAPES * V * 12)
        morphs = np.zeros((SHAPES, V, 3), np.float32)
        starts = np.cumsum([0, *(len(part.positions) for part in parts)])
        for part, start in zip(parts, starts, strict=False):
            for shape, moved in part.morphs.items():
                morphs[shape, start : start + len(moved)] = moved
        triangles = [part.triangles + start for part, start in zip(parts, starts, strict=False)]
        return Avatar(
            positions=np.concatenate([part.positions for part in parts]),
            uvs=np.concatenate([part.uvs for part in parts]),
            triangles=np.concatenate(triangles).astype(np.int32),
            material_of=_repeated([part.material for part in parts], [len(part.triangles) for part in parts]),
            materials=tuple(self._materials.read),
            morphs=morphs,
            joints=np.concatenate([part.joints for part in parts]).astype(np.int32),
            weights=np.concatenate([part.weights for part in parts]),
            nodes=self._tree.nodes,
            skin=tuple(
                Joint(node, np.frombuffer(matrix, np.float32).reshape(4, 4)) for node, matrix in self._skin
            ),
            colors=_colors(parts),
            snapping=frozenset(ARKIT_NAMES[shape] for shape, snaps in self._snapping.items() if snaps),
        )

    def _parts(self, index: int) -> Iterator[_Part]:
        """The triangles of the mesh on a node of the file."""
        node = self._glb.entry("nodes", index)
        if node.mesh is None:
            return
        mesh = self._glb.entry("meshes", node.mesh)
        skin = None if node.skin is None else self._skin_places(node.skin)
        by_clip = self._offers.get(node.mesh, [])
        for primitive in mesh.primitives:
            if primitive.mode not in (None, _TRIANGLES, _STRIP, _FAN):
                continue
            if primitive.attributes.POSITION is None:
                raise self._glb.fault(f"mesh {mesh.name!r} has a part without positions")
            yield self._part(primitive, mesh, by_clip, index, skin)

    def _part(
        self, primitive: Any, mesh: Any, by_clip: list[Offer], node: int, skin: np.ndarray | None
    ) -> _Part:
        attributes = primitive.attributes
        positions = self._glb.floats(attributes.POSITION, 3)
        V = len(positions)
        joints, weights = self._influences(attributes, V, skin)
        triangles = self._triangles(primitive, V)
        if skin is None or attributes.JOINTS_0 is None:
            joints[:] = self._place(self._tree.places[node], np.eye(4, dtype=np.float32))
            if self._tree.mirrors(node):
                triangles = triangles[:, ::-1]
        default_weights = self._own_weights.get(node, mesh.weights or [])
        rest, morphs = self._morphs(primitive, mesh, by_clip, default_weights, V)
        return _Part(
            positions=positions + rest,
            uvs=self._materials.uvs(primitive.material, attributes, V),
            colors=self._materials.colors(
                primitive.material, attributes, V, mtoon=self._vrm.is_mtoon(primitive.material)
            ),
            triangles=triangles,
            material=self._materials.place(primitive.material),
            morphs=morphs,
            joints=joints,
            weights=weights,
        )

    def _triangles(self, primitive: Any, V: int) -> Int[np.ndarray, "F 3"]:
        indices = (
            np.arange(V) if primitive.indices is None else self._glb.integers(primitive.indices, 1)[:, 0]
        )
        if len(indices) and indices.max() >= V:
            raise self._glb.fault(f"a triangle refers to vertex {indices.max()} of {V}")
        if primitive.mode == _STRIP:
            strip = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=1)
            strip[1::2] = strip[1::2, ::-1]
            return strip
        if primitive.mode == _FAN:
            return np.stack(
                [np.broadcast_to(indices[:1], len(indices) - 2), indices[1:-1], indices[2:]], axis=1
            )
        if len(indices) % 3:
            raise self._glb.fault(f"{len(indices)} indices are not triangles")
        return indices.reshape(-1, 3)

    def _morphs(
        self, primitive: Any, mesh: Any, by_clip: list[Offer], default_weights: list[Any], V: int
    ) -> tuple[Float32[np.ndarray, "V 3"], dict[int, Float32[np.ndarray, "V 3"]]]:
        """What the default weights add to the positions at rest, and what each shape does."""
        targets = primitive.targets or []
        names = (mesh.extras or {}).get("targetNames") or (primitive.extras or {}).get("targetNames") or []
        matches = [match_shape(name) if isinstance(name, str) else None for name in names]
        offers = [Offer(match, i) for i, match in enumerate(matches) if match is not None]
        morphs: dict[int, np.ndarray] = {}
        for offer in best_offers([*offers, *by_clip]):
            self._snapping[offer.match.shape] = self._snapping.get(offer.match.shape, True) and offer.snaps
            moved = np.float32(offer.weight) * self._target(targets, offer.target, V)
            shape = offer.match.shape
            morphs[shape] = morphs[shape] + moved if shape in morphs else moved
        rest = np.zeros((V, 3), np.float32)
        for i, weight in enumerate(default_weights[: len(targets)]):
            # A body's build may be such a target; what a shape drives begins at 0 whatever weight it has.
            if weight and (i >= len(matches) or matches[i] is None):
                rest += np.float32(weight) * self._target(targets, i, V)
        return rest, morphs

    def _target(self, targets: list[Any], index: Any, V: int) -> Float32[np.ndarray, "V 3"]:
        if not is_whole(index) or index >= len(targets):
            raise self._glb.fault(f"names morph target {index!r} of {len(targets)}")
        accessor = targets[index].get("POSITION")
        moved = np.zeros((V, 3), np.float32) if accessor is None else self._glb.floats(accessor, 3)
        if len(moved) != V:
            raise self._glb.fault(f"a morph target has {len(moved)} vertices, its mesh {V}")
        return moved

    def _influences(
        self, attributes: Any, V: int, skin: np.ndarray | None
    ) -> tuple[Int[np.ndarray, "V 4"], Float32[np.ndarray, "V 4"]]:
        """The four joints that move each vertex most; the first of `skin` where the file names none."""
        joints = np.zeros((V, _MOST_INFLUENCES), np.int64)
        weights = np.tile(_ON_FIRST_ONLY, (V, 1))
        if skin is None or attributes.JOINTS_0 is None:
            return joints, weights
        sets = [i for i in range(2) if getattr(attributes, f"JOINTS_{i}", None) is not None]
        joints = np.hstack([self._glb.integers(getattr(attributes, f"JOINTS_{i}"), 4) for i in sets])
        weights = np.hstack([self._glb.floats(getattr(attributes, f"WEIGHTS_{i}"), 4) for i in sets])
        if joints.shape != weights.shape or len(joints) != V:
            raise self._glb.fault(
                f"a part has {len(joints)} joints and {len(weights)} weights for {V} vertices"
            )
        if np.any(joints[weights != 0] >= len(skin)):
            raise self._glb.fault(f"a vertex hangs on joint {joints[weights != 0].max()} of {len(skin)}")
        heaviest = np.argsort(-weights, axis=1, kind="stable")[:, :_MOST_INFLUENCES]
        weights = np.take_along_axis(weights, heaviest, axis=1)
        joints = np.where(weights != 0, np.take_along_axis(joints, heaviest, axis=1), 0)
        sums = weights.sum(axis=1, keepdims=True)
        weights = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), _ON_FIRST_ONLY)
        return skin[joints], weights.astype(np.float32)

    def _skin_places(self, index: int) -> Int32[np.ndarray, " J"]:
        """Where the joints of one of the file's skins are in the avatar's."""
        skin = self._glb.entry("skins", index)
        nodes = [self._tree.places[joint] for joint in skin.joints or [] if self._glb.entry("nodes", joint)]
        if not nodes:
            raise self._glb.fault(f"number {index} of skins has no joints")
        matrices = np.tile(np.eye(4, dtype=np.float32), (len(nodes), 1, 1))
        if skin.inverseBindMatrices is not None:
            columns = self._glb.floats(skin.inverseBindMatrices, 16).reshape(-1, 4, 4)
            matrices = columns.transpose(0, 2, 1)
        if len(matrices) < len(nodes):
            raise self._glb.fault(f"a skin has {len(matrices)} inverse bind matrices for {len(nodes)} joints")
        return np.array(
            [self._place(node, matrix) for node, matrix in zip(nodes, matrices, strict=False)], np.int32
        )

    def _place(self, node: int, inverse_bind: Float32[np.ndarray, "4 4"]) -> int:
        """Where a joint is in the avatar's skin, which holds it once."""
        return self._skin.setdefault((node, inverse_bind.tobytes()), len(self._skin))


def _own_weights(glb: Glb) -> dict[int, list[Any]]:
    """The targets' weights that nodes say in place of their mesh's, which pygltflib leaves out."""
    try:
        with glb.path.open("rb") as file:
            (length,) = _START.unpack(file.read(_START.size))
            nodes = json.loads(file.read(length)).get("nodes") or []
    except OSError as error:
        raise glb.fault(f"cannot be read ({error.strerror or error})") from error
    return {index: node["weights"] for index, node in enumerate(nodes) if node.get("weights")}


def _colors(parts: list[_Part]) -> Float32[np.ndarray, "V 4"] | None:
    """The vertices' own colours, white where a part has none; None where none has any."""
    if all(part.colors is None for part in parts):
        return None
    white = (np.ones((len(part.positions), 4), np.float32) for part in parts)
    return np.concatenate(
        [plain if part.colors is None else part.colors for part, plain in zip(parts, white, strict=True)]
    )


def _repeated(values: list[int], counts: list[int]) -> Int32[np.ndarray, " F"]:
    return np.repeat(np.array(values, np.int32), counts)
