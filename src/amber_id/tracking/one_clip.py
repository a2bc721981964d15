"""From one video to one recording.

Conventions
-----------
Every clip has a tracker of its own, so a recording depends on its clip and the tracker alone.
A frame without a face stays in the recording, as NaN and not tracked.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.file_formats import file_hash
from amber_id.recordings import Recording
from amber_id.tracking.pictures import hash_of_pictures, picture_bits
from amber_id.tracking.placement import Placement
from amber_id.tracking.tracker import SeenFace, Tracker
from amber_id.tracking.video import read_frames

_FEWEST_FRAMES = 2
# What is left of a damaged or cut-off clip is kept from this length on.
_KEPT_FROM_S = 1.0
# A second face in more than this share of the frames is told: in fewer it may be a mistake of the tracker's.
_MANY_FACES = 0.05


def record_clip(clip: Clip, tracker: Tracker) -> tuple[Recording, str]:
    """Track one clip in this process; returns the recording, and what is not as it should be ("" if all is).

    Raises
    ------
    ClipError
        If the video cannot be read, has fewer than 2 frames, shows no face, or is damaged before 1 s.
    """
    info, frames = read_frames(clip.path, clip.id)
    whole = (info.width, info.height)
    timestamps: list[float] = []
    seen: list[SeenFace | None] = []
    pictures: list[Bool[np.ndarray, " B"]] = []
    damage: ClipError | None = None
    with tracker.follow() as follower:
        try:
            for timestamp_s, rgb in frames:
                face, size = follower.see(rgb, timestamp_s), (rgb.shape[1], rgb.shape[0])
                if face is not None and size != whole:
                    face = Placement.of_version(size, whole).place(face)
                seen.append(face)
                timestamps.append(timestamp_s)
                pictures.append(picture_bits(rgb))
        except ClipError as error:
            damage = error
    cut_off = check_length(clip.id, timestamps, damage)
    T = len(seen)
    if not any(seen):
        raise ClipError(clip.id, f"no face in any of {T} frames")
    several = sum(face is not None and face.faces > 1 for face in seen)
    switches = sum(face is not None and face.switched for face in seen)
    remarks = [cut_off, *frames.remarks, _on_faces(several, switches, T)]
    recording = Recording(
        landmarks=_fill([None if face is None else face.landmarks for face in seen]),
        timestamps=np.array(timestamps),
        tracked=np.array([face is not None for face in seen]),
        blendshapes=_fill_any([None if face is None else face.blendshapes for face in seen]),
        pose=_fill_any([None if face is None else face.pose for face in seen]),
        clip=clip.id,
        subject=clip.subject,
        source=clip.source,
        width=info.width,
        height=info.height,
        fps=T / _length_s(timestamps),
        tracker=tracker.name,
        tracker_version=tracker.version,
        model_sha256=tracker.model_sha256,
        point_set=tracker.point_set,
        frames_with_several_faces=several,
        face_switches=switches,
        damaged_packets=frames.damaged,
        guessed_times=frames.guessed,
        video_sha256=file_hash(clip.path),
        picture_hash=hash_of_pictures(pictures),
    )
    return recording, "; ".join(filter(None, remarks))


def check_length(clip: str, timestamps: Sequence[float], damage: ClipError | None) -> str:
    """Why a clip is not whole, "" if it is; raises ClipError if too little was read before the `damage`."""
    if damage is not None and _length_s(timestamps) < _KEPT_FROM_S:
        raise damage
    T = len(timestamps)
    if T < _FEWEST_FRAMES:
        raise ClipError(clip, f"only {T} frame; at least {_FEWEST_FRAMES} needed")
    return "" if damage is None else damage.reason


def _on_faces(several: int, switches: int, frames: int) -> str:
    """What there is to say about more faces than one, "" if nothing."""
    if not switches and several <= _MANY_FACES * frames:
        return ""
    said = f"several faces in {several} of {frames} frames" if several else "its face is suddenly elsewhere"
    times = "once" if switches == 1 else f"{switches} times"
    return f"{said}; another one is followed {times}" if switches else f"{said}; one is followed"


def _length_s(timestamps: Sequence[float]) -> float:
    """Seconds from the first frame to the end of the last, at the mean rate."""
    T = len(timestamps)
    return (timestamps[-1] - timestamps[0]) * T / (T - 1) if T > 1 else 0.0


def _fill(rows: Sequence[np.ndarray | None]) -> Float32[np.ndarray, "T ..."]:
    """Stack the rows, with NaN where there is none; at least one must be there."""
    shape = next(row.shape for row in rows if row is not None)
    nothing = np.full(shape, np.nan, np.float32)
    return np.stack([nothing if row is None else row for row in rows])


def _fill_any(rows: Sequence[np.ndarray | None]) -> Float32[np.ndarray, "T ..."] | None:
    """The rows stacked, None where the tracker gives none."""
    return _fill(rows) if any(row is not None for row in rows) else None
