"""A file appears whole or not at all, and what was cut short is removed when nobody is at it any more."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amber_id import atomic_files
from amber_id.atomic_files import (
    appears_whole,
    remove_abandoned,
    scratch_folder,
    write_atomically,
    write_text_atomically,
)
from amber_id.errors import AmberError

WRITER = """
import sys, time
from pathlib import Path
from amber_id.atomic_files import appears_whole, scratch_folder
with appears_whole(Path(sys.argv[1], "video.mp4")) as temporary, scratch_folder(Path(sys.argv[1])) as folder:
    temporary.write_bytes(b"half a face")
    (folder / "frame.png").write_bytes(b"a face")
    print("under way", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that writes a file and a folder in `tmp_path`, and does not come to an end."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        yield process
        process.kill()


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


def test_what_another_process_writes_is_left_alone(tmp_path, writer):
    under_way = sorted(tmp_path.iterdir())
    assert [path.suffix for path in under_way if path.is_file()] == [".tmp", ".tmp"]
    remove_abandoned(tmp_path)
    write_atomically(tmp_path / "file", b"x")
    with scratch_folder(tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([*under_way, tmp_path / "file"])


@pytest.mark.parametrize(
    "begin",
    [remove_abandoned, lambda folder: write_atomically(folder / "file", b"x")],
    ids=["looking for it", "writing there"],
)
def test_what_a_killed_process_wrote_is_removed_at_once(
    tmp_path: Path, writer: "subprocess.Popen[str]", begin: Callable[[Path], None]
) -> None:
    writer.kill()
    writer.wait()
    assert len(list(tmp_path.iterdir())) == 3
    begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "file"] == []


def test_what_this_process_writes_is_left_alone(tmp_path):
    with appears_whole(tmp_path / "one") as temporary, scratch_folder(tmp_path) as folder:
        temporary.write_bytes(b"one")
        (folder / "part").touch()
        remove_abandoned(tmp_path)
        write_atomically(tmp_path / "two", b"two")
        assert (folder / "part").exists()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"one", "two": b"two"}


def test_one_that_is_taken_for_abandoned_before_it_is_locked_is_begun_anew(tmp_path, monkeypatch):
    begun = []

    def swept(file: int) -> bool:
        begun.append(file)
        if len(begun) == 1:
            next(tmp_path.glob(".amber-*.tmp")).unlink()
        return len(begun) != 2

    monkeypatch.setattr(atomic_files, "try_lock", swept)
    write_atomically(tmp_path / "file", b"x")
    assert len(begun) == 3
    assert (tmp_path / "file").read_bytes() == b"x"


def test_where_nothing_can_be_locked_a_day_has_to_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_files, "try_lock", lambda _: None)
    for name, hours in (("old", 25), ("new", 23)):
        path = tmp_path / f".amber-{name}.tmp"
        path.touch()
        then = time.time() - hours * 3600
        os.utime(path, (then, then))
    write_atomically(tmp_path / "file", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".amber-new.tmp", "file"]
