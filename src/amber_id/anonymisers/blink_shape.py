"""When does somebody blink in the channels of a clip, how fast and how far?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import peak_widths

from amber_id.anonymisers.channels import CHANNELS, Signals
from amber_id.motion.blinks import blinks_in

LIDS = (CHANNELS.index("eyeBlinkLeft"), CHANNELS.index("eyeBlinkRight"))

_NEVER = (0.45, 0.13)  # rise and half length of a blink where nobody blinks; medians of tracked clips


@dataclass(frozen=True)
class Blinks:
    """Blinks per second; mean rise of the lids' coefficients; seconds from half closed to half open again."""

    per_s: float
    rise: float
    half_length_s: float


@dataclass(frozen=True)
class BlinkPlaces:
    """N blinks of a clip: their frames, and how far and how long the lids close."""

    frames: Int[np.ndarray, " N"]
    rise: Float[np.ndarray, " N"]
    half_length_s: Float[np.ndarray, " N"]


def find_blinks(signals: Signals) -> BlinkPlaces:
    """The blinks of both eyes, as `motion/blinks.py` has them."""
    if len(signals.times) < 3:
        return BlinkPlaces(np.zeros(0, int), np.zeros(0), np.zeros(0))
    closure = signals.values[:, LIDS].mean(axis=1)
    frame_s = float(np.median(np.diff(signals.times)))
    frames, rise = blinks_in(closure, 1 / frame_s)
    return BlinkPlaces(frames, rise, peak_widths(closure, frames)[0] * frame_s)


def blinks_of(signals: Signals) -> Blinks:
    """How a clip blinks; one without a blink has the usual shape."""
    places = find_blinks(signals)
    length_s = float(signals.times[-1] - signals.times[0])
    if len(places.frames) == 0 or length_s == 0:
        return Blinks(0.0, *_NEVER)
    return Blinks(
        len(places.frames) / length_s, float(places.rise.mean()), float(places.half_length_s.mean())
    )


def mean_blinks(blinks: Sequence[Blinks]) -> Blinks:
    """The mean over clips or people, shapes only of those that blink."""
    shapes = [each for each in blinks if each.per_s > 0]
    rate = float(np.mean([each.per_s for each in blinks]))
    if not shapes:
        return Blinks(rate, *_NEVER)
    return Blinks(
        rate,
        float(np.mean([each.rise for each in shapes])),
        float(np.mean([each.half_length_s for each in shapes])),
    )
