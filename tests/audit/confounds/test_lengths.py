"""Pairs that do not last as long as each other, and faces that are filmed larger or smaller."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.find import find_confounds
from amber_id.audit.confounds.lengths import lengths_confound
from amber_id.audit.confounds.sizes import face_size
from amber_id.audit.confounds.unchanged import unchanged_confound
from amber_id.recordings import RecordingEntry, RecordingSet, load_recording, save_recording
from amber_id.results import ConditionName
from amber_id.synthetic import SynthConfig, generate


def entry(clip: int, frames: int, fps: float) -> RecordingEntry:
    return RecordingEntry(
        f"own_id001/clip{clip}", "id001", "own", Path(), frames, frames, fps, frames / fps, 640, 360,
        "face_landmarker_478",
    )  # fmt: skip


ORIGINALS = [entry(clip, 90, 30.0) for clip in range(4)]


@pytest.mark.parametrize(
    ("anonymised", "verdict", "said"),
    [
        (lambda e: e, "pass", "All 4 anonymised clips last as long as their originals, to within 2 %."),
        (lambda e: entry(int(e.clip[-1]), 91, 30.0), "pass", "to within 2 %."),  # a frame more
        (
            lambda e: entry(int(e.clip[-1]), 90, 25.0),
            "warn",
            "4 of 4 anonymised clips do not last as long as their originals (1.20 times as long, median of "
            "these; e.g. own_id001/clip0 3.60 s instead of 3.00 s, own_id001/clip1 3.60 s instead of 3.00 s, "
            "own_id001/clip2 3.60 s instead of 3.00 s). They have as many frames, but 25 a second instead of "
            "30 (median), so their motion runs at another speed. The anonymiser probably writes one frame",
        ),
        (lambda e: entry(int(e.clip[-1]), 90, 30 / 1.05), "warn", "(1.05 times as long"),
        (lambda e: entry(int(e.clip[-1]), 90, 30 / 1.03), "warn", "(1.03 times as long"),
        (lambda e: entry(int(e.clip[-1]), 45, 15.0), "pass", "have 0.50 times as many frames"),
        (lambda e: entry(0, 80, 30.0) if e.clip.endswith("0") else e, "warn", "They have fewer frames"),
        (lambda e: entry(0, 100, 30.0) if e.clip.endswith("0") else e, "warn", "They have more frames"),
    ],
)
def test_lengths_of_pairs(anonymised: Callable, verdict: str, said: str):
    found = lengths_confound(ORIGINALS, [anonymised(each) for each in ORIGINALS])
    assert found.verdict == verdict
    assert said in found.evidence


def test_one_second_at_another_rate_is_seen_though_it_is_hardly_a_frame():
    found = lengths_confound([entry(0, 25, 25.0)], [entry(0, 25, 25 / 1.05)])
    assert found.verdict == "warn"
    assert found.figures["duration_ratio"] == pytest.approx(1.05)


@pytest.fixture
def sets(tmp_path: Path) -> dict[ConditionName, RecordingSet]:
    generate(SynthConfig(people=8, clips=4, duration=1.5), tmp_path, workers=1)
    return {
        "original": RecordingSet.open(tmp_path / "original"),
        "anonymised": RecordingSet.open(tmp_path / "avatar"),
    }


def test_a_video_written_at_another_rate_is_found_in_a_study(sets: dict):
    for each in sets["anonymised"].entries[:2]:
        slow = sets["anonymised"].load(each)
        save_recording(replace(slow, timestamps=slow.timestamps * 1.2, fps=slow.fps / 1.2), each.path)
    slowed = sets | {"anonymised": RecordingSet.open(sets["anonymised"].root)}
    found = {each.name: each for each in find_confounds(slowed, ConfoundConfig())}
    assert found["pair_lengths"].verdict == "warn"
    assert "2 of 32 anonymised clips do not last as long" in found["pair_lengths"].evidence
    same = {
        each.name: each for each in find_confounds(sets | {"anonymised": sets["original"]}, ConfoundConfig())
    }
    assert same["pair_lengths"].verdict == "pass"
    assert same["unchanged"].verdict == "invalid"


def test_clips_that_an_anonymiser_passed_on_are_named():
    originals = [replace(entry(clip, 90, 30.0), video_sha256=f"{clip:064d}") for clip in range(20)]
    anonymised = [replace(each, video_sha256=f"{900 + i:064d}") for i, each in enumerate(originals)]
    found = unchanged_confound(originals, anonymised, invalid_share=0.1)
    assert found.verdict == "pass"
    found = unchanged_confound(originals, [originals[0], *anonymised[1:]], invalid_share=0.1)
    assert found.verdict == "warn"
    assert found.evidence.startswith(
        "1 of 20 anonymised clips are their originals, byte for byte (own_id001/clip0)."
    )
    found = unchanged_confound(originals, [*originals[:2], *anonymised[2:]], invalid_share=0.1)
    assert found.verdict == "invalid"


def test_the_size_of_a_face_in_pixels_by_hand(sets: dict):
    one = sets["original"].load(sets["original"].entries[0])
    landmarks = one.landmarks.copy()
    landmarks[:, [33, 133], :2] = [[0.2, 0.5], [0.3, 0.5]]  # the middles are 0.3 of the width apart
    landmarks[:, [362, 263], :2] = [[0.5, 0.5], [0.6, 0.5]]
    landmarks[0] = np.nan
    tracked = np.arange(len(landmarks)) > 0
    kept = {name: getattr(one, name).copy() for name in ("blendshapes", "pose")}
    for array in kept.values():
        array[0] = np.nan
    shown = replace(one, landmarks=landmarks, tracked=tracked, width=1000, height=500, **kept)
    assert face_size(shown) == pytest.approx(300, rel=1e-5)
    assert face_size(replace(shown, width=250, height=125)) == pytest.approx(75, rel=1e-5)


def test_people_who_were_filmed_closer_are_told_apart_by_the_size_of_their_faces(sets: dict):
    """All pictures have one size; every second person sits at half the distance."""
    clean = {(each.name, each.condition): each for each in find_confounds(sets, ConfoundConfig())}
    assert clean["face_size", "original"].verdict == "pass"
    assert clean["face_size", "anonymised"].verdict == "pass"
    for each in sets["original"].entries:
        recording = load_recording(each.path)
        scale = np.array([2, 2, 2], np.float32) if int(each.subject[-1]) % 2 else np.float32(1)
        middle = np.array([0.5, 0.5, 0], np.float32)
        save_recording(
            replace(recording, landmarks=(recording.landmarks - middle) * scale + middle), each.path
        )
    closer = sets | {"original": RecordingSet.open(sets["original"].root)}
    found = {(each.name, each.condition): each for each in find_confounds(closer, ConfoundConfig())}
    assert found["face_size", "original"].verdict == "invalid"
    assert (
        "The size of the face, from eye to eye, alone tells people apart"
        in found["face_size", "original"].evidence
    )
    assert found["resolution", "original"].verdict == "pass"
    assert found["face_size", "anonymised"].verdict == "pass"
