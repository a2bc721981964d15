"""A lock is held by one program at a time, tells who holds it, and ends with its holder."""

import errno
import fcntl
import logging
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amber_id import locks
from amber_id.errors import AmberError
from amber_id.locks import hold_lock

HOLDER = """
import sys, time
from pathlib import Path
from amber_id.locks import hold_lock
with hold_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
COUNTER = """
import sys
from pathlib import Path
from amber_id.locks import hold_lock
lock, number = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(10):
    with hold_lock(lock):
        number.write_text(str(int(number.read_text()) + 1))
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


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


@pytest.mark.parametrize("content", ["", "process 4711 on another, since long ago\n"])
def test_a_file_that_was_left_behind_blocks_nobody_and_goes(tmp_path, content):
    """Empty ones are those of earlier versions."""
    (tmp_path / "lock").write_text(content)
    began = time.monotonic()
    with hold_lock(tmp_path / "lock"):
        assert time.monotonic() - began < 1
    assert list(tmp_path.iterdir()) == []


def test_a_killed_holder_is_not_waited_for(tmp_path):
    with holder(tmp_path / "lock") as process:
        process.kill()
        process.wait()
        assert (tmp_path / "lock").exists()
        began = time.monotonic()
        with hold_lock(tmp_path / "lock"):
            assert time.monotonic() - began < 1
    assert list(tmp_path.iterdir()) == []


def test_who_is_waited_for_is_said_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(locks, "_SAID_AFTER_S", 0.1)
    with holder(tmp_path / "lock") as process, ThreadPoolExecutor(1) as pool:

        def work() -> None:
            with hold_lock(tmp_path / "lock"):
                pass

        waiting = pool.submit(work)
        time.sleep(0.5)
        assert not waiting.done()
        process.kill()
        waiting.result(timeout=5)
    (said,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert said.startswith(
        f"{tmp_path}/lock: waiting for process {process.pid} on {socket.gethostname()}, since 20"
    )
    assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$", said)


def test_many_that_wait_for_a_killed_holder_come_one_by_one(tmp_path):
    lock, number = tmp_path / "lock", tmp_path / "number"
    number.write_text("0")
    with holder(lock) as killed:
        others = [subprocess.Popen([sys.executable, "-c", COUNTER, lock, number]) for _ in range(4)]
        time.sleep(0.5)
        killed.kill()
    assert [other.wait(timeout=60) for other in others] == [0, 0, 0, 0]
    assert number.read_text() == "40"
    assert list(tmp_path.iterdir()) == [number]


def test_without_locks_of_the_file_system_the_file_itself_is_the_lock(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(UserWarning, match="flock not supported"), hold_lock(tmp_path / "lock"):
        assert str(os.getpid()) in (tmp_path / "lock").read_text()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_machine_removes_is_made_anew(tmp_path, monkeypatch):
    plain = fcntl.flock
    stale = [OSError(errno.ESTALE, os.strerror(errno.ESTALE))]

    def flock(file: int, how: int) -> None:
        if stale:
            raise stale.pop()
        plain(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with hold_lock(tmp_path / "lock"):
        assert not stale


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AmberError, match="lock: cannot be made"), hold_lock(tmp_path / "file" / "lock"):
        pytest.fail("got in")
