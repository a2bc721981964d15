"""What does ``corpus.csv`` say of utterances and sessions, and could people be told apart by them?

Utterance. If two clips of one person say the same more often than two clips of two people do, recognition
may be of the sentence. Whether they do is tested as other properties are, with scores of 1 and 0. Where no
two clips say the same, or everybody says the same as often, nobody can be recognised by a sentence.

Session. One sitting of one person. It is not tested but counted: where nobody has clips of two, room, camera
and mood of that day go with the person, and nothing is known of recognition across sessions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amber_id.audit.confounds_properties import Alike, alike, named_values, telling_alike
from amber_id.audit.confounds_scopes import Judged, Scopes, p_words, percent_spaced
from amber_id.corpora import CORPUS_FILE, ClipFacts, read_corpus_file
from amber_id.errors import CorpusError
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import ConditionName
from amber_id.results.confounds import Confound, Verdict

_FEW = 0.5  # share of people with several sessions, below which nothing is concluded across sessions


@dataclass(frozen=True)
class CorpusFacts:
    """What the corpus files of a study say, by clip; a clip of which it is not known is not there."""

    session: Mapping[str, str]
    utterance: Mapping[str, str]
    files: int  # how many there are

    @classmethod
    def read(cls, conditions: Mapping[ConditionName, RecordingSet]) -> "CorpusFacts":
        """From the folder of each condition; what one file does not say another may.

        Raises
        ------
        CorpusError
            If two files contradict each other.
        FileFormatError
            If a file does not fit, as `read_corpus_file` says.
        """
        files = {root: read_corpus_file(root) for root in {found.root for found in conditions.values()}}
        told = {root / CORPUS_FILE: facts for root, facts in sorted(files.items()) if facts}
        return cls(_joined(told, "session"), _joined(told, "utterance"), len(told))


NOTHING_KNOWN = CorpusFacts({}, {}, 0)


def _joined(told: Mapping[Path, Mapping[str, ClipFacts]], column: str) -> dict[str, str]:
    found: dict[str, tuple[str, Path]] = {}
    for path, facts in told.items():
        for clip, each in facts.items():
            value = getattr(each, column)
            if value is None:
                continue
            before, where = found.setdefault(clip, (value, path))
            if before != value:
                raise CorpusError(
                    f"{clip}: its {column} is {before} in {where} and {value} in {path}; make them agree"
                )
    return {clip: value for clip, (value, _) in found.items()}


@dataclass(frozen=True, eq=False)
class UtteranceCheck:
    """Whether it goes with the person what is said, among the clips of which that is known."""

    known: tuple[RecordingEntry, ...]
    utterances: tuple[str, ...]  # of `known`
    unknown: int  # number of other clips
    files: int
    scopes: Scopes
    found: Alike | None

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
        scopes, found = Scopes("utterance", None, None), None
        rng = np.random.default_rng(seed)
        if len(set(utterances)) > 1:
            found = alike(named_values(utterances, known, within_source=False))
            scopes = Scopes.asked(
                "utterance",
                lambda within: telling_alike(
                    named_values(utterances, known, within_source=within), permutations=permutations, rng=rng
                ),
                known,
            )
        return cls(known, utterances, len(entries) - len(known), facts.files, scopes, found)

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        return self.scopes.p_values

    def judged(self, corrected: Mapping[str, float], *, level: float, invalid_eer: float) -> Confound:
        """The verdict, given the corrected p values of all tests of the study."""
        if not self.known:
            evidence = "What is said in which clip is not known: if each person says other sentences, their "
            evidence += f"words cannot be told from the person. {_how_to_tell('utterance', self.files)}"
            return _confound("utterance", "not_checked", evidence, {})
        judged = self.scopes.judged(corrected, level=level, invalid_eer=invalid_eer)
        figures = {"clips": float(len(self.known)), "utterances": float(len(set(self.utterances)))}
        if self.found is not None:
            figures |= {"share_of_mated": self.found.mated, "share_of_nonmated": self.found.nonmated}
        verdict, evidence = judged.verdict, self._unsuspicious(judged)
        if self.found is None and figures["utterances"] > 1:
            verdict = "not_checked"
        if judged.telling and self.found is not None:
            evidence = f"What is said tells people apart: {_shares(self.found)}, {judged.by_itself}"
            evidence += f"{judged.consequence}."
        evidence += _unknown(self.unknown)
        return _confound("utterance", verdict, evidence, figures | judged.figures)

    def _unsuspicious(self, judged: Judged) -> str:
        """The evidence where no test finds anything."""
        utterances, clips = len(set(self.utterances)), len(self.known)
        if utterances == 1:
            return f"All {clips} clips say the same, so what is said tells nobody apart."
        if self.found is None:
            return (
                "It takes two people, one of them with two clips, to say whether what is said goes with "
                "the person."
            )
        if utterances == clips:
            return f"No two of {clips} clips say the same, so no sentence can be recognised."
        said = f"{_shares(self.found)}, which is no more than by chance{p_words(judged.p.get('pooled'))}."
        if self._balanced():
            return f"Everybody says the same {utterances} utterances equally often: {said}"
        return f"What is said does not go with the person: {said}"

    def _balanced(self) -> bool:
        said: dict[str, Counter[str]] = {}
        for entry, utterance in zip(self.known, self.utterances, strict=True):
            said.setdefault(entry.subject, Counter())[utterance] += 1
        first, *others = said.values()
        return all(each == first for each in others)


def _shares(found: Alike) -> str:
    return (
        f"two clips of one person say the same in {found.mated:.0%} of comparisons, of two people in "
        f"{found.nonmated:.0%}"
    )


def session_confound(facts: CorpusFacts, entries: Sequence[RecordingEntry]) -> Confound:
    """A warning unless half of the people, or more, have clips of several sessions."""
    sessions: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.clip in facts.session:
            sessions.setdefault(entry.subject, Counter())[facts.session[entry.clip]] += 1
    compared = [found for found in sessions.values() if found.total() > 1]
    if not compared:
        evidence = "Which clips were filmed in one sitting is not known: if each person sat once, the room, "
        evidence += "camera and mood of that day cannot be told from the person. "
        evidence += _how_to_tell("session", facts.files)
        return _confound("session", "not_checked", evidence, {})
    people, several = len(compared), sum(len(found) > 1 for found in compared)
    mated = sum(found.total() * (found.total() - 1) for found in compared)
    within = sum(n * (n - 1) for found in compared for n in found.values()) / mated
    verdict: Verdict = "pass" if several / people >= _FEW else "warn"
    if several:
        evidence = f"{several} of {people} people have clips of two or more sessions; {within:.0%} of their "
        evidence += "mated comparisons are within one"
        evidence += "." if verdict == "pass" else ", so little is known of recognition across sessions."
    else:
        evidence = f"Each of {people} people sat once, so the room, camera and mood of that day cannot be "
        evidence += "told from the person: this concludes nothing across sessions."
    figures = {
        "people": float(people),
        "people_with_several": float(several),
        "share_of_mated_within": within,
    }
    evidence += _unknown(len(entries) - sum(found.total() for found in sessions.values()))
    return _confound("session", verdict, evidence, figures)


def _how_to_tell(column: str, files: int) -> str:
    if files:
        return (
            f"{CORPUS_FILE} says too little of it: it takes a column {column}, and clips named as files are."
        )
    return f"To have it checked, name it in a column {column} of {CORPUS_FILE} in the folder of the clips."


def _unknown(clips: int) -> str:
    return f" Of {clips} other clips it is not known." if clips else ""


def _confound(name: str, verdict: Verdict, evidence: str, figures: dict[str, float]) -> Confound:
    return Confound(
        name=name, verdict=verdict, evidence=percent_spaced(evidence), condition=None, figures=figures
    )
