"""Which stretches of a clip does an attacker see at once?

Windows of fixed length, half overlapping; the last one ends where the segment ends, so that no frame
is left out. A segment shorter than a window is padded with zeros under a mask, which every attacker
must honour: padding must not tell the length of a clip.
"""

import numpy as np
from jaxtyping import Bool, Float


def window_starts(length: int, *, window: int, hop: int) -> list[int]:
    """First frame of each window of a segment; always at least one.

    >>> window_starts(75, window=64, hop=32), window_starts(128, window=64, hop=32)
    ([0, 11], [0, 32, 64])
    >>> window_starts(30, window=64, hop=32)
    [0]
    """
    if length <= window:
        return [0]
    starts = list(range(0, length - window + 1, hop))
    if starts[-1] + window < length:
        starts.append(length - window)
    return starts


def cut_windows(
    segment: Float[np.ndarray, "T V C"], *, window: int, hop: int
) -> tuple[Float[np.ndarray, "N C W V"], Bool[np.ndarray, "N W"]]:
    """All windows of a segment, turned from (T, V, C) to (N, C, T, V), and which frames of them are real."""
    T = len(segment)
    starts = window_starts(T, window=window, hop=hop)
    values = np.zeros((len(starts), window, *segment.shape[1:]), dtype=np.float32)
    mask = np.zeros((len(starts), window), dtype=bool)
    for n, start in enumerate(starts):
        stop = min(start + window, T)
        values[n, : stop - start] = segment[start:stop]
        mask[n, : stop - start] = True
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2)), mask
