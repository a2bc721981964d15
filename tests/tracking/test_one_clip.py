"""One video becomes one recording: frames without a face stay as NaN, and what is too little is refused."""

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.file_formats import file_hash
from amber_id.tracking.landmarker import Landmarker, tracker_version
from amber_id.tracking.model_bundle import find_model
from amber_id.tracking.one_clip import record_clip


@pytest.fixture(scope="module")
def record(model_bundle):
    tracker = Landmarker(find_model(model_bundle))
    return lambda path: record_clip(Clip("talking_id008/a", "id008", "talking", path), tracker)


def test_a_real_clip(record, real_clips, model_bundle):
    recording, warning = record(real_clips / "talking_id008" / "talking_id008_clip00.mp4")
    assert warning == ""
    assert recording.landmarks.shape == (45, 478, 3)
    assert recording.tracked_share == 1
    np.testing.assert_allclose(recording.timestamps, np.arange(45) / 15, atol=1e-6)
    assert recording.fps == pytest.approx(15)
    assert recording.duration_s == pytest.approx(3)
    assert (recording.clip, recording.subject, recording.source) == ("talking_id008/a", "id008", "talking")
    assert (recording.width, recording.height) == (384, 384)
    assert recording.tracker == "mediapipe FaceLandmarker"
    assert recording.tracker_version == tracker_version()
    assert recording.model_sha256 == find_model(model_bundle).sha256
    assert recording.point_set == "face_landmarker_478"
    assert recording.frames_with_several_faces == 0
    assert recording.video_sha256 == file_hash(real_clips / "talking_id008" / "talking_id008_clip00.mp4")
    assert len(recording.picture_hash) == 640


def test_a_clip_whose_stored_rows_are_padded_is_tracked(record, real_clips):
    recording, _ = record(real_clips / "talking_id050" / "talking_id050_clip00.mp4")
    assert recording.width == 202
    assert recording.tracked_share == 1


def test_a_face_keeps_its_shape_whatever_the_pixels(record, write_video, face_frames, tmp_path):
    """Stored at half the width with pixels twice as wide, the same face must come out."""
    square = write_video(tmp_path / "square.mkv", face_frames[:8], rate=15)
    narrow = write_video(
        tmp_path / "narrow.mkv", [rgb[:, ::2] for rgb in face_frames[:8]], rate=15, pixel=Fraction(2)
    )
    shapes = []
    for path in (square, narrow):
        recording, _ = record(path)
        assert (recording.width, recording.height) == (384, 384)
        shapes.append(np.ptp(recording.landmarks[..., :2], axis=1).mean(axis=0))
    np.testing.assert_allclose(*shapes, rtol=0.05)


def test_frames_without_a_face_are_nan_and_not_tracked(record, write_video, face_frames, noise, tmp_path):
    frames = [*face_frames[:4], *noise(3, height=384, width=384), *face_frames[4:6]]
    recording, _ = record(write_video(tmp_path / "a.mkv", frames, rate=15))
    assert recording.tracked.tolist() == [True] * 4 + [False] * 3 + [True] * 2
    assert np.isnan(recording.landmarks[4:7]).all()
    assert np.isfinite(recording.landmarks[[0, 3, 7, 8]]).all()


def test_frames_with_several_faces_are_counted(record, write_video, face_frames, tmp_path):
    alone = [np.concatenate((rgb, np.zeros_like(rgb)), axis=1) for rgb in face_frames[:2]]
    pair = [np.concatenate((rgb, rgb[:, ::-1]), axis=1) for rgb in face_frames[2:5]]
    recording, _ = record(write_video(tmp_path / "a.mkv", [*alone, *pair], rate=15))
    assert recording.frames_with_several_faces == 3


