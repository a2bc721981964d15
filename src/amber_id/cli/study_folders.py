"""What the verbs that run a study share: the clips that it rests on, and what is said when it ends."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from amber_id.cli.shared import SOME_CLIPS_LOST, name_dropped, say
from amber_id.extras import check_needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amber_id.audit import Outlook, StudyConfig
    from amber_id.progress import StageClock
    from amber_id.recordings import RecordingSet
    from amber_id.results import ConditionName, ConditionsResults, StudyResults, ThesisStudyResults
    from amber_id.score_files import ScoreFile


@dataclass(frozen=True)
class Means:
    """How a study is made, and what of it is shown."""

    model: Path | None
    allow: tuple[str, ...]
    show_originals: bool
    workers: int | None
    device: str
    quiet: bool


def outlook_of(verb: str, folders: "Mapping[ConditionName, Path]", out: Path) -> "Outlook":
    """What is seen of the clips of a study before anything is tracked; raises what makes it impossible."""
    from amber_id.audit import look_ahead
    from amber_id.recordings import holds_recordings

    videos = not all(map(holds_recordings, folders.values()))
    check_needs(verb, *(["of videos"] if videos else []))
    return look_ahead(folders, out)


def say_each(lines: "Iterable[str]", *, quiet: bool) -> None:
    """Say these lines, unless nothing is to be said."""
    for line in () if quiet else lines:
        say(line)


def recordings_of_study(
    folders: "Mapping[ConditionName, Path]",
    out: Path,
    *,
    avatars: Path | None,
    before: str = "",
    clock: "StageClock | None" = None,
    model: Path | None,
    workers: int | None,
    quiet: bool,
) -> "dict[ConditionName, RecordingSet]":
    """The recordings of each condition; videos are tracked first, into the folder of the study.

    What `amber avatarize --check` tracked is taken from `avatars`. `clock` tells how long all takes; `before`
    stands before the name of the stage.
    """
    from amber_id.recordings import holds_recordings

    sets: dict[ConditionName, RecordingSet] = {}
    for name, folder in folders.items():
        if clock is not None and not holds_recordings(folder):
            say_each([clock.begin(f"{before}tracking {name} clips")], quiet=quiet)
        sets[name] = _recordings_of(
            folder,
            out / "recordings" / name,
            checked=None if avatars is None else (avatars, name),
            clock=clock,
            model=model,
            workers=workers,
            quiet=quiet,
        )
    return sets


def outlook_and_attackers(
    folders: "Mapping[ConditionName, Path]", out: Path, settings: "StudyConfig", device: str
) -> "tuple[StudyConfig, tuple[str, ...]]":
    """The attackers that will be tried if no person is lost, and what is known before anything is tracked.

    What makes the study impossible is raised here.
    """
    from amber_id.attackers import find_device
    from amber_id.audit import begun_with, require_attributes, splits_not_used, with_enough_people
    from amber_id.protocols import SplitConfig
    from amber_id.recordings import holds_recordings

    outlook = outlook_of("audit", folders, out)
    require_attributes(list(folders.values()), settings)
    if isinstance(settings.split, SplitConfig):
        begun_with(out, settings.split)
    division = outlook.divide(settings.divided_as(len(outlook.clips)))
    attackers, not_tried = with_enough_people(settings.attackers, division.split, settings)
    likely = settings.model_copy(update={"attackers": attackers})
    if likely.network is not None:
        find_device(device)
    recordings = filter(holds_recordings, folders.values())
    splits = splits_not_used(recordings, division.split)
    return likely, (*outlook.sentences(division), *not_tried, *splits)


def write_study(
    results: "StudyResults",
    scores: "Mapping[str, ScoreFile]",
    out: Path,
    *,
    faces: "Mapping[str, RecordingSet]",
) -> Path:
    """Write results, scores and the page, whose path is returned."""
    from amber_id.report import write_study_report
    from amber_id.results import write_results
    from amber_id.score_files import write_scores

    write_results(results, out / "results.json")
    for cell, of_cell in scores.items():
        write_scores(out / "scores" / f"{cell}.parquet", of_cell)
    compared = {cell: each.comparisons for cell, each in scores.items() if each.comparisons is not None}
    return write_study_report(results, compared, out, faces=faces)


def playable_faces(
    sets: "Mapping[ConditionName, RecordingSet]", *, show_originals: bool
) -> "dict[str, RecordingSet]":
    """The recordings whose faces the page may play, by cell; real faces only if asked for."""
    playable: dict[str, ConditionName] = {"OOO": "original"} if show_originals else {}
    playable["AAA"] = "anonymised"
    return {letters: sets[name] for letters, name in playable.items() if name in sets}


def end_of_study(results: "StudyResults | ConditionsResults | ThesisStudyResults", file: str) -> None:
    """Name the clips that are in no figure, and end with the exit code for that; `file` has the reasons."""
    if results.dropped:
        name_dropped(results.dropped)
        say(f"clips in no figure: {results.counts.dropped_clips}; the reasons are in {file}")
        raise typer.Exit(SOME_CLIPS_LOST)


def _recordings_of(
    folder: Path,
    tracked: Path,
    *,
    checked: "tuple[Path, ConditionName] | None",
    clock: "StageClock | None",
    model: Path | None,
    workers: int | None,
    quiet: bool,
) -> "RecordingSet":
    """The recordings of a folder; `checked` is a folder of avatars, and the condition of the videos."""
    from amber_id.cli.tracking import track_folder
    from amber_id.recordings import RecordingSet, holds_recordings

    if holds_recordings(folder):
        return RecordingSet.open(folder)
    if checked is not None:
        _take_checked(folder, tracked, *checked, model=model)
    summary = track_folder(folder, tracked, model=model, workers=workers, quiet=quiet)
    if clock is not None:
        clock.count(summary.done)
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
