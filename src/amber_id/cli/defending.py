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

_Folder = Annotated[Path | None, typer.Argument(help="Folder of recordings, as `amber track` leaves it.")]
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
_List = Annotated[bool, typer.Option("--list", help="List the defences, and what each does.")]


@app.command()
def defend(
    recordings: _Folder = None,
    out: _Out = None,
    with_: _With = None,
    seed: _Seed = None,
    donors: _Donors = None,
    list_: _List = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Change how faces move so that they tell less about who moves.

    `amber avatarize OUT VIDEOS` draws avatars that move so.
    """
    from amber_id.anonymisers import defend as defend_all
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.workers import usable_cores

    if list_:
        _list_defences()
        return
    if recordings is None or out is None or with_ is None:
        raise UsageError(
            "expected RECORDINGS OUT --with NAME[:STRENGTH]; `amber defend --list` names the defences"
        )
    require_workers(workers)
    plan = _planned(with_, seed, donors)
    require_place("OUT", out)
    originals = RecordingSet.open(recordings)
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
    if failures:
        raise typer.Exit(SOME_CLIPS_LOST)


def _planned(text: str, seed: int | None, donors: Path | None) -> "Plan":
    import secrets

    from amber_id.anonymisers import Plan, parsed_defences, pool_of
    from amber_id.recordings import RecordingSet

    require("--seed", seed, "0 or more", seed is None or seed >= 0)
    chain = parsed_defences(text)
    if donors is not None and not any(
        each.defence.from_pool or each.defence.donor == "population" for each in chain
    ):
        raise UsageError(f"--donors: {text} takes on nobody's style; leave it out")
    pool: Pool | None = None
    if donors is None:
        Plan(chain, 0)  # refuses what needs donors, before anything is read
    else:
        pool = pool_of(RecordingSet.open(donors))
    return Plan(chain, secrets.randbits(63) if seed is None else seed, pool)


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
