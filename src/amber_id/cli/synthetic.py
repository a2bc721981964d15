"""People who never lived."""

from pathlib import Path
from typing import Annotated

import typer

from amber_id.cli.shared import Quiet, Seed, app, configured, say


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Where OUT/original and OUT/oracle.json go.")],
    people: Annotated[int, typer.Option(help="How many people.")] = 40,
    clips: Annotated[int, typer.Option(help="Clips of each.")] = 20,
    seconds: Annotated[float, typer.Option(help="Length of a clip.")] = 3.0,
    shape: Annotated[float, typer.Option(help="How much faces differ; 1 as measured, 0 not at all.")] = 1.0,
    habit: Annotated[float, typer.Option(help="How much habits of moving differ.")] = 1.0,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Make recordings of people who never lived."""
    from amber_id.progress import ClipBar
    from amber_id.synthetic import SynthConfig, estimated_bytes, generate

    config = configured(
        SynthConfig, people=people, clips=clips, seconds=seconds, shape=shape, habit=habit, seed=seed
    )
    if not quiet:
        say(f"{people * clips} recordings, about {estimated_bytes(config) / 1e6:,.0f} MB")
    with ClipBar("making", people * clips, quiet=quiet) as bar:
        paths = generate(config, out, on_progress=lambda _done, _total: bar.advance())
    typer.echo(f"{out / 'original'}: {len(paths)} recordings of {people} people")
    typer.echo(out / "oracle.json")
