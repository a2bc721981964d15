"""Landmarks made elsewhere become recordings, or are refused in a line that says what to do."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from amber_id.corpora import Clip
from amber_id.errors import ClipError, FileFormatError
from amber_id.face_mesh import SELECTED_POINTS, mean_face
from amber_id.motion import FeatureConfig, clip_features
from amber_id.recordings import (
    ImportConfig,
    LandmarkFile,
    Recording,
    RecordingSet,
    StatedOfClip,
    read_landmark_file,
    read_thesis_meta,
    recording_of_landmarks,
)
from amber_id.recordings.face_fit import completed, fit_mean_face, with_depth
from fixtures.thesis_landmarks import T_MAX, extract_and_normalize, write_thesis_files

SELECTED = list(SELECTED_POINTS)
CLIP = Clip("a_id001/x", "id001", "a", Path("a_id001/x.npy"))


@pytest.fixture(scope="module")
def seen(synthetic_people: Path) -> Recording:
    """A recording of a synthetic person, of the older points, with a gap in it."""
    entries = RecordingSet.open(synthetic_people)
    whole = entries.load(entries.entries[0])
    landmarks, tracked = whole.landmarks[:, :468].copy(), whole.tracked.copy()
    landmarks[10:12], tracked[10:12] = np.nan, False
    return replace(
        whole, landmarks=landmarks, tracked=tracked, point_set="face_mesh_468", blendshapes=None, pose=None
    )


def config_of(recording: Recording, **values: object) -> ImportConfig:
    return ImportConfig(**{"fps": recording.fps, "size": (recording.width, recording.height), **values})


def imported(landmarks: np.ndarray, config: ImportConfig, **values: object) -> Recording:
    return recording_of_landmarks(LandmarkFile(landmarks.astype(np.float64)), CLIP, config, **values)


def reason(landmarks: np.ndarray, config: ImportConfig, **values: object) -> str:
    with pytest.raises(ClipError) as caught:
        imported(landmarks, config, **values)
    return caught.value.reason


# Three numbers a point: nothing is changed.


@pytest.mark.parametrize("stored", [np.float32, np.float64])
def test_a_recording_comes_back_from_its_arrays(seen: Recording, tmp_path: Path, stored: type) -> None:
    np.savez(
        tmp_path / "x.npz",
        landmarks=seen.landmarks.astype(stored),
        timestamps=seen.timestamps,
        width=seen.width,
        height=seen.height,
    )
    back = recording_of_landmarks(read_landmark_file(tmp_path / "x.npz"), CLIP, ImportConfig(tracker="mine"))
    np.testing.assert_array_equal(back.landmarks, seen.landmarks)
    np.testing.assert_array_equal(back.timestamps, seen.timestamps)
    np.testing.assert_array_equal(back.tracked, seen.tracked)
    assert (back.width, back.height, back.point_set) == (seen.width, seen.height, "face_mesh_468")
    assert back.fps == pytest.approx(seen.fps)
    assert (back.tracker, back.tracker_version, back.model_sha256) == ("mine, imported", "unknown", "unknown")


def test_pixels_are_made_shares(seen: Recording) -> None:
    pixels = seen.landmarks * np.array([seen.width, seen.height, seen.width])
    back = imported(pixels, config_of(seen, pixels=True))
    np.testing.assert_allclose(back.landmarks, seen.landmarks, atol=1e-6)
    assert reason(pixels, config_of(seen)).endswith("for pixels give --pixels")
    assert "leave out --pixels" in reason(seen.landmarks, config_of(seen, pixels=True))


def test_a_frame_of_zeros_has_no_face(seen: Recording) -> None:
    zeros = np.where(seen.tracked[:, None, None], seen.landmarks, 0)
    np.testing.assert_array_equal(imported(zeros, config_of(seen)).tracked, seen.tracked)
    assert "no face in any of" in reason(np.zeros_like(zeros), config_of(seen))
    one_lost = seen.landmarks.copy()
    one_lost[20, 7, 1] = np.nan
    assert not imported(one_lost, config_of(seen)).tracked[20]


def test_an_aspect_alone_gives_a_picture_of_that_aspect(seen: Recording) -> None:
    wide = imported(seen.landmarks, ImportConfig(fps=25.0, aspect=(16, 9)))
    assert (wide.width, wide.height) == (1280, 720)


def test_what_a_file_says_goes_before_the_table_and_that_before_the_flags(seen: Recording) -> None:
    flags = ImportConfig(fps=10.0, size=(100, 100))
    table = StatedOfClip(fps=20.0, width=seen.width, height=seen.height)
    file = LandmarkFile(seen.landmarks.astype(np.float64))
    made = recording_of_landmarks(file, CLIP, flags, table)
    assert (made.fps, made.width) == (20, seen.width)
    own = replace(file, stated=StatedOfClip(fps=40.0))
    made = recording_of_landmarks(own, CLIP, flags, table)
    assert (made.fps, made.width) == (40, seen.width)
    assert made.timestamps[1] == 1 / 40


# Two numbers a point: the depth is a fitted face's.


def test_the_fit_finds_a_turned_mean_face() -> None:
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    face = 90 * mean_face() @ turn.T + [300, 200, 0]
    fit = fit_mean_face(face[None, SELECTED, :2])
    np.testing.assert_allclose(fit.rotation[0], turn, atol=1e-9)
    assert fit.scale[0] == pytest.approx(90)
    assert fit.distance[0] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(with_depth(face[None, :, :2], fit)[0], face, atol=1e-6)
    np.testing.assert_allclose(completed(face[None, SELECTED, :2], fit)[0], face[:468], atol=1e-6)


def test_points_that_are_not_given_go_with_their_neighbours() -> None:
    # A jaw let down by a tenth of the eye distance, falling off smoothly upwards.
    face = mean_face()[:468].copy()
    moved = face.copy()
    moved[:, 1] += 0.1 * np.clip(face[:, 1], 0, 1)
    filled = completed(moved[None, SELECTED, :2], fit_mean_face(moved[None, SELECTED, :2]))[0]
    unknown = sorted(set(range(468)) - set(SELECTED))
    left = np.linalg.norm(filled[unknown, :2] - moved[unknown, :2], axis=1)
    unmoved = np.linalg.norm(face[unknown, :2] - moved[unknown, :2], axis=1)
    assert np.sqrt((left**2).mean()) < np.sqrt((unmoved**2).mean()) / 4


@pytest.mark.parametrize("flat", [lambda x: x[:, :, :2], lambda x: x * [1, 1, 0]], ids=["no z", "z is 0"])
def test_flat_points_keep_x_and_y_and_are_given_depth(
    seen: Recording, flat: Callable[[np.ndarray], np.ndarray]
) -> None:
    back = imported(flat(seen.landmarks), config_of(seen))
    np.testing.assert_allclose(back.landmarks[:, :, :2], seen.landmarks[:, :, :2], atol=1e-6)
    assert back.tracker.endswith("imported; depth from a fitted mean face")
    assert feature_error(back, seen, "all") < 0.1


def test_depth_of_a_fitted_face_is_better_than_none_where_the_head_is_turned(seen: Recording) -> None:
    turn = Rotation.from_euler("y", 25, degrees=True).as_matrix()
    size = np.array([seen.width, seen.height, seen.width])
    pixels = (seen.landmarks - [0.5, 0.5, 0]) * size @ turn.T
    turned = replace(seen, landmarks=(pixels / size + [0.5, 0.5, 0]).astype(np.float32))
    back = imported(turned.landmarks[:, :, :2], config_of(seen))
    zeros = replace(turned, landmarks=turned.landmarks * np.float32([1, 1, 0]))
    for view in ("motion", "static"):
        assert feature_error(back, turned, view) < feature_error(zeros, turned, view) / 2


def feature_error(one: Recording, other: Recording, view: str) -> float:
    """Root mean square, in units of that of the other's own features about their middle."""
    config = FeatureConfig(view=view)
    a, b = (clip_features(each, config).values for each in (one, other))
    return float(np.sqrt(((a - b) ** 2).mean() / ((b - b.mean(axis=(2, 3), keepdims=True)) ** 2).mean()))


