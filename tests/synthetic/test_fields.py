"""Random fields: their variances, their correlations over time and face, and their symmetry."""

import numpy as np
import pytest

from amber_id.face_mesh import mean_face, mirror_pairs
from amber_id.motion.alignment import align
from amber_id.synthetic import fields
from amber_id.synthetic.fields import MODES, face_shape, smooth_in_time, smooth_over_face
from amber_id.synthetic.measured import measured_faces


@pytest.mark.parametrize(("fps", "time_constant_s"), [(25.0, 0.09), (30.0, 0.5), (240.0, 1.0)])
def test_noise_in_time_has_the_stated_correlation(fps, time_constant_s):
    x = smooth_in_time(np.random.default_rng(0), 400, 2000, fps=fps, time_constant_s=time_constant_s)
    assert x.shape == (400, 2000)
    # Stationary: the first frame is as wide as any.
    assert x[0].std() == pytest.approx(1, abs=0.05)
    assert x.std() == pytest.approx(1, abs=0.05)
    for lag in (1, 5, 30):
        a = lag / fps / time_constant_s
        expected = (1 + a) * np.exp(-a)
        # The formula is for continuous time; at 25 fps a frame is nearly half the time constant.
        assert np.mean(x[:-lag] * x[lag:]) == pytest.approx(expected, abs=0.05)


def test_noise_over_the_face_has_the_stated_correlation():
    white = np.random.default_rng(0).standard_normal((4000, 3, MODES), dtype=np.float32)
    field = smooth_over_face(white)
    assert field.std(axis=0) == pytest.approx(np.ones((478, 3)), abs=0.06)
    for a, b in ((33, 133), (33, 263), (10, 152), (61, 291), (152, 148)):
        distance = np.linalg.norm(mean_face()[a] - mean_face()[b])
        expected = np.exp(-((distance / 0.5) ** 2) / 2)
        for axis in range(3):
            measured = np.corrcoef(field[:, a, axis], field[:, b, axis])[0, 1]
            assert measured == pytest.approx(expected, abs=0.06)
    # Coordinates know nothing of each other.
    assert np.corrcoef(field[:, 4, 0], field[:, 4, 1])[0, 1] == pytest.approx(0, abs=0.06)


def test_rounding_does_not_change_the_fields(monkeypatch):
    """Other machines and thread counts round differently; people must stay who they are."""
    before = fields._modes()
    noise = np.random.default_rng(0).standard_normal((478, 478))
    rounded = fields._covariance() + 1e-13 * (noise + noise.T)
    monkeypatch.setattr(fields, "_covariance", lambda: rounded)
    assert fields._modes.__wrapped__() == pytest.approx(before, abs=1e-5)


def test_shapes_differ_as_much_and_as_symmetrically_as_measured():
    faces = measured_faces()
    white = np.random.default_rng(0).standard_normal((500, 3, MODES))
    shapes = np.array([face_shape(each) for each in white]) * faces.shape_std
    assert shapes.mean(axis=0) == pytest.approx(np.zeros((478, 3)), abs=0.15 * faces.shape_std.max())
    mirrored = (shapes * [-1, 1, 1])[:, mirror_pairs()]
    share = (((shapes + mirrored) / 2) ** 2).sum((0, 1)) / (shapes**2).sum((0, 1))
    assert share == pytest.approx(np.array([0.70, 0.97, 0.96]), abs=0.04)
    # Also after the alignment under which they were measured.
    aligned = align(mean_face() + shapes)[0]
    measured = np.sqrt((faces.shape_std**2).mean(axis=0))
    assert np.sqrt(aligned.var(axis=0).mean(axis=0)) == pytest.approx(measured, rel=0.12)
