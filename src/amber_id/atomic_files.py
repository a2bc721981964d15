"""How does a file appear whole or not at all, and what becomes of what was cut short?

Conventions
-----------
The bytes go to a temporary file in the same folder, reach the disk, and only then take the final name. So a
reader never sees half a file, and a run that is killed leaves the previous version as it was.
Missing parent folders are made. Text is UTF-8, its line ends are kept as given.

A temporary file, ``.amber-<random>.tmp``, is locked by the process that writes it, and the operating system
gives the lock back when that process ends, however it ends. So one that nobody has locked was left behind:
it is removed as soon as a process writes its first file into the same folder, or looks for it. Where the file
system has no locks, it is taken to be left behind after a day.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from amber_id.errors import AmberError
from amber_id.locks import try_lock

_FULL = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = ".amber-*.tmp"
_FOLDER = ".folder"  # the suffix of a folder that belongs to a temporary file
# Where nothing can be locked, a temporary file this old belongs to nobody: a video takes minutes.
_FORGOTTEN_AFTER_S = 24 * 3600.0

_MOST_LOST = 9

_cleared: set[Path] = set()  # folders in which this process has looked for what was left behind


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written; the file at `path` is then as it was before.
    """
    with appears_whole(path, size=f"{len(data):,} bytes") as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def appears_whole(path: Path, *, size: str = "it") -> Iterator[Path]:
    """Give out the name of a temporary file to be written in the block; at its end it becomes `path`.

    If the block raises, the file at `path` is as it was before. `size` is what a full disk says was lacking.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written, also by what the block does.
    """
    with _naming(path, size), _temporary_in(path.parent) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all; raises as `write_atomically` does."""
    write_atomically(path, text.encode("utf-8"))


def check_writable(folder: Path) -> None:
    """Find out before long work whether something can be written into a folder, which need not be there yet.

    Raises
    ------
    AmberError
        If not.
    """
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    with _naming(folder, "anything"):
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with _temporary_in(there):
            pass


def remove_abandoned(folder: Path) -> None:
    """Delete what killed programs left behind in `folder`; what another process is at stays."""
    for path in folder.glob(_TEMPORARY):
        with contextlib.suppress(OSError):  # another program may be faster, or it may belong to somebody else
            _remove_unless_held(path)


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` for the length of the block; after a kill it is removed as temporary files are.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written, also by what the block does.
    """
    with _naming(parent, "a folder for temporary files"), _temporary_in(parent) as temporary:
        folder = temporary.with_suffix(_FOLDER)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _naming(path: Path, size: str) -> Iterator[None]:
    """Turn what the system refuses into one line about `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = f"{path}: no space left to write {size}; free some space and run again"
        else:
            message = f"{path}: cannot be written ({error.strerror or error})"
        raise AmberError(message) from error


@contextlib.contextmanager
def _temporary_in(folder: Path) -> Iterator[Path]:
    """An empty file that this process holds for the length of the block; raises OSError."""
    if folder not in _cleared:
        _cleared.add(folder)
        remove_abandoned(folder)
    path, file = _new_in(folder)
    try:
        yield path
    finally:
        # Gone after a success; what is left after a failure or an interrupt must not stay.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(file)


def _new_in(folder: Path) -> tuple[Path, int]:
    lost = 0
    while True:
        # A short name of its own: names may have 255 bytes at most, and two processes may write here at once.
        path = folder / f".amber-{secrets.token_hex(8)}.tmp"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError:  # another process took the folder away, as it was empty
            lost += 1
            if lost == _MOST_LOST:
                raise
            continue
        if try_lock(file) is not False and os.fstat(file).st_nlink:
            return path, file
        os.close(file)  # another process took the file for abandoned before it was locked


def _remove_unless_held(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        old = time.time() - os.fstat(file).st_mtime > _FORGOTTEN_AFTER_S
        locked = try_lock(file)
        if locked or (locked is None and old):
            shutil.rmtree(path.with_suffix(_FOLDER), ignore_errors=True)
            path.unlink()
    finally:
        os.close(file)
