"""How much of the expression did the anonymised videos keep?

Each original is compared with its own anonymised clip, on one grid in time over the span that both cover, in
the frames in which both show a face. `expression.py` says which channels and events.

A channel counts in a clip if the original moves in it: if its standard deviation reaches the least one of
`UtilityConfig`, which is about three times what a tracker's jitter gives on real clips. Where the anonymised
face then stands still, its correlation is 0: such a clip must not drop out. One lag is found per clip, at
which the mean correlation of these channels is highest (the shortest, if several); all figures are taken at
it. As that search finds a little in anything, each original is also held against the anonymised clip of
somebody else, in the same way: that is the `chance` of each figure. Whether clips follow their own originals
is asked of `motion/following.py`, which knows all other originals.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field

from amber_id.audit.utility.emotion import EmotionClip, read_emotions
from amber_id.audit.utility.expression import (
    CHANNELS,
    EVENTS,
    LANDMARK_CHANNELS,
    Channel,
    FaceSignals,
    find_events,
)
from amber_id.audit.utility.figures import FEWEST_PEOPLE, Agreement, AllClips, Bootstrapping, Matches
from amber_id.errors import ClipError, EvaluationError
from amber_id.motion.following import Following
from amber_id.motion.movements import Movements
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.recordings.frame_rates import FASTEST_HZ, SLOWEST_HZ
from amber_id.recordings.signals import STILL, correlations, matched
from amber_id.results import FailedClip, Rate
from amber_id.results.utility import Average, EventName, UtilityCounts, UtilityResult


class UtilityConfig(BaseModel):
    """How movements are compared. The rate is above that of videos, so that a lag is known within 10 ms."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rate_hz: float = Field(50.0, ge=SLOWEST_HZ, le=FASTEST_HZ)
    longest_gap_s: float = Field(0.2, ge=0)  # longer losses of the face are left out, shorter ones bridged
    shortest_s: float = Field(1.0, gt=0)  # with a face in both; a clip that has less is a failure
    longest_lag_s: float = Field(0.2, ge=0)
    least_coefficient: float = Field(0.02, gt=0)  # standard deviation of the original in a clip, as the next
    least_degrees: float = Field(1.0, gt=0)
    least_mouth: float = Field(0.015, gt=0)  # of mouth opening and width, in eye distances
    least_upper_face: float = Field(0.005, gt=0)  # of eye opening and brow height, in eye distances
    event_tolerance_s: float = Field(0.2, ge=0)
    replicates: int = Field(1000, ge=100)  # of the bootstrap over subjects
    level: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)

    @property
    def longest_lag_frames(self) -> int:
        """The longest lag that is tried, in frames of the grid."""
        return int(self.longest_lag_s * self.rate_hz + 1e-6)

    @property
    def least(self) -> Float[np.ndarray, " C"]:
        """The least standard deviation that counts as movement, of each channel."""

        def least_of(channel: Channel) -> float:
            if channel.unit == "eye distances":
                return self.least_mouth if channel.part == "lips" else self.least_upper_face
            return self.least_degrees if channel.unit == "degrees" else self.least_coefficient

        return np.array([least_of(channel) for channel in CHANNELS])


ChannelsOf = Callable[[RecordingSet, RecordingEntry], FaceSignals]
"""Where the channels of a clip come from; raises ClipError where it has none."""


@dataclass(frozen=True)
class _Pair:
    """A clip under both conditions."""

    entry: RecordingEntry
    original: FaceSignals
    anonymised: FaceSignals
    agreement: Agreement


def channels_read(recordings: RecordingSet, entry: RecordingEntry) -> FaceSignals:
    """The channels of a clip, from its recording; raises ClipError if it is damaged or shows no face."""
    return FaceSignals.of(recordings.load(entry))


