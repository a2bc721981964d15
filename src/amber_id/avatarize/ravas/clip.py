"""From one video to one video of an avatar, drawn by RAVAS.

Conventions
-----------
The video is the one that the built-in engine would write: the square about the face, at the original's times,
with its sound. RAVAS leaves a frame without a face black; where the last expression is to be held instead,
that is done here.
What RAVAS leaves goes to the folder ``.ravas``; of a failure the log stays there, of a success nothing.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, write_avatar_clip
from amber_id.avatarize.ravas.picture import cropped_frames
from amber_id.avatarize.ravas.run import RavasRun, RavasSetup, run_ravas
from amber_id.corpora import Clip
from amber_id.errors import ClipError

_MOST_BEGINNINGS = 9


def ravas_clip(
    clip: Clip, setup: RavasSetup, avatar_sha256: str, out: Path, *, size: int, no_face: NoFace
) -> AvatarClip:
    """Have RAVAS make ``<out>/<clip id>.mp4`` of the video of `clip`, with a JSON beside it.

    Raises
    ------
    AmberError
        If the place cannot be written.
    ClipError
        If the video cannot be read or shows no face, or RAVAS failed; what it printed in the last try is kept
        in ``<out>/.ravas/<clip id>/video.log``.
    """
    work = out / ".ravas" / clip.id
    _begin(work)
    try:
        run = run_ravas(clip.path, work / "video.avi", setup, work=work)
        said = _written(run, setup, clip, avatar_sha256, out, size=size, no_face=no_face)
    except BaseException as error:
        _clear(work, out, keep=work / "video.log")
        if isinstance(error, ClipError):  # which may name the file only
            raise ClipError(clip.id, error.reason) from error
        raise
    _clear(work, out, keep=None)
    return said


def _written(
    run: RavasRun,
    setup: RavasSetup,
    clip: Clip,
    avatar_sha256: str,
    out: Path,
    *,
    size: int,
    no_face: NoFace,
) -> AvatarClip:
    said = AvatarClip(
        clip=clip.id,
        subject=clip.subject,
        source=clip.source,
        engine="ravas",
        avatar_sha256=avatar_sha256,
        missing_shapes=setup.missing_shapes,
        size=size,
        no_face=no_face,
        renderer="RAVAS",
        versions={"ravas": run.version, **setup.versions},
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
    return write_avatar_clip(said, clip, out, _shown(run, size, no_face))


def _begin(work: Path) -> None:
    """Make the folder; another worker may take away the one above in the same moment, when it is empty."""
    for _ in range(_MOST_BEGINNINGS):
        with contextlib.suppress(OSError):  # what is wrong for good, `run_ravas` meets again and says
            work.mkdir(parents=True, exist_ok=True)
            return


def _clear(work: Path, out: Path, keep: Path | None) -> None:
    """Delete all in `work` but one file, and the folders up to `out` that are empty then."""
    for path in work.glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != keep:
            path.unlink(missing_ok=True)
    for folder in (work, *work.parents):
        if folder == out:
            return
        try:
            folder.rmdir()
        except OSError:  # it holds the log, or what others are at
            return


def _shown(run: RavasRun, size: int, no_face: NoFace) -> Iterator[tuple[float, UInt8[np.ndarray, "S S 3"]]]:
    """Frames and times; where the last is held, those before the first face wait for it."""
    lost = set(run.without_face) if no_face == "hold" else set()
    last: np.ndarray | None = None
    waiting: list[float] = []
    for i, (time_s, rgb) in enumerate(zip(run.timestamps, cropped_frames(run.video, size), strict=True)):
        if i in lost and last is None:
            waiting.append(float(time_s))
            continue
        shown = rgb if last is None or i not in lost else last
        yield from ((early_s, shown) for early_s in waiting)
        waiting.clear()
        yield float(time_s), shown
        last = shown
