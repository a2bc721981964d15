"""Statistics and spectra of every signal of a window, computed once for each clip in a process.

Training, choosing on dev, the matrix and every question of an audit need those of the same clips. They
depend on the clip's recording and on the features alone, so they are kept by these two, up to a size; the
clips that were last needed longest ago are forgotten first. See `moments` for what the statistics are.
"""

from collections import OrderedDict

import numpy as np
from jaxtyping import Bool, Float

from amber_id.attackers.co_movement import covariances_of, has_co_movement
from amber_id.attackers.face_parts import signals_of
from amber_id.motion import FeatureConfig, WindowSet, in_channels, vertex_graph

BANDS_HZ = ((0.4, 1.0), (1.0, 2.0), (2.0, 3.5), (3.5, 5.5), (5.5, 8.0), (8.0, 12.0))
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_RANGES = ((1, 3), (3, 5), (0, 6))  # of these, whose distance is taken
_OF_CHANGES = (0.02, 0.98)
_PER_BAND = 4  # frequencies looked at in each band
_TINY = 1e-12
_AT_ONCE = 16  # windows at a time: what they need on the way fits the cache of a processor

_MOST_BYTES = 2**30
_known: OrderedDict[tuple[str, str], Float[np.ndarray, "n F"]] = OrderedDict()


def statistics_of(windows: WindowSet) -> Float[np.ndarray, "N F"]:
    """The statistics of all windows of a set, in order."""
    if not windows.as_stored:
        return np.concatenate([statistics_under(windows.config, *part) for part in windows.in_parts()])
    features = windows.config.model_dump_json()
    ends = np.cumsum(np.bincount(windows.clip, minlength=len(windows.entries)))
    parts = []
    for entry, begin, end in zip(windows.entries, [0, *ends[:-1]], ends, strict=True):
        key = (features, entry.content_hash())
        statistics = _known.pop(key, None)
        if statistics is None:
            statistics = statistics_under(windows.config, *windows.gather(slice(begin, end)))
        _known[key] = statistics
        parts.append(statistics)
    _forget()
    return np.concatenate(parts)


def _forget() -> None:
    size = sum(each.nbytes for each in _known.values())
    while size > _MOST_BYTES:
        size -= _known.popitem(last=False)[1].nbytes


def statistics_under(
    features: FeatureConfig, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
) -> Float[np.ndarray, "N F"]:
    """The statistics of windows of these features, and last, where they have any, the covariances.

    `parts_of` says which of the statistics belong together.
    """
    groups = [
        window_statistics(each.values, mask, rate_hz=features.rate_hz, about_mean=each.about_mean)
        for each in signals_of(values, features)
    ]
    if has_co_movement(features):
        groups.append(covariances_of(values, mask, features))
    return groups[0] if len(groups) == 1 else np.concatenate(groups, axis=1)


def window_statistics(
    values: Float[np.ndarray, "N C T V"],
    mask: Bool[np.ndarray, "N T"],
    *,
    rate_hz: float,
    about_mean: bool = False,
) -> Float[np.ndarray, "N F"]:
    """22 statistics of every signal of each window, in float64; frames outside the mask do not count.

    With `about_mean` the seven quantiles are less the mean.
    """
    parts = [
        _statistics(values[n : n + _AT_ONCE], mask[n : n + _AT_ONCE], rate_hz=rate_hz, about_mean=about_mean)
        for n in range(0, max(len(values), 1), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _statistics(
    values: Float[np.ndarray, "N C T V"],
    mask: Bool[np.ndarray, "N T"],
    *,
    rate_hz: float,
    about_mean: bool,
) -> Float[np.ndarray, "N F"]:
    N, C, T, V = values.shape
    signals = values.astype(np.float64).transpose(0, 1, 3, 2).reshape(N, C * V, T)
    weight = mask.astype(np.float64)[:, None, :]
    frames = weight.sum(axis=2)
    mean = (signals * weight).sum(axis=2) / frames
    centred = (signals - mean[:, :, None]) * weight
    spread = np.sqrt((centred * centred).sum(axis=2) / frames)
    skewness = (centred * centred * centred).sum(axis=2) / frames / (spread**3 + _TINY)
    both = weight[:, :, 1:] * weight[:, :, :-1]
    changes = np.sqrt((np.diff(signals, axis=2) ** 2 * both).sum(axis=2) / np.maximum(both.sum(axis=2), 1))
    bands = _band_powers(centred, weight, rate_hz=rate_hz)
    logs = [np.log(x + 1e-6) for x in (spread, changes)]
    quantiles = _quantiles(signals, weight, QUANTILES)
    ranges = [np.log(quantiles[high] - quantiles[low] + 1e-3) for low, high in _RANGES]
    if about_mean:
        quantiles = [each - mean for each in quantiles]
    quantiles += _quantiles(np.diff(signals, axis=2), both, _OF_CHANGES)
    return np.concatenate([mean, skewness, *logs, *bands, *quantiles, *ranges], axis=1)


def _quantiles(
    signals: Float[np.ndarray, "N S T"], weight: Float[np.ndarray, "N 1 T"], shares: tuple[float, ...]
) -> list[Float[np.ndarray, "N S"]]:
    """Quantiles over the frames of the mask, linear between two frames; zero where there are none."""
    ordered = np.sort(np.where(weight > 0, signals, np.inf), axis=2)
    last = np.maximum(weight.sum(axis=2) - 1, 0)
    quantiles = []
    for share in shares:
        at = share * last
        low = np.floor(at).astype(np.int64)
        lower = np.take_along_axis(ordered, low[:, :, None], axis=2)[:, :, 0]
        upper = np.take_along_axis(ordered, np.ceil(at).astype(np.int64)[:, :, None], axis=2)[:, :, 0]
        quantiles.append(lower + (at - low) * (upper - lower))
    return quantiles


def _band_powers(
    centred: Float[np.ndarray, "N S T"], weight: Float[np.ndarray, "N 1 T"], *, rate_hz: float
) -> list[Float[np.ndarray, "N S"]]:
    """Logarithm of the mean power in each band, by a Fourier sum over the frames of the mask.

    A Hann taper over those frames keeps slow drift out of the fast bands. Bands above half the rate are
    left out.
    """
    T = centred.shape[2]
    length = weight.sum(axis=2, keepdims=True)
    taper = weight * np.sin(np.pi * (np.arange(T) + 0.5) / length) ** 2
    tapered = centred * taper
    energy = (taper**2).sum(axis=2)
    powers = []
    for low, high in BANDS_HZ:
        if high > rate_hz / 2:
            break
        frequencies = np.linspace(low, high, _PER_BAND, endpoint=False)
        phase = 2 * np.pi * frequencies * np.arange(T)[:, None] / rate_hz
        power = (tapered @ np.cos(phase)) ** 2 + (tapered @ np.sin(phase)) ** 2
        powers.append(np.log(power.mean(axis=2) / energy + 1e-12))
    return powers


def n_statistics(features: FeatureConfig) -> int:
    """How many statistics there are of a window of these features."""
    still = np.zeros((1, in_channels(features), 2, vertex_graph(features).n_vertices), np.float32)
    return statistics_under(features, still, np.ones((1, 2), dtype=bool)).shape[1]
