"""Reading at a fixed rate: exact on lines, never beyond the values, and blind to the source's own rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.recordings.resampling import resample, tracked_segments

RATES = (15.0, 23.976, 25.0, 29.97, 30.0, 50.0, 60.0, 120.0)


def _irregular(duration_s: float, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).uniform(0.005, 0.06, 1000).cumsum()
    return np.concatenate([[0.0], steps[steps < duration_s]])


def _sources(duration_s: float) -> dict[str, np.ndarray]:
    regular = {f"{rate} fps": np.arange(int(rate * duration_s)) / rate for rate in RATES}
    return regular | {"irregular": _irregular(duration_s)}


@pytest.mark.parametrize("source", _sources(3))
def test_a_line_stays_a_line(source: str):
    times = _sources(3)[source] + 7.3
    values = np.stack([2 * times, 5 - times], axis=1)
    read = resample(values, times, rate_hz=25.0)
    at = times[0] + np.arange(len(read)) / 25
    np.testing.assert_allclose(read, np.stack([2 * at, 5 - at], axis=1), atol=1e-9)
    assert times[-1] - 1 / 25 < at[-1] <= times[-1] + 1e-4


@pytest.mark.parametrize("source", _sources(3))
def test_a_step_never_overshoots_and_stays_in_its_place(source: str):
    times = _sources(3)[source]
    read = resample((times >= 1.5).astype(float), times, rate_hz=25.0)
    at = np.arange(len(read)) / 25
    assert read.min() >= 0
    assert read.max() <= 1 + 1e-12
    assert (np.diff(read) >= -1e-12).all()
    # An FFT would ring over the whole clip; here only the step's own neighbourhood knows of it.
    np.testing.assert_allclose(read[at < 1.5 - 0.1], 0, atol=1e-12)
    np.testing.assert_allclose(read[at > 1.5 + 0.1], 1, atol=1e-12)


@pytest.mark.parametrize(
    "source", [*(f"{rate} fps" for rate in (25.0, 30.0, 50.0, 60.0, 120.0)), "irregular"]
)
def test_a_slow_swing_is_the_same_at_every_source_rate(source: str):
    times = _sources(4)[source]
    read = resample(np.sin(2 * np.pi * times), times, rate_hz=25.0)
    np.testing.assert_allclose(read, np.sin(2 * np.pi * np.arange(len(read)) / 25), atol=0.02)


def test_jitter_is_smoothed_alike_whatever_the_sources_rate():
    rng = np.random.default_rng(0)
    spread = {
        fps: resample(rng.normal(size=fps * 400), np.arange(fps * 400) / fps, rate_hz=25.0)[1:-1].std()
        for fps in (25, 30)
    }
    assert spread[30] == pytest.approx(spread[25], rel=0.08)  # by interpolation alone they differ by 0.2


def test_a_timestamp_a_hair_too_early_keeps_the_last_frame():
    times = np.round(np.arange(26) / 25, 6)
    times[-1] -= 1e-6
    assert len(resample(times, times, rate_hz=25.0)) == 26


def test_jitter_of_a_fast_source_is_averaged_not_aliased():
    times = np.arange(500) / 100
    buzz = np.where(np.arange(500) % 4 < 2, 1.0, -1.0)  # 25 Hz: read point by point it would look constant
    assert np.abs(resample(buzz, times, rate_hz=25.0)[1:-1]).max() < 0.1
    assert np.ptp(buzz[::4]) == 0


def test_window_means_equal_a_plain_integral():
    times, rng = _irregular(2) / 4, np.random.default_rng(1)  # about 120 frames per second
    values = rng.normal(size=len(times))
    read = resample(values, times, rate_hz=25.0)
    for k in (0, 1, 5, len(read) - 1):
        half = min(0.02, k / 25, times[-1] - k / 25)
        fine = np.linspace(k / 25 - half, k / 25 + half, 20001)
        assert read[k] == pytest.approx(np.interp(fine, times, values).mean(), abs=1e-3)


def test_a_stretch_has_no_more_samples_than_fit():
    times = np.array([0.0, 0.1, 80_000.0])
    with pytest.raises(ValueError, match="at most 500,000 samples, got 80000 s at 25 Hz"):
        resample(times, times, rate_hz=25.0)
    assert len(resample(times, times, rate_hz=5.0)) == 400_001


def test_one_frame_is_one_value():
    assert resample(np.array([[3.0, 4.0]]), np.array([9.0]), rate_hz=25.0).tolist() == [[3.0, 4.0]]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 60),
    st.sampled_from([5.0, 25.0, 100.0]),
    st.floats(-1e4, 1e4),
)
def test_never_beyond_the_values(seed: int, n: int, rate_hz: float, start_s: float):
    rng = np.random.default_rng(seed)
    times = start_s + rng.uniform(0.002, 0.2, n).cumsum()
    values = rng.normal(size=(n, 2))
    read = resample(values, times, rate_hz=rate_hz)
    assert (read >= values.min(axis=0) - 1e-6).all()
    assert (read <= values.max(axis=0) + 1e-6).all()
    assert len(read) == pytest.approx((times[-1] - times[0]) * rate_hz, abs=1.01)


# where the face was lost ----------------------------------------------------------------------------


def _segments(times: np.ndarray, seen: list[int], longest_gap_s: float) -> list[list[int]]:
    tracked = np.array(seen, dtype=bool)
    return [s.tolist() for s in tracked_segments(times, tracked, longest_gap_s=longest_gap_s)]


def test_short_gaps_are_bridged_and_long_ones_cut():
    times = np.arange(12) / 25
    seen = [0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert _segments(times, seen, 0.2) == [[1, 6, 7]]  # 0.2 s from one seen frame to the next
    assert _segments(times, seen, 0.19) == [[1], [6, 7]]


def test_a_slow_video_is_not_cut_at_every_frame():
    times = np.arange(6) / 2
    assert _segments(times, [1, 1, 0, 1, 1, 1], 0.2) == [[0, 1, 3, 4, 5]]
    assert _segments(times, [1, 0, 0, 1, 1, 1], 0.2) == [[0], [3, 4, 5]]


def test_nothing_tracked_is_no_segment():
    assert _segments(np.arange(3) / 25, [0, 0, 0], 0.2) == []
