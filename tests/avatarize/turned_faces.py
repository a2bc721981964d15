"""Landmarks of a face that is turned as told."""

import numpy as np
from jaxtyping import Float, Float32
from scipy.spatial.transform import Rotation

from amber_id.avatarize.head_turn import _FIT, FIT_POINTS

# A camera this near sees the face fill its picture, in centimetres.
NEAR_CM = 1 / 0.06


def turned_landmarks(
    degrees: Float[np.ndarray, "T 3"],
    *,
    middle: tuple[float, float] = (0.5, 0.5),
    share: float = 0.025,
    aspect: float = 1.0,
) -> Float32[np.ndarray, "T 478 3"]:
    """The canonical face turned by yaw, pitch and roll, as `head_rotations` finds to half a degree.

    Its middle is at `middle` of the picture, and a centimetre is this share of the picture's width; `aspect`
    is width over height.
    """
    weights = _FIT[:, 1] / _FIT[:, 1].sum()
    face = _FIT[:, 2:] - weights @ _FIT[:, 2:]
    turned = face @ Rotation.from_euler("YXZ", degrees, degrees=True).as_matrix().transpose(0, 2, 1)
    seen = turned * share * (1, -aspect, -1)
    seen[:, :, :2] /= 1 - turned[:, :, 2:] / NEAR_CM
    landmarks = np.zeros((len(degrees), 478, 3), np.float32)
    landmarks[:, FIT_POINTS] = seen + np.array([*middle, 0.0])
    return landmarks
