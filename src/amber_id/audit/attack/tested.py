"""What does a trained attacker make of the clips of people it has never seen?

All pairs of test clips are compared once by the cosine of their vectors. With k folds each attacker meets
only the test people of its own fold; the comparisons of all folds are pooled, so that every person is
tested once. Where several attackers are held against each other they are given the same clips, and the dev
people of each fold are embedded as well, since what is chosen is chosen on those.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from amber_id.attackers import Attacker, CheckpointHeader, load_attacker, load_checkpoint
from amber_id.biometrics import (
    Comparisons,
    CountedPairs,
    SubjectFigures,
    cohort_statistics,
    compare_across,
    compare_all,
    s_norm,
)
from amber_id.embeddings import embed_clips
from amber_id.errors import EvaluationError, SplitError, UsageError
from amber_id.file_formats import file_hash
from amber_id.motion import load_windows
from amber_id.protocols import Split, labelled, partition_of, sessions_kept_apart
from amber_id.recordings import Failure, RecordingEntry, RecordingSet, read_header
from amber_id.results import SubjectResult
from amber_id.synthetic import SYNTHETIC_TRACKER
from amber_id.training import find_checkpoints, refuse_overlap

_CLIPS_IN_COHORT = 10  # of each train person, at most


@dataclass(frozen=True)
class EmbeddedClips:
    """The clips of some people as one attacker saw them; clips without features are in `failures`."""

    entries: tuple[RecordingEntry, ...]
    vectors: Float[np.ndarray, "N D"]
    windows: Int[np.ndarray, " N"]  # of each clip
    failures: tuple[Failure, ...]
    enrolled: Float[np.ndarray, "N D"] | None = None  # the same clips as they were enrolled, if not as these
    session_of: Mapping[str, str] | None = None  # by clip, where mated comparisons count across sessions only
    utterance_of: Mapping[str, str] | None = None  # by clip, where only different utterances are compared

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose clips these are, sorted."""
        return tuple(sorted({entry.subject for entry in self.entries}))

    def compared(self, subjects: tuple[str, ...]) -> Comparisons:
        """All pairs of clips; people are positions in `subjects`."""
        number = {subject: i for i, subject in enumerate(subjects)}
        who = np.array([number[entry.subject] for entry in self.entries])
        clips = [entry.clip for entry in self.entries]
        if self.enrolled is None:
            comparisons = compare_all(self.vectors, who)
        else:
            comparisons, clips = compare_across(self.enrolled, self.vectors, who), clips * 2
        return CountedPairs(self.utterance_of, self.session_of).of(comparisons, clips)

    def against(self, cohort: "EmbeddedClips", comparisons: Comparisons) -> Comparisons:
        """Comparisons of these clips as `compared` gives them, normalised by their scores with a cohort.

        Raises
        ------
        EvaluationError
            If the cohort is too small, or tells nothing about a clip.
        """
        vectors = self.vectors if self.enrolled is None else np.concatenate([self.enrolled, self.vectors])
        return s_norm(comparisons, *cohort_statistics(vectors, cohort.vectors))

    def only(self, clips: Collection[str]) -> "EmbeddedClips":
        """Those of the clips that are named."""
        places = [i for i, entry in enumerate(self.entries) if entry.clip in clips]
        return replace(
            self,
            entries=tuple(self.entries[i] for i in places),
            vectors=self.vectors[places],
            windows=self.windows[places],
            enrolled=None if self.enrolled is None else self.enrolled[places],
        )


@dataclass(frozen=True)
class TestedFold:
    """One fold's attacker, and what it made of the people it was not trained on."""

    checkpoint: Path
    header: CheckpointHeader
    test: EmbeddedClips
    dev: EmbeddedClips | None  # None where there is nothing to choose
    cohort: EmbeddedClips | None = None  # a few clips of each train person, to normalise scores with


