"""The tables beside the recordings: what was acquired, and what was not, and why.

Conventions
-----------
``recordings.csv`` is an index for people, written from the tree and never read back.
``failures.csv`` has one row per clip that could not be acquired, so that none goes missing in silence.
``warnings.csv``, in the same columns, has one row per clip that was acquired but not whole.
All are sorted by clip, in UTF-8, with one heading line.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import FileFormatError
from amber_id.recordings.recording_set import RecordingEntry, scan_recordings


@dataclass(frozen=True)
class Failure:
    """A clip that could not be acquired: at which stage (e.g. ``track``), and why, in one clause."""

    clip: str
    subject: str
    stage: str
    reason: str


def write_index(folder: Path) -> Path:
    """Write ``recordings.csv`` from the tree under `folder`, sorted by clip, and return its path."""
    columns = [f.name for f in fields(RecordingEntry) if f.name != "point_set"]
    rows = []
    for entry, header in scan_recordings(folder):
        values = asdict(entry) | {"path": entry.path.relative_to(folder).as_posix()}
        rows.append([*(values[name] for name in columns), header.tracker, header.model_sha256])
    path = folder / "recordings.csv"
    write_text_atomically(path, _csv([*columns, "tracker", "model_sha256"], rows))
    return path


def write_failures(folder: Path, failures: Iterable[Failure], name: str = "failures.csv") -> Path:
    """Write the table of failures, sorted by clip; without any it is its heading. Returns its path."""
    rows = sorted(astuple(failure) for failure in failures)
    path = folder / name
    write_text_atomically(path, _csv([f.name for f in fields(Failure)], rows))
    return path


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
    columns = [f.name for f in fields(Failure)]
    try:
        head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")) or [[]]
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise FileFormatError(path, f"expected a table in UTF-8, got something else ({error})") from error
    if head != columns or any(len(row) != len(columns) for row in rows):
        raise FileFormatError(path, f"expected the columns {','.join(columns)} in every row; delete the file")
    return tuple(sorted((Failure(*row) for row in rows), key=astuple))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
