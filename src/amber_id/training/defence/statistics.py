"""What attackers see of defended clips, as functions of torch through which a loss reaches the defence.

The statistics are those of `attackers.window_statistics`, of whole windows: 22 of each channel. A second
kind, co-movement, is the correlations between all channels and between their changes.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amber_id.anonymisers.channels import CHANNELS, HEAD
from amber_id.attackers.window_statistics import BANDS_HZ, QUANTILES

VIEWS = ("none", "standardised", "co-movement", "head")
"""What attackers look at: clips as they are, with mean and spread removed, how channels move together, and
the head alone, to which few of the channels belong."""

_C = len(CHANNELS)
_WINDOW = 64  # frames, as 2.56 s at 25 Hz
_RANGES = ((1, 3), (3, 5), (0, 6))
_OF_CHANGES = (0.02, 0.98)
_PER_BAND = 4
_TINY = 1e-12
_STILL = 1e-6


def statistics_of_view(values: Float[Tensor, "N T C"], view: str, *, rate_hz: float) -> Tensor:
    """The statistics of the first and the last window of each stretch, (N, 2, F)."""
    if view == "standardised":
        spread = values.std(dim=1, correction=0, keepdim=True)
        moves = torch.where(spread > _STILL, spread, torch.inf)
        values = (values - values.mean(dim=1, keepdim=True)) / moves
    if view == "head":
        values = values[:, :, HEAD]
    windows = [values[:, :_WINDOW], values[:, -_WINDOW:]]
    if view == "co-movement":
        return torch.stack([co_movement(window) for window in windows], dim=1)
    return torch.stack([window_statistics(window, rate_hz=rate_hz) for window in windows], dim=1)


def window_statistics(window: Float[Tensor, "N T C"], *, rate_hz: float) -> Float[Tensor, "N F"]:
    """22 statistics of every channel of each window."""
    signals = window.transpose(1, 2)
    mean = signals.mean(dim=2)
    centred = signals - mean[:, :, None]
    spread = torch.sqrt((centred**2).mean(dim=2) + _TINY)
    skewness = (centred**3).mean(dim=2) / (spread**3 + 1e-9)
    changes = torch.diff(signals, dim=2)
    speed = torch.sqrt((changes**2).mean(dim=2) + _TINY)
    quantiles = _quantiles(signals, QUANTILES)
    ranges = [torch.log(quantiles[high] - quantiles[low] + 1e-3) for low, high in _RANGES]
    logs = [torch.log(each + 1e-6) for each in (spread, speed)]
    bands = _band_powers(centred, rate_hz)
    parts = [mean, skewness, *logs, *bands, *quantiles, *_quantiles(changes, _OF_CHANGES), *ranges]
    return torch.cat(parts, dim=1)


def co_movement(window: Float[Tensor, "N T C"]) -> Float[Tensor, "N P"]:
    """The correlations of all pairs of channels, and of their changes."""
    parts = []
    first, second = torch.triu_indices(_C, _C, 1)
    for signals in (window, torch.diff(window, dim=1)):
        centred = signals - signals.mean(dim=1, keepdim=True)
        unit = centred / torch.sqrt((centred**2).sum(dim=1, keepdim=True) + 1e-9)
        parts.append((unit.transpose(1, 2) @ unit)[:, first, second])
    return torch.cat(parts, dim=1)


def _band_powers(centred: Float[Tensor, "N C T"], rate_hz: float) -> list[Tensor]:
    T = centred.shape[2]
    taper = torch.sin(torch.pi * (torch.arange(T) + 0.5) / T) ** 2
    tapered = centred * taper
    powers = []
    for low, high in BANDS_HZ:
        frequencies = torch.tensor(np.linspace(low, high, _PER_BAND, endpoint=False), dtype=centred.dtype)
        phase = 2 * torch.pi * frequencies * torch.arange(T)[:, None] / rate_hz
        power = (tapered @ torch.cos(phase)) ** 2 + (tapered @ torch.sin(phase)) ** 2
        powers.append(torch.log(power.mean(dim=2) / (taper**2).sum() + _TINY))
    return powers


def _quantiles(signals: Float[Tensor, "N C T"], shares: tuple[float, ...]) -> list[Tensor]:
    ordered = torch.sort(signals, dim=2).values
    last = signals.shape[2] - 1
    quantiles = []
    for share in shares:
        low, high = int(np.floor(share * last)), int(np.ceil(share * last))
        lower, upper = ordered[:, :, low], ordered[:, :, high]
        quantiles.append(lower + (share * last - low) * (upper - lower))
    return quantiles
