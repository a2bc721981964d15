"""Depth that is not the depth of its face is mended by the stated rule, or refused by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.face_mesh import SELECTED_POINTS
from amber_id.motion import FeatureConfig, clip_features
from amber_id.recordings import (
    ImportConfig,
    LandmarkFile,
    Recording,
    RecordingSet,
    load_recording,
    read_failures,
    recording_of_landmarks,
)
from amber_id.recordings.face_fit import fit_mean_face
from amber_id.tracking import find_landmark_files, import_landmarks

CLIP = Clip("a_id001/x", "id001", "a", Path("a_id001/x.npy"))
Change = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module", params=[478, 468])
def seen(request: pytest.FixtureRequest, synthetic_people: Path) -> Recording:
    entries = RecordingSet.open(synthetic_people)
    whole = entries.load(entries.entries[0])
    if request.param == 478:
        return whole
    return replace(
        whole, landmarks=whole.landmarks[:, :468], point_set="face_mesh_468", blendshapes=None, pose=None
    )


def imported(landmarks: np.ndarray, like: Recording, *, pixels: bool = False) -> Recording:
    config = ImportConfig(fps=like.fps, size=(like.width, like.height), pixels=pixels)
    return recording_of_landmarks(LandmarkFile(landmarks.astype(np.float64)), CLIP, config)


def with_z(landmarks: np.ndarray, change: Change) -> np.ndarray:
    changed = landmarks.astype(np.float64)
    changed[:, :, 2] = change(changed[:, :, 2])
    return changed


def in_pixels(recording: Recording) -> np.ndarray:
    return recording.landmarks * np.array([recording.width, recording.height, recording.width])


def features(recording: Recording, view: str) -> np.ndarray:
    return clip_features(recording, FeatureConfig(view=view)).values


# What a rule mends comes back as it was.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda z: -z, "grew towards the camera and was turned round"),
        (lambda z: z / 1280, "was in shares of the width and was brought to pixels"),
        (lambda z: -z / 1280, "was turned round, and was in shares of the width"),
    ],
)
def test_depth_beside_pixels_is_brought_to_pixels(seen: Recording, change: Change, told: str) -> None:
    assert seen.width == 1280
    back = imported(with_z(in_pixels(seen), change), seen, pixels=True)
    np.testing.assert_allclose(back.landmarks, seen.landmarks, atol=1e-6)
    assert told in back.tracker
    for view in ("motion", "pose"):
        np.testing.assert_allclose(features(back, view), features(seen, view), atol=1e-3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda z: -z, "turned round"),
        (lambda z: z * 1280, "was in pixels and was brought to shares of the width"),
        (lambda z: -z * 1280, "was turned round, and was in pixels"),
    ],
)
def test_depth_beside_shares_is_brought_to_shares(seen: Recording, change: Change, told: str) -> None:
    back = imported(with_z(seen.landmarks, change), seen)
    np.testing.assert_allclose(back.landmarks, seen.landmarks, atol=1e-6)
    assert told in back.tracker


@pytest.mark.parametrize(
    "change",
    [
        lambda z: z * 0 + 0.3,
        lambda z: z * 0 + np.linspace(0.1, 0.2, len(z))[:, None],
        lambda z: np.repeat(z[:1], len(z), axis=0),
        lambda z: z * np.nan,
    ],
    ids=["one number", "one number a frame", "the first frame's", "nan"],
)
def test_a_constant_is_no_depth(seen: Recording, change: Change) -> None:
    flat = imported(seen.landmarks[:, :, :2], seen)
    back = imported(with_z(seen.landmarks, change), seen)
    np.testing.assert_array_equal(back.landmarks, flat.landmarks)
    assert "depth from a fitted mean face" in back.tracker


def test_right_depth_is_left_as_it_is(seen: Recording) -> None:
    back = imported(seen.landmarks, seen)
    np.testing.assert_array_equal(back.landmarks, seen.landmarks)
    assert back.tracker == "unknown tracker, imported"
    assert back.tracked.all()


@pytest.mark.parametrize("wanted", [0.82, 1.2])
def test_depth_that_is_off_by_more_than_faces_differ_by_is_named(
    seen: Recording, caplog: pytest.LogCaptureFixture, wanted: float
) -> None:
    """As millimetres beside pixels are, where the eyes happen to lie some 90 pixels apart."""
    selected, own = list(SELECTED_POINTS), []
    pixels = in_pixels(seen)[:, selected]
    for z, fitted in zip(pixels[:, :, 2], fit_mean_face(pixels[:, :, :2]).faces(468), strict=True):
        own.append(np.polyfit(fitted[selected, 2], z, 1)[0])
    imported(with_z(seen.landmarks, lambda z: z * wanted / np.median(own)), seen)
    assert f"its z is {wanted:.2f} times the depth of a fitted mean face, more or less" in caplog.text


# What no rule mends is refused, and says what it is.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda z: z * 100, r"got \d+(\.\d+)? times the depth of a fitted mean face;"),
        (lambda z: z / 2, "times the depth of a fitted mean face"),
        (lambda z: z * 16 / 9, "times the depth of a fitted mean face"),
        (lambda z: z * -1000, "the other way round"),
        (lambda z: np.roll(z, 100, axis=1), "is not the depth of its face: it correlates by"),
        (lambda z: np.random.default_rng(0).normal(size=z.shape), "is not the depth of its face"),
        (lambda z: np.where(np.arange(len(z)) % 2, 1, -1)[:, None] * z, "changes sign or scale within"),
        (lambda z: np.where(np.arange(len(z)) < len(z) / 4, 3, 1)[:, None] * z, "changes sign or scale"),
    ],
)
def test_other_depth_is_refused(seen: Recording, change: Change, told: str) -> None:
    with pytest.raises(ClipError, match=told):
        imported(with_z(seen.landmarks, change), seen)


def test_frames_with_another_depth_are_without_a_face(seen: Recording) -> None:
    landmarks = seen.landmarks.copy()
    landmarks[5, :, 2] *= -1
    landmarks[7, :, 2] = 0
    back = imported(landmarks, seen)
    assert set(np.flatnonzero(~back.tracked)) == {5, 7}
    np.testing.assert_array_equal(back.landmarks[back.tracked], seen.landmarks[back.tracked])


def upside_down(x: np.ndarray) -> np.ndarray:
    return [1, 1, 0] - x * [1, 1, -1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: x * [1, -1, 1] + [0, 1, 0], "mirrored, or its x and y are swapped"),
        (lambda x: x * [1, -1, -1] + [0, 1, 0], "mirrored, or its x and y are swapped"),
        (lambda x: x * [-1, 1, 1] + [1, 0, 0], "mirrored, or its x and y are swapped"),
        (lambda x: x[:, :, [1, 0, 2]], "swapped"),
        (upside_down, "stands on its head"),
    ],
    ids=["y up", "y and z the other way", "x to the left", "x and y swapped", "upside down"],
)
def test_axes_of_another_program_are_refused(seen: Recording, change: Change, told: str) -> None:
    with pytest.raises(ClipError, match=told):
        imported(change(seen.landmarks), seen)


def test_an_aspect_that_is_wrong_by_a_third_is_named(
    seen: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    imported(seen.landmarks, seen)
    assert caplog.text == ""
    narrow = replace(seen, width=seen.width * 3 // 4)
    imported(seen.landmarks[:, :, :2], narrow)
    assert f"is {narrow.width} x {seen.height} the shape of its pictures?" in caplog.text


# A corpus in which one clip is wrong.


def test_what_was_mended_is_named_clip_by_clip(synthetic_people: Path, tmp_path: Path) -> None:
    people = RecordingSet.open(synthetic_people)
    entries = people.select(people.subjects[:1]).entries
    factors = dict(zip((entry.clip for entry in entries), (1.0, -1.0, 1 / 1280, 50.0), strict=True))
    for entry in entries:
        recording = people.load(entry)
        path = tmp_path / "arrays" / f"{entry.clip}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        landmarks = with_z(in_pixels(recording), lambda z, by=factors[entry.clip]: z * by)
        np.savez(path, landmarks=landmarks, fps=recording.fps, width=1280, height=720)
    out = tmp_path / "out"
    summary = import_landmarks(find_landmark_files(tmp_path / "arrays"), out, ImportConfig(pixels=True))
    right, turned, shares, refused = factors
    assert [(row.clip, row.stage) for row in summary.failures] == [(refused, "import")]
    rows = {row.clip: row.reason for row in read_failures(out, "warnings.csv")}
    assert rows.keys() == {turned, shares}
    assert "turned round" in rows[turned]
    for clip in (right, turned, shares):
        back = load_recording(out / f"{clip}.safetensors").landmarks
        original = load_recording(synthetic_people / f"{clip}.safetensors").landmarks
        np.testing.assert_allclose(back, original, atol=1e-6)
