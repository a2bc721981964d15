"""Under which split was a run trained, so that its test people are tested and nobody else?

Conventions
-----------
A run keeps the split that it was trained under, ``split.csv`` in its folder; runs of a study have it in the
study's folder, too. A split is known by its hash, which stands in every checkpoint. Nothing is written here:
recordings that had no split have none afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amber_id.attackers import load_checkpoint
from amber_id.protocols import SPLIT_FILE, Split, SplitConfig, divide_recordings, find_split, read_split
from amber_id.recordings import RecordingSet
from amber_id.training.run_folder import find_checkpoints

_FOLDERS_ABOVE = 3  # of a checkpoint, in which its split is looked for: fold, run, runs, study


@dataclass(frozen=True)
class FoundSplit:
    """A split, the file that it is in, None where it was made, and the recordings of its people."""

    split: Split
    path: Path | None
    recordings: RecordingSet


def split_of_run(run: Path, recordings: RecordingSet) -> FoundSplit:
    """The split that a run, or one checkpoint, was trained under.

    It is looked for beside the recordings, then with the run. Where it is in neither place the split beside
    the recordings is taken, as for an attacker that was trained elsewhere, or else the default one.

    Raises
    ------
    FileFormatError
        If a split or a checkpoint cannot be read.
    SplitError
        If the split beside the recordings has no partition for somebody, or they are too few for a split.
    """
    wanted = load_checkpoint(find_checkpoints(run)[0])[0].split_sha256
    beside = recordings.root / SPLIT_FILE
    for path in (beside, *_with_run(run)):
        if not path.is_file():
            continue
        split = read_split(path)
        if split.content_hash() == wanted:
            people = set(split.folds[0]) & set(recordings.subjects)
            return FoundSplit(split, path, recordings.select(people))
    if beside.exists():
        return FoundSplit(find_split(recordings)[0], beside, recordings)
    return FoundSplit(divide_recordings(recordings, SplitConfig()).split, None, recordings)


def _with_run(run: Path) -> Iterator[Path]:
    """Where a run's split may be: in its folder, or in that of its study."""
    folder = run.absolute()
    for place in (folder, *folder.parents[:_FOLDERS_ABOVE]):
        yield place / SPLIT_FILE
        yield from sorted(place.glob(f"splits/*/{SPLIT_FILE}"))
