"""How often the test people were looked at, also by several programs at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amber_id.audit.attack import openings
from amber_id.audit.attack.openings import OPENINGS_FILE, record_opening
from amber_id.file_formats import write_table


def opened(root: Path, number: int) -> int:
    return record_opening(root, split="s" * 64, checkpoints=(f"{number}",), attacker="moments")


def test_those_who_test_at_once_are_all_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(path: Path, *table: object) -> None:
        time.sleep(0.05)
        write_table(path, *table)

    monkeypatch.setattr(openings, "write_table", slowly)
    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(lambda number: opened(tmp_path, number), range(4)))
    assert numbers == [1, 2, 3, 4]
    assert [path.name for path in tmp_path.iterdir()] == [OPENINGS_FILE]


def test_the_same_checkpoints_are_the_same_opening(tmp_path: Path) -> None:
    assert [opened(tmp_path, number) for number in (7, 8, 7)] == [1, 2, 1]
