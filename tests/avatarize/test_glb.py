"""GLB files in and out, on files built byte by byte."""

import io
import json
import math
import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

from amber_id.avatarize import default_file
from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar, Material
from amber_id.avatarize.glb.arrays import MOST_BYTES
from amber_id.avatarize.glb.read import read_avatar
from amber_id.avatarize.glb.shape_names import Grade, match_shape
from amber_id.avatarize.glb.texture_atlas import with_one_material
from amber_id.avatarize.glb.write import merge_avatar, write_avatar
from amber_id.avatarize.ravas.setup import check_avatar
from amber_id.avatarize.rig import Rig
from amber_id.errors import AvatarError

JAW, BROW = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("browInnerUp")
SQUARE = np.array([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]], np.float32)
SQUARE_UVS = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
TWO_TRIANGLES = np.array([0, 1, 2, 0, 2, 3])
JAW_DROP = np.array([[0, -0.05, 0], [0, -0.05, 0.01], [0, 0, 0], [0, 0, 0]], np.float32)
KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
NUMBERS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}


class File:
    """A GLB in the making; `json` may be changed at will."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [
                {"name": "Hips", "children": [1], "translation": [0, 1, 0]},
                {"name": "Spine2", "children": [2], "translation": [0, 0.3, 0]},
                {"name": "Neck", "children": [3], "translation": [0, 0.1, 0], "rotation": [0.1, 0, 0, 0.99]},
                {"name": "Head", "translation": [0, 0.1, 0.02]},
            ],
            "meshes": [],
            "accessors": [],
            "bufferViews": [],
        }

    def view(self, raw: bytes, **more: Any) -> int:
        self.data += bytes(-len(self.data) % 4)
        said = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)} | more
        self.data += raw
        self.json["bufferViews"].append(said)
        return len(self.json["bufferViews"]) - 1

    def said(self, **accessor: Any) -> int:
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def values(self, array: np.ndarray, **more: Any) -> int:
        array = array.reshape(len(array), -1)
        kind = {
            "componentType": NUMBERS[array.dtype.name],
            "type": KINDS[array.shape[1]],
            "count": len(array),
        }
        return self.said(bufferView=self.view(array.tobytes()), **kind, **more)

    def part(self, **changes: Any) -> dict[str, Any]:
        """A primitive: a square whose only target drops its lower edge."""
        part = {
            "attributes": {"POSITION": self.values(SQUARE), "TEXCOORD_0": self.values(SQUARE_UVS)},
            "indices": self.values(TWO_TRIANGLES.astype(np.uint16)),
            "targets": [{"POSITION": self.values(JAW_DROP)}],
        }
        return part | changes

    def mesh(self, part: dict[str, Any], *names: str, **more: Any) -> int:
        self.json["meshes"].append({"primitives": [part], "extras": {"targetNames": list(names)}} | more)
        return len(self.json["meshes"]) - 1

    def node(self, parent: int, **said: Any) -> int:
        self.json["nodes"].append(said)
        index = len(self.json["nodes"]) - 1
        self.json["nodes"][parent].setdefault("children", []).append(index)
        return index

    def picture(self, image: Image.Image, kind: str = "PNG", **material: Any) -> int:
        """A material that shows `image`."""
        packed = io.BytesIO()
        image.save(packed, kind, lossless=True) if kind == "WEBP" else image.save(packed, kind)
        return self.picture_of(packed.getvalue(), f"image/{kind.lower()}", **material)

    def picture_of(self, raw: bytes, mime: str = "image/png", **material: Any) -> int:
        images, textures = self.json.setdefault("images", []), self.json.setdefault("textures", [])
        images.append({"bufferView": self.view(raw), "mimeType": mime})
        textures.append({"source": len(images) - 1})
        info = {"index": len(textures) - 1, **material.pop("info", {})}
        base = {"baseColorTexture": info, **material.pop("base", {})}
        self.json.setdefault("materials", []).append({"pbrMetallicRoughness": base} | material)
        return len(self.json["materials"]) - 1

    def bytes(self) -> bytes:
        said = self.json | {"buffers": [{"byteLength": len(self.data)}]} | self.json.get("instead", {})
        text = json.dumps(said).encode()
        text += b" " * (-len(text) % 4)
        data = bytes(self.data) + bytes(-len(self.data) % 4)
        chunks = (
            struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
        )
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    def save(self, folder: Path, name: str = "face.glb") -> Path:
        path = folder / name
        path.write_bytes(self.bytes())
        return path


def simple_face() -> File:
    """A square on the head, without a skin, with jawOpen."""
    file = File()
    file.json["nodes"][3]["mesh"] = file.mesh(file.part(), "jawOpen")
    return file


def inverse_binds(file: File, *moves: tuple[float, float, float]) -> int:
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(moves), 1, 1))
    matrices[:, :3, 3] = moves
    return file.values(matrices.transpose(0, 2, 1))  # columns first


def skinned(file: File, joints: list[list[int]], weights: list[list[float]]) -> dict[str, Any]:
    part = file.part()
    part["attributes"]["JOINTS_0"] = file.values(np.array(joints, np.uint8))
    part["attributes"]["WEIGHTS_0"] = file.values(np.array(weights, np.float32))
    return part


def rich_face() -> File:
    """Two skins that take a joint differently, a hat on a turned node, a mirrored ear, two pictures."""
    file = File()
    noise = np.random.default_rng(0).integers(0, 256, (16, 8, 3), dtype=np.uint8)
    skin_picture = file.picture(Image.fromarray(noise))
    hat_picture = file.picture(
        Image.new("RGBA", (4, 4), (200, 30, 40, 255)), base={"baseColorFactor": [0.2, 1, 1, 1]}
    )
    file.json["skins"] = [
        {"joints": [3, 2], "inverseBindMatrices": inverse_binds(file, (0, -1.5, 0), (0, -1.4, 0))},
        {"joints": [3, 1], "inverseBindMatrices": inverse_binds(file, (0, -0.2, 0), (0.1, 0, 0))},
    ]
    half = [[0.5, 0.5, 0, 0]] * 2 + [[1, 0, 0, 0]] * 2
    face = skinned(file, [[0, 1, 0, 0]] * 4, half) | {"material": skin_picture}
    teeth = skinned(file, [[1, 0, 0, 0]] * 4, half) | {"material": skin_picture}
    hat = {key: value for key, value in file.part(material=hat_picture).items() if key != "targets"}
    file.node(0, name="Face", mesh=file.mesh(face, "jawOpen"), skin=0, translation=[9, 9, 9])
    file.node(0, name="Teeth", mesh=file.mesh(teeth, "browInnerUp"), skin=1)
    file.node(3, name="Hat", mesh=file.mesh(hat), rotation=[0, 0.6, 0, 0.8], translation=[0, 0.2, 0])
    file.node(3, name="Ear", mesh=file.mesh(file.part()), scale=[-0.5, 0.5, 0.5])
    return file


def posed(avatar: Avatar, *, jaw: float = 0.7) -> np.ndarray:
    weights = np.zeros(SHAPES)
    weights[JAW], weights[BROW] = jaw, 0.4
    return Rig(avatar).pose(weights, Rotation.from_euler("yxz", [20, 10, 5], degrees=True).as_matrix())[0]


def seen_colors(avatar: Avatar) -> np.ndarray:
    """The colour in the middle of each triangle."""
    colors = []
    for triangle, material in zip(avatar.triangles, avatar.material_of, strict=True):
        said = avatar.materials[material]
        image = np.full((1, 1, 4), 255) if said.image is None else said.image
        H, W, _ = image.shape
        u, v = avatar.uvs[triangle].mean(axis=0)
        colors.append(image[int(v * H) % H, int(u * W) % W] * np.array(said.color))
    return np.array(colors)


class TestReading:
    def test_a_part_without_a_skin_hangs_on_its_node(self, tmp_path: Path) -> None:
        found = read_avatar(simple_face().save(tmp_path))
        assert found.path == tmp_path / "face.glb"
        assert len(found.sha256) == 64
        neck = Rotation.from_quat([0.1, 0, 0, 0.99]).as_matrix()
        expected = (SQUARE + np.array([0, 0.1, 0.02])) @ neck.T + [0, 1.4, 0]
        assert Rig(found.avatar).at_rest == pytest.approx(expected, abs=1e-6)
        assert found.avatar.missing == tuple(name for name in ARKIT_NAMES if name != "jawOpen")
        assert found.avatar.morphs[JAW] == pytest.approx(JAW_DROP)
        assert found.avatar.uvs == pytest.approx(SQUARE_UVS)

    def test_skins_meshes_and_nodes_become_one_list(self, tmp_path: Path) -> None:
        avatar = read_avatar(rich_face().save(tmp_path)).avatar
        assert len(avatar.positions) == 16
        assert [node.name for node in avatar.nodes][:2] == ["Hips", "Spine2"]
        assert all(node.parent < place for place, node in enumerate(avatar.nodes))
        # By hand: the upper edge hangs on the head alone; a skinned mesh's own node counts for nothing.
        neck = Rotation.from_quat([0.1, 0, 0, 0.99]).as_matrix()
        head = np.array([0, 1.4, 0]) + neck @ [0, 0.1, 0.02]
        upper = (SQUARE[2:] - [0, 1.5, 0]) @ neck.T + head
        assert Rig(avatar).at_rest[2:4] == pytest.approx(upper, abs=1e-6)

    def test_mirrored_parts_keep_their_outside(self, tmp_path: Path) -> None:
        avatar = read_avatar(rich_face().save(tmp_path)).avatar
        a, b, c = Rig(avatar).at_rest[avatar.triangles[-1]]
        ahead = Rotation.from_quat([0.1, 0, 0, 0.99]).as_matrix()[:, 2]
        assert np.cross(b - a, c - a) @ ahead > 0

    def test_twice_mirrored_is_not_mirrored(self, tmp_path: Path) -> None:
        file = rich_face()
        file.json["nodes"][3]["scale"] = [-1, 1, 1]
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.triangles[-2:].tolist() == [[12, 13, 14], [12, 14, 15]]

    def test_parents_come_first_wherever_the_file_has_them(self, tmp_path: Path) -> None:
        file = simple_face()
        file.json["nodes"] = [
            file.json["nodes"][3],
            {"name": "Neck", "children": [0], "translation": [0, 1.4, 0], "rotation": [0.1, 0, 0, 0.99]},
        ]
        file.json["scenes"] = [{"nodes": [1]}]
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert [(node.name, node.parent) for node in avatar.nodes] == [("Neck", -1), ("Head", 0)]
        assert Rig(avatar).at_rest == pytest.approx(
            Rig(read_avatar(simple_face().save(tmp_path)).avatar).at_rest, abs=1e-6
        )

    def test_meshes_outside_the_scene_are_left_out(self, tmp_path: Path) -> None:
        file = simple_face()
        file.json["nodes"].append({"mesh": file.mesh(file.part(), "jawOpen")})
        assert len(read_avatar(file.save(tmp_path)).avatar.positions) == 4

    def test_the_four_heaviest_of_eight_joints_are_kept(self, tmp_path: Path) -> None:
        file = File()
        part = skinned(file, [[0, 1, 2, 3]] * 4, [[0.1, 0.3, 0.05, 0.2]] * 4)
        part["attributes"]["JOINTS_1"] = file.values(np.array([[3, 2, 1, 0]] * 4, np.uint16))
        part["attributes"]["WEIGHTS_1"] = file.values(np.array([[0.25, 0.1, 0, 0]] * 4, np.float32))
        file.json["skins"] = [{"joints": [0, 1, 2, 3]}]
        file.json["nodes"][0] |= {"mesh": file.mesh(part, "jawOpen"), "skin": 0}
        avatar = read_avatar(file.save(tmp_path)).avatar
        nodes = [avatar.skin[joint].node for joint in avatar.joints[0]]
        assert nodes == [1, 3, 3, 0]
        assert avatar.weights[0] == pytest.approx(np.array([0.3, 0.25, 0.2, 0.1]) / 0.85)

    def test_a_vertex_without_weights_hangs_on_the_first_joint(self, tmp_path: Path) -> None:
        file = File()
        part = skinned(file, [[1, 0, 0, 0]] * 4, [[0, 0, 0, 0]] * 4)
        file.json["skins"] = [{"joints": [3, 2]}]
        file.json["nodes"][0] |= {"mesh": file.mesh(part, "jawOpen"), "skin": 0}
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.skin[avatar.joints[0, 0]].node == 3
        assert avatar.weights[0].tolist() == [1, 0, 0, 0]

    def test_a_target_for_the_build_is_part_of_the_rest(self, tmp_path: Path) -> None:
        file = File()
        part = file.part()
        part["targets"] *= 2
        file.json["nodes"][3]["mesh"] = file.mesh(part, "jawOpen", "chubby", weights=[1, 0.5])
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.positions == pytest.approx(SQUARE + 0.5 * JAW_DROP)

    def test_a_node_may_say_the_build_in_place_of_its_mesh(self, tmp_path: Path) -> None:
        file = File()
        part = file.part()
        part["targets"] *= 2
        mesh = file.mesh(part, "jawOpen", "chubby", weights=[0, 0.5])
        file.node(0, mesh=mesh, weights=[0.3, 0.25])
        file.node(0, mesh=mesh, weights=[0, 0])
        file.node(0, mesh=mesh)
        avatar = read_avatar(file.save(tmp_path)).avatar
        expected = [SQUARE + share * JAW_DROP for share in (0.25, 0, 0.5)]
        assert avatar.positions == pytest.approx(np.concatenate(expected))


def strided(file: File, part: dict[str, Any]) -> None:
    """Positions and texture coordinates side by side, with a gap."""
    rows = np.zeros((4, 7), np.float32)
    rows[:, :3], rows[:, 4:6] = SQUARE, SQUARE_UVS
    view = file.view(rows.tobytes(), byteStride=28)
    part["attributes"] = {
        "POSITION": file.said(bufferView=view, componentType=5126, type="VEC3", count=4),
        "TEXCOORD_0": file.said(bufferView=view, byteOffset=16, componentType=5126, type="VEC2", count=4),
    }


def sparse(file: File, part: dict[str, Any]) -> None:
    """Positions of which one is put right, and a target that is nothing but two rows."""

    def rows(where: list[int], values: np.ndarray, dtype: type) -> dict[str, Any]:
        indices = {
            "bufferView": file.view(np.array(where, dtype).tobytes()),
            "componentType": NUMBERS[dtype.__name__],
        }
        return {
            "count": len(where),
            "indices": indices,
            "values": {"bufferView": file.view(values.tobytes())},
        }

    wrong = SQUARE.copy()
    wrong[2] = 7
    part["attributes"]["POSITION"] = file.values(wrong, sparse=rows([2], SQUARE[2:3], np.uint8))
    target = file.said(componentType=5126, type="VEC3", count=4, sparse=rows([0, 1], JAW_DROP[:2], np.uint16))
    part["targets"] = [{"POSITION": target}]


def normalized(file: File, part: dict[str, Any]) -> None:
    """Whole numbers that stand for -1 to 1, in rows of 8 bytes, and texture coordinates in one byte each."""
    file.json["extensionsRequired"] = ["KHR_mesh_quantization"]

    def values(array: np.ndarray) -> int:
        rows = np.zeros((4, 4), np.int16)
        rows[:, :3] = np.rint(array * 32767)
        view = file.view(rows.tobytes(), byteStride=8)
        return file.said(bufferView=view, componentType=5122, type="VEC3", count=4, normalized=True)

    part["attributes"]["POSITION"], part["targets"] = values(SQUARE), [{"POSITION": values(JAW_DROP)}]
    part["attributes"]["TEXCOORD_0"] = file.values((SQUARE_UVS * 255).astype(np.uint8), normalized=True)


def whole_numbers(file: File, part: dict[str, Any]) -> None:
    """Millimetres, which the node turns into metres."""
    file.json["extensionsRequired"] = ["KHR_mesh_quantization"]
    part["attributes"]["POSITION"] = file.values(np.rint(SQUARE * 1000).astype(np.int16))
    part["targets"] = [{"POSITION": file.values(np.rint(JAW_DROP * 1000).astype(np.int16))}]
    file.json["nodes"].append({"name": "Millimetres", "mesh": 0, "scale": [1e-3] * 3})
    file.json["nodes"][3] = {"name": "Head", "translation": [0, 0.1, 0.02], "children": [4]}


def a_strip(file: File, part: dict[str, Any]) -> None:
    part |= {"mode": 5, "indices": file.values(np.array([1, 2, 0, 3], np.uint32))}


def a_fan(file: File, part: dict[str, Any]) -> None:
    part |= {"mode": 6}
    del part["indices"]


def a_matrix(file: File, part: dict[str, Any]) -> None:
    del file.json["nodes"][3]["translation"]
    file.json["nodes"][3]["matrix"] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0.1, 0.02, 1]


@pytest.mark.parametrize("form", [strided, sparse, normalized, whole_numbers, a_strip, a_fan, a_matrix])
def test_every_form_of_the_same_face_reads_the_same(
    tmp_path: Path, form: Callable[[File, dict[str, Any]], None]
) -> None:
    file = simple_face()
    form(file, file.json["meshes"][0]["primitives"][0])
    avatar, plain = (read_avatar(one.save(tmp_path)).avatar for one in (file, simple_face()))
    assert posed(avatar) == pytest.approx(posed(plain), abs=2e-5)
    assert avatar.uvs == pytest.approx(plain.uvs)
    outsides = [
        np.cross(*(a.positions[t[1:]] - a.positions[t[0]]))[2] > 0
        for a in (avatar, plain)
        for t in a.triangles
    ]
    assert all(outsides)


class TestShapeNames:
    @pytest.mark.parametrize(
        ("name", "shape"),
        [
            *((name, name) for name in ARKIT_NAMES),
            ("EYEBLINKLEFT", "eyeBlinkLeft"),
            ("eyeBlink_L", "eyeBlinkLeft"),
            ("eyeBlink.R", "eyeBlinkRight"),
            ("eyeBlink_Left", "eyeBlinkLeft"),
            ("mouth_L", "mouthLeft"),
            ("jaw_Right", "jawRight"),
            ("blendShape1.eyeBlinkLeft", "eyeBlinkLeft"),
            ("A14_Eye_Blink_Left", "eyeBlinkLeft"),
            ("A25_Jaw_Open", "jawOpen"),
            ("BrowDownLeft", "browDownLeft"),
            ("browInnerUp_L", "browInnerUp"),
            ("cheekPuff_R", "cheekPuff"),
            ("Face.M_F00_000_00_Fcl_EYE_Close_L", "eyeBlinkLeft"),
        ],
    )
    def test_names_that_mean_a_shape(self, name: str, shape: str) -> None:
        match = match_shape(name)
        assert match is not None
        assert ARKIT_NAMES[match.shape] == shape

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "viseme_aa",
            "Fcl_MTH_O",
            "eyeBlink",
            "mouthSmile",
            "eyeBlinkLeft_mouthSmileLeft",
            "jawOpen2",
            "_neutral",
            "x_" * 200 + "jawOpen",
        ],
    )
    def test_names_that_mean_none(self, name: str) -> None:
        assert match_shape(name) is None

    def test_grades(self) -> None:
        names = ("browInnerUp", "browInnerUp_L", "Fcl_MTH_A")
        assert [match_shape(name).grade for name in names] == [Grade.WHOLE, Grade.HALF, Grade.STAND_IN]

    @pytest.mark.parametrize(
        ("names", "shape", "times"),
        [
            (["browInnerUp_L", "browInnerUp_R"], "browInnerUp", 2),
            (["browInnerUp_L", "browInnerUp"], "browInnerUp", 1),
            (["jawOpen", "JawOpen"], "jawOpen", 2),
            (["Fcl_MTH_A", "jawOpen"], "jawOpen", 1),
            (["Fcl_MTH_A", "viseme_aa"], "jawOpen", 1),
        ],
    )
    def test_targets_of_one_shape(self, tmp_path: Path, names: list[str], shape: str, times: int) -> None:
        file = File()
        part = file.part()
        part["targets"] *= len(names)
        file.json["nodes"][3]["mesh"] = file.mesh(part, *names)
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.morphs[ARKIT_NAMES.index(shape)] == pytest.approx(times * JAW_DROP)

    def test_names_may_stand_at_the_primitive(self, tmp_path: Path) -> None:
        file = File()
        mesh = file.mesh(file.part(extras={"targetNames": ["jawOpen"]}))
        del file.json["meshes"][mesh]["extras"]
        file.json["nodes"][3]["mesh"] = mesh
        assert read_avatar(file.save(tmp_path)).avatar.morphs[JAW].any()


class TestVrm:
    def test_version_0(self, tmp_path: Path) -> None:
        file = File()
        file.json["nodes"][3] |= {"mesh": file.mesh(file.part(), "mth_a"), "name": "頭"}
        binds = [{"mesh": 0, "index": 0, "weight": 50}]
        file.json["extensions"] = {
            "VRM": {
                "humanoid": {"humanBones": [{"bone": "head", "node": 3}, {"bone": "neck", "node": 2}]},
                "blendShapeMaster": {
                    "blendShapeGroups": [
                        {"name": "BrowDownLeft", "presetName": "unknown", "binds": binds},
                        {"name": "A", "presetName": "a", "binds": [binds[0] | {"weight": 100}]},
                        {"name": "Joy", "presetName": "joy", "binds": binds},
                    ]
                },
            }
        }
        avatar = read_avatar(file.save(tmp_path, "face.vrm")).avatar
        assert avatar.morphs[ARKIT_NAMES.index("browDownLeft")] == pytest.approx(0.5 * JAW_DROP)
        assert avatar.morphs[JAW] == pytest.approx(JAW_DROP)
        assert len(avatar.missing) == SHAPES - 2
        assert avatar.node("Head") == 3
        # It looked along -z, and now looks along +z.
        plain = Rig(read_avatar(simple_face().save(tmp_path)).avatar).at_rest
        assert Rig(avatar).at_rest == pytest.approx(plain * [-1, 1, -1], abs=1e-6)

    def test_version_1(self, tmp_path: Path) -> None:
        file = File()
        file.json["nodes"][3] |= {"mesh": file.mesh(file.part(), "x"), "name": "C_head"}
        binds = [{"node": 3, "index": 0, "weight": 0.5}]
        file.json["extensions"] = {
            "VRMC_vrm": {
                "humanoid": {"humanBones": {"head": {"node": 3}}},
                "expressions": {
                    "custom": {"BrowDownLeft": {"morphTargetBinds": binds}},
                    "preset": {
                        "blinkLeft": {"morphTargetBinds": binds},
                        "happy": {"morphTargetBinds": binds},
                    },
                },
            }
        }
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.morphs[ARKIT_NAMES.index("browDownLeft")] == pytest.approx(0.5 * JAW_DROP)
        assert avatar.morphs[ARKIT_NAMES.index("eyeBlinkLeft")] == pytest.approx(0.5 * JAW_DROP)
        assert len(avatar.missing) == SHAPES - 2
        assert avatar.node("Head") == 3

    @pytest.mark.parametrize("version", [0, 1])
    def test_a_binary_expression_snaps_above_one_half(self, tmp_path: Path, version: int) -> None:
        file = File()
        file.json["nodes"][3]["mesh"] = file.mesh(file.part(), "x")
        old = {"name": "JawOpen", "isBinary": True, "binds": [{"mesh": 0, "index": 0, "weight": 100}]}
        new = {"isBinary": True, "morphTargetBinds": [{"node": 3, "index": 0, "weight": 1}]}
        file.json["extensions"] = [
            {"VRM": {"blendShapeMaster": {"blendShapeGroups": [old]}}},
            {"VRMC_vrm": {"expressions": {"custom": {"JawOpen": new}}}},
        ][version]
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.snapping == {"jawOpen"}
        rig = Rig(avatar)
        for weight, shown in ((0.1, 0), (0.5, 0), (0.51, 1), (1, 1)):
            moved = rig.pose(weight * np.eye(SHAPES)[JAW], np.eye(3))[0] - rig.at_rest
            assert np.linalg.norm(moved) == pytest.approx(shown * np.linalg.norm(JAW_DROP), abs=1e-6)

    def test_what_one_mesh_shows_by_degrees_does_not_snap(self, tmp_path: Path) -> None:
        file = simple_face()
        file.node(0, name="Teeth", mesh=file.mesh(file.part(), "x"))
        binds = [{"mesh": 1, "index": 0, "weight": 100}]
        groups = [{"name": "JawOpen", "isBinary": True, "binds": binds}]
        file.json["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
        assert read_avatar(file.save(tmp_path)).avatar.snapping == frozenset()

    def test_a_target_of_its_own_name_counts_once(self, tmp_path: Path) -> None:
        file = simple_face()
        binds = [{"node": 3, "index": 0, "weight": 1}]
        file.json["extensions"] = {
            "VRMC_vrm": {"expressions": {"custom": {"JawOpen": {"morphTargetBinds": binds}}}}
        }
        assert read_avatar(file.save(tmp_path)).avatar.morphs[JAW] == pytest.approx(JAW_DROP)


class TestMaterials:
    PICTURE = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5)

    def material(self, folder: Path, kind: str = "PNG", **said: Any) -> tuple[Avatar, Material]:
        file = simple_face()
        file.json["meshes"][0]["primitives"][0]["material"] = file.picture(self.PICTURE, kind, **said)
        if kind == "WEBP":
            file.json["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]
            file.json["extensionsRequired"] = ["EXT_texture_webp"]
        avatar = read_avatar(file.save(folder)).avatar
        (material,) = avatar.materials
        return avatar, material

    @pytest.mark.parametrize(("kind", "off"), [("PNG", 0), ("JPEG", 40), ("WEBP", 0)])
    def test_pictures(self, tmp_path: Path, kind: str, off: int) -> None:
        _, material = self.material(tmp_path, kind)
        assert material.image is not None
        assert material.image.shape == (4, 4, 4)
        assert np.abs(material.image[:, :, :3].astype(int) - np.asarray(self.PICTURE)).max() <= off
        assert not material.cutout

    def test_a_factor_is_linear_in_the_file(self, tmp_path: Path) -> None:
        _, material = self.material(tmp_path, base={"baseColorFactor": [0.5, 1, 0, 0.25]})
        assert material.color == pytest.approx((0.5 ** (1 / 2.2), 1, 0, 0.25))

    def test_a_cutoff_becomes_one_half(self, tmp_path: Path) -> None:
        _, material = self.material(tmp_path, alphaMode="MASK", alphaCutoff=1.0)
        assert material.cutout
        assert material.image is not None
        assert set(material.image[:, :, 3].ravel()) == {127}

    def test_see_through_is_cut_out(self, tmp_path: Path) -> None:
        assert self.material(tmp_path, alphaMode="BLEND")[1].cutout

    def test_the_transform_of_a_texture(self, tmp_path: Path) -> None:
        said = {"offset": [0.1, 0.2], "rotation": np.pi / 2, "scale": [2, 1], "texCoord": 0}
        avatar, _ = self.material(
            tmp_path, info={"texCoord": 5, "extensions": {"KHR_texture_transform": said}}
        )
        # A quarter turn counter-clockwise, as seen, takes right (1, 0) to up, which is (0, -1).
        expected = np.stack([SQUARE_UVS[:, 1] + 0.1, -2 * SQUARE_UVS[:, 0] + 0.2], axis=1)
        assert avatar.uvs == pytest.approx(expected, abs=1e-6)

    @pytest.mark.parametrize("textured", [False, True])
    def test_specular_glossiness(self, tmp_path: Path, textured: bool) -> None:
        file = simple_face()
        material = file.picture(self.PICTURE)
        glossy: dict[str, Any] = {"diffuseFactor": [0.5, 1, 0, 1]}
        if textured:
            said = {"offset": [0.5, 0]}
            glossy["diffuseTexture"] = {"index": 0, "extensions": {"KHR_texture_transform": said}}
        file.json["materials"][material] = {"extensions": {"KHR_materials_pbrSpecularGlossiness": glossy}}
        file.json["extensionsRequired"] = ["KHR_materials_pbrSpecularGlossiness"]
        file.json["meshes"][0]["primitives"][0]["material"] = material
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert avatar.materials[0].color == pytest.approx((0.5 ** (1 / 2.2), 1, 0, 1))
        if textured:
            assert np.array_equal(avatar.materials[0].image[:, :, :3], np.asarray(self.PICTURE))
            assert avatar.uvs == pytest.approx(SQUARE_UVS + np.array([0.5, 0]))
        else:
            assert avatar.materials[0].image is None

    @pytest.mark.parametrize(
        ("base", "strength", "shown"),
        [
            ({"baseColorFactor": [0, 0, 0, 0.5]}, 1, (0.5, 0.25, 0, 0.5)),
            ({}, 1, (0.5, 0.25, 0, 1)),
            ({"baseColorFactor": [0, 0, 0, 1]}, 3, (1, 0.75, 0, 1)),
            ({"baseColorFactor": [0.5, 0.25, 0.125, 1]}, 1, (0.5, 0.25, 0.125, 1)),
        ],
        ids=["black", "nothing else", "strong", "with a colour of its own"],
    )
    def test_what_only_glows_has_the_colour_of_its_glow(
        self, tmp_path: Path, base: dict[str, Any], strength: float, shown: tuple[float, ...]
    ) -> None:
        file = simple_face()
        stronger = {"KHR_materials_emissive_strength": {"emissiveStrength": strength}}
        glowing = {"emissiveFactor": [0.5, 0.25, 0], "pbrMetallicRoughness": base, "extensions": stronger}
        file.json["materials"] = [glowing]
        file.json["meshes"][0]["primitives"][0]["material"] = 0
        (material,) = read_avatar(file.save(tmp_path)).avatar.materials
        expected = [*(part ** (1 / 2.2) for part in shown[:3]), shown[3]]
        assert material.color == pytest.approx(expected)

    def test_the_picture_of_a_glow(self, tmp_path: Path) -> None:
        file = simple_face()
        material = file.picture(self.PICTURE)
        texture = {"index": 0, "extensions": {"KHR_texture_transform": {"scale": [2, 2]}}}
        black = {"baseColorFactor": [0, 0, 0, 1]}
        glowing = {"emissiveTexture": texture, "emissiveFactor": [1, 1, 1], "pbrMetallicRoughness": black}
        file.json["materials"][material] = glowing
        file.json["meshes"][0]["primitives"][0]["material"] = material
        avatar = read_avatar(file.save(tmp_path)).avatar
        assert np.array_equal(avatar.materials[0].image[:, :, :3], np.asarray(self.PICTURE))
        assert avatar.uvs == pytest.approx(2 * SQUARE_UVS)
        assert avatar.materials[0].color == (1, 1, 1, 1)

    def test_unlit_is_read(self, tmp_path: Path) -> None:
        file = simple_face()
        plain = read_avatar(file.save(tmp_path)).avatar
        file.json["extensionsRequired"] = ["KHR_materials_unlit"]
        assert posed(read_avatar(file.save(tmp_path)).avatar) == pytest.approx(posed(plain))


class TestVertexColors:
    COLORS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]], np.float32)

    def face(self, colors: np.ndarray, **accessor: Any) -> File:
        file = simple_face()
        attributes = file.json["meshes"][0]["primitives"][0]["attributes"]
        attributes["COLOR_0"] = file.values(colors, **accessor)
        return file

    def test_they_are_linear_in_the_file(self, tmp_path: Path) -> None:
        avatar = read_avatar(self.face(self.COLORS).save(tmp_path)).avatar
        assert avatar.colors[:, :3] == pytest.approx(self.COLORS ** (1 / 2.2))
        assert avatar.colors[:, 3] == pytest.approx(1)
        assert read_avatar(simple_face().save(tmp_path)).avatar.colors is None

    def test_bytes_with_opacity(self, tmp_path: Path) -> None:
        said = np.array([[255, 0, 0, 51]] * 4, np.uint8)
        avatar = read_avatar(self.face(said, normalized=True).save(tmp_path)).avatar
        assert avatar.colors == pytest.approx(np.array([[1, 0, 0, 0.2]] * 4))

    def test_a_part_without_them_is_white(self, tmp_path: Path) -> None:
        file = self.face(self.COLORS)
        file.node(0, name="Teeth", mesh=file.mesh(file.part()))
        colors = read_avatar(file.save(tmp_path)).avatar.colors
        assert sorted(np.all(colors == 1, axis=1)) == [False] * 4 + [True] * 4

    @pytest.mark.parametrize("version", [0, 1])
    def test_mtoon_leaves_them_out(self, tmp_path: Path, version: int) -> None:
        file = self.face(self.COLORS)
        file.json["meshes"][0]["primitives"][0]["material"] = 0
        file.json["materials"] = [{"extensions": {"VRMC_materials_mtoon": {}}} if version else {}]
        if not version:
            file.json["extensions"] = {"VRM": {"materialProperties": [{"shader": "VRM/MToon"}]}}
        assert read_avatar(file.save(tmp_path)).avatar.colors is None

    def test_too_few_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(AvatarError, match="a part has 3 colours for 4 vertices"):
            read_avatar(self.face(self.COLORS[:3]).save(tmp_path))

    def test_merging_keeps_them(self, tmp_path: Path) -> None:
        before = read_avatar(self.face(self.COLORS).save(tmp_path)).avatar
        write_avatar(before, tmp_path / "out.glb", "face")
        after = read_avatar(tmp_path / "out.glb").avatar
        assert after.colors == pytest.approx(before.colors, abs=1e-6)
        with pytest.raises(AvatarError, match="RAVAS does not draw its vertices' own colours"):
            check_avatar(tmp_path / "out.glb")

    def test_one_colour_for_all_goes_into_the_picture(self, tmp_path: Path) -> None:
        write_avatar(
            read_avatar(self.face(np.tile(np.float32([1, 0, 0.25]), (4, 1))).save(tmp_path)).avatar,
            tmp_path / "out.glb",
            "face",
        )
        after = read_avatar(tmp_path / "out.glb").avatar
        assert after.colors is None
        red = np.rint(255 * np.array([1, 0, 0.25 ** (1 / 2.2), 1]))
        assert np.all(after.materials[0].image == red)
        check_avatar(tmp_path / "out.glb")


def changed(**more: Any) -> Callable[[File], None]:
    return lambda file: file.json.update(more)


def _png_that_says(width: int, height: int) -> bytes:
    """A small PNG whose header says another size."""
    packed = io.BytesIO()
    Image.new("RGB", (1, 1)).save(packed, "PNG")
    raw = packed.getvalue()
    header = b"IHDR" + struct.pack(">II", width, height) + raw[24:29]
    return raw[:12] + header + struct.pack(">I", zlib.crc32(header)) + raw[33:]


def _with_picture(raw: bytes) -> Callable[[File], None]:
    def change(file: File) -> None:
        file.json["meshes"][0]["primitives"][0]["material"] = file.picture_of(raw)

    return change


def _basis_only(file: File) -> None:
    file.json["meshes"][0]["primitives"][0]["material"] = file.picture(Image.new("RGB", (1, 1)))
    file.json["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]


def _at(*keys: Any, value: Any) -> Callable[[File], None]:
    def change(file: File) -> None:
        place: Any = file.json
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def _nan(file: File) -> None:
    file.data[0:4] = struct.pack("<f", float("nan"))


def _index_too_large(file: File) -> None:
    part = file.json["meshes"][0]["primitives"][0]
    part["indices"] = file.values(np.array([0, 1, 4], np.uint8))


def _sparse_outside(file: File) -> None:
    sparse(file, file.json["meshes"][0]["primitives"][0])
    where = file.json["accessors"][-1]["sparse"]["indices"]["bufferView"]
    start = file.json["bufferViews"][where]["byteOffset"]
    file.data[start : start + 2] = struct.pack("<H", 4)


def _many_empty_vertices(file: File) -> None:
    for accessor in file.json["accessors"]:
        accessor["count"] = MOST_BYTES // 24 + 1
        del accessor["bufferView"]


def _joint_too_large(file: File) -> None:
    part = skinned(file, [[0, 0, 0, 0]] * 3 + [[1, 0, 0, 0]], [[1, 0, 0, 0]] * 4)
    file.json["skins"] = [{"joints": [3]}]
    file.json["nodes"][0] |= {"mesh": file.mesh(part, "jawOpen"), "skin": 0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco_mesh_compression"),
        (changed(extensionsRequired=["EXT_meshopt_compression"]), "EXT_meshopt_compression"),
        (changed(extensionsRequired=["KHR_texture_basisu"]), "KHR_texture_basisu"),
        (changed(extensionsRequired=["ACME_faces"]), "ACME_faces"),
        (_basis_only, "KHR_texture_basisu"),
        (_at("meshes", 0, "extras", value={"targetNames": ["smirk"]}), "no morph target with an ARKit name"),
        (changed(instead={"buffers": [{"uri": "f.bin", "byteLength": 4}]}), "buffers lies outside the file"),
        (changed(instead={"buffers": [{"byteLength": 4}] * 2}), "more than one buffer"),
        (changed(images=[{"uri": "../../secret.png"}]), "images lies outside the file"),
        (_nan, "not finite"),
        (_index_too_large, "refers to vertex 4 of 4"),
        (_joint_too_large, "hangs on joint 1 of 1"),
        (_at("nodes", 3, "skin", value=0), "refers to number 0 of 0 skins"),
        (changed(skins=[{"joints": [9]}], nodes=[{"mesh": 0, "skin": 0}]), "number 9 of 1 nodes"),
        (_at("nodes", 3, "mesh", value=-1), "refers to number -1 of 1 meshes"),
        (_at("nodes", 3, "children", value=[1]), "two parents"),
        (_at("nodes", 1, "children", value=[1]), "two parents|own ancestors"),
        (_at("nodes", 3, "rotation", value=[0, 0, 0, 0]), "rotation"),
        (changed(scene=0, scenes=[{"nodes": []}]), "no triangles"),
        (_at("accessors", 0, "count", value=5), "too short for 5 elements"),
        (_at("bufferViews", 0, "byteLength", value=1 << 40), "outside the file's data"),
        (_at("bufferViews", 0, "byteOffset", value=-4), "outside the file's data"),
        (_at("bufferViews", 0, "byteStride", value=4), "stride"),
        (_at("accessors", 3, "count", value=3), "3 vertices, its mesh 4"),
        (_at("accessors", 0, "type", value="MAT2"), "MAT2"),
        (_sparse_outside, "sets element 4 of 4"),
        (_many_empty_vertices, "more than 1024 MiB"),
        (_with_picture(_png_that_says(12_000, 12_000)), "too many pixels"),
        (_with_picture(_png_that_says(60_000, 60_000)), "too many pixels"),
        (_with_picture(_png_that_says(9_000, 9_000)), "no whole PNG"),
        (_with_picture(b"GIF89a"), "no whole PNG"),
        (changed(nodes=[[]]), "structure is not glTF's"),
        (changed(accessors=None), "refers to number|structure is not glTF's"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, change: Callable[[File], None], words: str) -> None:
    file = simple_face()
    change(file)
    path = file.save(tmp_path)
    with pytest.raises(AvatarError, match=words) as caught:
        read_avatar(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("face.glb", b"", "not a GLB"),
        ("face.glb", b"not one" * 9, "not a GLB"),
        ("face.glb", b'{"asset": {}}', "export it as one .glb"),
        ("face.gltf", b'\n{"asset": {}}', "export it as one .glb"),
        ("face.glb", struct.pack("<4sIIII", b"glTF", 1, 20, 0, 0), "version 1"),
        ("face.glb", simple_face().bytes()[:-40], "is cut off"),
        ("face.glb", simple_face().bytes()[:50], "is cut off"),
        (
            "face.glb",
            struct.pack("<4sII", b"glTF", 2, 40) + struct.pack("<I4s", 20, b"JSON") + b"[" * 20,
            "not glTF's",
        ),
    ],
)
def test_files_of_other_kinds(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AvatarError, match=words):
        read_avatar(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AvatarError, match=r"none\.glb: cannot be read"):
        read_avatar(tmp_path / "none.glb")


def test_a_structure_of_too_many_objects(tmp_path: Path) -> None:
    file = simple_face()
    file.json["nodes"] += [{}] * 300_000
    with pytest.raises(AvatarError, match=r"300,0\d\d objects"):
        read_avatar(file.save(tmp_path))


def test_damaged_structures_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = [None, -1, 0, 1, 7, 1 << 33, 1e30, "x", [], {}, [[]], True, [None], {"a": 1}]
    values += [math.nan, math.inf, -math.inf, 1e39, 1e308, 10**400, "x" * 30_000, [math.nan] * 4]
    refused = 0
    for _ in range(250):
        file = rich_face()
        place: Any = file.json
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key, holder = keys[rng.integers(len(keys))], place
            place = place[key]
            if rng.random() < 0.3:
                break
        holder[key] = values[rng.integers(len(values))]
        try:
            avatar = read_avatar(file.save(tmp_path)).avatar
        except AvatarError as error:
            refused += 1
            assert len(str(error)) < 1000  # noqa: PT017
        else:
            assert_finite(avatar)
    assert 60 < refused < 250


def assert_finite(avatar: Avatar) -> None:
    for values in (avatar.positions, avatar.morphs, avatar.uvs, avatar.weights, avatar.colors):
        assert values is None or np.isfinite(values).all()
    assert all(np.isfinite(node.local).all() for node in avatar.nodes)
    assert all(np.isfinite(joint.inverse_bind).all() for joint in avatar.skin)
    assert all(np.isfinite(material.color).all() for material in avatar.materials)


def test_damaged_bytes_are_read_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    whole = rich_face().bytes()
    numbers = [np.float32(number).tobytes() for number in (np.nan, np.inf, 1e38, -1e12)]
    starts = 20 + struct.unpack_from("<I", whole, 12)[0] + 8
    for attempt in range(150):
        data = bytearray(whole)
        if attempt % 2:
            for at in starts + 4 * rng.integers((len(data) - starts) // 4 - 1, size=rng.integers(1, 30)):
                data[at : at + 4] = numbers[rng.integers(len(numbers))]
        else:
            for at in rng.integers(len(data), size=rng.integers(1, 5)):
                data[at] = rng.integers(256)
        if attempt % 5 == 0:
            data = data[: rng.integers(len(data))]
        (tmp_path / "x.glb").write_bytes(data)
        try:
            avatar = read_avatar(tmp_path / "x.glb").avatar
        except AvatarError:
            continue
        assert_finite(avatar)


def _of_another_build(file: File) -> None:
    mesh = file.json["meshes"][0]
    mesh["primitives"][0]["targets"] *= 2
    mesh["extras"]["targetNames"] = [*mesh["extras"]["targetNames"][:1], "build"]
    mesh["weights"] = [0, 1e300]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_of_another_build, "the positions reach (inf|nan)"),
        (_at("nodes", 1, "translation", value=[0, 1e39, 0]), "the places of nodes reach inf"),
        (_at("nodes", 1, "scale", value=[1, 1, 1e7]), "the places of nodes reach 1e.07; at most 1e.06"),
        (_at("nodes", 1, "matrix", value=[math.nan] * 16), "not finite"),
    ],
)
def test_numbers_that_leave_the_range_on_the_way_are_refused(
    tmp_path: Path, change: Callable[[File], None], words: str
) -> None:
    file = rich_face()
    change(file)
    with pytest.raises(AvatarError, match=words):
        read_avatar(file.save(tmp_path))


class TestWriting:
    def structure(self, path: Path) -> dict[str, Any]:
        raw = path.read_bytes()
        (length,) = struct.unpack_from("<I", raw, 12)
        return json.loads(raw[20 : 20 + length])

    def test_the_form(self, tmp_path: Path) -> None:
        avatar = read_avatar(rich_face().save(tmp_path)).avatar
        write_avatar(avatar, tmp_path / "out.glb", name="Me")
        said = self.structure(tmp_path / "out.glb")
        (mesh,) = said["meshes"]
        (part,) = mesh["primitives"]
        assert mesh["extras"]["targetNames"] == list(ARKIT_NAMES)
        assert len(part["targets"]) == SHAPES
        assert set(part["attributes"]) == {"POSITION", "NORMAL", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0"}
        per_vertex = [*part["attributes"].values(), *(target["POSITION"] for target in part["targets"])]
        for accessor in per_vertex:
            found = said["accessors"][accessor]
            size = {5126: 4, 5123: 2}[found["componentType"]] * int(found["type"][-1])
            assert said["bufferViews"][found["bufferView"]]["byteStride"] == size
        assert said["accessors"][part["indices"]]["componentType"] == 5125
        assert len(said["images"]) == len(said["textures"]) == len(said["materials"]) == 1
        assert "baseColorTexture" in said["materials"][0]["pbrMetallicRoughness"]

    def test_the_skin_is_a_whole_tree(self, tmp_path: Path) -> None:
        # RAVAS fails on a joint with a child that is none, and turns only what is below the first root.
        avatar = read_avatar(rich_face().save(tmp_path)).avatar
        write_avatar(avatar, tmp_path / "out.glb", name="Me")
        said = self.structure(tmp_path / "out.glb")
        (skin,) = said["skins"]
        joints = skin["joints"]
        assert len(set(joints)) == len(joints)
        children = [child for joint in joints for child in said["nodes"][joint].get("children", [])]
        assert sorted(children) == sorted(set(joints) - {skin["skeleton"]})
        (root,) = said["scenes"][0]["nodes"]
        assert said["nodes"][root]["children"] == [skin["skeleton"], len(said["nodes"]) - 1]
        assert "matrix" not in said["nodes"][-1]
        names = [node["name"] for node in said["nodes"]]
        assert [names.count(name) for name in ("Head", "Neck", "Spine2")] == [1, 1, 1]

    def test_a_round_trip_keeps_every_pose_and_colour(self, tmp_path: Path) -> None:
        before = read_avatar(rich_face().save(tmp_path)).avatar
        write_avatar(before, tmp_path / "out.glb", name="Me")
        after = read_avatar(tmp_path / "out.glb").avatar
        assert len(before.materials) > len(after.materials) == 1
        for jaw in (0.0, 1.0):
            assert posed(after, jaw=jaw) == pytest.approx(posed(before, jaw=jaw), abs=1e-5)
        assert np.abs(posed(after, jaw=1.0) - posed(after, jaw=0.0)).max() > 0.01
        assert np.array_equal(after.triangles, before.triangles)
        assert seen_colors(after) == pytest.approx(seen_colors(before), abs=1)

    def test_several_roots_get_one(self, tmp_path: Path, plate: Avatar) -> None:
        head = replace(plate.nodes[1], parent=-1, local=plate.nodes[0].local @ plate.nodes[1].local)
        before = replace(plate, nodes=(plate.nodes[0], head))
        write_avatar(before, tmp_path / "out.glb", name="Me")
        assert self.structure(tmp_path / "out.glb")["nodes"][1]["children"] == [2, 3]
        assert posed(read_avatar(tmp_path / "out.glb").avatar) == pytest.approx(posed(before), abs=1e-6)

    @pytest.mark.parametrize("face", ["plate", "rich", "turned neck"])
    @pytest.mark.parametrize("adds", [True, False])
    def test_when_ravas_has_bent_the_neck_the_avatar_looks_ahead(
        self, tmp_path: Path, plate: Avatar, face: str, adds: bool
    ) -> None:
        before = plate if face == "plate" else read_avatar(rich_face().save(tmp_path)).avatar
        if face == "turned neck":
            neck = before.node("Neck")
            nodes = list(before.nodes)
            turn = np.eye(4, dtype=np.float32)
            turn[:3, :3] = Rotation.from_euler("x", 25, degrees=True).as_matrix()
            nodes[neck] = replace(nodes[neck], local=nodes[neck].local @ turn)
            before = replace(before, nodes=tuple(nodes))
        write_avatar(before, tmp_path / "out.glb", name="Me")
        assert Rig(read_avatar(tmp_path / "out.glb").avatar).at_rest == pytest.approx(
            Rig(before).at_rest, abs=1e-5
        )
        # Another program sees it looking up; RAVAS adds 0.3 rad to the neck, or sets it.
        file = GLTF2.load_binary(str(tmp_path / "out.glb"))
        neck = next(node for node in file.nodes if node.name == "Neck")
        neck.extras = {}
        file.save_binary(str(tmp_path / "plain.glb"))
        up = Rig(read_avatar(tmp_path / "plain.glb").avatar).at_rest
        assert np.abs(up - Rig(before).at_rest).max() > 0.01
        local = np.array(neck.matrix).reshape(4, 4).T
        bend = Rotation.from_rotvec([0.3, 0, 0]).as_matrix()
        local[:3, :3] = local[:3, :3] @ bend if adds else bend * np.linalg.norm(local[:3, 0])
        neck.matrix = local.T.ravel().tolist()
        file.save_binary(str(tmp_path / "bent.glb"))
        bent = read_avatar(tmp_path / "bent.glb").avatar
        assert Rig(bent).at_rest == pytest.approx(Rig(before).at_rest, abs=1e-5)
        # What RAVAS then does to the head, and what we do, is as if the neck had never been bent.
        assert posed(bent) == pytest.approx(posed(before), abs=1e-5)

    @pytest.mark.parametrize("bone", ["Head", "Spine2"])
    @pytest.mark.parametrize("stretched", [1.0, 1.5])
    def test_a_bone_that_rests_turned_looks_ahead_when_ravas_has_set_it(
        self, tmp_path: Path, bone: str, stretched: float
    ) -> None:
        # RAVAS takes the rotation at rest away before it turns the bone.
        before = read_avatar(rich_face().save(tmp_path)).avatar
        at, nodes = before.node(bone), list(before.nodes)
        turn = np.eye(4, dtype=np.float32)
        turn[:3, :3] = stretched * Rotation.from_euler("xy", [25, 10], degrees=True).as_matrix()
        nodes[at] = replace(nodes[at], local=nodes[at].local @ turn)
        before = replace(before, nodes=tuple(nodes))
        write_avatar(before, tmp_path / "out.glb", name="Me")
        file = GLTF2.load_binary(str(tmp_path / "out.glb"))
        node = next(node for node in file.nodes if node.name == bone)
        local = np.array(node.matrix).reshape(4, 4).T
        local[:3, :3] = np.eye(3) * np.linalg.norm(local[:3, 0])
        node.matrix = local.T.ravel().tolist()
        file.save_binary(str(tmp_path / "set.glb"))
        for name in ("out", "set"):
            after = read_avatar(tmp_path / f"{name}.glb").avatar
            assert Rig(after).at_rest == pytest.approx(Rig(before).at_rest, abs=1e-5)
            assert posed(after) == pytest.approx(posed(before), abs=1e-5)

    def test_what_is_written_of_a_written_file_is_the_same(self, tmp_path: Path) -> None:
        write_avatar(read_avatar(rich_face().save(tmp_path)).avatar, tmp_path / "one.glb", name="Me")
        for source, out in (("one", "two"), ("two", "three")):
            write_avatar(read_avatar(tmp_path / f"{source}.glb").avatar, tmp_path / f"{out}.glb", name="Me")
        names = [node["name"] for node in self.structure(tmp_path / "three.glb")["nodes"]]
        assert names.count("Neck as it was") == 1
        poses = [posed(read_avatar(tmp_path / f"{name}.glb").avatar) for name in ("one", "three")]
        assert poses[0] == pytest.approx(poses[1], abs=1e-5)

    def test_the_same_bytes_each_time(self, tmp_path: Path) -> None:
        avatar = read_avatar(rich_face().save(tmp_path)).avatar
        for name in ("a.glb", "b.glb"):
            write_avatar(avatar, tmp_path / name, name="Me")
        assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()

    def test_normals_look_out(self, tmp_path: Path, plate: Avatar) -> None:
        write_avatar(plate, tmp_path / "out.glb", name="Me")
        said = self.structure(tmp_path / "out.glb")
        normal = said["meshes"][0]["primitives"][0]["attributes"]["NORMAL"]
        raw = (tmp_path / "out.glb").read_bytes()
        view = said["bufferViews"][said["accessors"][normal]["bufferView"]]
        binary = raw[len(raw) - said["buffers"][0]["byteLength"] :]
        normals = np.frombuffer(binary, np.float32, 12, view["byteOffset"]).reshape(4, 3)
        assert normals == pytest.approx(np.tile([0, 0, 1], (4, 1)))


class TestOneMaterial:
    def two(self, plate: Avatar, uvs: np.ndarray, *materials: Material) -> Avatar:
        return replace(plate, uvs=uvs, material_of=np.array([0, 1], np.int32), materials=materials)

    def test_a_vertex_that_two_materials_share_becomes_two(self, plate: Avatar) -> None:
        avatar = self.two(plate, plate.uvs, Material((1.0, 0.0, 0.0, 1.0)), Material((0.0, 0.0, 1.0, 1.0)))
        merged = with_one_material(avatar)
        assert len(merged.positions) == 6
        assert np.array_equal(merged.positions[merged.triangles], avatar.positions[avatar.triangles])
        assert seen_colors(merged)[:, :3].tolist() == [[255, 0, 0], [0, 0, 255]]

    def test_a_picture_that_repeats_is_laid_out(self, plate: Avatar) -> None:
        stripes = np.zeros((8, 8, 4), np.uint8)
        stripes[:, :4] = 255
        uvs = np.array([[-1, 0], [2, 0], [2, 1], [-1, 1]], np.float32)
        merged = with_one_material(
            self.two(plate, uvs, Material(image=stripes), Material((0.0, 0.0, 1.0, 1.0)))
        )
        (material,) = merged.materials
        assert material.image is not None
        H, W, _ = material.image.shape
        a, b = merged.uvs[merged.triangles[0, :2]] * (W, H)
        along = [
            material.image[tuple((a + (b - a) * (i + 0.5) / 24).astype(int)[::-1])][0] for i in range(24)
        ]
        assert along == ([255] * 4 + [0] * 4) * 3

    def test_cut_out_parts_stay_so_and_others_are_opaque(self, plate: Avatar) -> None:
        clear = np.zeros((4, 4, 4), np.uint8)
        merged = with_one_material(
            self.two(plate, plate.uvs, Material(image=clear), Material(image=clear, cutout=True))
        )
        assert merged.materials[0].cutout
        assert seen_colors(merged)[:, 3].tolist() == [255, 0]

    def test_large_pictures_are_made_to_fit(self, plate: Avatar) -> None:
        rng = np.random.default_rng(0)
        pictures = [
            np.repeat(np.repeat(rng.integers(0, 256, (4, 4, 4), np.uint8), 600, 0), 600, 1) for _ in "ab"
        ]
        avatar = self.two(plate, plate.uvs, *(Material(image=picture) for picture in pictures))
        merged = with_one_material(avatar)
        (material,) = merged.materials
        assert material.image is not None
        H, W, _ = material.image.shape
        assert max(H, W) <= 4096
        assert merged.uvs.min(axis=0) * (W, H) == pytest.approx([4, 4], abs=1e-3)  # half of the rim
        assert seen_colors(merged)[:, :3] == pytest.approx(seen_colors(avatar)[:, :3], abs=1)

    @pytest.mark.parametrize(("reach", "words"), [(1e5, "too often"), (1e30, "texture coordinates reach")])
    def test_endless_repeats_are_refused(self, plate: Avatar, reach: float, words: str) -> None:
        uvs = plate.uvs * np.float32(reach)
        image = np.zeros((8, 8, 4), np.uint8)
        with pytest.raises(AvatarError, match=words):
            with_one_material(self.two(plate, uvs, Material(image=image), Material()))


class TestMerging:
    def test_bones_get_the_names_that_ravas_wants(self, tmp_path: Path) -> None:
        file = rich_face()
        for i, name in enumerate(("J_Bip_C_UpperChest", "mixamorig:Neck", "head"), start=1):
            file.json["nodes"][i]["name"] = name
        source = file.save(tmp_path)
        merged = merge_avatar(source, tmp_path / "out" / "merged.glb")
        assert merged.path == tmp_path / "out" / "merged.glb"
        names = [node.name for node in merged.avatar.nodes]
        assert {"Head", "Neck", "Spine2"} <= set(names)
        assert posed(merged.avatar) == pytest.approx(posed(read_avatar(source).avatar), abs=1e-5)

    @pytest.mark.parametrize(("place", "name"), [(1, "Spine2"), (2, "Neck"), (3, "Head")])
    def test_a_bone_that_is_missing_is_named(self, tmp_path: Path, place: int, name: str) -> None:
        file = rich_face()
        file.json["nodes"][place]["name"] = "bone"
        with pytest.raises(AvatarError, match=rf"face.glb: has no bone called {name}"):
            merge_avatar(file.save(tmp_path), tmp_path / "merged.glb")
        assert not (tmp_path / "merged.glb").exists()

    def test_a_mesh_called_head_is_no_bone_for_ravas(self, tmp_path: Path) -> None:
        file = rich_face()
        face = next(node for node in file.json["nodes"] if node["name"] == "Face")
        face["name"] = "Head"
        file.json["nodes"][3]["name"] = "head"
        source = file.save(tmp_path)
        merged = merge_avatar(source, tmp_path / "merged.glb").avatar
        names = [node.name for node in merged.nodes]
        assert [names.count(name) for name in ("Head", "Neck", "Spine2")] == [1, 1, 1]
        between = merged.nodes[merged.nodes[names.index("Head")].parent]
        assert (between.name, merged.nodes[between.parent].name) == ("Neck as it was", "Neck")
        assert posed(merged) == pytest.approx(posed(read_avatar(source).avatar), abs=1e-5)

    def test_what_cannot_be_merged_names_the_file(self, tmp_path: Path) -> None:
        file = rich_face()
        part = file.json["meshes"][0]["primitives"][0]
        part["attributes"]["TEXCOORD_0"] = file.values(SQUARE_UVS * 1e5)
        with pytest.raises(AvatarError, match=r"face.glb: a texture repeats too often"):
            merge_avatar(file.save(tmp_path), tmp_path / "merged.glb")


class TestDefaultFile:
    @pytest.mark.parametrize(
        ("name", "anew"),
        [
            *(
                (name, True)
                for name in (
                    "default_head/default_avatar",
                    "default_head/mouth_shapes",
                    "default_head/spreading",
                    "pillow",
                )
            ),
            *((name, True) for name in ("glb/write", "glb/texture_atlas", "rig", "avatar")),
            *(
                (name, False)
                for name in ("ravas/run", "ravas/clip", "renderer", "following", "video_file", "job")
            ),
        ],
    )
    def test_it_is_made_anew_when_the_code_that_makes_it_changes(
        self, name: str, anew: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = default_file._code_hash()
        package = tmp_path / "avatarize"
        shutil.copytree(Path(default_file.__file__).parent, package)
        monkeypatch.setattr(default_file, "files", lambda _: package)
        assert default_file._code_hash() == before
        with (package / f"{name}.py").open("a", encoding="utf-8") as module:
            module.write("# changed\n")
        assert (default_file._code_hash() != before) is anew
