"""One door to every attacker: windows (N, C, T, V) to embeddings (N, D)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from amber_id.attackers.checkpoint import AttackerName, CheckpointHeader, load_checkpoint
from amber_id.attackers.moments import MomentsAttacker
from amber_id.errors import FileFormatError, MissingDependencyError, UsageError
from amber_id.motion import FeatureConfig, Signals, Stream, View, vertex_graph

if TYPE_CHECKING:
    import torch


@runtime_checkable
class Attacker(Protocol):
    """Anything that turns windows into embeddings, of any length."""

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embed windows."""
        ...

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what a checkpoint holds."""
        ...


def default_streams(attacker: AttackerName, signals: Signals, view: View) -> tuple[Stream, ...]:
    """The streams that an attacker is given unless told otherwise.

    `moments` computes changes by itself; head pose and blendshapes have no bones.
    """
    if attacker == "moments":
        return ("joint",)
    if signals == "blendshapes" or view == "pose":
        return ("joint", "joint_motion")
    return ("joint", "bone", "joint_motion")


def in_channels(config: FeatureConfig) -> int:
    """Channels of the features that a configuration gives."""
    per_stream = 1 if config.signals == "blendshapes" else 3 if config.depth or config.view == "pose" else 2
    return per_stream * len(config.streams)


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
            return header, MomentsAttacker.from_tensors(tensors)
        except ValueError as error:
            raise FileFormatError(path, str(error)) from error
    chosen = find_device(device)
    from amber_id.attackers.stgcn import StgcnAttacker, StgcnConfig

    try:
        return header, StgcnAttacker.from_tensors(
            tensors,
            in_channels=in_channels(header.features),
            graph=vertex_graph(header.features),
            config=StgcnConfig.model_validate(header.attacker_config),
            device=chosen,
        )
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(path, f"its arrays do not fit its header: {reason}") from error


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError.for_extra("torch", "train") from error
    return torch
