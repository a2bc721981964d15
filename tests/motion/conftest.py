"""A face that moves as told, filmed by a camera as told: recordings whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS, SELECTED_POINTS, mean_face
from amber_id.recordings import Recording

Signal = Callable[[np.ndarray], np.ndarray]

MOVING = np.setdiff1d(SELECTED_POINTS, RIGID_POINTS)


def frame_times(fps: float, duration_s: float) -> np.ndarray:
    return np.arange(round(fps * duration_s)) / fps


def talk(times: np.ndarray, *, speed: float = 1.0, seed: int = 0, amplitude: float = 0.02) -> np.ndarray:
    """Every point that is not rigid swings in a direction of its own, at up to 2 Hz: (T, 478, 3)."""
    rng = np.random.default_rng(seed)
    hertz, phase = rng.uniform(0.3, 2.0, len(MOVING)) * speed, rng.uniform(0, 2 * np.pi, len(MOVING))
    direction = rng.normal(size=(len(MOVING), 3)) * amplitude
    swings = np.sin(2 * np.pi * hertz * times[:, None] + phase)
    moved = np.zeros((len(times), 478, 3))
    moved[:, MOVING] = swings[:, :, None] * direction
    return moved


def nod(times: np.ndarray, *, seed: int = 1, amplitude: float = 0.3) -> np.ndarray:
    """Rotation vectors of a head that never holds still: (T, 3), radians."""
    rng = np.random.default_rng(seed)
    return amplitude * np.sin(2 * np.pi * rng.uniform(0.2, 0.8, 3) * times[:, None] + rng.uniform(0, 6, 3))


def still(times: np.ndarray) -> np.ndarray:
    return np.zeros((len(times), 3))


def build_recording(
    *,
    times: np.ndarray | None = None,
    expression: Signal = talk,
    turn: Signal = still,
    shift_px: Signal = still,
    size_px: float | np.ndarray = 150.0,
    centre_px: tuple[float, float] = (320.0, 240.0),
    width: int = 640,
    height: int = 480,
    lost: np.ndarray | None = None,
    shape: np.ndarray | None = None,
    blendshapes: bool = True,
    V: int = 478,
    clip: str = "talking_id001/a",
) -> Recording:
    """Film ``size * (face + expression) @ turn + centre + shift``; `lost` marks the frames without a face."""
    times = frame_times(25, 4) if times is None else times
    T = len(times)
    face = (mean_face() if shape is None else shape) + expression(times)
    rotation = Rotation.from_rotvec(turn(times)).as_matrix()
    size = np.broadcast_to(size_px, (T,))[:, None, None]
    pixels = size * (face @ rotation.transpose(0, 2, 1)) + shift_px(times)[:, None]
    pixels += np.array([*centre_px, 0.0])
    landmarks = (pixels / [width, height, width]).astype(np.float32)[:, :V]
    waves = np.sin(2 * np.pi * np.linspace(0.3, 2, 52) * times[:, None])
    shown = (0.5 + 0.4 * waves).astype(np.float32) if blendshapes else None
    pose = np.broadcast_to(np.eye(4, dtype=np.float32), (T, 4, 4)).copy() if blendshapes else None
    tracked = np.ones(T, bool) if lost is None else ~lost
    for array in (landmarks, shown, pose):
        if array is not None:
            array[~tracked] = np.nan
    return Recording(
        landmarks=landmarks,
        timestamps=times.astype(np.float64),
        tracked=tracked,
        blendshapes=shown,
        pose=pose,
        clip=clip,
        subject="id001",
        source="talking",
        width=width,
        height=height,
        fps=float((T - 1) / (times[-1] - times[0])),
        tracker="made by hand",
        tracker_version="1",
        model_sha256="0" * 64,
        point_set="face_landmarker_478" if V == 478 else "face_mesh_468",
    )


class Studio:
    """What the tests of this folder share."""

    record = staticmethod(build_recording)
    times = staticmethod(frame_times)
    talk = staticmethod(talk)
    nod = staticmethod(nod)
    still = staticmethod(still)
    moving = MOVING

    @staticmethod
    def silent(times: np.ndarray) -> np.ndarray:
        return np.zeros((len(times), 478, 3))

    @staticmethod
    def pixels(recording: Recording) -> np.ndarray:
        size: Any = [recording.width, recording.height, recording.width]
        return recording.landmarks.astype(np.float64) * size


@pytest.fixture
def studio() -> type[Studio]:
    return Studio
