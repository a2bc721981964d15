"""The TOML file of `amber train`, beside its flags."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber_id.cli.shared import table_of
from amber_id.errors import UsageError

if TYPE_CHECKING:
    from amber_id.training import TrainConfig

_NAMES = ("attacker_config", "loop")
_FLAGS = frozenset(
    {
        "attacker",
        "control",
        "epochs",
        "inversion",
        "loss",
        "regions",
        "seed",
        "shortest_s",
        "signals",
        "streams",
        "view",
    }
)  # what a file might say in their place


def training_settings(
    stated: Mapping[str, Any], file: Path | None, *, epochs: int | None, loss: str | None
) -> dict[str, Any]:
    """The settings of the attacker and of its training: those of a file, overruled by those of flags.

    Raises
    ------
    UsageError
        If the file has anything else.
    """
    from amber_id.misfits import nearest, quoted

    for name in stated:
        if name not in _NAMES:
            where = f"; --{name} says it" if name in _FLAGS else nearest(name, _NAMES)
            raise UsageError(f"{file}: it has no {quoted(name)}, only {' and '.join(_NAMES)}{where}")
    attacker_config, loop = (table_of(stated, name, file) for name in _NAMES)
    return {"attacker_config": attacker_config, "loop": _over_file(loop, file, epochs=epochs, loss=loss)}


def _over_file(
    loop: Mapping[str, Any], file: Path | None, *, epochs: int | None, loss: str | None
) -> dict[str, Any]:
    """The settings of the training in a file, overruled by those of flags."""
    values = {**loop} if epochs is None else {**loop, "epochs": epochs}
    if loss is not None:
        values["loss"] = table_of(loop, "loss", file) | {"name": loss}
    if loss == "supcon":
        values.setdefault("clips_per_subject", 4)  # a contrast needs several clips of a person in a batch
    return values


def check_attacker(settings: "TrainConfig", file: Path | None, device: str) -> None:
    """Raise UsageError, before anything is read, where the attacker cannot be made so, or not there."""
    from amber_id.attackers import NETWORKS, find_device
    from amber_id.training import resolved

    if settings.attacker in NETWORKS:
        find_device(device)

    try:
        resolved(settings)
    except UsageError as error:
        if settings.attacker_config and str(error).startswith("attacker_config"):
            raise UsageError(f"{file}: {error}") from error
        raise


def names_in(text: str | None) -> tuple[str, ...] | None:
    """The names of a list with commas; None where there is none."""
    return None if text is None else tuple(name.strip() for name in text.split(","))
