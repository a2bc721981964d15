"""The learned defence as a network of torch: one frame for ONNX, whole stretches for its training."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from amber_id.anonymisers.learned_motion import (
    DRAWN,
    PER_CHANNEL,
    POPULATION,
    WIDTHS,
    Memory,
    changed,
    drawn,
    linear,
    next_hidden,
    outputs,
    remembered,
    seen,
    stepped,
)


class DefenceNetwork(nn.Module):
    """The weights of `learned_motion.shapes`, and the functions of that module on torch."""

    def __init__(self, weights: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        super().__init__()
        # Names of parameters may hold no dots.
        self._names = {name: name.replace(".", "_") for name in weights}
        for name, array in weights.items():
            value = torch.tensor(np.asarray(array), dtype=torch.float32)
            if name in POPULATION:
                self.register_buffer(self._names[name], value)
            else:
                self.register_parameter(self._names[name], nn.Parameter(value))

    @property
    def weights(self) -> dict[str, Tensor]:
        """All weights by name."""
        return {name: getattr(self, place) for name, place in self._names.items()}

    def arrays(self) -> dict[str, Float[np.ndarray, "..."]]:
        """A copy of all weights as numbers."""
        return {name: value.detach().numpy().copy() for name, value in self.weights.items()}

    def groups(self, rate: float) -> list[dict[str, object]]:
        """The parameters with their rates of learning: ten times as high for what each channel has alone."""
        own = [value for name, value in self.weights.items() if name in PER_CHANNEL]
        shared = [value for name, value in self.weights.items() if name not in (*PER_CHANNEL, *POPULATION)]
        return [{"params": shared, "lr": rate}, {"params": own, "lr": 10 * rate}]

    def forward(
        self, frame: Tensor, since_s: Tensor, numbers: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One frame, as `learned_motion.stepped`."""
        return stepped(torch, self.weights, frame, since_s, numbers, state)

    def whole(
        self, values: Float[Tensor, "N T C"], *, rate_hz: float, generator: torch.Generator
    ) -> Float[Tensor, "N T C"]:
        """Stretches of a fixed rate, each from its first frame on, with new random numbers."""
        weights = self.weights
        N, T, _ = values.shape
        since = torch.full((N, 1), 1 / rate_hz)
        memory, random = self._before_learning(values, since, generator)
        inputs = seen(torch, memory)
        from_input = linear("input", weights, inputs)
        hidden = values.new_zeros(N, weights["recurrent.weight"].shape[1])
        after = []
        for t in range(T):
            hidden = next_hidden(torch, weights, from_input[:, t], hidden, since)
            after.append(hidden)
        added = outputs(torch, weights, inputs, torch.stack(after, dim=1))
        return changed(torch, weights, memory, random, added)

    @torch.no_grad()
    def _before_learning(
        self, values: Float[Tensor, "N T C"], since: Tensor, generator: torch.Generator
    ) -> tuple[Memory, Tensor]:
        """What is remembered and drawn in each frame, (N, T, ...), in which no trained weight has part."""
        weights = self.weights
        units = (values - weights["mean"]) / weights["spread"]
        N, T, _ = values.shape
        ends = np.cumsum([0, *WIDTHS]).tolist()
        nothing = values.new_zeros(N, ends[-1])
        memory = Memory._make([nothing[:, begin:end] for begin, end in pairwise(ends)])
        random = values.new_zeros(N, DRAWN)
        memories, randoms = [], []
        for t in range(T):
            numbers = torch.randn(N, DRAWN, generator=generator)
            random = drawn(torch, memory, random, numbers, since)
            memory = remembered(torch, memory, units[:, t], since, weights["speed"])
            memories.append(memory)
            randoms.append(random)
        stacked = (torch.stack(field, dim=1) for field in zip(*memories, strict=True))
        return Memory._make(stacked), torch.stack(randoms, dim=1)
