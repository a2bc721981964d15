"""Does the check see an avatar that does not move as its original?"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.avatarize.following import (
    CHANNELS,
    ChannelSignals,
    FollowingConfig,
    channel_signals,
    channels_followed,
)
from amber_id.avatarize.following_file import FollowingSummary, check_following, write_following
from amber_id.errors import ClipError, CorpusError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.file_formats import read_json
from amber_id.recordings import Recording, load_recording, save_recording
from fixtures.turned_faces import turned_landmarks

CONFIG = FollowingConfig()
FPS = 25.0
YAW, PITCH, ROLL = 51, 52, 53


def recording(
    moves: Mapping[str, np.ndarray], degrees: np.ndarray, tracked: np.ndarray | None = None
) -> Recording:
    """A clip in which some coefficients move, and the head turns by yaw, pitch and roll."""
    T = len(degrees)
    seen = np.ones(T, dtype=bool) if tracked is None else tracked
    blendshapes = np.full((T, 52), 0.5, np.float32)
    for name, values in moves.items():
        blendshapes[:, BLENDSHAPE_NAMES.index(name)] = values
    landmarks = turned_landmarks(degrees)
    for array in (landmarks, blendshapes):
        array[~seen] = np.nan
    return Recording(
        landmarks=landmarks,
        timestamps=np.arange(T) / FPS,
        tracked=seen,
        blendshapes=blendshapes,
        pose=None,
        clip="p_id001/a",
        subject="1",
        source="p",
        width=512,
        height=512,
        fps=FPS,
        tracker="t",
        tracker_version="1",
        model_sha256="0",
        point_set="face_landmarker_478",
    )


def signals(values: np.ndarray, clip: str = "p_id001/a", fps: float = FPS) -> ChannelSignals:
    T = len(values)
    return ChannelSignals(clip, np.arange(T) / fps, np.ones(T, dtype=bool), values.astype(np.float32))


def wandering(rng: np.random.Generator, T: int, channels: Sequence[int] | None = None) -> np.ndarray:
    """Slow movement of every channel well above what counts, or of some; the others' is too small then."""
    values = np.cumsum(rng.normal(size=(T, len(CHANNELS))), axis=0)
    values *= 5 * CONFIG.least / values.std(axis=0)
    if channels is not None:
        values[:, np.setdiff1d(np.arange(len(CHANNELS)), channels)] /= 10
    return values


def test_signals_are_coefficients_and_degrees_and_nothing_without_a_face() -> None:
    degrees = np.array([[20.0, -10, 5], [0, 0, 0], [-35, 15, -8], [1, 2, 3]])
    seen = np.array([True, False, True, True])
    jaw = np.array([0.1, 0.2, 0.3, 0.4])
    found = channel_signals(recording({"jawOpen": jaw}, degrees, seen))
    assert (*BLENDSHAPE_NAMES[1:], "yaw", "pitch", "roll") == CHANNELS
    np.testing.assert_allclose(found.values[seen, YAW:], degrees[seen], atol=0.5)
    np.testing.assert_allclose(found.values[seen, CHANNELS.index("jawOpen")], jaw[seen], atol=1e-6)
    assert np.isnan(found.values[1]).all()


def test_a_recording_without_coefficients_is_refused() -> None:
    bare = replace(recording({}, np.zeros((30, 3))), blendshapes=None)
    with pytest.raises(ClipError, match="p_id001/a: its recording has no blendshapes"):
        channel_signals(bare)


