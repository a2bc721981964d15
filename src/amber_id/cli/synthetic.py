"""Synthetic people."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    Quiet,
    Seed,
    Workers,
    app,
    configured,
    require_place,
    require_workers,
    say,
    tell,
)
from amber_id.notation import with_interval

if TYPE_CHECKING:
    from amber_id.synthetic.oracle_file import Oracle

_BY = "a number, or two that depend on the clip, person or source, e.g. source=16:9,4:3"
_Shape = Annotated[float, typer.Option(help="How much faces differ: 1 as measured, 0 not at all.")]
_Habit = Annotated[
    str,
    typer.Option(
        help="How much habits of movement differ, 0 not at all; by region: eyes=1,lips=0 (others keep 1), "
        "or all=0,eyes=2 for one region alone."
    ),
]
_Content = Annotated[
    str,
    typer.Option(
        help="Words of the clips: free (different in every clip), same (the same in all), own (each person's "
        "own)."
    ),
]
_Aspect = Annotated[str, typer.Option(help=f"Width over height of originals: {_BY}.")]
_Fps = Annotated[str, typer.Option(help="Frames per second, e.g. 30 or source=25,30.")]
_Duration = Annotated[str, typer.Option(help="Seconds of a clip, e.g. 4 or person=2,4.")]
_Duplicates = Annotated[float, typer.Option(help="Share of clips that are near-copies of another.")]


@app.command()
def synth(
    out: Annotated[
        Path, typer.Argument(help="Folder in which original/, avatar/ and oracle.json are written.")
    ],
    people: Annotated[int, typer.Option(help="Number of people.")] = 40,
    clips: Annotated[int, typer.Option(help="Number of clips of each person.")] = 20,
    shape: _Shape = 0.12,
    habit: _Habit = "1",
    session: Annotated[float, typer.Option(help="How much habits drift between sessions.")] = 0.0,
    sessions: Annotated[int, typer.Option(help="Number of sessions of each person.")] = 2,
    days: Annotated[int, typer.Option(help="Most days from one session of a person to the next.")] = 365,
    content: _Content = "free",
    aspect: _Aspect = "16:9",
    fps: _Fps = "30",
    jitter: Annotated[
        str, typer.Option(help="Jitter of the tracker, relative to the measured jitter.")
    ] = "1",
    framing: Annotated[
        str, typer.Option(help="Size of faces in originals, relative to the usual size.")
    ] = "1",
    duration: _Duration = "4",
    lost: Annotated[str, typer.Option(help="Share of frames without a face.")] = "0",
    duplicates: _Duplicates = 0.0,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Make recordings of synthetic people.

    Each person has an original and an avatar, whose leak is known.
    """
    from amber_id.progress import ClipBar
    from amber_id.synthetic import SynthConfig, estimated_bytes, generate

    require_place("OUT", out)
    require_workers(workers)
    config = configured(
        SynthConfig,
        people=people,
        clips=clips,
        shape=shape,
        habit=habit,
        session=session,
        sessions=sessions,
        days=days,
        content=content,
        aspect=aspect,
        fps=fps,
        jitter=jitter,
        framing=framing,
        duration=duration,
        lost=lost,
        duplicates=duplicates,
        seed=seed,
    )
    if not quiet:
        say(f"{2 * people * clips} recordings, about {estimated_bytes(config) / 1e6:,.0f} MB")
    with ClipBar("making", people * clips, quiet=quiet) as bar:
        oracle = generate(config, out, workers=workers, on_progress=lambda _done, _total: bar.advance())
    _print_oracle(oracle, out, people, clips)


def _print_oracle(oracle: "Oracle", out: Path, people: int, clips: int) -> None:
    for condition, rates in oracle.eer.items():
        tell(f"{out / condition}: {people * clips} recordings of {people} people")
        for k, eer in rates.items():
            given = f"{k} clip on each side" if k == 1 else f"{k} clips on each side"
            tell(f"  lowest possible EER, {given}: {with_interval(eer)}")
    tell(out / "oracle.json")
