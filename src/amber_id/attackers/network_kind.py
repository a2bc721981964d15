"""The row of an attacker that is a network, which can be read without torch.

Where its class lies is written as text, and loaded when a network is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel

from amber_id.attackers.attacker import Attacker, AttackerKind, StoredAttacker
from amber_id.attackers.devices import find_device, require_torch
from amber_id.errors import FileFormatError
from amber_id.motion import FeatureConfig, Stream

if TYPE_CHECKING:
    from torch import nn

    from amber_id.attackers.networks import Network


@dataclass(frozen=True, kw_only=True)
class NetworkKind(AttackerKind):
    """An attacker that is a network, trained by `amber_id.training.network`."""

    is_network: ClassVar[bool] = True

    # ``module:class`` of a `Network`.
    network: str
    streams: tuple[Stream, ...] = ("joint", "bone")
    streams_with_pose: tuple[Stream, ...] = ("joint", "face")

    def configuration(self) -> type[BaseModel]:
        """The shape of the network."""
        return self._class().configuration

    def make(
        self, features: FeatureConfig, values: Mapping[str, Any], at_most: int | None = None
    ) -> "nn.Module":
        """A network with fresh weights for these features, of at most so many numbers.

        Raises ValueError if it cannot take them, or would be larger; what is larger is never allocated.
        """
        require_torch()
        from amber_id.attackers.networks import MOST_NUMBERS, make_network

        return make_network(self._class(), features, values, MOST_NUMBERS if at_most is None else at_most)

    def check(self, features: FeatureConfig, values: Mapping[str, Any]) -> None:
        """Raise ValueError if the network cannot be made; its weights are thrown away, and leave no trace."""
        torch = require_torch()
        with torch.random.fork_rng():
            self.make(features, values)

    def load(self, stored: StoredAttacker, device: str) -> Attacker:
        """The attacker of a checkpoint; raises FileFormatError if its arrays do not fit."""
        chosen = find_device(device)
        import torch

        from amber_id.attackers.networks import NetworkAttacker

        for name, array in stored.tensors.items():
            if not np.isfinite(array).all():
                raise FileFormatError(stored.path, f"expected finite weights, got others in {name}")
        numbers = sum(array.size for array in stored.tensors.values())
        try:
            network = self.make(stored.features, stored.values, numbers)
            weights = {name: torch.from_numpy(array) for name, array in stored.tensors.items()}
            network.load_state_dict(weights, strict=True)
        except (RuntimeError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise FileFormatError(stored.path, f"its arrays do not fit its header: {reason}") from error
        return NetworkAttacker(network, chosen, stored.features)

    def _class(self) -> "type[Network]":
        require_torch()
        network: type[Network] = resolve_name(self.network)
        return network
