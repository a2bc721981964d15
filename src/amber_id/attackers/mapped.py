"""An attacker that has pairs: it maps anonymised clips to what their originals may have shown.

It learns from the anonymised clips of train people as mapped, and where it is trained on originals too, from
these as they are, so that both kinds of clips can be compared. `maps` has the maps, and
`amber_id.motion.pairs` says which clips are pairs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from amber_id.attackers.attacker import Attacker, FittedKind
from amber_id.attackers.maps import MapName, SignalMap, best_map
from amber_id.motion import FeatureConfig, WindowSet, in_channels, vertex_graph
from amber_id.motion.pairs import is_original, pairs_of

_PREFIX = "map."  # of the map's arrays in a checkpoint


@dataclass(frozen=True)
class MappedAttacker:
    """An attacker behind a map; `name` and `recovered` as in `BestMap`, None where read from a checkpoint."""

    map: SignalMap
    attacker: Attacker
    features: FeatureConfig
    name: MapName | None = None
    recovered: float | None = None

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embed windows of anonymised clips; what is around a window is not known."""
        mapped = np.zeros(values.shape, values.dtype)
        for n, window in enumerate(values):
            T = int(mask[n].sum())
            mapped[n, :, :T] = mapped_frames(self.map, window[:, :T].transpose(1, 0, 2)).transpose(1, 0, 2)
        return self.attacker.embed(mapped, mask)

    def embed_set(self, windows: WindowSet) -> Float[np.ndarray, "N D"]:
        """Embed all windows of a set, in order; those of originals as they are."""
        return self.attacker.embed_set(_mapped(self.map, windows))

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what a checkpoint holds."""
        of_map = {f"{_PREFIX}{name}": array for name, array in self.map.tensors().items()}
        return {**self.attacker.tensors(), **of_map}


def mapped_frames(signal_map: SignalMap, frames: Float[np.ndarray, "T C V"]) -> Float[np.ndarray, "T C V"]:
    """The frames of a segment, mapped, in the type that they had."""
    flat = signal_map(frames.reshape(len(frames), -1).astype(np.float64))
    return flat.reshape(frames.shape).astype(frames.dtype)


def mapped_fitter(
    kind: FittedKind, windows: WindowSet, originals: WindowSet, config: Any, *, seed: int
) -> Callable[[WindowSet, WindowSet], MappedAttacker]:
    """A function that fits a map and the attacker behind it to the windows of train and of dev people.

    Both are of `windows`; `originals` are those of their anonymised clips. The function raises TrainingError
    if there are no pairs.
    """
    pairs = pairs_of(windows, originals)

    def fit(train: WindowSet, dev: WindowSet) -> MappedAttacker:
        of_train, of_dev = (
            [pair for pair in pairs if pair.subject in people] for people in (train.subjects, dev.subjects)
        )
        best = best_map(of_train, of_dev, seed=seed)
        mapped = _mapped(best.map, train)
        attacker = kind.fitter(mapped, config)(mapped)
        return MappedAttacker(best.map, attacker, train.config, best.name, best.recovered)

    return fit


def load_mapped(
    load: Callable[[Mapping[str, np.ndarray], FeatureConfig], Attacker],
    tensors: Mapping[str, np.ndarray],
    features: FeatureConfig,
) -> MappedAttacker:
    """The attacker of a checkpoint, of which `load` makes the part behind the map.

    Raises ValueError if the arrays are not those of its features.
    """
    of_map = {
        name.removeprefix(_PREFIX): array for name, array in tensors.items() if name.startswith(_PREFIX)
    }
    others = {name: array for name, array in tensors.items() if not name.startswith(_PREFIX)}
    signals = in_channels(features) * vertex_graph(features).n_vertices
    return MappedAttacker(
        SignalMap.from_tensors(of_map, signals=signals), load(others, features.of_clips), features
    )


def _mapped(signal_map: SignalMap, windows: WindowSet) -> WindowSet:
    """The windows as the attacker behind the map is given them."""

    def change(frames: Float[np.ndarray, "T C V"], clip: int) -> Float[np.ndarray, "T C V"]:
        return frames if is_original(windows.entries[clip].clip) else mapped_frames(signal_map, frames)

    given = replace(windows, config=windows.config.of_clips)
    if all(is_original(entry.clip) for entry in windows.entries):
        return given
    return given.changed(change)
