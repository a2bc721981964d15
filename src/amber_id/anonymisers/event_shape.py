"""Which events does a face show, when does a clip show them, how fast and how far?

A kind of event is searched in a signal, the mean of some channels (`motion/events.py`), and moves channels:
by so much for each unit of the signal's rise. What the head does in the picture when it nods follows from
its turn about the neck.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import peak_widths

from amber_id.anonymisers.channels import CHANNELS, Signals
from amber_id.motion.events import blinks_in, brow_raises_in, nods_in

EventName = Literal["blinks", "brow raises", "nods"]
_Search = Callable[[Float[np.ndarray, " F"], float], tuple[Int[np.ndarray, " N"], Float[np.ndarray, " N"]]]


@dataclass(frozen=True)
class EventKind:
    """One kind of event: the channels it is found in, and how far each one that moves goes along."""

    name: EventName
    found_in: tuple[str, ...]
    moves: Mapping[str, float]
    search: _Search
    usual: "Events"  # where nobody shows one; medians of tracked clips

    @property
    def channels(self) -> list[int]:
        """The places of the channels that move."""
        return [CHANNELS.index(name) for name in self.moves]

    @property
    def shares(self) -> Float[np.ndarray, " E"]:
        """How far these move where the signal rises by 1."""
        return np.array(list(self.moves.values()))


@dataclass(frozen=True)
class Events:
    """Events per second; mean rise of their signal; mean seconds from half risen to half fallen."""

    per_s: float
    rise: float
    half_length_s: float


@dataclass(frozen=True)
class EventPlaces:
    """N events of a clip: their frames, and how far and how long the signal rises."""

    frames: Int[np.ndarray, " N"]
    rise: Float[np.ndarray, " N"]
    half_length_s: Float[np.ndarray, " N"]


def _both_sides(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("Left", "Right"))


# How far channels go along: lids and what goes with them as in synthetic people (`synthetic/rig.py`).
_BLINK = {"eyeBlink": 1.0, "eyeLookDown": 0.7, "eyeSquint": 0.45}
_BROWS = ("browInnerUp", *_both_sides("browOuterUp"))
KINDS: Mapping[EventName, EventKind] = {
    kind.name: kind
    for kind in (
        EventKind(
            "blinks",
            _both_sides("eyeBlink"),
            {f"{name}{side}": share for name, share in _BLINK.items() for side in ("Left", "Right")},
            blinks_in,
            Events(0.0, 0.45, 0.13),
        ),
        EventKind("brow raises", _BROWS, dict.fromkeys(_BROWS, 1.0), brow_raises_in, Events(0.0, 0.25, 0.2)),
        # The middle of the face sinks, and comes a little nearer: medians of the nods of tracked clips.
        EventKind(
            "nods",
            ("head pitch",),
            {"head pitch": 1.0, "head down": 0.6, "head size": 0.05},
            nods_in,
            Events(0.0, 0.09, 0.22),
        ),
    )
}


def find_events(signals: Signals, kind: EventKind) -> EventPlaces:
    """The events of one kind in a clip."""
    if len(signals.times) < 3:
        return EventPlaces(np.zeros(0, int), np.zeros(0), np.zeros(0))
    signal = signals.values[:, [CHANNELS.index(name) for name in kind.found_in]].mean(axis=1)
    frame_s = float(np.median(np.diff(signals.times)))
    frames, rise = kind.search(signal, 1 / frame_s)
    return EventPlaces(frames, rise, peak_widths(signal, frames)[0] * frame_s)


def events_of(signals: Signals) -> dict[EventName, Events]:
    """How often and how a clip shows each kind; the shape of what it does not show is the usual one."""
    return {name: _events_of(signals, kind) for name, kind in KINDS.items()}


def _events_of(signals: Signals, kind: EventKind) -> Events:
    places = find_events(signals, kind)
    length_s = float(signals.times[-1] - signals.times[0])
    if len(places.frames) == 0 or length_s == 0:
        return kind.usual
    return Events(
        len(places.frames) / length_s, float(places.rise.mean()), float(places.half_length_s.mean())
    )


def mean_events(of_each: Sequence[Mapping[EventName, Events]]) -> dict[EventName, Events]:
    """The mean over clips or people, shapes only of those that show such events."""
    return {name: _mean([each[name] for each in of_each], kind.usual) for name, kind in KINDS.items()}


def _mean(events: Sequence[Events], usual: Events) -> Events:
    shapes = [each for each in events if each.per_s > 0] or [usual]
    return Events(
        float(np.mean([each.per_s for each in events])),
        float(np.mean([each.rise for each in shapes])),
        float(np.mean([each.half_length_s for each in shapes])),
    )
