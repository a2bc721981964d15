"""Defences that give a clip the style of somebody else: where it rests, how much it moves, how it is spread.

Every style is taken on for a share `strength` of the way, channel by channel, so that what moves when stays.
`mean` moves the resting values alone; `mean and spread` scales movement about them, too. `covariance` gives
the correlations between channels as well, by the linear map that changes a clip least (the optimal transport
between two Gaussians: Olkin and Pukelsheim, Linear Algebra Appl. 48, 1982), after both were shrunk towards
no correlation. `distribution` replaces each value by the target's at the same level, after the manner of
feature warping (Pelecanos and Sridharan, Odyssey 2001), with a population in place of a normal distribution.
That alone loses one blink in ten, of those that close their eyes further than the target does, and most
closures of the lips, and makes smiles too small to be seen. In the rows that end in ``whole`` every blink
stays at its time, in the target's shape, the lips close where they did, and no smile gets smaller.

A channel that hardly moves is not scaled up by more than a limit: that would show the tracker's noise.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import CHANNELS, Signals, in_range
from amber_id.anonymisers.defence import Defence, Donor, Frame, Given, Step
from amber_id.anonymisers.event_shape import KINDS, find_events
from amber_id.anonymisers.events import with_events
from amber_id.anonymisers.lips import with_closed_lips
from amber_id.anonymisers.styles import LEVELS, STILL, Style, correlation_of, standardised

_MOST_GAIN = 4.0
_SHRINK = 0.2  # of correlations, towards none: a clip is short
_MEMORY_S = 10.0  # of the running mean and spread
_FIRST_S = 1.0  # for how long the target's own spread counts, before the clip's is known

_SMILES = [CHANNELS.index(f"mouthSmile{side}") for side in ("Left", "Right")]

_Values = Float[np.ndarray, "F C"]
_Taking = Callable[[Signals, Style], _Values]


def gain(spread: Float[np.ndarray, " C"], target: Float[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
    """What movement is multiplied by for the target's spread; of what stands still, and at most, 4."""
    return np.minimum(target / np.maximum(spread, STILL), _MOST_GAIN)


def at_rest_as(signals: Signals, target: Style) -> _Values:
    """The target's means."""
    return signals.values - signals.values.mean(axis=0) + target.mean


def spread_as(signals: Signals, target: Style) -> _Values:
    """The target's means and standard deviations."""
    mean, spread = signals.values.mean(axis=0), signals.values.std(axis=0)
    return target.mean + (signals.values - mean) * gain(spread, target.spread)


def correlated_as(signals: Signals, target: Style) -> _Values:
    """The target's means and standard deviations, and about its correlations."""
    spread = signals.values.std(axis=0)
    moves = spread > STILL
    standard = standardised(signals.values)
    to_target = optimal_map(_shrunk(correlation_of(standard)), _shrunk(target.correlation))
    mapped = np.einsum("fc,cd->fd", standard, to_target)
    # The shrinking leaves spreads a little off.
    after = mapped.std(axis=0)
    mapped *= np.where(moves, 1 / np.where(after > STILL, after, np.inf), 0)
    return target.mean + mapped * spread * gain(spread, target.spread)


def distributed_as(signals: Signals, target: Style) -> _Values:
    """The target's distribution in each channel; in one that is to move much more, mean and spread only."""
    values, changed = signals.values, spread_as(signals, target)
    own = np.quantile(values, LEVELS, axis=0)
    spread = values.std(axis=0)
    for channel in np.flatnonzero((spread > STILL) & (target.spread <= _MOST_GAIN * spread)):
        changed[:, channel] = np.interp(values[:, channel], own[:, channel], target.quantiles[:, channel])
    return changed


def distributed_but_events(signals: Signals, target: Style) -> _Values:
    """The target's distribution in each channel, but smiles, blinks, in its shape, and closed lips stay."""
    values, smiles = distributed_as(signals, target), signals.values[:, _SMILES]
    scale = np.maximum(gain(smiles.std(axis=0), target.spread[_SMILES]), 1)
    values[:, _SMILES] = target.mean[_SMILES] + (smiles - smiles.mean(axis=0)) * scale
    changed, blinks = Signals(in_range(values), signals.times), KINDS["blinks"]
    blinking = with_events(changed, blinks, find_events(signals, blinks), target.events["blinks"])
    return with_closed_lips(in_range(blinking), signals.values)


