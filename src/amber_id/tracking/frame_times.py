"""When was each frame of a clip shown, where its container says so badly or not at all?

Conventions
-----------
Frames come in the order in which they are shown, as decoders give them. Each may carry two times, in seconds
on the container's clock: its own (pts), and that of the packet which made the decoder give it (dts). NaN is
one that is missing. A good clip has an own time on every frame, each later than the one before.

Where it has not, as players do (FFmpeg's ``guess_correct_pts`` counts the faults of both clocks):

- The clock with fewer faults is taken: AVI and ASF with B-frames have own times in the order of decoding.
  Those are sorted where the packets' times have faults as well.
- The clock is followed across a jump back, from where the picture goes on; a time or a few that do not fit
  between their neighbours are forgotten.
- A frame without a time gets one between its neighbours, evenly; at the ends a frame period is counted.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

# H.264 and H.265 show a frame at most so many frames later than it was decoded.
_DEEPEST_REORDERING = 16
# Times handed out in the order of decoding go back at least so often, and in this share of the steps.
_SCRAMBLED, _SCRAMBLED_SHARE = 3, 0.1
# So many times in a row that do not fit are a mistake; more are a clock that was set anew.
_MOST_MISTAKES = 3
# Frames closer than this, in seconds, are no frames of a camera: a writer has put them after each other.
_CLOSEST_S = 0.0005
# How long a frame lasts at either end of a clip is seen from so many there.
_AT_THE_END = 8
# A stated frame rate is that of the times if it is so within this much of it.
_SAME_RATE = 0.05


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """When the N frames of a clip were shown.

    `seconds` increase and start at 0; `start_s` is the first frame's time on the container's clock. `guessed`
    counts the frames whose time was put between or after others' because their own was missing or wrong.
    """

    seconds: Float64[np.ndarray, " N"]
    start_s: float
    guessed: int


class _Stamp(NamedTuple):
    """A frame's number and its time, in seconds."""

    frame: int
    time_s: float


def times_of_frames(
    pts: Float64[np.ndarray, " N"], dts: Float64[np.ndarray, " N"], fps: float
) -> FrameTimes | None:
    """When each of N frames, one at least, was shown; None if neither a clock nor `fps` (0: unknown) says so.

    `pts` and `dts` are seconds, NaN where there is none.
    """
    clock = _best_clock(pts, dts)
    stamps = _fitting(clock, fps)
    if len(pts) > 1 and not _period(stamps, fps):
        return None
    if not stamps:
        return FrameTimes(np.arange(len(pts)) * _period(stamps, fps), 0.0, guessed=0)
    frames, known = (np.array(values) for values in zip(*stamps, strict=True))
    seconds = np.interp(np.arange(len(pts)), frames, known)
    before, after = np.arange(frames[0]), np.arange(frames[-1] + 1, len(pts))
    seconds[before] = known[0] + (before - frames[0]) * _period(stamps[:_AT_THE_END], fps)
    seconds[after] = known[-1] + (after - frames[-1]) * _period(stamps[-_AT_THE_END:], fps)
    last = int(np.flatnonzero(np.isfinite(clock))[-1]) + 1
    counted = last if len(pts) - last <= _DEEPEST_REORDERING else len(pts)
    return FrameTimes(seconds - seconds[0], float(seconds[0]), counted - len(stamps))


def in_order(times: Float64[np.ndarray, " N"]) -> bool:
    """Whether every time is there and later than the one before, by as much as a camera may take."""
    return bool(np.isfinite(times).all() and (np.diff(times) > _CLOSEST_S).all())


def _best_clock(pts: Float64[np.ndarray, " N"], dts: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    if in_order(pts):
        return pts
    # A decoder gives its last frames when there are no more packets: without dts, which is no fault.
    known = np.flatnonzero(np.isfinite(dts))
    dts_faults = _faults(dts[: known[-1] + 1]) if len(known) else len(dts)
    ordered = _sorted(pts)
    if dts_faults and ordered is not None:
        return ordered
    return dts if dts_faults < _faults(pts) else pts


def _sorted(pts: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"] | None:
    """Times that are all there, no two alike, and in the order of decoding, put in order; None for others."""
    order = np.argsort(pts, kind="stable")
    moved, back = np.abs(order - np.arange(len(pts))).max(), np.diff(pts) < 0
    scrambled = back.sum() >= _SCRAMBLED and back.mean() >= _SCRAMBLED_SHARE and moved <= _DEEPEST_REORDERING
    return pts[order] if scrambled and in_order(pts[order]) else None


def _faults(times: Float64[np.ndarray, " N"]) -> int:
    known = times[np.isfinite(times)]
    return int(len(times) - len(known) + np.count_nonzero(np.diff(known) <= _CLOSEST_S))


def _fitting(clock: Float64[np.ndarray, " N"], fps: float) -> list[_Stamp]:
    """The times that increase; after a jump back they go on from the time before it, a frame later."""
    stamps: list[_Stamp] = []
    runs = _runs(clock)
    step = _period([stamp for run in runs for stamp in run], fps)
    for raw in runs:
        shift = stamps[-1].time_s - clock[stamps[-1].frame] if stamps else 0.0
        run = [_Stamp(frame, time_s + shift) for frame, time_s in raw]
        behind = sum(stamp.time_s >= run[0].time_s - _CLOSEST_S for stamp in stamps[-_MOST_MISTAKES - 1 :])
        ahead = (
            sum(stamp.time_s <= stamps[-1].time_s + _CLOSEST_S for stamp in run[: _MOST_MISTAKES + 1])
            if stamps
            else 0
        )
        before, after = (stamps[: len(stamps) - behind], run) if behind < ahead else (stamps, run[ahead:])
        if min(behind, ahead) > _MOST_MISTAKES or _too_close(before, after, step):
            jump = stamps[-1].time_s + step * (run[0].frame - stamps[-1].frame) - run[0].time_s
            before, after = stamps, [_Stamp(frame, time_s + jump) for frame, time_s in run]
        stamps = [*before, *after]
    return stamps


def _too_close(before: list[_Stamp], after: list[_Stamp], step: float) -> bool:
    """Whether the frames between have less than half the time that they take."""
    if not (before and after):
        return False
    frames = after[0].frame - before[-1].frame
    return bool(after[0].time_s - before[-1].time_s < frames * step / 2 - 1e-9)


def _runs(clock: Float64[np.ndarray, " N"]) -> list[list[_Stamp]]:
    """The times that are there, cut where one is not later than the one before."""
    stamps = [_Stamp(int(i), float(clock[i])) for i in np.flatnonzero(np.isfinite(clock))]
    runs: list[list[_Stamp]] = []
    for stamp in stamps:
        if runs and stamp.time_s > runs[-1][-1].time_s + _CLOSEST_S:
            runs[-1].append(stamp)
        else:
            runs.append([stamp])
    return runs


def _period(stamps: list[_Stamp], fps: float) -> float:
    """Seconds from one frame to the next; 0 if nothing tells."""
    step = _typical_step(stamps)
    stated = 1 / fps if fps else 0.0
    # Times in milliseconds make steps of 33 and 34; the rate knows better.
    return stated if stated and (not step or abs(stated / step - 1) <= _SAME_RATE) else step


def _typical_step(stamps: list[_Stamp]) -> float:
    steps = [
        (b.time_s - a.time_s) / (b.frame - a.frame)
        for a, b in pairwise(stamps)
        if b.time_s > a.time_s + _CLOSEST_S
    ]
    return float(np.median(steps)) if steps else 0.0
