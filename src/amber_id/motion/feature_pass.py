"""Whose features are not yet known, and what do their recordings give?

Several configurations are computed in one pass, in which each recording is read once. Frames go to a file
without a name as they come, so that neither the recordings nor the features of all clips are in memory at
once; only one configuration is while its file is written.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

import numpy as np
from jaxtyping import Float

from amber_id.errors import AmberError, ClipError, FileFormatError
from amber_id.motion.feature_file import (
    MOST_FILES,
    StoredClip,
    StoredFeatures,
    feature_path,
    read_features,
    write_features,
)
from amber_id.motion.features import FeatureConfig, Stretches, clip_segments, in_channels, vertex_graph
from amber_id.recordings import Recording, RecordingEntry, RecordingSet

OnRecording = Callable[[RecordingEntry, Recording], None]

_logger = logging.getLogger("amber_id")


def stored_features(
    recordings: RecordingSet,
    configs: Sequence[FeatureConfig],
    *,
    beside: Collection[Path] = (),
    on_clip: Callable[[], None] = lambda: None,
    on_recording: OnRecording = lambda _entry, _recording: None,
) -> tuple[StoredFeatures, ...]:
    """The features of at least these recordings, by configuration; what the files lack is computed and added.

    What is known of the same recordings under other roots, those of `beside`, is taken from there. `on_clip`
    is called for each clip that is ready, `on_recording` with each recording that was read for it.
    """
    known = [_known(feature_path(recordings.root, config), config) for config in configs]
    hashes = [{(stored.clip, stored.sha256) for stored in each.clips} for each in known]
    folders = [feature_path(recordings.root, config).parent for config in configs]
    elsewhere = [_Elsewhere.of(beside, config) for config in configs]
    files = max(MOST_FILES, len(configs))
    with ExitStack() as scratch:
        new = [
            scratch.enter_context(closing(_Growing(config, folder)))
            for config, folder in zip(configs, folders, strict=True)
        ]
        for entry in recordings.entries:
            state = (entry.clip, entry.content_hash())
            lacking = [
                each
                for each, there, other in zip(new, hashes, elsewhere, strict=True)
                if state not in there and not other.taken(each, recordings, entry)
            ]
            if lacking:
                _compute(recordings, entry, lacking, on_recording)
            on_clip()
        return tuple(
            _added(recordings, have, more, files=files) for have, more in zip(known, new, strict=True)
        )


def _known(path: Path, config: FeatureConfig) -> StoredFeatures:
    if path.exists():
        try:
            return read_features(path, config)
        except FileFormatError as error:
            _logger.warning("%s; the features are computed again", error)
    return _Growing(config, None).features()


def _compute(
    recordings: RecordingSet, entry: RecordingEntry, lacking: Sequence["_Growing"], on_recording: OnRecording
) -> None:
    """The features of one clip in some configurations, or why it has none."""
    stretches: Stretches = {}
    recording, reason = None, None
    try:
        recording = recordings.load(entry)
    except ClipError as error:
        reason = error.reason
    for each in lacking:
        segments, why = [], reason
        if recording is not None:
            try:
                segments = clip_segments(recording, each.config, stretches)
            except ClipError as error:
                why = error.reason
        each.add(_stored(recordings, entry, why), segments)
    if recording is not None:
        on_recording(entry, recording)


def _stored(recordings: RecordingSet, entry: RecordingEntry, reason: str | None) -> StoredClip:
    path = os.path.relpath(entry.path, recordings.root)
    return StoredClip(entry.clip, path, entry.content_hash(), reason)


@dataclass(frozen=True)
class _Elsewhere:
    """The features of one configuration under other roots: a file and a place in it by the recording."""

    _places: dict[str, tuple[StoredFeatures, int]]

    @classmethod
    def of(cls, roots: Collection[Path], config: FeatureConfig) -> "_Elsewhere":
        places: dict[str, tuple[StoredFeatures, int]] = {}
        for root in roots:
            known = _known(feature_path(root, config), config)
            places |= {stored.sha256: (known, i) for i, stored in enumerate(known.clips)}
        return cls(places)

    def taken(self, new: "_Growing", recordings: RecordingSet, entry: RecordingEntry) -> bool:
        """Whether the features of a recording are known here; they are added to `new` then."""
        if not self._places or entry.content_hash() not in self._places:
            return False
        known, place = self._places[entry.content_hash()]
        segments, _ = known.segments_of([place])
        spans = zip(known.segment_first[segments], known.segment_length[segments], strict=True)
        frames = [known.frames[first : first + length] for first, length in spans]
        new.add(_stored(recordings, entry, known.clips[place].reason), frames)
        return True


def _added(recordings: RecordingSet, known: StoredFeatures, new: "_Growing", *, files: int) -> StoredFeatures:
    """What is known, and what is new; both in a file from now on, if there may be one."""
    if not new.clips:
        return known
    path = feature_path(recordings.root, new.config)
    whole = _joined(_current(known, recordings, {stored.clip for stored in new.clips}), new.features())
    try:
        write_features(path, whole, beside=files)
    except AmberError:
        return whole  # recordings that may only be read are used without such a file
    return read_features(path, new.config)


def _current(known: StoredFeatures, recordings: RecordingSet, new: set[str]) -> StoredFeatures:
    """What is known of clips that are not computed anew, and whose recordings are still there."""
    current = [
        i
        for i, stored in enumerate(known.clips)
        if stored.clip not in new and (recordings.root / stored.path).exists()
    ]
    return known if len(current) == len(known.clips) else known.only(current)


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


class _Growing:
    """The features of one configuration as they come, clip by clip.

    Frames are written to a file without a name in `folder`, and kept in memory where that cannot be done.
    """

    def __init__(self, config: FeatureConfig, folder: Path | None) -> None:
        self.config = config
        self.clips: list[StoredClip] = []
        self._lengths: list[int] = []
        self._owners: list[int] = []
        self._shape = in_channels(config), vertex_graph(config).n_vertices
        self._folder = folder
        self._scratch: BufferedRandom | None = None
        self._in_scratch = 0  # frames
        self._in_memory: list[Float[np.ndarray, "_ C V"]] = []

    def add(self, clip: StoredClip, segments: Sequence[Float[np.ndarray, "_ C V"]]) -> None:
        """Add a clip and its segments."""
        for segment in segments:
            if not self._written(segment):
                self._in_memory.append(segment)
            self._lengths.append(len(segment))
            self._owners.append(len(self.clips))
        self.clips.append(clip)

    def features(self) -> StoredFeatures:
        """What was added; frames of the file are mapped into memory."""
        frames = np.zeros((0, *self._shape), np.float32)
        if self._scratch is not None and self._in_scratch:
            self._scratch.flush()
            frames = np.memmap(self._scratch, np.float32, "r", shape=(self._in_scratch, *self._shape))
        if self._in_memory:
            frames = np.concatenate([frames, *self._in_memory])
        lengths = np.array(self._lengths, dtype=np.int64)
        return StoredFeatures(
            frames=frames,
            segment_first=np.cumsum(lengths) - lengths,
            segment_length=lengths,
            segment_clip=np.array(self._owners, dtype=np.int64),
            clips=tuple(self.clips),
        )

    def close(self) -> None:
        """Close the file; frames that are mapped stay."""
        if self._scratch is not None:
            self._scratch.close()

    def _written(self, segment: Float[np.ndarray, "_ C V"]) -> bool:
        """Whether a segment could be written after those before it."""
        if self._folder is None or self._in_memory:
            return False
        try:
            if self._scratch is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._scratch = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  (lives as this does)
            self._scratch.write(np.ascontiguousarray(segment).data)
        except OSError:
            return False
        self._in_scratch += len(segment)
        return True
