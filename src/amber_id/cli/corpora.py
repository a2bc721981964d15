"""Corpora: from what a publisher ships, or anyone has, to folders of people."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.shared import (
    SOME_CLIPS_LOST,
    First,
    Like,
    Quiet,
    SourceName,
    configured,
    corpus_app,
    require_place,
    say,
    say_some,
    tell,
)

if TYPE_CHECKING:
    from amber_id.corpora.conversion import Findings, Kind, LeftOut, SourceCheck

Source = Annotated[Path, typer.Argument(help="Folder with the corpus as it was downloaded.")]
Destination = Annotated[Path, typer.Argument(help="Folder of the corpus; several sources may share one.")]
Copy = Annotated[bool, typer.Option("--copy", help="Copy the files; default: links to where they lie.")]


@corpus_app.command("ravdess")
def corpus_ravdess(
    src: Source,
    dst: Destination,
    copy: Copy = False,
    with_video_only: Annotated[
        bool,
        typer.Option("--with-video-only", help="Take modality 02, too: the same performances without sound."),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Convert RAVDESS: clips become id001 to id024.

    Those of speech are taken, from zip files or folders.
    """
    _convert_public("ravdess", src, dst, copy, quiet, with_video_only=with_video_only)


@corpus_app.command("nvfair")
def corpus_nvfair(src: Source, dst: Destination, copy: Copy = False, quiet: Quiet = False) -> None:
    """Convert NVFAIR: clips become id025 to id070.

    Those are taken that NVIDIA recorded.
    """
    _convert_public("nvidia", src, dst, copy, quiet)


@corpus_app.command("crema-d")
def corpus_crema_d(
    src: Source,
    dst: Destination,
    copy: Copy = False,
    demographics: Annotated[
        Path | None, typer.Option(help="The file VideoDemographics.csv, if it does not lie in SRC.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Convert CREMA-D: clips become id071 to id161."""
    _convert_public("cremad", src, dst, copy, quiet, demographics=demographics)


@corpus_app.command("folders")
def corpus_folders(
    src: Annotated[
        Path,
        typer.Argument(help="SRC/person/[session/]clip.mp4, or a CSV table with columns path and subject."),
    ],
    dst: Destination,
    source: SourceName = "own",
    first: First = 1,
    like: Like = None,
    copy: Copy = False,
    quiet: Quiet = False,
) -> None:
    """Convert your own videos.

    A person keeps the number that people.csv in DST has.
    """
    from amber_id.corpora.conversion import OwnConfig, find_own, refuse_overlap

    require_place("DST", dst)
    config = configured(OwnConfig, source=source, first=first)
    if not src.is_file():
        refuse_overlap(src, dst)
    _convert(find_own(src, dst, config, like=like), dst, copy, quiet)


@corpus_app.command("check")
def corpus_check(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.")],
    table: Annotated[
        Path | None,
        typer.Option(help="CSV file to be written with all clips that are missing or cannot be used."),
    ] = None,
) -> None:
    """Check whether a corpus is complete.

    Counts are compared with those of the publishers; clips that are missing or cannot be used are named.
    """
    from amber_id.corpora.conversion import check_corpus, write_left_out

    checks = check_corpus(corpus)
    for check in checks:
        tell(_counts_of_source(check))
    problems = [problem for check in checks for problem in check.problems]
    _name_rows(problems)
    if table is not None:
        write_left_out(table, problems)
        tell(table)
    if problems:
        raise typer.Exit(SOME_CLIPS_LOST)


def _convert_public(source: str, src: Path, dst: Path, copy: bool, quiet: bool, **options: Any) -> None:
    """Convert a public corpus; `options` are those that its conversion alone has."""
    from amber_id.corpora.conversion import conversion_of, refuse_overlap

    require_place("DST", dst)
    refuse_overlap(src, dst)
    _convert(conversion_of(source).find(src, **options), dst, copy, quiet)


def _convert(findings: "Findings", dst: Path, copy: bool, quiet: bool) -> None:
    """Put the clips into the corpus, name those that could not be, and end with the exit code for that."""
    from amber_id.corpora.conversion import LEFT_OUT_FILE, convert
    from amber_id.progress import ClipBar

    for note in findings.notes:
        say(note)
    with ClipBar("clips", None, quiet=quiet) as bar:
        done = convert(findings, dst, copy=copy, on_clip=lambda clips, of: bar.step(clips, of))
    _name_rows([row for row in done.left_out if row.kind != "choice"])
    tell(
        f"{dst}: {done.put:,} clips put, {done.there:,} were there already; "
        f"{done.people} people of {', '.join(sorted(findings.sources))}"
    )
    _print_counts(done.left_out)
    tell(dst / LEFT_OUT_FILE)
    if not done.is_whole:
        raise typer.Exit(SOME_CLIPS_LOST)


def _print_counts(rows: Sequence["LeftOut"]) -> None:
    """How much was left out, by reason."""
    from amber_id.corpora.conversion import counted

    kinds: tuple[Kind, ...] = ("choice", "unusable", "missing")
    for kind in kinds:
        for reason, count in counted(rows, kind):
            tell(f"  {'left out' if kind == 'choice' else kind:8} {count:7,}  {reason}")


def _name_rows(rows: Sequence["LeftOut"]) -> None:
    """One line for each of some twenty at most: what is of no use, then what is missing, by person."""
    lines = [str(row) for row in rows if row.kind != "missing"]
    missing: dict[str, list[LeftOut]] = {}
    for row in rows:
        if row.kind == "missing":
            missing.setdefault(row.path.partition("/")[0], []).append(row)
    for person, lost in missing.items():
        clips = [row.path.partition("/")[2] for row in lost]
        some = ", ".join(clips[:3]) + (" ..." if len(clips) > 3 else "")
        lines.append(str(lost[0]) if clips == [""] else f"{person}: {len(clips)} clips missing: {some}")
    say_some(lines)


def _counts_of_source(check: "SourceCheck") -> str:
    """What a corpus has of a source, in a line."""
    if not check.expected_people:
        return f"{check.source}: {check.clips:,} clips of {check.people} people; no publisher to compare with"
    clips = f"{check.clips:,} of {check.expected_clips:,}" if check.expected_clips else f"{check.clips:,}"
    beyond = f", {check.beyond:,} clips beyond these" if check.beyond else ""
    return f"{check.source}: {clips} clips, {check.people} of {check.expected_people} people{beyond}"
