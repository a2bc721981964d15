"""On what is a defence trained? Stretches of equal length, of recordings and of synthetic people.

What is shorter, and long enough for the windows of attackers, goes on backwards from its end: how far, how
quickly and with what a channel moves stays.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from amber_id.anonymisers.channels import CHANNELS, Signals, signals_of
from amber_id.errors import ClipError, TrainingError
from amber_id.recordings import Failure, RecordingSet
from amber_id.recordings.resampling import LONGEST_LOSS_S, resample, tracked_segments
from amber_id.synthetic import SynthConfig, make_clip

RATE_HZ = 25.0
FRAMES = 98
"""Of a stretch: those of a clip of 4 s at any rate of 13 Hz or more."""

_FEWEST_FRAMES = 64  # of a window of attackers
_MOST_STRETCHES = 3  # of one clip
_SYNTHETIC_SEED = 2_025_116_500  # plus the seed of the training; other people than those of donors
_SYNTHETIC_CLIPS = 4


@dataclass(frozen=True)
class Stretches:
    """N stretches of T frames at 25 Hz, and whose they are, by number from 0."""

    values: Float[np.ndarray, "N T C"]
    owner: Int[np.ndarray, " N"]

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.owner.max(initial=-1)) + 1

    def joined(self, other: "Stretches") -> "Stretches":
        """The stretches of both, whose people are others."""
        return Stretches(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.owner, other.owner + self.people]),
        )


NOBODY = Stretches(np.zeros((0, FRAMES, len(CHANNELS))), np.zeros(0, np.int64))


def stretches_of(
    recordings: RecordingSet, subjects: Collection[str], least: int
) -> tuple[Stretches, tuple[str, ...], tuple[Failure, ...]]:
    """The stretches of some people, who is left, sorted, and the clips that were of no use.

    Whoever has fewer stretches than `least` is left out.
    """
    by_person: dict[str, list[Float[np.ndarray, "T C"]]] = {}
    failures = list[Failure]()
    for entry in recordings.entries:
        if entry.subject not in subjects:
            continue
        try:
            stretches = list(_stretches(signals_of(recordings.load(entry))))
        except ClipError as error:
            failures.append(Failure(entry.clip, entry.subject, "train", error.reason))
            continue
        if not stretches:
            reason = (
                f"no {_FEWEST_FRAMES / RATE_HZ:.1f} s in which the face is never lost, which training needs"
            )
            failures.append(Failure(entry.clip, entry.subject, "train", reason))
        by_person.setdefault(entry.subject, []).extend(stretches)
    names = tuple(sorted(name for name, parts in by_person.items() if len(parts) >= least))
    if not names:
        return NOBODY, (), tuple(failures)
    owner = np.repeat(np.arange(len(names)), [len(by_person[name]) for name in names])
    return Stretches(np.stack([s for name in names for s in by_person[name]]), owner), names, tuple(failures)


def synthetic_stretches(people: int, seed: int, *, beyond: int = 0) -> Stretches:
    """Stretches of so many synthetic people; those with numbers from `beyond` on are others."""
    if people == 0:
        return NOBODY
    config = SynthConfig(people=people + beyond, clips=_SYNTHETIC_CLIPS, seed=_SYNTHETIC_SEED + seed)
    stretches = [
        next(_stretches(signals_of(make_clip(config, person, clip))))
        for person in range(beyond, people + beyond)
        for clip in range(config.clips)
    ]
    return Stretches(np.stack(stretches), np.repeat(np.arange(people), config.clips))


def refuse_too_few(stretches: Stretches, what: str) -> None:
    """Refuse people of whom fewer than four are left; raises TrainingError."""
    if stretches.people < 4:
        raise TrainingError(
            f"{what}: {stretches.people} people have clips enough with blendshapes, at least 4 are needed; "
            "add people, or synthetic ones (--synthetic)"
        )


def _stretches(signals: Signals) -> Iterator[Float[np.ndarray, "T C"]]:
    n = 0
    everywhere = np.ones(len(signals.times), dtype=bool)
    for frames in tracked_segments(signals.times, everywhere, longest_gap_s=LONGEST_LOSS_S):
        values = resample(signals.values[frames], signals.times[frames], rate_hz=RATE_HZ)
        if _FEWEST_FRAMES <= len(values) < FRAMES:
            values = np.concatenate([values, values[-2::-1]])
        for begin in range(0, len(values) - FRAMES + 1, FRAMES):
            if n < _MOST_STRETCHES:
                n += 1
                yield values[begin : begin + FRAMES]
