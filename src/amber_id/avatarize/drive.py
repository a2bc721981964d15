"""What moves an avatar: the expression and the head's rotation in each frame of a recording.

Conventions
-----------
A drive is read from a recording, as `amber track` leaves it, so a video need be tracked only once.
Weights are MediaPipe's coefficients as they are; ``tongueOut``, which it does not see, stays 0. The rotation
comes from the landmarks (`head_turn.py`), not from the pose, which also says where in the picture the face
is. The avatar turns on the spot.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from amber_id.avatarize.avatar import SHAPES
from amber_id.avatarize.head_turn import head_rotations
from amber_id.errors import ClipError
from amber_id.recordings import Recording


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


def _last_tracked(tracked: Bool[np.ndarray, " T"]) -> np.ndarray:
    """For each frame the last tracked one up to it; before there is any, the first."""
    frames = np.where(tracked, np.arange(len(tracked)), -1)
    return np.maximum(np.maximum.accumulate(frames), np.argmax(tracked))
