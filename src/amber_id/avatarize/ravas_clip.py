"""From one video to one video of an avatar, drawn by RAVAS.

Conventions
-----------
The video is the one that the built-in engine would write: the square about the face, at the original's times,
with its sound. RAVAS leaves a frame without a face black; where the last expression is to be held instead,
that is done here.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, write_avatar_clip
from amber_id.avatarize.ravas import RavasRun, RavasSetup, read_ravas_frames, run_ravas
from amber_id.corpora import Clip
from amber_id.errors import ClipError


def ravas_clip(
    clip: Clip, setup: RavasSetup, avatar_sha256: str, out: Path, *, size: int, no_face: NoFace
) -> AvatarClip:
    """Have RAVAS make ``<out>/<clip id>.mp4`` of the video of `clip`, with a JSON beside it.

    Raises
    ------
    AmberError
        If the place cannot be written.
    ClipError
        If the video cannot be read or shows no face, or RAVAS failed; what it printed is kept in ``.ravas``.
    """
    work = out / ".ravas" / clip.id
    try:
        run = run_ravas(clip.path, work / "video.avi", setup, work=work)
    except ClipError as error:
        raise ClipError(clip.id, error.reason) from error
    said = AvatarClip(
        clip=clip.id,
        subject=clip.subject,
        source=clip.source,
        engine="ravas",
        avatar_sha256=avatar_sha256,
        size=size,
        no_face=no_face,
        renderer="RAVAS",
        versions={"ravas": run.version},
        tracker="RAVAS",
        tracker_version=run.version,
        model_sha256="",
        frames=run.frames,
        frames_without_face=run.frames_without_face,
        frames_with_several_faces=0,
        fps=(run.frames - 1) / float(run.timestamps[-1] - run.timestamps[0]),
        source_bytes=clip.path.stat().st_size,
        warning=run.warning,
    )
    said = write_avatar_clip(said, clip, out, _shown(run, size, no_face))
    shutil.rmtree(work)
    return said


def _shown(run: RavasRun, size: int, no_face: NoFace) -> Iterator[tuple[float, UInt8[np.ndarray, "S S 3"]]]:
    """Frames and times; where the last is held, those before the first face wait for it."""
    lost = set(run.without_face) if no_face == "hold" else set()
    last: np.ndarray | None = None
    waiting: list[float] = []
    for i, (time_s, rgb) in enumerate(zip(run.timestamps, read_ravas_frames(run, size), strict=True)):
        if i in lost and last is None:
            waiting.append(float(time_s))
            continue
        shown = rgb if last is None or i not in lost else last
        yield from ((early_s, shown) for early_s in waiting)
        waiting.clear()
        yield float(time_s), shown
        last = shown
