"""What is somebody's style of moving, in numbers, and whose styles is there to take on?

A `Style` is how a clip's channels are distributed, whatever they do when: mean, spread, correlations,
quantiles, and how often and how it blinks, raises its brows and nods. That of a person is the mean over
clips, that of a population the mean over people; of quantiles level by level, which gives the mean
distribution (Wasserstein barycentre) of a channel.

A pool is made of synthetic people, so that nobody real is imitated, or of recordings that one is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, Signals, signals_of
from amber_id.anonymisers.event_shape import EventName, Events, events_of, mean_events
from amber_id.errors import ClipError, UsageError
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig
from amber_id.synthetic.clips import head_and_coefficients

LEVELS: Float[np.ndarray, " Q"] = np.linspace(0, 1, 41)
"""Levels of the quantiles of a style."""

POOL_SEED = 2_025_116_000
"""Seed of the synthetic people of a pool; people of other seeds are others."""

_POOL = {"people": 48, "clips": 2, "duration": "6", "seed": POOL_SEED}
_FEWEST_FRAMES = 25  # of a clip, for its style to count
STILL = 1e-6
"""Spread below which a channel does not move."""


@dataclass(frozen=True)
class Style:
    """How the channels of somebody are distributed."""

    mean: Float[np.ndarray, " C"]
    spread: Float[np.ndarray, " C"]
    correlation: Float[np.ndarray, "C C"]
    quantiles: Float[np.ndarray, "Q C"]
    events: Mapping[EventName, Events]


@dataclass(frozen=True)
class Pool:
    """People whose styles may be taken on, by name; `origin` says in a few words who they are."""

    origin: str
    people: tuple[tuple[str, Style], ...]

    @property
    def population(self) -> Style:
        """The mean of all."""
        return mean_style([style for _, style in self.people])

    def others(self, subject: str) -> tuple[tuple[str, Style], ...]:
        """All but the person of this name."""
        return tuple(person for person in self.people if person[0] != subject)


def style_of(signals: Signals) -> Style:
    """The style of one clip, of one frame at least."""
    values = signals.values
    return Style(
        mean=values.mean(axis=0),
        spread=values.std(axis=0),
        correlation=correlation_of(standardised(values)),
        quantiles=np.quantile(values, LEVELS, axis=0),
        events=events_of(signals),
    )


def standardised(values: Float[np.ndarray, "F C"]) -> Float[np.ndarray, "F C"]:
    """Channels with mean 0 and spread 1; what stands still is 0."""
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > STILL, spread, np.inf)


def correlation_of(standard: Float[np.ndarray, "F C"]) -> Float[np.ndarray, "C C"]:
    """The correlations between standardised channels; what stands still is correlated with itself alone."""
    correlation = np.einsum("fc,fd->cd", standard, standard) / len(standard)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def mean_style(styles: Sequence[Style]) -> Style:
    """The mean of some styles, one at least."""
    return Style(
        mean=np.mean([style.mean for style in styles], axis=0),
        spread=np.mean([style.spread for style in styles], axis=0),
        correlation=np.mean([style.correlation for style in styles], axis=0),
        quantiles=np.mean([style.quantiles for style in styles], axis=0),
        events=mean_events([style.events for style in styles]),
    )


def synthetic_people() -> SynthConfig:
    """Who the people of `synthetic_pool` are, for their recordings."""
    return SynthConfig.model_validate(_POOL)


def synthetic_name(person: int) -> str:
    """What a person of `synthetic_pool` is called there, by its number from 0."""
    return f"synthetic {person + 1}"


@lru_cache(maxsize=1)
def synthetic_pool() -> Pool:
    """Synthetic people of a seed of their own, always the same ones."""
    config = synthetic_people()
    people = []
    for person in range(config.people):
        styles = [style_of(_synthetic_signals(config, person, clip)) for clip in range(config.clips)]
        people.append((synthetic_name(person), mean_style(styles)))
    return Pool(f"{config.people} synthetic people of seed {POOL_SEED}", tuple(people))


def pool_of(recordings: RecordingSet) -> Pool:
    """The people of some recordings; clips without coefficients, or with hardly a face, do not count.

    Raises
    ------
    UsageError
        If fewer than two people are left.
    """
    by_person: dict[str, list[Style]] = {}
    for entry in recordings.entries:
        try:
            signals = signals_of(recordings.load(entry))
        except ClipError:
            continue
        if len(signals.times) >= _FEWEST_FRAMES:
            by_person.setdefault(entry.subject, []).append(style_of(signals))
    if len(by_person) < 2:
        raise UsageError(
            f"--donors {recordings.root}: expected clips with blendshapes of 2 people or more, got "
            f"{len(by_person)}; name a larger folder, or take a defence with synthetic people (--list)"
        )
    people = tuple((name, mean_style(styles)) for name, styles in sorted(by_person.items()))
    return Pool(f"{len(people)} people of recordings {recordings.content_hash()[:16]}", people)


def _synthetic_signals(config: SynthConfig, person: int, clip: int) -> Signals:
    coefficients, rotation, movement, times = head_and_coefficients(config, person, clip)
    values = np.zeros((len(times), len(CHANNELS)))
    values[:, FACE] = coefficients[:, 1:]
    values[:, HEAD] = np.concatenate([rotation, movement - np.median(movement, axis=0)], axis=1)
    return Signals(values, times)
