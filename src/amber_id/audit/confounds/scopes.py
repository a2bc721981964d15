"""Does something tell people apart among all clips, and among those of one source? Both judged as one.

Where there are several sources a headline compares people of one source only, so it is the test among those
that can forbid it; the other is a warning.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amber_id.audit.confounds.evidence import p_words
from amber_id.audit.confounds.telling import Alike, Telling, alike, named_values, telling_alike
from amber_id.protocols.split import FEWEST_TESTED
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Verdict


@dataclass(frozen=True)
class Scopes:
    """How well something tells people apart in the two scopes; `name` is unique in a study."""

    name: str
    pooled: Telling | None  # None without mated or non-mated comparisons, or where nothing was asked
    within: Telling | None  # None where there is one source, or each person's is their own

    @classmethod
    def asked(
        cls, name: str, ask: Callable[[bool], Telling | None], entries: Sequence[RecordingEntry]
    ) -> "Scopes":
        """Ask among all clips and, of several sources, within them: the argument of `ask` is whether within.

        Not within them where so few people share one that the headline compares all.
        """
        people = Counter(source for _, source in {(entry.subject, entry.source) for entry in entries})
        sharing = sum(n for n in people.values() if n > 1)
        return cls(name, ask(False), ask(True) if len(people) > 1 and sharing >= FEWEST_TESTED else None)

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        return {
            f"{self.name} {scope}": telling.p_value
            for scope, telling in (("pooled", self.pooled), ("within", self.within))
            if telling is not None and telling.p_value is not None
        }

    def judged(self, corrected: Mapping[str, float], *, level: float, invalid_eer: float) -> "Judged":
        """The verdict, given the corrected p values of all tests of the study."""
        p = {name.rpartition(" ")[2]: corrected[name] for name in self.p_values}
        telling = frozenset(scope for scope, value in p.items() if value <= level)
        headline = "within" if self.within is not None else "pooled"
        result = getattr(self, headline)
        verdict: Verdict = "warn" if telling else "pass"
        if headline in telling and result.eer <= invalid_eer:
            verdict = "invalid"
        return Judged(self, p, telling, verdict)


@dataclass(frozen=True)
class Judged:
    """The verdict on two scopes: their corrected p values, and in which of them people are told apart."""

    scopes: Scopes
    p: Mapping[str, float]
    telling: frozenset[str]
    verdict: Verdict

    @property
    def figures(self) -> dict[str, float]:
        """EER, AUC and p values, by scope."""
        figures: dict[str, float] = {}
        for after, scope, result in (
            ("", "pooled", self.scopes.pooled),
            ("_within_source", "within", self.scopes.within),
        ):
            if result is None:
                continue
            figures |= {f"eer{after}": result.eer, f"auc{after}": result.auc}
            if result.p_value is not None:
                figures |= {f"p_value{after}": result.p_value, f"p_value_corrected{after}": self.p[scope]}
        return figures

    @property
    def by_itself(self) -> str:
        """How well it does among all clips, where it tells people apart in some scope."""
        eer = self.scopes.pooled.eer if self.scopes.pooled else 0.5
        return f"EER {eer:.2f}, where guessing has 0.50{p_words(self.p.get('pooled'))}"

    @property
    def consequence(self) -> str:
        """What follows for a headline, where it tells people apart in some scope."""
        clause = ""
        if self.scopes.within is not None:
            clause += f"; among people of one source EER {self.scopes.within.eer:.2f}"
            clause += p_words(self.p.get("within"))
            if "within" not in self.telling:
                clause += ", so it goes with the source, and a headline within sources does not rest on it"
        if self.verdict == "invalid":
            clause += "; a headline could come from this alone"
        return clause


def asked_of_names(
    name: str,
    names: Sequence[str],
    entries: Sequence[RecordingEntry],
    *,
    permutations: int,
    seed: Sequence[int],
) -> tuple[Scopes, Alike | None]:
    """Take what has no order, as named for each clip, for an attacker; nothing is asked where all are alike.

    Also the shares of mated and of non-mated comparisons in which it is the same, where there are both.
    """
    if len(set(names)) < 2:
        return Scopes(name, None, None), None
    rng = np.random.default_rng(seed)
    scopes = Scopes.asked(
        name,
        lambda within: telling_alike(
            named_values(names, entries, within_source=within), permutations=permutations, rng=rng
        ),
        entries,
    )
    return scopes, alike(named_values(names, entries, within_source=False))
