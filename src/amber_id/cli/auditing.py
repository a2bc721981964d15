"""The audit: from two folders to everything that motion gives away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import (
    FOLDS,
    GOES_ON,
    SOME_CLIPS_LOST,
    STUDY_LOCK,
    Allow,
    Device,
    Quiet,
    Seed,
    Workers,
    app,
    check_before,
    configured,
    name_dropped,
    read_toml,
    require,
    resumable,
    say,
    table_of,
    tell,
)
from amber_id.errors import UsageError
from amber_id.extras import check_needs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amber_id.audit import StudyConfig
    from amber_id.recordings import RecordingSet
    from amber_id.results import ConditionName


@app.command()
@resumable(GOES_ON)
def audit(
    out: Annotated[Path, typer.Option(help="The study: recordings, runs, results, report.")],
    original: Annotated[Path | None, typer.Option(help="Folder of original videos, or recordings.")] = None,
    anonymised: Annotated[
        Path | None, typer.Option(help="Folder of the same clips anonymised, or their recordings.")
    ] = None,
    protocol: Annotated[
        str | None,
        row_of(
            "amber_id.protocols:AUDIT_PROTOCOLS", "The rule by which people are divided; default: shares."
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(help="k folds, in which everyone is tested once; by the number of people unless told."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Of networks, at most; 5 unless told.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Ask the network, too, for views, regions and controls: hours.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="TOML with what differs from the defaults.")] = None,
    model: Annotated[Path | None, typer.Option(help="Face landmarker bundle; else found or fetched.")] = None,
    show_originals: Annotated[
        bool,
        typer.Option(
            "--show-originals", help="Put the faces of originals into the page: how real people move."
        ),
    ] = False,
    allow: Allow = None,
    workers: Workers = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Audit an anonymiser: who is still recognised, by what, and how sure that is.

    Run again after a stop, it goes on where it was.
    """
    from amber_id.audit import StudyConfig, run_study, stages_of_study, study_lines
    from amber_id.locks import hold_lock
    from amber_id.progress import ClipBar, StageClock, epoch_line
    from amber_id.recordings import failed_clips, holds_recordings
    from amber_id.report import write_study_report
    from amber_id.results import write_results
    from amber_id.score_files import write_scores

    require("--folds", folds, FOLDS, folds is None or folds >= 2)
    told = read_toml(config)
    asked = _asked(told, file=config, protocol=protocol, folds=folds, epochs=epochs, full=full, seed=seed)
    settings = configured(StudyConfig, asked, stated=told, file=config)
    named: dict[ConditionName, Path | None] = {"original": original, "anonymised": anonymised}
    folders = {name: folder for name, folder in named.items() if folder is not None}
    if not folders:
        raise UsageError("expected --original, --anonymised, or both")
    said = _outlook(folders, out, settings, device)
    check_before("audit", out)
    if not quiet:
        for line in said:
            say(line)
    tracked = [name for name, folder in folders.items() if not holds_recordings(folder)]
    clock = StageClock(stages_of_study(folders, settings, tracked))
    sets: dict[ConditionName, RecordingSet] = {}
    for name, folder in folders.items():
        if name in tracked and not quiet:
            say(clock.begin(f"tracking {name} clips"))
        sets[name] = recordings_of(
            folder,
            out / "recordings" / name,
            checked=None if anonymised is None else (anonymised, name),
            on_tracked=clock.count,
            model=model,
            workers=workers,
            quiet=quiet,
        )
    with hold_lock(out / STUDY_LOCK), ClipBar("audit", None, quiet=quiet) as bar:
        results, scores = run_study(
            sets,
            out,
            settings,
            device=device,
            allow=allow or (),
            # An avatar that could not be made is named beside the videos, not beside their recordings.
            reasons=failed_clips(folders.values()),
            on_stage=lambda name, before: bar.say(clock.begin(name, before=before)),
            on_epoch=lambda report: bar.say(f"  {epoch_line(report)}"),
        )
    write_results(results, out / "results.json")
    for cell, of_cell in scores.items():
        write_scores(out / "scores" / f"{cell}.parquet", of_cell)
    compared = {cell: each.comparisons for cell, each in scores.items() if each.comparisons is not None}
    page = write_study_report(results, compared, out, faces=_faces(sets, show_originals=show_originals))
    for line in study_lines(results):
        tell(line)
    tell(page)
    if results.dropped:
        name_dropped(results.dropped)
        say(f"clips in no figure: {results.counts.dropped_clips}; results.json says why")
        raise typer.Exit(SOME_CLIPS_LOST)


