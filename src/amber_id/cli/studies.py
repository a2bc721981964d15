"""Reproduce a published experiment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    GOES_ON,
    STUDY_LOCK,
    Allow,
    Device,
    Model,
    Quiet,
    Workers,
    check_before,
    configured,
    read_toml,
    resumable,
    study_app,
    tell,
)
from amber_id.cli.study_folders import end_of_study, outlook_of, recordings_of_study, say_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    stated = read_toml(config)
    settings = configured(ThesisStudyConfig, thesis_study_config(seeded, stated), stated=stated, file=config)
    folders: dict[ConditionName, Path] = {"original": didd, "anonymised": tavd}
    check_before("study thesis", out)
    say_each(_outlook(folders, out, settings, device), quiet=quiet)
    sets = recordings_of_study(folders, out, avatars=tavd, model=model, workers=workers, quiet=quiet)
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
    for line in (*_lines(results), page):
        tell(line)
    end_of_study(results, "thesis.json")


def _outlook(
    folders: "Mapping[ConditionName, Path]", out: Path, settings: "ThesisStudyConfig", device: str
) -> tuple[str, ...]:
    """What is known before anything is tracked; what makes the study impossible is raised here."""
    from amber_id.attackers import find_device
    from amber_id.audit import divided_as, divisions_of

    outlook = outlook_of("study thesis", folders, out)
    find_device(device)
    divided, chosen = divided_as(settings, len(outlook.clips))
    divisions = divisions_of(divided, outlook.source_of)
    k0 = divisions["k0"].split
    sizes = ", ".join(f"{len(k0.subjects(part, 0))} {part}" for part in ("train", "dev", "test"))
    return (*chosen, f"k0: {sizes}", *outlook.sentences(divisions["folds"]))


def _lines(results: "ThesisStudyResults") -> "Iterator[str]":
    """A line for each part: EER on originals, on avatars, and their difference; the published ones first."""
    from amber_id.notation import signed, with_interval

    width = max(len(part.name) for part in results.parts)
    yield f"{'EER':{width}}  {'originals':20}  {'avatars':20}  avatars less originals"
    published = {each.condition: f"{each.eer:.2f}" for each in results.published}
    yield f"{'published':{width}}  {published['original']:20}  {published['anonymised']:20}  on other people"
    for part in results.parts:
        eers = [with_interval(part.conditions[name].eer) for name in ("original", "anonymised")]
        less = part.not_paired if part.difference is None else signed(part.difference)
        yield f"{part.name:{width}}  {eers[0]:20}  {eers[1]:20}  {less}"
    for split, of_split in results.pipelines.items():
        for condition, difference in of_split.items():
            yield f"corrected less thesis, {split}, {condition}: EER {signed(difference)}"
