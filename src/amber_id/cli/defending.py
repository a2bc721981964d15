"""Recordings that tell less about who moves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    SOME_CLIPS_LOST,
    Quiet,
    Workers,
    app,
    name_failures,
    require,
    require_place,
    require_workers,
    say,
    tell,
)
from amber_id.errors import UsageError

if TYPE_CHECKING:
    from amber_id.anonymisers import Plan, Pool
    from amber_id.recordings import Failure, RecordingSet

_Folder = Annotated[
    Path | None, typer.Argument(help="Folder of recordings, or of videos, which are tracked first.")
]
_Out = Annotated[Path | None, typer.Argument(help="Folder for the defended recordings, in the same tree.")]
_With = Annotated[
    str | None,
    typer.Option(
        "--with",
        help="NAME or NAME:STRENGTH, from 0 (nothing changes) to 1; several with + between them, in order.",
    ),
]
_Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed, a secret; the same seed gives the same result. Default: drawn anew; each JSON has it."
    ),
]
_Donors = Annotated[
    Path | None,
    typer.Option(help="Recordings of the people whose styles are taken on; default: synthetic people."),
]
_Model = Annotated[
    Path | None,
    typer.Option(help="What `amber defences train` made; for the defence `learned`."),
]
_List = Annotated[bool, typer.Option("--list", help="List the defences, and what each does.")]


@app.command()
def defend(
    recordings: _Folder = None,
    out: _Out = None,
    with_: _With = None,
    seed: _Seed = None,
    donors: _Donors = None,
    model: _Model = None,
    list_: _List = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Change how faces move so that they tell less about who moves.

    `amber avatarize OUT AVATARS` draws avatars that move so.
    """
    from amber_id.anonymisers import defend as defend_all
    from amber_id.progress import ClipBar
    from amber_id.workers import usable_cores

    if list_:
        _list_defences()
        return
    if recordings is None or out is None or with_ is None:
        raise UsageError(
            "expected RECORDINGS or VIDEOS, OUT, and --with NAME[:STRENGTH]; `amber defend --list` names the "
            "defences"
        )
    require_workers(workers)
    plan = _planned(with_, seed, donors, model)
    require_place("OUT", out)
    _refuse_videos(out)
    originals, lost = _recordings_of(recordings, out, workers, quiet=quiet)
    with ClipBar("defending", len(originals.entries), quiet=quiet) as bar:
        failures = defend_all(
            originals, out, plan, workers=workers or usable_cores(), on_progress=lambda: bar.advance()
        )
    name_failures(failures)
    done = len(originals.entries) - sum(failure.stage == "defend" for failure in failures)
    tell(f"{out}: {done} recordings defended by {plan.text}, {len(failures)} failed")
    tell("formal privacy (docs/defences.md):")
    for line in plan.formal_lines(max(entry.tracked_frames for entry in originals.entries)):
        tell(line)
    if not quiet:
        say("the seed in each JSON is a secret: with it some defences can be taken back")
        _say_who_was_trained_on(plan, originals.subjects)
    if failures or lost:
        raise typer.Exit(SOME_CLIPS_LOST)


def _refuse_videos(out: Path) -> None:
    """Refuse a folder of videos: recordings among them would be taken for those of the videos."""
    from amber_id.corpora import find_corpus
    from amber_id.errors import CorpusError

    try:
        find_corpus(out)
    except CorpusError:
        return
    raise UsageError(f"{out}: holds videos; write the recordings to another folder, e.g. defended")


def _recordings_of(
    folder: Path, out: Path, workers: int | None, *, quiet: bool
) -> "tuple[RecordingSet, tuple[Failure, ...]]":
    """The recordings of a folder, and which videos could not be tracked.

    Videos are tracked into a folder beside OUT, not in it: these recordings are not defended.
    """
    from amber_id.cli.tracking import track_folder
    from amber_id.recordings import RecordingSet, holds_recordings

    if holds_recordings(folder) or any(folder.glob("*.safetensors")):  # these: of one person
        return RecordingSet.open(folder), ()
    place = out if out.name else out.resolve()
    tracked = place.with_name(f"{place.name}-undefended")
    summary = track_folder(folder, tracked, model=None, workers=workers, quiet=quiet)
    if not quiet:
        say(f"{tracked}: the recordings of the videos, which are not defended; keep them to yourself")
    # One clip of a person is enough here.
    return RecordingSet.open(tracked), tuple(row for row in summary.failures if row.stage != "pair")


def _planned(text: str, seed: int | None, donors: Path | None, model: Path | None) -> "Plan":
    import secrets

    from amber_id.anonymisers import Plan, load_learned, parsed_defences, pool_of
    from amber_id.recordings import RecordingSet

    require("--seed", seed, "0 or more", seed is None or seed >= 0)
    chain = parsed_defences(text)
    if donors is not None and not any(
        each.defence.from_pool or each.defence.donor == "population" for each in chain
    ):
        raise UsageError(f"--donors: {text} takes on nobody's style; leave it out")
    if model is not None and not any(each.defence.needs_model for each in chain):
        raise UsageError(f"--model: {text} was not learned; leave it out")
    learned = None if model is None else load_learned(model)
    pool: Pool | None = None
    if donors is None:
        Plan(chain, 0, model=learned)  # refuses what needs donors, before anything is read
    else:
        pool = pool_of(RecordingSet.open(donors))
    return Plan(chain, secrets.randbits(63) if seed is None else seed, pool, learned)


def _say_who_was_trained_on(plan: "Plan", subjects: tuple[str, ...]) -> None:
    words = plan.model.words_on(subjects) if plan.model else ""
    if words:
        say(f"note: {words}")


def _list_defences() -> None:
    from amber_id.anonymisers import DEFENCES, epsilon_text

    width = max(map(len, DEFENCES))
    family = ""
    for defence in DEFENCES.values():
        if defence.family != family:
            family = defence.family
            tell(f"{family}:")
        epsilon = ""
        if defence.guarantee is not None:
            epsilon = f"; epsilon of one frame {epsilon_text(defence.guarantee(1.0, 1).frame)}"
        tell(
            f"  {defence.name:{width}}  {defence.summary}{epsilon}; changes {defence.changes}; {defence.when}"
        )
