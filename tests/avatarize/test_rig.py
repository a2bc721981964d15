"""Shapes move vertices, the head turns about its joint, and the neck takes its share."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES, BONE_NAMES, SHAPES, Node
from amber_id.avatarize.rig import NECK_SHARE, Rig

HEAD, NECK = np.array([0, 1.6, 0]), np.array([0, 1.4, 0])
JAW = ARKIT_NAMES.index("jawOpen")


def one(index: int, weight: float = 1.0) -> np.ndarray:
    weights = np.zeros(SHAPES)
    weights[index] = weight
    return weights


def test_at_rest_the_vertices_are_where_the_file_says(plate):
    vertices, normals = Rig(plate).pose(np.zeros(SHAPES), np.eye(3))
    np.testing.assert_allclose(vertices, plate.positions, atol=1e-6)
    np.testing.assert_allclose(normals, np.tile([0, 0, 1], (4, 1)), atol=1e-6)


def test_a_shape_moves_in_proportion_to_its_weight(plate):
    rig = Rig(plate)
    half = rig.pose(one(JAW, 0.5), np.eye(3))[0] - plate.positions
    np.testing.assert_allclose(half, 0.5 * plate.morphs[JAW], atol=1e-6)
    missing = one(ARKIT_NAMES.index("cheekPuff"))
    np.testing.assert_array_equal(rig.pose(missing, np.eye(3))[0], rig.at_rest)


def test_the_head_turns_by_the_whole_rotation_and_the_neck_by_its_share(plate):
    turn = Rotation.from_euler("y", 40, degrees=True)
    vertices, normals = Rig(plate).pose(np.zeros(SHAPES), turn.as_matrix())
    # The head stands on the neck's axis, so a yaw leaves its joint where it is.
    expected = turn.apply(plate.positions - HEAD) + HEAD
    np.testing.assert_allclose(vertices, expected, atol=1e-6)
    np.testing.assert_allclose(normals, np.tile(turn.apply([0, 0, 1]), (4, 1)), atol=1e-6)
    morphs = np.where(np.arange(SHAPES)[:, None, None] == JAW, plate.morphs, np.float32(0))
    half_on_neck = replace(plate, morphs=morphs, joints=np.repeat([0, 0, 1, 1], 4).reshape(4, 4).astype("i4"))
    part = Rotation.from_euler("y", 40 * NECK_SHARE, degrees=True)
    np.testing.assert_allclose(
        Rig(half_on_neck).pose(np.zeros(SHAPES), turn.as_matrix())[0][2:],
        part.apply(plate.positions[2:] - NECK) + NECK,
        atol=1e-6,
    )


def test_a_nod_carries_the_head_forward_on_the_neck(plate):
    nod = Rotation.from_euler("x", 30, degrees=True)
    vertices, _ = Rig(plate).pose(np.zeros(SHAPES), nod.as_matrix())
    joint = Rotation.from_euler("x", 30 * NECK_SHARE, degrees=True).apply([0, 0.2, 0]) + NECK
    np.testing.assert_allclose(vertices, nod.apply(plate.positions - HEAD) + joint, atol=1e-6)


def test_without_bones_everything_turns_about_the_middle_of_the_face(plate):
    nodes = tuple(replace(node, name=name) for node, name in zip(plate.nodes, "ab", strict=True))
    turn = Rotation.from_euler("y", 90, degrees=True)
    vertices, _ = Rig(replace(plate, nodes=nodes)).pose(np.zeros(SHAPES), turn.as_matrix())
    np.testing.assert_allclose(vertices[0], [0, 1.5, 0.1], atol=1e-6)


def test_a_mesh_called_head_does_not_take_the_bones_place(plate):
    mesh = Node("Head", -1, np.eye(4, dtype=np.float32))
    neck, head = plate.nodes
    nodes = (mesh, neck, replace(head, parent=1))
    skin = tuple(replace(joint, node=joint.node + 1) for joint in plate.skin)
    both = replace(plate, nodes=nodes, skin=skin)
    assert both.node("Head") == 2
    turn = Rotation.from_euler("yxz", [40, 10, 5], degrees=True).as_matrix()
    expected = Rig(plate).pose(np.zeros(SHAPES), turn)[0]
    np.testing.assert_allclose(Rig(both).pose(np.zeros(SHAPES), turn)[0], expected, atol=1e-6)


def test_of_bones_that_carry_something_the_better_name_is_taken(plate):
    others = [
        replace(node, name=name) for node, name in zip(plate.nodes, ("J_Bip_C_Head", "HEAD"), strict=True)
    ]
    assert replace(plate, nodes=tuple(others)).node(*BONE_NAMES["Head"]) == 1
    idle = Node("Idle", -1, np.eye(4, dtype=np.float32))
    assert replace(plate, nodes=(*plate.nodes, idle)).node("Idle") == 2, "better than none"


def test_a_head_that_carries_less_than_half_of_the_face_is_none(plate):
    turn = Rotation.from_euler("y", 90, degrees=True)
    on_neck = replace(plate, joints=np.ones((4, 4), np.int32))
    vertices, _ = Rig(on_neck).pose(np.zeros(SHAPES), turn.as_matrix())
    np.testing.assert_allclose(vertices, turn.apply(plate.positions), atol=1e-6)
    jaw_bone = (*plate.nodes, Node("Jaw", 1, np.eye(4, dtype=np.float32)))
    on_jaw = replace(plate, nodes=jaw_bone, skin=(replace(plate.skin[0], node=2), plate.skin[1]))
    nod = Rotation.from_euler("x", 30, degrees=True).as_matrix()
    np.testing.assert_allclose(  # what is below the head is the head's
        Rig(on_jaw).pose(np.zeros(SHAPES), nod)[0], Rig(plate).pose(np.zeros(SHAPES), nod)[0], atol=1e-6
    )


def test_where_the_face_looks(plate):
    np.testing.assert_allclose(Rig(plate).face_direction, [0, 0, 1], atol=1e-6)
    behind = replace(plate, triangles=plate.triangles[:, ::-1])
    np.testing.assert_allclose(Rig(behind).face_direction, [0, 0, -1], atol=1e-6)


def test_vertices_at_one_place_share_a_normal_across_a_seam(plate):
    bent = plate.positions[[0, 1, 2, 0, 2, 3]].copy()
    bent[2, 2] = bent[4, 2] = 0.1
    seam = replace(
        plate,
        positions=bent,
        uvs=plate.uvs[[0, 1, 2, 0, 2, 3]],
        triangles=np.array([[0, 1, 2], [3, 4, 5]], np.int32),
        morphs=plate.morphs[:, [0, 1, 2, 0, 2, 3]],
        joints=np.zeros((6, 4), np.int32),
        weights=plate.weights[[0] * 6],
    )
    _, normals = Rig(seam).pose(np.zeros(SHAPES), np.eye(3))
    np.testing.assert_array_equal(normals[2], normals[4])
    assert not np.allclose(normals[1], normals[5])


def test_what_no_shape_moves_is_listed_as_missing(plate):
    assert set(plate.missing) == set(ARKIT_NAMES) - {"jawOpen", "browInnerUp"}
