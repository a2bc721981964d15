"""What does a study read off its recordings?

Leaks, confounds, utility and the references of a study ask different things of the same clips. Each recording
is read once for all of them, mostly while its features are computed, and what is kept of it is small: 9
signals at 25 Hz, 60 channels of expression, the size of the face and a hash; no landmarks.
"""

from dataclasses import dataclass, field
from pathlib import Path

from amber_id.audit.confounds.sizes import Read, face_size
from amber_id.audit.utility.expression import FaceSignals
from amber_id.errors import ClipError
from amber_id.motion.following import Following
from amber_id.motion.likeness import ClipMotion, clip_motion, signals_of
from amber_id.motion.movements import Movements
from amber_id.motion.near_copies import NEAR_COPY
from amber_id.protocols.copies import ClipsRead, landmarks_hash
from amber_id.recordings import Recording, RecordingEntry, RecordingSet


@dataclass(frozen=True, eq=False)
class ClipReading:
    """What is kept of one recording; `no_channels` says why it has no channels of expression, if so."""

    motion: ClipMotion
    face_size: float
    landmarks_sha256: str
    channels: FaceSignals | None
    no_channels: str = ""

    @classmethod
    def of(cls, recording: Recording) -> "ClipReading":
        """Read it off a recording."""
        channels, reason = None, ""
        try:
            channels = FaceSignals.of(recording)
        except ClipError as error:
            reason = error.reason
        size, contents = face_size(recording), landmarks_hash(recording)
        return cls(clip_motion(recording), size, contents, channels, reason)


@dataclass(frozen=True, eq=False)
class StudyReadings:
    """The readings of a study's clips, whatever ids they have there."""

    _clips: dict[Path, ClipReading] = field(default_factory=dict, init=False)
    _movements: dict[tuple[Path, ...], Movements] = field(default_factory=dict, init=False)

    def keep(self, entry: RecordingEntry, recording: Recording) -> None:
        """Keep what is needed of a recording that was read."""
        if entry.path not in self._clips:
            self._clips[entry.path] = ClipReading.of(recording)

    def clip(self, recordings: RecordingSet, entry: RecordingEntry) -> ClipReading:
        """The reading of one clip, which is read unless it was; raises ClipError if the file is damaged."""
        if entry.path not in self._clips:
            self.keep(entry, recordings.load(entry))
        return self._clips[entry.path]

    def channels(self, recordings: RecordingSet, entry: RecordingEntry) -> FaceSignals:
        """The channels of expression of a clip; raises ClipError if it has none."""
        reading = self.clip(recordings, entry)
        if reading.channels is None:
            raise ClipError(entry.clip, reading.no_channels)
        return reading.channels

    def movements(self, recordings: RecordingSet) -> Movements:
        """How the clips of a set move; raises ClipError if a file is damaged."""
        key = tuple(entry.path for entry in recordings.entries)
        if key not in self._movements:
            motions = (self.clip(recordings, entry).motion for entry in recordings.entries)
            self._movements[key] = Movements(signals_of(motions))
        return self._movements[key]

    def following(self, original: RecordingSet, anonymised: RecordingSet) -> Following:
        """How the anonymised clips follow their originals; both hold the same clips in one order."""
        return self.movements(anonymised).followed(self.movements(original), least=NEAR_COPY)

    def for_copies(self, recordings: RecordingSet) -> ClipsRead:
        """What the search for copies needs."""
        contents = [self.clip(recordings, entry).landmarks_sha256 for entry in recordings.entries]
        return ClipsRead(recordings.entries, contents, self.movements(recordings))

    def for_confounds(self, recordings: RecordingSet) -> Read:
        """What confounds need."""
        sizes = {entry.clip: self.clip(recordings, entry).face_size for entry in recordings.entries}
        return Read(self.movements(recordings), sizes)
