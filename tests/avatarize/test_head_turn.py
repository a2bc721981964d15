"""The head's rotation says how the head is turned, and not where in the picture it is."""

import struct
import zipfile

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize.default_head.canonical_face import _fields, _varint, read_canonical_face
from amber_id.avatarize.drive import drive_of
from amber_id.avatarize.head_turn import _FIT, head_rotations
from amber_id.corpora import find_corpus
from amber_id.recordings import Recording, load_recording
from amber_id.recordings.signals import head_angles
from amber_id.tracking import Landmarker, find_model, track_corpus
from amber_id.tracking.video import read_frames
from fixtures.turned_faces import turned_landmarks

TURNS = np.array([[20.0, -10, 5], [0, 0, 0], [-35, 15, -8], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
FRAMES = 24


def angles(landmarks: np.ndarray, width: int = 400, height: int = 400) -> np.ndarray:
    return head_angles(head_rotations(landmarks, width=width, height=height))


def test_the_points_of_the_fit_are_those_of_the_bundle(model_bundle):
    metadata = zipfile.ZipFile(model_bundle).read("geometry_pipeline_metadata_landmarks.binarypb")
    weights = {}
    for field, entry in _fields(metadata):
        if field == 2:  # a landmark of the fit: its number, then its weight
            parts = dict(_fields(entry))
            weights[_varint(parts[1], 0)[0]] = struct.unpack("<f", parts[2])[0]
    face = read_canonical_face(model_bundle).positions
    assert sorted(weights) == _FIT[:, 0].tolist()
    np.testing.assert_allclose([weights[number] for number in sorted(weights)], _FIT[:, 1], atol=1e-5)
    np.testing.assert_allclose(face[_FIT[:, 0].astype(int)], _FIT[:, 2:], atol=1e-4)


def test_known_turns_are_found():
    np.testing.assert_allclose(angles(turned_landmarks(TURNS)), TURNS, atol=0.5)


def test_neither_place_nor_size_nor_the_pictures_shape_turns_the_head():
    plain = angles(turned_landmarks(TURNS))
    aside = angles(turned_landmarks(TURNS, middle=(2.5, -0.5)))
    small = angles(turned_landmarks(TURNS, share=0.004))
    wide = angles(turned_landmarks(TURNS, aspect=16 / 9), width=1600, height=900)
    for other in (aside, small, wide):
        np.testing.assert_allclose(other, plain, atol=1e-3)


@pytest.fixture(scope="module")
def padded(real_clips, model_bundle, write_video, tmp_path_factory) -> dict[str, Recording]:
    """The first frames of a clip, as they are, and with a picture's width of grey at the right or left."""
    source = real_clips / "talking_id009" / "talking_id009_clip00.mp4"
    frames = [rgb for _, rgb in read_frames(source)[1]][:FRAMES]
    grey = np.full_like(frames[0], 110)
    sides = {"plain": [], "left": [grey], "right": [grey]}
    root = tmp_path_factory.mktemp("padded")
    for side, beside in sides.items():
        whole = [[*beside, f] if side == "right" else [f, *beside] for f in frames]
        video = root / "videos" / "a_id001" / f"{side}.mp4"
        write_video(video, [np.concatenate(row, axis=1) for row in whole], options={"crf": "12"})
    model = Landmarker(find_model(model_bundle))
    track_corpus(find_corpus(root / "videos"), root / "recordings", model, workers=1)
    return {side: load_recording(root / "recordings" / "a_id001" / f"{side}.safetensors") for side in sides}


def turned(recording: Recording) -> np.ndarray:
    return head_angles(drive_of(recording).rotations)


def test_a_face_moved_by_a_pictures_width_drives_as_before(padded):
    left, right = turned(padded["left"]), turned(padded["right"])
    moved = matrix_angles(padded["right"]) - matrix_angles(padded["left"])
    assert abs(moved.mean(axis=0)[0]) > 7, (
        "MediaPipe's matrix no longer turns with the place: is this needed?"
    )
    assert np.abs((right - left).mean(axis=0)).max() < 0.5
    assert np.abs((right - turned(padded["plain"])).mean(axis=0)).max() < 0.5


def test_over_time_the_drive_is_the_matrixs_and_jitters_no_more(padded):
    drive, matrix = turned(padded["plain"]), matrix_angles(padded["plain"])
    r = [np.corrcoef(drive[:, i], matrix[:, i])[0, 1] for i in range(3)]
    assert min(r) > 0.99
    jitter = [np.sqrt((np.diff(x, 2, axis=0) ** 2).mean(axis=0)) for x in (drive, matrix)]
    assert np.median(jitter[0] / jitter[1]) < 1.05


def matrix_angles(recording: Recording) -> np.ndarray:
    """Yaw, pitch and roll of MediaPipe's pose, a scaled rotation."""
    assert recording.pose is not None
    matrices = recording.pose[:, :3, :3].astype(np.float64)
    return head_angles(
        Rotation.from_matrix(matrices / np.cbrt(np.linalg.det(matrices))[:, None, None]).as_matrix()
    )
