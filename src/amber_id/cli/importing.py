"""Landmarks that another program wrote become recordings."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.shared import (
    Quiet,
    Workers,
    configured,
    corpus_app,
    end_with,
    print_summary,
    require,
    require_place,
    require_workers,
    say,
    tell,
)

if TYPE_CHECKING:
    from amber_id.tracking import CorpusSummary

_Fps = Annotated[
    float | None, typer.Option(help="Frames per second of files that do not state it themselves.")
]
_Aspect = Annotated[str | None, typer.Option(help="Ratio of width to height of the pictures, e.g. 16:9.")]
_Size = Annotated[
    str | None, typer.Option(help="Size of the pictures in pixels, e.g. 1280x720, in place of --aspect.")
]
_Pixels = Annotated[
    bool,
    typer.Option("--pixels", help="Coordinates are in pixels, not in shares of the picture; needs --size."),
]
_Table = Annotated[
    Path | None,
    typer.Option(help="CSV file of clips that differ: clip,fps,width,height; cells may be empty."),
]
_Meta = Annotated[
    Path | None, typer.Option(help="Folder of the meta .npz of the thesis' (71, 152, 4) files.")
]
_TrackerName = Annotated[
    str, typer.Option(help="Program that made the landmarks, e.g. 'mediapipe FaceMesh 0.10.9'.")
]


@corpus_app.command("landmarks")
def corpus_landmarks(
    src: Annotated[Path, typer.Argument(help="Folder with <source>_id<number>/<clip>.npy or .npz ...")],
    recordings: Annotated[Path, typer.Argument(help="Folder to which the recordings are written.")],
    fps: _Fps = None,
    aspect: _Aspect = None,
    size: _Size = None,
    pixels: _Pixels = False,
    table: _Table = None,
    meta: _Meta = None,
    tracker: _TrackerName = "unknown tracker",
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make recordings of landmarks made elsewhere.

    Arrays have the shape (frames, 468 or 478, 2 or 3), or that of the thesis, (71, 152, 4).
    """
    from amber_id.progress import ClipBar
    from amber_id.recordings import ImportConfig
    from amber_id.tracking import find_landmark_files, import_landmarks, read_stated

    require_place("RECORDINGS", recordings)
    require_workers(workers)
    require("--meta", meta, "a folder", meta is None or meta.is_dir())
    config = configured(
        ImportConfig,
        fps=fps,
        aspect=_pair("--aspect", aspect, r"\d+(?:\.\d+)?", ":", "16:9"),
        size=_pair("--size", size, r"\d+", "x", "1280x720"),
        pixels=pixels,
        tracker=tracker,
    )
    stated = {} if table is None else read_stated(table)
    corpus = find_landmark_files(src)
    if not quiet:
        say(f"{len(corpus.clips)} landmark files of {len(corpus.subjects)} people")
    with ClipBar("importing", len(corpus.clips), quiet=quiet) as bar:
        summary = import_landmarks(
            corpus,
            recordings,
            config,
            stated=stated,
            meta=meta,
            workers=workers,
            on_progress=lambda event: bar.advance(event.frames),
        )
    _print_import(summary, recordings)


def _print_import(summary: "CorpusSummary", recordings: Path) -> None:
    print_summary(summary, recordings, "landmark files imported")
    if summary.failures:
        tell(f"failures: {recordings / 'failures.csv'}")
    end_with(summary.failures)


def _pair(flag: str, text: str | None, number: str, between: str, example: str) -> tuple[Any, Any] | None:
    """Two positive numbers of a flag; anything else is wrong usage."""
    if text is None:
        return None
    match = re.fullmatch(f"({number}){between}({number})", text)
    pair = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    require(flag, text, f"two positive numbers, e.g. {example}", min(pair) > 0)
    return pair
