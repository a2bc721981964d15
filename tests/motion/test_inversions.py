"""What an inversion takes out of a clip is gone, whatever it was; what it leaves is the clip's."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.errors import ClipError
from amber_id.motion import FeatureConfig, clip_features
from amber_id.motion.inversions import INVERSIONS, inverted, pace
from amber_id.recordings import Recording, RecordingSet

RATE_HZ = 25.0


def moving(seconds: float = 6.0, *, speed: float = 1.0, seed: int = 3) -> np.ndarray:
    """Eight smooth signals, the same movement at any speed."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0.3, 1.5, (2, 8, 4)) * np.array([1, 4])[:, None, None]
    t = np.arange(round(seconds * RATE_HZ / speed)) * speed / RATE_HZ
    return np.sin(2 * np.pi * frequency * t[:, None, None] + phase).sum(axis=2)


@pytest.fixture
def recording(people: RecordingSet) -> Recording:
    return people.load(people.entries[0])


def test_as_is_changes_nothing():
    segments = [moving(), moving(2.0, seed=4)]
    for before, after in zip(segments, inverted(segments, "none", rate_hz=RATE_HZ), strict=True):
        assert np.array_equal(before, after)


def test_standardised_undoes_scale_and_offset_of_every_signal():
    clip = moving()
    rng = np.random.default_rng(0)
    changed = clip * rng.uniform(0.2, 5, 8) + rng.normal(size=8)
    plain, undone = (inverted([each], "standardised", rate_hz=RATE_HZ)[0] for each in (clip, changed))
    assert undone == pytest.approx(plain, abs=1e-9)
    assert undone.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert undone.std(axis=0) == pytest.approx(1)


def test_ranks_undo_every_rising_distortion():
    clip = moving()
    distorted = np.exp(2 * clip) + clip**3
    plain, undone = (inverted([each], "ranks", rate_hz=RATE_HZ)[0] for each in (clip, distorted))
    assert np.array_equal(plain, undone)
    assert undone.min(axis=0) == pytest.approx(-undone.max(axis=0))  # normal quantiles


def test_statistics_are_those_of_the_clip_not_of_a_segment():
    clip = moving(8.0)
    for name in ("standardised", "ranks"):
        whole = inverted([clip], name, rate_hz=RATE_HZ)[0]
        parts = inverted([clip[:60], clip[60:]], name, rate_hz=RATE_HZ)
        assert np.concatenate(parts) == pytest.approx(whole)


def test_a_signal_that_does_not_move_stays_still():
    clip = np.column_stack([moving()[:, 0], np.full(150, 0.3) + 1e-9 * np.arange(150)])
    for name in ("standardised", "ranks"):
        assert not inverted([clip], name, rate_hz=RATE_HZ)[0][:, 1].any(), name


def test_smoothed_takes_out_noise_of_single_frames():
    clip = moving()
    noise = np.random.default_rng(1).normal(scale=0.5, size=clip.shape)
    plain, undone = (inverted([each], "smoothed", rate_hz=RATE_HZ)[0] for each in (clip, clip + noise))
    assert (undone - plain).std() < 0.4 * noise.std()


@pytest.mark.parametrize("speed", [0.7, 1.5])
def test_paced_undoes_a_change_of_speed(speed):
    clip, quicker = moving(20.0), moving(20.0, speed=speed)
    assert pace([quicker], RATE_HZ) == pytest.approx(speed * pace([clip], RATE_HZ), rel=0.1)
    plain, undone = (inverted([each], "paced", rate_hz=RATE_HZ)[0] for each in (clip, quicker))
    assert len(undone) == pytest.approx(len(plain), rel=0.1)
    assert pace([undone], RATE_HZ) == pytest.approx(pace([plain], RATE_HZ), rel=0.05)


def test_the_pace_is_the_frequency_of_a_sine():
    t = np.arange(500) / RATE_HZ
    assert pace([np.sin(6.0 * t)[:, None]], RATE_HZ) == pytest.approx(6.0, rel=0.02)


def test_a_still_clip_has_a_pace_and_short_segments_stay():
    still = np.full((40, 3), 0.2)
    assert np.array_equal(inverted([still], "paced", rate_hz=RATE_HZ)[0], still)
    short = moving()[:1]
    assert np.array_equal(inverted([short, moving()], "paced", rate_hz=RATE_HZ)[0], short)


def test_features_of_a_rescaled_clip_are_those_of_the_clip(recording):
    """The whole way from a recording: blendshapes whose size was changed, standardised."""
    config = FeatureConfig(signals="blendshapes", view="motion", inversion="standardised")
    halved = replace(recording, blendshapes=(0.5 * recording.blendshapes).astype(np.float32))
    values = clip_features(recording, config).values
    assert clip_features(halved, config).values == pytest.approx(values, abs=1e-3)
    as_is = config.model_copy(update={"inversion": "none"})
    assert not np.allclose(clip_features(halved, as_is).values, clip_features(recording, as_is).values)


def test_every_inversion_gives_finite_features_of_landmarks(recording):
    for name in INVERSIONS:
        for view in ("all", "motion", "pose"):
            try:
                values = clip_features(recording, FeatureConfig(view=view, inversion=name)).values
            except ClipError as error:
                pytest.fail(f"{name}, {view}: {error}")
            assert np.isfinite(values).all()


def test_nothing_is_taken_out_of_what_does_not_move():
    with pytest.raises(ValueError, match="the view static does not move"):
        FeatureConfig(view="static", inversion="ranks")
    with pytest.raises(ValueError, match="the normalisation thesis has no inversion"):
        FeatureConfig(normalisation="thesis", inversion="ranks")
