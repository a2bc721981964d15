"""The features of all clips of a set of recordings under one configuration, in one file beside them.

Each clip is computed once, whoever asks for it first and with whichever others: a fold, a partition, or a
control with other labels is a selection of the file, which is mapped into memory and not read. A clip whose
recording has changed is computed again, and so are all where the file is damaged. It may be deleted at any
time.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict

import amber_id.recordings
from amber_id.errors import AmberError, ClipError, FileFormatError
from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.motion.features import FeatureConfig, clip_segments, in_channels, vertex_graph
from amber_id.recordings import RecordingEntry, RecordingSet

_SCHEMA = "amber-id/features/3"
_TABLES = ("segment_first", "segment_length", "segment_clip")
_FOLDER = ".features"
_KEPT = 8  # files beside one set of recordings, each of a configuration; the oldest are deleted

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


def stored_features(
    recordings: RecordingSet, config: FeatureConfig, *, on_clip: Callable[[], None]
) -> StoredFeatures:
    """The features of at least these recordings; what the file lacks is computed and added to it."""
    path = recordings.root / _FOLDER / f"{_key(config)}.safetensors"
    known = _known(path, config)
    hashes = {(stored.clip, stored.sha256) for stored in known.clips}
    missing = [e for e in recordings.entries if (e.clip, e.content_hash()) not in hashes]
    for _ in range(len(recordings.entries) - len(missing)):
        on_clip()
    if not missing:
        return known
    whole = _joined(_current(known, recordings, missing), _compute(recordings, missing, config, on_clip))
    try:
        _write(path, whole)
    except AmberError:
        return whole  # recordings that may only be read are used without such a file
    return _read(path, config)


def _known(path: Path, config: FeatureConfig) -> StoredFeatures:
    if path.exists():
        try:
            return _read(path, config)
        except FileFormatError as error:
            _logger.warning("%s; the features are computed again", error)
    return _stored(config, [], [], [])


def _current(
    known: StoredFeatures, recordings: RecordingSet, missing: list[RecordingEntry]
) -> StoredFeatures:
    """Without the clips that are computed anew or whose recordings are gone."""
    new = {entry.clip for entry in missing}
    kept = [
        i
        for i, stored in enumerate(known.clips)
        if stored.clip not in new and (recordings.root / stored.path).exists()
    ]
    return known if len(kept) == len(known.clips) else known.only(kept)


def _compute(
    recordings: RecordingSet,
    entries: list[RecordingEntry],
    config: FeatureConfig,
    on_clip: Callable[[], None],
) -> StoredFeatures:
    parts: list[Float[np.ndarray, "T C V"]] = []
    owners: list[int] = []
    clips: list[StoredClip] = []
    for entry in entries:
        reason = None
        try:
            segments = clip_segments(recordings.load(entry), config)
            parts += segments
            owners += [len(clips)] * len(segments)
        except ClipError as error:
            reason = error.reason
        path = os.path.relpath(entry.path, recordings.root)
        clips.append(StoredClip(entry.clip, path, entry.content_hash(), reason))
        on_clip()
    return _stored(config, parts, owners, clips)


def _stored(
    config: FeatureConfig,
    parts: list[Float[np.ndarray, "_ C V"]],
    owners: list[int],
    clips: Iterable[StoredClip],
) -> StoredFeatures:
    nothing = np.zeros((0, in_channels(config), vertex_graph(config).n_vertices), np.float32)
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    return StoredFeatures(
        frames=np.concatenate([nothing, *parts]),
        segment_first=np.cumsum(lengths) - lengths,
        segment_length=lengths,
        segment_clip=np.array(owners, dtype=np.int64),
        clips=tuple(clips),
    )


def _joined(one: StoredFeatures, other: StoredFeatures) -> StoredFeatures:
    if not one.clips:
        return other
    return StoredFeatures(
        frames=np.concatenate([one.frames, other.frames]),
        segment_first=np.concatenate([one.segment_first, other.segment_first + len(one.frames)]),
        segment_length=np.concatenate([one.segment_length, other.segment_length]),
        segment_clip=np.concatenate([one.segment_clip, other.segment_clip + len(one.clips)]),
        clips=one.clips + other.clips,
    )


def _key(config: FeatureConfig) -> str:
    """Names what the features of a clip depend on: the configuration, and the code that reads and makes."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for room in (amber_id.recordings.__file__, __file__):
        for source in sorted(Path(room).parent.glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _write(path: Path, features: StoredFeatures) -> None:
    header = {"clips": [list(astuple(stored)) for stored in features.clips]}
    tables = {name: getattr(features, name) for name in _TABLES}
    write_tensors(path, _SCHEMA, header, {"frames": features.frames, **tables})
    with suppress(OSError):  # another run beside these recordings may be at the same
        files = sorted(path.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime_ns)
        for old in files[:-_KEPT]:
            old.unlink(missing_ok=True)


def _read(path: Path, config: FeatureConfig) -> StoredFeatures:
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
