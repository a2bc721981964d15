"""Reproduce a published experiment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.auditing import recordings_of
from amber_id.cli.shared import (
    GOES_ON,
    SOME_CLIPS_LOST,
    STUDY_LOCK,
    Allow,
    Device,
    Model,
    Quiet,
    Workers,
    check_before,
    configured,
    name_dropped,
    read_toml,
    resumable,
    say,
    study_app,
    tell,
)
from amber_id.extras import check_needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amber_id.audit import ThesisStudyConfig
    from amber_id.results import ConditionName, ThesisStudyResults


@study_app.command("thesis")
@resumable(GOES_ON)
def study_thesis(
    didd: Annotated[Path, typer.Option(help="DID-D: folder of original videos, or recordings.")],
    tavd: Annotated[Path, typer.Option(help="TAV-D: folder of the same clips as avatars, or recordings.")],
    out: Annotated[Path, typer.Option(help="The study: recordings, runs, thesis.json, thesis.html.")],
    config: Annotated[Path | None, typer.Option(help="TOML with what differs from thesis.toml.")] = None,
    model: Model = None,
    workers: Workers = None,
    seed: Annotated[int, typer.Option(help="Of splits, trainings and intervals; a TOML goes first.")] = 0,
    device: Device = "auto",
    allow: Allow = None,
    quiet: Quiet = False,
) -> None:
    """Repeat the thesis, and a corrected one beside it.

    Run again after a stop, it goes on where it was.
    """
    from amber_id.audit import ThesisStudyConfig, run_thesis_study, thesis_study_config
    from amber_id.locks import hold_lock
    from amber_id.progress import ClipBar, epoch_line
    from amber_id.recordings import failed_clips
    from amber_id.report import write_thesis_report
    from amber_id.results import write_results

    seeded = {"seed": seed} | {name: {"seed": seed} for name in ("k0", "folds", "evaluation")}
    told = read_toml(config)
    settings = configured(ThesisStudyConfig, thesis_study_config(seeded, told), stated=told, file=config)
    folders: dict[ConditionName, Path] = {"original": didd, "anonymised": tavd}
    check_before("study thesis", out)
    said = _outlook(folders, out, settings, device)
    if not quiet:
        for line in said:
            say(line)
    sets = {
        name: recordings_of(
            folder,
            out / "recordings" / name,
            checked=(tavd, name),
            model=model,
            workers=workers,
            quiet=quiet,
        )
        for name, folder in folders.items()
    }
    with hold_lock(out / STUDY_LOCK), ClipBar("thesis", None, quiet=quiet) as bar:
        results = run_thesis_study(
            sets,
            out,
            settings,
            device=device,
            allow=allow or (),
            reasons=failed_clips(folders.values()),
            on_stage=lambda name, before: bar.say(f"{name}{': done before' if before else ''}"),
            on_epoch=lambda report: bar.say(f"  {epoch_line(report)}"),
        )
    write_results(results, out / "thesis.json")
    page = write_thesis_report(results, out)
    _print(results)
    tell(page)
    if results.dropped:
        name_dropped(results.dropped)
        say(f"clips in no figure: {results.counts.dropped_clips}; thesis.json says why")
        raise typer.Exit(SOME_CLIPS_LOST)


def _outlook(
    folders: "Mapping[ConditionName, Path]", out: Path, settings: "ThesisStudyConfig", device: str
) -> tuple[str, ...]:
    """What can be said before anything is tracked; what makes the study impossible is raised here."""
    from amber_id.attackers import find_device
    from amber_id.audit import divided_as, divisions_of, look_ahead
    from amber_id.recordings import holds_recordings

    tracked = [folder for folder in folders.values() if not holds_recordings(folder)]
    check_needs("study thesis", *(["of videos"] if tracked else []))
    outlook = look_ahead(folders, out)
    find_device(device)
    divided, chosen = divided_as(settings, len(outlook.clips))
    divisions = divisions_of(divided, outlook.source_of)
    k0 = divisions["k0"].split
    sizes = ", ".join(f"{len(k0.subjects(part, 0))} {part}" for part in ("train", "dev", "test"))
    return (*chosen, f"k0: {sizes}", *outlook.said(divisions["folds"]))


def _print(results: "ThesisStudyResults") -> None:
    """A line for each part: EER on originals, on avatars, and their difference; the published ones first."""
    from amber_id.results import signed, with_interval

    width = max(len(part.name) for part in results.parts)
    tell(f"{'EER':{width}}  {'originals':20}  {'avatars':20}  avatars less originals")
    said = {each.condition: f"{each.eer:.2f}" for each in results.published}
    tell(f"{'published':{width}}  {said['original']:20}  {said['anonymised']:20}  on other people")
    for part in results.parts:
        eers = [with_interval(part.conditions[name].eer) for name in ("original", "anonymised")]
        less = part.not_paired if part.difference is None else signed(part.difference)
        tell(f"{part.name:{width}}  {eers[0]:20}  {eers[1]:20}  {less}")
    for split, of_split in results.pipelines.items():
        for condition, difference in of_split.items():
            tell(f"corrected less thesis, {split}, {condition}: EER {signed(difference)}")
