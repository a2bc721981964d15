"""The verbs of a learned defence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    Quiet,
    Seed,
    check_before,
    configured,
    defences_app,
    end_with,
    require,
    say,
    tell,
)
from amber_id.cli.splitting import split_beside

if TYPE_CHECKING:
    from amber_id.training.defence.file import Source
    from amber_id.training.defence.train import EpochDone

_Recordings = Annotated[
    Path | None,
    typer.Argument(
        help="Folder of recordings whose train people are trained on, and whose dev people choose; without "
        "one, all are synthetic."
    ),
]
_Out = Annotated[
    Path, typer.Option(help="File to be written, FILE.safetensors; `amber defend --model` takes it.")
]
_Synthetic = Annotated[
    int, typer.Option(help="Number of synthetic people that are added to the train people.")
]
_Epochs = Annotated[int, typer.Option(help="Number of epochs, of about 10 s each on one core.")]
_Fold = Annotated[int, typer.Option(help="Fold of the split beside the recordings.")]


@defences_app.command("train")
def defences_train(
    out: _Out,
    recordings: _Recordings = None,
    synthetic: _Synthetic = 240,
    epochs: _Epochs = 24,
    fold: _Fold = 0,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Train the defence `learned` against attackers that are retrained as it goes.

    Test people of the split are not seen.
    """
    require(
        "--out", out, "a file, FILE.safetensors", out.suffix.lower() == ".safetensors" and not out.is_dir()
    )
    check_before("defences train", out.parent)
    from amber_id.training.defence.config import DefenceTrainConfig

    config = configured(DefenceTrainConfig, synthetic=synthetic, epochs=epochs, seed=seed)
    source = None if recordings is None else _source(recordings, fold)
    from amber_id.training.defence.file import train_to_file

    written = train_to_file(source, config, out, on_epoch=None if quiet else _say_epoch)
    header, dev = written.header, written.header.dev
    tell(
        f"trained on {len(header.trained_on)} people of recordings and {header.synthetic_people} synthetic "
        f"ones; epoch {header.epoch} of {header.epochs}"
    )
    tell(
        f"{dev.people} dev people: EER {dev.eer:.3f} of the strongest attacker ({dev.attacker}), "
        f"correlation {dev.correlation:.3f}, amplitude {dev.amplitude:.2f}"
    )
    tell(out)
    end_with(written.failures)


@defences_app.command("export")
def defences_export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file of `amber defences train`.")],
    onnx: Annotated[Path, typer.Option(help="File to be written, FILE.onnx, for programs without Python.")],
) -> None:
    """Write a learned defence as ONNX, one frame at a time.

    The file is written if onnxruntime gives the same frames; docs/defences.md has a recipe.
    """
    require("--onnx", onnx, "a file, FILE.onnx", onnx.suffix.lower() == ".onnx" and not onnx.is_dir())
    check_before("defences export", onnx.parent)
    from amber_id.training.defence.export import export_defence

    made = export_defence(model, onnx)
    tell(
        f"frame (N, 57), since_s (N, 1), numbers (N, 456), strength (N, 1), state (N, {made.state}) -> "
        f"changed (N, 57), next_state; differs from `amber defend` by {made.largest_difference:.1g} at most"
    )
    tell(onnx)


def _source(recordings: Path, fold: int) -> "Source":
    from amber_id.recordings import RecordingSet
    from amber_id.training.defence.file import Source

    opened = RecordingSet.open(recordings)
    division = split_beside(opened)
    folds = len(division.folds)
    require("--fold", fold, f"from 0 to {folds - 1}", 0 <= fold < folds)
    return Source(opened, division, fold)


def _say_epoch(done: "EpochDone") -> None:
    dev = done.dev
    say(
        f"epoch {done.epoch:3d}/{done.epochs}  dev EER {dev.eer:.3f} ({dev.attacker})  correlation "
        f"{dev.correlation:.3f}  amplitude {dev.amplitude:.2f}{', best so far' if done.is_best else ''}"
    )
