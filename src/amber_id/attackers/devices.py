"""On which device does a network run?"""

from typing import TYPE_CHECKING, Any

from amber_id.errors import UsageError
from amber_id.extras import from_extra

if TYPE_CHECKING:
    import torch


def find_device(name: str) -> "torch.device":
    """The torch device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    UsageError
        If there is no such device here.
    """
    torch = require_torch()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device must be auto, cpu, cuda or cuda:N, got {name}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device


def require_torch() -> Any:
    """The module torch; raises MissingDependencyError without it."""
    with from_extra("torch", "train"):
        import torch
    return torch