def optimal_map(own: Float[np.ndarray, "C C"], target: Float[np.ndarray, "C C"]) -> Float[np.ndarray, "C C"]:
    """The symmetric matrix A with ``A @ own @ A == target``, of two positive definite matrices."""
    root = _power(own, 0.5)
    inverse = _power(own, -0.5)
    return inverse @ _power(root @ target @ root, 0.5) @ inverse


class RunningStyle:
    """Mean and spread of the frames so far brought to the target's, frame by frame.

    Both are those of all frames at first, and fade out over ten seconds later. The spread begins as the
    target's. What lasts for longer than that, such as an emotion of minutes, fades with the resting face.
    Lips close where they did.
    """

    def __init__(self, target: Style, *, strength: float) -> None:
        self._target, self._strength = target, strength
        self._mean: Frame | None = None
        self._variance = np.maximum(target.spread, STILL) ** 2
        self._seconds = _FIRST_S

    def step(self, frame: Frame, since_s: float) -> Frame:
        """The changed frame, `since_s` seconds after the one before it."""
        if self._mean is None:
            self._mean = frame.copy()
        self._seconds = min(self._seconds + since_s, _MEMORY_S)
        share = min(since_s / self._seconds, 1.0)
        away = frame - self._mean
        self._mean = self._mean + share * away
        self._variance = (1 - share) * (self._variance + share * away**2)
        scale = gain(np.sqrt(self._variance), self._target.spread)
        changed = in_range(self._target.mean + (frame - self._mean) * scale)
        changed = with_closed_lips(changed, frame)
        return frame + self._strength * (changed - frame)


def _power(matrix: Float[np.ndarray, "C C"], exponent: float) -> Float[np.ndarray, "C C"]:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T


def _shrunk(correlation: Float[np.ndarray, "C C"]) -> Float[np.ndarray, "C C"]:
    return (1 - _SHRINK) * correlation + _SHRINK * np.eye(len(correlation))


def _taking(take: _Taking) -> Callable[[Signals, float, Given], _Values]:
    def whole(signals: Signals, strength: float, given: Given) -> _Values:
        return signals.values + strength * (take(signals, given.target) - signals.values)

    return whole


def _running(strength: float, given: Given) -> Step:
    return RunningStyle(given.target, strength=strength).step


def _row(name: str, what: str, take: _Taking, donor: Donor, *, from_pool: bool = False) -> Defence:
    whose = {
        "population": "a population (synthetic, or --donors)",
        "clip": "somebody else of --donors, anew for each clip"
        if from_pool
        else "a synthetic person, anew for each clip",
        "person": "somebody else of --donors, one for each person"
        if from_pool
        else "a synthetic person, one for each person",
    }
    return Defence(
        name=name,
        summary=f"{what} of {whose[donor]}",
        family="style",
        donor=donor,
        from_pool=from_pool,
        drawn="person" if donor == "person" else "clip",
        whole=_taking(take),
    )


_SPREAD = "mean and spread"
_ALL = "mean, spread and correlations"
_WHOLE = "the distribution of every channel, with blinks, smiles and closures of the lips kept,"
RESTYLING: tuple[Defence, ...] = (
    _row("rest", "the resting face and head", at_rest_as, "population"),
    _row("population", _SPREAD, spread_as, "population"),
    _row("population-covariance", _ALL, correlated_as, "population"),
    _row("population-distribution", "the distribution of every channel", distributed_as, "population"),
    _row("population-whole", _WHOLE, distributed_but_events, "population"),
    Defence(
        name="population-live",
        summary="population frame by frame: a running mean and spread brought to those of a population, with "
        "closures of the lips kept",
        family="style",
        donor="population",
        live=_running,
    ),
    _row("synthetic-clip", _SPREAD, spread_as, "clip"),
    _row("synthetic-clip-covariance", _ALL, correlated_as, "clip"),
    _row("synthetic-clip-distribution", "the distribution of every channel", distributed_as, "clip"),
    _row("synthetic-clip-whole", _WHOLE, distributed_but_events, "clip"),
    _row("synthetic-person", _SPREAD, spread_as, "person"),
    _row("donor-clip", _SPREAD, spread_as, "clip", from_pool=True),
    _row("donor-clip-covariance", _ALL, correlated_as, "clip", from_pool=True),
    _row("donor-person", _SPREAD, spread_as, "person", from_pool=True),
    _row("donor-person-covariance", _ALL, correlated_as, "person", from_pool=True),
)
