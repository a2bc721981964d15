"""The measured data: its symmetry, what a coefficient does to the face, and its size."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from amber_id.face_mesh import BLENDSHAPE_NAMES, mean_face, mirror_pairs, points_of
from amber_id.synthetic.measured import measured_faces, measured_sha256

CHIN, LOWER_LIP, UPPER_LIP = 152, 14, 13
LEFT_LIDS, RIGHT_LIDS = (386, 374), (159, 145)


def _basis(name: str) -> np.ndarray:
    return measured_faces().basis[BLENDSHAPE_NAMES.index(name)]


def _opening(lids: tuple[int, int], movement: np.ndarray) -> float:
    """Distance of two lids, from top to bottom of the picture."""
    upper, lower = (mean_face() + movement)[list(lids), 1]
    return float(lower - upper)


def test_shapes_are_those_of_faces_and_coefficients():
    faces = measured_faces()
    assert faces.basis.shape == (52, 478, 3)
    for name in ("mean", "rest"):
        values = getattr(faces, name)
        assert values.shape == (52,)
        assert (values >= 0).all()
        assert (values <= 1).all()
    for name in ("shape_std", "residual_std"):
        values = getattr(faces, name)
        assert values.shape == (478, 3)
        assert (values > 0).all()
        assert (values < 0.1).all()
    assert not faces.basis.flags.writeable


def test_left_and_right_mirror_each_other():
    faces = measured_faces()
    for i, name in enumerate(BLENDSHAPE_NAMES):
        other = name
        if name.endswith("Left"):
            other = name.removesuffix("Left") + "Right"
        elif name.endswith("Right"):
            other = name.removesuffix("Right") + "Left"
        j = BLENDSHAPE_NAMES.index(other)
        across = np.array([faces.basis[j, mirror_pairs()[point]] * [-1, 1, 1] for point in range(478)])
        assert np.array_equal(faces.basis[i], across), name
        assert faces.mean[i] == faces.mean[j]
        assert faces.rest[i] == faces.rest[j]
    assert np.array_equal(faces.shape_std, faces.shape_std[mirror_pairs()])
    assert np.array_equal(faces.residual_std, faces.residual_std[mirror_pairs()])


def test_neutral_does_nothing():
    assert np.abs(_basis("_neutral")).max() < 1e-4


def test_open_jaw_lowers_chin_and_lower_lip():
    move = _basis("jawOpen")
    # y points down; units are eye distances.
    assert move[CHIN, 1] > 0.2
    assert move[LOWER_LIP, 1] > 0.2
    assert abs(move[UPPER_LIP, 1]) < 0.1
    assert np.abs(move[list(points_of("eyes"))]).max() < 0.05


@pytest.mark.parametrize(
    ("name", "closing", "other"),
    [("eyeBlinkLeft", LEFT_LIDS, RIGHT_LIDS), ("eyeBlinkRight", RIGHT_LIDS, LEFT_LIDS)],
)
def test_a_blink_closes_the_own_eye_only(name, closing, other):
    open_eye = _opening(closing, np.zeros((478, 3)))
    assert open_eye > 0.05
    assert _opening(closing, _basis(name)) < 0.35 * open_eye
    # People hardly ever blink with one eye, so that the regression gives a little of it to the other.
    assert _opening(other, _basis(name)) > 0.7 * open_eye
    # The person's own left is on the right of the picture.
    assert mean_face()[LEFT_LIDS[0], 0] > 0 > mean_face()[RIGHT_LIDS[0], 0]


@pytest.mark.parametrize(
    ("name", "point", "axis", "sign"),
    [
        ("browInnerUp", 55, 1, -1),
        ("browOuterUpLeft", 300, 1, -1),
        ("mouthSmileLeft", 291, 1, -1),
        ("mouthSmileLeft", 291, 0, 1),
        ("mouthSmileRight", 61, 0, -1),
        ("mouthPucker", 291, 0, -1),
        ("mouthPucker", 61, 0, 1),
        ("jawLeft", CHIN, 0, 1),
    ],
)
def test_other_coefficients_move_the_face_where_their_names_say(name, point, axis, sign):
    assert sign * _basis(name)[point, axis] > 0.01


def test_the_file_is_small_and_is_the_one_whose_checksum_recordings_bear():
    data = files("amber_id").joinpath("data/blendshape_basis.safetensors").read_bytes()
    assert len(data) < 350_000
    assert measured_sha256() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("part", ["slow", "fast"])
def test_movements_beyond_the_basis_are_of_the_measured_size_and_the_same_on_both_sides(part):
    modes = getattr(measured_faces(), part)
    variance = (modes**2).sum(axis=0)
    assert variance[mirror_pairs()] == pytest.approx(variance, rel=0.02)
    both = (measured_faces().slow ** 2).sum(axis=0) + (measured_faces().fast ** 2).sum(axis=0)
    assert np.median(np.sqrt(both) / measured_faces().residual_std) == pytest.approx(1, abs=0.2)
    # Neighbours move together, most in what is slow.
    assert np.corrcoef(modes[:5, 61].ravel(), modes[:5, 76].ravel())[0, 1] > 0.9