@dataclass(frozen=True)
class Tested:
    """One attacker in all folds of a study."""

    folds: tuple[TestedFold, ...]
    left_out: tuple[str, ...] | None = None  # test clips of unknown utterance; None where all are compared

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The test people of all folds, sorted."""
        return tuple(sorted({subject for fold in self.folds for subject in fold.test.subjects}))

    @property
    def across_sessions(self) -> bool:
        """Whether mated comparisons count only across sessions."""
        return self.folds[0].test.session_of is not None

    @property
    def unknown_utterances(self) -> int | None:
        """How many test clips are left out for want of an utterance; None where all are compared."""
        return None if self.left_out is None else len(self.left_out)

    @property
    def entries(self) -> tuple[RecordingEntry, ...]:
        """The test clips of all folds, one fold after the other."""
        return tuple(entry for fold in self.folds for entry in fold.test.entries)

    @cached_property
    def comparisons(self) -> tuple[Comparisons, ...]:
        """The test comparisons of each fold; people are positions in `subjects`."""
        return tuple(fold.test.compared(self.subjects) for fold in self.folds)


def embed_people(
    runs: tuple[Path, ...],
    recordings: RecordingSet,
    split: Split,
    *,
    device: str = "auto",
    on_clip: Callable[[], None] | None = None,
    with_dev: bool = False,
    utterance_of: Mapping[str, str] | None = None,
) -> tuple[Tested, ...]:
    """Embed the clips of the test people of each run's folds.

    With several runs, or `with_dev`, those of the dev people too.

    Several runs are left with the clips that all of them could use. With `utterance_of`, by the id of the
    clip, only different utterances are compared, and clips that are not there are left out.

    Raises
    ------
    SplitError
        If a test subject was trained or chosen on, the runs were not trained under one split, or nobody has
        several sessions where these are asked for.
    UsageError
        If the runs cannot be held against each other for another reason.
    EvaluationError
        If the point sets differ, or nobody in test has a usable clip.
    """
    checkpoints = [find_checkpoints(run) for run in runs]
    with_dev = with_dev or len(runs) > 1
    if len(runs) > 1:
        _refuse_unlike(runs, checkpoints)
    sessions = sessions_kept_apart(recordings, split)
    tested = tuple(
        Tested(
            tuple(
                _tested_fold(
                    path, recordings, split, sessions, with_dev=with_dev, device=device, on_clip=on_clip
                )
                for path in paths
            )
        )
        for paths in checkpoints
    )
    if with_dev:
        tested = _on_common_clips(tested)
    return tested if utterance_of is None else tuple(_of_known(each, utterance_of) for each in tested)


def _of_known(tested: Tested, utterance_of: Mapping[str, str]) -> Tested:
    """An attacker with the clips of which it is known what they say."""

    def known(clips: EmbeddedClips) -> EmbeddedClips:
        return replace(clips.only(utterance_of.keys()), utterance_of=utterance_of)

    folds = tuple(
        replace(fold, test=known(fold.test), dev=None if fold.dev is None else known(fold.dev))
        for fold in tested.folds
    )
    lost = tuple(entry.clip for entry in tested.entries if entry.clip not in utterance_of)
    return replace(tested, folds=folds, left_out=lost)


def subject_results(tested: Tested, people: tuple[SubjectFigures, ...]) -> tuple[SubjectResult, ...]:
    """Every test subject's figures, sorted by subject."""
    rows = []
    for figures in people:
        subject = tested.subjects[figures.subject]
        # With permuted labels a subject's clips may lie in several folders, but in one fold always.
        fold = next(fold for fold in tested.folds if subject in fold.test.subjects)
        entries = [entry for entry in fold.test.entries if entry.subject == subject]
        row = SubjectResult(
            subject=subject,
            source=entries[0].source,
            fold=fold.header.fold,
            clips=len(entries),
            mean_mated=figures.mated_mean,
            mean_nonmated=figures.nonmated_mean,
            eer=figures.eer,
        )
        rows.append(row)
    return tuple(rows)


def trackers_of(entries: Sequence[RecordingEntry]) -> tuple[tuple[str, ...], bool]:
    """What made these recordings, sorted, and whether all their people are synthetic."""
    headers = [read_header(entry.path) for entry in entries]
    names = {f"{h.tracker} {h.tracker_version}, model {h.model_sha256[:12]}" for h in headers}
    return tuple(sorted(names)), all(h.tracker == SYNTHETIC_TRACKER for h in headers)


def _refuse_unlike(runs: tuple[Path, ...], checkpoints: list[tuple[Path, ...]]) -> None:
    """Refuse runs whose people, or whose labels, are not those of the first, and one that comes twice."""
    hashes = [tuple(map(file_hash, paths)) for paths in checkpoints]
    for i, run in enumerate(runs):
        if hashes[i] in hashes[:i]:
            raise UsageError(
                f"--with {run}: the same checkpoints are already being tested; name a different run"
            )
    headers = [tuple(load_checkpoint(path)[0] for path in paths) for paths in checkpoints]
    first = headers[0][0]
    for run, others in zip(runs[1:], headers[1:], strict=True):
        expected, came = (
            [(header.split_sha256[:12], header.fold, header.folds) for header in each]
            for each in (headers[0], others)
        )
        if came != expected:
            raise SplitError(
                f"--with {run}: expected {_as_text(expected)}, as {runs[0]} has, got {_as_text(came)}; "
                "train both under one split"
            )
        if others[0].control != first.control:
            expected_control, control = (each.control or "people's own labels" for each in (first, others[0]))
            raise UsageError(
                f"--with {run}: expected {expected_control}, as {runs[0]} was trained with, got {control}"
            )
        # The seed of the training shuffles the labels.
        if first.control is not None and others[0].seed != first.seed:
            raise UsageError(
                f"--with {run}: expected labels permuted by seed {first.seed}, as those of {runs[0]}, "
                f"got seed {others[0].seed}"
            )