def measure_utility(
    original: RecordingSet,
    anonymised: RecordingSet,
    config: UtilityConfig | None = None,
    *,
    following: Following | None = None,
    channels_of: ChannelsOf = channels_read,
    emotion_of: Mapping[str, str] | None = None,
) -> UtilityResult:
    """How much expression the anonymised clips kept; both sets hold the same clips in the same order.

    A clip that cannot be measured is a failure with its reason, and the rest go on. `following` says how the
    anonymised clips follow their originals, and `channels_of` gives the channels of clips that were read
    before; what is not given is read. `emotion_of` are the emotions of clips, as far as they are known; how
    well they are read is asked only if it is given.

    Raises
    ------
    EvaluationError
        If the clips differ, none can be measured, or they are of fewer than 3 people.
    FileFormatError
        If a recording cannot be read.
    """
    config = config or UtilityConfig()
    pairs, failures = _measured_pairs(original, anonymised, config, channels_of)
    clips = _all_clips(pairs, config)
    if following is None:
        following = Movements.read(anonymised).followed(Movements.read(original))
    on_landmarks = range(len(LANDMARK_CHANNELS))
    coefficients = range(len(LANDMARK_CHANNELS), len(CHANNELS))
    return UtilityResult(
        expression=clips.mean_correlation(on_landmarks),
        concordance=clips.mean_correlation(on_landmarks, "concordance"),
        coefficients_concordance=clips.mean_correlation(coefficients, "concordance"),
        amplitude=clips.mean_ratio(on_landmarks),
        jitter=clips.mean_ratio(on_landmarks, "jitter"),
        coefficients=clips.mean_correlation(coefficients),
        parts=clips.parts(),
        follows=_follows(following, original.entries, clips.how),
        channels=tuple(clips.channel(column) for column in range(len(CHANNELS))),
        events=tuple(clips.events(name, tolerance_s=config.event_tolerance_s) for name in EVENTS),
        emotion=None if emotion_of is None else read_emotions(_emotion_clips(pairs), emotion_of, clips.how),
        lag=clips.lag(longest_s=config.longest_lag_frames / config.rate_hz),
        frames_lost={
            "original": _frames_lost(original.entries, clips.how),
            "anonymised": _frames_lost(anonymised.entries, clips.how),
        },
        counts=UtilityCounts(
            clips=len(original.entries),
            measured_clips=len(pairs),
            subjects=len({pair.entry.subject for pair in pairs}),
            seconds=round(sum(pair.agreement.seconds for pair in pairs), 3),
        ),
        failures=failures,
    )


def _emotion_clips(pairs: Sequence[_Pair]) -> list[EmotionClip]:
    return [
        EmotionClip(each.entry.clip, each.entry.subject, each.original, each.anonymised) for each in pairs
    ]


def expression_kept(
    original: RecordingSet,
    anonymised: RecordingSet,
    config: UtilityConfig,
    *,
    channels_of: ChannelsOf = channels_read,
) -> Rate | None:
    """The figure `expression` of `measure_utility` alone; raises as that does."""
    pairs, _ = _measured_pairs(original, anonymised, config, channels_of)
    return _all_clips(pairs, config).mean_correlation(range(len(LANDMARK_CHANNELS)))


def agreements(
    original: RecordingSet,
    anonymised: RecordingSet,
    config: UtilityConfig,
    *,
    channels_of: ChannelsOf = channels_read,
) -> tuple[tuple[str, ...], tuple[Agreement, ...], tuple[FailedClip, ...]]:
    """How each clip that can be measured agrees with its original, whose each is, and why others cannot be.

    Raises as `measure_utility` does.
    """
    pairs, failures = _measured_pairs(original, anonymised, config, channels_of)
    return tuple(pair.entry.subject for pair in pairs), tuple(pair.agreement for pair in pairs), failures


def _measured_pairs(
    original: RecordingSet, anonymised: RecordingSet, config: UtilityConfig, channels_of: ChannelsOf
) -> tuple[list[_Pair], tuple[FailedClip, ...]]:
    """The clips that can be measured, of three people at least, and why the others cannot."""
    _refuse_unpaired(original, anonymised)
    pairs, failures = [], []
    for one, other in zip(original.entries, anonymised.entries, strict=True):
        try:
            before = _channels(channels_of, original, one, "original")
            after = _channels(channels_of, anonymised, other, "anonymised")
            pairs.append(_Pair(one, before, after, _agreement(before, after, config, clip=one.clip)))
        except ClipError as error:
            failures.append(FailedClip(clip=error.clip, reason=error.reason))
    people = {pair.entry.subject for pair in pairs}
    if len(people) < FEWEST_PEOPLE:
        why = f"; {failures[0].clip}: {failures[0].reason}" if failures else ""
        raise EvaluationError(
            f"utility needs clips of {FEWEST_PEOPLE} people, for intervals over people; "
            f"{len(pairs)} of {len(original.entries)} clips, of {len(people)} people, can be measured{why}"
        )
    return pairs, tuple(failures)


def _channels(
    channels_of: ChannelsOf, recordings: RecordingSet, entry: RecordingEntry, condition: str
) -> FaceSignals:
    """The channels of a clip; raises ClipError, which names the condition."""
    try:
        return channels_of(recordings, entry)
    except ClipError as error:
        raise ClipError(error.clip, f"{condition}: {error.reason}") from error