def test_of_two_people_side_by_side_one_is_followed(record, write_video, face_frames, tmp_path):
    """The one that is larger at first, also when the other one has come closer."""
    frames = []
    for i, rgb in enumerate(face_frames[:12]):
        other = face_frames[20 + i][:, ::-1]
        near, far = (rgb, other) if i < 6 else (other, rgb)
        small = np.full_like(rgb, 90)
        small[48:336, 48:336] = far[::4, ::4].repeat(3, axis=0).repeat(3, axis=1)
        sides = (near, small) if i < 6 else (small, near)
        frames.append(np.concatenate(sides, axis=1))
    recording, warning = record(write_video(tmp_path / "a.mkv", frames, rate=15))
    assert recording.tracked.all()
    assert (recording.landmarks[..., 0].mean(axis=1) < 0.5).all()
    assert (recording.frames_with_several_faces, recording.face_switches) == (12, 0)
    assert warning == "several faces in 12 of 12 frames; one is followed"


def test_a_face_that_is_suddenly_elsewhere_is_a_switch(record, write_video, face_frames, tmp_path):
    sides = [(rgb, np.zeros_like(rgb))[:: 1 if i < 5 else -1] for i, rgb in enumerate(face_frames[:10])]
    path = write_video(tmp_path / "a.mkv", [np.concatenate(pair, axis=1) for pair in sides], rate=15)
    recording, warning = record(path)
    assert (recording.tracked.all(), recording.face_switches) == (True, 1)
    assert warning == "its face is suddenly elsewhere; another one is followed once"


def test_a_face_keeps_its_shape_when_the_picture_changes(record, write_video, face_frames, tmp_path):
    """As in a call: the picture gets narrower, or sparser, while the face is filmed as before."""
    wide = [np.pad(rgb, ((0, 0), (128, 128), (0, 0))) for rgb in face_frames[:6]]
    whole, _ = record(write_video(tmp_path / "whole.mkv", wide, rate=15))
    boxes = {}
    for name, rest in {
        "cut": [x[:, 64:-64] for x in wide[3:]],
        "small": [x[::2, ::2] for x in wide[3:]],
    }.items():
        parts = [
            write_video(tmp_path / f"{k}.264", frames, container="h264", rate=15)
            for k, frames in enumerate((wide[:3], rest))
        ]
        both = tmp_path / f"{name}.264"
        both.write_bytes(b"".join(part.read_bytes() for part in parts))
        recording, warning = record(both)
        assert (recording.width, recording.height, len(recording.timestamps)) == (640, 384, 6)
        assert warning.startswith("its picture changes from 640x384 to ")
        boxes[name] = recording.landmarks[..., :2] * (640, 384)
        assert recording.pose is not None
        np.testing.assert_allclose(recording.pose[:, :3, 3], whole.pose[:, :3, 3], atol=1.5)
    right = whole.landmarks[..., :2] * (640, 384)
    for name, found in boxes.items():
        assert np.abs(found - right).mean() < (2 if name == "cut" else 4), name


def test_what_is_wrong_with_a_video_is_counted_in_its_recording(record, write_video, face_frames, tmp_path):
    path = write_video(tmp_path / "a.mkv", face_frames[:12], rate=15, codec="mjpeg")
    with av.open(str(path)) as file:
        packet = [bytes(packet) for packet in file.demux(video=0)][5]
    path.write_bytes(path.read_bytes().replace(packet, bytes(len(packet))))
    recording, warning = record(path)
    assert (len(recording.timestamps), recording.damaged_packets, recording.guessed_times) == (11, 1, 0)
    assert warning == "1 packet of it could not be decoded and left out"