def _as_text(folds: list[tuple[str, int, int]]) -> str:
    split, _, of = folds[0]
    return f"split {split}..., fold {', '.join(str(fold) for _, fold, _ in folds)} of {of}"


def _tested_fold(
    path: Path,
    recordings: RecordingSet,
    split: Split,
    session_of: Mapping[str, str] | None,
    *,
    with_dev: bool,
    device: str,
    on_clip: Callable[[], None] | None,
) -> TestedFold:
    header, attacker = load_attacker(path, device)
    if header.folds != len(split.folds):
        raise SplitError(
            f"{path}: trained under a split of {header.folds} folds, "
            f"the recordings have one of {len(split.folds)}"
        )
    header.check_point_set(recordings.entries[0].point_set, str(recordings.root))
    relabelled = labelled(recordings, header.control, seed=header.seed)
    test = partition_of(relabelled, split, "test", header.fold)
    known = header.train_subjects + header.dev_subjects
    refuse_overlap(known, test.subjects, f"{path}: trained or chosen on people of test")
    dev = partition_of(relabelled, split, "dev", header.fold) if with_dev else None
    if dev is not None:
        refuse_overlap(header.train_subjects, dev.subjects, f"{path}: trained on people of dev")
    return TestedFold(
        path,
        header,
        _embedded(attacker, header, test, session_of, on_clip),
        None if dev is None else _embedded(attacker, header, dev, session_of, on_clip),
        None if dev is None else _cohort(attacker, header, relabelled, split),
    )


def _cohort(
    attacker: Attacker, header: CheckpointHeader, recordings: RecordingSet, split: Split
) -> EmbeddedClips:
    """Some clips of each train person, spread evenly over those that there are."""
    train = partition_of(recordings, split, "train", header.fold)
    of_subject: dict[str, list[RecordingEntry]] = defaultdict(list)
    for entry in train.entries:
        of_subject[entry.subject].append(entry)
    entries = [
        entry for own in of_subject.values() for entry in own[:: math.ceil(len(own) / _CLIPS_IN_COHORT)]
    ]
    return _embedded(attacker, header, replace(train, entries=tuple(entries)), None, None)


def _embedded(
    attacker: Attacker,
    header: CheckpointHeader,
    people: RecordingSet,
    session_of: Mapping[str, str] | None,
    on_clip: Callable[[], None] | None,
) -> EmbeddedClips:
    windows = load_windows(people, header.features, on_clip=on_clip)
    return EmbeddedClips(
        entries=windows.entries,
        vectors=embed_clips(attacker, windows),
        windows=np.bincount(windows.clip, minlength=len(windows.entries)),
        failures=windows.failures,
        session_of=session_of,
    )


def _on_common_clips(tested: tuple[Tested, ...]) -> tuple[Tested, ...]:
    """Leave each attacker, in each fold, with the clips that every attacker could use."""
    folds = []
    for same_fold in zip(*(attacker.folds for attacker in tested), strict=True):
        test = _common([fold.test for fold in same_fold], "test", same_fold[0].header.fold)
        dev = _common([fold.dev for fold in same_fold if fold.dev], "dev", same_fold[0].header.fold)
        folds.append([
            replace(fold, test=own_test, dev=own_dev)
            for fold, own_test, own_dev in zip(same_fold, test, dev, strict=True)
        ])  # fmt: skip
    return tuple(Tested(tuple(of_attacker)) for of_attacker in zip(*folds, strict=True))


def _common(clips: list[EmbeddedClips], partition: str, fold: int) -> list[EmbeddedClips]:
    shared = set.intersection(*({entry.clip for entry in each.entries} for each in clips))
    if not shared:
        raise EvaluationError(
            f"fold {fold}: expected clips of {partition} people that every attacker can use, got none"
        )
    return [each.only(shared) for each in clips]
