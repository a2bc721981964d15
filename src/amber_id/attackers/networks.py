"""The networks of the zoo: which there are, how one is built, and how a trained one is used on arrays.

Every network is a module with ``forward(x, mask)``: windows (N, C, T, V) and the mask of their real frames
(N, T) to embeddings (N, D) of length one.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from pydantic import BaseModel
from torch import nn
from torch.overrides import TorchFunctionMode

from amber_id.attackers.checkpoint import AttackerName
from amber_id.attackers.distances import Distances, DistancesConfig
from amber_id.attackers.stgcn import Stgcn, StgcnConfig
from amber_id.attackers.thesis import Thesis, ThesisConfig
from amber_id.motion import FeatureConfig, in_channels, vertex_graph

# The upper bound for an avatar that is driven by blendshapes is the default network on these.
_NETWORKS: dict[AttackerName, tuple[Any, type[BaseModel]]] = {
    "stgcn": (Stgcn, StgcnConfig),
    "blendshapes": (Stgcn, StgcnConfig),
    "thesis": (Thesis, ThesisConfig),
    "distances": (Distances, DistancesConfig),
}


MOST_NUMBERS = 2**28
"""How many numbers the weights of a network may be: a GiB. The largest here has three million."""

_MAKERS = (torch.empty, torch.zeros, torch.ones, torch.randn)


class _AtMost(TorchFunctionMode):
    """Refuse, before it is allocated, what would make a module larger than so many numbers."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.numbers = self.left = numbers

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in _MAKERS:
            size = args[0] if args and isinstance(args[0], (tuple, list)) else args
            self.left -= math.prod(size)
            if self.left < 0:
                raise ValueError(
                    f"the configuration asks for a network of more than {self.numbers:,} numbers"
                )
        return func(*args, **(kwargs or {}))


def config_of(attacker: AttackerName) -> type[BaseModel]:
    """What a network is configured by."""
    return _NETWORKS[attacker][1]


def make_network(
    attacker: AttackerName,
    features: FeatureConfig,
    values: Mapping[str, Any],
    at_most: int = MOST_NUMBERS,
) -> nn.Module:
    """A network with fresh weights for these features.

    Raises ValueError if it cannot take them, or would be larger than `at_most` numbers; what is larger is
    never allocated.
    """
    network, config = _NETWORKS[attacker]
    own = config.model_validate(values)
    with _AtMost(min(at_most, MOST_NUMBERS)):
        made: nn.Module = network(in_channels(features), vertex_graph(features), own)
    return made


class NetworkAttacker:
    """A trained network, used on NumPy arrays."""

    def __init__(self, network: nn.Module, device: torch.device, features: FeatureConfig) -> None:
        self.network = network.to(device).eval()
        self.device = device
        self.features = features

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], *, batch: int | None = None
    ) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, of length one, whatever the batch."""
        # What a few windows need on the way fits the cache of a processor; a GPU wants many.
        batch = batch or (16 if self.device.type == "cpu" else 256)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(values), batch):
                x = torch.from_numpy(values[start : start + batch]).to(self.device)
                m = torch.from_numpy(mask[start : start + batch]).to(self.device)
                parts.append(self.network(x, m).float().cpu().numpy())
        return np.concatenate(parts)

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        return {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}
