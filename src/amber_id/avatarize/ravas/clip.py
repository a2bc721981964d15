"""From one video to one video of an avatar, drawn by RAVAS.

Conventions
-----------
The video is the one that the built-in engine would write: the square about the face, at the original's times,
with its sound. RAVAS leaves a frame without a face black; where the last expression is to be held instead,
that is done here.
What RAVAS leaves goes to the folder ``.ravas``; of a failure the log stays there, of a success nothing.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from amber_id.atomic_files import remove_abandoned, scratch_folder
from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, write_avatar_clip
from amber_id.avatarize.ravas.picture import cropped_frames
from amber_id.avatarize.ravas.run import RavasRun, RavasSetup, run_ravas
from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.tracking.video_state import OneFile

_FOLDER = ".ravas"


def ravas_clip(
    clip: Clip,
    setup: RavasSetup,
    avatar_sha256: str,
    out: Path,
    *,
    size: int,
    no_face: NoFace,
    source: OneFile | None = None,
) -> AvatarClip:
    """Have RAVAS make ``<out>/<clip id>.mp4`` of the video of `clip`, with a JSON beside it.

    `source` is the file of `clip` since before anything was done with it.

    Raises
    ------
    AmberError
        If the place cannot be written.
    ClipError
        If the video cannot be read or shows no face, or RAVAS failed; what it printed in the last try is kept
        in ``<out>/.ravas/<clip id>/video.log``.
    """
    source = source or OneFile(clip.path, clip.id)
    kept_log = out / _FOLDER / clip.id / "video.log"
    _forget(kept_log, out)
    try:
        with scratch_folder(out / _FOLDER) as work:
            try:
                run = run_ravas(clip.path, work / "video.avi", setup, work=work)
                note = _written(
                    run, setup, clip, avatar_sha256, out, size=size, no_face=no_face, source=source
                )
            except ClipError as error:  # which may name the file only
                _keep(work / "video.log", kept_log)
                raise ClipError(clip.id, error.reason) from error
    finally:
        _remove_empty(out / _FOLDER, out)
    return note


def _written(
    run: RavasRun,
    setup: RavasSetup,
    clip: Clip,
    avatar_sha256: str,
    out: Path,
    *,
    size: int,
    no_face: NoFace,
    source: OneFile,
) -> AvatarClip:
    note = AvatarClip(
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
        source_sha256=source.sha256,
        source_bytes=source.size,
        warning=run.warning,
    )
    return write_avatar_clip(note, clip, out, _frames(run, size, no_face), source)


def remove_killed(out: Path) -> None:
    """Delete what RAVAS was at when runs into `out` were killed; the logs of failures stay."""
    remove_abandoned(out / _FOLDER)
    _remove_empty(out / _FOLDER, out)


def _keep(log: Path, kept_log: Path) -> None:
    """Put what RAVAS printed where it stays, if it got so far as to print."""
    if log.is_file():
        kept_log.parent.mkdir(parents=True, exist_ok=True)
        log.replace(kept_log)


def _forget(kept_log: Path, out: Path) -> None:
    """Delete the log of an earlier failure, and the folders that are empty then."""
    with contextlib.suppress(OSError):  # what is wrong with the place is met again, and note
        kept_log.unlink(missing_ok=True)
        _remove_empty(kept_log.parent, out)


def _remove_empty(folder: Path, out: Path) -> None:
    """Delete a folder and those above, below `out`, as far as they are empty."""
    for each in (folder, *folder.parents):
        if each == out:
            return
        try:
            each.rmdir()
        except OSError:  # it holds logs, or what others are at
            return


def _frames(run: RavasRun, size: int, no_face: NoFace) -> Iterator[tuple[float, UInt8[np.ndarray, "S S 3"]]]:
    """Frames and times; where the last is held, those before the first face wait for it."""
    lost = set(run.without_face) if no_face == "hold" else set()
    last: np.ndarray | None = None
    waiting: list[float] = []
    for i, (time_s, rgb) in enumerate(zip(run.timestamps, cropped_frames(run.video, size), strict=True)):
        if i in lost and last is None:
            waiting.append(float(time_s))
            continue
        picture = rgb if last is None or i not in lost else last
        yield from ((early_s, picture) for early_s in waiting)
        waiting.clear()
        yield float(time_s), picture
        last = picture