# The thesis' own files.


def test_places_and_times_of_the_thesis_come_back_with_its_meta_files(
    seen: Recording, tmp_path: Path
) -> None:
    write_thesis_files(seen, tmp_path, tmp_path, fps=25.0)
    file = read_landmark_file((tmp_path / seen.clip).with_suffix(".npy"))
    meta = read_thesis_meta((tmp_path / seen.clip).with_suffix(".npz"))
    back = recording_of_landmarks(file, CLIP, config_of(seen, fps=None), meta=meta)
    T = len(seen.timestamps)
    assert (len(back.timestamps), meta.frames) == (T_MAX, T)
    assert back.duration_s == pytest.approx(T / 25)
    assert back.landmarks.shape[1:] == (468, 3)
    # Row k lies at frame k T / 71; away from the ends, where the resampling rings, and from the gap.
    at = back.timestamps * 25
    inner = (at > 15) & (at < T - 10)
    known = np.flatnonzero(seen.tracked)
    for point in (4, 33, 152, 13):
        for axis in range(2):
            expected = np.interp(at[inner], known, seen.landmarks[known, point, axis])
            np.testing.assert_allclose(back.landmarks[inner, point, axis], expected, atol=2e-3)
    assert "interpolated" in back.tracker


def test_a_video_of_71_frames_keeps_its_places(seen: Recording) -> None:
    boxed, facts = extract_and_normalize(seen.landmarks[20 : 20 + T_MAX][:, SELECTED, :2], None)
    assert facts["orig_T"] == T_MAX
    without = imported(boxed, config_of(seen))
    assert "made up" in without.tracker
    turned = np.ptp(without.landmarks[:, SELECTED, :2], axis=(0, 1))
    first = np.ptp(seen.landmarks[20 : 20 + T_MAX][:, SELECTED, :2], axis=(0, 1))
    assert turned[0] / turned[1] == pytest.approx(first[0] / first[1], rel=1e-5)
    longer = replace(
        seen,
        landmarks=seen.landmarks[20 : 20 + T_MAX],
        timestamps=np.arange(T_MAX) / seen.fps,
        tracked=seen.tracked[20 : 20 + T_MAX],
    )
    # Where the face is in the picture does not matter to the features.
    assert feature_error(without, longer, "all") < 0.15


