"""Where does the camera see a point of the face?

A pinhole camera with MediaPipe's 63 degrees of view from top to bottom. The mean face was measured in
pictures, which have perspective; so a face is taken to have been seen from the usual distance, and points
nearer to the camera are drawn larger, as much as the distance in this picture asks for. Seen from the usual
distance and from the front, the mean face is the one that was measured.

The pose matrix is in MediaPipe's convention: it maps its canonical face, in centimetres, to a camera with y
up that looks along its negative z axis. How the canonical face lies in the mean face's frame was measured on
89 tracked clips, which have both the matrix and the landmarks.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import mean_face
from amber_id.synthetic.rig import ClipSignals

# The joint about which the head turns, in the mean face's frame: below the chin and behind the eyes.
_NECK = np.array([0.0, 1.6, 1.0])

_TAN_HALF_VIEW = np.tan(np.radians(63.0) / 2)
# A face as most are filmed: a picture is this many units of the mean face high.
_USUAL_HEIGHT = 5.5
# The camera's distance then, in the same unit.
_USUAL_DISTANCE = _USUAL_HEIGHT / 2 / _TAN_HALF_VIEW

_CENTIMETRES = 10.16  # of the canonical face in one unit of the mean face
_CANONICAL_ORIGIN = np.array([0.0, 0.50, 0.51])
_CANONICAL_PITCH_DEG = 3.75
# From x right, y down, z away to x right, y up, z towards the viewer.
_TO_OPENGL = np.array([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Camera:
    """A picture's size in pixels, where in it the mean face's origin is, and how many pixels make a unit."""

    width: int
    height: int
    centre: Float[np.ndarray, " 2"]
    pixels_per_unit: float


def draw_camera(rng: np.random.Generator, *, width: int, height: int, size: float = 1.0) -> Camera:
    """A camera before which somebody has sat down: the face near the middle, a third of the picture high.

    `size` is that of the face in the picture, 1 is usual.
    """
    middle = mean_face()[:, :2].min(axis=0) / 2 + mean_face()[:, :2].max(axis=0) / 2
    pixels_per_unit = size * height / _USUAL_HEIGHT * rng.lognormal(0, 0.08)
    # In a narrow picture people sit as near to the middle as in a wide one.
    centre = np.array([width, height]) / 2 + rng.normal(0, 0.03, 2) * height - middle * pixels_per_unit
    return Camera(width, height, centre, float(pixels_per_unit))


def in_picture(
    points: Float[np.ndarray, "T N 3"], signals: ClipSignals, camera: Camera
) -> Float[np.ndarray, "T N 3"]:
    """Points of the unturned face, in the mean face's unit, as a tracker reports them.

    x / width, y / height, z / width, with the mean z of each frame at 0.
    """
    # The solid face: from the usual distance it looks as it was measured.
    solid = points.copy()
    solid[:, :, :2] *= 1 + points[:, :, 2:] / _USUAL_DISTANCE
    placed = _placed(solid, signals)
    scale = _scale(signals, camera)[:, None, None]
    distance = camera.height / 2 / _TAN_HALF_VIEW / scale
    pixels = placed * scale
    # About the optical axis, which meets the picture in its middle.
    middle = np.array([camera.width, camera.height]) / 2
    pixels[:, :, :2] = middle + (pixels[:, :, :2] + camera.centre - middle) / (
        1 + placed[:, :, 2:] / distance
    )
    pixels[:, :, 2] -= pixels[:, :, 2].mean(axis=1, keepdims=True)
    pixels /= np.array([camera.width, camera.height, camera.width])
    return pixels


def pose_matrices(signals: ClipSignals, camera: Camera) -> Float32[np.ndarray, "T 4 4"]:
    """The head's pose in every frame, as MediaPipe gives it; lengths are centimetres."""
    T = len(signals.rotation)
    scale = _scale(signals, camera)
    focal = camera.height / 2 / _TAN_HALF_VIEW
    away = focal * _CENTIMETRES / scale
    origin = (
        _placed(np.tile(_CANONICAL_ORIGIN, (T, 1, 1)), signals)[:, 0, :2] * scale[:, None] + camera.centre
    )
    across = (origin - np.array([camera.width, camera.height]) / 2) * (away / focal)[:, None]
    pitch = Rotation.from_rotvec([np.radians(_CANONICAL_PITCH_DEG), 0, 0])
    rotation = (Rotation.from_rotvec(signals.rotation) * pitch.inv()).as_matrix()
    pose = np.tile(np.eye(4), (T, 1, 1))
    pose[:, :3, :3] = _TO_OPENGL[:, None] * rotation * _TO_OPENGL
    pose[:, :3, 3] = np.column_stack([across, away]) * _TO_OPENGL
    return pose.astype(np.float32)


def origin_in_picture(signals: ClipSignals) -> Float[np.ndarray, "T 3"]:
    """Where the mean face's origin is, across and down, and the logarithm of the face's size in the picture.

    In the mean face's unit, from where it is in a face at rest.
    """
    placed = _placed(np.zeros((len(signals.rotation), 1, 3)), signals)[:, 0]
    nearer = -np.log1p(placed[:, 2] / _USUAL_DISTANCE)
    return np.column_stack([placed[:, :2], signals.translation[:, 2] + nearer])


def _placed(points: Float[np.ndarray, "T N 3"], signals: ClipSignals) -> Float[np.ndarray, "T N 3"]:
    """Points turned about the neck and moved, still in the mean face's unit."""
    turn = Rotation.from_rotvec(signals.rotation).as_matrix().transpose(0, 2, 1)
    placed: Float[np.ndarray, "T N 3"] = (points - _NECK) @ turn + _NECK
    placed[:, :, :2] += signals.translation[:, None, :2]
    return placed


def _scale(signals: ClipSignals, camera: Camera) -> Float[np.ndarray, " T"]:
    """Pixels per unit in each frame."""
    return camera.pixels_per_unit * np.exp(signals.translation[:, 2])
