"""Landmarks that another program wrote become recordings."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.shared import (
    First,
    Like,
    Quiet,
    SourceName,
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
    from amber_id.corpora import Corpus
    from amber_id.recordings import ImportConfig
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
    typer.Option(
        help="CSV file with the column clip (a clip, a person or a folder, of which it then holds for all "
        "clips) and any of fps, width, height, aspect; cells may be empty."
    ),
]
_Folders = Annotated[
    Path | None,
    typer.Option(
        help="CSV file with the column folder (from SRC; it holds for all clips below) and any of person, "
        "session, fps, width, height, aspect; cells may be empty."
    ),
]
_Meta = Annotated[
    Path | None, typer.Option(help="Folder of the meta .npz of the thesis' (71, 152, 4) files.")
]
_TrackerName = Annotated[
    str, typer.Option(help="Program that made the landmarks, e.g. 'mediapipe FaceMesh 0.10.9'.")
]
_Shortest = Annotated[
    float,
    typer.Option(
        "--shortest-s", help="Name clips without a tracked stretch of so many seconds; they are kept."
    ),
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
    shortest_s: _Shortest = 1.0,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make recordings of landmarks made elsewhere.

    Arrays have the shape (frames, 468 or 478, 2 or 3), or that of the thesis, (71, 152, 4).
    """
    from amber_id.tracking import find_landmark_files, names_of, read_stated, remark_on_idle

    require_place("RECORDINGS", recordings)
    require_workers(workers)
    require("--meta", meta, "a folder", meta is None or meta.is_dir())
    config = _import_config(fps, aspect, size, pixels=pixels, tracker=tracker, shortest_s=shortest_s)
    stated = {} if table is None else read_stated(table)
    corpus = find_landmark_files(src)
    if table is not None:
        for note in remark_on_idle(table, stated, (name for clip in corpus.clips for name in names_of(clip))):
            say(note)
    _import(corpus, recordings, config, "landmark files", quiet, stated=stated, meta=meta, workers=workers)


@corpus_app.command("mp-data")
def corpus_mp_data(
    src: Annotated[
        Path, typer.Argument(help="Folder with <word>/<sequence>/<frame>.npy in it, or in folders below.")
    ],
    recordings: Annotated[Path, typer.Argument(help="Folder to which the recordings are written.")],
    fps: _Fps = None,
    aspect: _Aspect = None,
    size: _Size = None,
    table: _Folders = None,
    source: SourceName = "own",
    first: First = 1,
    like: Like = None,
    tracker: _TrackerName = "mediapipe Holistic",
    shortest_s: _Shortest = 1.0,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make recordings of MP_Data folders, a file for each frame.

    Frames are MediaPipe Holistic's numbers; words become utterances. A folder of words is one person, unless
    --table says otherwise.
    """
    from amber_id.corpora.conversion import OwnConfig, refuse_overlap
    from amber_id.tracking import find_frame_trees, read_stated_rows, remark_on_idle

    require_place("RECORDINGS", recordings)
    require_workers(workers)
    refuse_overlap(src, recordings)
    config = _import_config(fps, aspect, size, tracker=tracker, shortest_s=shortest_s)
    people = configured(OwnConfig, source=source, first=first)
    rows = {} if table is None else read_stated_rows(table, "folder", people=True)
    trees = find_frame_trees(src, recordings, config, people, rows=rows, like=like)
    for note in (*trees.notes, *(remark_on_idle(table, rows, trees.names) if table else ())):
        say(note)
    _import(
        trees.corpus,
        recordings,
        config,
        "folders of frames",
        quiet,
        stated=trees.stated,
        facts=trees.facts,
        workers=workers,
    )


def _import_config(fps: float | None, aspect: str | None, size: str | None, **values: Any) -> "ImportConfig":
    """What flags state about landmarks."""
    from amber_id.recordings import ImportConfig

    return configured(
        ImportConfig,
        fps=fps,
        aspect=_pair("--aspect", aspect, r"\d+(?:\.\d+)?", ":", "16:9"),
        size=_pair("--size", size, r"\d+", "x", "1280x720"),
        **values,
    )


def _import(
    corpus: "Corpus", recordings: Path, config: "ImportConfig", what: str, quiet: bool, **how: Any
) -> None:
    """Make the recordings, and tell what became of the clips; `how` are options of `import_landmarks`."""
    from amber_id.progress import ClipBar
    from amber_id.tracking import import_landmarks

    if not quiet:
        say(f"{len(corpus.clips)} {what} of {len(corpus.subjects)} people")
    with ClipBar("importing", len(corpus.clips), quiet=quiet) as bar:
        summary = import_landmarks(
            corpus, recordings, config, on_progress=lambda event: bar.advance(event.frames), **how
        )
    _print_import(summary, recordings, what)


def _print_import(summary: "CorpusSummary", recordings: Path, what: str) -> None:
    print_summary(summary, recordings, f"{what} imported")
    if summary.warnings:
        tell(f"warnings: {recordings / 'warnings.csv'}")
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