def test_a_meta_file_without_a_rate_needs_one(seen: Recording, tmp_path: Path) -> None:
    write_thesis_files(seen, tmp_path, tmp_path, fps=None)
    file = read_landmark_file((tmp_path / seen.clip).with_suffix(".npy"))
    meta = read_thesis_meta((tmp_path / seen.clip).with_suffix(".npz"))
    assert meta.fps is None
    with pytest.raises(ClipError, match="give --fps"):
        recording_of_landmarks(file, CLIP, config_of(seen, fps=None), meta=meta)
    back = recording_of_landmarks(file, CLIP, config_of(seen, fps=30.0), meta=meta)
    assert back.duration_s == pytest.approx(len(seen.timestamps) / 30)


def test_a_video_of_the_thesis_without_a_face_is_no_recording(seen: Recording) -> None:
    nothing = np.full((90, 152, 2), np.nan)
    boxed, _ = extract_and_normalize(nothing, 25.0)
    assert "no face in any of 71 frames" in reason(boxed, config_of(seen))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"center": [0.5]}, "expected two numbers in center"),
        ({"center": ["left", "top"]}, "expected two numbers in center, got <U4 of shape (2,)"),
        ({"orig_T": 0.3}, "expected a number of frames and a scale, got 0.3 and"),
        ({"target_scale": 1e-310}, "expected a number of frames and a scale, got"),
        ({"orig_T": 0}, "expected a positive number in orig_T, got 0"),
        ({"scale_used": [0.5, 0.5]}, "expected one number in scale_used, got float64 of shape (2,)"),
        ({"target_scale": None}, "Python objects in target_scale"),
    ],
)
def test_a_meta_file_that_does_not_fit_is_refused(
    change: dict, told: str, seen: Recording, tmp_path: Path
) -> None:
    _, facts = extract_and_normalize(seen.landmarks[:, SELECTED, :2], 25.0)
    np.savez(tmp_path / "x.npz", **(facts | change))
    with pytest.raises(FileFormatError) as caught:
        read_thesis_meta(tmp_path / "x.npz")
    assert told in str(caught.value)


def test_an_archive_that_is_no_meta_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", orig_T=3)
    with pytest.raises(FileFormatError, match="without center, scale_used, target_scale"):
        read_thesis_meta(tmp_path / "x.npz")


# What is refused, and how.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: x[:, ::-1], "not MediaPipe's points in their order"),
        (lambda x: np.roll(x, 1, axis=1), "not MediaPipe's points in their order"),
        (lambda x: x * [1, -1, 1] + [0, 1, 0], "its face is mirrored"),
        (lambda x: x - [0.5, 0.5, 0], "centred or aligned landmarks cannot be used"),
        (lambda x: x[:1], "only 1 frame; at least 2 needed"),
        (lambda x: x * np.nan, "no face in any of"),
        (lambda x: x[:, :, :2] * [1, 0], "on one line"),
    ],
)
def test_points_that_are_not_a_face_are_refused(
    change: Callable[[np.ndarray], np.ndarray], told: str, seen: Recording
) -> None:
    assert told in reason(change(seen.landmarks), config_of(seen))


@pytest.mark.parametrize(
    ("value", "channel", "told"),
    [
        (1e39, 0, "its x is up to 1e+39 sizes of the picture, in frame 6; no tracker gives that"),
        (-1e308, 1, "its y is up to 1e+308 sizes of the picture, in frame 6"),
        (1e39, 2, "its z is up to 1e+39 sizes of the picture, in frame 6"),
    ],
)
def test_one_number_that_no_tracker_gives_is_refused(
    value: float, channel: int, told: str, seen: Recording
) -> None:
    changed = seen.landmarks.astype(np.float64)
    changed[5, 17, channel] = value
    assert told in reason(changed, config_of(seen))


