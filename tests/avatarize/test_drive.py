"""What a recording makes an avatar do, frame by frame."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES
from amber_id.avatarize.drive import at_rate, drive_of
from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.recordings import Recording
from amber_id.recordings.signals import head_angles
from fixtures.turned_faces import turned_landmarks


def recorded(turns_deg: list[float | None]) -> Recording:
    """Frames with these yaws, None where there is no face; jawOpen is the time in seconds."""
    T = len(turns_deg)
    tracked = np.array([turn is not None for turn in turns_deg])
    landmarks = turned_landmarks(np.array([[turn or 0.0, 0.0, 0.0] for turn in turns_deg]))
    blendshapes = np.zeros((T, 52), np.float32)
    blendshapes[:, BLENDSHAPE_NAMES.index("jawOpen")] = np.arange(T) / 25
    landmarks[~tracked], blendshapes[~tracked] = np.nan, np.nan
    return Recording(
        landmarks=landmarks,
        timestamps=np.arange(T) / 25,
        tracked=tracked,
        blendshapes=blendshapes,
        pose=None,
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
    np.testing.assert_allclose(drive.weights[:, ARKIT_NAMES.index("jawOpen")], [0, 0.04, 0.08])
    assert not drive.weights[:, ARKIT_NAMES.index("tongueOut")].any()
    for rotation, turn in zip(drive.rotations, (0, 10, 20), strict=True):
        expected = Rotation.from_euler("y", turn, degrees=True).as_matrix()
        np.testing.assert_allclose(rotation, expected, atol=0.01)


def test_a_frame_without_a_face_holds_the_last_one_and_before_the_first_it_is_the_first():
    drive = drive_of(recorded([None, None, 10.0, None, 30.0, None]))
    np.testing.assert_allclose(
        drive.weights[:, ARKIT_NAMES.index("jawOpen")], [0.08, 0.08, 0.08, 0.08, 0.16, 0.16]
    )
    assert drive.tracked.tolist() == [False, False, True, False, True, False]
    yaw = head_angles(drive.rotations)[:, 0]
    np.testing.assert_allclose(yaw, [10, 10, 10, 10, 30, 30], atol=0.5)


def test_at_another_rate_each_frame_is_the_mean_over_its_period():
    # A ramp is its own mean, at any rate.
    T = 26
    recording = recorded([float(i) for i in range(T)])
    drive = at_rate(drive_of(recording), 40.0)
    assert len(drive.timestamps) == 41
    np.testing.assert_allclose(drive.timestamps, np.arange(41) / 40)
    jaw = drive.weights[:, ARKIT_NAMES.index("jawOpen")]
    np.testing.assert_allclose(jaw, drive.timestamps, atol=1e-5)
    np.testing.assert_allclose(head_angles(drive.rotations)[:, 0], 25 * drive.timestamps, atol=0.5)
    np.testing.assert_allclose(np.linalg.det(drive.rotations), 1)
    assert (drive.fps, drive.tracked.all()) == (40.0, True)
    # At half the rate a jolt of one frame has a quarter of its height there, and an eighth beside.
    jolt = recorded([0.0] * 9)
    jolt.blendshapes[:] = 0
    jolt.blendshapes[4, BLENDSHAPE_NAMES.index("jawOpen")] = 0.8
    slow = at_rate(drive_of(jolt), 12.5).weights[:, ARKIT_NAMES.index("jawOpen")]
    np.testing.assert_allclose(slow, [0, 0, 0.4, 0, 0], atol=1e-6)


def test_at_another_rate_a_lost_face_stays_lost():
    drive = at_rate(drive_of(recorded([0.0, 1.0, None, None, 4.0, 5.0])), 12.5)
    assert drive.tracked.tolist() == [True, False, True]
    drive = at_rate(drive_of(recorded([0.0, 1.0, None, None, 4.0, 5.0])), 50.0)
    assert drive.tracked.sum() == 7


def test_what_has_no_expression_or_no_face_drives_nothing():
    recording = recorded([0.0, 0.0])
    with pytest.raises(ClipError, match="a_id001/x: its recording has no blendshapes"):
        drive_of(replace(recording, blendshapes=None))
    with pytest.raises(ClipError, match="no face in any of 3 frames"):
        drive_of(recorded([None, None, None]))
    recording = recorded([0.0, 0.0])
    recording.landmarks[1] = 0.5
    with pytest.raises(ClipError, match="its head has no rotation: the points of a frame must not coincide"):
        drive_of(recording)
