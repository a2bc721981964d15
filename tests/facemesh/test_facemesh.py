"""The tracker of the thesis in its own environment: its settings, and recordings as good as the other's.

Run by `make test-facemesh`; the environment of the other tests has no FaceMesh. Where there are no real
clips, a face is drawn, see `conftest.py`.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.corpora import Clip, Corpus, find_corpus
from amber_id.errors import ClipError, CorpusError
from amber_id.face_mesh import OUTER_EYE_CORNERS, SELECTED_POINTS
from amber_id.recordings import Recording, RecordingSet, load_recording
from amber_id.tracking import FaceMesh, Landmarker, find_face_mesh, find_model, track_clip, track_corpus
from amber_id.tracking.one_clip import record_clip

# Importing MediaPipe 0.10.21 and drawing libraries that it loads warns of what later versions took away.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CLIPS = (
    "talking_id008/talking_id008_clip00",
    "talking_id008/talking_id008_clip01",
    "talking_id050/talking_id050_clip01",
)


@pytest.fixture(scope="module")
def tracker() -> FaceMesh:
    return find_face_mesh()


@pytest.fixture(scope="module")
def corpus(real_clips) -> Corpus:
    everything = find_corpus(real_clips)
    chosen = tuple(clip for clip in everything.clips if clip.id in CLIPS)
    assert len(chosen) == len(CLIPS)
    return replace(everything, clips=chosen)


@pytest.fixture(scope="module")
def tracked(corpus, tracker, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("tracked")
    assert track_corpus(corpus, out, tracker, workers=2).done == len(CLIPS)
    return out


@pytest.fixture(scope="module")
def faces(real_clips) -> list[np.ndarray]:
    """The frames of a real talking head, 384 x 384 pixels."""
    with av.open(str(real_clips / f"{CLIPS[0]}.mp4")) as file:
        return [np.ascontiguousarray(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]


@pytest.fixture(scope="module")
def record(tracker, write_video, tmp_path_factory) -> Callable[[list[np.ndarray]], Recording]:
    def make(frames: list[np.ndarray]) -> Recording:
        path = write_video(tmp_path_factory.mktemp("video") / "a.mkv", frames, rate=15)
        return record_clip(Clip("a_id001/a", "id001", "a", path), tracker)[0]

    return make


def _tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_a_recording_says_what_made_it(tracked, tracker):
    recording = load_recording(tracked / f"{CLIPS[0]}.safetensors")
    assert recording.landmarks.shape == (45, 468, 3)
    assert recording.tracked_share == 1
    assert (recording.blendshapes, recording.pose) == (None, None)
    assert (recording.tracker, recording.point_set) == ("mediapipe FaceMesh", "face_mesh_468")
    assert recording.tracker_version == "0.10.21"
    import mediapipe

    modules = Path(mediapipe.__file__).parent / "modules"
    detector = (modules / "face_detection" / "face_detection_short_range.tflite").read_bytes()
    landmarks = (modules / "face_landmark" / "face_landmark.tflite").read_bytes()
    assert recording.model_sha256 == hashlib.sha256(detector + landmarks).hexdigest()


def test_recordings_do_not_depend_on_workers_or_order(tracked, corpus, tracker, tmp_path):
    turned = replace(corpus, clips=corpus.clips[::-1])
    track_corpus(turned, tmp_path, tracker, workers=1)
    assert _tree(tmp_path) == _tree(tracked)


def test_points_lie_where_the_other_tracker_sees_them(tracked, corpus, model_bundle):
    """By 0.014 to 0.027 of the distance between the outer corners of the eyes: medians of nine clips."""
    landmarker = Landmarker(find_model(model_bundle))
    recordings = RecordingSet.open(tracked)
    for entry, clip in list(zip(recordings.entries, corpus.clips, strict=True))[::2]:
        ours, theirs = recordings.load(entry), track_clip(clip, landmarker)
        assert theirs.tracker_version == "0.10.21"  # this MediaPipe has both
        assert theirs.tracked.all()
        pixels = (ours.width, ours.height)
        x, y = ours.landmarks[..., :2] * pixels, theirs.landmarks[:, :468, :2] * pixels
        right, left = (y[:, corner] for corner in OUTER_EYE_CORNERS)
        apart = np.linalg.norm(x - y, axis=2) / np.linalg.norm(left - right, axis=1)[:, None]
        assert np.median(apart) < 0.04
        assert np.median(apart[:, SELECTED_POINTS]) < 0.04


def test_of_several_faces_the_first_is_followed_and_they_are_counted(record, faces):
    """A face, then a smaller one beside it, or the other way round: whichever MediaPipe lists first."""
    for small_comes_first in (True, False):
        frames = []
        for index, rgb in enumerate(faces[:8]):
            sides = [np.full_like(rgb, 127), rgb]
            sides[0][96:288, 96:288] = rgb[::2, ::2]
            if index < 4:
                sides[small_comes_first] = np.full_like(rgb, 127)
            frames.append(np.concatenate(sides, axis=1))
        recording = record(frames)
        on_the_right = recording.landmarks[:, :, 0].min(axis=1) > 0.5
        assert on_the_right.tolist() == [not small_comes_first] * 8
        assert recording.face_switches == 0
        assert recording.frames_with_several_faces == 4


def test_a_single_face_is_what_the_settings_of_the_thesis_give(tracker, faces):
    """The number of faces that are looked for changes nothing where there is one."""
    import mediapipe

    alone = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=False,
        max_num_faces=1,
        refine_landmarks=False,
        min_detection_confidence=0.5,
        min_tracking_confidence=0.5,
    )
    with alone, tracker.follow() as follower:
        for index, rgb in enumerate(faces[:20]):
            seen = follower.see(rgb, index / 15)
            (theirs,) = alone.process(rgb).multi_face_landmarks
            assert seen is not None
            np.testing.assert_array_equal(seen.landmarks, [(p.x, p.y, p.z) for p in theirs.landmark])


def test_frames_without_a_face_stay_and_a_clip_without_any_is_refused(record, faces):
    noise = np.random.default_rng(0).integers(0, 256, (3, 384, 384, 1), np.uint8).repeat(3, axis=3)
    recording = record([*faces[:4], *noise, *faces[4:6]])
    assert recording.tracked.tolist() == [True] * 4 + [False] * 3 + [True] * 2
    assert np.isnan(recording.landmarks[4:7]).all()
    with pytest.raises(ClipError, match="no face in any of 3 frames"):
        record(list(noise))


def test_a_second_run_skips_and_the_other_tracker_is_refused(
    tracked, corpus, tracker, model_bundle, tmp_path
):
    before = _tree(tracked)
    again = track_corpus(corpus, tracked, tracker, workers=1)
    assert (again.done, again.skipped) == (0, len(CLIPS))
    landmarker = Landmarker(find_model(model_bundle))
    with pytest.raises(
        CorpusError, match=r"by mediapipe FaceMesh \(face_mesh_468\), this tracker gives face_l"
    ):
        track_corpus(corpus, tracked, landmarker, workers=1)
    assert _tree(tracked) == before
    few = replace(corpus, clips=corpus.clips[:1])
    track_corpus(few, tmp_path, landmarker, workers=1)
    with pytest.raises(CorpusError, match="this tracker gives face_mesh_468; write to another folder"):
        track_corpus(few, tmp_path, tracker, workers=1)


def _amber(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`amber` where no face landmarker can be had."""
    known = {name: value for name, value in os.environ.items() if name != "AMBER_FACE_LANDMARKER"}
    command = [sys.executable, "-m", "amber_id", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**known, **environment})


def test_the_command_line_needs_no_face_landmarker(tracked, real_clips, tmp_path):
    videos = tmp_path / "videos"
    for name in CLIPS[:2]:
        link = videos / f"{name}.mp4"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(real_clips / f"{name}.mp4")
    out = tmp_path / "out"
    done = _amber("track", videos, out, "--tracker", "facemesh", AMBER_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, "2 clips tracked" in done.stdout + done.stderr) == (0, True), done.stderr
    for name in CLIPS[:2]:
        assert (out / f"{name}.safetensors").read_bytes() == (tracked / f"{name}.safetensors").read_bytes()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("named", [{}, {"AMBER_FACE_LANDMARKER": "nowhere.task"}])
def test_the_doctor_asks_of_this_environment_no_more_than_tracking_needs(named, tmp_path):
    done = _amber("doctor", AMBER_CACHE=str(tmp_path), **named)
    assert done.returncode == 0, done.stdout
    assert "ok     FaceMesh: mediapipe 0.10.21" in done.stdout
    assert "FaceMesh brings its own models and needs none" in done.stdout
    assert "extra" not in done.stdout
