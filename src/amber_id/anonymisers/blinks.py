"""Defences that change events: blinks of a population's shape, and as many of them as it has.

The lids' path through a blink is replaced by a straight line with one bump, alike in every clip and in both
eyes; so are squint and lowered gaze, which go with it. What lies between blinks stays.
"""

import numpy as np
from jaxtyping import Float, Int

from amber_id.anonymisers.blink_shape import Blinks, find_blinks
from amber_id.anonymisers.channels import CHANNELS, Signals
from amber_id.anonymisers.defence import Defence, Given

_Values = Float[np.ndarray, "F C"]

# How far channels go along with the lids, which are 1; as in synthetic people (`synthetic/rig.py`).
_ALONG = {"eyeBlink": 1.0, "eyeLookDown": 0.7, "eyeSquint": 0.45}
_EYES = [CHANNELS.index(f"{name}{side}") for name in _ALONG for side in ("Left", "Right")]
_SHARES = np.array([share for share in _ALONG.values() for _ in range(2)])
_REACH = 1.6  # of what is replaced to either side of a blink, in its half lengths
_APART_S = 0.5  # between two blinks at least, where some are added


def _reshaped(signals: Signals, strength: float, given: Given) -> _Values:
    own = find_blinks(signals)
    changed = _without(signals, own.frames, own.half_length_s)
    changed[:, _EYES] += _bumps(signals.times, signals.times[own.frames], given.target.blinks)
    return signals.values + strength * (changed - signals.values)


def _counted(signals: Signals, strength: float, given: Given) -> _Values:
    """Blinks of the population's shape, of which some are left out or added until there are as many."""
    own, blinks = find_blinks(signals), given.target.blinks
    instants = signals.times[own.frames]
    length_s = float(signals.times[-1] - signals.times[0])
    surplus = len(instants) - int(given.rng.poisson(blinks.per_s * length_s))
    order = given.rng.permutation(len(instants))
    candidates = given.rng.uniform(signals.times[0], signals.times[-1], 8 * (abs(surplus) + 1))
    changes = round(strength * abs(surplus))
    shaped = _reshaped(signals, strength, given)
    straight = _without(signals, own.frames, own.half_length_s)
    for instant in instants[order[: changes if surplus > 0 else 0]]:
        near = np.abs(signals.times - instant) <= _reach_s(own.half_length_s)
        shaped[near] = straight[near]
    added = _apart(instants, candidates, changes if surplus < 0 else 0)
    shaped[:, _EYES] += _bumps(signals.times, added, blinks)
    return shaped


def _apart(
    instants: Float[np.ndarray, " N"], candidates: Float[np.ndarray, " M"], wanted: int
) -> Float[np.ndarray, " K"]:
    """At most so many of the candidates, none too near to one of the instants or to another."""
    kept: list[float] = []
    for candidate in candidates:
        if len(kept) < wanted and all(abs(candidate - each) >= _APART_S for each in (*instants, *kept)):
            kept.append(float(candidate))
    return np.array(kept)


def _reach_s(half_lengths_s: Float[np.ndarray, " N"]) -> float:
    return _REACH * float(half_lengths_s.max(initial=0.0))


def _without(
    signals: Signals, frames: Int[np.ndarray, " N"], half_lengths_s: Float[np.ndarray, " N"]
) -> _Values:
    """The clip with straight lines in place of its blinks."""
    changed, times = signals.values.copy(), signals.times
    hidden = np.zeros(len(times), dtype=bool)
    for instant in times[frames]:
        hidden |= np.abs(times - instant) <= _reach_s(half_lengths_s)
    if hidden.all() or not hidden.any():
        return changed
    for channel in _EYES:
        changed[hidden, channel] = np.interp(times[hidden], times[~hidden], signals.values[~hidden, channel])
    return changed


def _bumps(
    times: Float[np.ndarray, " F"], instants: Float[np.ndarray, " N"], blinks: Blinks
) -> Float[np.ndarray, "F E"]:
    """Raised cosines of the population's rise and length in the channels of the eyes."""
    away = np.clip(np.abs(times[:, None] - instants) / blinks.half_length_s, 0, 1)
    closing = ((1 + np.cos(np.pi * away)) / 2).max(axis=1, initial=0.0)
    return blinks.rise * closing[:, None] * _SHARES


EVENTS: tuple[Defence, ...] = (
    Defence(
        name="blink-shape",
        summary="every blink of the shape of a population's, both eyes alike, at its own time",
        family="events",
        changes="eyes",
        donor="population",
        whole=_reshaped,
    ),
    Defence(
        name="blinks",
        summary="blink-shape, and as many blinks as a population makes: some are left out, or added",
        family="events",
        changes="eyes",
        donor="population",
        whole=_counted,
    ),
)
