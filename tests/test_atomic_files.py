"""A file appears whole or not at all, and a lock is held by one program at a time."""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amber_id import atomic_files
from amber_id.atomic_files import hold_lock, write_atomically, write_text_atomically
from amber_id.errors import AmberError


def test_writes_new_and_old_files_and_missing_folders(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.bin"]  # noqa: PTH208


def test_text_is_utf8_with_its_line_ends(tmp_path):
    write_text_atomically(tmp_path / "t.csv", "ä\r\nb\n")
    assert (tmp_path / "t.csv").read_bytes() == b"\xc3\xa4\r\nb\n"


def test_permissions_follow_the_umask(tmp_path):
    previous = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"x")
    finally:
        os.umask(previous)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_the_longest_allowed_name_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "no space left to write 3 bytes"),
        (errno.EDQUOT, "no space left to write 3 bytes"),
        (errno.EROFS, "cannot be written (Read-only file system)"),
    ],
)
def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path, monkeypatch, step, code, message):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((os, "fsync", fail) if step == "fsync" else (Path, "replace", fail)))
    with pytest.raises(AmberError) as caught:
        write_atomically(path, b"new")
    assert str(caught.value).startswith(f"{path}: {message}")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.bin"]


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file.bin", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_a_folder_or_below_a_file_is_one_line(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "folder", tmp_path / "file" / "x"):
        with pytest.raises(AmberError, match="cannot be written") as caught:
            write_atomically(path, b"x")
        assert "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    inside = 0
    most = 0

    def work(_: int) -> None:
        nonlocal inside, most
        with hold_lock(tmp_path / "new" / "lock"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert most == 1
    assert list((tmp_path / "new").iterdir()) == []


def test_a_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyError), hold_lock(tmp_path / "lock"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_left_behind_is_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_files, "_ABANDONED_AFTER_S", 0.2)
    (tmp_path / "lock").touch()
    began = time.monotonic()
    with hold_lock(tmp_path / "lock"):
        assert time.monotonic() - began >= 0.2
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AmberError, match="lock: cannot be made"), hold_lock(tmp_path / "file" / "lock"):
        pytest.fail("got in")
