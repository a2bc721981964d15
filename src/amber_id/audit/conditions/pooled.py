"""The clips of several anonymised conditions, compared within each: like with like.

Pooled are the comparisons of two clips of one condition, of every condition as many of each kind: what an
avatar has whoever drives it is the same on both sides of all of them, mated or not. Were everybody shown by
one avatar only, mated comparisons would be of one avatar and most others of two. `across` says what such a
corpus would find: to the comparisons above come the non-mated ones of two avatars, each pair of conditions
as often as any, which is what drawing each person's avatar by lot gives on average.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from amber_id.audit.attack.tested import EmbeddedClips, Tested
from amber_id.audit.study.scenarios import under
from amber_id.biometrics import Comparisons, compare_across, of_different_utterances


@dataclass(frozen=True)
class PooledClips(EmbeddedClips):
    """The clips of several conditions, one after the other: the same ones in the same order in each."""

    parts: tuple[EmbeddedClips, ...] = ()
    across: bool = False

    def compared(self, subjects: tuple[str, ...]) -> Comparisons:
        """All pairs of clips of one condition; with `across`, also those of two people in two conditions."""
        own = Comparisons.pool([part.compared(subjects) for part in self.parts])
        if not self.across:
            return own
        others = [self._across(own, one, other) for one, other in combinations(range(len(self.parts)), 2)]
        every = [own, *others]
        return replace(
            own,
            scores=np.concatenate([each.scores for each in every]),
            enrolment=np.concatenate([each.enrolment for each in every]),
            probe=np.concatenate([each.probe for each in every]),
        )

    def _across(self, own: Comparisons, one: int, other: int) -> Comparisons:
        """The non-mated comparisons of two conditions, clips and people numbered as in `own`."""
        n = len(self.parts[0].entries)
        vectors = (self.parts[one].vectors, self.parts[other].vectors)
        pairs = compare_across(*vectors, own.subjects[:n])
        enrolment, probe = pairs.enrolment + one * n, pairs.probe - n + other * n
        compared = Comparisons(pairs.scores, enrolment, probe, own.subjects)
        if self.utterance_of is not None:
            clips = [entry.clip for entry in self.entries]
            compared = of_different_utterances(compared, clips, self.utterance_of)
        return compared.only(~compared.mated)


def pooled(tested: Tested, conditions: Sequence[str], *, known: Sequence[str], across: bool) -> Tested:
    """An attacker's clips of these conditions, pooled; it has learnt from the conditions `known`."""

    def clips(of: EmbeddedClips) -> EmbeddedClips:
        parts = tuple(under([name], of) for name in conditions)
        return PooledClips(
            entries=tuple(entry for part in parts for entry in part.entries),
            vectors=np.concatenate([part.vectors for part in parts]),
            windows=np.concatenate([part.windows for part in parts]),
            failures=of.failures,
            utterance_of=of.utterance_of,
            parts=parts,
            across=across,
        )

    folds = tuple(
        replace(
            fold,
            test=clips(fold.test),
            dev=None if fold.dev is None else clips(fold.dev),
            cohort=None if fold.cohort is None else under(known, fold.cohort),
        )
        for fold in tested.folds
    )
    return Tested(folds, tested.left_out)
