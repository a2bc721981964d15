"""What would a tracker report of these signals?

The face is the person's own, moved by the measured linear basis, turned about the neck and seen by a camera
without perspective, as the mean face was measured: x and y in the picture, z on the scale of x.

The pose matrix is in MediaPipe's convention: it maps its canonical face, in centimetres, to a camera with 63
degrees of view from top to bottom, y up, that looks along its negative z axis. How the canonical face lies in
the mean face's frame was measured on 89 tracked clips, which have both the matrix and the landmarks.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import mean_face
from amber_id.synthetic.fields import MODES, smooth_in_time, smooth_over_face
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.people import Person
from amber_id.synthetic.rig import ClipSignals

# The joint about which the head turns, in the mean face's frame: below the chin and behind the eyes.
_NECK = np.array([0.0, 1.6, 1.0])

# Of the movement that the basis does not explain, this is without memory, the rest smooth in time. Measured
# correlations after 1/30, 1/10, 1/6 and 3/10 s: 0.89, 0.64, 0.48, 0.20; with these figures 0.90, 0.66, 0.42,
# 0.15.
_WHITE_SHARE = 0.05
_MEMORY_S = 0.09
# Standard deviation, over clips, of the logarithm of its size.
_LEVEL_SPREAD = 0.5

# Coefficients are a sigmoid's outputs: their noise is this times sqrt(value * (1 - value)).
_COEFFICIENT_NOISE = 0.03

_FIELD_OF_VIEW_DEG = 63.0
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


def draw_camera(rng: np.random.Generator, *, width: int = 1280, height: int = 720) -> Camera:
    """A camera before which somebody has sat down: the face near the middle, a third of the picture high."""
    middle = mean_face()[:, :2].min(axis=0) / 2 + mean_face()[:, :2].max(axis=0) / 2
    pixels_per_unit = height / 5.5 * rng.lognormal(0, 0.08)
    centre = np.array([width, height]) * (0.5 + rng.normal(0, 0.03, 2)) - middle * pixels_per_unit
    return Camera(width, height, centre, float(pixels_per_unit))


def tracked_landmarks(
    person: Person, signals: ClipSignals, camera: Camera, noise: Float32[np.ndarray, "T 478 3"]
) -> Float32[np.ndarray, "T 478 3"]:
    """Landmarks as in a recording: x / width, y / height, z / width, with the mean z of each frame at 0.

    `noise` moves the points of the unturned face; see `unexplained_movement`.
    """
    faces = measured_faces()
    # Not `@`: starting threads takes longer than this product does.
    moved = np.einsum("tb,bvc->tvc", signals.blendshapes - faces.mean, faces.basis)
    points = person.face + moved + noise
    placed = _placed(points, signals)
    placed[:, :, 2] -= placed[:, :, 2].mean(axis=1, keepdims=True)
    pixels = placed * _scale(signals, camera)[:, None, None]
    pixels[:, :, :2] += camera.centre
    return (pixels / np.array([camera.width, camera.height, camera.width])).astype(np.float32)


def unexplained_movement(rng: np.random.Generator, T: int, *, fps: float) -> Float32[np.ndarray, "T 478 3"]:
    """What real clips have beyond the basis: errors of the tracker, and movement without a coefficient.

    In the mean face's unit, with the standard deviation that was measured for every point.
    """
    # Some clips are noisier than others; the mean square over clips is what was measured.
    level = rng.lognormal(-(_LEVEL_SPREAD**2), _LEVEL_SPREAD)
    std = (level * measured_faces().residual_std).astype(np.float32)
    smooth = smooth_over_face(smooth_in_time(rng, T, 3, MODES, fps=fps, time_constant_s=_MEMORY_S))
    white = rng.standard_normal((T, *std.shape), dtype=np.float32)
    return std * (np.float32((1 - _WHITE_SHARE) ** 0.5) * smooth + np.float32(_WHITE_SHARE**0.5) * white)


def tracked_blendshapes(
    rng: np.random.Generator, signals: ClipSignals, *, fps: float, jitter: float
) -> Float32[np.ndarray, "T 52"]:
    """The coefficients with the tracker's noise; one that is 0 stays 0."""
    true = signals.blendshapes
    noise = smooth_in_time(rng, *true.shape, fps=fps, time_constant_s=_MEMORY_S)
    noisy = true + jitter * _COEFFICIENT_NOISE * np.sqrt(true * (1 - true)) * noise
    return np.clip(noisy, 0, 1).astype(np.float32)


def pose_matrices(signals: ClipSignals, camera: Camera) -> Float32[np.ndarray, "T 4 4"]:
    """The head's pose in every frame, as MediaPipe gives it; lengths are centimetres."""
    T = len(signals.rotation)
    scale = _scale(signals, camera)
    focal = camera.height / 2 / np.tan(np.radians(_FIELD_OF_VIEW_DEG) / 2)
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


def _placed(points: Float[np.ndarray, "T N 3"], signals: ClipSignals) -> Float[np.ndarray, "T N 3"]:
    """Points turned about the neck and moved, still in the mean face's unit."""
    turn = Rotation.from_rotvec(signals.rotation).as_matrix().transpose(0, 2, 1)
    placed: Float[np.ndarray, "T N 3"] = (points - _NECK) @ turn + _NECK
    placed[:, :, :2] += signals.translation[:, None, :2]
    return placed


def _scale(signals: ClipSignals, camera: Camera) -> Float[np.ndarray, " T"]:
    """Pixels per unit in each frame."""
    return camera.pixels_per_unit * np.exp(signals.translation[:, 2])
