"""Defences that look at nobody else: noise, offsets, filters, a distorted time.

The published one is p-Blend: one offset for each recording and coefficient, drawn from a Laplace distribution
of scale 0.05 (IEEE TVCG 2025, DOI 10.1109/TVCG.2025.3616736). It is `p-blend` at strength 1 here; a lower
strength multiplies the scale.
"""

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.changes import without_quick_changes
from amber_id.anonymisers.channels import FACE, UNITS, Signals, in_range
from amber_id.anonymisers.defence import Defence, Frame, Given, Step
from amber_id.anonymisers.formal import HIGHEST, LOWEST, Guarantee, gaussian, one_offset
from amber_id.recordings.resampling import LONGEST_LOSS_S, interpolate, tracked_segments

_P_BLEND = 0.05  # the scale that was published
_NOISE = 0.1  # standard deviation at strength 1, in `UNITS`: as much as a channel of a talking person moves
_QUANTUM = 0.25  # of a step at strength 1, in `UNITS`
_WARP, _WARP_S, _WARP_WAVES = 0.5, 0.25, 3  # change of pace and shift in time at most; waves of the shift

_Values = Float[np.ndarray, "F C"]


def _noise(strength: float, given: Given) -> Step:
    size = strength * _NOISE * UNITS

    def step(frame: Frame, _since_s: float) -> Frame:
        # Without limits no noise would cover a difference.
        return np.clip(frame, LOWEST, HIGHEST) + size * given.rng.standard_normal(len(frame))

    return step


def _noise_guarantee(strength: float, frames: int) -> Guarantee:
    return gaussian(strength * _NOISE, frames)


def _p_blend(strength: float, given: Given) -> Step:
    offset = np.zeros(len(UNITS))
    offset[FACE] = strength * given.rng.laplace(0, _P_BLEND, FACE.stop)

    def step(frame: Frame, _since_s: float) -> Frame:
        return in_range(frame) + offset

    return step


def _p_blend_guarantee(strength: float, frames: int) -> Guarantee:
    return one_offset(strength * _P_BLEND, frames, "a recording")


def _person_guarantee(strength: float, frames: int) -> Guarantee:
    return one_offset(strength * _P_BLEND, frames, "all recordings of a person")


def _quantised(strength: float, _given: Given) -> Step:
    quantum = strength * _QUANTUM * UNITS

    def step(frame: Frame, _since_s: float) -> Frame:
        return np.round(frame / quantum) * quantum

    return step


def _low_pass(strength: float, _given: Given) -> Step:
    """A one-pole filter: at strength 1 a frame is the mean of itself and of what was shown before it.

    Slow movement comes later by a / (1 - a) frames, where a is the share of what was shown before: 1 at most.
    """
    kept = strength / 2
    before: list[Frame] = []

    def step(frame: Frame, since_s: float) -> Frame:
        lost = not before or since_s > LONGEST_LOSS_S
        before[:] = [frame if lost else kept * before[0] + (1 - kept) * frame]
        return before[0]

    return step


def _smoothed(signals: Signals, strength: float, _given: Given) -> _Values:
    everywhere = np.ones(len(signals.times), dtype=bool)
    segments = tracked_segments(signals.times, everywhere, longest_gap_s=LONGEST_LOSS_S)
    return without_quick_changes(signals.values, signals.times, segments, seconds=strength)


def _damped(signals: Signals, strength: float, _given: Given) -> _Values:
    rest = signals.values.mean(axis=0)
    return rest + (1 - strength) * (signals.values - rest)


def _warped(signals: Signals, strength: float, given: Given) -> _Values:
    if len(signals.times) < 2:
        return signals.values
    start, length = signals.times[0], signals.times[-1] - signals.times[0]
    waves = np.arange(1, _WARP_WAVES + 1)
    sizes = given.rng.standard_normal(_WARP_WAVES) / waves
    angle = np.pi * waves * (signals.times - start)[:, None] / length
    shift = (sizes * np.sin(angle)).sum(axis=1)  # 0 at both ends, so the clip stays as long
    pace = (sizes * waves * np.pi / length * np.cos(angle)).sum(axis=1)
    largest = max(np.abs(shift).max() / _WARP_S, np.abs(pace).max() / _WARP, 1e-9)
    at = np.clip(signals.times + strength * shift / largest, start, signals.times[-1])
    return interpolate(signals.values, signals.times, at)


def _redrawn(_strength: float, _given: Given) -> Step:
    return lambda frame, _since_s: frame


SIMPLE: tuple[Defence, ...] = (
    Defence(
        name="redrawn",
        summary="nothing but the face's own shape is removed: what every avatar shows, to compare with",
        family="drawing",
        changes="nothing",
        live=_redrawn,
    ),
    Defence(
        name="noise",
        summary=f"Gaussian noise in each frame, of standard deviation {_NOISE:g} at strength 1",
        family="noise",
        live=_noise,
        guarantee=_noise_guarantee,
    ),
    Defence(
        name="p-blend",
        summary=f"one Laplace offset per clip and coefficient, of scale {_P_BLEND:g} at strength 1 (p-Blend)",
        family="noise",
        changes="face",
        live=_p_blend,
        guarantee=_p_blend_guarantee,
    ),
    Defence(
        name="p-blend-person",
        summary="p-blend with one offset per person, which all clips of a person have in common",
        family="noise",
        changes="face",
        drawn="person",
        live=_p_blend,
        guarantee=_person_guarantee,
    ),
    Defence(
        name="quantise",
        summary=f"values rounded to steps, of {_QUANTUM:g} at strength 1",
        family="filter",
        live=_quantised,
    ),
    Defence(
        name="low-pass",
        summary="one-pole low-pass, frame by frame; at strength 1 the mean of a frame and what was before it",
        family="filter",
        live=_low_pass,
        delay_frames=1,
    ),
    Defence(
        name="smooth",
        summary="what swings faster than once a second, at strength 1, is removed without delay",
        family="filter",
        whole=_smoothed,
    ),
    Defence(
        name="damp",
        summary="movement about the clip's mean made smaller; none is left at strength 1",
        family="filter",
        whole=_damped,
    ),
    Defence(
        name="warp",
        summary=f"time runs faster and slower, by {_WARP:.0%} and {_WARP_S:g} s at most; length is kept",
        family="filter",
        whole=_warped,
    ),
)
