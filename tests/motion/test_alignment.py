"""Placing the head: pixels are square, a known transform is found again, and a mirror image is not."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS, mean_face
from amber_id.motion.alignment import align, apply, fit_similarity, isotropic, mean_rotation


def _turns(n: int, seed: int = 0) -> np.ndarray:
    return Rotation.from_rotvec(np.random.default_rng(seed).normal(size=(n, 3))).as_matrix()


def test_isotropic_gives_pixels_whatever_the_frame():
    pixels = np.array([[[30.0, 40.0, -5.0], [60.0, 20.0, 8.0]]])
    for width, height in ((1920, 1080), (640, 480), (100, 300)):
        landmarks = (pixels / [width, height, width]).astype(np.float32)
        np.testing.assert_allclose(isotropic(landmarks, width=width, height=height), pixels, rtol=1e-6)


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, -1)])
def test_isotropic_refuses_an_empty_frame(width: int, height: int):
    with pytest.raises(ValueError, match=f"must be positive, got {width} x {height}"):
        isotropic(np.zeros((1, 2, 3)), width=width, height=height)


def test_a_known_transform_is_found_exactly():
    rng = np.random.default_rng(3)
    target, turns = rng.normal(size=(9, 3)), _turns(5)
    scale, shift = rng.uniform(0.2, 5, 5), rng.normal(size=(5, 3)) * 100
    # points such that scale * points @ turn.T + shift is the target
    points = np.stack([(target - t) / s @ r for s, r, t in zip(scale, turns, shift, strict=True)])
    placement = fit_similarity(points, target)
    np.testing.assert_allclose(placement.rotation, turns, atol=1e-9)
    np.testing.assert_allclose(placement.scale, scale, rtol=1e-9)
    np.testing.assert_allclose(placement.translation, shift, atol=1e-7)
    np.testing.assert_allclose(apply(placement, points), np.broadcast_to(target, (5, 9, 3)), atol=1e-9)


def test_the_fit_is_the_least_squares_one():
    rng = np.random.default_rng(4)
    target = rng.normal(size=(8, 3))
    points = (target + 0.2 * rng.normal(size=(8, 3)))[None] @ _turns(1)[0]
    placement = fit_similarity(points, target)

    def error(turn: np.ndarray, scale: float, shift: np.ndarray) -> float:
        return float(((scale * points[0] @ turn.T + shift - target) ** 2).sum())

    best = error(placement.rotation[0], placement.scale[0], placement.translation[0])
    for _ in range(200):
        nudge = Rotation.from_rotvec(rng.normal(size=3) * 0.02).as_matrix()
        other = error(
            nudge @ placement.rotation[0],
            placement.scale[0] * (1 + 0.02 * rng.normal()),
            placement.translation[0] + 0.02 * rng.normal(size=3),
        )
        assert other > best


def test_a_mirror_image_is_turned_never_reflected():
    rigid = mean_face()[list(RIGID_POINTS)] + 0.05 * np.random.default_rng(0).normal(size=(28, 3))
    placement = fit_similarity((rigid * [-1, 1, 1])[None], rigid)
    np.testing.assert_allclose(np.linalg.det(placement.rotation), 1)
    assert placement.scale[0] > 0


def test_points_in_one_place_are_refused():
    points = np.random.default_rng(0).normal(size=(2, 5, 3))
    points[1] = 0.5
    with pytest.raises(ValueError, match="must not coincide"):
        fit_similarity(points, points[0])


def test_aligned_faces_do_not_know_where_they_were():
    rng = np.random.default_rng(5)
    face = mean_face() + 0.01 * rng.normal(size=(478, 3))
    turns, sizes, shifts = _turns(6), rng.uniform(10, 500, 6), rng.normal(size=(6, 3)) * 300
    points = sizes[:, None, None] * (face @ turns.transpose(0, 2, 1)) + shifts[:, None]
    aligned, _ = align(points)
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[0], aligned.shape), atol=1e-9)
    mean, _ = align(mean_face()[None])
    np.testing.assert_allclose(mean[0], mean_face(), atol=1e-9)


def test_moving_lips_do_not_move_the_head():
    points = np.stack([mean_face(), mean_face()])
    points[1, 13] += 0.5
    aligned, _ = align(points)
    changed = np.abs(aligned[1] - aligned[0]).max(axis=1) > 1e-9
    assert np.flatnonzero(changed).tolist() == [13]


def test_mean_rotation_of_turns_about_one_axis_is_the_middle_one():
    turns = Rotation.from_rotvec([[0, 0.1, 0], [0, 0.5, 0], [0, 0.3, 0]]).as_matrix()
    found = Rotation.from_matrix(mean_rotation(turns)).as_rotvec()
    np.testing.assert_allclose(found, [0, 0.3, 0], atol=1e-12)


def test_the_mean_of_turns_is_a_turn_even_of_opposite_ones():
    upside_down = Rotation.from_rotvec(np.pi * np.eye(3)).as_matrix()  # their mean is -1/3 of the identity
    assert np.linalg.det(upside_down.mean(axis=0)) < 0
    for turns in (upside_down, _turns(7)):
        assert np.linalg.det(mean_rotation(turns)) == pytest.approx(1)
