"""Which division of its people does a study keep to? One, from its beginning to its end."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from amber_id.audit.study.clips import StudyClips
from amber_id.errors import FileFormatError, SplitError, UsageError
from amber_id.motion.pairs import bare_id
from amber_id.protocols import (
    SPLIT_FILE,
    Split,
    SplitConfig,
    divide_recordings,
    protocol_of,
    read_split,
    refuse_other_config,
    save_division,
)
from amber_id.recordings import RecordingSet


def begun_with(folder: Path, config: SplitConfig) -> Split | None:
    """The split that a study's folder has already; raises SplitError if another configuration made it."""
    path = folder / SPLIT_FILE
    if not path.exists():
        return None
    split = read_split(path)
    refuse_other_config(folder, split, config)
    return split


def study_split(clips: StudyClips, folder: Path, config: SplitConfig) -> Split:
    """The split in a study's folder, or one that is made there.

    Raises
    ------
    UsageError
        If there is one of other people.
    SplitError
        If there is one by another configuration, or there are too few people for a new one.
    """
    return split_of(manifest_of(clips), folder, config)


def split_of(one: RecordingSet, folder: Path, config: SplitConfig) -> Split:
    """The split in a folder, of the clips of one condition under their own ids; as `study_split`."""
    split = begun_with(folder, config)
    if split is None:
        division = divide_recordings(one, config)
        save_division(division, one, config, folder)
        split = division.split
    people = set(one.subjects)
    if people != set(split.folds[0]):
        odd = sorted(people ^ set(split.folds[0]))
        raise UsageError(
            f"{folder / SPLIT_FILE}: expected a split of these {len(people)} people, {', '.join(odd[:5])} "
            "differ; the study was begun with other clips: use another --out"
        )
    return split


def splits_not_used(folders: Iterable[Path], split: Split) -> tuple[str, ...]:
    """Other splits beside recordings in `folders`, in whole sentences: a study has one of its own."""
    remarks = []
    for folder in folders:
        path = folder / SPLIT_FILE
        if not path.exists():
            continue
        try:
            other = read_split(path)
            if other.content_hash() == split.content_hash():
                continue
            protocol = protocol_of(folder, other)
            made = "made by hand" if protocol is None else f"protocol {protocol}"
        except (FileFormatError, SplitError) as error:
            made = f"not readable: {error}"
        remarks.append(
            f"{SPLIT_FILE} beside the recordings in {folder.name} ({made}) was not used: a study divides its "
            "people itself, by --protocol and --folds, or by a split.csv in its own folder."
        )
    return tuple(remarks)


def manifest_of(clips: StudyClips) -> RecordingSet:
    """The clips of one condition under their own ids: of each condition they are the same."""
    one = clips.under(clips.conditions[0])
    return replace(one, entries=tuple(replace(entry, clip=bare_id(entry.clip)) for entry in one.entries))
