"""All windows of a set of recordings, ready for an attacker.

The frames of all clips lie one after another in one array (`feature_file.py`); a window is a place in it. So
an attacker may take any window of a clip, and a selection of people copies nothing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.errors import EvaluationError
from amber_id.motion.feature_pass import stored_features
from amber_id.motion.features import FeatureConfig
from amber_id.motion.windows import gather_windows, window_starts
from amber_id.recordings import Failure, RecordingEntry, RecordingSet


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
    as_stored: bool = False  # whether the frames are what the features of the entries' recordings are

    @cached_property
    def _table(self) -> Int[np.ndarray, "N 3"]:
        """First frame, number of frames and clip of each window."""
        window, hop = int(self.config.frames_read[-1]) + 1, self.config.hop_frames
        segments = zip(self.segment_first, self.segment_length, self.segment_clip, strict=True)
        rows = [
            (first + start, min(length, window), clip)
            for first, length, clip in segments
            for start in window_starts(int(length), window=window, hop=hop)
        ]
        return np.array(rows, dtype=np.int64)

    @property
    def clip(self) -> Int[np.ndarray, " N"]:
        """Clip of each window, as a position in `entries`; a clip's windows are adjacent."""
        return self._table[:, 2]

    def gather(self, rows: slice) -> tuple[Float[np.ndarray, "n C T V"], Bool[np.ndarray, "n T"]]:
        """Some windows, and which of their frames are real."""
        first, length, _ = self._table[rows].T
        return gather_windows(self.frames, first, length, read=self.config.frames_read)

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
        """Subject of each clip, as a position in `subjects`."""
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

    def changed(self, change: Callable[[Float[np.ndarray, "T C V"], int], np.ndarray]) -> "WindowSet":
        """A copy with other frames: those that `change` makes of each segment and the number of its clip."""
        ends = np.cumsum(self.segment_length)
        frames = np.empty((int(ends[-1]), *self.frames.shape[1:]), dtype=self.frames.dtype)
        segments = zip(self.segment_first, self.segment_length, ends, self.segment_clip, strict=True)
        for first, length, end, clip in segments:
            frames[end - length : end] = change(self.frames[first : first + length], int(clip))
        return replace(self, frames=frames, segment_first=ends - self.segment_length, as_stored=False)

    def shuffled(self, seed: int) -> "WindowSet":
        """A copy in which the frames of every segment are in random order.

        The order follows from the seed and the place of the segment among all.
        """
        rng = np.random.default_rng(seed)
        return self.changed(lambda frames, _: rng.permutation(frames))

    def hidden(self, visible: Bool[np.ndarray, " V"]) -> "WindowSet":
        """A copy in which every vertex that is not shown is zero in all frames."""
        return self.changed(lambda frames, _: np.where(visible, frames, 0))


def load_windows(
    recordings: RecordingSet, config: FeatureConfig, *, on_clip: Callable[[], None] | None = None
) -> WindowSet:
    """The features of every recording; a clip that has none is a failure, and the rest go on.

    So are the recordings of the set that could not be read.

    Raises
    ------
    EvaluationError
        If not a single clip gives a window.
    """
    (stored,) = stored_features(recordings, (config.of_clips,), on_clip=on_clip or (lambda: None))
    place = {known.clip: i for i, known in enumerate(stored.clips)}
    entries: list[RecordingEntry] = []
    failures = list(recordings.failures)
    for entry in recordings.entries:
        reason = stored.clips[place[entry.clip]].reason
        if reason is None:
            entries.append(entry)
        else:
            failures.append(Failure(entry.clip, entry.subject, "features", reason))
    if not entries:
        first = failures[0]
        raise EvaluationError(f"{recordings.root}: no clip is usable, e.g. {first.clip}: {first.reason}")
    segments, clip = stored.segments_of([place[entry.clip] for entry in entries])
    return WindowSet(
        frames=stored.frames,
        segment_first=stored.segment_first[segments],
        segment_length=stored.segment_length[segments],
        segment_clip=clip,
        config=config,
        entries=tuple(entries),
        failures=tuple(sorted(failures, key=lambda failure: failure.clip)),
        as_stored=True,
    )
