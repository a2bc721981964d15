"""One recording: what a tracker saw in one clip, checked, and kept in one file.

Conventions
-----------
Letters: T frames, V points. Landmarks are as the tracker gave them: x / width, y / height, z in the scale of
x; multiply by `width` and `height` before measuring a shape. A frame without a face is NaN, never zero.
The header is one metadata entry, ``amber_id``: JSON with sorted keys, so equal recordings are equal bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id import __version__
from amber_id.errors import FileFormatError
from amber_id.file_formats import read_shapes, read_tensors, validated, write_tensors
from amber_id.recordings.avatar_made import AvatarMade
from amber_id.recordings.frame_rates import FASTEST_HZ, SLOWEST_HZ, check_times

PointSet = Literal["face_landmarker_478", "face_mesh_468"]

POINT_SETS: Mapping[PointSet, int] = {"face_landmarker_478": 478, "face_mesh_468": 468}
"""How many points each point set has."""

LARGEST_SIDE = 100_000
"""How many pixels a picture may be wide or high."""

_SCHEMA = "amber-id/recording/1"
_REQUIRED = {"landmarks", "timestamps", "tracked"}
_OPTIONAL = {"blendshapes", "pose"}

# What no face can be: a value beyond is a damaged one. In 89 clips of 25 people landmarks lie between -0.15
# and 1.04, also where a face is cut off by the edge of the picture, and poses between -96 and 22 cm.
_RANGES: Mapping[str, tuple[float, float]] = {
    "landmarks": (-10.0, 10.0),
    "blendshapes": (-0.01, 1.01),
    "pose": (-1e5, 1e5),
}
_SAME_LENGTH = 0.01


@dataclass(frozen=True)
class Recording:
    """Landmarks over time of one face in one clip.

    `width` and `height` are those of the picture as shown, in square pixels; `fps` is the mean frame rate;
    `timestamps` are seconds, strictly increasing. Blendshapes are coefficients in [0, 1]; a pose is the 4x4
    matrix that maps the tracker's canonical face to its camera. Both are None where the tracker has none.
    `frames_with_several_faces` counts the frames in which this face was chosen among several, `face_switches`
    how often it is not the face that was followed before. `tracked_in_parts` says that the face was too small
    to be found in the whole picture. `damaged_packets` of the video were left out, and
    `guessed_times` frames have a time between their neighbours', since the video gave none.
    `video_sha256` is of the video file's bytes, `picture_hash` of what it shows, as hexadecimal (see
    `tracking/pictures.py`); both are "" where there was no video, or it was tracked before they were kept.
    `avatar` is what made the avatar that the video shows, where that is known. `defence` is what changed the
    motion, as `amber defend` takes it, e.g. ``population:1``, "" where nothing did; such landmarks are drawn
    from coefficients and head pose, on the common mean face.

    Raises
    ------
    ValueError
        If a shape, a type or a value does not fit; the message names the field.
    """

    landmarks: Float32[np.ndarray, "T V 3"]
    timestamps: Float64[np.ndarray, " T"]
    tracked: Bool[np.ndarray, " T"]
    blendshapes: Float32[np.ndarray, "T 52"] | None
    pose: Float32[np.ndarray, "T 4 4"] | None
    clip: str
    subject: str
    source: str
    width: int
    height: int
    fps: float
    tracker: str
    tracker_version: str
    model_sha256: str
    point_set: PointSet
    frames_with_several_faces: int = 0
    face_switches: int = 0
    tracked_in_parts: bool = False
    damaged_packets: int = 0
    guessed_times: int = 0
    video_sha256: str = ""
    picture_hash: str = ""
    avatar: AvatarMade | None = None
    defence: str = ""

    def __post_init__(self) -> None:
        T = len(self.timestamps)
        if self.point_set not in POINT_SETS:
            raise ValueError(f"point_set must be one of {', '.join(POINT_SETS)}, got {self.point_set!r}")
        if T < 2:
            raise ValueError(f"timestamps must have at least 2 frames, got {T}")
        _check_array("timestamps", self.timestamps, (T,), np.float64)
        _check_array("tracked", self.tracked, (T,), np.bool_)
        check_times(self.timestamps, self.fps)
        for name, shape in _frame_shapes(self.point_set).items():
            array = getattr(self, name)
            if array is None and name in _OPTIONAL:
                continue
            _check_array(name, array, (T, *shape), np.float32)
            _check_values(name, array, self.tracked)
        for name in ("width", "height"):
            if not 0 < getattr(self, name) <= LARGEST_SIDE:
                raise ValueError(f"{name} must be 1 to {LARGEST_SIDE:,} pixels, got {getattr(self, name)}")
        for name in ("frames_with_several_faces", "face_switches", "guessed_times"):
            if not 0 <= getattr(self, name) <= T:
                raise ValueError(f"{name} must lie in [0, {T}], got {getattr(self, name)}")
        if self.damaged_packets < 0:
            raise ValueError(f"damaged_packets must not be negative, got {self.damaged_packets}")

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last, which is shown for ``1 / fps``."""
        return float(self.timestamps[-1] - self.timestamps[0]) + 1 / self.fps

    @property
    def tracked_share(self) -> float:
        """Share of the frames that have a face, in [0, 1]."""
        return float(self.tracked.mean())


