"""Landmarks and poses: a point worked out by hand, what the alignment recovers, MediaPipe's conventions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import BLENDSHAPE_NAMES, NOSE_TIP, OUTER_EYE_CORNERS, mean_face
from amber_id.motion.alignment import align, isotropic
from amber_id.synthetic import HABITS, Person
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.mesh import (
    Camera,
    draw_camera,
    pose_matrices,
    tracked_blendshapes,
    tracked_landmarks,
    unexplained_movement,
)
from amber_id.synthetic.rig import ClipSignals

CHIN, LOWER_LIP = 152, 14
NECK = np.array([0.0, 1.6, 1.0])
CAMERA = Camera(1280, 720, np.array([600.0, 300.0]), 120.0)
TYPICAL = Person(0, np.zeros(len(HABITS)), mean_face())


def _still(T: int = 1) -> ClipSignals:
    """T frames of a head that faces the camera with the mean expression."""
    return ClipSignals(np.tile(measured_faces().mean, (T, 1)), np.zeros((T, 3)), np.zeros((T, 3)))


def _points(signals: ClipSignals, person: Person = TYPICAL) -> np.ndarray:
    """Landmarks in pixels, without noise."""
    noise = np.zeros((len(signals.rotation), 478, 3), dtype=np.float32)
    landmarks = tracked_landmarks(person, signals, CAMERA, noise)
    return isotropic(landmarks, width=CAMERA.width, height=CAMERA.height)


def test_a_point_by_hand():
    points = _points(_still())[0]
    face = mean_face()
    for point in (NOSE_TIP, CHIN):
        assert points[point, 0] == pytest.approx(600 + 120 * face[point, 0], abs=1e-3)
        assert points[point, 1] == pytest.approx(300 + 120 * face[point, 1], abs=1e-3)
        assert points[point, 2] == pytest.approx(120 * (face[point, 2] - face[:, 2].mean()), abs=1e-3)


def test_alignment_recovers_the_face_and_the_turn():
    turns = np.radians([[10.0, -20.0, 5.0], [-5.0, 15.0, -8.0]])
    signals = replace(_still(2), rotation=turns, translation=np.array([[0.1, 0, 0.2], [0, -0.1, -0.1]]))
    aligned, placement = align(_points(signals))
    assert aligned == pytest.approx(np.stack([mean_face()] * 2), abs=1e-4)
    turned = placement.rotation.transpose(0, 2, 1)
    assert turned == pytest.approx(Rotation.from_rotvec(turns).as_matrix(), abs=1e-4)
    assert 1 / placement.scale == pytest.approx(120 * np.exp([0.2, -0.1]), rel=1e-4)


def test_the_person_s_own_face_is_what_moves():
    offset = np.zeros((478, 3))
    offset[CHIN] = [0.0, 0.1, 0.0]
    person = replace(TYPICAL, face=mean_face() + offset)
    assert (_points(_still(), person) - _points(_still()))[0, CHIN, 1] == pytest.approx(12, abs=1e-3)


def test_jaw_open_lowers_chin_and_lip_in_the_picture():
    opened = _still()
    opened.blendshapes[:, BLENDSHAPE_NAMES.index("jawOpen")] += 0.5
    moved = (_points(opened) - _points(_still()))[0]
    assert moved[CHIN, 1] > 10
    assert moved[LOWER_LIP, 1] > 10
    assert np.abs(moved[list(OUTER_EYE_CORNERS), :2]).max() < 1


def test_turns_go_where_their_axes_say():
    down, right = (
        _points(replace(_still(), rotation=np.array([turn])))[0] for turn in ([0.2, 0, 0], [0, -0.2, 0])
    )
    eyes = list(OUTER_EYE_CORNERS)
    straight = _points(_still())[0]

    def nose_from_eyes(points: np.ndarray) -> np.ndarray:
        return points[NOSE_TIP] - points[eyes].mean(axis=0)

    assert nose_from_eyes(down)[1] > nose_from_eyes(straight)[1] + 3
    assert nose_from_eyes(right)[0] > nose_from_eyes(straight)[0] + 3


def test_poses_project_to_where_the_face_is():
    """The origin, and points beside it in the plane of the picture, through a pinhole of 63 degrees."""
    turns = np.radians([[0.0, 0, 0], [0, 0, 20], [0, 0, -35]])
    signals = replace(
        _still(3), rotation=turns, translation=np.array([[0, 0, 0], [0.1, 0, 0.3], [0, 0.2, 0]])
    )
    poses = pose_matrices(signals, CAMERA)
    focal = 360 / np.tan(np.radians(31.5))
    origin = np.array([0.0, 0.50, 0.51])
    for t in range(3):
        turn = Rotation.from_rotvec(turns[t]).as_matrix()
        size = 120 * np.exp(signals.translation[t, 2])
        for beside in (0.0, 1.0, -0.5):
            placed = turn @ (origin + np.array([beside, 0, 0]) - NECK) + NECK
            expected = CAMERA.centre + size * (placed[:2] + signals.translation[t, :2])
            x, y, z, _ = poses[t] @ [beside * 10.16, 0, 0, 1]
            assert [640 + focal * x / -z, 360 - focal * y / -z] == pytest.approx(expected, abs=0.01)


def test_poses_are_rotations_and_look_where_the_nose_points():
    turns = np.radians([[0, -20.0, 0], [0, 20.0, 0], [20.0, 0, 0], [-20.0, 0, 0]])
    signals = replace(_still(4), rotation=turns)
    poses = pose_matrices(signals, CAMERA)
    for pose in poses:
        assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-5)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1, abs=1e-5)
        assert pose[3].tolist() == [0, 0, 0, 1]
    points = _points(signals)
    nose = points[:, NOSE_TIP] - points[:, list(OUTER_EYE_CORNERS)].mean(axis=1)
    ahead = poses[:, :3, 2]  # of the canonical face, whose z points out of it
    assert np.sign(ahead[:2, 0]).tolist() == np.sign(nose[:2, 0]).tolist() == [1, -1]
    # Up in the picture is a smaller y, in the pose a larger one.
    assert ahead[3, 1] > ahead[2, 1]
    assert nose[3, 1] < nose[2, 1]
    assert (ahead[:, 2] > 0.9).all()


def test_cameras_see_the_whole_face_at_a_usual_size():
    rng = np.random.default_rng(0)
    for _ in range(200):
        camera = draw_camera(rng)
        points = mean_face()[:, :2] * camera.pixels_per_unit + camera.centre
        assert (points > 0).all()
        assert (points < [camera.width, camera.height]).all()
        assert 180 < np.ptp(points[:, 1]) < 350


def test_unexplained_movement_is_as_large_as_measured_over_many_clips():
    clips = [unexplained_movement(np.random.default_rng(i), 60, fps=30.0) for i in range(300)]
    root_mean_square = np.sqrt(np.mean(np.square(clips), axis=(0, 1)))
    assert np.median(root_mean_square / measured_faces().residual_std) == pytest.approx(1, abs=0.1)
    # Noisier in some clips than in others.
    sizes = np.log([clip.std() for clip in clips])
    assert sizes.std() == pytest.approx(0.5, abs=0.15)


def test_coefficients_stay_in_range_and_exact_without_jitter():
    rng = np.random.default_rng(0)
    signals = replace(_still(500), blendshapes=np.tile(np.linspace(0, 1, 52), (500, 1)))
    exact = tracked_blendshapes(rng, signals, fps=30.0, jitter=0.0)
    assert np.array_equal(exact, signals.blendshapes.astype(np.float32))
    noisy = tracked_blendshapes(rng, signals, fps=30.0, jitter=1.0)
    assert noisy.min() == 0
    assert noisy.max() == 1
    assert not noisy[:, 0].any()
    assert noisy[:, 26].std() == pytest.approx(0.03 * 0.5, rel=0.3)
