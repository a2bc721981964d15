"""The audit: from two folders to everything that motion gives away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import (
    FOLDS,
    GOES_ON,
    STUDY_LOCK,
    Allow,
    Device,
    DifferentUtterances,
    Model,
    Quiet,
    Seed,
    ShortestUsed,
    Workers,
    app,
    check_before,
    configured,
    read_toml,
    require,
    resumable,
    table_of,
    tell,
)
from amber_id.cli.study_folders import (
    Means,
    end_of_study,
    outlook_and_attackers,
    playable_faces,
    recordings_of_study,
    say_each,
    write_study,
)
from amber_id.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amber_id.audit import StudyConfig
    from amber_id.results import ConditionName


_Original = Annotated[Path | None, typer.Option(help="Folder of original videos, or recordings.")]
_Anonymised = Annotated[
    list[str] | None,
    typer.Option(
        help="Folder of the same clips anonymised, or their recordings. Of several anonymisers NAME=FOLDER, "
        "once for each.",
        metavar="[NAME=]FOLDER",
    ),
]
_Protocol = Annotated[
    str | None,
    row_of("amber_id.protocols:PROTOCOLS", "The rule by which people are divided; default: shares."),
]
_Folds = Annotated[
    int | None,
    typer.Option(help="Number of folds, in which everyone is tested once; default: by the number of people."),
]
_Attribute = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of corpus.csv: whether its values can be inferred from the clips. Sex, age and emotion "
        "are asked for where they are known. May be repeated."
    ),
]
_Wanted = Annotated[
    list[str] | None,
    typer.Option(
        help="Column that is meant to be readable, such as emotion: then it counts as utility and not as a "
        "leak. May be repeated."
    ),
]
_Group = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of corpus.csv that makes groups of people, such as sex: whether some are recognised "
        "more than others. May be repeated."
    ),
]
_Full = Annotated[
    bool,
    typer.Option("--full", help="Also compute views, regions and controls by the network; takes hours."),
]
_ShowOriginals = Annotated[
    bool,
    typer.Option("--show-originals", help="Put the faces of originals into the page: how real people move."),
]


@app.command()
@resumable(GOES_ON)
def audit(
    out: Annotated[Path, typer.Option(help="The study: recordings, runs, results, report.")],
    original: _Original = None,
    anonymised: _Anonymised = None,
    protocol: _Protocol = None,
    folds: _Folds = None,
    epochs: Annotated[int | None, typer.Option(help="Most epochs of a network; default: 5.")] = None,
    full: _Full = False,
    different_utterances: DifferentUtterances = False,
    attribute: _Attribute = None,
    wanted: _Wanted = None,
    group: _Group = None,
    shortest_s: ShortestUsed = None,
    config: Annotated[Path | None, typer.Option(help="TOML with what differs from the defaults.")] = None,
    model: Model = None,
    show_originals: _ShowOriginals = False,
    allow: Allow = None,
    workers: Workers = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Audit an anonymiser: who is still recognised, by what, and how sure that is.

    Run again after a stop, it goes on where it was.
    """
    from amber_id.audit import StudyConfig
    from amber_id.cli.conditions import ALONE, audit_conditions, named_conditions

    require("--folds", folds, FOLDS, folds is None or folds >= 2)
    stated = read_toml(config)
    merged = _merged(stated, file=config, protocol=protocol, folds=folds, epochs=epochs, full=full, seed=seed)
    merged["evaluation"] |= {"different_utterances": True} if different_utterances else {}
    merged |= {} if shortest_s is None else {"shortest_s": shortest_s}
    merged |= _columns(stated, attributes=attribute, wanted=wanted, groups=group)
    settings = configured(StudyConfig, merged, stated=stated, file=config)
    named = named_conditions(anonymised or ())
    means = Means(model, tuple(allow or ()), show_originals, workers, device, quiet)
    if ALONE in named or not named:
        _audit_folders(_folders(original, named.get(ALONE)), out, settings, means)
    else:
        audit_conditions(original, named, out, settings, means)


def _audit_folders(
    folders: "Mapping[ConditionName, Path]", out: Path, settings: "StudyConfig", means: Means
) -> None:
    """Audit originals, the clips of one anonymiser, or both."""
    from amber_id.audit import run_study, stages_of_study, study_lines
    from amber_id.locks import hold_lock
    from amber_id.progress import ClipBar, StageClock, epoch_line
    from amber_id.recordings import failed_clips, holds_recordings

    likely, outlook = outlook_and_attackers(folders, out, settings, means.device)
    check_before("audit", out)
    say_each(outlook, quiet=means.quiet)
    tracked = [name for name, folder in folders.items() if not holds_recordings(folder)]
    clock = StageClock(stages_of_study(folders, likely, tracked))
    sets = recordings_of_study(
        folders,
        out,
        avatars=folders.get("anonymised"),
        clock=clock,
        model=means.model,
        workers=means.workers,
        quiet=means.quiet,
    )
    with hold_lock(out / STUDY_LOCK), ClipBar("audit", None, quiet=means.quiet) as bar:
        results, scores = run_study(
            sets,
            out,
            settings,
            device=means.device,
            allow=means.allow,
            # An avatar that could not be made is named beside the videos, not beside their recordings.
            reasons=failed_clips(folders.values()),
            on_stage=lambda name, before: bar.say(clock.begin(name, before=before)),
            on_epoch=lambda report: bar.say(f"  {epoch_line(report)}"),
        )
    faces = playable_faces(sets, show_originals=means.show_originals)
    page = write_study(results, scores, out, faces=faces)
    for line in (*study_lines(results), page):
        tell(line)
    end_of_study(results, "results.json")


def _columns(stated: dict[str, Any], **flags: list[str] | None) -> dict[str, Any]:
    """The columns of corpus.csv that a file names and those that flags name, each once."""
    named = {name: (stated.get(name, ()), columns or []) for name, columns in flags.items()}
    return {
        name: tuple(dict.fromkeys((*of_file, *columns))) if isinstance(of_file, list | tuple) else of_file
        for name, (of_file, columns) in named.items()
        if of_file or columns
    }


def _folders(original: Path | None, anonymised: Path | None) -> "dict[ConditionName, Path]":
    named: dict[ConditionName, Path | None] = {"original": original, "anonymised": anonymised}
    folders = {name: folder for name, folder in named.items() if folder is not None}
    if not folders:
        raise UsageError("expected --original, --anonymised, or both")
    return folders


def _merged(
    stated: dict[str, Any],
    *,
    file: Path | None = None,
    protocol: str | None,
    folds: int | None,
    epochs: int | None,
    full: bool,
    seed: int,
) -> dict[str, Any]:
    """The configuration of a file, with what the command line states put over it."""
    from amber_id.audit import StudyConfig

    usual = StudyConfig()
    parts = {
        name: getattr(usual, name).model_dump() | own | table_of(stated, name, file)
        for name, own in (("loop", {}), ("evaluation", {"seed": seed}))
    }
    flags = {"protocol": protocol, "folds": folds}
    split = (
        {"seed": seed} | table_of(stated, "split", file) | {k: v for k, v in flags.items() if v is not None}
    )
    if split.get("protocol") == "shares":
        del split["protocol"]  # the usual one; without folds or shares the number of people decides
    parts["split"] = split
    if epochs is not None:
        parts["loop"]["epochs"] = epochs
    return {"seed": seed} | stated | parts | ({"full": True} if full else {})
