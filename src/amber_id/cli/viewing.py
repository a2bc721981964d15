"""Motion, to be looked at."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from amber_id.cli.shared import Quiet, app, say, tell
from amber_id.errors import UsageError
from amber_id.extras import check_needs


@app.command()
def view(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="RECORDING", help="One to six .safetensors files; several play side by side."),
    ],
    out: Annotated[Path, typer.Option(help="File of the page; replaced if it is there.")] = Path("view.html"),
    quiet: Quiet = False,
) -> None:
    """Play tracked faces side by side.

    Writes one page for any browser; it needs no network.
    """
    from amber_id.corpora import VIDEO_SUFFIXES
    from amber_id.recordings import load_recording
    from amber_id.report import write_motion_view
    from amber_id.report.motion_view.page import MOST_CLIPS, estimated_bytes
    from amber_id.synthetic import SYNTHETIC_TRACKER

    if out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"--out names a page, FILE.html, got {out}")
    if len(recordings) > MOST_CLIPS:
        raise UsageError(f"a page holds {MOST_CLIPS} recordings at most, got {len(recordings)}")
    for path in recordings:
        if path.suffix.lower() in VIDEO_SUFFIXES:
            raise UsageError(
                f"{path}: is a video, and recordings are played; make one: amber track VIDEOS RECORDINGS"
            )
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; name one to six .safetensors files in it")
    check_needs("view")
    loaded = [load_recording(path) for path in recordings]
    if not quiet:
        what = "1 recording" if len(loaded) == 1 else f"{len(loaded)} recordings"
        say(f"{what}, about {estimated_bytes(loaded) / 1e6:,.1f} MB")
    page = write_motion_view(loaded, out, titles=_titles(recordings, [each.clip for each in loaded]))
    if not quiet and any(each.tracker != SYNTHETIC_TRACKER for each in loaded):
        say("note: a face mesh of a real person is personal biometric data")
    tell(page)


def _titles(paths: Sequence[Path], clips: Sequence[str]) -> list[str]:
    """The clip ids; where two are the same, as those of an original and its avatar, how the paths differ."""
    if len(set(clips)) == len(clips):
        return list(clips)
    places = [path.absolute().with_suffix("") for path in paths]
    shared = os.path.commonpath([place.parent for place in places])
    return [place.relative_to(shared).as_posix() for place in places]
