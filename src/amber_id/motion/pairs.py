"""Which anonymised clip was made from which original, and which of its frames from which?

Clips of both conditions in one set bear ids that begin with their condition, ``original/ravdess_id001/a`` and
``anonymised/ravdess_id001/a``; what follows is the same for both. An anonymiser may delay movement, and a
tracker may lose the first frames of one clip alone, so that frames are paired at the shift at which the
signals of both are most alike.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from amber_id.motion.window_set import WindowSet
from amber_id.results import ConditionName

ORIGINAL: ConditionName = "original"

_LARGEST_SHIFT_S = 0.4
_CLEARLY_BETTER = 0.05  # in correlation, than without a shift
_STILL = 1e-6


@dataclass(frozen=True, eq=False)
class Pair:
    """Frames of an anonymised clip and of its original, paired: signals are channels of vertices."""

    subject: str
    anonymised: Float[np.ndarray, "T S"]
    original: Float[np.ndarray, "T S"]


def condition_of(clip: str) -> ConditionName:
    """The condition that the id of a clip begins with."""
    name: ConditionName = name_of_condition(clip)  # type: ignore[assignment]
    return name


def name_of_condition(clip: str) -> str:
    """The name that the id of a clip begins with, where several anonymised conditions have one each."""
    return clip.partition("/")[0]


def bare_id(clip: str) -> str:
    """The id of a clip without its condition."""
    return clip.partition("/")[2]


def is_original(clip: str) -> bool:
    """Whether the id says that a clip is an original; one that names no condition is not."""
    return condition_of(clip) == ORIGINAL


def pairs_of(windows: WindowSet, originals: WindowSet) -> tuple[Pair, ...]:
    """Every anonymised clip of `windows` with its original, where there is one, by their longest segments.

    Where labels are permuted, both must have been given to one person: nobody else's clip is in a pair.
    """
    frames, targets = _longest_segments(windows), _longest_segments(originals)
    place = {(bare_id(entry.clip), entry.subject): i for i, entry in enumerate(originals.entries)}
    pairs = []
    for entry, own in zip(windows.entries, frames, strict=True):
        other = place.get((bare_id(entry.clip), entry.subject))
        if other is not None and not is_original(entry.clip):
            pairs.append(Pair(entry.subject, *_aligned(own, targets[other], windows.config.rate_hz)))
    return tuple(pairs)


def _longest_segments(windows: WindowSet) -> list[Float[np.ndarray, "T S"]]:
    """The longest segment of each clip, the first of equals."""
    best: dict[int, tuple[int, int]] = {}
    for first, length, clip in zip(
        windows.segment_first, windows.segment_length, windows.segment_clip, strict=True
    ):
        if int(clip) not in best or length > best[int(clip)][1]:
            best[int(clip)] = int(first), int(length)
    frames = windows.frames.reshape(len(windows.frames), -1)
    spans = (best[clip] for clip in range(len(windows.entries)))
    return [frames[first : first + length].astype(np.float64) for first, length in spans]


def _aligned(
    anonymised: Float[np.ndarray, "T S"], original: Float[np.ndarray, "U S"], rate_hz: float
) -> tuple[Float[np.ndarray, "n S"], Float[np.ndarray, "n S"]]:
    """The frames of both that belong together, after the shift at which they are most alike."""
    shift = _shift(_standardised(anonymised), _standardised(original), round(_LARGEST_SHIFT_S * rate_hz))
    return _overlap(anonymised, original, shift)


def _shift(one: Float[np.ndarray, "T S"], other: Float[np.ndarray, "U S"], most: int) -> int:
    """By how many frames `one` is later; 0 unless another shift is clearly better."""
    shortest = min(len(one), len(other))
    likeness = {
        # Of each signal apart, whatever its sign: an anonymiser may turn a movement round.
        shift: float(np.abs(np.multiply(*_overlap(one, other, shift)).mean(axis=0)).mean())
        for shift in range(-most, most + 1)
        if abs(shift) <= shortest // 2
    }
    best = max(likeness, key=lambda shift: (likeness[shift], -abs(shift)))
    return best if likeness[best] >= likeness[0] + _CLEARLY_BETTER else 0


def _overlap(
    one: Float[np.ndarray, "T S"], other: Float[np.ndarray, "U S"], shift: int
) -> tuple[Float[np.ndarray, "n S"], Float[np.ndarray, "n S"]]:
    """What both show, where `one` is so many frames later."""
    one, other = one[max(shift, 0) :], other[max(-shift, 0) :]
    n = min(len(one), len(other))
    return one[:n], other[:n]


def _standardised(frames: Float[np.ndarray, "T S"]) -> Float[np.ndarray, "T R"]:
    """Every signal with mean 0 and spread 1; what is still is 0."""
    spread = frames.std(axis=0)
    return (frames - frames.mean(axis=0)) / np.where(spread > _STILL, spread, np.inf)
