"""What moves an avatar: the expression and the head's rotation in each frame of a recording.

Conventions
-----------
A drive is read from a recording, as `amber track` leaves it, so a video need be tracked only once.
Weights are MediaPipe's coefficients as they are; ``tongueOut``, which it does not see, stays 0. The rotation
comes from the landmarks (`head_turn.py`), not from the pose, which also says where in the picture the face
is. The avatar turns on the spot.
At a rate of one's own a drive is read as features are: each frame shows the mean over its period, of all
sources, so that the smoothness of the motion does not reveal the frame rate.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from amber_id.avatarize.avatar import SHAPES
from amber_id.avatarize.head_turn import head_rotations
from amber_id.errors import ClipError
from amber_id.recordings import Recording
from amber_id.recordings.resampling import resample


@dataclass(frozen=True)
class Drive:
    """ARKit weights and a proper rotation for each of T frames, and when these are shown, in seconds.

    Where there is no face (`tracked` is false), the weights and the rotation are those of the last frame with
    one, or of the first one before there was any.
    """

    weights: Float32[np.ndarray, "T 52"]
    rotations: Float64[np.ndarray, "T 3 3"]
    tracked: Bool[np.ndarray, " T"]
    timestamps: Float64[np.ndarray, " T"]
    fps: float


def drive_of(recording: Recording) -> Drive:
    """What the face in `recording` does.

    Raises
    ------
    ClipError
        If the recording has no blendshapes, as one by FaceMesh has not, no face in any frame, or a face of
        no size.
    """
    if recording.blendshapes is None:
        raise ClipError(recording.clip, "its recording has no blendshapes; track it with FaceLandmarker")
    if not recording.tracked.any():
        raise ClipError(recording.clip, f"no face in any of {len(recording.tracked)} frames")
    held = _last_tracked(recording.tracked)
    weights = np.zeros((len(held), SHAPES), np.float32)
    weights[:, :-1] = recording.blendshapes[held, 1:]
    try:
        rotations = head_rotations(
            recording.landmarks[recording.tracked], width=recording.width, height=recording.height
        )
    except ValueError as error:
        raise ClipError(recording.clip, f"its head has no rotation: {error}") from error
    return Drive(
        weights=weights,
        rotations=rotations[np.cumsum(recording.tracked)[held] - 1],
        tracked=recording.tracked,
        timestamps=recording.timestamps,
        fps=recording.fps,
    )


def at_rate(drive: Drive, fps: float) -> Drive:
    """Resample a drive to ``k / fps`` seconds from the first frame, up to the last one.

    A frame is without a face where the original's nearest frame is. Raises ValueError as `resample` does.
    """
    times = drive.timestamps
    weights = resample(drive.weights.astype(np.float64), times, rate_hz=fps)
    at = times[0] + np.arange(len(weights)) / fps
    nearest = np.searchsorted((times[1:] + times[:-1]) / 2, at)
    return Drive(
        weights=weights.astype(np.float32),
        rotations=_nearest_rotations(resample(drive.rotations, times, rate_hz=fps)),
        tracked=drive.tracked[nearest],
        timestamps=at,
        fps=fps,
    )


def _nearest_rotations(matrices: Float64[np.ndarray, "T 3 3"]) -> Float64[np.ndarray, "T 3 3"]:
    """The proper rotations nearest to means of rotations, in the chordal sense."""
    left, _, right = np.linalg.svd(matrices)
    proper = np.ones((len(matrices), 3))
    proper[:, 2] = np.sign(np.linalg.det(left @ right))
    return (left * proper[:, None]) @ right


def _last_tracked(tracked: Bool[np.ndarray, " T"]) -> np.ndarray:
    """The last tracked frame up to each frame; before there is any, the first."""
    frames = np.where(tracked, np.arange(len(tracked)), -1)
    return np.maximum(np.maximum.accumulate(frames), np.argmax(tracked))
