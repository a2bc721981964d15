"""What a recording makes an avatar do, frame by frame."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES
from amber_id.avatarize.drive import drive_of
from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.recordings import Recording


def recorded(turns_deg: list[float | None]) -> Recording:
    """Frames with these yaws, None where there is no face; jawOpen is the frame's number in tenths."""
    T = len(turns_deg)
    tracked = np.array([turn is not None for turn in turns_deg])
    pose = np.tile(np.eye(4, dtype=np.float32), (T, 1, 1))
    for i, turn in enumerate(turns_deg):
        # A pose scales too; the third axis is left as it is.
        pose[i, :3, :3] = 1.3 * Rotation.from_euler("y", turn or 0, degrees=True).as_matrix()
    blendshapes = np.zeros((T, 52), np.float32)
    blendshapes[:, BLENDSHAPE_NAMES.index("jawOpen")] = np.arange(T) / 10
    pose[~tracked], blendshapes[~tracked] = np.nan, np.nan
    return Recording(
        landmarks=np.where(tracked[:, None, None], np.float32(0.5), np.float32(np.nan))
        .repeat(478, 1)
        .repeat(3, 2),
        timestamps=np.arange(T) / 25,
        tracked=tracked,
        blendshapes=blendshapes,
        pose=pose,
        clip="a_id001/x",
        subject="id001",
        source="a",
        width=64,
        height=64,
        fps=25.0,
        tracker="by hand",
        tracker_version="1",
        model_sha256="0" * 64,
        point_set="face_landmarker_478",
    )


def test_weights_and_rotation_are_those_of_the_frame():
    drive = drive_of(recorded([0.0, 10.0, 20.0]))
    np.testing.assert_allclose(drive.weights[:, ARKIT_NAMES.index("jawOpen")], [0, 0.1, 0.2])
    assert not drive.weights[:, ARKIT_NAMES.index("tongueOut")].any()
    for rotation, turn in zip(drive.rotations, (0, 10, 20), strict=True):
        expected = Rotation.from_euler("y", turn, degrees=True).as_matrix()
        np.testing.assert_allclose(rotation, expected, atol=1e-6)


def test_a_frame_without_a_face_holds_the_last_one_and_before_the_first_it_is_the_first():
    drive = drive_of(recorded([None, None, 10.0, None, 30.0, None]))
    np.testing.assert_allclose(drive.weights[:, ARKIT_NAMES.index("jawOpen")], [0.2, 0.2, 0.2, 0.2, 0.4, 0.4])
    assert drive.tracked.tolist() == [False, False, True, False, True, False]


def test_a_mirroring_matrix_becomes_a_proper_rotation():
    recording = recorded([0.0, 0.0])
    recording.pose[1, 0, 0] *= -1
    np.testing.assert_allclose(np.linalg.det(drive_of(recording).rotations), [1, 1])


def test_what_has_no_expression_or_no_face_drives_nothing():
    recording = recorded([0.0, 0.0])
    with pytest.raises(ClipError, match="a_id001/x: its recording has no blendshapes and pose"):
        drive_of(replace(recording, blendshapes=None))
    with pytest.raises(ClipError, match="no face in any of 3 frames"):
        drive_of(recorded([None, None, None]))