def _small(rgb: np.ndarray, by: int, left: int, top: int) -> np.ndarray:
    """A picture of 1280 x 720, grey but for another one in it, made smaller."""
    picture = np.full((720, 1280, 3), 127, np.uint8)
    picture[top : top + 384 // by, left : left + 384 // by] = rgb[::by, ::by]
    return picture


@pytest.mark.parametrize("place", [(0, 0), (1150, 590), (600, 300)])
def test_a_face_too_small_for_the_whole_picture_is_found_in_a_part(
    record, write_video, face_frames, tmp_path, place
):
    frames = [_small(rgb, 3, *place) for rgb in face_frames[:8]]
    recording, warning = record(write_video(tmp_path / "a.mkv", frames, rate=15))
    whole, _ = record(
        write_video(tmp_path / "whole.mkv", [rgb[::3, ::3] for rgb in face_frames[:8]], rate=15)
    )
    assert recording.tracked.all()
    assert recording.tracked_in_parts
    assert (recording.width, recording.height) == (1280, 720)
    found = recording.landmarks[..., :2] * (1280, 720) - place
    assert np.abs(found - whole.landmarks[..., :2] * 128).mean() < 1.5
    said = (
        r"its face is small \(\d\d pixels, 0\.0\d of the picture\): found in 8 of 8 frames, in parts of the "
    )
    assert re.fullmatch(f"{said}picture", warning)


def test_a_small_face_is_followed_through_the_picture(record, write_video, face_frames, tmp_path):
    """And another small one far away is counted, not followed."""
    frames = []
    for i, rgb in enumerate(face_frames[:15]):
        frames.append(_small(rgb, 3, 20 + 25 * i, 10 + 15 * i))
        frames[-1][550:646, 1100:1196] = face_frames[20][::4, ::4]
    recording, _ = record(write_video(tmp_path / "a.mkv", frames, rate=15))
    assert recording.tracked_share > 0.9
    x = np.nanmean(recording.landmarks[..., 0], axis=1) * 1280
    np.testing.assert_allclose(np.diff(x[recording.tracked]).mean(), 25, atol=3)
    assert recording.face_switches == 0
    assert recording.frames_with_several_faces > 10


def test_small_faces_that_cross_are_not_mixed_up(record, write_video, face_frames, tmp_path):
    """The second one passes behind the first, and is hidden by it for a while."""
    frames = []
    for i in range(20):
        picture = np.full((720, 1280, 3), 127, np.uint8)
        for side, rgb in ((-1, face_frames[20 + i]), (1, face_frames[i])):
            left = 576 + side * 27 * (i - 10)
            picture[300 : 300 + 384 // 3, left : left + 384 // 3] = rgb[::3, ::3]
        frames.append(picture)
    recording, _ = record(write_video(tmp_path / "a.mkv", frames, rate=15, codec="mjpeg"))
    x = recording.landmarks[..., 0].mean(axis=1) * 1280 - 640
    apart = recording.tracked & (np.abs(np.arange(20) - 10) > 3)
    assert apart.sum() > 10
    way = np.where(np.arange(20) < 10, 1, -1)
    np.testing.assert_array_equal(np.sign(x[apart]), (np.sign(x[0]) * way)[apart])
    assert recording.face_switches == 0


def _reason(record, path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        record(path)
    assert caught.value.clip == "talking_id008/a"
    return caught.value.reason


def test_too_little_is_refused(record, write_video, face_frames, noise, tmp_path):
    one = write_video(tmp_path / "one.mkv", face_frames[:1], rate=15)
    assert _reason(record, one) == "only 1 frame; at least 2 needed"
    none = "no face in any of 9 frames; one must be about {} pixels wide to be found"
    small = write_video(tmp_path / "none.mkv", noise(9))
    large = write_video(tmp_path / "large.mkv", noise(9, height=360, width=640))
    assert [_reason(record, path) for path in (small, large)] == [none.format(7), none.format(35)]


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ([0, 1, 2, 80_000 * 25 + 2], "expected frames at most 600 s apart, got 80000 s after frame 3"),
        ([0, 100, 200, 300], "expected 1 to 1000 frames a second, got 0.25"),
    ],
)
def test_times_that_no_camera_gives_are_refused(record, write_video, face_frames, tmp_path, frames, told):
    path = write_video(tmp_path / "a.mkv", face_frames[:4], pts=frames, rate=25)
    assert _reason(record, path) == f"its times are no camera's: {told}; write them anew"


@pytest.mark.parametrize("share", [0.8, 0.2])
def test_a_cut_off_clip_is_kept_from_one_second_on(record, write_video, face_frames, tmp_path, share):
    path = write_video(tmp_path / "a.mkv", face_frames[:30], rate=15, codec="mjpeg")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    if share < 0.5:
        assert _reason(record, path).startswith("cut off after 0.")
    else:
        recording, warning = record(path)
        assert 15 <= len(recording.timestamps) < 30
        assert warning == f"cut off after {recording.duration_s:.1f} s of 2.0 s"
