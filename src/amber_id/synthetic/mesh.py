"""How do the signals move the points of a face, and what does a tracker add?

The face is the person's own, moved by the measured linear basis; `camera.py` puts it in the picture.
"""

import numpy as np
from jaxtyping import Float, Float32

from amber_id.face_mesh import mean_face
from amber_id.synthetic.fields import face_shape, smooth_in_time
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.rig import ClipSignals

# The movement that the basis does not explain is a slow and a fast one, of the same spectrum in all modes:
# their time constants, and the share of the fast one that is without memory. Measured power per hertz in the
# bands from 0.4, 1, 2, 3.5, 5.5 and 8 Hz: 1, 0.32, 0.145, 0.051, 0.022, 0.012; so within a tenth.
_SLOW_S, _FAST_S, _WHITE_SHARE = 0.16, 0.04, 0.07
# Standard deviations of logarithms of sizes: of all in a clip (measured: 0.38 of a band's, with a correlation
# of 0.6 to 0.7 of slow and fast), of slow and fast, of each mode; and in time, for it comes in bursts.
_CLIP_SPREAD, _PART_SPREAD, _MODE_SPREAD = 0.32, 0.2, 0.3
_BURST_SPREAD, _BURST_S = 0.5, 0.15

# Coefficients are a sigmoid's outputs: their noise is this times sqrt(value * (1 - value)).
_COEFFICIENT_NOISE = 0.03
_COEFFICIENT_S = 0.09


def face_of(shape: Float[np.ndarray, "3 K"]) -> Float[np.ndarray, "478 3"]:
    """The face with this shape and the mean expression, in the mean face's frame."""
    return mean_face() + face_shape(shape) * measured_faces().shape_std


def moved(face: Float[np.ndarray, "478 3"], signals: ClipSignals) -> Float[np.ndarray, "T 478 3"]:
    """The face with the expressions of the signals, unturned."""
    faces = measured_faces()
    # Not `@`: starting threads takes longer than this product does.
    return face + np.einsum("tb,bvc->tvc", signals.blendshapes - faces.mean, faces.basis)


def unexplained_movement(rng: np.random.Generator, T: int, *, fps: float) -> Float32[np.ndarray, "T 478 3"]:
    """What real clips have beyond the basis: errors of the tracker, and movement without a coefficient.

    In the mean face's unit, and of the size that was measured: mean square over clips.
    """
    movement = np.zeros((T, *mean_face().shape), dtype=np.float32)
    for modes, time_constant_s, white in (
        (measured_faces().slow, _SLOW_S, 0.0),
        (measured_faces().fast, _FAST_S, _WHITE_SHARE),
    ):
        K = len(modes)
        sizes = _level(rng, _PART_SPREAD) * _level(rng, _MODE_SPREAD, K)
        signals = np.float32((1 - white) ** 0.5) * smooth_in_time(
            rng, T, K, fps=fps, time_constant_s=time_constant_s
        )
        signals += np.float32(white**0.5) * rng.standard_normal((T, K), dtype=np.float32)
        movement += np.einsum("tk,kvc->tvc", signals * sizes.astype(np.float32), modes.astype(np.float32))
    bursts = smooth_in_time(rng, T, 1, fps=fps, time_constant_s=_BURST_S)[:, :, None]
    size = np.float32(_level(rng, _CLIP_SPREAD)) * np.exp(
        np.float32(_BURST_SPREAD) * bursts - _BURST_SPREAD**2
    )
    return movement * size.astype(np.float32)


def _level(rng: np.random.Generator, spread: float, K: int | None = None) -> Float[np.ndarray, "..."]:
    """Random sizes whose mean square is 1."""
    return np.asarray(rng.lognormal(-(spread**2), spread, K))


def tracked_blendshapes(
    rng: np.random.Generator, signals: ClipSignals, *, fps: float, jitter: float
) -> Float32[np.ndarray, "T 52"]:
    """The coefficients with the tracker's noise; one that is 0 stays 0."""
    true = signals.blendshapes
    noise = smooth_in_time(rng, *true.shape, fps=fps, time_constant_s=_COEFFICIENT_S)
    noisy = true + jitter * _COEFFICIENT_NOISE * np.sqrt(true * (1 - true)) * noise
    return np.clip(noisy, 0, 1).astype(np.float32)
