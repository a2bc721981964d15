"""From one recording to one video of an avatar, drawn here.

Conventions
-----------
The clip is tracked first and drawn then, so a frame before the first face can show that face's expression.
A frame without a face shows the last expression again (``hold``), or is black, as RAVAS makes it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, write_avatar_clip
from amber_id.avatarize.drive import Drive, at_rate, drive_of
from amber_id.avatarize.glb.read import naming, read_avatar
from amber_id.avatarize.renderer import Renderer
from amber_id.corpora import Clip
from amber_id.errors import AvatarError, ClipError
from amber_id.extras import versions_of
from amber_id.recordings import Recording
from amber_id.tracking.video_state import OneFile

_LIBRARIES = ("av", "mediapipe", "moderngl", "numpy")

# The renderer of this process, by avatar and size; there is one at most.
_HELD: dict[tuple[Path, int], tuple[Renderer, str]] = {}


def draw_clip(
    clip: Clip,
    recording: Recording,
    avatar: Path,
    out: Path,
    *,
    size: int,
    no_face: NoFace,
    fps: float | None = None,
    warning: str = "",
    drive_sha256: str = "",
    source: OneFile | None = None,
    avatar_sha256: str = "",
) -> AvatarClip:
    """Draw the avatar that moves as in `recording` into ``<out>/<clip id>.mp4``, with a JSON beside it.

    Frames are at the recording's own times, or at `fps` in a second. `warning` says why the original is not
    whole; `drive_sha256` is that of the file of `recording`, if it has one that may change. `source` is the
    file of `clip` since before it was tracked, `avatar_sha256` that of the avatar which the run began with.

    Raises
    ------
    AmberError
        If the place cannot be written, or a library is missing (MissingDependencyError).
    AvatarError
        If `avatar` cannot be used, or is another than the run began with.
    ClipError
        If the recording has no face, or no blendshapes, is too long for this rate, or the file of
        `clip` has become another.
    """
    source = source or OneFile(clip.path, clip.id)
    drive = _drive_at(clip, recording, fps)
    renderer, sha256 = _renderer(avatar, size, avatar_sha256)
    note = AvatarClip(
        clip=clip.id,
        subject=clip.subject,
        source=clip.source,
        engine="builtin",
        avatar_sha256=sha256,
        missing_shapes=renderer.rig.avatar.missing,
        size=size,
        no_face=no_face,
        renderer=renderer.driver,
        versions=versions_of(_LIBRARIES),
        tracker=recording.tracker,
        tracker_version=recording.tracker_version,
        model_sha256=recording.model_sha256,
        drive_sha256=drive_sha256,
        frames=len(drive.tracked),
        frames_without_face=int(np.sum(~drive.tracked)),
        frames_with_several_faces=recording.frames_with_several_faces,
        fps=drive.fps,
        fixed_fps=fps,
        source_sha256=source.sha256,
        source_bytes=source.size,
        warning=warning,
    )
    return write_avatar_clip(note, clip, out, _frames(renderer, drive, no_face), source)


def _drive_at(clip: Clip, recording: Recording, fps: float | None) -> Drive:
    """What drives the avatar, at the recording's own times or at `fps`; raises ClipError."""
    drive = drive_of(recording)
    if fps is None:
        return drive
    try:
        return at_rate(drive, fps)
    except ValueError as error:
        raise ClipError(clip.id, str(error)) from error


def _frames(
    renderer: Renderer, drive: Drive, no_face: NoFace
) -> Iterator[tuple[float, UInt8[np.ndarray, "S S 3"]]]:
    black = np.zeros((renderer.size, renderer.size, 3), np.uint8)
    for weights, rotation, tracked, time_s in zip(
        drive.weights, drive.rotations, drive.tracked, drive.timestamps, strict=True
    ):
        has_face = tracked or no_face == "hold"
        yield float(time_s), renderer.render(weights, rotation) if has_face else black


def _renderer(avatar: Path, size: int, expected_sha256: str = "") -> tuple[Renderer, str]:
    """One renderer for all clips of a process: opening OpenGL takes longer than drawing a short clip."""
    if (avatar, size) not in _HELD:
        while _HELD:
            _HELD.popitem()[1][0].close()
        file = read_avatar(avatar)
        with naming(avatar):
            _HELD[avatar, size] = Renderer(file.avatar, size), file.sha256
    renderer, sha256 = _HELD[avatar, size]
    if expected_sha256 not in ("", sha256):
        raise AvatarError(
            f"{avatar}: was replaced while clips were made of it; run again for one look of all"
        )
    return renderer, sha256
