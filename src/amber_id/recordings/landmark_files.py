"""What is needed to make a recording of landmarks that another program wrote?

Conventions
-----------
A file holds (T, V, C) numbers: V is 478 or 468 points in MediaPipe's order, C is x, y or x, y, z, as
MediaPipe gives them: x / width, y / height, z in the scale of x. Or 152 x 4, the thesis' own, see
`thesis_files.py`. An ``.npz`` may hold `fps`, `width`, `height` and `timestamps` beside `landmarks`, and is
believed before what is stated about it. A frame is without a face where a number of it is not finite, or all
are 0. Where there is no depth (z missing, or constant), it is that of a fitted mean face, see `face_fit.py`.
Depth with the wrong sign or unit is mended or refused, see `depth_check.py`. The header's `tracker` says so.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.corpora import Clip, what_it_is
from amber_id.errors import ClipError, FileFormatError
from amber_id.face_mesh import SELECTED_POINTS
from amber_id.npz_archives import LARGEST_ARRAYS, ONLY, ArrayFile, open_arrays
from amber_id.quoting import one_line
from amber_id.recordings.array_files import NUMPY_FILE, single_number
from amber_id.recordings.frame_rates import FASTEST_HZ, SLOWEST_HZ
from amber_id.recordings.imported_faces import check_far, check_inside, in_depth
from amber_id.recordings.recording import LARGEST_SIDE, POINT_SETS, PointSet, Recording
from amber_id.recordings.resampling import SHORTEST_S
from amber_id.recordings.thesis_files import CHANNELS as THESIS_CHANNELS
from amber_id.recordings.thesis_files import ThesisMeta, restored_places

UNKNOWN = "unknown"  # the tracker's version and model, which no file of arrays tells

_POINT_SET_OF: dict[int, PointSet] = {number: name for name, number in POINT_SETS.items()}
_SHORTER_SIDE = 720  # of a picture of which only the aspect is known
_BESIDE = ("fps", "width", "height", "timestamps")  # in an archive, what is not landmarks
_BYTES_OF_NUMBER = 8  # whatever a file has, it is made float64
_LONGEST_NAMES = 200
_logger = logging.getLogger("amber_id")

_Pixels = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
_Part = Annotated[float, Field(gt=0)]


class ImportConfig(BaseModel):
    """What is stated about landmark files that do not say it themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fps: float | None = Field(None, ge=SLOWEST_HZ, le=FASTEST_HZ)  # rows per second
    size: tuple[_Pixels, _Pixels] | None = None  # width and height of the pictures
    aspect: tuple[_Part, _Part] | None = None  # width to height, where the size is not known
    pixels: bool = False  # x, y and z are in pixels, not shares of the picture
    tracker: str = Field("unknown tracker", min_length=1)  # what made the landmarks
    shortest_s: float = Field(SHORTEST_S, gt=0)  # clips without a tracked stretch of it are named

    @model_validator(mode="after")
    def _one_shape(self) -> "ImportConfig":
        if self.size is not None and self.aspect is not None:
            raise ValueError("give the size of the pictures or their aspect, not both")
        if self.pixels and self.aspect is not None:
            raise ValueError("pixels need the size of the pictures, an aspect is not enough")
        return self


@dataclass(frozen=True)
class StatedOfClip:
    """What a table states about one clip; None where it does not."""

    fps: float | None = None
    width: int | None = None
    height: int | None = None

    def over(self, other: "StatedOfClip") -> "StatedOfClip":
        """What this states, and what the other does of which this says nothing."""
        size = self if self.width is not None else other
        return StatedOfClip(self.fps or other.fps, size.width, size.height)


@dataclass(frozen=True)
class LandmarkFile:
    """What one file holds: (T, V, C) numbers, seconds if it has them, and what it says about itself.

    `remark` is what of it could not be read, in clauses.
    """

    landmarks: Float64[np.ndarray, "T V C"]
    timestamps: Float64[np.ndarray, " T"] | None = None
    stated: StatedOfClip = StatedOfClip()
    remark: str = ""

    @property
    def is_thesis(self) -> bool:
        """Whether these are the thesis' own numbers: boxed, and with their changes."""
        return self.landmarks.shape[2] == THESIS_CHANNELS


