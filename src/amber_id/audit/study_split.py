"""Which division of its people does a study keep to? One, from its beginning to its end."""

from dataclasses import replace
from pathlib import Path

from amber_id.audit.conditions import StudyClips, bare_id
from amber_id.errors import UsageError
from amber_id.protocols import (
    SPLIT_FILE,
    Split,
    SplitConfig,
    divide_recordings,
    read_split,
    refuse_other_config,
    save_division,
)
from amber_id.recordings import RecordingSet


def study_split(clips: StudyClips, folder: Path, config: SplitConfig) -> Split:
    """The split in a study's folder, or one that is made there.

    Raises
    ------
    UsageError
        If there is one of other people, or one across sessions.
    SplitError
        If there is one by another configuration, or there are too few people for a new one.
    """
    path = folder / SPLIT_FILE
    if not path.exists():
        one = manifest_of(clips)
        save_division(divide_recordings(one, config), one, config, folder)
    split = read_split(path)
    refuse_other_config(folder, split, config)
    if split.across_sessions:
        raise UsageError(
            f"{path}: expected a split under which all mated comparisons count, got one across sessions; for "
            "these use amber train and amber evaluate"
        )
    people = set(clips.recordings.subjects)
    if people != set(split.folds[0]):
        odd = sorted(people ^ set(split.folds[0]))
        raise UsageError(
            f"{path}: expected a split of these {len(people)} people, {', '.join(odd[:5])} differ; the study "
            "was begun with other clips: use another --out"
        )
    return split


def manifest_of(clips: StudyClips) -> RecordingSet:
    """The clips of one condition under their own ids: of each condition they are the same."""
    one = clips.under(clips.conditions[0])
    return replace(one, entries=tuple(replace(entry, clip=bare_id(entry.clip)) for entry in one.entries))
