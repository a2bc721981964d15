"""Clips as recordings: every circumstance does what it says, and features can be had of them."""

from functools import partial

import numpy as np
import pytest

from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.motion import FeatureConfig, clip_features
from amber_id.recordings import Recording
from amber_id.synthetic import SynthConfig, make_clip, rig
from amber_id.synthetic.clips import circumstances
from amber_id.synthetic.people import origin_of

JAW, PUCKER, BLINK = (BLENDSHAPE_NAMES.index(name) for name in ("jawOpen", "mouthPucker", "eyeBlinkLeft"))
Config = partial(SynthConfig, duration=1.5)


def _size(recording: Recording) -> float:
    """Height of the face, of the picture's."""
    return float(np.ptp(np.nanmean(recording.landmarks[:, :, 1], axis=0)))


@pytest.mark.parametrize("condition", ["original", "avatar"])
@pytest.mark.parametrize("signals", ["landmarks", "blendshapes"])
@pytest.mark.parametrize("view", ["all", "motion", "static", "pose"])
def test_features_are_computed_as_of_a_tracked_clip(signals, view, condition):
    recording = make_clip(SynthConfig(), 0, 0, condition)
    features = clip_features(recording, FeatureConfig(signals=signals, view=view))
    N, C, T, V = features.values.shape
    assert (N, T) == (3, 64)
    assert features.mask.all()
    assert np.isfinite(features.values).all()
    if signals == "landmarks" and view != "pose":
        assert (C, V) == (2, 152)
    # Something moves, or is there to be seen, in every view.
    assert features.values.std() > 0.005


@pytest.mark.parametrize("fps", [10, 24, 60])
def test_the_shortest_clips_can_be_used(fps):
    clip_features(make_clip(SynthConfig(duration=1.1, fps=fps), 0, 0), FeatureConfig())


def test_original_and_avatar_are_of_one_clip():
    original, avatar = (make_clip(SynthConfig(), 2, 3, c) for c in ("original", "avatar"))
    assert original.clip == avatar.clip == "synth_id003/clip03"
    assert original.subject == avatar.subject == "id003"
    assert np.array_equal(original.timestamps, avatar.timestamps)
    assert (avatar.width, avatar.height) == (512, 512)
    assert np.corrcoef(original.blendshapes[:, JAW], avatar.blendshapes[:, JAW])[0, 1] > 0.75
    other = make_clip(SynthConfig(), 2, 4, "avatar")
    assert abs(np.corrcoef(original.blendshapes[:, JAW], other.blendshapes[:, JAW])[0, 1]) < 0.6


def test_aspect_is_the_picture_s_and_the_face_s_size_stays():
    wide, narrow = (make_clip(Config(aspect=a), 0, 0) for a in ("2", "3:4"))
    assert (wide.width, narrow.width, wide.height) == (1440, 540, 720)
    assert _size(wide) == pytest.approx(_size(narrow), rel=0.02)
    # Pixels are square: in each its own width.
    across = [np.ptp(r.landmarks[0, :, 0]) * r.width for r in (wide, narrow)]
    assert across[0] == pytest.approx(across[1], rel=0.03)
    assert make_clip(Config(aspect=2), 0, 0, "avatar").width == 512


def test_the_frame_rate_is_how_often_the_same_is_looked_at():
    slow, fast = (make_clip(Config(fps=f, jitter=0), 0, 0) for f in (25, 50))
    assert (slow.fps, fast.fps) == (25.0, 50.0)
    assert (len(slow.timestamps), len(fast.timestamps)) == (38, 75)
    assert fast.blendshapes[::2] == pytest.approx(slow.blendshapes, abs=1e-5)
    assert fast.landmarks[::2] == pytest.approx(slow.landmarks, abs=1e-5)
    assert np.array_equal(fast.timestamps[::2], slow.timestamps)


@pytest.mark.parametrize("name", ["aspect", "fps", "jitter", "framing", "duration", "lost"])
def test_circumstances_vary_by_what_they_are_said_to(name):
    low, high = (0.1, 0.4) if name == "lost" else (1.5, 1.9) if name != "fps" else (20.0, 40.0)

    def values(by: str) -> np.ndarray:
        config = SynthConfig(**{name: f"{by}={low},{high}"})
        return np.array([[getattr(circumstances(config, k, c), name) for c in range(30)] for k in range(30)])

    source, person, clip = (values(by) for by in ("source", "person", "clip"))
    assert source == pytest.approx(np.tile([[low], [high]], (15, 30)))
    assert (np.ptp(person, axis=1) == 0).all()
    assert len(np.unique(person[:, 0])) == 30
    assert len(np.unique(clip)) == 900
    for drawn in (person, clip):
        assert low <= drawn.min() <= drawn.max() <= high
    assert clip.mean() == pytest.approx((low + high) / 2, rel=0.05)
    # It tells nothing of the person.
    assert clip.mean(axis=1).std() == pytest.approx(clip.std() / np.sqrt(30), rel=0.5)


def test_one_circumstance_does_not_go_with_another():
    config = SynthConfig(aspect="person=1,2", framing="person=0.5,1")
    found = [circumstances(config, k, 0) for k in range(200)]
    assert abs(np.corrcoef([f.aspect for f in found], [f.framing for f in found])[0, 1]) < 0.25


def test_duration_is_that_of_the_clip():
    config = SynthConfig(duration="clip=1.2,3")
    lengths = [len(make_clip(config, 0, c).timestamps) for c in range(6)]
    assert lengths == [round(30 * circumstances(config, 0, c).duration) for c in range(6)]
    assert len(set(lengths)) == 6
    assert [len(make_clip(config, 0, c, "avatar").timestamps) for c in range(6)] == lengths


