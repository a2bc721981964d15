"""Synthetic people."""

from pathlib import Path
from typing import Annotated

import typer

from amber_id.cli.shared import Quiet, Seed, Workers, app, configured, require, require_place, say, tell

_BY = "a number, or clip=, person= or source= and two of them, by what it varies between them"


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Where OUT/original, OUT/avatar and OUT/oracle.json go.")],
    people: Annotated[int, typer.Option(help="How many people.")] = 40,
    clips: Annotated[int, typer.Option(help="Clips of each.")] = 20,
    shape: Annotated[float, typer.Option(help="How much faces differ: 1 as measured, 0 not at all.")] = 0.12,
    habit: Annotated[
        str,
        typer.Option(
            help="How much habits of moving differ, 0 not at all; by region: eyes=1,lips=0 "
            "(the others keep 1), or all=0,eyes=2 for one alone."
        ),
    ] = "1",
    session: Annotated[float, typer.Option(help="How much habits drift between sessions.")] = 0.0,
    sessions: Annotated[int, typer.Option(help="Sessions of each person.")] = 2,
    content: Annotated[
        str,
        typer.Option(
            help="What is said: free (different words in every clip), same (the same in all), "
            "own (each person's own)."
        ),
    ] = "free",
    aspect: Annotated[str, typer.Option(help=f"Width over height of originals: {_BY}.")] = "16:9",
    fps: Annotated[str, typer.Option(help="Frames per second, e.g. 30 or source=25,30.")] = "30",
    jitter: Annotated[str, typer.Option(help="The tracker's jitter, 1 as measured.")] = "1",
    framing: Annotated[str, typer.Option(help="Size of faces in originals, 1 is usual.")] = "1",
    duration: Annotated[str, typer.Option(help="Seconds of a clip, e.g. 4 or person=2,4.")] = "4",
    lost: Annotated[str, typer.Option(help="Share of frames in which no face is found.")] = "0",
    duplicates: Annotated[float, typer.Option(help="Share of clips that are near-copies of another.")] = 0.0,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Make recordings of synthetic people and of their avatars, whose leak is known."""
    from amber_id.progress import ClipBar
    from amber_id.synthetic import SynthConfig, estimated_bytes, generate

    require_place("OUT", out)
    require("--workers", workers, "1 or more", workers is None or workers >= 1)
    config = configured(
        SynthConfig,
        people=people,
        clips=clips,
        shape=shape,
        habit=habit,
        session=session,
        sessions=sessions,
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
    for condition, rates in oracle.eer.items():
        tell(f"{out / condition}: {people * clips} recordings of {people} people")
        for k, eer in rates.items():
            given = f"{k} clip on each side" if k == 1 else f"{k} clips on each side"
            tell(f"  lowest possible EER, {given}: {eer.value:.3f} [{eer.low:.3f}, {eer.high:.3f}]")
    tell(out / "oracle.json")
