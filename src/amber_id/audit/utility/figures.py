"""From how each anonymised clip agrees with its original, to figures with intervals over people.

A mean over clips is a ratio of sums over the people drawn (`bootstrap_mean`). Correlations, amplitudes and
errors are brought onto [0, 1] for it, on whose probit scale intervals are made, and back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.audit.utility.expression import CHANNELS, LANDMARK_CHANNELS
from amber_id.biometrics import Estimate, bootstrap_mean
from amber_id.results import Rate
from amber_id.results.utility import Average, ChannelResult, EventName, EventResult, LagResult, Part

FEWEST_PEOPLE = 3  # for an interval over people
_NO_COEFFICIENTS = "needs blendshapes in both videos"
_ALIKE = 1e-9
_LARGEST_SHARE = 0.999  # of an amplitude; a thousand times as large as the original's
_LARGEST = {"coefficient": 1.0, "degrees": 180.0, "eye distances": 1.0}  # error, for the scale of intervals


@dataclass(frozen=True)
class Matches:
    """Events of one kind on both sides: which the other side has, too, and how far apart the pairs are."""

    one: Bool[np.ndarray, " E"]
    other: Bool[np.ndarray, " F"]
    apart_s: Float[np.ndarray, " P"]


@dataclass(frozen=True)
class Agreement:
    """How an anonymised clip agrees with an original; NaN in channels in which the original does not move.

    Kinds of event that could not be searched for have no `matches`.
    """

    lag_s: float  # NaN where the original moves in no channel
    seconds: float
    correlation: Float[np.ndarray, " C"]
    concordance: Float[np.ndarray, " C"]
    amplitude: Float[np.ndarray, " C"]  # standard deviation of the anonymised, as a share of both together
    jitter: Float[np.ndarray, " C"]  # the same of accelerations
    error: Float[np.ndarray, " C"]
    offset: Float[np.ndarray, " C"]
    matches: dict[EventName, Matches]


@dataclass(frozen=True)
class Bootstrapping:
    """How intervals are made; all of them from the same state of the random numbers."""

    replicates: int
    level: float
    seed: int

    def mean(self, values: Float[np.ndarray, " Q"], subjects: Int[np.ndarray, " Q"]) -> Estimate:
        """The mean of values in [0, 1] with its interval; raises EvaluationError below 3 people."""
        rng = np.random.default_rng(self.seed)
        return bootstrap_mean(values, subjects, replicates=self.replicates, level=self.level, rng=rng)

    def share(self, hits: Bool[np.ndarray, " Q"], subjects: Int[np.ndarray, " Q"]) -> Estimate | None:
        """The share of hits; None if they are of fewer than 3 people."""
        return self.mean(hits.astype(np.float64), subjects) if _enough(subjects) else None

    def measure(self, values: Float[np.ndarray, " N"], subjects: Int[np.ndarray, " N"]) -> Estimate | None:
        """The mean of measurements on [0, 1], where they are known; None if they are of fewer than 3 people.

        They are no counts: where all are alike, the exact binomial end of an interval is not meant.
        """
        known = np.isfinite(values)
        if not _enough(subjects[known]):
            return None
        mean = self.mean(np.clip(values[known], 0, 1), subjects[known])
        alike = np.ptp(values[known]) < _ALIKE
        return replace(mean, low=mean.value, high=mean.value) if alike else mean


@dataclass(frozen=True)
class AllClips:
    """Clips that were measured, whose they are, and how each agrees with the anonymised clip of another.

    `by_chance` has None where the two have too few frames in common.
    """

    own: Sequence[Agreement]
    by_chance: Sequence[Agreement | None]
    subjects: Int[np.ndarray, " N"]
    how: Bootstrapping

    def mean_correlation(
        self, columns: Sequence[int], measure: Literal["correlation", "concordance"] = "correlation"
    ) -> Rate | None:
        """Mean over clips of the mean correlation over those of these channels that move in the clip."""
        by_chance = [each for each in self.by_chance if each is not None]
        own, chance = (_in_clips(clips, measure, columns) for clips in (self.own, by_chance))
        return self._correlation(own, _mean(chance))

    def mean_ratio(
        self, columns: Sequence[int], measure: Literal["amplitude", "jitter"] = "amplitude"
    ) -> Average | None:
        """Mean over clips of an amplitude over those of these channels that move in the clip."""
        return self._amplitude(_in_clips(self.own, measure, columns))

    def parts(self) -> dict[Part, Rate]:
        """`mean_correlation` of the landmark channels of each part of the face that moves."""
        rates: dict[Part, Rate] = {}
        for part in dict.fromkeys(channel.part for channel in LANDMARK_CHANNELS):
            rate = self.mean_correlation([i for i, each in enumerate(LANDMARK_CHANNELS) if each.part == part])
            if rate is not None:
                rates[part] = rate
        return rates

    def channel(self, column: int) -> ChannelResult:
        """The figures of one channel, over the clips in which the original moves in it."""
        channel = CHANNELS[column]
        correlation = np.array([each.correlation[column] for each in self.own])
        moves = np.isfinite(correlation)
        people = len(np.unique(self.subjects[moves]))
        reason = None
        if channel.unit == "coefficient" and not any("smiles" in each.matches for each in self.own):
            reason = _NO_COEFFICIENTS
        elif people < FEWEST_PEOPLE:
            reason = _too_few("the original moves enough in", int(moves.sum()), "clip", people)
        chance = _mean(np.array([each.correlation[column] for each in self.by_chance if each is not None]))
        largest = _LARGEST[channel.unit]
        return ChannelResult(
            name=channel.name,
            part=channel.part,
            unit=channel.unit,
            clips=int(moves.sum()),
            subjects=people,
            correlation=self._correlation(correlation, chance),
            amplitude=self._amplitude(np.array([each.amplitude[column] for each in self.own])),
            error=self._size(np.array([each.error[column] for each in self.own]), largest),
            offset=self._size(np.array([each.offset[column] for each in self.own]), largest),
            not_measured=reason,
        )

    def events(self, name: EventName, *, tolerance_s: float) -> EventResult:
        """How many events of a kind there are, and how many of either side the other has too."""
        clips = [i for i, each in enumerate(self.own) if name in each.matches]
        own = [self.own[i].matches[name] for i in clips]
        one, other = (_joined(masks) for masks in ([each.one for each in own], [each.other for each in own]))
        of_one, of_other = (
            np.repeat(self.subjects[clips], counts)
            for counts in ([len(each.one) for each in own], [len(each.other) for each in own])
        )
        minutes = sum(self.own[i].seconds for i in clips) / 60
        by_chance = [
            each.matches[name] for each in self.by_chance if each is not None and name in each.matches
        ]
        chances = [_joined([each.one for each in by_chance]), _joined([each.other for each in by_chance])]
        reason = None
        if not clips:
            reason = _NO_COEFFICIENTS
        elif len(np.unique(of_one)) < FEWEST_PEOPLE or len(np.unique(of_other)) < FEWEST_PEOPLE:
            side, subjects = (
                ("original", of_one) if len(of_one) <= len(of_other) else ("anonymised", of_other)
            )
            reason = _too_few(f"the {side} videos have", len(subjects), "event", len(np.unique(subjects)))
        return EventResult(
            name=name,
            tolerance_s=tolerance_s,
            original=len(one),
            anonymised=len(other),
            matched=int(one.sum()),
            per_minute={"original": len(one) / minutes, "anonymised": len(other) / minutes}
            if clips
            else None,
            recall=self._share(one, of_one, chances[0]),
            precision=self._share(other, of_other, chances[1]),
            # 2 pairs / (events of one + events of the other): the share of all events that are matched.
            f1=self._share(_joined([one, other]), np.concatenate([of_one, of_other]), _joined(chances)),
            timing_s=self._timing([each.apart_s for each in own], clips, tolerance_s),
            not_measured=reason,
        )

    def lag(self, *, longest_s: float) -> LagResult | None:
        """The lags of the clips that move; None if none does."""
        lags = np.array([each.lag_s for each in self.own])
        lags = lags[np.isfinite(lags)]
        if len(lags) == 0:
            return None
        low, median, high = (float(q) for q in np.quantile(lags, [0.25, 0.5, 0.75]))
        at_limit = int((np.abs(lags) > longest_s - 1e-9).sum())
        return LagResult(median_s=median, low_s=low, high_s=high, clips=len(lags), at_limit=at_limit)

    def _correlation(self, values: Float[np.ndarray, " N"], chance: float) -> Rate | None:
        mean = self.how.measure((values + 1) / 2, self.subjects)
        if mean is None:
            return None
        value, low, high = (2 * each - 1 for each in (mean.value, mean.low, mean.high))
        # Where nobody else could be compared with: what movements that have nothing in common give.
        chance = chance if np.isfinite(chance) else 0.0
        return Rate(value=value, low=low, high=high, level=mean.level, chance=chance)

    def _amplitude(self, values: Float[np.ndarray, " N"]) -> Average | None:
        mean = self.how.measure(values, self.subjects)
        if mean is None:
            return None
        shares = (min(each, _LARGEST_SHARE) for each in (mean.value, mean.low, mean.high))
        value, low, high = (share / (1 - share) for share in shares)
        return Average(value=value, low=low, high=high, level=mean.level)

    def _size(self, values: Float[np.ndarray, " N"], largest: float) -> Average | None:
        mean = self.how.measure(values / largest, self.subjects)
        if mean is None:
            return None
        value, low, high = (largest * each for each in (mean.value, mean.low, mean.high))
        return Average(value=value, low=low, high=high, level=mean.level)

    def _timing(
        self, apart_s: Sequence[Float[np.ndarray, " _"]], clips: Sequence[int], tolerance_s: float
    ) -> Average | None:
        pairs = np.concatenate([np.zeros(0), *apart_s])
        of_pairs = np.repeat(self.subjects[clips], [len(each) for each in apart_s])
        mean = self.how.measure(pairs / tolerance_s, of_pairs) if tolerance_s else None
        if mean is None:
            return None
        value, low, high = (tolerance_s * each for each in (mean.value, mean.low, mean.high))
        return Average(value=value, low=low, high=high, level=mean.level)

    def _share(
        self, hits: Bool[np.ndarray, " E"], subjects: Int[np.ndarray, " E"], by_chance: Bool[np.ndarray, " F"]
    ) -> Rate | None:
        share = self.how.share(hits, subjects)
        chance = float(by_chance.mean()) if len(by_chance) else 0.0
        return None if share is None else Rate.of(share, chance)


def _enough(subjects: Int[np.ndarray, " N"]) -> bool:
    return len(np.unique(subjects)) >= FEWEST_PEOPLE


def _mean(values: Float[np.ndarray, " N"]) -> float:
    """The mean of the values that are known; NaN if none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _in_clips(clips: Sequence[Agreement], measure: str, columns: Sequence[int]) -> Float[np.ndarray, " N"]:
    """The mean of a measure over some channels, in each clip."""
    return np.array([_mean(getattr(each, measure)[list(columns)]) for each in clips])


def _joined(parts: Sequence[Bool[np.ndarray, " _"]]) -> Bool[np.ndarray, " E"]:
    return np.concatenate([np.zeros(0, dtype=bool), *parts])


def _too_few(what: str, number: int, unit: str, people: int) -> str:
    plural = "" if number == 1 else "s"
    return f"{what} {number} {unit}{plural} of {people} people; {FEWEST_PEOPLE} people are needed"
