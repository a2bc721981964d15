"""Skin follows what moves in it: exactly where told, smoothly between, not at all farther away."""

import numpy as np
import pytest

from amber_id.avatarize.default_head.spreading import Spreading, smoothstep
from amber_id.avatarize.default_head.subdivision import subdivide

SIDE = 9


@pytest.fixture
def cloth() -> tuple[np.ndarray, np.ndarray]:
    """A square of 9 x 9 vertices, one apart: positions and triangles."""
    y, x = np.mgrid[:SIDE, :SIDE]
    a = (y * SIDE + x)[:-1, :-1].ravel()
    triangles = np.concatenate(
        [np.stack([a, a + 1, a + SIDE], 1), np.stack([a + 1, a + SIDE + 1, a + SIDE], 1)]
    )
    return np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3).astype(float), triangles


def test_it_moves_as_told_and_fades_out(cloth):
    _, triangles = cloth
    middle, neighbour, held = 40, 41, 39
    moved = Spreading(triangles, SIDE**2).spread({middle: (0, 0, 1)}, reach=3, held=[held])
    assert moved[middle, 2] == 1
    assert moved[held, 2] == 0
    assert 0.2 < moved[neighbour, 2] < 1
    assert moved[43, 2] < moved[42, 2] < moved[neighbour, 2]
    assert not moved[[0, 8, 72, 80, 36, 44]].any(), "beyond three edges"


def test_what_all_move_alike_moves_rigidly(cloth):
    _, triangles = cloth
    rim = [i for i in range(SIDE**2) if i % SIDE in (0, SIDE - 1) or i // SIDE in (0, SIDE - 1)]
    moved = Spreading(triangles, SIDE**2).spread(dict.fromkeys(rim, (1, 2, 3)), reach=9)
    np.testing.assert_allclose(moved, np.tile((1, 2, 3), (SIDE**2, 1)), atol=1e-5)


def test_smoothstep_runs_either_way():
    np.testing.assert_allclose(smoothstep(np.array([0.0, 1, 1.5, 2, 3]), 1.0, 2.0), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(np.array([0.0, 1, 1.5, 2, 3]), 2.0, 1.0), [1, 1, 0.5, 0, 0])


def test_subdivision_keeps_a_flat_cloth_flat_and_rounds_its_corners(cloth):
    positions, triangles = cloth
    finer = subdivide(triangles, SIDE**2)
    assert len(finer.triangles) == 4 * len(triangles)
    smooth, middle = finer.smooth @ positions, finer.middle @ positions
    np.testing.assert_allclose(finer.smooth.sum(axis=1), 1)
    np.testing.assert_allclose(smooth[40], positions[40], err_msg="a regular vertex stays")
    np.testing.assert_allclose(smooth[0], (0.125, 0.125, 0), err_msg="a corner is rounded")
    np.testing.assert_allclose(middle[: SIDE**2], positions)
    assert not smooth[:, 2].any()
    assert smooth[:, :2].min() >= 0
    a, b, c = smooth[finer.triangles[:, 0]], smooth[finer.triangles[:, 1]], smooth[finer.triangles[:, 2]]
    assert (np.cross(b - a, c - a)[:, 2] > 0).all(), "no triangle turns over"
