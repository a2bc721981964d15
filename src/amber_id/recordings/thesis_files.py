"""What can be had back from the thesis' own landmark files?

Its ``landmarks2.py`` wrote for each video ``<clip>.npy`` (71, 152, 4): x and y of the selected points in
ascending order and their change from frame to frame, centred and divided by one length per clip, and brought
to 71 frames by a Fourier resampling. Beside it stood ``<clip>.npz``, here its *meta file*, with ``orig_T``,
``fps``, ``center``, ``scale_used`` and ``target_scale``.

With the meta file the places in the picture come back, and the 71 frames lie evenly over the video's length,
as the resampling has them; the video's own frames do not come back, nor those without a face, which were
interpolated. Without it the face stands in the middle of the picture, half as large as it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from amber_id.errors import FileFormatError
from amber_id.npz_archives import open_arrays
from amber_id.recordings.array_files import NUMPY_FILE, single_number

CHANNELS = 4

_META_NAMES = {"orig_T", "center", "scale_used", "target_scale"}
_LARGEST_META = 1 << 20  # bytes: single numbers
_MADE_UP_CENTRE, _MADE_UP_SCALE = 0.5, 0.5


@dataclass(frozen=True)
class ThesisMeta:
    """What a meta file says: the video's frames and rate (None if not known), the box of the face."""

    frames: int
    fps: float | None
    centre: Float[np.ndarray, " 2"]
    scale: float


def read_thesis_meta(path: Path) -> ThesisMeta:
    """Read a meta file.

    Raises
    ------
    FileFormatError
        If it cannot be read, or a value is missing or makes no sense.
    """
    with open_arrays(path, NUMPY_FILE, _LARGEST_META) as file:
        missing = ", ".join(sorted(_META_NAMES - set(file.names)))
        if missing:
            raise FileFormatError(path, f"expected the thesis' meta file, got an archive without {missing}")
        arrays = {name: file.read(name) for name in sorted(_META_NAMES)}
        # A rate that OpenCV did not know was written as a pickled None.
        if "fps" in file.names and not file.head("fps").dtype.hasobject:
            arrays["fps"] = file.read("fps")
    frames = single_number(path, "orig_T", arrays["orig_T"])
    scale = single_number(path, "scale_used", arrays["scale_used"])
    scale /= single_number(path, "target_scale", arrays["target_scale"])
    if frames < 1 or not 0 < scale < float("inf"):
        got = f"{frames:g} and {scale:g}"
        raise FileFormatError(path, f"expected a number of frames and a scale, got {got}")
    centre = arrays["center"]
    if centre.shape != (2,) or centre.dtype.kind not in "fiu" or not np.isfinite(centre).all():
        got = f"{centre.dtype} of shape {centre.shape}"
        raise FileFormatError(path, f"expected two numbers in center, got {got}")
    fps = single_number(path, "fps", arrays["fps"]) if "fps" in arrays else None
    return ThesisMeta(round(frames), fps, centre.astype(np.float64), scale)


def restored_places(
    boxed: Float[np.ndarray, "T 152 4"], meta: ThesisMeta | None
) -> Float[np.ndarray, "T 152 2"]:
    """Shares of the picture's width and height, made up as the module says where `meta` is None."""
    places = boxed[:, :, :2].astype(np.float64)
    if meta is None:
        return _MADE_UP_CENTRE + _MADE_UP_SCALE * places
    return meta.centre + meta.scale * places
