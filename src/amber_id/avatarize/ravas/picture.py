"""Where in RAVAS' pictures is the avatar, and in which is there none?

Conventions
-----------
RAVAS draws 1024 x 600 pixels whatever it is asked for, and a frame without a face is all black. The camera
stands still, so one square serves for every avatar of RPM's height (eyes about 1.6 m above the ground). It is
chosen such that the default avatar's face is as large in it, and where, as the built-in engine draws it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from amber_id.tracking.video_file import import_av

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

WIDTH, HEIGHT = 1024, 600
# The square that is cut out: its left and upper edge, and its side.
CROP_LEFT, CROP_TOP, CROP_SIDE = 315, 76, 394

# Mean brightness of the whole picture: about 17 with the smallest avatar, below 1 where all is black.
_BLACK_BELOW = 3.0
_LOOK = 64


def black_frames(video: Path) -> tuple[int, tuple[int, ...]]:
    """How many frames a video has, and the numbers of those that are black.

    Raises
    ------
    MissingDependencyError
        If PyAV is not installed.
    OSError
        If `video` cannot be read; PyAV's own errors are of this kind, or a ValueError.
    """
    black, count = [], 0
    for frame in _frames(video):
        gray = frame.reformat(_LOOK, _LOOK, format="gray", interpolation="AREA").to_ndarray()
        if gray.mean() < _BLACK_BELOW:
            black.append(count)
        count += 1
    return count, tuple(black)


def cropped_frames(video: Path, size: int) -> Iterator[UInt8[np.ndarray, "S S 3"]]:
    """The square about the avatar in each frame, RGB, scaled to `size` pixels.

    Raises
    ------
    MissingDependencyError, OSError
        Under the conditions of `black_frames`.
    """
    av = import_av("avatar")
    rows, columns = slice(CROP_TOP, CROP_TOP + CROP_SIDE), slice(CROP_LEFT, CROP_LEFT + CROP_SIDE)
    for frame in _frames(video):
        square = np.ascontiguousarray(frame.to_ndarray(format="rgb24")[rows, columns])
        cut = av.VideoFrame.from_ndarray(square, format="rgb24")
        yield cut.reformat(size, size, interpolation="BICUBIC").to_ndarray()


def _frames(video: Path) -> "Iterator[VideoFrame]":
    with import_av("avatar").open(str(video)) as container:
        yield from container.decode(video=0)
