"""How are random signals drawn that are smooth in time, or smooth over the face?

All have mean zero and standard deviation one. The figures below were measured on real clips by
``scripts/measure_blendshape_basis.py``, which prints them; lengths are in the mean face's unit.
"""

from functools import cache

import numpy as np
from jaxtyping import Float, Float32
from scipy.signal import lfilter
from scipy.spatial.distance import cdist

from amber_id.face_mesh import mean_face, mirror_pairs

# People's shapes are alike in neighbouring points. Correlations of
# points of one side that are 0.2, 0.4 and 0.6 apart: measured 0.74 to 0.93, 0.53 to 0.80 and 0.39 to 0.63,
# least in x and most in y; with this length 0.92, 0.73 and 0.49.
_LENGTH = 0.5
# This many modes have more than 99 % of the variance.
MODES = 32

# What of the variance of people's shapes is the same in the mirror, in x, y and z: measured 0.70, 0.97, 0.96.
# On the midline a movement along x is none of it, hence more elsewhere.
_SYMMETRIC_SHARE = np.array([0.88, 0.94, 0.94])
_MIRROR_X = np.array([-1.0, 1.0, 1.0])


def smooth_in_time(
    rng: np.random.Generator, T: int, *channels: int, fps: float, time_constant_s: float
) -> Float32[np.ndarray, "T ..."]:
    """Stationary noise, independent in every channel, whose speed does not jump.

    White noise through two equal first-order low-passes in a row. Where the time constant is long against a
    frame, the correlation after t seconds is ``(1 + a) * exp(-a)`` with ``a = t / time_constant_s``. The same
    numbers drive the same frames whatever the time constant is.
    """
    pole = np.exp(-1 / (fps * time_constant_s))
    # So long that the filter has forgotten that it began at rest.
    warm_up = int(np.ceil(12 * fps * time_constant_s))
    inside = rng.standard_normal((T, *channels), dtype=np.float32)
    white = np.concatenate([rng.standard_normal((warm_up, *channels), dtype=np.float32)[::-1], inside])
    gain = np.sqrt((1 - pole**2) ** 3 / (1 + pole**2))
    # One after the other: rounding does less harm than in one filter of second order. Arrays keep the type.
    low_pass = np.array([1, -pole], dtype=np.float32)
    once = lfilter(np.array([gain], dtype=np.float32), low_pass, white, axis=0)
    smooth: Float32[np.ndarray, "T ..."] = lfilter(np.ones(1, dtype=np.float32), low_pass, once, axis=0)
    return smooth[warm_up:]


def smooth_over_face(white: Float32[np.ndarray, "T 3 K"]) -> Float32[np.ndarray, "T 478 3"]:
    """White noise, `MODES` numbers for each coordinate, made a field that is smooth over the face's points.

    Coordinates are independent; the correlation at the distance d is ``exp(-(d / length)**2 / 2)``. The modes
    with the largest variance make it up (the expansion of Karhunen and Loève).
    """
    return np.moveaxis(white @ _modes().T, -1, -2)


def face_shape(white: Float[np.ndarray, "3 K"]) -> Float[np.ndarray, "478 3"]:
    """White noise made a smooth deformation of the face, as symmetric as those between real people are.

    It is linear, and of variance 1 in every coordinate.
    """
    field = smooth_over_face(white[None].astype(np.float32))[0].astype(np.float64)
    reflection = (field * _MIRROR_X)[mirror_pairs()]
    even, odd = field + reflection, field - reflection
    mixed = np.sqrt(_SYMMETRIC_SHARE) * even + np.sqrt(1 - _SYMMETRIC_SHARE) * odd
    # The two sides are correlated, most at the midline, which makes one of the parts larger there.
    sides = _covariance()[np.arange(len(field)), mirror_pairs()][:, None] * _MIRROR_X
    variance = _SYMMETRIC_SHARE * (2 + 2 * sides) + (1 - _SYMMETRIC_SHARE) * (2 - 2 * sides)
    return mixed / np.sqrt(variance)


@cache
def _covariance() -> Float[np.ndarray, "478 478"]:
    return np.exp(-((cdist(mean_face(), mean_face()) / _LENGTH) ** 2) / 2)


@cache
def _modes() -> Float32[np.ndarray, "478 K"]:
    """The largest modes times the roots of their variances, scaled so that every point's variance is 1."""
    variances, modes = np.linalg.eigh(_covariance())
    modes = modes[:, -MODES:] * np.sqrt(variances[-MODES:])
    # An eigenvector's sign is arbitrary. Weights without symmetry fix it: no mode's sum is then near zero, so
    # that rounding, which differs from machine to machine, cannot turn it.
    modes *= np.sign(np.cos(np.arange(len(modes))) @ modes)
    return (modes / np.linalg.norm(modes, axis=1, keepdims=True)).astype(np.float32)
