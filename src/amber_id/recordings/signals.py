"""How are the movements of two recordings paired in time, and how alike are they?

Conventions
-----------
Letters: T times, C channels, S signals of a group. Correlations are Pearson's.
What stands still is like nothing: its correlation is 0, and not left out.
Head angles are yaw, pitch and roll in degrees, about the axes in which the rotation is given: y, then x as
turned by it, then z.
"""

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.spatial.transform import Rotation

HEAD_ANGLES = ("yaw", "pitch", "roll")

_SAME_TIME_S = 1e-3  # times are rounded by containers

STILL = 1e-6  # of a standard deviation, in any unit; what rounding makes of a face that does not move


def head_angles(rotations: Float[np.ndarray, "T 3 3"]) -> Float[np.ndarray, "T 3"]:
    """Yaw, pitch and roll of proper rotations, in degrees."""
    return Rotation.from_matrix(rotations).as_euler("YXZ", degrees=True)


def matched(
    times: Float[np.ndarray, " E"], others: Float[np.ndarray, " F"], *, tolerance_s: float
) -> tuple[Bool[np.ndarray, " E"], Bool[np.ndarray, " F"]]:
    """Which times of either side have one of the other within the tolerance, each at most one.

    Both in ascending order. Each takes the earliest that is left, which makes as many pairs as there can be.

    >>> one, other = matched(np.array([1.0, 2.0]), np.array([1.1, 1.15, 2.5]), tolerance_s=0.2)
    >>> one.tolist(), other.tolist()
    ([True, False], [True, False, False])
    """
    matches, taken = np.zeros(len(times), dtype=bool), np.zeros(len(others), dtype=bool)
    j = 0
    for i, time in enumerate(times):
        while j < len(others) and others[j] < time - tolerance_s - 1e-9:
            j += 1
        if j < len(others) and others[j] <= time + tolerance_s + 1e-9:
            matches[i] = taken[j] = True
            j += 1
    return matches, taken


def correlations(one: Float[np.ndarray, "T C"], other: Float[np.ndarray, "T C"]) -> Float[np.ndarray, " C"]:
    """The correlation of each column; 0 where one does not move.

    >>> correlations(np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[3.0, 0.0], [5.0, 1.0]])).round(6).tolist()
    [1.0, 0.0]
    """
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    spreads = [np.sqrt((side**2).mean(axis=0)) for side in (one, other)]
    moving = np.minimum(*spreads) > STILL
    size = np.where(moving, spreads[0] * spreads[1], 1)
    return np.where(moving, np.clip((one * other).mean(axis=0) / size, -1, 1), 0)


def read_at(
    at: Float[np.ndarray, " G"],
    times: Float[np.ndarray, " F"],
    values: Float[np.ndarray, "F C"],
    *,
    longest_gap_s: float,
) -> tuple[Float[np.ndarray, "G C"], Bool[np.ndarray, " G"]]:
    """The values at other times, on straight lines, and where they are known.

    They are known at a frame, and between two that are no further apart than the longest gap.

    >>> _, known = read_at(np.arange(6) / 10, np.array([0.1, 0.2, 0.5]), np.zeros((3, 1)), longest_gap_s=0.2)
    >>> known.tolist()
    [False, True, True, False, False, True]
    """
    readings = np.stack([np.interp(at, times, column) for column in values.T], axis=1)
    after = np.searchsorted(times, at)
    later = times[np.minimum(after, len(times) - 1)]
    earlier = times[np.maximum(after - 1, 0)]
    at_a_frame = np.minimum(np.abs(later - at), np.abs(at - earlier)) <= _SAME_TIME_S
    bridged = (later - earlier <= longest_gap_s) & (at <= times[-1]) & (at >= times[0])
    return readings, bridged | at_a_frame


def all_correlations(
    x: Float32[np.ndarray, "n T S"],
    seen: Float32[np.ndarray, "n T"],
    y: Float32[np.ndarray, "M T S"],
    seen_too: Float32[np.ndarray, "M T"],
    *,
    concordance: bool = False,
) -> Float32[np.ndarray, "n M"]:
    """The correlation of each of n clips with each of M, over S signals together, where both are seen.

    `seen` is 1 or 0, and what is not seen is 0. Signals should vary by about 1 about 0 in a clip. A
    concordance is lower where one clip moves more than the other.
    """
    # What is not seen is 0 already, but for what the other does not see: hence the products with `seen`.
    n, M = len(x), len(y)
    frames = np.maximum(seen @ seen_too.T, 1)
    xy = x.reshape(n, -1) @ y.reshape(M, -1).T
    xx = (x**2).sum(axis=2) @ seen_too.T
    yy = seen @ (y**2).sum(axis=2).T
    for s in range(x.shape[2]):
        x_sum, y_sum = x[:, :, s] @ seen_too.T, seen @ y[:, :, s].T
        xy -= x_sum * y_sum / frames
        xx -= x_sum**2 / frames
        yy -= y_sum**2 / frames
    size = (xx + yy) / 2 if concordance else np.sqrt(np.maximum(xx, 0) * np.maximum(yy, 0))
    # Clips that do not move at all are like no other.
    return xy / np.maximum(size, np.float32(1e-3))
