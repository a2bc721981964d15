"""The verb split, and the split that other verbs find."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import FOLDS, Recordings, app, configured, end_with, require, say, tell

if TYPE_CHECKING:
    from amber_id.protocols import Split
    from amber_id.recordings import RecordingSet


@app.command()
def split(
    recordings: Recordings,
    protocol: Annotated[
        str,
        row_of(
            "amber_id.protocols:PROTOCOLS",
            "The rule by which people are divided; docs/protocols.md says what each answers.",
        ),
    ] = "shares",
    dev: Annotated[
        float | None,
        typer.Option(help="Share of the people for dev, on whom checkpoints are chosen; default: 0.2."),
    ] = None,
    test: Annotated[
        float | None,
        typer.Option(help="Share of the people who are tested; not with --folds; default: 0.3."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Number of folds, in which everyone is tested once.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the draw; the same seed gives the same split; default: 0.")
    ] = None,
) -> None:
    """Divide people into train, dev and test.

    Every partition has its share of every source.
    """
    from amber_id.protocols import (
        PROTOCOLS,
        RECORD_FILE,
        SPLIT_FILE,
        SplitConfig,
        divide_recordings,
        save_division,
    )
    from amber_id.recordings import RecordingSet

    is_drawn = PROTOCOLS[protocol].is_drawn
    require("--folds", folds, FOLDS, folds is None or folds >= 2)
    require("--seed", seed, f"left out, since {protocol} is a list", is_drawn or seed is None)
    config = configured(SplitConfig, protocol=protocol, dev=dev, test=test, folds=folds, seed=seed or 0)
    opened = RecordingSet.open(recordings)
    division = divide_recordings(opened, config)
    save_division(division, opened, config, recordings)
    for remark in division.remarks:
        say(remark)
    tell(f"protocol {protocol}" + (f", seed {config.seed}" if is_drawn else ""))
    _print_people(division.split, opened)
    if division.split.across_sessions:
        tell("mated comparisons count across sessions only")
    tell(recordings / SPLIT_FILE)
    tell(recordings / RECORD_FILE)
    end_with(opened.failures)


def _print_people(division: "Split", recordings: "RecordingSet") -> None:
    """How many people of which source are in each partition of each fold."""
    from amber_id.protocols import people_of

    sources = recordings.sources
    by_source = sources if len(sources) > 1 else ()
    rows = [("fold", "partition", "people", *by_source)]
    for k, partitions in enumerate(people_of(division, recordings)):
        for name, of in partitions.items():
            rows.append((str(k), name, str(sum(of.values())), *(str(of.get(s, 0)) for s in by_source)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first = f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}"
        rest = (f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        tell("  ".join((first, *rest)))


def split_beside(recordings: "RecordingSet") -> "Split":
    """The split beside the recordings; says so if it had to be made."""
    from amber_id.protocols import SPLIT_FILE, changes_since, find_split

    division, made = find_split(recordings)
    for change in changes_since(recordings, division):
        say(change)
    if made:
        file = recordings.root / SPLIT_FILE
        say(f"{file} was not there: made the default split (amber split makes others)")
    return division


def split_of_run(run: Path, recordings: "RecordingSet") -> tuple["RecordingSet", "Split"]:
    """The recordings and the split of a run; says so if that is not the one beside the recordings."""
    from amber_id.protocols import SPLIT_FILE, changes_since
    from amber_id.training import split_of_run as find_split_of_run

    chosen = find_split_of_run(run, recordings)
    beside = recordings.root / SPLIT_FILE
    if chosen.path == beside:
        for change in changes_since(recordings, chosen.split):
            say(change)
    elif chosen.path is None:
        say(f"{beside} is not there, nor a split with the run: people are divided by the default split")
    elif beside.exists():
        say(f"{chosen.path} is the split of the run; {beside} is another and was not used")
    return chosen.recordings, chosen.split