def _asked(
    told: dict[str, Any],
    *,
    file: Path | None = None,
    protocol: str | None,
    folds: int | None,
    epochs: int | None,
    full: bool,
    seed: int,
) -> dict[str, Any]:
    """The configuration of a file, with what the command line says put over it."""
    from amber_id.audit import StudyConfig

    usual = StudyConfig()
    parts = {
        name: getattr(usual, name).model_dump() | own | table_of(told, name, file)
        for name, own in (("loop", {}), ("evaluation", {"seed": seed}))
    }
    flags = {"protocol": protocol, "folds": folds}
    split = {"seed": seed} | table_of(told, "split", file) | {k: v for k, v in flags.items() if v is not None}
    if split.get("protocol") == "shares":
        del split["protocol"]  # the usual one; without folds or shares the number of people decides
    parts["split"] = split
    if epochs is not None:
        parts["loop"]["epochs"] = epochs
    return {"seed": seed} | told | parts | ({"full": True} if full else {})


def _outlook(
    folders: "Mapping[ConditionName, Path]", out: Path, settings: "StudyConfig", device: str
) -> tuple[str, ...]:
    """What can be said before anything is tracked; what makes the study impossible is raised here."""
    from amber_id.attackers import find_device
    from amber_id.audit import begun_with, look_ahead, splits_not_used
    from amber_id.protocols import SplitConfig
    from amber_id.recordings import holds_recordings

    recordings = [folder for folder in folders.values() if holds_recordings(folder)]
    check_needs("audit", *(["of videos"] if len(recordings) < len(folders) else []))
    outlook = look_ahead(folders, out)
    if settings.network is not None:
        find_device(device)
    if isinstance(settings.split, SplitConfig):
        begun_with(out, settings.split)
    division = outlook.divide(settings.divided_as(len(outlook.clips)))
    return (*outlook.said(division), *splits_not_used(recordings, division.split))


def recordings_of(
    folder: Path,
    tracked: Path,
    *,
    checked: "tuple[Path, ConditionName] | None" = None,
    on_tracked: "Callable[[int], None] | None" = None,
    model: Path | None,
    workers: int | None,
    quiet: bool,
) -> "RecordingSet":
    """The recordings of a folder; videos are tracked first, into the study.

    `checked` is a folder of avatars, and the condition of the videos: what `amber avatarize --check` tracked
    is taken from there. `on_tracked` is called with the number of clips that were tracked.
    """
    from amber_id.cli.tracking import track_folder
    from amber_id.recordings import RecordingSet, holds_recordings

    if holds_recordings(folder):
        return RecordingSet.open(folder)
    if checked is not None:
        _take_checked(folder, tracked, *checked, model=model)
    summary = track_folder(folder, tracked, model=model, workers=workers, quiet=quiet)
    if on_tracked is not None:
        on_tracked(summary.done)
    if any(failure.stage != "pair" for failure in summary.failures):
        say(f"{folder}: some clips could not be tracked; the others are audited")
    return RecordingSet.open(tracked)


def _take_checked(
    videos: Path, tracked: Path, avatars: Path, condition: "ConditionName", *, model: Path | None
) -> None:
    """Copy what `amber avatarize --check` tracked of these videos, and say so."""
    from amber_id.avatarize import CHECKED
    from amber_id.corpora import find_corpus
    from amber_id.recordings import read_failures
    from amber_id.tracking import Landmarker, find_model, take_over

    known = avatars / CHECKED[condition]
    if not known.is_dir():
        return
    not_whole = {row.clip for place in (avatars, known) for row in read_failures(place, "warnings.csv")}
    tracker = Landmarker(find_model(model))
    taken = take_over(find_corpus(videos), tracked, tracker, known, not_whole=not_whole)
    if taken:
        say(f"{taken} recordings of {condition} clips were taken from {known}, not tracked again")


def _faces(
    sets: "Mapping[ConditionName, RecordingSet]", *, show_originals: bool
) -> "dict[str, RecordingSet]":
    """The recordings whose faces the page may play, by cell; real faces only if asked for."""
    shown: dict[str, ConditionName] = {"OOO": "original"} if show_originals else {}
    shown["AAA"] = "anonymised"
    return {letters: sets[name] for letters, name in shown.items() if name in sets}
