"""How a file appears whole or not at all, and how several programs share a folder.

Conventions
-----------
The bytes go to a temporary file in the same folder, reach the disk, and only then take the final name. So a
reader never sees half a file, and a run that is killed leaves the previous version as it was.
Missing parent folders are made. Text is UTF-8, its line ends are kept as given.
"""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from amber_id.errors import AmberError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_POLL_S = 0.05
# A lock this old was left behind by a program that was killed: what is done under it takes seconds.
_ABANDONED_AFTER_S = 120.0
# A temporary file this old belongs to nobody: a video takes minutes.
_FORGOTTEN_AFTER_S = 24 * 3600.0


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
    # A short name of its own: names may have 255 bytes at most, and two processes may write here at once.
    temporary = path.parent / f".amber-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno in _FULL:
            message = f"{path}: no space left to write {size}; free some space and run again"
        else:
            message = f"{path}: cannot be written ({error.strerror or error})"
        raise AmberError(message) from error
    finally:
        # Gone after a success; what is left after a failure or an interrupt must not stay.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all; raises as `write_atomically` does."""
    write_atomically(path, text.encode("utf-8"))


def remove_abandoned(folder: Path) -> None:
    """Delete temporary files in `folder` that a killed program left behind a day ago or earlier."""
    for path in folder.glob(".amber-*.tmp"):
        with contextlib.suppress(OSError):  # another program may be faster
            if time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER_S:
                path.unlink()


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Wait until no other program holds the lock file `path`, and hold it; also between machines.

    For steps that read, change and write a file that several programs write to. A lock that stays for two
    minutes was left behind and is taken over.

    Raises
    ------
    AmberError
        If the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        while not _make_lock(path):
            if time.monotonic() - began > _ABANDONED_AFTER_S:
                path.unlink(missing_ok=True)
            time.sleep(_POLL_S)
    except OSError as error:
        raise AmberError(f"{path}: cannot be made ({error.strerror or error})") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _make_lock(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
