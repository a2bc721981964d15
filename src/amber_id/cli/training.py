"""The verbs train and reselect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import (
    Allow,
    Device,
    Quiet,
    Recordings,
    Seed,
    ShortestUsed,
    app,
    check_before,
    check_runs,
    configured,
    end_with,
    read_toml,
    resumable,
    say,
    tell,
)
from amber_id.cli.splitting import split_beside, split_of_run
from amber_id.cli.training_file import check_attacker, names_in, training_settings

if TYPE_CHECKING:
    from amber_id.motion import FeatureConfig
    from amber_id.training import Run

_Signals = Annotated[
    Literal["landmarks", "blendshapes"] | None,
    typer.Option(help="Landmarks, or blendshapes and head pose; default: those of the attacker."),
]
_Inversion = Annotated[
    str, row_of("amber_id.motion:INVERSIONS", "What is removed from every clip, to undo an anonymiser.")
]
_Regions = Annotated[
    str | None, typer.Option(help="Parts of the face, e.g. lips,nose; default: the whole face.")
]
_Streams = Annotated[
    str | None,
    typer.Option(
        help="Some of joint,bone,face,joint_motion,bone_motion,face_motion; default: those of the attacker."
    ),
]
_Epochs = Annotated[int | None, typer.Option(help="Largest number of epochs of a network; default: 60.")]
_Loss = Annotated[
    Literal["cross_entropy", "arcface", "supcon"] | None,
    typer.Option(help="Loss that a network minimises; default: cross_entropy."),
]
_Config = Annotated[
    Path | None,
    typer.Option(help="TOML file with what else differs from the defaults: [loop] and [attacker_config]."),
]


@app.command()
@resumable("the same command with --resume goes on after the last whole epoch")
def train(
    recordings: Recordings,
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoints, log, configuration.")],
    attacker: Annotated[str, row_of("amber_id.attackers:ATTACKERS", "The attacker.")] = "stgcn",
    view: Annotated[str, row_of("amber_id.motion:VIEWS", "What the attacker sees of the face.")] = "all",
    signals: _Signals = None,
    inversion: _Inversion = "none",
    regions: _Regions = None,
    streams: _Streams = None,
    shortest_s: ShortestUsed = None,
    epochs: _Epochs = None,
    loss: _Loss = None,
    config: _Config = None,
    control: Annotated[
        Literal["permuted-labels"] | None, typer.Option(help="Train and test on shuffled labels.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")] = False,
    allow: Allow = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train an attacker.

    Trained on originals it is the reference model, on avatars the attacker model.
    """
    from amber_id.progress import ClipBar, epoch_line
    from amber_id.recordings import RecordingSet
    from amber_id.training import TrainConfig, is_first_process
    from amber_id.training import train as train_run

    features = _features(attacker, view, signals, inversion, regions, streams, shortest_s)
    values = {"attacker": attacker, "features": features, "seed": seed, "control": control}
    stated = read_toml(config)
    values |= training_settings(stated, config, epochs=epochs, loss=loss)
    settings = configured(TrainConfig, values, stated=stated, file=config)
    check_before("train", out)
    check_attacker(settings, config, device)
    opened = RecordingSet.open(recordings)
    division = split_beside(opened)
    with ClipBar("features", len(opened.entries), quiet=quiet) as bar:
        run, failures = train_run(
            opened,
            division,
            settings,
            out,
            device=device,
            resume=resume,
            allow=allow or (),
            on_clip=bar.advance,
            on_epoch=None if quiet else lambda report: bar.say(epoch_line(report)),
        )
    if is_first_process():  # which says all that there is to say
        _print_run(run, attacker)
        end_with((*opened.failures, *failures))


def _features(
    attacker: str,
    view: str,
    signals: Literal["landmarks", "blendshapes"] | None,
    inversion: str,
    regions: str | None,
    streams: str | None,
    shortest_s: float | None,
) -> "FeatureConfig":
    """What the attacker is given: what the flags name, else what it is given by default."""
    from amber_id.attackers import ATTACKERS
    from amber_id.motion import FeatureConfig

    kind = ATTACKERS[attacker]
    chosen = signals or kind.signals
    return configured(
        FeatureConfig,
        view=view,
        signals=chosen,
        inversion=inversion,
        regions=names_in(regions),
        streams=names_in(streams) or kind.default_streams(chosen, view),
        shortest_s=FeatureConfig().shortest_s if shortest_s is None else shortest_s,
    )


def _print_run(run: "Run", attacker: str) -> None:
    from amber_id.training import remarks_on

    headers = run.headers()
    for row in headers:
        tell(f"fold {row.fold}: dev EER {row.dev.eer:.3f}, AUC {row.dev.auc:.3f} (epoch {row.epoch})")
    for remark in remarks_on(attacker, headers):
        say(remark)
    tell(run.path)


@app.command()
def reselect(
    run: Annotated[Path, typer.Argument(help="A run, as `amber train` leaves it.")],
    recordings: Recordings,
    allow: Allow = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Choose the best checkpoint of a run anew.

    Among all that were kept, the one with the lowest EER on the dev people; test people are not looked at.
    """
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.training import Run
    from amber_id.training import reselect as reselect_run

    check_runs("reselect", run)
    opened = Run.open(run)
    whole = RecordingSet.open(recordings)
    of_run, division = split_of_run(run, whole)
    total = sum(len(folder.epochs()) for folder in opened.folds)
    with ClipBar("checkpoints", total, quiet=quiet) as bar:
        chosen = reselect_run(
            opened, of_run, division, device=device, allow=allow or (), on_checkpoint=bar.advance
        )
    for choice in chosen:
        tell(
            f"fold {choice.fold}: epoch {choice.epoch} of {choice.of} checkpoints, "
            f"dev EER {choice.dev.eer:.3f}, AUC {choice.dev.auc:.3f} -> {choice.path}"
        )
    end_with((*whole.failures, *(failure for choice in chosen for failure in choice.failures)))
