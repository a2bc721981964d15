"""Which stretches of a clip does an attacker see at once?

Windows of fixed length, half overlapping; the last one ends where the segment ends, so that no frame
is left out. A segment shorter than a window is padded with zeros under a mask, which every attacker
must honour: padding must not tell the length of a clip.
"""

import numpy as np
from jaxtyping import Bool, Float, Int


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
    segment: Float[np.ndarray, "T C V"], *, read: Int[np.ndarray, " W"], hop: int
) -> tuple[Float[np.ndarray, "N C W V"], Bool[np.ndarray, "N W"]]:
    """All windows of a segment, turned from (T, C, V) to (N, C, T, V), and which frames of them are real.

    `read` are the frames of a window from its first on, ascending from zero.
    """
    window = int(read[-1]) + 1
    starts = np.array(window_starts(len(segment), window=window, hop=hop))
    return gather_windows(segment, starts, np.full(len(starts), min(window, len(segment))), read=read)


def gather_windows(
    frames: Float[np.ndarray, "F C V"],
    first: Int[np.ndarray, " N"],
    length: Int[np.ndarray, " N"],
    *,
    read: Int[np.ndarray, " W"],
) -> tuple[Float[np.ndarray, "N C W V"], Bool[np.ndarray, "N W"]]:
    """Windows that begin at the frames `first` and have `length` real frames, zeros after them."""
    mask = read < length[:, None]
    rows = np.where(mask, first[:, None] + read, 0)
    values = frames[rows] * mask[:, :, None, None]
    return np.ascontiguousarray(values.transpose(0, 2, 1, 3)), mask
