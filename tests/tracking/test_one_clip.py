"""One video becomes one recording: frames without a face stay as NaN, and what is too little is refused."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.file_formats import file_hash
from amber_id.tracking.landmarker import Landmarker, tracker_version
from amber_id.tracking.model_bundle import find_model
from amber_id.tracking.one_clip import record_clip

pytestmark = pytest.mark.usefixtures("own_proxies")


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


def _reason(record, path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        record(path)
    assert caught.value.clip == "talking_id008/a"
    return caught.value.reason


def test_too_little_is_refused(record, write_video, face_frames, noise, tmp_path):
    one = write_video(tmp_path / "one.mkv", face_frames[:1], rate=15)
    assert _reason(record, one) == "only 1 frame; at least 2 needed"
    assert _reason(record, write_video(tmp_path / "none.mkv", noise(9))) == "no face in any of 9 frames"


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