def read_landmark_file(path: Path) -> LandmarkFile:
    """Read an ``.npy`` or ``.npz`` file of landmarks.

    Raises
    ------
    FileFormatError
        If it cannot be read, holds Python objects, or an array is not of the shape that it must have.
    """
    with open_arrays(path, NUMPY_FILE) as file:
        landmarks = _landmarks_in(file)
        # Others are not asked for, and not read.
        arrays = {name: file.read(name) for name in _BESIDE if name in file.names}
    timestamps = arrays.get("timestamps")
    if timestamps is not None and (
        timestamps.dtype.kind not in "fiu" or timestamps.shape != landmarks.shape[:1]
    ):
        raise FileFormatError(
            path,
            f"expected a number per frame in timestamps, got {timestamps.dtype} of shape {timestamps.shape}",
        )
    numbers = {
        key: single_number(path, key, arrays[key]) for key in ("fps", "width", "height") if key in arrays
    }
    if ("width" in numbers) != ("height" in numbers):
        raise FileFormatError(path, "expected width and height, or neither, got one of them")
    sides = {key: pixels_of(path, key, value) for key, value in numbers.items() if key != "fps"}
    return LandmarkFile(
        landmarks.astype(np.float64, copy=False),
        None if timestamps is None else timestamps.astype(np.float64),
        StatedOfClip(numbers.get("fps"), **sides),
    )


def pixels_of(path: Path, name: str, value: float) -> int:
    """A side of a picture; raises FileFormatError where no picture has it."""
    if not 1 <= value <= LARGEST_SIDE:
        raise FileFormatError(path, f"expected 1 to {LARGEST_SIDE:,} pixels in {name}, got {value:g}")
    return round(value)


def _landmarks_in(file: ArrayFile) -> np.ndarray:
    """The landmarks of an open file; raises FileFormatError where there are none, before any is read."""
    name = "landmarks" if "landmarks" in file.names else ONLY
    if name not in file.names:
        got = one_line(", ".join(sorted(file.names)), _LONGEST_NAMES) or "an empty archive"
        raise FileFormatError(
            file.path, f"expected an array landmarks in the archive, got {got}{_other_program(file.path)}"
        )
    shape, dtype, _ = file.head(name)
    if not dtype.hasobject and (dtype.kind not in "fiu" or not _known_shape(shape)):
        raise FileFormatError(
            file.path,
            "expected numbers of shape (frames, 468 or 478, 2 or 3), or the thesis' (71, 152, 4), "
            f"got {dtype} of shape {shape}",
        )
    if math.prod(shape) * _BYTES_OF_NUMBER > LARGEST_ARRAYS:
        most = LARGEST_ARRAYS // (_BYTES_OF_NUMBER * math.prod(shape[1:]))
        raise FileFormatError(
            file.path, f"expected at most {most:,} frames, got {shape[0]:,}; divide the clip"
        )
    return file.read(name)


def recording_of_landmarks(
    file: LandmarkFile,
    clip: Clip,
    config: ImportConfig,
    stated: StatedOfClip = StatedOfClip(),
    meta: ThesisMeta | None = None,
) -> Recording:
    """The recording that a landmark file makes; it goes before `stated`, and that before `config`.

    `meta` is what the thesis' meta file says of a clip, for files of the thesis alone. What was mended, or
    looks wrong, is logged.

    Raises
    ------
    ClipError
        If frame rate or picture are not known, no frame has a face, or the points are not those of a face as
        MediaPipe orders and scales them.
    """
    recording, warning = recording_with_warning(file, clip, config, stated, meta)
    if warning:
        _logger.warning("%s: %s", clip.id, warning)
    return recording


