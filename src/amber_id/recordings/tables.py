"""The tables beside the recordings: what was acquired, and what was not, and why.

Conventions
-----------
``recordings.csv`` is an index for people, written from the tree and never read back.
``failures.csv`` has one row per clip that could not be acquired, so that none goes missing in silence.
``warnings.csv``, in the same columns, has one row per clip that was acquired but not whole.
All are sorted by clip, in UTF-8, with one heading line.
"""

from collections.abc import Iterable
from dataclasses import asdict, astuple, fields
from pathlib import Path

from amber_id.file_formats import read_table, write_table
from amber_id.recordings.recording_set import Failure, RecordingEntry, scan_recordings

_FAILURE_COLUMNS = [f.name for f in fields(Failure)]


def write_index(folder: Path) -> Path:
    """Write ``recordings.csv`` from the tree under `folder`, sorted by clip, and return its path."""
    left_out = {"point_set", "frames_with_several_faces", "face_switches"}
    left_out |= {"video_sha256", "picture_hash", "avatar"}
    columns = [f.name for f in fields(RecordingEntry) if f.name not in left_out]
    rows = []
    for entry, header in scan_recordings(folder).rows:
        values = asdict(entry) | {"path": entry.path.relative_to(folder).as_posix()}
        rows.append([*(values[name] for name in columns), header.tracker, header.model_sha256])
    path = folder / "recordings.csv"
    write_table(path, [*columns, "tracker", "model_sha256"], rows)
    return path


def write_failures(folder: Path, failures: Iterable[Failure], name: str = "failures.csv") -> Path:
    """Write the table of failures, sorted by clip; without any it is its heading. Returns its path."""
    rows = sorted(astuple(failure) for failure in failures)
    path = folder / name
    write_table(path, _FAILURE_COLUMNS, rows)
    return path


def failed_clips(folders: Iterable[Path]) -> dict[str, str]:
    """The clips that the tables of failures in `folders` name, and why; raises as `read_failures` does."""
    return {failure.clip: failure.reason for folder in folders for failure in read_failures(folder)}


def read_failures(folder: Path, name: str = "failures.csv") -> tuple[Failure, ...]:
    """Read the table of failures, sorted by clip; empty if there is none.

    Raises
    ------
    FileFormatError
        If the table has other columns or a row is cut off.
    """
    path = folder / name
    if not path.exists():
        return ()
    return tuple(sorted((Failure(*row) for row in read_table(path, _FAILURE_COLUMNS)), key=astuple))
