"""All windows of a set of recordings, ready for an attacker."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.errors import ClipError, EvaluationError
from amber_id.motion.features import FeatureConfig, clip_features
from amber_id.recordings import Failure, RecordingEntry, RecordingSet


@dataclass(frozen=True)
class WindowSet:
    """The windows of many clips, one after another.

    ``clip[n]`` is the clip of window n, as a position in `entries`; a clip's windows are adjacent. Clips
    that gave no window are in `failures` and not in `entries`.
    """

    values: Float[np.ndarray, "N C T V"]
    mask: Bool[np.ndarray, "N T"]
    clip: Int[np.ndarray, " N"]
    entries: tuple[RecordingEntry, ...]
    failures: tuple[Failure, ...]

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
        rows = keep[self.clip]
        return WindowSet(
            values=self.values[rows],
            mask=self.mask[rows],
            clip=(np.cumsum(keep) - 1)[self.clip[rows]],
            entries=tuple(entry for entry, kept in zip(self.entries, keep, strict=True) if kept),
            failures=tuple(failure for failure in self.failures if failure.subject in subjects),
        )


def load_windows(
    recordings: RecordingSet, config: FeatureConfig, *, on_clip: Callable[[], None] | None = None
) -> WindowSet:
    """Compute the features of every recording; a clip that has none is a failure, and the rest go on.

    Raises
    ------
    EvaluationError
        If not a single clip gives a window.
    """
    parts, entries, failures = [], [], []
    for entry in recordings.entries:
        try:
            parts.append(clip_features(recordings.load(entry), config))
            entries.append(entry)
        except ClipError as error:
            failures.append(Failure(entry.clip, entry.subject, "features", error.reason))
        if on_clip is not None:
            on_clip()
    if not parts:
        first = failures[0]
        raise EvaluationError(f"{recordings.root}: no clip is usable, e.g. {first.clip}: {first.reason}")
    return WindowSet(
        values=np.concatenate([part.values for part in parts]),
        mask=np.concatenate([part.mask for part in parts]),
        clip=np.repeat(np.arange(len(parts)), [len(part.mask) for part in parts]),
        entries=tuple(entries),
        failures=tuple(failures),
    )
