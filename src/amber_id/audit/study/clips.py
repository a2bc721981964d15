"""Which clips does a study rest on? The same ones under each condition, all of use to every attacker.

A clip is known by its id, ``<source>_id<number>/<clip>``: the anonymised clip of that name is made from the
original of that name. What is missing or of no use under one condition is dropped under both, and counted,
so that two cells of the threat matrix never differ in whom or what they were asked about.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from amber_id.audit.attack.avatars import avatar_remarks
from amber_id.errors import CorpusError
from amber_id.motion import FeatureConfig, load_windows
from amber_id.motion.feature_pass import OnRecording, stored_features
from amber_id.motion.pairs import bare_id, condition_of
from amber_id.recordings import RecordingSet, read_failures
from amber_id.results import ConditionName, DroppedClip

RecordingsOf = Mapping[ConditionName, RecordingSet]
_NOT_EXPLAINED = "has no recording"  # and no failures.csv says why
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class StudyClips:
    """The clips of a study in one set; their ids begin with the condition, ``original/ravdess_id001/a``.

    Of each condition there are the same clips in the same order.
    """

    recordings: RecordingSet
    conditions: tuple[ConditionName, ...]
    dropped: tuple[DroppedClip, ...]

    def under(self, *conditions: ConditionName) -> RecordingSet:
        """The recordings of these conditions."""
        entries = tuple(e for e in self.recordings.entries if condition_of(e.clip) in conditions)
        return replace(self.recordings, entries=entries)


def paired(
    sets: RecordingsOf, reasons: Mapping[str, str] = _NO_REASONS
) -> tuple[RecordingsOf, tuple[DroppedClip, ...]]:
    """The sets with the clips that all of them have, in one order; and what was dropped for want of another.

    `reasons` say of clips why they are lost, where ``failures.csv`` beside the recordings does not. What was
    there and could not be read is dropped too, with the reason.

    Raises
    ------
    CorpusError
        If no clip is there under every condition, or the point sets differ.
    """
    point_sets = {name: recordings.entries[0].point_set for name, recordings in sets.items()}
    if len(set(point_sets.values())) > 1:
        came = ", ".join(f"{name} {points}" for name, points in point_sets.items())
        raise CorpusError(f"expected one point set, got {came}; track both folders with the same tracker")
    shared = set.intersection(*({entry.clip for entry in recordings.entries} for recordings in sets.values()))
    if not shared:
        examples = ", ".join(f"{each.root} has {each.entries[0].clip}" for each in sets.values())
        raise CorpusError(f"no clip is there under both conditions by the same name: {examples}")
    named = {entry.clip for recordings in sets.values() for entry in recordings.entries}
    named |= {failure.clip for recordings in sets.values() for failure in recordings.failures}
    dropped = [
        DroppedClip(clip=clip, condition=name, reason=_why_missing(clip, recordings, reasons))
        for clip in sorted(named - shared)
        for name, recordings in sets.items()
        if clip not in {entry.clip for entry in recordings.entries}
    ]
    return {name: _only(recordings, shared) for name, recordings in sets.items()}, tuple(dropped)


def study_clips(
    sets: RecordingsOf,
    root: Path,
    features: Iterable[FeatureConfig],
    *,
    also: Iterable[FeatureConfig] = (),
    beside: Collection[Path] = (),
    reasons: Mapping[str, str] = _NO_REASONS,
    on_clip: Callable[[], None] = lambda: None,
    on_recording: OnRecording = lambda _entry, _recording: None,
) -> StudyClips:
    """Pair the clips of all conditions, and leave out those without usable features.

    The features of all are kept under `root`, and so are those of `also`, without which a clip may be usable;
    what the folders of `beside` have of the same recordings is taken from there.
    Each recording is read once for all of them, and given to `on_recording`. `reasons` are as in `paired`. A
    person of whom one clip is left is left out: nothing could be compared with it.

    Raises
    ------
    CorpusError
        If nothing is left, or the sets do not fit together.
    """
    pairs, dropped = paired(sets, reasons)
    entries = [
        replace(entry, clip=f"{name}/{entry.clip}")
        for name, of_condition in pairs.items()
        for entry in of_condition.entries
    ]
    recordings = RecordingSet(root, tuple(entries))
    needed = tuple(features)
    every = tuple(dict.fromkeys(each.of_clips for each in (*needed, *also)))
    stored_features(recordings, every, beside=beside, on_clip=on_clip, on_recording=on_recording)
    lost = {
        failure.clip: failure.reason
        for config in needed
        for failure in load_windows(recordings, config).failures
    }
    unusable = [
        DroppedClip(clip=bare_id(clip), condition=condition_of(clip), reason=reason)
        for clip, reason in sorted(lost.items())
    ]
    first, one = next(iter(pairs.items()))
    bad = {each.clip for each in unusable}
    usable = [entry for entry in one.entries if entry.clip not in bad]
    of_person = Counter(entry.subject for entry in usable)
    unusable += [
        DroppedClip(clip=entry.clip, condition=first, reason=f"the only usable clip of {entry.subject}")
        for entry in usable
        if of_person[entry.subject] < 2
    ]
    used = {entry.clip for entry in usable if of_person[entry.subject] >= 2}
    if not used:
        raise CorpusError(f"no person has two usable clips, e.g. {unusable[0].clip}: {unusable[0].reason}")
    left = tuple(entry for entry in entries if bare_id(entry.clip) in used)
    return StudyClips(replace(recordings, entries=left), tuple(pairs), (*dropped, *unusable))


def bare_sets(sets: RecordingsOf, clips: StudyClips) -> dict[ConditionName, RecordingSet]:
    """The clips of a study under their own ids, in the folders of each condition."""
    used = {bare_id(entry.clip) for entry in clips.recordings.entries}
    return {name: _only(recordings, used) for name, recordings in sets.items()}


def _only(recordings: RecordingSet, clips: set[str]) -> RecordingSet:
    return replace(recordings, entries=tuple(entry for entry in recordings.entries if entry.clip in clips))


def _why_missing(clip: str, recordings: RecordingSet, reasons: Mapping[str, str]) -> str:
    listed = (*read_failures(recordings.root), *recordings.failures)
    known_reasons = {**reasons} | {failure.clip: failure.reason for failure in listed}
    return known_reasons.get(clip, _NOT_EXPLAINED)


def avatar_remarks_of(clips: StudyClips) -> tuple[str, ...]:
    """Remarks on the avatars under every condition of a study."""
    remarks = (avatar_remarks(clips.under(condition).entries) for condition in clips.conditions)
    return tuple(remark for each in remarks for remark in each)
