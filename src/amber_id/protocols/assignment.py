"""Which recordings are trained on, chosen on, tested, under a split or under permuted labels?"""

from dataclasses import replace
from typing import Literal

import numpy as np

from amber_id.errors import SplitError
from amber_id.protocols.protocol import SplitConfig, divide
from amber_id.protocols.record import save_division
from amber_id.protocols.rules import Division
from amber_id.protocols.sessions import sessions_of_subjects
from amber_id.protocols.split import SPLIT_FILE, Partition, Split, read_split
from amber_id.recordings import RecordingSet

Control = Literal["permuted-labels"]


def source_of_subjects(recordings: RecordingSet) -> dict[str, str]:
    """The source of each subject."""
    return {entry.subject: entry.source for entry in recordings.entries}


def divide_recordings(recordings: RecordingSet, config: SplitConfig) -> Division:
    """Divide the people of recordings; sessions are those of ``corpus.csv`` beside them.

    Raises
    ------
    SplitError
        If there are too few people for it, or the protocol does not know one.
    FileFormatError
        If sessions are asked for, and ``corpus.csv`` does not fit.
    """
    sessions = sessions_of_subjects(recordings) if config.protocol == "cross-session" else None
    return divide(source_of_subjects(recordings), config, sessions_of=sessions)


def find_split(recordings: RecordingSet) -> tuple[Split, bool]:
    """The split beside the recordings, and whether it had to be made, with the defaults.

    Raises
    ------
    SplitError
        If a subject has recordings but no partition, or there are too few people for the default split.
    """
    path = recordings.root / SPLIT_FILE
    if not path.exists():
        config = SplitConfig()
        division = divide_recordings(recordings, config)
        save_division(division, recordings, config, recordings.root)
        return division.split, True
    split = read_split(path)
    missing = sorted(set(recordings.subjects) - split.folds[0].keys())
    if missing:
        raise SplitError(f"{path}: no partition for {', '.join(missing)}; run amber split {recordings.root}")
    return split, False


def partition_of(recordings: RecordingSet, split: Split, partition: Partition, fold: int) -> RecordingSet:
    """The recordings of one partition of one fold; subjects of the split without a recording are passed over.

    Failures are kept also of people of whom no recording can be read.

    Raises
    ------
    SplitError
        If nobody of the partition has a recording.
    """
    wanted = set(split.subjects(partition, fold))
    present = wanted & set(recordings.subjects)
    if not present:
        raise SplitError(f"{recordings.root}: nobody in {partition} of fold {fold} has a recording")
    failures = tuple(failure for failure in recordings.failures if failure.subject in wanted)
    return replace(recordings.select(present), failures=failures)


def labelled(recordings: RecordingSet, control: Control | None, *, seed: int) -> RecordingSet:
    """The recordings with their own labels, or with those of a control.

    ``permuted-labels`` permutes the subjects over all clips, so that nothing can leak, not even the source;
    every label keeps its number of clips.
    """
    if control is None:
        return recordings
    rng = np.random.default_rng([seed, 2])
    entries = recordings.entries
    order = rng.permutation(len(entries))
    return recordings.with_subjects(
        {entry.clip: entries[i].subject for entry, i in zip(entries, order, strict=True)}
    )
