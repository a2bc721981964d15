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
    from amber_id.synthetic import SynthConfig
    from amber_id.synthetic.oracle_file import Oracle

_BY = "a number, or two that depend on the clip, person or source, e.g. source=16:9,4:3"
_Out = Annotated[Path, typer.Argument(help="Folder in which original/, avatar/ and oracle.json are written.")]
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
_Jitter = Annotated[str, typer.Option(help="Jitter of the tracker, relative to the measured jitter.")]
_Framing = Annotated[str, typer.Option(help="Size of faces in originals, relative to the usual size.")]
_Attribute = Annotated[
    list[str] | None,
    typer.Option(
        help="Attribute of people that shows in how they move, and how much, e.g. sex=0.5: standard "
        "deviations of people in every habit between its two values. May be repeated."
    ),
]
_Group = Annotated[
    list[str] | None,
    typer.Option(
        help="Two groups of people, and how many times as much those of the second differ in their habits, "
        "e.g. site=0.5: they are harder to distinguish. May be repeated."
    ),
]
_Avatar = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME or NAME:keeps=0.5,cue=1 of an avatar that shows the same clips, in a folder of its name: "
        "how much of a habit it lets through, and how far its own face and manner lie from the usual ones. "
        "May be repeated.  [default: one, in the folder avatar]"
    ),
]
_Duplicates = Annotated[float, typer.Option(help="Share of clips that are near-copies of another.")]


@app.command()
def synth(
    out: _Out,
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
    jitter: _Jitter = "1",
    framing: _Framing = "1",
    duration: _Duration = "4",
    lost: Annotated[str, typer.Option(help="Share of frames without a face.")] = "0",
    duplicates: _Duplicates = 0.0,
    avatar: _Avatar = None,
    attribute: _Attribute = None,
    group: _Group = None,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Make recordings of synthetic people.

    Each person has an original and an avatar, or several, whose leak is known.
    """
    from amber_id.synthetic import SynthConfig

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
        avatar=avatar or (),
        attribute=attribute or (),
        group=group or (),
        seed=seed,
    )
    _make(config, out, workers, quiet=quiet)


def _make(config: "SynthConfig", out: Path, workers: int | None, *, quiet: bool) -> None:
    """Make the recordings, and print what the oracle knows of them."""
    from amber_id.progress import ClipBar
    from amber_id.synthetic import estimated_bytes, generate

    clips = config.people * config.clips
    if not quiet:
        recordings = len(config.conditions) * clips
        say(f"{recordings} recordings, about {estimated_bytes(config) / 1e6:,.0f} MB")
    with ClipBar("making", clips, quiet=quiet) as bar:
        oracle = generate(config, out, workers=workers, on_progress=lambda _done, _total: bar.advance())
    _print_oracle(oracle, out, config.people, config.clips)


def _print_oracle(oracle: "Oracle", out: Path, people: int, clips: int) -> None:
    for condition, rates in oracle.eer.items():
        tell(f"{out / condition}: {people * clips} recordings of {people} people")
        for k, eer in rates.items():
            given = f"{k} clip on each side" if k == 1 else f"{k} clips on each side"
            tell(f"  lowest possible EER, {given}: {with_interval(eer)}")
        for name, accuracy in oracle.attributes.get(condition, {}).items():
            tell(f"  best possible balanced accuracy of {name}, from 1 clip: {with_interval(accuracy)}")
        for name, of_values in oracle.groups.get(condition, {}).items():
            eers = ", ".join(f"{value} {with_interval(eer)}" for value, eer in of_values.items())
            tell(f"  lowest possible EER by {name}: {eers}")
    tell(out / "oracle.json")