def test_correlations_are_those_that_were_made() -> None:
    t = np.arange(100) / 100 * 2 * np.pi
    one, other = np.sin(t), np.cos(t)  # uncorrelated
    still = np.full(100, 0.3)
    drive = {
        "jawOpen": 0.5 + 0.2 * one,
        "mouthSmileLeft": 0.5 + 0.2 * one,
        "eyeBlinkLeft": 0.5 + 0.2 * one,
        "browInnerUp": 0.5 + 0.02 * one,  # a deviation of 0.014
    }
    shown = {
        "jawOpen": 0.5 + 0.1 * (0.6 * one + 0.8 * other),
        "mouthSmileLeft": 0.5 - 0.1 * one,
        "eyeBlinkLeft": still,
        "browInnerUp": 0.5 + 0.3 * one,
    }
    before = channel_signals(recording(drive, np.stack([10 * one, 0 * one, 1.2 * one], axis=1)))
    after = channel_signals(recording(shown, np.stack([9 * one + 12 * other, 0 * one, one], axis=1)))
    found = channels_followed(before, after, CONFIG)
    moving = {name: r for name, r in found.correlations.items() if r is not None}
    assert set(found.correlations) == set(CHANNELS)
    assert moving == pytest.approx(
        {"jawOpen": 0.6, "mouthSmileLeft": -1, "eyeBlinkLeft": 0, "yaw": 0.6}, abs=1e-3
    )  # roll has a deviation of 0.85 degrees
    assert found.median == pytest.approx(0.3, abs=1e-4)
    assert (found.frames, found.faces, found.faces_kept, found.face_share) == (100, 100, 100, 1.0)


def test_the_heads_offset_and_gain_are_those_that_were_made() -> None:
    t = np.arange(100) / 100 * 2 * np.pi
    yaw, pitch = 8 * np.sin(t), 5 * np.cos(3 * t)
    degrees = np.stack([yaw, pitch, 0.1 * np.sin(t)], axis=1)
    values = np.full((100, len(CHANNELS)), 0.5)
    values[:, YAW:] = degrees
    shown = values.copy()
    shown[:, YAW:] = np.stack([0.8 * yaw + 1, 2 * pitch - 15, 3.0 + 0 * t], axis=1)
    found = channels_followed(signals(values), signals(shown), CONFIG)
    assert found.offsets_deg == pytest.approx({"yaw": 1, "pitch": -15, "roll": 3}, abs=1e-4)
    assert found.gains == pytest.approx({"yaw": 0.8, "pitch": 2})  # roll does not move
    short = channels_followed(signals(values), signals(shown[:10]), CONFIG)
    assert (short.offsets_deg, short.gains) == ({}, {})


def test_dropped_frames_a_later_start_and_rounded_times_change_nothing() -> None:
    rng = np.random.default_rng(0)
    before = signals(wandering(rng, 100))
    kept = np.delete(np.arange(100), [10, 11, 50])
    jitter = rng.uniform(-0.004, 0.004, len(kept))
    after = replace(
        before, times=before.times[kept] + jitter, values=before.values[kept], tracked=before.tracked[kept]
    )
    found = channels_followed(before, after, CONFIG)
    assert min(r for r in found.correlations.values() if r is not None) == pytest.approx(1)
    assert (found.faces_kept, found.flags) == (97, ())
    clip = recording({"jawOpen": 0.5 + before.values[:, 0]}, before.values[:, YAW:].astype(float))
    late = replace(clip, timestamps=clip.timestamps + 3600)
    found = channels_followed(channel_signals(late), channel_signals(clip), CONFIG)
    assert (found.faces_kept, found.median) == (100, pytest.approx(1))


