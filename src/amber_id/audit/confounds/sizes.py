"""How large is the face in the picture? A tracker sees less in a small one, and errs otherwise.

The same faces at a quarter of the size look down by 0.095 more (`eyeLookDown`, of 1), and two sizes are told
apart by that alone; so whoever was filmed closer, or at another resolution, can be told from others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from amber_id.audit.confounds.properties import Property
from amber_id.motion.alignment import isotropic
from amber_id.motion.likeness import ClipMotion, clip_motion, signals_of
from amber_id.motion.movements import Movements
from amber_id.recordings import Recording, RecordingSet

# Outer and inner corner of either eye.
_ONE_EYE, _OTHER_EYE = [33, 133], [362, 263]


@dataclass(frozen=True, eq=False)
class Read:
    """What was read off the recordings of one condition: how they move, and the size of the face by clip."""

    movements: Movements
    face_sizes: Mapping[str, float]

    @classmethod
    def of(cls, recordings: RecordingSet) -> "Read":
        """Read every recording once, in order; raises ClipError if one of the files is damaged."""
        sizes: dict[str, float] = {}

        def motions() -> Iterator[ClipMotion]:
            for entry in recordings.entries:
                recording = recordings.load(entry)
                sizes[entry.clip] = face_size(recording)
                yield clip_motion(recording)

        return cls(Movements(signals_of(motions())), sizes)


def face_size(recording: Recording) -> float:
    """The distance between the middles of the eyes in pixels, median over the frames with a face; else 0."""
    if not recording.tracked.any():
        return 0.0
    points = isotropic(
        recording.landmarks[recording.tracked][:, _ONE_EYE + _OTHER_EYE],
        width=recording.width,
        height=recording.height,
    )
    apart = points[:, :2, :2].mean(axis=1) - points[:, 2:, :2].mean(axis=1)
    return float(np.median(np.linalg.norm(apart, axis=1)))


def face_size_of(face_sizes: Mapping[str, float]) -> Property:
    """The property of clips whose sizes are known."""
    return Property(
        "face_size",
        "size of the face, from eye to eye,",
        "{:.0f} pixels",
        lambda entry: face_sizes[entry.clip],
        0.05,  # about as much as a head moves to and fro
        True,
    )
