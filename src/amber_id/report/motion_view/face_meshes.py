"""Which faces does a page hold so that it can play them, and how, in how many bytes?

Conventions
-----------
Of a clip the first seconds are kept, at `RATE_HZ`; a page draws straight lines in time between two such
frames. Where no face was found near a frame, there is none: nothing is drawn that was not seen.

A face is the 152 points of the regions in the picture's plane, in pixels, so that it has its shape. The
whole clip is brought into a square of `_SIDE` steps: centred, and as large as fits. A coordinate of a point
moves little beside that. So for each its lowest value and its range are kept, as whole steps, and for each
frame one byte, from 0 at the lowest to `_FINEST` at the highest value. As base64: all lowest values, all
ranges (both uint16, little-endian, x and y in turn), then the frames; one without a face is all `_ABSENT`.
"""

import base64
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float

from amber_id.errors import ClipError
from amber_id.face_mesh import SELECTED_POINTS
from amber_id.motion.alignment import isotropic
from amber_id.recordings import Recording, RecordingSet
from amber_id.recordings.resampling import interpolate

RATE_HZ = 12.5
_LONGEST_S = 4.0
_SIDE = np.iinfo(np.uint16).max
_ABSENT = np.iinfo(np.uint8).max
_FINEST = _ABSENT - 1


def face_mesh_of(recording: Recording) -> str | None:
    """The face of a clip as a page holds it; None if it was never seen."""
    times = recording.timestamps - recording.timestamps[0]
    at = np.arange(int(min(times[-1], _LONGEST_S) * RATE_HZ + 1e-3) + 1) / RATE_HZ
    seen = _seen(at, times, recording.tracked)
    if not seen.any():
        return None
    tracked = recording.tracked
    flat = isotropic(recording.landmarks[tracked], width=recording.width, height=recording.height)[
        :, list(SELECTED_POINTS), :2
    ]
    values = _in_square(interpolate(flat, times[tracked], at[seen]))
    low = np.floor(values.min(axis=0))
    span = np.ceil(values.max(axis=0)) - low
    frames = np.full((len(at), *low.shape), _ABSENT, dtype=np.uint8)
    frames[seen] = np.round((values - low) / np.maximum(span, 1) * _FINEST)
    parts = [part.astype("<u2").tobytes() for part in (low, span)]
    return base64.b64encode(b"".join([*parts, frames.tobytes()])).decode()


def faces_within(recordings: RecordingSet, clips: Iterable[str], budget: int) -> dict[str, str]:
    """The faces of the first of these clips that fit into so many letters of base64, by clip.

    A clip that has no recording that can be read, or whose face was never seen, has none.
    """
    entries = {entry.clip: entry for entry in recordings.entries}
    faces: dict[str, str] = {}
    for clip in clips:
        if clip not in entries:
            continue
        try:
            face = face_mesh_of(recordings.load(entries[clip]))
        except ClipError:
            continue
        if face is None:
            continue
        budget -= len(face)
        if budget < 0:
            break
        faces[clip] = face
    return faces


def _seen(
    at: Float[np.ndarray, " K"], times: Float[np.ndarray, " T"], tracked: Bool[np.ndarray, " T"]
) -> Bool[np.ndarray, " K"]:
    """Whether there is a face at each moment: none was lost so near that a line would be drawn over it."""
    if np.count_nonzero(tracked) < 2:
        return np.zeros(len(at), dtype=bool)
    period = float(np.median(np.diff(times)))
    near = max(period, 1 / (2 * RATE_HZ)) + 1e-6
    return ~(np.abs(at[:, None] - times[~tracked]) <= near).any(axis=1)


def _in_square(values: Float[np.ndarray, "K V 2"]) -> Float[np.ndarray, "K V 2"]:
    """Points in steps from 0 to `_SIDE`, both axes on one scale."""
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    largest = float((high - low).max())
    scale = _SIDE / largest if largest > 0 else 0.0
    return np.clip(_SIDE / 2 + scale * (values - (low + high) / 2), 0, _SIDE)
