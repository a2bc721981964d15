"""Could people be told apart by what they say?

If two clips of one person say the same more often than two clips of two people do, recognition may be of the
sentence. It is tested as other properties are, with scores of 1 and 0. Where no two clips say the same, or
everybody says the same as often, nobody can be recognised by a sentence.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import CorpusFacts, corpus_confound, how_to_tell, of_unknown_clips
from amber_id.audit.confounds.evidence import p_words
from amber_id.audit.confounds.scopes import Judged, Scopes, asked_of_names
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.audit.confounds.telling import Alike
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check


@dataclass(frozen=True, eq=False)
class UtteranceCheck:
    """Whether it goes with the person what is said, among the clips of which that is known."""

    known: tuple[RecordingEntry, ...]
    utterances: tuple[str, ...]  # of `known`
    unknown: int  # number of other clips
    files: int
    scopes: Scopes
    likeness: Alike | None

    @classmethod
    def of(
        cls,
        facts: CorpusFacts,
        entries: Sequence[RecordingEntry],
        *,
        permutations: int,
        seed: Sequence[int],
    ) -> "UtteranceCheck":
        """Take what is said for an attacker."""
        known = tuple(entry for entry in entries if entry.clip in facts.utterance)
        utterances = tuple(facts.utterance[entry.clip] for entry in known)
        scopes, likeness = asked_of_names(
            "utterance", utterances, known, permutations=permutations, seed=seed
        )
        return cls(known, utterances, len(entries) - len(known), facts.files, scopes, likeness)

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        return self.scopes.p_values

    def judged(self, corrected: Mapping[str, float], config: ConfoundConfig) -> Check:
        """The verdict, given the corrected p values of all tests of the study."""
        if not self.known:
            evidence = (
                "It is not known what is said in each clip. If each person speaks different sentences, "
            )
            evidence += f"the attacker may recognise the sentence. {how_to_tell('utterance', self.files)}"
            return corpus_confound("utterance", "not_checked", evidence, {})
        judged = self.scopes.judged(corrected, level=config.level, invalid_eer=config.invalid_eer)
        figures = {"clips": float(len(self.known)), "utterances": float(len(set(self.utterances)))}
        if self.likeness is not None:
            figures |= {"share_of_mated": self.likeness.mated, "share_of_nonmated": self.likeness.nonmated}
        verdict, evidence = judged.verdict, self._unsuspicious(judged)
        if self.likeness is None and figures["utterances"] > 1:
            verdict = "not_checked"
        if judged.telling and self.likeness is not None:
            evidence = f"What is said tells people apart: {_shares(self.likeness)}, {judged.by_itself}"
            evidence += f"{judged.consequence}."
        evidence += of_unknown_clips(self.unknown)
        return corpus_confound("utterance", verdict, evidence, figures | judged.figures)

    def _unsuspicious(self, judged: Judged) -> str:
        """The evidence where no test finds anything."""
        utterances, clips = len(set(self.utterances)), len(self.known)
        if utterances == 1:
            return f"All {clips} clips say the same, so what is said tells nobody apart."
        if self.likeness is None:
            return (
                "It takes two people, one of them with two clips, to test whether what is said goes with the "
                "person."
            )
        if utterances == clips:
            return f"No two of {clips} clips say the same, so no sentence can be recognised."
        shares = _shares(self.likeness)
        shares += f", which is no more than by chance{p_words(judged.p.get('pooled'))}."
        if self._balanced():
            return f"Everybody says the same {utterances} utterances equally often: {shares}"
        return f"What is said does not go with the person: {shares}"

    def _balanced(self) -> bool:
        spoken: dict[str, Counter[str]] = {}
        for entry, utterance in zip(self.known, self.utterances, strict=True):
            spoken.setdefault(entry.subject, Counter())[utterance] += 1
        first, *others = spoken.values()
        return all(each == first for each in others)


def utterance_checks(clips: StudiedClips) -> list[UtteranceCheck]:
    """What is said, whatever the condition."""
    return [
        UtteranceCheck.of(
            clips.facts,
            clips.entries,
            permutations=clips.config.permutations,
            seed=clips.seed("utterance"),
        )
    ]


def _shares(likeness: Alike) -> str:
    return (
        f"two clips of one person say the same in {likeness.mated:.0%} of comparisons, of two people in "
        f"{likeness.nonmated:.0%}"
    )
