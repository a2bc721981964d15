"""From one video to one recording.

Conventions
-----------
Every clip has a tracker of its own, so a recording depends on its clip and the tracker alone.
A frame without a face stays in the recording, as NaN and not tracked.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.recordings import Recording
from amber_id.recordings.avatar_made import avatar_beside
from amber_id.recordings.frame_rates import check_times
from amber_id.tracking.closer import (
    find_in_parts,
    is_worth_a_closer_look,
    least_pixels,
    looks_at,
    median_size,
    track_in_parts,
)
from amber_id.tracking.pictures import hash_of_pictures, picture_bits
from amber_id.tracking.placement import Placement, SeenFace, Size
from amber_id.tracking.tracker import Tracker
from amber_id.tracking.video import Frames, VideoInfo, read_frames
from amber_id.tracking.video_state import OneFile

_FEWEST_FRAMES = 2
# What is left of a damaged or cut-off clip is kept from this length on.
_KEPT_FROM_S = 1.0
# A second face in more than this share of the frames is told: in fewer it may be a mistake of the tracker's.
_MANY_FACES = 0.05
# What is found in parts alone may be a mistake, unless it is there in so many frames.
_ENOUGH_IN_PARTS = 0.5


@dataclass
class _Watched:
    """What was seen in a clip, frame by frame."""

    info: VideoInfo
    frames: Frames
    timestamps: list[float] = field(default_factory=list)
    seen: list[SeenFace | None] = field(default_factory=list)
    pictures: list[Bool[np.ndarray, " B"]] = field(default_factory=list)
    sizes: set[Size] = field(default_factory=set)
    damage: ClipError | None = None

    @property
    def whole(self) -> Size:
        """Width and height of the first picture, in which all faces are placed."""
        return self.info.width, self.info.height

    @property
    def faces(self) -> list[SeenFace]:
        """The faces, without the frames that have none."""
        return [face for face in self.seen if face is not None]


def record_clip(clip: Clip, tracker: Tracker) -> tuple[Recording, str]:
    """Track one clip in this process; returns the recording, and what is not as it should be ("" if all is).

    Raises
    ------
    ClipError
        If the video cannot be read, has fewer than 2 frames, shows no face, is damaged before 1 s, has times
        that no camera gives, or is not one file from the first frame to the last.
    """
    file = OneFile(clip.path, clip.id)
    watched = _watch(clip, tracker, file)
    file.check()  # first: what else seems wrong may come from there
    T = len(watched.seen)
    remarks = [check_length(clip.id, watched.timestamps, watched.damage), *watched.frames.remarks]
    in_parts = is_worth_a_closer_look(watched.seen, watched.whole) and _look_closer(watched, clip, tracker)
    file.check()
    if not watched.faces:
        least = least_pixels(watched.whole)
        raise ClipError(
            clip.id, f"no face in any of {T} frames; one must be about {least} pixels wide to be found"
        )
    several = sum(face.faces > 1 for face in watched.faces)
    switches = sum(face.switched for face in watched.faces)
    avatar, doubt = avatar_beside(clip.path, T)
    remarks += [_on_size(watched, in_parts), _on_faces(several, switches, T), doubt]
    seen = watched.seen
    recording = Recording(
        landmarks=_fill([None if face is None else face.landmarks for face in seen]),
        timestamps=np.array(watched.timestamps),
        tracked=np.array([face is not None for face in seen]),
        blendshapes=_fill_any([None if face is None else face.blendshapes for face in seen]),
        pose=_fill_any([None if face is None else face.pose for face in seen]),
        clip=clip.id,
        subject=clip.subject,
        source=clip.source,
        width=watched.info.width,
        height=watched.info.height,
        fps=_mean_rate(watched.timestamps),
        tracker=tracker.name,
        tracker_version=tracker.version,
        model_sha256=tracker.model_sha256,
        point_set=tracker.point_set,
        frames_with_several_faces=several,
        face_switches=switches,
        tracked_in_parts=in_parts,
        damaged_packets=watched.frames.damaged,
        guessed_times=watched.frames.guessed,
        video_sha256=file.sha256,
        picture_hash=hash_of_pictures(watched.pictures),
        avatar=avatar,
    )
    return recording, "; ".join(filter(None, remarks))


def check_length(clip: str, timestamps: Sequence[float], damage: ClipError | None) -> str:
    """Why a clip is not whole, "" if it is.

    Raises
    ------
    ClipError
        If too little was read before the `damage`, or no camera gives such times.
    """
    if damage is not None and _length_s(timestamps) < _KEPT_FROM_S:
        raise damage
    T = len(timestamps)
    if T < _FEWEST_FRAMES:
        raise ClipError(clip, f"only {T} frame; at least {_FEWEST_FRAMES} needed")
    try:
        check_times(np.array(timestamps), _mean_rate(timestamps))
    except ValueError as error:
        raise ClipError(clip, f"its times are no camera's: {error}; write them anew") from error
    return "" if damage is None else damage.reason


def _watch(clip: Clip, tracker: Tracker, file: OneFile) -> _Watched:
    """Follow the face through all frames."""
    info, frames = read_frames(clip.path, clip.id)
    file.sha256  # noqa: B018  (taken before the frames, to be compared after them)
    watched = _Watched(info, frames)
    with tracker.follow() as follower:
        try:
            for timestamp_s, rgb in frames:
                face, size = follower.see(rgb, timestamp_s), (rgb.shape[1], rgb.shape[0])
                if face is not None and size != watched.whole:
                    face = Placement.of_version(size, watched.whole).place(face)
                watched.seen.append(face)
                watched.timestamps.append(timestamp_s)
                watched.pictures.append(picture_bits(rgb))
                watched.sizes.add(size)
        except ClipError as error:
            watched.damage = error
    return watched


def _look_closer(watched: _Watched, clip: Clip, tracker: Tracker) -> bool:
    """Track a face that may be too small in parts of the picture, and keep what is seen so if it is more.

    A picture that changes its size is not looked at again.
    """
    if len(watched.sizes) > 1:
        return False
    wanted = looks_at(watched.timestamps)
    hits = find_in_parts((frame for i, frame in enumerate(_again(clip)) if i in wanted), tracker)
    if not hits:
        return False
    seen = list(track_in_parts(_again(clip), hits, tracker))
    faces, before = sum(face is not None for face in seen), len(watched.faces)
    if faces <= before or (not before and faces < _ENOUGH_IN_PARTS * len(seen)):
        return False
    watched.seen = seen
    return True


def _again(clip: Clip) -> Iterator[tuple[float, UInt8[np.ndarray, "H W 3"]]]:
    """The frames of a clip once more; what is wrong with them has been told."""
    with suppress(ClipError):
        yield from read_frames(clip.path, clip.id)[1]


def _on_size(watched: _Watched, in_parts: bool) -> str:
    """What there is to say about a small face, "" if nothing."""
    if not in_parts and not is_worth_a_closer_look(watched.seen, watched.whole):
        return ""
    pixels = median_size(watched.faces, watched.whole)
    remark = f"its face is small ({pixels:.0f} pixels, {pixels / max(watched.whole):.2f} of the picture)"
    counted = f"found in {len(watched.faces)} of {len(watched.seen)} frames"
    return f"{remark}: {counted}, in parts of the picture" if in_parts else f"{remark}: {counted}"


def _on_faces(several: int, switches: int, frames: int) -> str:
    """What there is to say about more faces than one, "" if nothing."""
    if not switches and several <= _MANY_FACES * frames:
        return ""
    remark = f"several faces in {several} of {frames} frames" if several else "its face is suddenly elsewhere"
    times = "once" if switches == 1 else f"{switches} times"
    return f"{remark}; another one is followed {times}" if switches else f"{remark}; one is followed"


def _length_s(timestamps: Sequence[float]) -> float:
    """Seconds from the first frame to the end of the last, at the mean rate."""
    T = len(timestamps)
    return (timestamps[-1] - timestamps[0]) * T / (T - 1) if T > 1 else 0.0


def _mean_rate(timestamps: Sequence[float]) -> float:
    """Frames in a second."""
    return len(timestamps) / _length_s(timestamps)


def _fill(rows: Sequence[np.ndarray | None]) -> Float32[np.ndarray, "T ..."]:
    """Stack the rows, with NaN where there is none; at least one must be there."""
    shape = next(row.shape for row in rows if row is not None)
    nothing = np.full(shape, np.nan, np.float32)
    return np.stack([nothing if row is None else row for row in rows])


def _fill_any(rows: Sequence[np.ndarray | None]) -> Float32[np.ndarray, "T ..."] | None:
    """The rows stacked, None where the tracker gives none."""
    return _fill(rows) if any(row is not None for row in rows) else None
