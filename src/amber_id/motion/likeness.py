"""How alike are the motions of two clips, frame by frame?

Nine signals of a face do not depend on the camera, the picture or whose face it is: how far the lips, the
mouth, each eye and each brow are open, wide or raised, in units of the mean face, and how the head is turned
from its mean pose. Read at 25 Hz for the first ten seconds of a clip, each is divided by how much it usually
varies within a clip, so that mouth, eyes and head weigh alike.

Two clips are compared where both show a face, with the second up to some frames later or earlier. All pairs
are matrix products; a block of clips is compared with all others at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS, mean_face
from amber_id.motion.alignment import fit_similarity, isotropic, mean_rotation
from amber_id.recordings import Recording, RecordingEntry, RecordingSet
from amber_id.recordings.signals import all_correlations, read_at

RATE_HZ = 25.0

_LONGEST_S = 10.0  # of a clip; what comes later is not read
_LONGEST_GAP_S = 0.2  # between frames with a face, across which a signal is interpolated
_BLOCK = 256  # clips compared with all others at once
# Inner lips, corners of the mouth, both eyes' lids, both brows to lids.
_DISTANCES = ((13, 14), (61, 291), (159, 145), (386, 374), (105, 159), (334, 386))
_N_SIGNALS = len(_DISTANCES) + 3
_FACE, _HEAD = slice(0, len(_DISTANCES)), slice(len(_DISTANCES), _N_SIGNALS)


@dataclass(frozen=True, eq=False)
class Signals:
    """The signals of N clips, less their mean over the clip; 0 where there is no face, and after the end."""

    values: Float32[np.ndarray, "N T S"]
    seen: Float32[np.ndarray, "N T"]  # 1 where there is a face, else 0


@dataclass(frozen=True, eq=False)
class Alike:
    """How alike n clips are to M others.

    Correlations in [-1, 1] over all signals of a group together; `frames` is how many frames both show.
    Concordances are correlations that amounts of motion lower, too: 1 only where they are the same (Lin,
    "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989, less its shift).
    """

    frames: Float32[np.ndarray, "n M"]
    face: Float32[np.ndarray, "n M"]
    head: Float32[np.ndarray, "n M"]


@dataclass(frozen=True, eq=False)
class ClipMotion:
    """The signals of one clip, less their mean over the frames with a face; 0 in the others."""

    values: Float32[np.ndarray, "T S"]
    seen: Bool[np.ndarray, " T"]


MotionOf = Callable[[RecordingEntry], ClipMotion]
"""Where the signals of a clip come from; raises ClipError where its recording is damaged."""


def read_signals(recordings: RecordingSet) -> Signals:
    """The signals of every recording, in order; raises ClipError if one of the files is damaged."""
    return signals_of(clip_motion(recordings.load(entry)) for entry in recordings.entries)


def clip_motion(recording: Recording) -> ClipMotion:
    """The signals of one recording."""
    signals, seen = _signals(recording)
    values = np.zeros(signals.shape, np.float32)
    if seen.any():
        values[seen] = signals[seen] - signals[seen].mean(axis=0)
    return ClipMotion(values, seen)


def signals_of(clips: Iterable[ClipMotion]) -> Signals:
    """The signals of clips, one at least, weighed alike."""
    rows = list(clips)
    N, T = len(rows), max(len(row.seen) for row in rows)
    values, seen = np.zeros((N, T, _N_SIGNALS), np.float32), np.zeros((N, T), np.float32)
    for i, row in enumerate(rows):
        values[i, : len(row.values)] = row.values
        seen[i, : len(row.seen)] = row.seen
    variance = (values.astype(np.float64) ** 2).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None]
    usual = np.median(np.sqrt(variance[seen.any(axis=1)]), axis=0) if seen.any() else np.ones(_N_SIGNALS)
    values /= np.where(usual > 0, usual, 1).astype(np.float32)
    return Signals(values, seen)


def _signals(recording: Recording) -> tuple[Float[np.ndarray, "T S"], Bool[np.ndarray, " T"]]:
    """The signals at the fixed rate, and where they are known."""
    times = recording.timestamps - recording.timestamps[0]
    T = int(np.floor(min(times[-1], _LONGEST_S) * RATE_HZ + 1e-3)) + 1
    at = np.arange(T) / RATE_HZ
    frames = np.flatnonzero(recording.tracked & (times <= _LONGEST_S + _LONGEST_GAP_S))
    points = isotropic(recording.landmarks[frames], width=recording.width, height=recording.height)
    # A frame with all points in one place has no face, whatever the tracker says.
    real = (np.ptp(points[:, list(RIGID_POINTS)], axis=1) > 0).any(axis=1)
    frames, points = frames[real], points[real]
    if len(frames) < 2:
        return np.zeros((T, _N_SIGNALS)), np.zeros(T, dtype=bool)
    gap_s = max(_LONGEST_GAP_S, 2 / recording.fps)
    return read_at(at, times[frames], _measured(points), longest_gap_s=gap_s)


def _measured(points: Float[np.ndarray, "F V 3"]) -> Float[np.ndarray, "F S"]:
    rigid = list(RIGID_POINTS)
    placement = fit_similarity(points[:, rigid], mean_face()[rigid])
    one, other = np.array(_DISTANCES).T
    apart = np.linalg.norm(points[:, one] - points[:, other], axis=2) * placement.scale[:, None]
    turned = mean_rotation(placement.rotation) @ placement.rotation.transpose(0, 2, 1)
    return np.concatenate([apart, Rotation.from_matrix(turned).as_rotvec()], axis=1)


def blocks(clips: Signals) -> Iterator[slice]:
    """The clips in parts small enough to be compared with all others at once."""
    for start in range(0, len(clips.seen), _BLOCK):
        yield slice(start, min(start + _BLOCK, len(clips.seen)))


def compare(one: Signals, other: Signals, rows: slice, lag: int, *, concordance: bool = False) -> Alike:
    """How alike some clips of `one` are to all of `other` read `lag` frames later."""
    T = min(one.seen.shape[1], other.seen.shape[1]) - abs(lag)
    first = slice(max(-lag, 0), max(-lag, 0) + T)
    second = slice(max(lag, 0), max(lag, 0) + T)
    seen, seen_too = one.seen[rows, first], other.seen[:, second]
    face, head = (
        all_correlations(
            one.values[rows, first, signals],
            seen,
            other.values[:, second, signals],
            seen_too,
            concordance=concordance,
        )
        for signals in (_FACE, _HEAD)
    )
    return Alike(seen @ seen_too.T, face, head)


def fisher_z(coefficient: Float32[np.ndarray, "n M"]) -> Float32[np.ndarray, "n M"]:
    """Fisher's z, which times the root of the frames would be about normal if frames were independent."""
    return np.arctanh(np.clip(coefficient, -0.9999, 0.9999))
