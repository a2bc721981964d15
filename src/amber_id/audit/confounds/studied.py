"""What do checks for confounds look at? The clips of every condition, and what was read off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol
from zlib import crc32

import numpy as np
from jaxtyping import Int64

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import NOTHING_KNOWN, CorpusFacts
from amber_id.audit.confounds.sizes import Read
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import Check, ConditionName

Entries = Sequence[RecordingEntry]


class Tested(Protocol):
    """A check that rests on tests: the verdict is passed after one correction for the tests of all checks."""

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by names that are unique in a study."""

    def judged(self, corrected: Mapping[str, float], config: ConfoundConfig) -> Check:
        """The verdict, given the corrected p values of all tests of the study."""


@dataclass(frozen=True)
class StudiedClips:
    """The clips of a study: the same ones in the same order under each condition.

    `read` is what was read off the recordings; it and `face_sizes`, pixels from eye to eye by clip, are empty
    where nothing was read.
    """

    conditions: Mapping[ConditionName, RecordingSet]
    config: ConfoundConfig
    facts: CorpusFacts = NOTHING_KNOWN
    face_sizes: Mapping[ConditionName, Mapping[str, float]] = field(default_factory=dict)
    read: Mapping[ConditionName, Read] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        conditions: Mapping[ConditionName, RecordingSet],
        config: ConfoundConfig,
        read: Mapping[ConditionName, Read] | None = None,
    ) -> "StudiedClips":
        """Read ``corpus.csv`` in the folder of each set and, unless they were read, every recording once."""
        facts = CorpusFacts.read(conditions)
        read = read or {condition: Read.of(recordings) for condition, recordings in conditions.items()}
        sizes = {condition: each.face_sizes for condition, each in read.items()}
        return cls(conditions, config, facts, sizes, read)

    @property
    def entries(self) -> Entries:
        """The clips of the first condition, for what is true of a clip whatever the condition."""
        return next(iter(self.conditions.values())).entries

    @property
    def pairs(self) -> tuple[tuple[Entries, Entries], ...]:
        """Originals and anonymised clips; nothing where there is one condition."""
        if len(self.conditions) < 2:
            return ()
        return ((self.conditions["original"].entries, self.conditions["anonymised"].entries),)

    @cached_property
    def near_copies(self) -> "Mapping[ConditionName, Int64[np.ndarray, 'Q 2']]":
        """The pairs of near-copies among the clips of each condition that was read."""
        least = self.config.near_copy
        return {name: each.movements.near_copies(least=least) for name, each in self.read.items()}

    def seed(self, name: str, *more: int) -> tuple[int, ...]:
        """The seed of a test of its own, so that none depends on which others there are."""
        return (self.config.seed, crc32(name.encode()), *more)
