"""How much of the original's movement does an anonymised frame tell, and by which map?

A map takes anonymised frames to what the originals show in them. It is fitted to pairs of people whom an
attacker knows, and needs no original where it is applied.

each     every signal by a gain and an offset
all      every signal by all signals of five frames, in the middle of which it is (ridge regression, Hoerl and
         Kennard, Technometrics 12, 1970)
network  the same, and what that leaves by a network with one hidden layer on the same five frames

Of the three that one is used which recovers the largest share of the movement of dev people, of whom it knows
nothing.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from amber_id.errors import TrainingError
from amber_id.extras import from_extra
from amber_id.motion.pairs import Pair

MapName = Literal["each", "all", "network"]
DESCRIPTIONS: Mapping[MapName, str] = {
    "each": "a gain and an offset for every signal",
    "all": "a linear regression on all signals of five frames",
    "network": "a small network on five frames",
}

_SHRINK = 0.01  # ridge, in the variance of a predictor
_STILL = 1e-6
_AROUND = (0, -2, -1, 1, 2)  # frames that a map looks at, its own first
_HIDDEN = 32
_MOST_FRAMES = 8_000  # that a map is fitted to, evenly spread
_EPOCHS = 6


@dataclass(frozen=True, eq=False)
class SignalMap:
    """From S signals of anonymised frames to those of the originals; H hidden units, none in a linear map.

    R = 5 S: the signals of the frame itself, then of those around it.
    """

    centre: Float[np.ndarray, " S"]
    spread: Float[np.ndarray, " S"]
    matrix: Float[np.ndarray, "R S"]
    offset: Float[np.ndarray, " S"]
    hidden: Float[np.ndarray, "R H"]
    bias: Float[np.ndarray, " H"]
    output: Float[np.ndarray, "H S"]

    def __call__(self, frames: Float[np.ndarray, "T S"]) -> Float[np.ndarray, "T S"]:
        """Map the frames of a segment, which follow one another."""
        seen = _with_frames_around((frames - self.centre) / self.spread)
        linear = seen @ self.matrix + self.offset
        return linear + np.tanh(seen @ self.hidden + self.bias) @ self.output

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], *, signals: int) -> "SignalMap":
        """The map of a checkpoint; raises ValueError if these arrays are none of so many signals."""
        names = [field.name for field in fields(cls)]
        if set(tensors) != set(names):
            raise ValueError(f"expected the arrays {names} of a map, got {sorted(tensors)}")
        S, H = signals, tensors["bias"].size
        R = len(_AROUND) * S
        expected = ((S,), (S,), (R, S), (S,), (R, H), (H,), (H, S))
        for name, shape in zip(names, expected, strict=True):
            array = tensors[name]
            if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
                raise ValueError(
                    f"{name} of a map must be finite float64 of shape {shape}, got {array.shape}"
                )
        return cls(**tensors)


@dataclass(frozen=True)
class BestMap:
    """The map that is used, which it is, and the share of the movement of dev people that it recovers."""

    name: MapName
    map: SignalMap
    recovered: float


def best_map(train: Sequence[Pair], dev: Sequence[Pair], *, seed: int) -> BestMap:
    """Fit every map to pairs of train people, and take the one that recovers most of those of dev people.

    Raises
    ------
    TrainingError
        If there are no pairs of one of them.
    """
    for people, pairs in (("train", train), ("dev", dev)):
        if not pairs:
            raise TrainingError(
                f"the inversion mapped needs pairs of clips of {people} people, original/NAME and "
                "anonymised/NAME, got none; use amber audit with both folders, or another inversion"
            )
    fitted = {name: fit_map(name, train, seed=seed) for name in get_args(MapName)}
    shares = {name: share_recovered(each, dev) for name, each in fitted.items()}
    best: MapName = max(fitted, key=lambda name: shares[name])
    return BestMap(best, fitted[best], shares[best])


def fit_map(name: MapName, pairs: Sequence[Pair], *, seed: int) -> SignalMap:
    """Fit one map to frames of these pairs; `seed` is of the weights with which a network begins."""
    anonymised = np.concatenate([pair.anonymised for pair in pairs])
    centre, spread = anonymised.mean(axis=0), anonymised.std(axis=0)
    spread = np.where(spread > _STILL, spread, 1.0)
    seen = np.concatenate([_with_frames_around((pair.anonymised - centre) / spread) for pair in pairs])
    original = np.concatenate([pair.original for pair in pairs])
    rows = np.linspace(0, len(seen) - 1, min(len(seen), _MOST_FRAMES)).round().astype(np.int64)
    x, y = seen[rows], original[rows]
    offset = y.mean(axis=0)
    matrix = _gains(x, y - offset) if name == "each" else _regression(x, y - offset)
    S = len(centre)
    hidden = np.zeros((x.shape[1], 0)), np.zeros(0), np.zeros((0, S))
    if name == "network":
        weights, bias, output, constant = _network(x, y - offset - x @ matrix, seed)
        hidden, offset = (weights, bias, output), offset + constant
    return SignalMap(centre, spread, matrix, offset, *hidden)


def _gains(x: Float[np.ndarray, "T R"], y: Float[np.ndarray, "T S"]) -> Float[np.ndarray, "R S"]:
    """A gain for every signal, of its own in the same frame."""
    S = y.shape[1]
    matrix = np.zeros((x.shape[1], S))
    np.fill_diagonal(matrix[:S], (x[:, :S] * y).mean(axis=0) / ((x[:, :S] ** 2).mean(axis=0) + _SHRINK))
    return matrix


def _regression(x: Float[np.ndarray, "T R"], y: Float[np.ndarray, "T S"]) -> Float[np.ndarray, "R S"]:
    covariance = x.T @ x / len(x) + _SHRINK * np.eye(x.shape[1])
    return np.linalg.solve(covariance, x.T @ y / len(x))


def _network(
    x: Float[np.ndarray, "T R"], y: Float[np.ndarray, "T S"], seed: int
) -> tuple[
    Float[np.ndarray, "R H"], Float[np.ndarray, " H"], Float[np.ndarray, "H S"], Float[np.ndarray, " S"]
]:
    """A network that learns `y`: weights and bias of its hidden units, of its outputs, and a constant."""
    with from_extra("scikit-learn", "train"):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor
    spread = y.std(axis=0)
    moves = spread > _STILL
    network = MLPRegressor(
        hidden_layer_sizes=(_HIDDEN,), activation="tanh", alpha=1e-2, max_iter=_EPOCHS, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        network.fit(x, y / np.where(moves, spread, np.inf))
    (hidden, output), (bias, constant) = network.coefs_, network.intercepts_
    back = np.where(moves, spread, 0.0)
    return hidden, bias, output * back, constant * back


def share_recovered(signal_map: SignalMap, pairs: Sequence[Pair]) -> float:
    """The share of the variance of the originals' movement that the map recovers; at most 1.

    Movement is what a clip shows less its mean; the share is the mean over the signals that move. It is below
    0 where mapped clips are further from the originals than no movement is.
    """
    moved = [pair.original - pair.original.mean(axis=0) for pair in pairs]
    missed = []
    for pair, movement in zip(pairs, moved, strict=True):
        mapped = signal_map(pair.anonymised)
        missed.append(movement - (mapped - mapped.mean(axis=0)))
    variance, left = (np.concatenate(each).var(axis=0) for each in (moved, missed))
    moves = variance > _STILL**2
    return float(np.mean(1 - left[moves] / variance[moves])) if moves.any() else 0.0


def _with_frames_around(frames: Float[np.ndarray, "T S"]) -> Float[np.ndarray, "T R"]:
    """Each frame beside those around it; before the first and after the last one it stands still."""
    at = np.arange(len(frames))
    return np.concatenate([frames[np.clip(at + k, 0, len(at) - 1)] for k in _AROUND], axis=1)
