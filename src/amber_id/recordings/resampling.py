"""What would the signal be at a fixed rate, and where may one not know?

A clip is cut into segments where the face was lost for longer than a short gap; within a segment short
gaps are interpolated. Every segment is then read at a fixed rate in seconds, so that frame rates and
clip lengths leave no trace in the time axis: each value is the mean of the linearly interpolated signal over
one target period. The mean keeps the jitter of a fast source from being aliased, and it is taken of slow
sources too: reading some sources as they are and others between their frames would smooth the tracker's
jitter by an amount that tells one frame rate from another. No FFT: its ringing spreads over the whole clip.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

SHORTEST_S = 1.0
"""From how long on a tracked stretch of a clip is used, unless something else is asked for."""

LONGEST_LOSS_S = 0.2
"""A longer loss of the face divides a clip into stretches, unless something else is asked for."""

_SHORTER_ALLOWED_S = 2e-3  # for timestamps in whole milliseconds

MOST_SAMPLES = 500_000
"""How many samples one stretch is read at: five and a half hours at 25 Hz."""


def tracked_segments(
    timestamps: Float[np.ndarray, " T"], tracked: Bool[np.ndarray, " T"], *, longest_gap_s: float
) -> Iterator[Int[np.ndarray, " F"]]:
    """Frame indices of each stretch in which the face is never lost for longer than `longest_gap_s`.

    Only tracked frames are listed. In a slow video, two frame periods are always bridged.

    >>> t = np.arange(8) / 10
    >>> seen = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    >>> [s.tolist() for s in tracked_segments(t, seen, longest_gap_s=0.2)]
    [[0, 1, 3], [7]]
    """
    frames = np.flatnonzero(tracked)
    if len(frames) == 0:
        return
    period = float(np.median(np.diff(timestamps))) if len(timestamps) > 1 else 0.0
    bridged = max(longest_gap_s, 2 * period) + 1e-6
    cuts = np.flatnonzero(np.diff(timestamps[frames]) > bridged) + 1
    yield from np.split(frames, cuts)


def resample(
    values: Float[np.ndarray, "F ..."], timestamps: Float[np.ndarray, " F"], *, rate_hz: float
) -> Float[np.ndarray, "T ..."]:
    """The signal about ``timestamps[0] + k / rate_hz``, for every k up to the last timestamp.

    Raises
    ------
    ValueError
        If there are more than `MOST_SAMPLES` such times.

    Examples
    --------
    >>> resample(np.array([0.0, 1.0, 4.0]), np.array([0.0, 0.1, 0.4]), rate_hz=20.0).round(2).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    if len(timestamps) < 2:
        return values[: len(timestamps)]
    length_s = timestamps[-1] - timestamps[0]
    if not length_s * rate_hz < MOST_SAMPLES:
        raise ValueError(
            f"expected at most {MOST_SAMPLES:,} samples, got {length_s:.6g} s at {rate_hz:g} Hz; cut the clip"
        )
    # The small allowance keeps a last frame whose timestamp was rounded down to a hair before the grid.
    at = timestamps[0] + np.arange(int(np.floor(length_s * rate_hz + 1e-3)) + 1) / rate_hz
    at = np.minimum(at, timestamps[-1])
    return _window_means(values, timestamps, at, width_s=1 / rate_hz)


def stretch_s(times: Float[np.ndarray, " F"], fps: float) -> float:
    """Seconds from the first of some frames to the end of the last, which is shown for a frame period."""
    return float(times[-1] - times[0]) + 1 / fps


def long_enough(length_s: float, shortest_s: float) -> bool:
    """Whether a stretch of so many seconds is used where the shortest is to have `shortest_s`."""
    return length_s >= shortest_s - _SHORTER_ALLOWED_S


def too_short(longest_s: float, shortest_s: float) -> str:
    """Why a clip is of no use whose longest stretch has so many seconds, in a clause; nothing where it is."""
    if long_enough(longest_s, shortest_s):
        return ""
    return f"longest tracked stretch is {longest_s:.2f} s, at least {shortest_s:g} s needed"


def interpolate(
    values: Float[np.ndarray, "F ..."], timestamps: Float[np.ndarray, " F"], at: Float[np.ndarray, " T"]
) -> Float[np.ndarray, "T ..."]:
    """The signal at other times, on straight lines between its two or more frames."""
    right = np.clip(np.searchsorted(timestamps, at, side="right"), 1, len(timestamps) - 1)
    left = right - 1
    share = (at - timestamps[left]) / (timestamps[right] - timestamps[left])
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return values[left] * (1 - share) + values[right] * share


def _window_means(
    values: Float[np.ndarray, "F ..."],
    timestamps: Float[np.ndarray, " F"],
    at: Float[np.ndarray, " T"],
    *,
    width_s: float,
) -> Float[np.ndarray, "T ..."]:
    """Mean over a window around each time of the piecewise-linear signal.

    Towards the ends of the signal the window narrows from both sides, to the value itself at an end: cut
    from one side only, it would delay or hasten the signal there, by an amount that tells the source's rate.
    """
    steps = np.diff(timestamps).reshape(-1, *[1] * (values.ndim - 1))
    trapezoids = (values[1:] + values[:-1]) / 2 * steps
    integral = np.concatenate([np.zeros_like(values[:1]), np.cumsum(trapezoids, axis=0)])

    def integral_at(times: Float[np.ndarray, " T"]) -> Float[np.ndarray, "T ..."]:
        left = np.clip(np.searchsorted(timestamps, times, side="right") - 1, 0, len(timestamps) - 2)
        since = (times - timestamps[left]).reshape(-1, *[1] * (values.ndim - 1))
        return integral[left] + (values[left] + interpolate(values, timestamps, times)) / 2 * since

    halves = np.minimum(width_s / 2, np.minimum(at - timestamps[0], timestamps[-1] - at))
    wide = halves > width_s * 1e-3
    means = interpolate(values, timestamps, at)
    begin, end = at[wide] - halves[wide], at[wide] + halves[wide]
    widths = (end - begin).reshape(-1, *[1] * (values.ndim - 1))
    means[wide] = (integral_at(end) - integral_at(begin)) / widths
    return means
