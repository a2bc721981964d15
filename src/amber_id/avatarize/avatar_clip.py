"""What an engine made of one clip: the avatar's video, and beside it a JSON that says how.

Conventions
-----------
Both files appear whole or not at all, the JSON last: a clip without it is not done.
"""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from pydantic import BaseModel, ConfigDict

from amber_id import __version__
from amber_id.atomic_files import appears_whole, write_text_atomically
from amber_id.avatarize.video_file import Sound, write_video
from amber_id.corpora import VIDEO_SUFFIXES, Clip
from amber_id.errors import ClipError
from amber_id.file_formats import read_json
from amber_id.tracking.video_state import OneFile

Engine = Literal["builtin", "ravas"]
NoFace = Literal["hold", "black"]

AVATAR_CLIP_SCHEMA: Literal["amber-id/avatar-clip/2"] = "amber-id/avatar-clip/2"


class AvatarClip(BaseModel):
    """What is written beside an avatar's video: what made it, and from what.

    `missing_shapes` are those that the avatar's file lacks, by ARKit's names: they stay still.
    `frames_without_face` are drawn as `no_face` says; in `frames_with_several_faces` one was followed.
    `model_sha256` is "" where RAVAS tracks; `drive_sha256` is that of the recording which drove it, "" where
    it was tracked for this. `fps` is the mean rate of the original, or `fixed_fps` where one was asked for;
    `frames` and the others are those of the avatar's video. `source_bytes` and `source_sha256` are those of
    the original's file, the latter "" in older files; `warning` says why that is not whole. In files of
    schema 1 the head was turned by the tracker's pose, which also says where in the picture the face is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    schema_version: Literal["amber-id/avatar-clip/1", "amber-id/avatar-clip/2"] = AVATAR_CLIP_SCHEMA
    amber_id_version: str = __version__
    clip: str
    subject: str
    source: str
    engine: Engine
    avatar_sha256: str
    missing_shapes: tuple[str, ...] = ()
    size: int
    no_face: NoFace
    renderer: str
    versions: dict[str, str]
    tracker: str
    tracker_version: str
    model_sha256: str
    drive_sha256: str = ""
    frames: int
    frames_without_face: int
    frames_with_several_faces: int
    fps: float
    fixed_fps: float | None = None
    source_bytes: int
    source_sha256: str = ""
    sound: Sound = "none"
    warning: str = ""


def write_avatar_clip(
    note: AvatarClip,
    clip: Clip,
    out: Path,
    frames: Iterable[tuple[float, UInt8[np.ndarray, "S S 3"]]],
    source: OneFile,
) -> AvatarClip:
    """Write ``(time_s, rgb)`` frames to ``<out>/<clip id>.mp4`` and `note` beside it.

    Sound is that of `clip`, if it is a video; what became of it is in what is given back. `source` is the
    file of `clip` since before it was read.

    Raises
    ------
    AmberError
        If the place cannot be written.
    ClipError
        If FFmpeg refuses the pictures or their times, or `source` has become another file.
    """
    video = out / f"{clip.id}.mp4"
    # Gone first: an older one must not speak for the new video if this is stopped between the two, and the
    # video that it speaks for must not stay without it.
    if video.with_suffix(".json").exists():
        video.unlink(missing_ok=True)
        video.with_suffix(".json").unlink()
    sound_of = clip.path if clip.path.suffix.lower() in VIDEO_SUFFIXES else None
    with appears_whole(video) as temporary:
        try:
            sound = write_video(temporary, frames, fps=note.fps, sound_of=sound_of)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a full disk stops the run, what FFmpeg refuses this clip only
                raise
            raise ClipError(clip.id, f"its avatar cannot be encoded ({error.strerror})") from error
        source.check()
    note = note.model_copy(update={"sound": sound})
    write_text_atomically(video.with_suffix(".json"), note.model_dump_json(indent=2) + "\n")
    return note


def read_avatar_clip(path: Path) -> AvatarClip:
    """Read the JSON beside an avatar's video.

    Raises
    ------
    FileFormatError
        If it cannot be read or says something else.
    """
    return read_json(AvatarClip, path)