def test_the_aspect_of_a_square_picture_is_found_wrong(seen: Recording) -> None:
    told = reason(seen.landmarks, config_of(seen, size=(720, 720)))
    assert "another aspect" in told


def test_what_is_not_known_is_asked_for(seen: Recording) -> None:
    assert "give --fps" in reason(seen.landmarks, config_of(seen, fps=None))
    assert "give --aspect or --size" in reason(seen.landmarks, config_of(seen, size=None))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t * 1000, "frames a second, expected 1 to 1000; they must be seconds"),
        (lambda t: t[::-1], "finite and strictly increasing"),
        (lambda t: t * 0, "finite and strictly increasing"),
        (lambda t: t * np.nan, "finite and strictly increasing"),
    ],
)
def test_times_that_are_no_seconds_are_refused(
    change: Callable[[np.ndarray], np.ndarray], told: str, seen: Recording
) -> None:
    file = LandmarkFile(seen.landmarks.astype(np.float64), np.ascontiguousarray(change(seen.timestamps)))
    with pytest.raises(ClipError) as caught:
        recording_of_landmarks(file, CLIP, config_of(seen))
    assert told in caught.value.reason


class _Trap:
    def __reduce__(self) -> tuple:
        return pytest.fail, ("a pickle was run",)


def _save_object(path: Path) -> None:
    np.savez(path, landmarks=np.array([_Trap()], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("suffix", "write", "told"),
    [
        (".npz", _save_object, "Python objects in landmarks"),
        (
            ".npy",
            lambda path: path.write_bytes(pickle.dumps(_Trap())),
            "a pickle of Python objects, or no NumPy",
        ),
        (".npy", lambda path: path.write_bytes(b""), "cut off or of another kind"),
        (".npy", lambda path: np.save(path, np.zeros((3, 68, 2))), "got float64 of shape (3, 68, 2)"),
        (".npy", lambda path: np.save(path, np.zeros((3, 478, 4))), "got float64 of shape (3, 478, 4)"),
        (".npy", lambda path: np.save(path, np.zeros((3, 152, 2))), "got float64 of shape (3, 152, 2)"),
        (".npy", lambda path: np.save(path, np.zeros((3, 936))), "got float64 of shape (3, 936)"),
        (".npy", lambda path: np.save(path, np.full((3, 468, 2), "x")), "got <U1 of shape"),
        (".npz", lambda path: np.savez(path, a=np.zeros(2), b=np.zeros(2)), "an array landmarks"),
        (".npz", lambda path: np.savez(path), "an empty archive"),
        (
            ".npz",
            lambda path: np.savez(path, landmarks=np.zeros((3, 468, 2)), timestamps=np.zeros(2)),
            "expected a number per frame in timestamps",
        ),
        (
            ".npz",
            lambda path: np.savez(path, landmarks=np.zeros((3, 468, 2)), fps=-25),
            "expected a positive number in fps, got -25",
        ),
        (
            ".npz",
            lambda path: np.savez(path, landmarks=np.zeros((3, 468, 2)), width=640),
            "expected width and height, or neither",
        ),
        (
            ".npz",
            lambda path: np.savez(path, landmarks=np.zeros((3, 468, 2)), width=1e30, height=480),
            "expected 1 to 100,000 pixels in width, got 1e+30",
        ),
        (
            ".npz",
            lambda path: np.savez(path, landmarks=np.zeros((3, 468, 2)), width=0.4, height=480),
            "expected 1 to 100,000 pixels in width, got 0.4",
        ),
        (".npy", lambda path: path.mkdir(), "cannot be read (Is a directory)"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_a_line(
    suffix: str, write: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    path = tmp_path / f"x{suffix}"
    write(path)
    with pytest.raises(FileFormatError) as caught:
        read_landmark_file(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_archive_that_is_cut_off_is_refused(seen: Recording, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", landmarks=seen.landmarks)
    whole = (tmp_path / "x.npz").read_bytes()
    for length in (20, len(whole) // 2, len(whole) - 10):
        (tmp_path / "x.npz").write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"cut off or of another kind|a pickle of Python objects"):
            read_landmark_file(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "values",
    [
        {"size": (640, 480), "aspect": (4, 3)},
        {"aspect": (4, 3), "pixels": True},
        {"fps": 0},
        {"aspect": (0, 9)},
        {"size": (640.5, 480)},
        {"tracker": ""},
        {"fbs": 25},
    ],
)
def test_statements_that_do_not_fit_are_refused(values: dict) -> None:
    with pytest.raises(ValidationError):
        ImportConfig(**values)
