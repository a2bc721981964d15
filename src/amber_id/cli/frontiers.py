"""Several defences against the same attackers: privacy against utility."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.shared import (
    FOLDS,
    GOES_ON,
    SOME_CLIPS_LOST,
    STUDY_LOCK,
    Allow,
    Device,
    Quiet,
    Recordings,
    Seed,
    Workers,
    app,
    check_before,
    configured,
    read_toml,
    require,
    require_workers,
    resumable,
    say,
    say_some,
    table_of,
    tell,
)
from amber_id.cli.study_folders import outlook_of, say_each
from amber_id.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amber_id.audit import FrontierConfig
    from amber_id.results import FrontierResults
    from amber_id.tracking import ModelBundle

_Out = Annotated[
    Path, typer.Option(help="Folder for results.json, frontier.csv, figures/, frontier.html and all stages.")
]
_With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="NAME or NAME:STRENGTH, as in `amber defend`; may be repeated. Without a strength, all of "
        "--strengths are tried. Default: a usual set.",
    ),
]
_Strengths = Annotated[
    str, typer.Option(help="Strengths of defences that are named without one, with commas between them.")
]
_Against = Annotated[
    str | None,
    typer.Option(help="Defence that differences are taken from, NAME:STRENGTH; default: p-blend:1."),
]
_Donors = Annotated[
    Path | None,
    typer.Option(help="Recordings of the people whose styles are taken on; default: synthetic people."),
]
_Folds = Annotated[
    int | None,
    typer.Option(help="Number of folds, in which everyone is tested once; default: by the number of people."),
]


_Model = Annotated[
    Path | None, typer.Option(help="What `amber defences train` made; for the defence `learned`.")
]
_Landmarker = Annotated[
    Path | None, typer.Option(help="Face landmarker bundle, for --rendered; default: the one in the cache.")
]
_Rendered = Annotated[
    bool,
    typer.Option("--rendered", help="Draw avatars of all clips, track and attack those; takes hours."),
]


@app.command()
@resumable(GOES_ON)
def frontier(
    recordings: Recordings,
    out: _Out,
    with_: _With = None,
    strengths: _Strengths = "0.25,0.5,0.75,1",
    against: _Against = None,
    donors: _Donors = None,
    folds: _Folds = None,
    rendered: _Rendered = False,
    config: Annotated[Path | None, typer.Option(help="TOML with what differs from the defaults.")] = None,
    model: _Model = None,
    landmarker: _Landmarker = None,
    allow: Allow = None,
    workers: Workers = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Plot what several defences hide against what they cost.

    Each is attacked by those who know it, retrained on its defended clips. Run again after a stop, or with
    further defences, it goes on where it was.
    """
    from amber_id.audit import check_plans, run_frontier, stages_of_frontier
    from amber_id.locks import hold_lock
    from amber_id.progress import ClipBar, StageClock
    from amber_id.recordings import RecordingSet
    from amber_id.report import write_frontier_report
    from amber_id.results import write_results
    from amber_id.workers import usable_cores

    require("--folds", folds, FOLDS, folds is None or folds >= 2)
    require_workers(workers)
    settings = _settings(config, with_, strengths, against, folds, seed, also=_also(donors, model))
    settings = settings.model_copy(update={"rendered": rendered or settings.rendered})
    others = _others(donors, model)
    check_plans(settings, others["model"], with_donors=donors is not None)
    outlook = outlook_of("frontier", {"original": recordings}, out)
    originals = RecordingSet.open(recordings)
    division = outlook.divide(settings.divided_as(len(outlook.clips)))
    check_before("frontier", out, *(["avatarize"] if settings.rendered else []))
    bundle = _bundle(landmarker) if settings.rendered else None
    say_each(outlook.sentences(division), quiet=quiet)
    clock = StageClock(stages_of_frontier(settings))
    with hold_lock(out / STUDY_LOCK), ClipBar("frontier", None, quiet=quiet) as bar:
        results = run_frontier(
            originals,
            out,
            settings,
            **others,
            landmarker=bundle,
            device=device,
            workers=workers or usable_cores(),
            allow=allow or (),
            on_stage=lambda name, before: bar.say(clock.begin(name, before=before)),
        )
    write_results(results, out / "results.json")
    for line in (*_lines(results), write_frontier_report(results, out)):
        tell(line)
    _end(results)


