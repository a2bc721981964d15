"""What moves an avatar: the expression and the head's rotation in each frame of a recording.

Conventions
-----------
A drive is read from a recording, as `amber track` leaves it, so a video need be tracked only once.
Weights are MediaPipe's coefficients as they are; ``tongueOut``, which it does not see, stays 0. Rotation is
the pose's, without its translation: the avatar turns on the spot, as it does in RAVAS.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from amber_id.avatarize.avatar import SHAPES
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
        If the recording has no blendshapes or no pose, as one by FaceMesh has not, or no face in any frame.
    """
    if recording.blendshapes is None or recording.pose is None:
        raise ClipError(
            recording.clip, "its recording has no blendshapes and pose; track it with FaceLandmarker"
        )
    if not recording.tracked.any():
        raise ClipError(recording.clip, f"no face in any of {len(recording.tracked)} frames")
    held = _last_tracked(recording.tracked)
    weights = np.zeros((len(held), SHAPES), np.float32)
    weights[:, :-1] = recording.blendshapes[held, 1:]
    return Drive(
        weights=weights,
        rotations=_rotations(recording.pose[held, :3, :3].astype(np.float64)),
        tracked=recording.tracked,
        timestamps=recording.timestamps,
        fps=recording.fps,
    )


def _last_tracked(tracked: Bool[np.ndarray, " T"]) -> np.ndarray:
    """For each frame the last tracked one up to it; before there is any, the first."""
    frames = np.where(tracked, np.arange(len(tracked)), -1)
    return np.maximum(np.maximum.accumulate(frames), np.argmax(tracked))


def _rotations(matrices: Float[np.ndarray, "T 3 3"]) -> Float64[np.ndarray, "T 3 3"]:
    """The nearest proper rotations, for poses also hold the face's size."""
    left, _, right = np.linalg.svd(matrices)
    proper = np.ones((len(matrices), 3))
    proper[:, 2] = np.sign(np.linalg.det(left @ right))
    return (left * proper[:, None]) @ right