def _follows(following: Following, entries: Sequence[RecordingEntry], how: Bootstrapping) -> Rate | None:
    """How often an anonymised clip follows its own original better than another one; None where few do tell.

    Mean over clips of the share of other originals that the own one fits better than.
    """
    judged = following.judged
    subjects = np.unique([entry.subject for entry in entries], return_inverse=True)[1][judged]
    if len(entries) < 2 or len(np.unique(subjects)) < FEWEST_PEOPLE:
        return None
    return Rate.of(how.mean(1 - following.as_well[judged].astype(np.float64), subjects), chance=0.5)


def _all_clips(pairs: Sequence[_Pair], config: UtilityConfig) -> AllClips:
    """The agreement of each clip with its own anonymised clip and, by chance, with that of somebody else."""
    _, subjects = np.unique([pair.entry.subject for pair in pairs], return_inverse=True)
    by_chance = [
        _agreement_by_chance(pairs[i].original, pairs[j].anonymised, config)
        for i, j in enumerate(somebody_else(subjects))
    ]
    how = Bootstrapping(config.replicates, config.level, config.seed)
    return AllClips([pair.agreement for pair in pairs], by_chance, subjects, how)


def somebody_else(subjects: Int[np.ndarray, " N"]) -> list[int]:
    """Clips of other people, one for each clip, spread over them: as many further on as anybody has clips.

    >>> somebody_else(np.array([0, 0, 1, 2]))
    [2, 3, 0, 1]
    """
    N, most = len(subjects), max(Counter(subjects.tolist()).values())
    return [
        next(j for j in ((i + most + k) % N for k in range(N)) if subjects[j] != subjects[i])
        for i in range(N)
    ]


def _refuse_unpaired(original: RecordingSet, anonymised: RecordingSet) -> None:
    one, other = ([entry.clip for entry in side.entries] for side in (original, anonymised))
    for side, alone in ((original, set(one) - set(other)), (anonymised, set(other) - set(one))):
        if alone:
            raise EvaluationError(
                f"utility needs the same clips in both sets, but {min(alone)} is in {side.root} only"
            )
    if one != other:
        raise EvaluationError("utility needs the same clips in the same order in both sets")


def _agreement_by_chance(
    original: FaceSignals, anonymised: FaceSignals, config: UtilityConfig
) -> Agreement | None:
    """Agreement as if both videos had begun at once; None if they have too few frames in common."""
    times = anonymised.timestamps - anonymised.timestamps[0] + original.timestamps[0]
    try:
        return _agreement(
            original, FaceSignals(times, anonymised.tracked, anonymised.values), config, clip=""
        )
    except ClipError:
        return None


def _agreement(
    original: FaceSignals, anonymised: FaceSignals, config: UtilityConfig, *, clip: str
) -> Agreement:
    """Raises ClipError if both show a face together for too short a time, or a stretch is too long."""
    try:
        one, other = _on_one_grid(original, anonymised, config)
    except ValueError as error:
        raise ClipError(clip, str(error)) from error
    both = np.isfinite(one[:, 0]) & np.isfinite(other[:, 0])
    seconds = float(both.sum() / config.rate_hz)
    if seconds < config.shortest_s:
        reason = f"{seconds:.2f} s in which both videos show a face, at least {config.shortest_s:g} s needed"
        raise ClipError(clip, reason)
    # Not a number, where one side has no coefficients, is not movement.
    moves = (one[both].std(axis=0) >= config.least) & np.isfinite(other[both]).all(axis=0)
    lag = _best_lag(one[:, moves], other[:, moves], config) if moves.any() else 0
    one, other, both = _shifted(one, other, lag)
    movement, played = one[both][:, moves], other[both][:, moves]
    means = movement.mean(axis=0), played.mean(axis=0)
    spreads = movement.std(axis=0), played.std(axis=0)
    errors = np.abs((played - means[1]) - (movement - means[0])).mean(axis=0)
    alike, size = correlations(movement, played), _share(*spreads)
    return Agreement(
        lag_s=lag / config.rate_hz if moves.any() else np.nan,
        seconds=seconds,
        correlation=_in_place(alike, moves),
        # 2 s1 s2 / (s1^2 + s2^2), by which Lin's concordance is below the correlation.
        concordance=_in_place(alike * 2 * size * (1 - size) / (size**2 + (1 - size) ** 2), moves),
        amplitude=_in_place(size, moves),
        jitter=_in_place(_share(*_accelerations(one[:, moves], other[:, moves])), moves),
        error=_in_place(errors, moves),
        offset=_in_place(np.abs(means[1] - means[0]), moves),
        matches=_matches(one, other, both, config),
    )


