"""What of the face is shown to the attacker, so that one can say what leaks?

all       isotropic landmarks, centred and scaled once per clip; head pose kept, and with it how the camera
          was tilted against the face
motion    aligned landmarks with their mean over the clip removed: neither shape nor head pose
static    the mean over the clip of the aligned landmarks: shape and resting expression only
pose      rotation and translation of the head only, relative to the clip's middle pose

A view is computed over a whole clip, which may be several segments. Lengths are in units of the outer
eye corner distance of the mean face.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS
from amber_id.motion.alignment import HeadPlacement, align, mean_rotation

View = Literal["all", "motion", "static", "pose"]

# The vertices of the pose view.
POSE_VERTICES = ("rotation", "translation")


def landmark_view(
    points: Float[np.ndarray, "T V 3"], view: View, rigid: Sequence[int] = RIGID_POINTS
) -> Float[np.ndarray, "T W 3"]:
    """One view of a clip's isotropic landmarks; W = V, or 2 vertices for ``pose``.

    All frames of the clip, one segment after another: what is taken once per clip is taken over them all.
    `rigid` as in `align`.
    """
    aligned, placement = align(points, rigid)
    if view == "motion":
        return aligned - aligned.mean(axis=0)
    if view == "static":
        return np.broadcast_to(aligned.mean(axis=0), aligned.shape).copy()
    if view == "pose":
        return head_pose(points, placement, rigid)
    return _placed_once(points, placement, rigid)


def _placed_once(
    points: Float[np.ndarray, "T V 3"], placement: HeadPlacement, rigid: Sequence[int]
) -> Float[np.ndarray, "T V 3"]:
    centre = np.median(points[:, list(rigid)].mean(axis=1), axis=0)
    return (points - centre) * np.median(placement.scale)


def head_pose(
    points: Float[np.ndarray, "T V 3"], placement: HeadPlacement, rigid: Sequence[int] = RIGID_POINTS
) -> Float[np.ndarray, "T 2 3"]:
    """Turn and shift of the head in each frame, relative to the clip's middle pose.

    The turn is a rotation vector (radians) about the axes of the mean face, from the clip's mean rotation.
    The shift, from the clip's median, is that of the middle of the rigid points in the picture (x, y); its
    third number is the natural logarithm of how much smaller the face appears, and stands for the distance
    to the camera.
    """
    # A placement brings the head back onto the mean face; the head's own turn is its inverse.
    turned = mean_rotation(placement.rotation) @ placement.rotation.transpose(0, 2, 1)
    middle = points[:, list(rigid)].mean(axis=1)
    moved = (middle - np.median(middle, axis=0)) * np.median(placement.scale)
    moved[:, 2] = np.log(placement.scale) - np.median(np.log(placement.scale))
    return np.stack([Rotation.from_matrix(turned).as_rotvec(), moved], axis=1)


def coefficient_view(values: Float[np.ndarray, "T V 1"], view: View) -> Float[np.ndarray, "T V 1"]:
    """One view of a clip's blendshape coefficients: as they are, without their mean, or their mean only."""
    if view == "motion":
        return values - values.mean(axis=0)
    if view == "static":
        return np.broadcast_to(values.mean(axis=0), values.shape).copy()
    if view == "all":
        return values
    raise ValueError("the pose view has no blendshapes")
