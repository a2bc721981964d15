"""How often were the test people looked at?

Every look at the test people is a chance to choose what suits. ``test_openings.csv`` beside the recordings
numbers the attackers that were tested under a split; testing the same checkpoints again is the same
opening.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from amber_id.file_formats import read_table, write_table
from amber_id.locks import hold_lock

OPENINGS_FILE = "test_openings.csv"
_LOCK = ".amber-openings.lock"
_COLUMNS = ["split_sha256", "checkpoints_sha256", "attacker", "opened"]


def record_opening(root: Path, *, split: str, checkpoints: tuple[str, ...], attacker: str) -> int:
    """The number of this opening of the test people, from one; written down if it is new.

    `split` and `checkpoints` are SHA-256 hashes.

    Raises
    ------
    AmberError
        If it is new and cannot be written down.
    FileFormatError
        If the table is not one of ours.
    """
    path = root / OPENINGS_FILE
    key = [split, hashlib.sha256(",".join(checkpoints).encode()).hexdigest()]
    known = _openings(path, split)
    if key not in known:
        with hold_lock(root / _LOCK):  # or two that test at once would be counted as one
            known = _openings(path, split)
            if key not in known:
                opened = datetime.now(UTC).isoformat(timespec="seconds")
                write_table(path, _COLUMNS, [*_rows(path), [*key, attacker, opened]])
                known.append(key)
    return known.index(key) + 1


def _openings(path: Path, split: str) -> list[list[str]]:
    """What the openings of a split are known by, in their order."""
    return [row[:2] for row in _rows(path) if row[0] == split]


def _rows(path: Path) -> list[list[str]]:
    return read_table(path, _COLUMNS) if path.exists() else []