def test_framing_is_the_face_s_size_in_originals():
    usual, small = (make_clip(Config(framing=f), 0, 0) for f in (1, 0.5))
    assert _size(small) == pytest.approx(0.5 * _size(usual), rel=0.05)
    assert np.array_equal(small.blendshapes, usual.blendshapes)
    avatars = [make_clip(Config(framing=f), 0, 0, "avatar").landmarks for f in (1, 0.5)]
    assert np.array_equal(*avatars)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_as_many_frames_are_lost_as_asked_in_spells(share):
    config = SynthConfig(lost=share, duration=6, fps=10)
    clips = [make_clip(config, k, 0) for k in range(45)]
    tracked = np.array([clip.tracked for clip in clips])
    assert 1 - tracked.mean() == pytest.approx(share, abs=0.05)
    assert 1 - tracked[:, :5].mean() == pytest.approx(share, abs=0.15)
    for clip in clips[:10]:
        for array in (clip.landmarks, clip.blendshapes, clip.pose):
            gone = np.isnan(array.reshape(60, -1))
            assert np.array_equal(gone.all(axis=1), ~clip.tracked)
            assert np.array_equal(gone.any(axis=1), ~clip.tracked)
    # A lost face is lost for longer than a frame: 0.3 s on average.
    spells = np.diff(tracked.astype(int), axis=1)
    assert (~tracked).sum() / max((spells == -1).sum(), 1) / 10 == pytest.approx(0.3, rel=0.5)


def test_a_face_is_lost_to_both_or_to_nobody():
    config = SynthConfig(lost=0.3)
    original, avatar = (make_clip(config, 0, 1, c) for c in ("original", "avatar"))
    assert not original.tracked.all()
    assert np.array_equal(original.tracked, avatar.tracked)
    # What is seen is the same as without.
    whole = make_clip(SynthConfig(), 0, 1)
    assert np.array_equal(original.landmarks[original.tracked], whole.landmarks[original.tracked])


def test_jitter_is_in_the_landmarks_and_in_the_coefficients():
    exact, noisy, noisier = (make_clip(SynthConfig(jitter=j), 0, 0) for j in (0, 1, 2))
    for name in ("landmarks", "blendshapes"):
        once, twice = (getattr(r, name) - getattr(exact, name) for r in (noisy, noisier))
        assert once.std() > 0
        # A little less than twice where a coefficient ends at 0.
        assert twice.std() == pytest.approx(2 * once.std(), rel=0.02)
    assert np.array_equal(exact.pose, noisy.pose)


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_near_copies_do_the_same_before_another_camera(condition):
    config = SynthConfig(duplicates=0.8, clips=8)
    copy = next(c for c in range(8) if origin_of(config, 0, c) != c)
    other = next(c for c in range(8) if origin_of(config, 0, c) != origin_of(config, 0, copy))
    near, origin, another = (
        make_clip(config, 0, c, condition) for c in (copy, origin_of(config, 0, copy), other)
    )
    noise = np.abs(near.blendshapes - origin.blendshapes)
    assert 0 < noise.mean() < 0.02
    assert np.abs(another.blendshapes - origin.blendshapes).mean() > 2 * noise.mean()
    # The camera stands elsewhere.
    assert np.abs(near.landmarks - origin.landmarks).max() > 0.005
    assert near.clip != origin.clip


def test_near_copies_are_so_whatever_their_lengths():
    config = SynthConfig(duplicates=0.8, clips=8, jitter=0, duration="clip=1.5,3")
    copy = next(c for c in range(8) if origin_of(config, 0, c) != c)
    near, origin = (make_clip(config, 0, c).blendshapes for c in (copy, origin_of(config, 0, copy)))
    T = min(len(near), len(origin))
    assert len(near) != len(origin)
    assert near[:T] == pytest.approx(origin[:T], abs=1e-6)


def test_what_is_said_is_the_same_or_one_s_own(monkeypatch):
    """Without habits' differences and the clip's, the correlation of two mouths tells who says the same."""

    monkeypatch.setattr(rig, "_WAVERING", ((0.0, 0.3),))

    def mouths(content: str) -> np.ndarray:
        config = SynthConfig(content=content, habit=0, jitter=0, duration=4)
        clips = [make_clip(config, k, c).blendshapes[:, JAW] for k in (0, 1) for c in (0, 1)]
        return np.corrcoef(clips)

    free, same, own = (mouths(content) for content in ("free", "same", "own"))
    mated, nonmated = ([0, 2], [1, 3]), ([0, 0, 1, 1], [2, 3, 2, 3])
    assert np.abs(free[np.triu_indices(4, k=1)]).max() < 0.55
    # Tempo differs from clip to clip, by 0.15 in its logarithm, so that the same words run apart.
    assert same[mated].mean() > free[mated].mean() + 0.1
    assert same[nonmated].mean() > free[nonmated].mean() + 0.1
    assert own[mated].mean() > free[mated].mean() + 0.1
    assert own[nonmated].mean() < own[mated].mean() - 0.1


def test_an_avatar_has_one_face_whoever_drives_it():
    """Static shape, averaged over people's own: the avatar's is nearly the same in all clips."""

    def spread(condition: str) -> float:
        config = SynthConfig(shape=2, duration=1.5, jitter=0)
        features = [
            clip_features(make_clip(config, k, 0, condition), FeatureConfig(view="static")).values.mean(
                axis=(0, 2)
            )
            for k in range(6)
        ]
        return float(np.std(features, axis=0).mean())

    assert spread("avatar") < 0.5 * spread("original")
