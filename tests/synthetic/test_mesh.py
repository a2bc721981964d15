"""What the tracker adds: movement beyond the basis as measured, and noise of coefficients in their range."""

import numpy as np
import pytest

from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.mesh import tracked_blendshapes, unexplained_movement
from amber_id.synthetic.rig import ClipSignals


def test_unexplained_movement_is_as_large_as_measured_over_many_clips():
    clips = [unexplained_movement(np.random.default_rng(i), 40, fps=30.0) for i in range(250)]
    root_mean_square = np.sqrt(np.mean(np.square(clips), axis=(0, 1)))
    assert np.median(root_mean_square / measured_faces().residual_std) == pytest.approx(1, abs=0.12)
    # Noisier in some clips than in others.
    sizes = np.log([clip.std() for clip in clips])
    assert sizes.std() == pytest.approx(0.5, abs=0.15)


def test_unexplained_movement_remembers_as_long_as_measured():
    lags, found = (1, 3, 5, 9), np.zeros(4)
    for i in range(30):
        clip = unexplained_movement(np.random.default_rng(i), 60, fps=30.0)
        clip = clip / np.sqrt(np.mean(clip**2, axis=(0, 1)))
        found += [np.mean(clip[:-lag] * clip[lag:]) / np.mean(clip**2) / 30 for lag in lags]
    # Of real clips: after 1/30, 1/10, 1/6 and 3/10 s.
    assert found == pytest.approx([0.89, 0.64, 0.48, 0.20], abs=0.1)


def test_coefficients_stay_in_range_and_exact_without_jitter():
    rng = np.random.default_rng(0)
    values = np.tile(np.linspace(0, 1, 52), (500, 1))
    signals = ClipSignals(values, np.zeros((500, 3)), np.zeros((500, 3)))
    exact = tracked_blendshapes(rng, signals, fps=30.0, jitter=0.0)
    assert np.array_equal(exact, values.astype(np.float32))
    noisy = tracked_blendshapes(rng, signals, fps=30.0, jitter=1.0)
    assert noisy.min() == 0
    assert noisy.max() == 1
    assert not noisy[:, 0].any()
    assert noisy[:, 26].std() == pytest.approx(0.03 * 0.5, rel=0.3)