def _others(donors: Path | None, model: Path | None) -> dict[str, Any]:
    """Donors and what was learned, opened."""
    from amber_id.anonymisers import load_learned
    from amber_id.recordings import RecordingSet

    return {
        "donors": None if donors is None else RecordingSet.open(donors),
        "model": None if model is None else load_learned(model),
    }


def _bundle(landmarker: Path | None) -> "ModelBundle":
    from amber_id.tracking import find_model

    return find_model(landmarker)


def _end(results: "FrontierResults") -> None:
    """Name points and clips that are in no figure, and end with the exit code for that, if any."""
    say_some([f"{each.name}: {each.reason}" for each in results.failed])
    if results.dropped:
        say_some([f"{each.clip}: {each.reason}" for each in results.dropped])
        say(f"clips in no figure: {len(results.dropped)}; the reasons are in results.json")
    if results.dropped or results.failed:
        raise typer.Exit(SOME_CLIPS_LOST)


def _settings(
    file: Path | None,
    with_: list[str] | None,
    strengths: str,
    against: str | None,
    folds: int | None,
    seed: int,
    *,
    also: tuple[str, ...],
) -> "FrontierConfig":
    """The configuration of a file, with what the command line states put over it.

    `also` are further defences where none is named.
    """
    from amber_id.anonymisers import parsed_defences
    from amber_id.audit import DEFAULT_DEFENCES, FrontierConfig, expanded

    stated = read_toml(file)
    merged: dict[str, Any] = {"seed": seed} | stated
    merged["evaluation"] = {"seed": seed} | table_of(stated, "evaluation", file)
    merged["split"] = {"seed": seed} | table_of(stated, "split", file)
    if folds is not None:
        merged["split"]["folds"] = folds
    if against is not None:
        parsed_defences(against)
        merged["against"] = against
    if with_ or "defences" not in stated:
        merged["defences"] = expanded(with_ or (*DEFAULT_DEFENCES, *also), _numbers(strengths))
    return configured(FrontierConfig, merged, stated=stated, file=file)


def _also(donors: Path | None, model: Path | None) -> tuple[str, ...]:
    """What is tried besides the usual set, of donors and of what was learned."""
    return (*(() if donors is None else ("donor-clip:1",)), *(() if model is None else ("learned:1",)))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(
            f"--strengths: expected numbers from 0 to 1 with commas between them, got {text}"
        ) from None


def _lines(results: "FrontierResults") -> "Iterator[str]":
    """The finding, and a line for each point."""
    from amber_id.notation import signed, with_interval

    yield results.finding
    width = max(len(point.name) for point in results.points)
    yield (f"{'point':{width}}  {'EER':20}  {f'EER less {results.reference}':23}  {'utility':20}  limits")
    for point in results.points:
        less = point.eer_less_reference
        marks = ["held" if not point.limits_missed else "; ".join(point.limits_missed)]
        if point.framing is not None and point.framing.framed:
            marks.append("clips are taken for their donors")
        if point.dominated_by:
            marks.append("clearly dominated" if point.clearly_dominated else "dominated, maybe by chance")
        yield (
            f"{point.name:{width}}  {with_interval(point.eer)}  {signed(less) if less else '':23}  "
            f"{with_interval(point.utility.number)}  {'; '.join(marks)}"
        )
    if results.steps:
        wide = max(len(step.weaker) + len(step.stronger) for step in results.steps) + 4
        yield f"{'step of strength':{wide}}  {'EER':23}  utility"
    for step in results.steps:
        back = ["hides less"] if step.eer.high < 0 else []
        back += ["keeps more"] if step.utility.low > 0 else []
        path = f"{step.weaker} -> {step.stronger}"
        yield f"{path:{wide}}  {signed(step.eer):23}  {'  '.join([signed(step.utility), *back])}"
