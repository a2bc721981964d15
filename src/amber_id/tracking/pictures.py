"""What does a video show, in so few bits that copies can be found by them?

A difference hash: a picture, in grey, is divided into 16 by 17 and into 17 by 16 fields, and each bit says
which of two neighbouring fields is brighter, from left to right and from top to bottom. So brightness, size
and coding change few bits. A clip has the bits of five moments, a tenth, three tenths, ... of its frames in.

After N. Krawetz, "Kind of like that", 2013, who has one direction and 8 by 8 bits; with twice 16 by 16,
copies and strangers are further apart (docs/leaks.md).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, UInt8

MOMENTS = 5

_FIELDS = 16
_ENOUGH = 256  # pixels on the shorter side; of larger pictures every second, third, ... is read


def picture_bits(rgb: UInt8[np.ndarray, "H W 3"]) -> Bool[np.ndarray, " B"]:
    """The bits of one picture; none where it has fewer pixels than fields."""
    if min(rgb.shape[:2]) <= _FIELDS:
        return np.zeros(0, dtype=bool)
    step = max(1, min(rgb.shape[:2]) // _ENOUGH)
    grey = rgb[::step, ::step, 1]  # green, which is most of how bright something looks
    wide, high = _fields(grey, _FIELDS, _FIELDS + 1), _fields(grey, _FIELDS + 1, _FIELDS)
    across, down = wide[:, 1:] > wide[:, :-1], high[1:] > high[:-1]
    return np.concatenate([across.ravel(), down.ravel()])


def hash_of_pictures(frames: Sequence[Bool[np.ndarray, " B"]]) -> str:
    """The bits of five moments of a clip, as hexadecimal; one frame at least."""
    places = ((np.arange(MOMENTS) + 0.5) / MOMENTS * len(frames)).astype(int)
    return np.packbits(np.concatenate([frames[i] for i in places])).tobytes().hex()


def _fields(grey: UInt8[np.ndarray, "H W"], rows: int, columns: int) -> Float32[np.ndarray, "R C"]:
    """The mean of each field."""
    H, W = grey.shape
    top, left = np.arange(rows) * H // rows, np.arange(columns) * W // columns
    sums = np.add.reduceat(np.add.reduceat(grey, top, axis=0, dtype=np.float32), left, axis=1)
    sizes = np.outer(np.diff(top, append=H), np.diff(left, append=W))
    return (sums / sizes).astype(np.float32)