def _on_one_grid(
    original: FaceSignals, anonymised: FaceSignals, config: UtilityConfig
) -> tuple[Float[np.ndarray, "G C"], Float[np.ndarray, "G C"]]:
    """Both at the fixed rate over the span that both cover; empty if they cover none."""
    start = max(original.timestamps[0], anonymised.timestamps[0])
    end = min(original.timestamps[-1], anonymised.timestamps[-1])
    length = max(int(np.floor((end - start) * config.rate_hz + 1e-3)) + 1, 0)
    one, other = (
        each.on_grid(start, length, rate_hz=config.rate_hz, longest_gap_s=config.longest_gap_s)
        for each in (original, anonymised)
    )
    return one, other


def _shifted(
    one: Float[np.ndarray, "G C"], other: Float[np.ndarray, "G C"], lag: int
) -> tuple[Float[np.ndarray, "H C"], Float[np.ndarray, "H C"], Bool[np.ndarray, " H"]]:
    """The second side taken `lag` frames later, and where both are known."""
    G = len(one)
    one, other = one[max(-lag, 0) : G - max(lag, 0)], other[max(lag, 0) : G - max(-lag, 0)]
    return one, other, np.isfinite(one[:, 0]) & np.isfinite(other[:, 0])


def _best_lag(one: Float[np.ndarray, "G M"], other: Float[np.ndarray, "G M"], config: UtilityConfig) -> int:
    """By how many frames the second side comes later: where the mean correlation is highest."""
    longest = min(config.longest_lag_frames, len(one) - 1)
    # What a shift leaves of the shortest clip; other overlaps, e.g. of lost frames, are too short to tell.
    fewest = max(config.shortest_s - config.longest_lag_s, config.shortest_s / 2) * config.rate_hz
    mean_of_lag = {}
    for lag in sorted(range(-longest, longest + 1), key=abs):
        before, after, both = _shifted(one, other, lag)
        if both.sum() >= fewest - 1e-6:
            mean_of_lag[lag] = float(correlations(before[both], after[both]).mean())
    return max(mean_of_lag, key=lambda lag: mean_of_lag[lag])


def _share(one: Float[np.ndarray, " M"], other: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """The second size as a share of both together."""
    return other / np.maximum(one + other, STILL)


def _accelerations(
    one: Float[np.ndarray, "H M"], other: Float[np.ndarray, "H M"]
) -> tuple[Float[np.ndarray, " M"], Float[np.ndarray, " M"]]:
    """Root mean squares of second differences, where three frames on end show a face on both sides."""
    second = np.diff(one, n=2, axis=0), np.diff(other, n=2, axis=0)
    known = np.isfinite(second[0] + second[1]).all(axis=1)
    if not known.any():
        return np.full(one.shape[1], np.nan), np.full(one.shape[1], np.nan)
    return np.sqrt((second[0][known] ** 2).mean(axis=0)), np.sqrt((second[1][known] ** 2).mean(axis=0))


def _in_place(values: Float[np.ndarray, " M"], moves: Bool[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
    everywhere = np.full(len(moves), np.nan)
    everywhere[moves] = values
    return everywhere


def _matches(
    one: Float[np.ndarray, "H C"],
    other: Float[np.ndarray, "H C"],
    both: Bool[np.ndarray, " H"],
    config: UtilityConfig,
) -> dict[EventName, Matches]:
    """Matched events of each kind that can be searched for."""
    sides = [np.where(both[:, None], side, np.nan) for side in (one, other)]
    # The same detector on both sides.
    coefficients = all(np.isfinite(side[both]).all() for side in sides)
    matches = {}
    for name in EVENTS:
        times = [find_events(name, side, rate_hz=config.rate_hz, coefficients=coefficients) for side in sides]
        if times[0] is not None and times[1] is not None:
            masks = matched(times[0], times[1], tolerance_s=config.event_tolerance_s)
            # Both sides of the pairs are in order of time.
            matches[name] = Matches(*masks, np.abs(times[1][masks[1]] - times[0][masks[0]]))
    return matches


def _frames_lost(entries: Sequence[RecordingEntry], how: Bootstrapping) -> Average:
    """Mean over clips of the share of frames without a face, measured or not."""
    lost = np.array([entry.lost_share for entry in entries])
    _, subjects = np.unique([entry.subject for entry in entries], return_inverse=True)
    return Average.of(how.mean(lost, subjects))
