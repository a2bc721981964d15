"""Which clips do several conditions have in common, and how are their people divided?

A condition goes by its name: ``original``, or the one that an anonymiser was given. Every anonymised one has
had a study of its own (`amber_id.audit.study`), beside the originals where there are any. The matrix rests on
the clips that all of these could use, so that two of its cells never differ in whom or what they were asked
about; the people of train, dev and test are the same in all conditions.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.run import Audit
from amber_id.audit.study.split import split_of
from amber_id.errors import CorpusError
from amber_id.motion.feature_pass import stored_features
from amber_id.motion.pairs import ORIGINAL, bare_id, name_of_condition
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName
from amber_id.results.conditions import LostClip
from amber_id.training.named import training_of

_ANONYMISED: ConditionName = "anonymised"


@dataclass(frozen=True)
class Joint:
    """The clips that all conditions have, in one set; their ids begin with the name of the condition.

    Of each condition there are the same clips in the same order.
    """

    audits: Mapping[str, Audit]  # by the name of the anonymised condition
    recordings: RecordingSet
    conditions: tuple[str, ...]  # ``original`` first, where there are originals
    split: Split
    config: StudyConfig
    attackers: tuple[str, ...]
    dropped: tuple[LostClip, ...]
    utterance_of: Mapping[str, str] | None

    @property
    def anonymised(self) -> tuple[str, ...]:
        """The conditions but originals."""
        return tuple(self.audits)

    @property
    def folder(self) -> Path:
        """Where what is of all conditions is kept."""
        return self.recordings.root

    def under(self, conditions: Collection[str]) -> RecordingSet:
        """The recordings of these conditions."""
        entries = tuple(
            each for each in self.recordings.entries if name_of_condition(each.clip) in conditions
        )
        return replace(self.recordings, entries=entries)

    def divided_alike(self, name: str) -> bool:
        """Whether the study of a condition has divided its people as these are."""
        return self.audits[name].study.split.content_hash() == self.split.content_hash()

    def same_clips(self, name: str) -> bool:
        """Whether the study of a condition is of just these clips, divided alike."""
        if not self.divided_alike(name):
            return False
        own = {bare_id(entry.clip) for entry in self.audits[name].study.clips.recordings.entries}
        return own == {bare_id(entry.clip) for entry in self.recordings.entries}


def joint_of(audits: Mapping[str, Audit], folder: Path, config: StudyConfig) -> Joint:
    """The clips of several studies of the same people, whose features are kept in a folder.

    `config` is that of the studies, as it was asked for.

    Raises
    ------
    CorpusError
        If nobody has two clips that all conditions have.
    SplitError
        If the people that all have are too few.
    """
    common = _common(audits)
    first = next(iter(audits.values())).study
    named: dict[str, RecordingSet] = {}
    if ORIGINAL in first.clips.conditions:
        named[ORIGINAL] = first.bare()[ORIGINAL]
    named |= {name: audit.study.bare()[_ANONYMISED] for name, audit in audits.items()}
    entries = [
        replace(entry, clip=f"{name}/{entry.clip}")
        for name, recordings in named.items()
        for entry in sorted(recordings.entries, key=lambda each: each.clip)
        if entry.clip in common
    ]
    recordings = RecordingSet(folder, tuple(entries))
    attackers = tuple(
        name for name in first.attackers if all(name in audit.study.attackers for audit in audits.values())
    )
    features = (config.used(training_of(name).features).of_clips for name in attackers)
    stored_features(
        recordings, tuple(dict.fromkeys(features)), beside=[audit.study.out for audit in audits.values()]
    )
    one = next(iter(named.values()))
    manifest = replace(one, entries=tuple(each for each in one.entries if each.clip in common))
    division = config.divided_as(len(manifest.subjects))
    return Joint(
        audits,
        recordings,
        tuple(named),
        split_of(manifest, folder, division),
        config.model_copy(update={"split": division}),
        attackers,
        _dropped(audits, common),
        _utterances(audits, recordings),
    )


def _common(audits: Mapping[str, Audit]) -> set[str]:
    """The clips that every study could use, of people of whom two are left."""
    used = {
        name: {bare_id(entry.clip): entry.subject for entry in audit.study.clips.recordings.entries}
        for name, audit in audits.items()
    }
    first, *others = used.values()
    shared = {clip: person for clip, person in first.items() if all(clip in each for each in others)}
    of_person = Counter(shared.values())
    common = {clip for clip, person in shared.items() if of_person[person] >= 2}
    if not common:
        clips = ", ".join(f"{name} has {min(each)}" for name, each in used.items())
        raise CorpusError(
            f"expected people with two clips that every condition has, got none: {clips}; give every "
            "condition the same clips of the same people"
        )
    return common


def _dropped(audits: Mapping[str, Audit], common: Collection[str]) -> tuple[LostClip, ...]:
    """What is in no cell of the matrix, and why: as the studies say, or the only clip left of somebody."""
    reasons: dict[tuple[str, str], str] = {}
    for name, audit in audits.items():
        for each in audit.study.clips.dropped:
            condition = ORIGINAL if each.condition == ORIGINAL else name
            reasons.setdefault((each.clip, condition), each.reason)
    lost = {clip for clip, _ in reasons}
    for name, audit in audits.items():
        for entry in audit.study.clips.recordings.entries:
            clip = bare_id(entry.clip)
            if clip not in common and clip not in lost:
                reasons.setdefault((clip, name), f"the only clip of {entry.subject} that all conditions have")
    rows = (LostClip(clip=clip, condition=name, reason=reason) for (clip, name), reason in reasons.items())
    return tuple(sorted(rows, key=lambda each: (each.clip, each.condition)))


def _utterances(audits: Mapping[str, Audit], recordings: RecordingSet) -> dict[str, str] | None:
    """What is said in each clip, as the studies know it; None where all clips are compared."""
    utterances: dict[str, str] = {}
    for audit in audits.values():
        if audit.study.utterance_of is None:
            return None
        utterances |= audit.study.utterance_of
    ids = (entry.clip for entry in recordings.entries)
    return {clip: utterances[bare_id(clip)] for clip in ids if bare_id(clip) in utterances}
