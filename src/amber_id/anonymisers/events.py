"""Defences that change events: blinks, brow raises and nods of a population's shape, and as many as it has.

The path of the channels through an event is replaced by a straight line with one bump, alike in every clip
and on both sides of the face, as is that of whatever goes along with it. What lies between events stays.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from amber_id.anonymisers.channels import Signals
from amber_id.anonymisers.defence import Changes, Defence, Given
from amber_id.anonymisers.event_shape import KINDS, EventKind, EventPlaces, Events, find_events

_Values = Float[np.ndarray, "F C"]
_Whole = Callable[[Signals, float, Given], _Values]

_REACH = 1.6  # of what is replaced to either side of an event, in its half lengths
_APART = 3.8  # between two events at least, where some are added, in half lengths of the population's


def _reshaped(kind: EventKind) -> _Whole:
    """Events of the population's shape, at their own times."""

    def whole(signals: Signals, strength: float, given: Given) -> _Values:
        places, target = find_events(signals, kind), given.target.events[kind.name]
        changed = with_events(signals, kind, places, target)
        return signals.values + strength * (changed - signals.values)

    return whole


def _counted(kind: EventKind) -> _Whole:
    """Events of the population's shape, of which some are left out or added until there are as many.

    The strength says how many of these are, and how near to the population's the shape of the others is.
    """

    def whole(signals: Signals, strength: float, given: Given) -> _Values:
        places, target = find_events(signals, kind), given.target.events[kind.name]
        times, instants = signals.times, signals.times[places.frames]
        surplus = len(instants) - int(given.rng.poisson(target.per_s * float(times[-1] - times[0])))
        order = given.rng.permutation(len(instants))
        candidates = given.rng.uniform(times[0], times[-1], 8 * (abs(surplus) + 1))
        changes = round(strength * abs(surplus))
        left_out = order[: changes if surplus > 0 else 0]
        changed = _without(signals, kind, places)
        changed[:, kind.channels] += _bumps(times, np.delete(instants, left_out), kind, target)
        mixed = signals.values + strength * (changed - signals.values)
        gone = _taken(times, instants[left_out], places.half_length_s[left_out])
        mixed[gone] = changed[gone]
        apart_s = _APART * target.half_length_s
        added = _apart(instants, candidates, changes if surplus < 0 else 0, apart_s=apart_s)
        mixed[:, kind.channels] += _bumps(times, added, kind, target)
        return mixed

    return whole


def with_events(
    signals: Signals, kind: EventKind, places: EventPlaces, events: Events
) -> Float[np.ndarray, "F C"]:
    """A clip with events of a given shape at these places, in place of what it shows there."""
    changed = _without(signals, kind, places)
    changed[:, kind.channels] += _bumps(signals.times, signals.times[places.frames], kind, events)
    return changed


def _apart(
    instants: Float[np.ndarray, " N"], candidates: Float[np.ndarray, " M"], wanted: int, *, apart_s: float
) -> Float[np.ndarray, " K"]:
    """At most so many of the candidates, none too near to one of the instants or to another."""
    kept: list[float] = []
    for candidate in candidates:
        if len(kept) < wanted and all(abs(candidate - each) >= apart_s for each in (*instants, *kept)):
            kept.append(float(candidate))
    return np.array(kept)


def _taken(
    times: Float[np.ndarray, " F"], instants: Float[np.ndarray, " N"], half_lengths_s: Float[np.ndarray, " N"]
) -> Bool[np.ndarray, " F"]:
    """The frames that some events take."""
    return (np.abs(times[:, None] - instants) <= _REACH * half_lengths_s).any(axis=1)


def _without(signals: Signals, kind: EventKind, places: EventPlaces) -> _Values:
    """The clip with straight lines in place of its events; with its mean where nothing lies between them."""
    changed, times = signals.values.copy(), signals.times
    hidden = _taken(times, times[places.frames], places.half_length_s)
    for channel in kind.channels:
        between = signals.values[~hidden, channel]
        changed[hidden, channel] = (
            np.interp(times[hidden], times[~hidden], between)
            if len(between)
            else signals.values[:, channel].mean()
        )
    return changed


def _bumps(
    times: Float[np.ndarray, " F"], instants: Float[np.ndarray, " N"], kind: EventKind, events: Events
) -> Float[np.ndarray, "F E"]:
    """Raised cosines of the population's rise and length in the channels that move."""
    away = np.clip(np.abs(times[:, None] - instants) / events.half_length_s, 0, 1)
    risen = ((1 + np.cos(np.pi * away)) / 2).max(axis=1, initial=0.0)
    return events.rise * risen[:, None] * kind.shares


def _rows(kind: EventKind, shape: str, count: str, one: str, changes: Changes) -> tuple[Defence, Defence]:
    """The two defences of a kind of event, which is called `one` in the singular."""
    return (
        Defence(
            name=shape,
            summary=f"every {one} of the shape of a population's, at its own time",
            family="events",
            changes=changes,
            donor="population",
            whole=_reshaped(kind),
        ),
        Defence(
            name=count,
            summary=f"{shape}, and as many {kind.name} as a population makes: some are left out, or added",
            family="events",
            changes=changes,
            donor="population",
            whole=_counted(kind),
        ),
    )


EVENTS: tuple[Defence, ...] = (
    *_rows(KINDS["blinks"], "blink-shape", "blinks", "blink, both eyes alike,", "eyes"),
    *_rows(KINDS["brow raises"], "brow-shape", "brow-raises", "short brow raise, both sides alike,", "brows"),
    *_rows(KINDS["nods"], "nod-shape", "nods", "nod", "head"),
)