class RecordingHeader(BaseModel):
    """What the header of a recording file says; `amber_id_version` is the program that wrote it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    amber_id_version: str
    clip: str
    subject: str
    source: str
    frames: int = Field(ge=2)
    tracked_frames: int = Field(ge=0)
    frames_with_several_faces: int = Field(ge=0)
    fps: float = Field(ge=SLOWEST_HZ, le=FASTEST_HZ)
    duration_s: float = Field(gt=0)
    width: int = Field(ge=1, le=LARGEST_SIDE)
    height: int = Field(ge=1, le=LARGEST_SIDE)
    tracker: str
    tracker_version: str
    model_sha256: str
    point_set: PointSet
    face_switches: int = Field(0, ge=0)
    tracked_in_parts: bool = False
    damaged_packets: int = Field(0, ge=0)
    guessed_times: int = Field(0, ge=0)
    video_sha256: str = ""
    picture_hash: str = Field("", pattern="^([0-9a-f]{2})*$")
    avatar: AvatarMade | None = None
    defence: str = ""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "RecordingHeader":
        for name in ("tracked_frames", "frames_with_several_faces", "face_switches", "guessed_times"):
            if getattr(self, name) > self.frames:
                raise ValueError(f"{name} must be at most frames, {self.frames}, got {getattr(self, name)}")
        length_s = self.frames / self.fps
        if abs(self.duration_s - length_s) > 2 * _SAME_LENGTH * length_s:
            raise ValueError(f"duration_s must be frames / fps, {length_s:.6g}, got {self.duration_s:.6g}")
        return self


_SHARED_FIELDS = sorted({f.name for f in fields(Recording)} & set(RecordingHeader.model_fields))


def save_recording(recording: Recording, path: Path) -> None:
    """Write `recording` to `path`, whole or not at all; equal recordings give equal bytes.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written.
    """
    header = RecordingHeader(
        amber_id_version=__version__,
        frames=len(recording.timestamps),
        tracked_frames=int(recording.tracked.sum()),
        duration_s=recording.duration_s,
        **{name: getattr(recording, name) for name in _SHARED_FIELDS},
    )
    arrays = {name: getattr(recording, name) for name in sorted(_REQUIRED | _OPTIONAL)}
    tensors = {name: array for name, array in arrays.items() if array is not None}
    # What is not known is left out, so that such files are the same as before there were these fields.
    write_tensors(path, _SCHEMA, header.model_dump(exclude_defaults=True), tensors)


def load_recording(path: Path, point_set: PointSet | None = None) -> Recording:
    """Read the recording at `path`, and refuse it if `point_set` is given and it has another.

    Raises
    ------
    FileFormatError
        If the file is cut off, no recording, of another schema, or of another point set.
    """
    values, tensors = read_tensors(path, _SCHEMA)
    header = validated(RecordingHeader, values, path)
    if point_set is not None and header.point_set != point_set:
        raise FileFormatError(path, f"expected the point set {point_set}, got {header.point_set}")
    names = set(tensors)
    if not _REQUIRED <= names <= _REQUIRED | _OPTIONAL:
        raise FileFormatError(path, f"expected the arrays of a recording, got {', '.join(sorted(names))}")
    absent = dict.fromkeys(_OPTIONAL - names)
    shared = {name: getattr(header, name) for name in _SHARED_FIELDS}
    try:
        recording = Recording(**tensors, **absent, **shared)  # type: ignore[arg-type]
        _check_counts(header, recording)
    except ValueError as error:
        raise FileFormatError(path, f"is not a valid recording: {error}") from error
    return recording


def read_header(path: Path) -> RecordingHeader:
    """Read the header of the recording at `path` without its arrays.

    Raises
    ------
    FileFormatError
        If the file is cut off, no recording, or of another schema.
    """
    values, shapes = read_shapes(path, _SCHEMA)
    header = validated(RecordingHeader, values, path)
    shape = shapes.get("timestamps", ())
    if shape != (header.frames,):
        raise FileFormatError(path, f"expected timestamps of {header.frames} frames, got shape {shape}")
    return header


def has_blendshapes(path: Path) -> bool:
    """Whether the recording at `path` has coefficients; its arrays are not read. Raises as `read_header`."""
    _, shapes = read_shapes(path, _SCHEMA)
    return "blendshapes" in shapes


def _check_counts(header: RecordingHeader, recording: Recording) -> None:
    """Hold what the header counts against the arrays; raises ValueError."""
    tracked_frames, duration_s = int(recording.tracked.sum()), recording.duration_s
    if header.frames != len(recording.timestamps):
        raise ValueError(f"frames must be {len(recording.timestamps)}, got {header.frames}")
    if header.tracked_frames != tracked_frames:
        raise ValueError(f"tracked_frames must be {tracked_frames}, got {header.tracked_frames}")
    if abs(header.duration_s - duration_s) > _SAME_LENGTH * duration_s:
        raise ValueError(f"duration_s must be {duration_s:.6g}, got {header.duration_s:.6g}")


def _check_array(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    if array.shape != shape or array.dtype != dtype:
        wanted = f"shape {shape} and type {np.dtype(dtype)}"
        raise ValueError(f"{name} must have {wanted}, got {array.shape} and {array.dtype}")


def _check_values(name: str, array: Float32[np.ndarray, "T ..."], tracked: Bool[np.ndarray, " T"]) -> None:
    """Refuse values that no face has."""
    seen = array if tracked.all() else array[tracked]  # mostly all: no copy
    if not np.isnan(array[~tracked]).all():
        raise ValueError(f"{name} must be NaN in frames that are not tracked")
    if not seen.size:
        return
    least, most = float(seen.min()), float(seen.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        raise ValueError(f"{name} must be finite in tracked frames")
    low, high = _RANGES[name]
    if not (low <= least and most <= high):
        far = most if most > high else least
        raise ValueError(f"{name} must lie in [{low:g}, {high:g}], got {far:g}")


def _frame_shapes(point_set: PointSet) -> dict[str, tuple[int, ...]]:
    return {"landmarks": (POINT_SETS[point_set], 3), "blendshapes": (52,), "pose": (4, 4)}
