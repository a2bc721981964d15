"""Which defences are applied, with which seed and whose styles, and what do they make of one recording?

Random numbers and donors follow from the seed, the place of a defence in its chain, and the id of the clip or
person: neither the order of the clips nor the number of workers matters. Whoever knows the seed and the names
of clips can draw the numbers again and take some defences back, such as an offset; so the seed is a secret.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from amber_id.anonymisers.channels import driven_by, signals_of
from amber_id.anonymisers.defence import Defence, Given
from amber_id.anonymisers.defences import Applied
from amber_id.anonymisers.formal import Guarantee, epsilon_text, unbounded
from amber_id.anonymisers.learned import LearnedModel
from amber_id.anonymisers.seeds import stream_of
from amber_id.anonymisers.styles import Pool, Style, synthetic_pool
from amber_id.errors import ClipError, UsageError
from amber_id.recordings import Recording


@dataclass(frozen=True)
class Chosen:
    """Whose style is taken on: a name of the pool, or "population"."""

    name: str
    style: Style


@dataclass(frozen=True)
class Plan:
    """A chain of defences; `donors` are people of the user's own, `model` what was learned, where needed.

    Raises
    ------
    UsageError
        If a defence takes on styles of `donors`, or was learned, and there are no donors or no model.
    """

    chain: tuple[Applied, ...]
    seed: int
    donors: Pool | None = None
    model: LearnedModel | None = None

    def __post_init__(self) -> None:
        for applied in self.chain:
            if applied.defence.from_pool and self.donors is None:
                raise UsageError(
                    f"{applied.defence.name} takes on the style of people of --donors: name a folder of "
                    "recordings, or take synthetic-clip, which needs none"
                )
            if applied.defence.needs_model and self.model is None:
                raise UsageError(
                    f"{applied.defence.name} needs --model FILE; `amber defences train --out FILE` makes one"
                )

    @property
    def text(self) -> str:
        """The chain as `parsed_defences` reads it."""
        return "+".join(map(str, self.chain))

    @property
    def changes_nothing(self) -> bool:
        """Whether every strength is 0."""
        return all(applied.strength == 0 for applied in self.chain)

    def guarantees(self, frames: int) -> tuple[Guarantee, ...]:
        """What each defence guarantees formally for a recording with a face in so many frames.

        Of a chain the lowest epsilon of a recording holds: neither what comes before a defence nor what comes
        after it makes two recordings differ by more than their range. But where a later defence has seen
        recordings, of which these may be some, noise does not cover what it adds, and there is no bound.
        """

        def guarantee(place: int, applied: Applied) -> Guarantee:
            for later in self.chain[place + 1 :]:
                if later.strength and self._has_seen_recordings(later.defence):
                    return unbounded(
                        f"of no use: {later.defence.name}, which comes later, knows recordings that this "
                        "noise does not cover",
                        frames,
                    )
            return applied.defence.guaranteed(applied.strength, frames)

        return tuple(guarantee(*each) for each in enumerate(self.chain))

    def _has_seen_recordings(self, defence: Defence) -> bool:
        """Whether a defence knows people of the user's own, by their styles or from a training."""
        takes_on = defence.from_pool or defence.donor == "population"
        return defence.needs_model or (takes_on and self.donors is not None)

    def formal_lines(self, frames: int) -> Iterator[str]:
        """Lines that state these guarantees, of the longest recording, and what they are worth."""
        guarantees = self.guarantees(frames)
        for applied, guarantee in zip(self.chain, guarantees, strict=True):
            yield f"  {applied}: {guarantee.text}"
            yield f"    {guarantee.worth}"
        if len(guarantees) > 1:
            lowest = min(guarantees, key=lambda guarantee: guarantee.recording)
            epsilon = epsilon_text(lowest.recording)
            yield f"  {self.text}: epsilon {epsilon} for a recording, the lowest of these"

    def pool_of(self, defence: Defence) -> Pool | None:
        """Whose styles a defence takes on: people of the user's own where they are named, else synthetic."""
        if defence.donor is None:
            return None
        own = self.donors if defence.from_pool or defence.donor == "population" else None
        return own or synthetic_pool()

    def model_of(self, defence: Defence) -> LearnedModel | None:
        """The model of a defence that was learned."""
        return self.model if defence.needs_model else None

    def chosen_for(self, clip: str, subject: str) -> tuple[Chosen | None, ...]:
        """Whose style each defence of the chain takes on in a clip.

        Raises
        ------
        ClipError
            If the pool holds nobody but the person.
        """
        return tuple(self._chosen(place, clip, subject) for place in range(len(self.chain)))

    def rng_for(self, place: int, clip: str, subject: str, what: str = "") -> np.random.Generator:
        """The random numbers of the defence at a place of the chain."""
        defence = self.chain[place].defence
        key = clip if defence.drawn == "clip" else subject
        return stream_of(self.seed, f"{place} {defence.name} {what}", key)

    def given_to(self, place: int, clip: str, subject: str, style: Style | None) -> Given:
        """What the defence at a place of the chain has besides the clip."""
        return Given(self.rng_for(place, clip, subject), style, self.model_of(self.chain[place].defence))

    @cached_property
    def _populations(self) -> dict[str, Style]:
        pools = (self.pool_of(applied.defence) for applied in self.chain)
        return {pool.origin: pool.population for pool in pools if pool is not None}

    def _chosen(self, place: int, clip: str, subject: str) -> Chosen | None:
        defence = self.chain[place].defence
        pool = self.pool_of(defence)
        if pool is None:
            return None
        if defence.donor == "population":
            return Chosen("population", self._populations[pool.origin])
        others = pool.others(subject)
        if not others:
            raise ClipError(clip, "--donors holds nobody but its own person, whose style it has already")
        name, style = others[self.rng_for(place, clip, subject, "donor").integers(len(others))]
        return Chosen(name, style)


def defended(recording: Recording, plan: Plan, chosen: Sequence[Chosen | None] | None = None) -> Recording:
    """One recording after all defences of a plan; itself where all strengths are 0.

    `chosen` is what `plan.chosen_for` gives for it, for whoever has it already. Raises ClipError if it has no
    coefficients.
    """
    if chosen is None:
        chosen = plan.chosen_for(recording.clip, recording.subject)
    signals = signals_of(recording)
    if plan.changes_nothing:
        return recording
    for place, (applied, whose) in enumerate(zip(plan.chain, chosen, strict=True)):
        style = None if whose is None else whose.style
        given = plan.given_to(place, recording.clip, recording.subject, style)
        signals = applied.defence.apply(signals, applied.strength, given)
    before = f"{recording.defence}+" if recording.defence else ""
    return driven_by(recording, signals.values, before + plan.text)