def recording_with_warning(
    file: LandmarkFile, clip: Clip, config: ImportConfig, stated: StatedOfClip, meta: ThesisMeta | None
) -> tuple[Recording, str]:
    """The recording as of `recording_of_landmarks`, and what was mended or looks wrong."""
    width, height = _picture(file, clip, config, stated)
    timestamps, fps = _times(file, clip, stated.fps or config.fps, meta)
    landmarks, boxed = _without_empty_depth(file.landmarks), file.is_thesis
    tracked = np.isfinite(landmarks).all(axis=(1, 2)) & (landmarks != 0).any(axis=(1, 2))
    if not tracked.any():
        raise ClipError(clip.id, f"no face in any of {len(tracked)} frames: not finite, or 0, in all of them")
    seen = landmarks[tracked]
    if boxed:
        seen = restored_places(seen, meta)
    elif config.pixels:
        seen = seen / np.array([width, height, width])[: seen.shape[2]]
    check_inside(seen[:, :, :2], clip, pixels=config.pixels and not boxed)
    check_far(seen, np.flatnonzero(tracked), clip)
    deep = in_depth(seen, width, height, clip)
    tracked[tracked] = deep.good
    filled = np.full((len(tracked), *deep.points.shape[1:]), np.nan, np.float32)
    filled[tracked] = deep.points[deep.good]
    how = deep.how
    warning = "; ".join(part for part in (file.remark, deep.warning) if part)
    if boxed:
        how += "; brought to another number of frames by the thesis, frames without a face interpolated"
        how += "" if meta else "; place and size in the picture made up"
    try:
        recording = Recording(
            landmarks=filled,
            timestamps=timestamps,
            tracked=tracked,
            blendshapes=None,
            pose=None,
            clip=clip.id,
            subject=clip.subject,
            source=clip.source,
            width=width,
            height=height,
            fps=fps,
            tracker=f"{config.tracker}, imported{how}",
            tracker_version=UNKNOWN,
            model_sha256=UNKNOWN,
            point_set=_POINT_SET_OF[deep.points.shape[1]],
        )
    except ValueError as error:
        raise ClipError(clip.id, str(error)) from error
    return recording, warning


def _without_empty_depth(landmarks: Float64[np.ndarray, "T V C"]) -> Float64[np.ndarray, "T V D"]:
    """The two numbers of a place alone where the third is never one: how some write that they have none."""
    if landmarks.shape[2] == 3 and not np.isfinite(landmarks[:, :, 2]).any():
        return landmarks[:, :, :2]
    return landmarks


def _other_program(path: Path) -> str:
    known = what_it_is(path)
    return f"; it {known}" if known and "landmarks are taken" not in known else ""


def _known_shape(shape: tuple[int, ...]) -> bool:
    if len(shape) != 3:
        return False
    return (shape[1] in _POINT_SET_OF and shape[2] in (2, 3)) or shape[1:] == (
        len(SELECTED_POINTS),
        THESIS_CHANNELS,
    )


def _picture(file: LandmarkFile, clip: Clip, config: ImportConfig, stated: StatedOfClip) -> tuple[int, int]:
    """Width and height in pixels; of an aspect alone, with a shorter side that is made up."""
    for source in (file.stated, stated):
        if source.width is not None and source.height is not None:
            return source.width, source.height
    if config.size is not None:
        return config.size
    if config.aspect is None:
        raise ClipError(
            clip.id, "nothing says how wide its picture is for its height; give --aspect or --size"
        )
    return size_of_aspect(*config.aspect)


def size_of_aspect(across: float, down: float) -> tuple[int, int]:
    """Width and height in pixels of a picture of which only the aspect is known; its shorter side is made up.

    >>> size_of_aspect(4.0, 3.0)
    (960, 720)
    """
    unit = _SHORTER_SIDE / min(across, down)
    return round(across * unit), round(down * unit)


def _times(
    file: LandmarkFile, clip: Clip, stated_fps: float | None, meta: ThesisMeta | None
) -> tuple[Float64[np.ndarray, " T"], float]:
    """Seconds of each row, and rows per second."""
    T = len(file.landmarks)
    if T < 2:
        raise ClipError(clip.id, f"only {T} frame; at least 2 needed")
    if file.timestamps is not None:
        steps = np.diff(file.timestamps)
        if not (np.isfinite(file.timestamps).all() and (steps > 0).all()):
            raise ClipError(clip.id, "its timestamps must be finite and strictly increasing")
        fps = (T - 1) / float(file.timestamps[-1] - file.timestamps[0])
        return file.timestamps, _plausible(fps, clip, "its timestamps make", "; they must be seconds")
    known = (meta.fps if meta else None) or file.stated.fps or stated_fps
    if known is None:
        raise ClipError(clip.id, "nothing says how many frames a second it has; give --fps or a --table")
    # The thesis' resampling lays its rows evenly over the video: row k is at frame k * frames / T.
    fps = _plausible(known * (T / meta.frames if meta else 1), clip, "it has", "")
    return np.arange(T) / fps, fps


def _plausible(fps: float, clip: Clip, what: str, advice: str) -> float:
    if not SLOWEST_HZ <= fps <= FASTEST_HZ:
        expected = f"expected {SLOWEST_HZ:g} to {FASTEST_HZ:g}"
        raise ClipError(clip.id, f"{what} {fps:.3g} frames a second, {expected}{advice}")
    return fps
