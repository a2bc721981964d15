"""All windows of a set of recordings, ready for an attacker.

The frames of all clips lie one after another in one array; a window is a place in it. So an attacker may take
any window of a clip, and a selection of people copies nothing. The array is kept in a file beside the
recordings and mapped into memory: computed once for every set of recordings and configuration.
"""

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.errors import AmberError, ClipError, EvaluationError, FileFormatError
from amber_id.file_formats import map_tensor, read_tensors, write_tensors
from amber_id.motion.features import FeatureConfig, clip_segments
from amber_id.motion.windows import gather_windows, window_starts
from amber_id.recordings import Failure, RecordingEntry, RecordingSet

_SCHEMA = "amber-id/features/1"
_FOLDER = ".features"
_KEPT = 4  # files beside one set of recordings; the oldest are deleted


@dataclass(frozen=True)
class WindowSet:
    """The windows of many clips.

    Segment s, a stretch of the clip ``entries[segment_clip[s]]``, is ``segment_length[s]`` frames from
    ``frames[segment_first[s]]`` on; a clip's segments are adjacent. Clips that gave none are in `failures`
    and not in `entries`. `config` says what the features are.
    """

    frames: Float[np.ndarray, "F C V"]
    segment_first: Int[np.ndarray, " S"]
    segment_length: Int[np.ndarray, " S"]
    segment_clip: Int[np.ndarray, " S"]
    config: FeatureConfig
    entries: tuple[RecordingEntry, ...]
    failures: tuple[Failure, ...]

    @cached_property
    def _table(self) -> Int[np.ndarray, "N 3"]:
        """For each window its first frame, its frames, and its clip."""
        window, hop = self.config.window_frames, self.config.hop_frames
        segments = zip(self.segment_first, self.segment_length, self.segment_clip, strict=True)
        rows = [
            (first + start, min(length, window), clip)
            for first, length, clip in segments
            for start in window_starts(int(length), window=window, hop=hop)
        ]
        return np.array(rows, dtype=np.int64)

    @property
    def clip(self) -> Int[np.ndarray, " N"]:
        """For each window its clip, as a position in `entries`; a clip's windows are adjacent."""
        return self._table[:, 2]

    def gather(self, rows: slice) -> tuple[Float[np.ndarray, "n C T V"], Bool[np.ndarray, "n T"]]:
        """Some windows, and which of their frames are real."""
        first, length, _ = self._table[rows].T
        return gather_windows(self.frames, first, length, window=self.config.window_frames)

    def in_parts(
        self, size: int = 256
    ) -> Iterator[tuple[Float[np.ndarray, "n C T V"], Bool[np.ndarray, "n T"]]]:
        """All windows in order, `size` at a time, so that no more are in memory together."""
        for start in range(0, len(self.clip), size):
            yield self.gather(slice(start, start + size))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that have a window, sorted."""
        return tuple(sorted({entry.subject for entry in self.entries}))

    @property
    def subject_of_clip(self) -> Int[np.ndarray, " M"]:
        """For each clip its subject, as a position in `subjects`."""
        index = {subject: i for i, subject in enumerate(self.subjects)}
        return np.array([index[entry.subject] for entry in self.entries], dtype=np.int64)

    def select(self, subjects: Collection[str]) -> "WindowSet":
        """Keep the windows of some subjects, and the failures of their clips.

        Raises
        ------
        EvaluationError
            If none of them has a window.
        """
        keep = np.array([entry.subject in subjects for entry in self.entries], dtype=bool)
        if not keep.any():
            raise EvaluationError(f"no usable clip of {', '.join(sorted(subjects))}")
        rows = keep[self.segment_clip]
        return replace(
            self,
            segment_first=self.segment_first[rows],
            segment_length=self.segment_length[rows],
            segment_clip=(np.cumsum(keep) - 1)[self.segment_clip[rows]],
            entries=tuple(entry for entry, kept in zip(self.entries, keep, strict=True) if kept),
            failures=tuple(failure for failure in self.failures if failure.subject in subjects),
        )


def load_windows(
    recordings: RecordingSet, config: FeatureConfig, *, on_clip: Callable[[], None] | None = None
) -> WindowSet:
    """The features of every recording; a clip that has none is a failure, and the rest go on.

    Raises
    ------
    EvaluationError
        If not a single clip gives a window.
    """
    on_clip = on_clip or (lambda: None)
    path = recordings.root / _FOLDER / f"{_key(recordings, config)}.safetensors"
    if path.exists():
        # One that is cut off is computed again.
        with contextlib.suppress(FileFormatError):
            windows = _read(path, recordings, config)
            for _ in recordings.entries:
                on_clip()
            return windows
    windows = _compute(recordings, config, on_clip)
    try:
        _write(path, windows)
    except AmberError:
        return windows  # recordings that may only be read are used without such a file
    return _read(path, recordings, config)


def _compute(recordings: RecordingSet, config: FeatureConfig, on_clip: Callable[[], None]) -> WindowSet:
    parts: list[Float[np.ndarray, "T C V"]] = []
    clips: list[int] = []
    entries: list[RecordingEntry] = []
    failures: list[Failure] = []
    for entry in recordings.entries:
        try:
            segments = clip_segments(recordings.load(entry), config)
            parts += segments
            clips += [len(entries)] * len(segments)
            entries.append(entry)
        except ClipError as error:
            failures.append(Failure(entry.clip, entry.subject, "features", error.reason))
        on_clip()
    if not parts:
        first = failures[0]
        raise EvaluationError(f"{recordings.root}: no clip is usable, e.g. {first.clip}: {first.reason}")
    lengths = np.array([len(part) for part in parts])
    return WindowSet(
        frames=np.concatenate(parts),
        segment_first=np.cumsum(lengths) - lengths,
        segment_length=lengths,
        segment_clip=np.array(clips),
        config=config,
        entries=tuple(entries),
        failures=tuple(failures),
    )


def _key(recordings: RecordingSet, config: FeatureConfig) -> str:
    """Names what the features depend on: the recordings, the configuration, and the code of this room."""
    digest = hashlib.sha256(recordings.content_hash().encode() + config.model_dump_json().encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _write(path: Path, windows: WindowSet) -> None:
    header = {
        "clips": [entry.clip for entry in windows.entries],
        "failures": [asdict(failure) for failure in windows.failures],
    }
    tables = {name: getattr(windows, name) for name in ("segment_first", "segment_length", "segment_clip")}
    write_tensors(path, _SCHEMA, header, {"frames": windows.frames, **tables})
    files = sorted(path.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime_ns)
    for old in files[:-_KEPT]:
        old.unlink(missing_ok=True)


def _read(path: Path, recordings: RecordingSet, config: FeatureConfig) -> WindowSet:
    header, tables = read_tensors(path, _SCHEMA, leave_out=("frames",))
    of_clip = {entry.clip: entry for entry in recordings.entries}
    return WindowSet(
        frames=map_tensor(path, "frames"),
        **tables,
        config=config,
        entries=tuple(of_clip[clip] for clip in header["clips"]),
        failures=tuple(Failure(**failure) for failure in header["failures"]),
    )