@pytest.mark.parametrize("rate", [12.5, 20.0, 30.0])
def test_an_avatar_of_another_rate_follows_all_the_same(rate: float) -> None:
    t = np.arange(150) / FPS
    slow = np.stack([np.sin(t * (1 + c / 20)) for c in range(len(CHANNELS))], axis=1)
    values = 5 * CONFIG.least * slow
    before = signals(values)
    at = np.arange(int(t[-1] * rate) + 1) / rate
    other = np.stack([np.interp(at, t, column) for column in values.T], axis=1)
    seen = np.ones(len(at), dtype=bool)
    found = channels_followed(before, replace(signals(other, fps=rate), tracked=seen), CONFIG)
    assert found.flags == ()
    assert found.face_share > 0.97
    assert min(r for r in found.correlations.values() if r is not None) > 0.99
    seen[len(at) // 2 : len(at) * 3 // 4] = False
    found = channels_followed(before, replace(signals(other, fps=rate), tracked=seen), CONFIG)
    assert found.flags == ("face lost",)
    assert found.face_share == pytest.approx(0.75, abs=0.03)


def test_a_shift_by_some_frames_is_seen() -> None:
    values = wandering(np.random.default_rng(1), 120)
    steps = np.diff(values, axis=0)  # of which no value tells the next
    steps *= 5 * CONFIG.least / steps.std(axis=0)
    assert channels_followed(signals(steps[:100]), signals(steps[:100]), CONFIG).flags == ()
    assert channels_followed(signals(steps[:100]), signals(steps[5:105]), CONFIG).flags == ("follows weakly",)


def test_only_frames_with_a_face_in_both_are_compared() -> None:
    rng = np.random.default_rng(2)
    t = np.sin(np.arange(100) / 5)
    jaw, degrees = 0.5 + 0.2 * t, np.outer(t, [10, 5, 3])
    seen, seen_too = np.ones((2, 100), dtype=bool)
    seen[:10], seen_too[5:30] = False, False
    noisy = jaw.copy()
    noisy[10:30] = rng.uniform(size=20)  # is not tracked
    before = channel_signals(recording({"jawOpen": jaw}, degrees, seen))
    after = channel_signals(recording({"jawOpen": noisy}, degrees, seen_too))
    found = channels_followed(before, after, CONFIG)
    assert found.correlations["jawOpen"] == pytest.approx(1)
    assert (found.faces, found.faces_kept) == (90, 70)
    assert found.flags == ("face lost",)
    assert channels_followed(before, after, FollowingConfig(least_face=0.7)).flags == ()


def test_a_clip_in_which_nothing_moves_says_nothing() -> None:
    quiet = signals(np.full((100, len(CHANNELS)), 0.2))
    loud = signals(wandering(np.random.default_rng(3), 100), clip="p_id001/b")
    found = channels_followed(quiet, replace(loud, clip=quiet.clip), CONFIG)
    assert (found.median, found.flags) == (None, ("still",))
    assert set(found.correlations.values()) == {None}


def test_a_short_time_together_says_nothing() -> None:
    values = wandering(np.random.default_rng(4), 100)
    found = channels_followed(signals(values), signals(values[:24]), CONFIG)
    assert (found.median, found.flags) == (None, ("face lost", "short"))
    assert channels_followed(signals(values), signals(values[:25]), CONFIG).flags == ("face lost",)


@pytest.fixture
def avatars(synthetic_people: Path, tmp_path: Path) -> Path:
    return shutil.copytree(synthetic_people.parent / "avatar", tmp_path / "avatar")


def test_avatars_of_people_follow_their_originals(synthetic_people: Path, avatars: Path) -> None:
    report = check_following(synthetic_people, avatars)
    summary = report.summary()
    assert (summary.clips, summary.searched, summary.match_their_own) == (48, 48, 48)
    assert set(summary.flagged.values()) == {0}
    assert summary.median is not None
    assert 0.6 < summary.median < 0.95
    jaw = summary.channels["jawOpen"]
    assert jaw.median is not None
    assert (jaw.clips > 40, jaw.median > 0.85) == (True, True)
    assert summary.channels["cheekPuff"].median is None  # the rig does not move it
    assert summary.lost == ()
    for angle in summary.head.values():
        assert angle.gain == pytest.approx(1, abs=0.25)
        assert angle.offset_deg == pytest.approx(0, abs=4)


def test_a_channel_that_the_avatars_lose_is_named(synthetic_people: Path, avatars: Path) -> None:
    for path in sorted(avatars.rglob("*.safetensors")):
        said = load_recording(path)
        still = said.blendshapes.copy()
        for name in ("mouthSmileLeft", "cheekPuff"):
            still[:, BLENDSHAPE_NAMES.index(name)] = 0
        save_recording(replace(said, blendshapes=still), path)
    assert check_following(synthetic_people, avatars).summary().lost == ("mouthSmileLeft",)


def test_a_swapped_pair_is_flagged(synthetic_people: Path, avatars: Path) -> None:
    one, other = avatars / "synth_id001/clip00.safetensors", avatars / "synth_id001/clip02.safetensors"
    first, second = load_recording(one), load_recording(other)
    save_recording(replace(second, clip=first.clip), one)
    save_recording(replace(first, clip=second.clip), other)
    flagged = {clip.clip: clip for clip in check_following(synthetic_people, avatars).clips if clip.flags}
    assert {clip.clip: clip.best_match for clip in flagged.values()} == {
        "synth_id001/clip00": "synth_id001/clip02",
        "synth_id001/clip02": "synth_id001/clip00",
    }
    assert all(clip.flags == ("follows weakly", "follows another") for clip in flagged.values())


def test_a_better_fit_by_less_than_the_lead_is_written_down_but_not_flagged(
    synthetic_people: Path, avatars: Path
) -> None:
    one, other = avatars / "synth_id001/clip00.safetensors", avatars / "synth_id001/clip02.safetensors"
    save_recording(replace(load_recording(other), clip="synth_id001/clip00"), one)
    report = check_following(synthetic_people, avatars, FollowingConfig(lead=2.0))
    assert {clip.clip: clip.best_match for clip in report.clips if clip.best_match != clip.clip} == {
        "synth_id001/clip00": "synth_id001/clip02"
    }
    summary = report.summary()
    assert (summary.searched, summary.match_their_own) == (48, 47)
    assert summary.flagged["follows another"] == 0


def test_two_originals_that_are_copies_flag_nobody(
    synthetic_people: Path, avatars: Path, tmp_path: Path
) -> None:
    originals = shutil.copytree(synthetic_people, tmp_path / "original")
    copied = load_recording(originals / "synth_id001/clip02.safetensors")
    drive = originals / "synth_id001/clip00.safetensors"
    save_recording(replace(copied, clip="synth_id001/clip00"), drive)
    shutil.copy(avatars / "synth_id001/clip02.safetensors", avatars / "synth_id001/clip00.safetensors")
    report = check_following(originals, avatars)
    assert not any(clip.flags for clip in report.clips)
    assert all(clip.best_match == clip.clip for clip in report.clips)


def test_what_cannot_be_compared_is_named(synthetic_people: Path, avatars: Path) -> None:
    (avatars / "synth_id001/clip00.safetensors").unlink()
    shutil.copy(avatars / "synth_id002/clip00.safetensors", avatars / "synth_id002/clip99.safetensors")
    bare = avatars / "synth_id003/clip01.safetensors"
    save_recording(replace(load_recording(bare), blendshapes=None, pose=None), bare)
    report = check_following(synthetic_people, avatars)
    assert len(report.clips) == 46
    assert [(failed.clip, failed.reason[:28]) for failed in report.failures] == [
        ("synth_id001/clip00", "no recording of its avatar"),
        ("synth_id002/clip99", "no recording of its original"),
        ("synth_id003/clip01", "avatar: its recording has no"),
    ]


def test_another_corpus_is_refused(synthetic_people: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(synthetic_people / "synth_id001", other / "else_id901")
    with pytest.raises(CorpusError, match=r"expected clips of .*, got none, e\.g\. else_id901/clip00"):
        check_following(synthetic_people, other)


def test_what_is_written_is_what_was_found(synthetic_people: Path, avatars: Path, tmp_path: Path) -> None:
    quiet = avatars / "synth_id001/clip00.safetensors"
    said = load_recording(quiet)
    save_recording(replace(said, blendshapes=np.full_like(said.blendshapes, 0.1)), quiet)
    report = check_following(synthetic_people, avatars)
    write_following(report, tmp_path / "out")
    with (tmp_path / "out" / "following.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["clip"] for row in rows] == [clip.clip for clip in report.clips]
    assert (rows[0]["flags"], rows[0]["jawOpen"]) == ("follows weakly", "0.0000")
    for row, clip in zip(rows, report.clips, strict=True):
        assert row["best_match"] == clip.best_match
        for name in CHANNELS:
            r = clip.correlations[name]
            assert row[name] == ("" if r is None else f"{r:.4f}")
    summary = read_json(FollowingSummary, tmp_path / "out" / "following.json")
    assert summary == report.summary()
    found = [clip.correlations["yaw"] for clip in report.clips if clip.correlations["yaw"] is not None]
    assert summary.channels["yaw"].clips == len(found)
    assert summary.channels["yaw"].median == pytest.approx(np.median(found), abs=1e-4)
    assert summary.flagged["follows weakly"] == 1
    gains = [clip.gains["pitch"] for clip in report.clips if "pitch" in clip.gains]
    assert summary.head["pitch"].gain == pytest.approx(np.median(gains), abs=1e-4)
    assert rows[3]["yaw_offset_deg"] == f"{report.clips[3].offsets_deg['yaw']:.4f}"
