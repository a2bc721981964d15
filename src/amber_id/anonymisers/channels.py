"""What of a recording moves an avatar, as one table of numbers, and how does a recording follow from it?

A defence changes *channels*: the 51 coefficients that drive an avatar (MediaPipe's without ``_neutral``), the
head's rotation vector and its movement in the picture. The landmarks of the changed recording are drawn anew
from the changed channels: the common mean face, moved by the measured basis of the coefficients
(`synthetic/measured.py`), turned and placed as the channels say, in a picture of one fixed size. So they hold
nothing that the channels do not hold: neither the face's own shape nor movement without a coefficient, which
would betray what a defence hides. Coefficient ``_neutral`` is 0, and there is no pose matrix.

Conventions
-----------
Letters: F frames with a face, C channels. Rotations are vectors in radians, from the mean face looking into
the camera; axes as in the mean face: x to the picture's right, y down, z away. Movement is that of the mean
face's origin from the clip's median place, in distances between the outer corners of the eyes of the clip's
median size; its third number is the natural logarithm of size over median size. Where in the picture the face
is on the whole, and how large, is no motion and is not kept.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES, RIGID_POINTS, mean_face
from amber_id.motion.alignment import fit_similarity, isotropic
from amber_id.recordings import Recording
from amber_id.synthetic.measured import measured_faces

COEFFICIENTS: tuple[str, ...] = BLENDSHAPE_NAMES[1:]
"""The coefficients that drive an avatar."""

CHANNELS: tuple[str, ...] = (
    *COEFFICIENTS,
    *("head pitch", "head yaw", "head roll", "head across", "head down", "head size"),
)
"""The names of the channels, in order."""

FACE = slice(0, len(COEFFICIENTS))
HEAD = slice(len(COEFFICIENTS), len(CHANNELS))

UNITS: Float[np.ndarray, " C"] = np.array([1.0] * len(COEFFICIENTS) + [0.5] * 3 + [1.0] * 2 + [0.5])
"""What counts as much as a coefficient of 1: half a radian, one eye distance, half a logarithm of size.

In clips of talking people the channels spread by about a tenth of these.
"""

_SIZE = 512  # pixels, both ways, as avatars are drawn
_UNITS_HIGH = 5.5  # of such a picture in eye distances, as people are usually filmed


@dataclass(frozen=True)
class Signals:
    """The channels in the frames of a clip that have a face, and the times of these frames, in seconds."""

    values: Float[np.ndarray, "F C"]
    times: Float[np.ndarray, " F"]


def signals_of(recording: Recording) -> Signals:
    """The channels of a recording.

    Raises
    ------
    ClipError
        If it has no coefficients, or a frame that counts as tracked has all points in one place.
    """
    if recording.blendshapes is None:
        raise ClipError(
            recording.clip,
            "its recording has no blendshapes, which defences change; track its video with "
            "`amber track --tracker landmarker`",
        )
    seen = recording.tracked
    head = _head_of(recording) if seen.any() else np.zeros((0, 6))
    return Signals(
        values=np.concatenate([recording.blendshapes[seen, 1:].astype(np.float64), head], axis=1),
        times=recording.timestamps[seen],
    )


def in_range(values: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "... C"]:
    """Channels whose coefficients are cut off below 0 and above 1, as no face has them."""
    kept = values.copy()
    kept[..., FACE] = np.clip(kept[..., FACE], 0, 1)
    return kept


def driven_by(recording: Recording, values: Float[np.ndarray, "F C"], defence: str) -> Recording:
    """The recording with other channels in its frames with a face, and landmarks that follow from them.

    `defence` is kept in the header. What tells of the original's video and picture is left out.
    """
    values = in_range(values)
    seen, T, V = recording.tracked, len(recording.tracked), recording.landmarks.shape[1]
    landmarks = np.full((T, V, 3), np.nan, np.float32)
    blendshapes = np.full((T, len(BLENDSHAPE_NAMES)), np.nan, np.float32)
    landmarks[seen] = _drawn(values, V) / _SIZE
    blendshapes[seen, 0] = 0
    blendshapes[seen, 1:] = values[:, FACE]
    return replace(
        recording,
        landmarks=landmarks,
        blendshapes=blendshapes,
        pose=None,
        width=_SIZE,
        height=_SIZE,
        frames_with_several_faces=0,
        face_switches=0,
        tracked_in_parts=False,
        damaged_packets=0,
        guessed_times=0,
        video_sha256="",
        picture_hash="",
        avatar=None,
        defence=defence,
    )


def _head_of(recording: Recording) -> Float[np.ndarray, "F 6"]:
    rigid = list(RIGID_POINTS)
    points = isotropic(
        recording.landmarks[recording.tracked][:, rigid], width=recording.width, height=recording.height
    )
    try:
        placement = fit_similarity(points, mean_face()[rigid])
    except ValueError as error:
        raise ClipError(recording.clip, str(error)) from error
    # A placement brings the head onto the mean face; the head's own turn and place are its inverse.
    back = placement.rotation.transpose(0, 2, 1)
    place = -np.einsum("fkl,fl->fk", back, placement.translation) / placement.scale[:, None]
    size = -np.log(placement.scale)
    middle = np.median(size)
    across = (place - np.median(place, axis=0))[:, :2] / np.exp(middle)
    return np.column_stack([Rotation.from_matrix(back).as_rotvec(), across, size - middle])


def _drawn(values: Float[np.ndarray, "F C"], V: int) -> Float[np.ndarray, "F V 3"]:
    """The mean face that moves as the channels say, in pixels."""
    faces = measured_faces()
    basis = faces.basis[1:, :V].reshape(len(COEFFICIENTS), -1)
    moved = ((values[:, FACE] - faces.mean[1:]) @ basis).reshape(len(values), V, 3)
    face = mean_face()[:V] + moved
    turn, place, size = np.split(values[:, HEAD], [3, 5], axis=1)
    turned = face @ Rotation.from_rotvec(turn).as_matrix().transpose(0, 2, 1)
    unit = _SIZE / _UNITS_HIGH
    drawn = unit * np.exp(size)[:, :, None] * turned
    drawn[:, :, :2] += _SIZE / 2 + unit * place[:, None]
    return drawn
