"""How often were the test people looked at?

Every look at the test people is a chance to choose what suits. ``test_openings.csv`` beside the recordings
numbers the attackers that were tested under a split; testing the same checkpoints again is the same
opening.
"""

import csv
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import FileFormatError

OPENINGS_FILE = "test_openings.csv"
_COLUMNS = ["split_sha256", "checkpoints_sha256", "attacker", "opened"]


def record_opening(root: Path, *, split: str, checkpoints: tuple[str, ...], attacker: str) -> int:
    """The number of this opening of the test people, from one; written down if it is new.

    `split` and `checkpoints` are SHA-256 hashes.

    Raises
    ------
    FileFormatError
        If the table is not one of ours.
    """
    path = root / OPENINGS_FILE
    rows = _read(path)
    key = [split, hashlib.sha256(",".join(checkpoints).encode()).hexdigest()]
    same_split = [row[:2] for row in rows if row[0] == split]
    if key in same_split:
        return same_split.index(key) + 1
    rows.append([*key, attacker, datetime.now(UTC).isoformat(timespec="seconds")])
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([_COLUMNS, *rows])
    write_text_atomically(path, buffer.getvalue())
    return len(same_split) + 1


def _read(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(path, f"cannot be read ({error})") from error
    if rows[:1] != [_COLUMNS] or any(len(row) != len(_COLUMNS) for row in rows):
        raise FileFormatError(path, f"expected the columns {', '.join(_COLUMNS)}")
    return rows[1:]
