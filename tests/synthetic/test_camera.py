"""Landmarks and poses: the mean face as it was measured, perspective, MediaPipe's conventions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import BLENDSHAPE_NAMES, NOSE_TIP, OUTER_EYE_CORNERS, mean_face, points_of
from amber_id.motion.alignment import align, isotropic
from amber_id.synthetic.camera import Camera, draw_camera, in_picture, pose_matrices
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.mesh import face_of, moved
from amber_id.synthetic.people import MODES
from amber_id.synthetic.rig import ClipSignals

CHIN, LOWER_LIP = 152, 14
NECK = np.array([0.0, 1.6, 1.0])
USUAL = 720 / 5.5  # pixels per unit
# The face's origin in the picture's middle, at the usual distance.
CAMERA = Camera(1280, 720, np.array([640.0, 360.0]), USUAL)
EYES = list(OUTER_EYE_CORNERS)


def _still(T: int = 1) -> ClipSignals:
    """T frames of a head that faces the camera with the mean expression."""
    return ClipSignals(np.tile(measured_faces().mean, (T, 1)), np.zeros((T, 3)), np.zeros((T, 3)))


def _points(signals: ClipSignals, camera: Camera = CAMERA) -> np.ndarray:
    """Landmarks of the mean face in pixels, without noise."""
    landmarks = in_picture(moved(mean_face(), signals), signals, camera).astype(np.float32)
    return isotropic(landmarks, width=camera.width, height=camera.height)


def test_the_mean_face_comes_back_from_the_usual_distance():
    points = _points(_still())[0]
    face = mean_face()
    expected = USUAL * (face - [0, 0, face[:, 2].mean()]) + [640, 360, 0]
    assert points == pytest.approx(expected, abs=0.01)
    assert align(points[None])[0][0] == pytest.approx(align(face[None])[0][0], abs=1e-4)
    # So it is when the picture is another, or the camera and the face are as much larger.
    other = Camera(512, 512, np.array([256.0, 256.0]), 512 / 5.5)
    assert _points(_still(), other)[0] * 720 / 512 + [280, 0, 0] == pytest.approx(points, abs=1e-2)


def test_a_nearer_camera_enlarges_what_is_nearer():
    """Twice as large in the picture is half as far away."""
    near = replace(CAMERA, pixels_per_unit=2 * USUAL)
    far = replace(CAMERA, pixels_per_unit=USUAL / 4)

    def nose_over_oval(camera: Camera) -> float:
        points = _points(_still(), camera)[0, :, 0]
        return float(np.ptp(points[list(points_of("nose"))]) / np.ptp(points[list(points_of("face_oval"))]))

    assert (
        mean_face()[list(points_of("nose")), 2].mean() < mean_face()[list(points_of("face_oval")), 2].mean()
    )
    assert nose_over_oval(near) > 1.05 * nose_over_oval(CAMERA) > 1.05 * nose_over_oval(far)
    # By hand, about the optical axis.
    face, distance = mean_face(), 2.75 / np.tan(np.radians(31.5))
    for point in (NOSE_TIP, CHIN):
        y, z = face[point, 1:]
        perspective = (1 + z / distance) / (1 + z / (distance / 2))
        found = _points(_still(), near)[0, point]
        assert found[1] == pytest.approx(360 + 2 * USUAL * y * perspective, abs=0.1)


def test_a_head_in_the_corner_is_seen_from_the_side():
    """The axis of the camera is in the picture's middle, not where the face is."""
    aside = replace(CAMERA, centre=np.array([240.0, 360.0]), pixels_per_unit=2 * USUAL)
    centred = replace(CAMERA, pixels_per_unit=2 * USUAL)
    shift = _points(_still(), aside)[0] - _points(_still(), centred)[0]
    nearest, farthest = mean_face()[:, 2].argmin(), mean_face()[:, 2].argmax()
    # What is nearer is further from the middle.
    assert shift[nearest, 0] < -400 < shift[farthest, 0] < -200
    assert shift[:, 1] == pytest.approx(0, abs=1e-3)


