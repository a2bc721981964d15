"""Which times can the frames of a clip have?

A file may state any time, also one that no camera gave. What is read at a fixed rate is as long as its times
say, so times beyond reason would cost hours and gigabytes: they are refused where a clip is tracked, where
landmarks are imported, and where a recording is read.
"""

import numpy as np
from jaxtyping import Float

SLOWEST_HZ, FASTEST_HZ = 1.0, 1000.0
"""The frame rates that a clip, or what is made of it, may have."""

LONGEST_GAP_S = 600.0
"""How far apart two frames may be: a recorder that paused for longer made two clips."""

LONGEST_CLIP_S = 24 * 3600.0
"""How long a clip may be."""

_LATEST_S = 1e10  # in either direction; seconds since 1970 are still below
_SAME_RATE = 0.01


def check_times(timestamps: Float[np.ndarray, " T"], fps: float) -> None:
    """Refuse times of two or more frames, in seconds, and a mean rate, that no camera gives.

    Raises
    ------
    ValueError
        If a time is not finite or not later than the one before; the rate lies outside `SLOWEST_HZ` to
        `FASTEST_HZ`, or is not that of the times; two frames are farther apart than `LONGEST_GAP_S`, or the
        first and the last than `LONGEST_CLIP_S`.
    """
    steps = np.diff(timestamps)
    if not (np.isfinite(timestamps).all() and (steps > 0).all()):
        raise ValueError("timestamps must be finite and strictly increasing")
    latest = float(np.abs(timestamps[[0, -1]]).max())
    if latest > _LATEST_S:
        raise ValueError(f"timestamps must be seconds, at most {_LATEST_S:g}, got {latest:g}")
    gap_s = float(steps.max())
    if gap_s > LONGEST_GAP_S:
        where = int(steps.argmax()) + 1
        raise ValueError(
            f"expected frames at most {LONGEST_GAP_S:g} s apart, got {gap_s:.6g} s after frame {where}"
        )
    length_s = float(timestamps[-1] - timestamps[0])
    if length_s > LONGEST_CLIP_S:
        raise ValueError(f"expected at most {LONGEST_CLIP_S / 3600:g} hours, got {length_s / 3600:.1f}")
    mean = len(steps) / length_s
    for rate in (fps, mean):
        if not SLOWEST_HZ <= rate <= FASTEST_HZ:
            raise ValueError(f"expected {SLOWEST_HZ:g} to {FASTEST_HZ:g} frames a second, got {rate:.6g}")
    if abs(fps - mean) > _SAME_RATE * mean:
        raise ValueError(f"fps must be the mean rate of the timestamps, {mean:.6g}, got {fps:.6g}")
