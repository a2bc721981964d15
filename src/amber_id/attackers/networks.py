"""How is a network made, and how is a trained one used on arrays?

Every network is a `Network`: ``forward(x, mask)`` takes windows (N, C, T, V) and the mask of their real
frames (N, T) to embeddings (N, D) of length one.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel
from torch import nn
from torch.overrides import TorchFunctionMode

from amber_id.motion import FaceGraph, FeatureConfig, WindowSet, in_channels, vertex_graph

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


class Network(nn.Module):
    """Windows (N, C, T, V) and their mask (N, T) to embeddings (N, D) of length one."""

    configuration: ClassVar[type[BaseModel]]

    def __init__(self, in_channels: int, graph: FaceGraph, config: Any) -> None:
        """Make it for so many channels of the vertices of `graph`; `config` is of its `configuration`."""
        del in_channels, graph, config  # for those that are made of it
        super().__init__()


def make_network(
    network: type[Network], features: FeatureConfig, values: Mapping[str, Any], at_most: int = MOST_NUMBERS
) -> Network:
    """A network with fresh weights for these features.

    Raises ValueError if it cannot take them, or would be larger than `at_most` numbers; what is larger is
    never allocated.
    """
    own = network.configuration.model_validate(values)
    with _AtMost(min(at_most, MOST_NUMBERS)):
        return network(in_channels(features), vertex_graph(features), own)


def _real_frames(mask: Bool[np.ndarray, "N T"]) -> Int[np.ndarray, " N"]:
    """The frames up to the last real one of each window; one at least, which a network needs.

    >>> _real_frames(np.array([[True, False, True, False], [False] * 4])).tolist()
    [3, 1]
    """
    return np.max(np.where(mask, np.arange(1, mask.shape[1] + 1), 1), axis=1)


class NetworkAttacker:
    """A trained network, used on NumPy arrays."""

    def __init__(self, network: nn.Module, device: torch.device, features: FeatureConfig) -> None:
        self.network = network.to(device).eval()
        self.device = device
        self.features = features

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], *, batch: int | None = None
    ) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, of length one, whatever the batch.

        Windows of one length are embedded together, so that none is computed on padding.
        """
        # What a few windows need on the way fits the cache of a processor; a GPU wants many.
        batch = batch or (16 if self.device.type == "cpu" else 256)
        length = _real_frames(mask)
        order = np.argsort(length, kind="stable")
        parts = []
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                T = length[rows[-1]]
                x = torch.from_numpy(values[rows, :, :T]).to(self.device)
                m = torch.from_numpy(mask[rows, :T]).to(self.device)
                parts.append(self.network(x, m).float().cpu().numpy())
        return np.concatenate(parts)[np.argsort(order)]

    def embed_set(self, windows: WindowSet) -> Float[np.ndarray, "N D"]:
        """Embeddings of all windows of a set, of length one, in order."""
        return np.concatenate([self.embed(*part) for part in windows.in_parts()])

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        return {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}
