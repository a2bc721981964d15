"""How often were the test people looked at?

Every look at the test people is a chance to choose what suits. ``test_openings.csv`` beside the recordings
numbers the attackers that were tested under a split; testing the same checkpoints again is the same
opening.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from amber_id.file_formats import read_table, write_table

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
    rows = read_table(path, _COLUMNS) if path.exists() else []
    key = [split, hashlib.sha256(",".join(checkpoints).encode()).hexdigest()]
    same_split = [row[:2] for row in rows if row[0] == split]
    if key in same_split:
        return same_split.index(key) + 1
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    write_table(path, _COLUMNS, [*rows, [*key, attacker, opened]])
    return len(same_split) + 1