def test_depths_have_mean_zero_and_the_unit_of_x():
    turned = replace(_still(2), rotation=np.radians([[10.0, -20.0, 5.0], [0.0, 0.0, 0.0]]))
    points = _points(turned)
    assert points[:, :, 2].mean(axis=1) == pytest.approx(0, abs=1e-3)
    face = mean_face()
    assert points[1, :, 2] == pytest.approx(USUAL * (face[:, 2] - face[:, 2].mean()), abs=1e-3)


def test_alignment_recovers_the_face_and_the_turn_from_far_away():
    """Perspective is what the alignment does not know of; far away there is little, but the lens's own."""
    turns = np.radians([[10.0, -20.0, 5.0], [-5.0, 15.0, -8.0]])
    signals = replace(_still(2), rotation=turns, translation=np.array([[0.1, 0, 0.2], [0, -0.1, -0.1]]))
    _, placement = align(_points(signals))
    _, straight = align(_points(_still()))
    turned = placement.rotation.transpose(0, 2, 1) @ straight.rotation[0]
    off = Rotation.from_matrix(turned) * Rotation.from_rotvec(turns).inv()
    assert np.degrees(off.magnitude()).max() < 4
    size = straight.scale[0] / placement.scale
    assert size == pytest.approx(np.exp([0.2, -0.1]), rel=0.06)


def test_a_person_s_own_face_is_the_mean_but_for_its_shape():
    nobody = face_of(np.zeros((3, MODES)))
    assert np.array_equal(nobody, mean_face())
    shape = np.random.default_rng(0).standard_normal((3, MODES))
    one, two = face_of(shape) - nobody, face_of(2 * shape) - nobody
    assert two == pytest.approx(2 * one, abs=1e-5)
    assert (one / measured_faces().shape_std).std() == pytest.approx(1, abs=0.4)


def test_the_mean_expression_moves_nothing_and_jaw_open_lowers_chin_and_lip():
    opened = _still()
    assert moved(mean_face(), opened)[0] == pytest.approx(mean_face())
    opened.blendshapes[:, BLENDSHAPE_NAMES.index("jawOpen")] += 0.5
    difference = (_points(opened) - _points(_still()))[0]
    assert difference[CHIN, 1] > 10
    assert difference[LOWER_LIP, 1] > 10
    assert np.abs(difference[EYES, :2]).max() < 1.5


def test_turns_go_where_their_axes_say():
    down, right = (
        _points(replace(_still(), rotation=np.array([turn])))[0] for turn in ([0.2, 0, 0], [0, -0.2, 0])
    )
    straight = _points(_still())[0]

    def nose_from_eyes(points: np.ndarray) -> np.ndarray:
        return points[NOSE_TIP] - points[EYES].mean(axis=0)

    assert nose_from_eyes(down)[1] > nose_from_eyes(straight)[1] + 3
    assert nose_from_eyes(right)[0] > nose_from_eyes(straight)[0] + 3


def test_translation_is_in_units_and_size_a_logarithm():
    still, aside, larger = (
        _points(replace(_still(), translation=np.array([t])))[0]
        for t in ([0.0, 0, 0], [0.5, -0.25, 0], [0, 0, np.log(1.5)])
    )
    assert (aside - still).mean(axis=0)[:2] == pytest.approx([0.5 * USUAL, -0.25 * USUAL], rel=0.03)
    assert np.ptp(larger[:, 1]) == pytest.approx(1.5 * np.ptp(still[:, 1]), rel=0.03)


