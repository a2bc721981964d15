"""The verb track: from videos to recordings."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import (
    GOES_ON,
    SOME_CLIPS_LOST,
    Model,
    Quiet,
    Shard,
    Workers,
    app,
    check_before,
    configured,
    name_failures,
    parsed_shard,
    print_summary,
    require_place,
    resumable,
    say,
    tell,
)

if TYPE_CHECKING:
    from amber_id.corpora import Corpus
    from amber_id.tracking import CorpusSummary


@app.command()
@resumable(GOES_ON)
def track(
    videos: Annotated[Path, typer.Argument(help="Folder with <source>_id<number>/<clip>.mp4 ...")],
    recordings: Annotated[Path, typer.Argument(help="Folder to which the recordings are written.")],
    tracker: Annotated[
        str, row_of("amber_id.tracking:TRACKERS", "The program that follows the face.")
    ] = "landmarker",
    model: Model = None,
    workers: Workers = None,
    shard: Shard = None,
    quiet: Quiet = False,
) -> None:
    """Track the face in every video.

    When run again, clips whose video is unchanged are skipped.
    """
    summary = track_folder(
        videos,
        recordings,
        tracker=tracker,
        model=model,
        workers=workers,
        shard=parsed_shard(shard),
        quiet=quiet,
    )
    if summary.failures:
        tell(f"failures: {recordings / 'failures.csv'}")
        raise typer.Exit(SOME_CLIPS_LOST)


def track_folder(
    videos: Path,
    recordings: Path,
    *,
    tracker: str = "landmarker",
    model: Path | None,
    workers: int | None,
    shard: tuple[int, int] | None = None,
    quiet: bool,
) -> "CorpusSummary":
    """Track the videos of a folder with a bar, and print a summary."""
    from amber_id.corpora import find_corpus
    from amber_id.progress import ClipBar
    from amber_id.tracking import (
        TRACKERS,
        ShareConfig,
        check_apart,
        estimate_bytes,
        select_shard,
        track_corpus,
    )

    config = configured(ShareConfig, workers=workers, shard=shard)
    require_place("RECORDINGS", recordings)
    corpus = find_corpus(videos)
    check_apart(corpus, recordings)
    kind = TRACKERS[tracker]
    if not kind.environment:  # which lacks what the others need
        check_before("track", recordings)
    chosen = kind.find(model)
    part = select_shard(corpus, config.shard)
    if not quiet:
        size = estimate_bytes(part) / 1e6
        say(f"{len(part.clips)} clips of {len(part.subjects)} people, about {size:,.0f} MB of recordings")
    with ClipBar("tracking", len(part.clips), quiet=quiet) as bar:
        summary = track_corpus(
            corpus,
            recordings,
            chosen,
            workers=config.workers,
            shard=config.shard,
            on_progress=lambda event: bar.advance(event.frames),
        )
    name_failures(summary.failures)
    _say_what_lies_beside(corpus, recordings)
    print_summary(summary, recordings, "clips tracked")
    return summary


def _say_what_lies_beside(corpus: "Corpus", recordings: Path) -> None:
    if corpus.beside:
        kinds = Counter(path.suffix.lower() for path, _ in corpus.beside)
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        table = recordings / "warnings.csv"
        say(f"beside the clips lie files that are no clips ({counts}); {table} lists them")
