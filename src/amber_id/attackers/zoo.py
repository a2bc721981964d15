"""One door to every attacker: windows (N, C, T, V) to embeddings (N, D)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from pydantic import BaseModel, ValidationError

from amber_id.attackers.checkpoint import AttackerName, CheckpointHeader, load_checkpoint
from amber_id.attackers.moments import MomentsAttacker, MomentsConfig, n_statistics
from amber_id.errors import FileFormatError, UsageError
from amber_id.extras import from_extra
from amber_id.misfits import first_problem
from amber_id.motion import FeatureConfig, Signals, Stream, View

if TYPE_CHECKING:
    import torch


@runtime_checkable
class Attacker(Protocol):
    """Anything that turns windows into embeddings, of any length; `features` are what it was trained on."""

    @property
    def features(self) -> FeatureConfig:
        """What its windows are made of."""
        ...

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embed windows."""
        ...

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what a checkpoint holds."""
        ...


def default_signals(attacker: AttackerName) -> Signals:
    """The signals that an attacker is given unless told otherwise."""
    return "blendshapes" if attacker == "blendshapes" else "landmarks"


def default_streams(attacker: AttackerName, signals: Signals, view: View) -> tuple[Stream, ...]:
    """The streams that an attacker is given unless told otherwise.

    The network of the thesis and distances take positions alone; changes every attacker computes by itself;
    head pose and blendshapes have neither bones nor a frame of the head.
    """
    if signals == "blendshapes" or view == "pose" or attacker in ("thesis", "distances"):
        return ("joint",)
    if view == "all":
        return ("joint", "face")
    return ("joint",) if attacker == "moments" else ("joint", "bone")


def resolved_config(
    attacker: AttackerName, features: FeatureConfig, values: dict[str, Any]
) -> dict[str, Any]:
    """An attacker's configuration with all defaults written out.

    Raises
    ------
    UsageError
        If the attacker cannot take these features, or has no such values.
    """
    if attacker == "blendshapes" and features.signals != "blendshapes":
        raise UsageError(f"the attacker blendshapes needs the signals blendshapes, got {features.signals}")
    if attacker == "moments":
        return _fitting(attacker, MomentsConfig, values).model_dump(mode="json")
    torch = _torch()
    from amber_id.attackers.networks import config_of, make_network

    config = _fitting(attacker, config_of(attacker), values)
    try:
        with torch.random.fork_rng():  # the weights are thrown away, and leave no trace
            make_network(attacker, features, values)
    except ValueError as error:
        raise UsageError(f"--attacker {attacker}: {error}") from error
    return config.model_dump(mode="json")


def _fitting(attacker: AttackerName, model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        said = first_problem(error, model, lambda place: ".".join(map(str, place)))
        raise UsageError(f"attacker_config of {attacker}: {said}") from error


def find_device(name: str) -> "torch.device":
    """The torch device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    UsageError
        If there is no such device here.
    """
    torch = _torch()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device must be auto, cpu, cuda or cuda:N, got {name}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device


def load_attacker(path: Path, device: str = "auto") -> tuple[CheckpointHeader, Attacker]:
    """Read a checkpoint and rebuild its attacker, strictly.

    Raises
    ------
    FileFormatError
        If the file is cut off, of another schema, or its arrays do not fit what its header says.
    """
    header, tensors = load_checkpoint(path)
    if header.attacker == "moments":
        try:
            moments = MomentsAttacker.from_tensors(tensors, header.features)
        except ValueError as error:
            raise FileFormatError(path, str(error)) from error
        wanted = n_statistics(header.features)
        if moments.mean.size != wanted:
            raise FileFormatError(
                path, f"expected {wanted} statistics, as its features have, got {moments.mean.size}"
            )
        return header, moments
    chosen = find_device(device)
    import torch

    from amber_id.attackers.networks import NetworkAttacker, make_network

    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise FileFormatError(path, f"expected finite weights, got others in {name}")
    numbers = sum(array.size for array in tensors.values())
    try:
        network = make_network(header.attacker, header.features, header.attacker_config, numbers)
        network.load_state_dict({name: torch.from_numpy(a) for name, a in tensors.items()}, strict=True)
    except (RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(path, f"its arrays do not fit its header: {reason}") from error
    return header, NetworkAttacker(network, chosen, header.features)


def _torch() -> Any:
    with from_extra("torch", "train"):
        import torch
    return torch