def test_poses_project_to_where_the_face_is():
    """Points beside the canonical origin, placed as landmarks are, and seen with a pinhole of 63 degrees."""
    turns = np.radians([[0.0, 0, 0], [0, 0, 20], [0, 0, -35]])
    signals = replace(
        _still(3), rotation=turns, translation=np.array([[0, 0, 0], [0.1, 0, 0.3], [0, 0.2, 0]])
    )
    camera = Camera(1280, 720, np.array([600.0, 300.0]), 120.0)
    poses = pose_matrices(signals, camera)
    focal = 360 / np.tan(np.radians(31.5))
    origin = np.array([0.0, 0.50, 0.51])
    for t in range(3):
        turn = Rotation.from_rotvec(turns[t]).as_matrix()
        size = 120 * np.exp(signals.translation[t, 2])
        for beside in (0.0, 1.0, -0.5):
            placed = turn @ (origin + np.array([beside, 0, 0]) - NECK) + NECK
            expected = camera.centre + size * (placed[:2] + signals.translation[t, :2])
            x, y, z, _ = poses[t] @ [beside * 10.16, 0, 0, 1]
            assert [640 + focal * x / -z, 360 - focal * y / -z] == pytest.approx(expected, abs=0.01)


def test_poses_agree_with_landmarks_at_the_usual_distance():
    """The eyes' corners, in centimetres of the canonical face, land where the tracker sees them."""
    poses, points = pose_matrices(_still(), CAMERA)[0], _points(_still())[0]
    focal = 360 / np.tan(np.radians(31.5))
    pitch = Rotation.from_rotvec([np.radians(3.75), 0, 0]).as_matrix()
    # Where a solid point of the mean face is in the canonical face's frame, y up and z out of the face.
    distance = 2.75 / np.tan(np.radians(31.5))
    solid = mean_face() * np.column_stack([1 + mean_face()[:, [2]] / distance] * 2 + [np.ones((478, 1))])
    canonical = ((solid - [0.0, 0.50, 0.51]) @ pitch.T) * 10.16 * [1, -1, -1]
    seen = np.column_stack([canonical, np.ones(478)]) @ poses.T
    pixels = np.column_stack([640 + focal * seen[:, 0] / -seen[:, 2], 360 - focal * seen[:, 1] / -seen[:, 2]])
    # The pose is as far as the face's origin, the point at its own depth: a tenth of the face apart.
    width = np.ptp(points[:, 0])
    assert np.abs(pixels - points[:, :2])[EYES].max() < 0.15 * width
    assert np.ptp(pixels[:, 0]) == pytest.approx(width, rel=0.2)


def test_poses_are_rotations_and_look_where_the_nose_points():
    turns = np.radians([[0, -20.0, 0], [0, 20.0, 0], [20.0, 0, 0], [-20.0, 0, 0]])
    signals = replace(_still(4), rotation=turns)
    poses = pose_matrices(signals, CAMERA)
    for pose in poses:
        assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-5)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1, abs=1e-5)
        assert pose[3].tolist() == [0, 0, 0, 1]
    points = _points(signals)
    nose = points[:, NOSE_TIP] - points[:, EYES].mean(axis=1)
    ahead = poses[:, :3, 2]  # of the canonical face, whose z points out of it
    assert np.sign(ahead[:2, 0]).tolist() == np.sign(nose[:2, 0]).tolist() == [1, -1]
    # Up in the picture is a smaller y, in the pose a larger one.
    assert ahead[3, 1] > ahead[2, 1]
    assert nose[3, 1] < nose[2, 1]
    assert (ahead[:, 2] > 0.9).all()


@pytest.mark.parametrize("size", [1.0, 0.5])
def test_cameras_see_the_whole_face_at_its_size(size):
    rng = np.random.default_rng(0)
    heights = []
    for width in [1280, 512] * 100:
        height = 720 if width == 1280 else 512
        camera = draw_camera(rng, width=width, height=height, size=size)
        points = _points(_still(), camera)[0, :, :2]
        assert (points > 0).all()
        assert (points < [width, height]).all()
        heights.append(np.ptp(points[:, 1]) / height)
        middle = points.min(axis=0) / 2 + points.max(axis=0) / 2
        assert np.abs(middle - [width / 2, height / 2]).max() < 0.15 * height
    assert np.median(heights) == pytest.approx(size * np.ptp(mean_face()[:, 1]) / 5.5, rel=0.05)
    assert np.log(heights).std() == pytest.approx(0.08, rel=0.3)
