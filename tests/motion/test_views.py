"""Views: what each keeps of face shape, expression and head pose, and what it must not."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS, mean_face
from amber_id.motion.views import coefficient_view, landmark_view

TIMES = np.arange(100) / 25
AXES = {"nod": 0, "shake": 1, "tilt": 2}


def _placed(face: np.ndarray, turn: np.ndarray, size: np.ndarray, shift: np.ndarray) -> np.ndarray:
    rotation = Rotation.from_rotvec(turn).as_matrix()
    return size[:, None, None] * (face @ rotation.transpose(0, 2, 1)) + shift[:, None]


def _held(face: np.ndarray) -> np.ndarray:
    T = len(face)
    return _placed(face, np.zeros((T, 3)), np.full(T, 150.0), np.full((T, 3), 300.0))


@pytest.fixture
def talking(studio) -> np.ndarray:
    """A talking face without any head motion, not yet in the picture."""
    return mean_face() + studio.talk(TIMES)


def test_motion_knows_neither_pose_nor_place_nor_size(studio, talking):
    shift = 50 * studio.nod(TIMES, seed=8)
    size = 150 * np.exp(studio.nod(TIMES, seed=9)[:, 0])
    wild = _placed(talking, studio.nod(TIMES, amplitude=0.6), size, shift)
    still = landmark_view(_held(talking), "motion")
    np.testing.assert_allclose(landmark_view(wild, "motion"), still, atol=1e-9)
    assert np.abs(still).max() > 0.02  # there is something to see


def test_motion_does_not_know_a_constant_pose_or_a_constant_shape(talking):
    T = len(talking)
    turned = _placed(talking, np.tile([0.2, -0.4, 0.1], (T, 1)), np.full(T, 70.0), np.full((T, 3), -3.0))
    motion = landmark_view(_held(talking), "motion")
    np.testing.assert_allclose(landmark_view(turned, "motion"), motion, atol=1e-9)
    np.testing.assert_allclose(motion.mean(axis=0), 0, atol=1e-12)
    other_chin = talking.copy()
    other_chin[:, 152] += [0.1, 0.2, 0.0]
    np.testing.assert_allclose(landmark_view(_held(other_chin), "motion"), motion, atol=1e-9)


def test_static_never_changes_and_is_the_mean_face_shape(studio, talking):
    static = landmark_view(
        _placed(talking, studio.nod(TIMES), np.full(100, 99.0), np.zeros((100, 3))), "static"
    )
    assert np.ptp(static, axis=0).max() == 0
    shape = talking.mean(axis=0)
    np.testing.assert_allclose(static[0], shape, atol=1e-9)


def test_motion_and_static_add_up_to_the_aligned_face(talking):
    whole = landmark_view(_held(talking), "motion") + landmark_view(_held(talking), "static")
    np.testing.assert_allclose(whole, talking, atol=1e-9)


def test_pose_of_a_face_that_only_talks_is_nothing(talking):
    pose = landmark_view(_held(talking), "pose")
    assert pose.shape == (100, 2, 3)
    np.testing.assert_allclose(pose, 0, atol=1e-9)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("base", [(0.0, 0.0, 0.0), (0.3, -0.2, 0.1)])
def test_pose_recovers_a_known_turn_with_its_sign(axis: str, base: tuple[float, ...], talking):
    """The head first turns by -0.25 and then by +0.25 about one of its own axes."""
    own = np.zeros((100, 3))
    own[:, AXES[axis]] = np.where(np.arange(100) < 50, -0.25, 0.25)
    turn = (Rotation.from_rotvec(base) * Rotation.from_rotvec(own)).as_rotvec()
    pose = landmark_view(_placed(talking, turn, np.full(100, 150.0), np.zeros((100, 3))), "pose")
    np.testing.assert_allclose(pose[:, 0], own, atol=1e-9)
    np.testing.assert_allclose(pose[:, 1], 0, atol=1e-9)  # the turn is about the middle of the rigid points


def test_pose_sees_a_shift_in_eye_distances_and_the_distance_to_the_camera(talking):
    late = np.arange(100) >= 60
    shift = np.where(late[:, None], [30.0, -15.0, 0.0], 0.0)
    size = np.where(late, 75.0, 150.0)  # half as large: twice as far
    moved = landmark_view(_placed(talking, np.zeros((100, 3)), np.full(100, 150.0), shift), "pose")
    np.testing.assert_allclose(moved[late, 1], np.tile([0.2, -0.1, 0.0], (40, 1)), atol=1e-9)
    np.testing.assert_allclose(moved[~late, 1], 0, atol=1e-9)
    away = landmark_view(_placed(talking, np.zeros((100, 3)), size, np.zeros((100, 3))), "pose")
    np.testing.assert_allclose(away[late, 1, 2], np.log(2), atol=1e-9)


def test_pose_does_not_know_what_the_face_says_or_how_it_is_made(studio, talking):
    turn, size, shift = studio.nod(TIMES), np.full(100, 150.0), 20 * studio.nod(TIMES, seed=5)
    silent = np.broadcast_to(mean_face(), talking.shape)
    np.testing.assert_allclose(
        landmark_view(_placed(talking, turn, size, shift), "pose"),
        landmark_view(_placed(silent, turn, size, shift), "pose"),
        atol=1e-9,
    )


def test_all_keeps_pose_and_forgets_where_and_how_large(studio, talking):
    turn, size, shift = studio.nod(TIMES), np.full(100, 150.0), 20 * studio.nod(TIMES, seed=5)
    seen = landmark_view(_placed(talking, turn, size, shift), "all")
    zoomed = landmark_view(_placed(talking, turn, size * 3, shift * 3 + [500.0, 20.0, 0.0]), "all")
    np.testing.assert_allclose(zoomed, seen, atol=1e-9)
    rotation = Rotation.from_rotvec(turn).as_matrix()
    middle = np.median(shift, axis=0) / 150
    expected = talking @ rotation.transpose(0, 2, 1) + shift[:, None] / 150 - middle
    np.testing.assert_allclose(seen, expected, atol=1e-6)  # the middle of the rigid points is the origin


def test_all_is_scaled_once_per_clip_not_per_frame(talking):
    size = np.where(np.arange(100) < 60, 150.0, 180.0)
    seen = landmark_view(_placed(talking, np.zeros((100, 3)), size, np.zeros((100, 3))), "all")
    eyes = np.linalg.norm(seen[:, 33] - seen[:, 263], axis=1)
    assert eyes[80] / eyes[10] == pytest.approx(1.2, rel=0.02)
    assert np.median(eyes) == pytest.approx(1, rel=0.02)


def test_the_middle_of_the_rigid_points_is_where_all_is_centred(talking):
    seen = landmark_view(_held(talking), "all")
    middles = seen[:, list(RIGID_POINTS)].mean(axis=1)
    np.testing.assert_allclose(np.median(middles, axis=0), 0, atol=1e-12)


def test_coefficients_by_hand():
    values = np.array([[[0.1], [0.5]], [[0.3], [0.5]]])
    pose = np.arange(12.0).reshape(2, 6, 1)
    np.testing.assert_array_equal(coefficient_view(values, pose, "all"), np.hstack([values, pose]))
    assert coefficient_view(values, pose, "pose") is pose
    np.testing.assert_allclose(coefficient_view(values, pose, "motion")[:, :, 0], [[-0.1, 0.0], [0.1, 0.0]])
    np.testing.assert_allclose(coefficient_view(values, pose, "static")[:, :, 0], [[0.2, 0.5], [0.2, 0.5]])
