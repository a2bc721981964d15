"""The features of all clips of a set of recordings under one configuration, in one file beside them.

Each clip is computed once, whoever asks for it first and with whichever others: a fold, a partition, or a
control with other labels is a selection of the file, which is mapped into memory and not read. A clip whose
recording has changed is computed again, and so are all where the file is damaged. It may be deleted at any
time. `feature_pass.py` computes what is missing.
"""

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict

import amber_id.recordings
from amber_id.errors import FileFormatError
from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.motion.features import FeatureConfig, in_channels, vertex_graph

_SCHEMA = "amber-id/features/3"
_TABLES = ("segment_first", "segment_length", "segment_clip")
_FOLDER = ".features"

MOST_FILES = 8
"""How many files there are beside one set of recordings, each of a configuration; the oldest are deleted."""

_AT_ONCE = 10_000  # frames
_FINITE: set[tuple[Path, int, int, int]] = set()  # states of files whose features are

_logger = logging.getLogger("amber_id")


@dataclass(frozen=True)
class StoredClip:
    """A clip of which the features are known, or the reason why it has none."""

    clip: str
    path: str  # of its recording, from the folder of the recordings
    sha256: str  # of its recording
    reason: str | None


@dataclass(frozen=True)
class StoredFeatures:
    """What the file holds.

    Segment s, a stretch of ``clips[segment_clip[s]]``, is ``segment_length[s]`` frames from
    ``frames[segment_first[s]]`` on; a clip's segments are adjacent.
    """

    frames: Float[np.ndarray, "F C V"]
    segment_first: Int[np.ndarray, " S"]
    segment_length: Int[np.ndarray, " S"]
    segment_clip: Int[np.ndarray, " S"]
    clips: tuple[StoredClip, ...]

    def segments_of(self, clips: Sequence[int]) -> tuple[Int[np.ndarray, " S"], Int[np.ndarray, " S"]]:
        """The segments of these clips in their order, and for each the position of its clip in `clips`."""
        begin = np.searchsorted(self.segment_clip, np.arange(len(self.clips) + 1))
        counts = np.diff(begin)[list(clips)]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(begin[list(clips)], counts) + within, np.repeat(np.arange(len(clips)), counts)

    def only(self, clips: Sequence[int]) -> "StoredFeatures":
        """A copy without the frames of all other clips."""
        segments, clip = self.segments_of(clips)
        first, length = self.segment_first[segments], self.segment_length[segments]
        starts = np.cumsum(length) - length
        rows = np.repeat(first - starts, length) + np.arange(length.sum())
        return StoredFeatures(
            self.frames[rows], starts, length, clip, tuple(self.clips[clip] for clip in clips)
        )


class _Header(BaseModel):
    """The clips of a file; each as a `StoredClip`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: tuple[tuple[str, str, str, str | None], ...]


def feature_path(root: Path, config: FeatureConfig) -> Path:
    """Where the features of recordings under `root` are kept.

    The name is of all that they depend on: the configuration, and the code that reads and makes.
    """
    key = hashlib.sha256(config.model_dump_json().encode() + _code()).hexdigest()
    return root / _FOLDER / f"{key[:16]}.safetensors"


@cache
def _code() -> bytes:
    """The source of all that reads recordings and makes features, as one hash."""
    digest = hashlib.sha256()
    for room in (amber_id.recordings.__file__, __file__):
        for source in sorted(Path(room).parent.glob("*.py")):
            digest.update(source.read_bytes())
    return digest.digest()


def write_features(path: Path, features: StoredFeatures, *, beside: int = MOST_FILES) -> None:
    """Write the file, and delete the oldest ones until there are so many; raises as `write_tensors` does."""
    header = {"clips": [list(astuple(stored)) for stored in features.clips]}
    tables = {name: getattr(features, name) for name in _TABLES}
    write_tensors(path, _SCHEMA, header, {"frames": features.frames, **tables})
    with suppress(OSError):  # another run beside these recordings may be at the same
        files = sorted(path.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime_ns)
        for old in files[:-beside]:
            old.unlink(missing_ok=True)


def read_features(path: Path, config: FeatureConfig) -> StoredFeatures:
    """The features of a file, which are mapped into memory; raises FileFormatError if it is damaged."""
    values, arrays = read_tensors(path, _SCHEMA, mapped=("frames",), largest_header=LARGE_HEADER)
    clips = tuple(StoredClip(*row) for row in validated(_Header, values, path).clips)
    if set(arrays) != {"frames", *_TABLES}:
        raise FileFormatError(path, f"expected frames and segments, got {', '.join(sorted(arrays))}")
    frames, (first, length, clip) = arrays["frames"], (arrays[name] for name in _TABLES)
    if frames.shape[1:] != (in_channels(config), vertex_graph(config).n_vertices) or frames.ndim != 3:
        raise FileFormatError(path, f"expected the frames of its configuration, got shape {frames.shape}")
    if not _fit(first, length, clip, frames=len(frames), clips=len(clips)):
        raise FileFormatError(path, "expected segments that lie within its frames, one clip after the other")
    if not _are_finite(path, frames):
        raise FileFormatError(path, "expected finite features, got others")
    return StoredFeatures(frames, first, length, clip, clips)


def _fit(first: np.ndarray, length: np.ndarray, clip: np.ndarray, *, frames: int, clips: int) -> bool:
    """Whether each segment is a stretch of the frames and of a clip."""
    if any(table.dtype != np.int64 or table.shape != (first.size,) for table in (first, length, clip)):
        return False
    inside = (first >= 0) & (length >= 1) & (length <= frames) & (first <= frames - length)
    ordered = (np.diff(clip) >= 0).all() and ((clip >= 0) & (clip < clips)).all()
    return bool(inside.all() and ordered)


def _are_finite(path: Path, frames: Float[np.ndarray, "F C V"]) -> bool:
    """Whether all frames are; those of a file that has not changed are looked at once in a process."""
    now = path.stat()
    state = (path, now.st_ino, now.st_size, now.st_mtime_ns)
    if state not in _FINITE:
        if not all(
            np.isfinite(frames[begin : begin + _AT_ONCE]).all() for begin in range(0, len(frames), _AT_ONCE)
        ):
            return False
        _FINITE.add(state)
    return True
