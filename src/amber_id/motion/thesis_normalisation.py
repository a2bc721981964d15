"""What did the network of the master thesis see of a clip?

Features as *Assessing Privacy of Anonymized Video* (TU Berlin, 2025) made them, rebuilt from their
description so that its numbers can be compared. They are kept as published, weaknesses included:

- x / width and y / height, as the tracker gives them: a face has another shape in 16:9 and in 4:3;
- frames without a face are interpolated, each coordinate on a straight line, at the ends held;
- one box for the clip, from the 2 % and 98 % quantiles of x and of y over all frames and the landmarks that
  are shown; its centre and its larger side place the face, whose shape and whose pose within the clip stay;
- dx, dy are the differences of consecutive frames, zero in the first;
- all clips are brought to 71 frames by the Fourier method, whatever their length: speed depends on it;
- x and y are multiplied by 10, dx and dy by 20.

In training 64 consecutive frames of the 71 are shown, from a random one on; otherwise 64 that are spread over
all. One thing differs: a clip without any face is a failure to acquire, and was zeros.
"""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.signal import resample

CLIP_FRAMES = 71  # of every clip
WINDOW_FRAMES = 64  # of them that are shown
_QUANTILES = (0.02, 0.98)  # ends of the box
_SMALLEST_BOX = 1e-6
_POSITION_FACTOR, _CHANGE_FACTOR = 10.0, 20.0


def frames_shown() -> Int[np.ndarray, " T"]:
    """Which of the 71 frames are shown outside of training.

    >>> shown = frames_shown()
    >>> len(shown), shown[:11].tolist(), int(shown[-1])
    (64, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11], 70)
    """
    return np.linspace(0, CLIP_FRAMES - 1, WINDOW_FRAMES).astype(int)


def thesis_clip(
    points: Float[np.ndarray, "F V 2"], tracked: Bool[np.ndarray, " F"]
) -> tuple[Float[np.ndarray, "T V 2"], Float[np.ndarray, "T V 2"]]:
    """Positions and changes of a clip's landmarks, in 71 frames.

    Parameters
    ----------
    points
        x / width and y / height of the landmarks that are shown; anything in frames without a face.
    tracked
        Which frames have a face; one at least.
    """
    filled = _filled(points.astype(np.float64), tracked)
    low, high = np.quantile(filled, _QUANTILES, axis=(0, 1))
    placed = (filled - (low + high) / 2) / max(float((high - low).max()), _SMALLEST_BOX)
    changes = np.diff(placed, axis=0, prepend=placed[:1])
    return (
        _POSITION_FACTOR * resample(placed, CLIP_FRAMES, axis=0),
        _CHANGE_FACTOR * resample(changes, CLIP_FRAMES, axis=0),
    )


def _filled(points: Float[np.ndarray, "F V 2"], tracked: Bool[np.ndarray, " F"]) -> np.ndarray:
    """Fill frames without a face by straight lines; before the first and after the last face they rest."""
    known = np.flatnonzero(tracked)
    frame = np.arange(len(points))
    after = np.clip(np.searchsorted(known, frame), 0, len(known) - 1)
    before = np.clip(np.searchsorted(known, frame, side="right") - 1, 0, len(known) - 1)
    gap = known[after] - known[before]
    share = np.where(gap > 0, frame - known[before], 0) / np.maximum(gap, 1)
    return points[known[before]] + share[:, None, None] * (points[known[after]] - points[known[before]])
