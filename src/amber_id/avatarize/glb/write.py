"""From an avatar to a GLB file of the one form that RAVAS draws too.

Conventions
-----------
One mesh of one part, with one picture and one skin. All nodes below the skeleton's root are joints, for RAVAS
takes a skin for a whole tree; a part that hung on a node hangs on a joint. Vertices keep their coordinates.
Every shape of ARKit is a target, in `ARKIT_NAMES`' order, also one that moves nothing. Vertex data has its
stride written out.
RAVAS sets the rotation of three bones, and so drops the one at rest; the neck it bends forward by 0.3 rad. So
they have no rotation here, the neck rests bent back by as much, and a node below each takes that back for the
bones that it carries; the neck says so in its extras, and `scene_tree.py` undoes it.
Other programs show such a file looking up by 17 degrees.
The same avatar gives the same bytes, with the same versions of pygltflib and Pillow.
"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.linalg import polar

from amber_id.atomic_files import write_atomically
from amber_id.avatarize.avatar import ARKIT_NAMES, BONE_NAMES, SHAPES, Avatar, Joint, Node
from amber_id.avatarize.glb.arrays import import_pygltflib
from amber_id.avatarize.glb.materials import GAMMA
from amber_id.avatarize.glb.read import AvatarFile, naming, read_avatar
from amber_id.avatarize.glb.scene_tree import BENT_BACK, RAVAS_BENDS_RAD, bent_neck
from amber_id.avatarize.glb.texture_atlas import with_one_material
from amber_id.avatarize.pillow import import_pillow
from amber_id.avatarize.rig import Rig
from amber_id.errors import AvatarError

_FLOAT, _UINT16, _UINT32 = 5126, 5123, 5125
_ATTRIBUTES, _INDICES = 34962, 34963
_NECK = "Neck"
GENERATOR = "AMBER-ID"
"""How a file says that it was written here."""


def write_avatar(avatar: Avatar, path: Path, name: str) -> None:
    """Write `avatar` as a GLB whose mesh is called `name`.

    Raises
    ------
    AmberError
        If the place cannot be written.
    AvatarError
        If its pictures cannot be put together into one.
    MissingDependencyError
        If pygltflib or Pillow is not installed.
    """
    avatar = _with_neck_bent_back(_with_one_skeleton(with_one_material(avatar)))
    writer = _Writer()
    writer.add_nodes(avatar, name)
    writer.add_skin(avatar)
    writer.add_mesh(avatar, name)
    writer.add_material(avatar)
    write_atomically(path, writer.to_bytes())


def merge_avatar(source: Path, out: Path) -> AvatarFile:
    """Read any GLB or VRM avatar and write it in the form that RAVAS draws; give back what was written.

    Raises
    ------
    AmberError
        If `out` cannot be written.
    AvatarError
        If `source` cannot be read, or has no head, neck or upper chest that RAVAS could turn.
    MissingDependencyError
        If pygltflib or Pillow is not installed.
    """
    file = read_avatar(source)
    with naming(source):
        nodes = _with_bone_names(file.avatar)
        write_avatar(replace(file.avatar, nodes=nodes), out, name=source.stem)
    return read_avatar(out)


class _Writer:
    """Builds the structure and the data of one file."""

    def __init__(self) -> None:
        self._gltf = import_pygltflib()
        self._data = bytearray()
        self._file = self._gltf.GLTF2(
            asset=self._gltf.Asset(generator=GENERATOR), scene=0, scenes=[self._gltf.Scene(nodes=[0])]
        )

    def add_nodes(self, avatar: Avatar, name: str) -> None:
        """The scene's root, then the skeleton in the avatar's order, then the mesh."""
        Gltf = self._gltf
        nodes = [Gltf.Node(name="Scene", children=[1, 1 + len(avatar.nodes)])]
        nodes += [Gltf.Node(name=n.name, matrix=n.local.T.ravel().tolist()) for n in avatar.nodes]
        neck = avatar.node(_NECK)
        if neck is not None:
            nodes[1 + neck].extras = {BENT_BACK: RAVAS_BENDS_RAD}
        for i, node in enumerate(avatar.nodes):
            if node.parent >= 0:
                nodes[1 + node.parent].children.append(1 + i)
        self._file.nodes = [*nodes, Gltf.Node(name=name, mesh=0, skin=0)]

    def add_skin(self, avatar: Avatar) -> None:
        matrices = np.stack([joint.inverse_bind.T for joint in avatar.skin])
        accessor = self._accessor(matrices.reshape(-1, 16), "MAT4", None)
        joints = [1 + joint.node for joint in avatar.skin]
        self._file.skins = [self._gltf.Skin(joints=joints, inverseBindMatrices=accessor, skeleton=1)]

    def add_mesh(self, avatar: Avatar, name: str) -> None:
        attributes = self._gltf.Attributes(
            POSITION=self._accessor(avatar.positions, "VEC3", _ATTRIBUTES, bounds=True),
            NORMAL=self._accessor(_normals(avatar), "VEC3", _ATTRIBUTES),
            TEXCOORD_0=self._accessor(avatar.uvs, "VEC2", _ATTRIBUTES),
            JOINTS_0=self._accessor(avatar.joints.astype(np.uint16), "VEC4", _ATTRIBUTES),
            WEIGHTS_0=self._accessor(avatar.weights, "VEC4", _ATTRIBUTES),
        )
        if avatar.colors is not None:
            linear = np.concatenate([avatar.colors[:, :3] ** np.float32(GAMMA), avatar.colors[:, 3:]], axis=1)
            attributes.COLOR_0 = self._accessor(linear, "VEC4", _ATTRIBUTES)
        targets = [
            self._gltf.Attributes(POSITION=self._accessor(morph, "VEC3", _ATTRIBUTES, bounds=True))
            for morph in avatar.morphs
        ]
        indices = avatar.triangles.astype(np.uint32).reshape(-1, 1)
        primitive = self._gltf.Primitive(
            attributes=attributes,
            indices=self._accessor(indices, "SCALAR", _INDICES),
            material=0,
            targets=targets,
        )
        names = {"targetNames": list(ARKIT_NAMES)}
        self._file.meshes = [
            self._gltf.Mesh(name=name, primitives=[primitive], weights=[0.0] * SHAPES, extras=names)
        ]

    def add_material(self, avatar: Avatar) -> None:
        (material,) = avatar.materials
        packed = io.BytesIO()
        import_pillow().Image.fromarray(material.image).save(packed, "PNG")
        view = self._view(packed.getvalue(), None, None)
        base = self._gltf.PbrMetallicRoughness(
            baseColorTexture=self._gltf.TextureInfo(index=0), metallicFactor=0.0
        )
        self._file.images = [self._gltf.Image(bufferView=view, mimeType="image/png")]
        self._file.samplers = [self._gltf.Sampler()]
        self._file.textures = [self._gltf.Texture(sampler=0, source=0)]
        self._file.materials = [
            self._gltf.Material(
                name="all",
                pbrMetallicRoughness=base,
                doubleSided=True,
                alphaMode="MASK" if material.cutout else "OPAQUE",
            )
        ]

    def to_bytes(self) -> bytes:
        self._file.buffers = [self._gltf.Buffer(byteLength=len(self._data))]
        self._file.set_binary_blob(bytes(self._data))
        return b"".join(self._file.save_to_bytes())

    def _accessor(self, values: np.ndarray, kind: str, target: int | None, *, bounds: bool = False) -> int:
        """Add the rows of `values`; those that describe vertices have their stride written out."""
        numbers = {"f": _FLOAT, "u": _UINT32 if values.itemsize == 4 else _UINT16}
        stride = values.shape[1] * values.itemsize if target == _ATTRIBUTES else None
        little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        accessor = self._gltf.Accessor(
            bufferView=self._view(little.tobytes(), stride, target),
            componentType=numbers[values.dtype.kind],
            count=len(values),
            type=kind,
        )
        if bounds:
            accessor.min, accessor.max = values.min(axis=0).tolist(), values.max(axis=0).tolist()
        self._file.accessors.append(accessor)
        return len(self._file.accessors) - 1

    def _view(self, data: bytes, stride: int | None, target: int | None) -> int:
        start = len(self._data)
        self._data += data + bytes(-len(data) % 4)
        view = self._gltf.BufferView(
            buffer=0, byteOffset=start, byteLength=len(data), byteStride=stride, target=target
        )
        self._file.bufferViews.append(view)
        return len(self._file.bufferViews) - 1


def _with_bone_names(avatar: Avatar) -> tuple[Node, ...]:
    """The nodes, with the bones that RAVAS turns, and no others, called as it calls them."""
    nodes = list(avatar.nodes)
    for name, others in BONE_NAMES.items():
        place = avatar.node(*others)
        if place is None:
            raise AvatarError(
                f"has no bone called {name} (or {', '.join(others[1:])}), which RAVAS turns; "
                f"name the bone so and export again"
            )
        # A mesh may have the bone's name, and here becomes a bone too.
        nodes = [replace(n, name=f"{name} that is no bone") if n.name == name else n for n in nodes]
        nodes[place] = replace(nodes[place], name=name)
    return tuple(nodes)


def _with_one_skeleton(avatar: Avatar) -> Avatar:
    """The avatar with all nodes below the first, each of them one joint of the skin.

    glTF allows a skin one joint for each node, so where two skins took a node differently, the second gets a
    node of its own on top of the first.
    """
    nodes, old = list(avatar.nodes), list(avatar.skin)
    if sum(node.parent < 0 for node in nodes) > 1:
        nodes = [Node("Skeleton", -1, np.eye(4, dtype=np.float32)),
                 *(replace(node, parent=node.parent + 1) for node in nodes)]  # fmt: skip
        old = [replace(joint, node=joint.node + 1) for joint in old]
    skin: dict[int, Joint] = {}
    places = []
    for joint in old:
        node = joint.node
        if node in skin:
            nodes.append(Node(f"{nodes[node].name} of another skin", node, np.eye(4, dtype=np.float32)))
            node = len(nodes) - 1
        skin[node] = replace(joint, node=node)
        places.append(node)
    whole = [skin.get(i, Joint(i, np.eye(4, dtype=np.float32))) for i in range(len(nodes))]
    joints = np.array(places, np.int32)[avatar.joints]
    return replace(avatar, nodes=tuple(nodes), skin=tuple(whole), joints=joints)


def _with_neck_bent_back(avatar: Avatar) -> Avatar:
    """The avatar, each node its own joint, as it looks ahead when RAVAS has turned its bones.

    RAVAS sets the rotation of the three, and so loses the one at rest, but for 0.3 rad in the neck.
    """
    for bone in BONE_NAMES:
        avatar = _resting_unturned(avatar, bone, RAVAS_BENDS_RAD if bone == _NECK else 0.0)
    return avatar


def _resting_unturned(avatar: Avatar, bone: str, bends_rad: float) -> Avatar:
    """The avatar at rest as it was once `bone`, which has no rotation of its own any more, is bent so far.

    Without a rotation it does not matter whether RAVAS adds to it or sets it.
    """
    at = avatar.node(bone)
    if at is None:
        return avatar
    nodes, rest = list(avatar.nodes), avatar.nodes[at].local.astype(np.float64)
    _, stretch = polar(rest[:3, :3])
    straight = rest.copy()
    straight[:3, :3] = stretch
    # What RAVAS makes of the bone, and from there back to where it was.
    back = np.linalg.inv(straight @ bent_neck(bends_rad)) @ rest
    unmoved = np.allclose(back, np.eye(4), atol=1e-6)
    if unmoved and not bends_rad:
        return avatar
    nodes[at] = replace(nodes[at], local=straight.astype(np.float32))
    bind = (back @ avatar.skin[at].inverse_bind).astype(np.float32)
    skin = [replace(joint, inverse_bind=bind) if i == at else joint for i, joint in enumerate(avatar.skin)]
    if unmoved or not any(node.parent == at for node in nodes):
        return replace(avatar, nodes=tuple(nodes), skin=tuple(skin))
    # Right after the bone, so that parents still come before their children.
    new = at + 1
    moved = [replace(n, parent=new if n.parent == at else n.parent + (n.parent > at)) for n in nodes]
    moved.insert(new, Node(f"{bone} as it was", at, back.astype(np.float32)))
    joints = [replace(joint, node=joint.node + (joint.node > at)) for joint in skin]
    joints.insert(new, Joint(new, np.eye(4, dtype=np.float32)))
    places = avatar.joints + (avatar.joints > at)
    return replace(avatar, nodes=tuple(moved), skin=tuple(joints), joints=places.astype(np.int32))


def _normals(avatar: Avatar) -> np.ndarray:
    """Normal of each vertex, in the coordinates that it is given in."""
    still = replace(
        avatar,
        joints=np.zeros_like(avatar.joints),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (len(avatar.positions), 1)),
        nodes=(Node("still", -1, np.eye(4, dtype=np.float32)),),
        skin=(Joint(0, np.eye(4, dtype=np.float32)),),
    )
    return Rig(still).pose(np.zeros(SHAPES), np.eye(3))[1]
