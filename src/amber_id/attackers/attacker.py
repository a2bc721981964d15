"""What is an attacker? A kind that can be trained, and one that was.

`AttackerKind` is the row of an attacker in the table `ATTACKERS`: its name, what it is given, how it is
configured, trained and loaded. `Attacker` is what a training leaves: windows in, embeddings out.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from pydantic import BaseModel, ValidationError

from amber_id.errors import FileFormatError, UsageError
from amber_id.misfits import first_problem
from amber_id.motion import INVERSIONS, VIEWS, FeatureConfig, Signals, Stream, View, WindowSet


@runtime_checkable
class Attacker(Protocol):
    """A trained attacker: turns windows into embeddings, of any length."""

    @property
    def features(self) -> FeatureConfig:
        """What its windows are made of."""
        ...

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embed windows."""
        ...

    def embed_set(self, windows: WindowSet) -> Float[np.ndarray, "N D"]:
        """Embed all windows of a set, in order."""
        ...

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what a checkpoint holds."""
        ...


@dataclass(frozen=True)
class StoredAttacker:
    """What a checkpoint holds of an attacker."""

    path: Path  # for messages
    tensors: Mapping[str, np.ndarray]
    features: FeatureConfig
    values: Mapping[str, Any]  # its configuration


@dataclass(frozen=True, kw_only=True)
class AttackerKind(ABC):
    """An attacker that can be trained: one row of the table."""

    is_network: ClassVar[bool]  # whether it learns in epochs, with torch

    name: str
    summary: str  # for the help of the command line
    signals: Signals = "landmarks"  # that it is given unless others are named
    only_its_signals: bool = False  # whether it takes no others
    streams: tuple[Stream, ...]  # that it is given of landmarks, unless others are named
    streams_with_pose: tuple[Stream, ...]  # in their place where the head pose is in the view

    @abstractmethod
    def configuration(self) -> type[BaseModel]:
        """What it is configured by."""

    @abstractmethod
    def check(self, features: FeatureConfig, values: Mapping[str, Any]) -> None:
        """Raise ValueError if it cannot be made for these features in this configuration."""

    @abstractmethod
    def load(self, stored: StoredAttacker, device: str) -> Attacker:
        """The attacker of a checkpoint; raises FileFormatError if its arrays do not fit."""

    def resolved(self, features: FeatureConfig, values: Mapping[str, Any]) -> dict[str, Any]:
        """Its configuration with all defaults written out.

        Raises
        ------
        UsageError
            If it cannot take these features, or has no such values.
        """
        if self.only_its_signals and features.signals != self.signals:
            raise UsageError(
                f"the attacker {self.name} needs the signals {self.signals}, got {features.signals}"
            )
        if self.is_network and INVERSIONS[features.inversion].is_learnt:
            raise UsageError(
                f"the inversion {features.inversion} needs an attacker without a network, such as moments, "
                f"got {self.name}"
            )
        model = self.configuration()
        try:
            config = model.model_validate(values)
        except ValidationError as error:
            problem = first_problem(error, model, lambda place: ".".join(map(str, place)))
            raise UsageError(f"attacker_config of {self.name}: {problem}") from error
        try:
            self.check(features, values)
        except ValueError as error:
            raise UsageError(f"--attacker {self.name}: {error}") from error
        return config.model_dump(mode="json")

    def default_streams(self, signals: Signals, view: View) -> tuple[Stream, ...]:
        """The streams that it is given of these signals in this view, unless others are named.

        Head pose and blendshapes have neither bones nor a frame of the head.
        """
        row = VIEWS[view]
        if signals == "blendshapes" or row.vertices:
            return ("joint",)
        return self.streams_with_pose if row.has_pose else self.streams


@dataclass(frozen=True, kw_only=True)
class FittedKind(AttackerKind):
    """An attacker without a network, fitted to all windows at once."""

    is_network: ClassVar[bool] = False

    config: type[BaseModel]
    # From the windows of all folds, of which may be computed what every fold needs, to a function that fits
    # to a selection of them: the train people of one fold.
    fitter: Callable[[WindowSet, Any], Callable[[WindowSet], Attacker]]
    loader: Callable[[Mapping[str, np.ndarray], FeatureConfig], Attacker]  # raises ValueError

    def configuration(self) -> type[BaseModel]:
        """What it is configured by."""
        return self.config

    def check(self, features: FeatureConfig, values: Mapping[str, Any]) -> None:
        """Pass whatever features there are: a fit takes the size of what it is given."""

    def load(self, stored: StoredAttacker, device: str) -> Attacker:
        """The attacker of a checkpoint; raises FileFormatError if its arrays do not fit."""
        del device  # for networks
        try:
            return self.loader(stored.tensors, stored.features)
        except ValueError as error:
            raise FileFormatError(stored.path, str(error)) from error
