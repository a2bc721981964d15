"""The features of the thesis, against a plain loop over its description; what a network is shown of them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.face_mesh import points_of
from amber_id.misfits import first_problem
from amber_id.motion import FeatureConfig, clip_features, load_windows
from amber_id.motion.features import clip_segments
from amber_id.recordings import Recording, RecordingSet, save_recording
from amber_id.tracking import Landmarker, find_model, track_clip
from amber_id.training import AugmentConfig
from amber_id.training.batches import DeviceWindows

MOTION = ("joint", "joint_motion")


def thesis(**options: object) -> FeatureConfig:
    return FeatureConfig.model_validate({"normalisation": "thesis"} | options)


def _by_hand(recording: Recording, points: Sequence[int]) -> np.ndarray:
    """(71, 4, V) as the thesis describes it, one number after the other."""
    seen = [bool(each) for each in recording.tracked]
    frames = len(seen)
    raw = [
        [[float(recording.landmarks[t, p, axis]) for axis in (0, 1)] for p in points] for t in range(frames)
    ]
    for v in range(len(points)):
        for axis in (0, 1):
            for t in range(frames):
                if seen[t]:
                    continue
                before = [s for s in range(t) if seen[s]][-1:]
                after = [s for s in range(t, frames) if seen[s]][:1]
                if before and after:
                    a, b = before[0], after[0]
                    share = (t - a) / (b - a)
                    raw[t][v][axis] = (1 - share) * raw[a][v][axis] + share * raw[b][v][axis]
                else:
                    raw[t][v][axis] = raw[(before or after)[0]][v][axis]
    sides = []
    for axis in (0, 1):
        ordered = sorted(raw[t][v][axis] for t in range(frames) for v in range(len(points)))
        sides.append((_quantile(ordered, 0.02), _quantile(ordered, 0.98)))
    scale = max(high - low for low, high in sides)
    placed = [
        [[(raw[t][v][k] - sum(sides[k]) / 2) / scale for k in (0, 1)] for v in range(len(points))]
        for t in range(frames)
    ]
    made = np.zeros((71, 4, len(points)))
    for v in range(len(points)):
        for k in (0, 1):
            signal = [placed[t][v][k] for t in range(frames)]
            steps = [0.0] + [signal[t] - signal[t - 1] for t in range(1, frames)]
            made[:, k, v] = 10 * np.array(_fourier(signal, 71))
            made[:, 2 + k, v] = 20 * np.array(_fourier(steps, 71))
    return made


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def _fourier(signal: list[float], n: int) -> list[float]:
    """The sum of the waves of the signal that fit both lengths, read at n places."""
    length, shared = len(signal), min(len(signal), n)
    t = np.arange(length)
    waves = []
    for k in range(shared // 2 + 1):
        part = complex(sum(signal * np.exp(-2j * np.pi * k * t / length))) / length
        single = k == 0 or (2 * k == shared and shared == length)
        waves.append(part if single else 2 * part)
    if length == n:
        return signal
    at = np.arange(n) / n
    return [float(sum((w * np.exp(2j * np.pi * k * u)).real for k, w in enumerate(waves))) for u in at]


def _lost(frames: int, *stretches: range) -> np.ndarray:
    lost = np.zeros(frames, bool)
    for stretch in stretches:
        lost[stretch] = True
    return lost


@pytest.mark.parametrize(
    ("seconds", "lost"),
    [
        (4.0, ()),
        (2.84, ()),  # 71 frames, as they are
        (1.2, ()),
        (3.0, (range(3), range(20, 34), range(70, 75))),
        (4.0, (range(1, 100),)),
    ],
)
def test_features_are_those_of_a_plain_loop(studio, seconds, lost):
    times = studio.times(25, seconds)
    recording = studio.record(times=times, turn=studio.nod, lost=_lost(len(times), *lost))
    config = thesis(regions=("left_eye",), streams=MOTION)
    (segment,) = clip_segments(recording, config)
    assert segment.dtype == np.float32
    np.testing.assert_allclose(segment, _by_hand(recording, points_of("left_eye")), atol=2e-5)


def test_a_real_clip_gives_those_of_a_plain_loop(real_clips: Path, model_bundle: Path):
    name = "talking_id042_clip00"
    path = real_clips / "talking_id042" / f"{name}.mp4"
    clip = Clip(f"talking_id042/{name}", "id042", "talking", path)
    whole = track_clip(clip, Landmarker(find_model(model_bundle)))
    lost = _lost(len(whole.tracked), range(2), range(30, 37))
    landmarks, blendshapes, pose = (
        np.where(lost.reshape(-1, *[1] * (array.ndim - 1)), np.float32(np.nan), array)
        for array in (whole.landmarks, whole.blendshapes, whole.pose)
    )
    holed = replace(
        whole, landmarks=landmarks, blendshapes=blendshapes, pose=pose, tracked=whole.tracked & ~lost
    )
    for recording in (whole, holed):
        (segment,) = clip_segments(recording, thesis(streams=MOTION, regions=("lips",)))
        np.testing.assert_allclose(segment, _by_hand(recording, points_of("lips")), atol=2e-5)


def test_both_point_sets_give_the_same(studio):
    one, other = (clip_segments(studio.record(V=V), thesis())[0] for V in (478, 468))
    np.testing.assert_array_equal(one, other)


def test_positions_alone_are_the_first_two_channels(studio):
    recording = studio.record(turn=studio.nod)
    (both,), (still,) = (clip_segments(recording, thesis(streams=s)) for s in (MOTION, ("joint",)))
    np.testing.assert_array_equal(both[:, :2], still)


def test_aspect_ratio_stays_in_as_it_did_in_the_thesis(studio):
    wide, square = (
        clip_segments(studio.record(width=w, height=720, centre_px=(400, 300)), thesis())[0]
        for w in (1280, 720)
    )
    assert np.abs(wide - square).max() > 1


def test_a_clip_without_a_face_is_a_failure_and_one_frame_is_enough(studio):
    with pytest.raises(ClipError, match="talking_id001/a: no frame of it has a face"):
        clip_features(studio.record(lost=np.ones(100, bool)), thesis())
    (segment,) = clip_segments(studio.record(lost=_lost(100, range(99))), thesis(streams=MOTION))
    assert np.ptp(segment, axis=0).max() < 1e-5


def test_tests_see_64_spread_frames_and_training_64_in_a_row(studio, tmp_path: Path):
    for clip, seconds in (("talking_id001/a", 4.0), ("talking_id001/b", 1.5)):
        recording = studio.record(times=studio.times(25, seconds), clip=clip)
        save_recording(recording, tmp_path / f"{clip}.safetensors")
    windows = load_windows(RecordingSet.open(tmp_path), thesis())
    frames = [clip_segments(windows_of, thesis())[0] for windows_of in map(_loaded(tmp_path), "ab")]
    values, mask = windows.gather(slice(None))
    assert values.shape == (2, 2, 64, 152)
    assert mask.all()
    places = np.linspace(0, 70, 64).astype(int)
    for n, of_clip in enumerate(frames):
        np.testing.assert_array_equal(values[n], of_clip[places].transpose(1, 0, 2))
    np.testing.assert_array_equal(clip_features(_loaded(tmp_path)("a"), thesis()).values[0], values[0])
    torch.manual_seed(0)
    crops, kept = DeviceWindows.of(windows, torch.device("cpu")).crop(
        torch.zeros(400).long(), AugmentConfig()
    )
    assert kept.all()
    starts = set()
    for crop in crops.numpy().transpose(0, 2, 1, 3):
        fits = [s for s in range(8) if np.array_equal(crop, frames[0][s : s + 64])]
        assert len(fits) == 1
        starts.add(fits[0])
    assert starts == set(range(8))


def _loaded(root: Path):
    recordings = RecordingSet.open(root)
    return lambda name: recordings.load(next(e for e in recordings.entries if e.clip.endswith(name)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"view": "motion"}, "the normalisation thesis has no view, got motion"),
        ({"rate_hz": 30.0}, "the normalisation thesis has no rate_hz, got 30.0"),
        ({"depth": True}, "the normalisation thesis has no depth, got True"),
        ({"signals": "blendshapes"}, "the normalisation thesis has no signals, got blendshapes"),
        (
            {"streams": ("joint", "bone")},
            "the normalisation thesis has the streams joint, or joint and joint_motion, got joint, bone",
        ),
    ],
)
def test_options_that_mean_nothing_are_refused(options, said):
    with pytest.raises(ValidationError) as caught:
        thesis(**options)
    assert said in first_problem(caught.value)
