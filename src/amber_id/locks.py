"""How do several programs keep out of each other's way in one folder?

Conventions
-----------
Locks are the operating system's, through `filelock`: a program that ends gives its locks back, also where it
is killed, so none has to be waited out. A lock file says who holds it, and its holder removes it as the last
thing under the lock. What a killed program, or an earlier version of this one, left of it blocks nobody.

Between machines this holds where the file system passes locks on, as NFS 4 and NFS 3 with a lock service do.
Where it has none at all (Lustre without ``-o flock``), `filelock` goes by the existence of the file: a lock
that a killed program left is then found to be so on the same machine only; on another, delete the file.
"""

import contextlib
import errno
import logging
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout, lock_descriptor

from amber_id.errors import AmberError
from amber_id.quoting import one_line

_POLL_S = 0.05
_SAID_AFTER_S = 2.0
_LONGEST_HOLDER = 200  # bytes

_logger = logging.getLogger("amber_id")


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Wait until no other program holds the lock file `path`, and hold it; also between machines.

    For steps that read, change and write a file that several programs write to. Who is waited for is said
    after 2 s, as a warning of the logger ``amber_id``, which the command line prints.

    Raises
    ------
    AmberError
        If the lock file cannot be made.
    """
    lock = FileLock(path, poll_interval=_POLL_S)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, path)
    except OSError as error:
        raise AmberError(f"{path}: cannot be made ({error.strerror or error})") from error
    by_existence = isinstance(lock, SoftFileLock)  # it keeps a record of its own in the file
    try:
        if not by_existence:
            _say_who(path)
        yield
    finally:
        # Before it is given back: who waits for the file that is gone sees that, and makes it anew.
        if not by_existence:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: BaseFileLock, path: Path) -> None:
    timeout = _SAID_AFTER_S
    while not lock.is_locked:
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            _logger.warning("%s: waiting for %s", path, _who(path))
            timeout = -1
        except OSError as error:
            if error.errno != errno.ESTALE:  # another machine removed the file meanwhile
                raise


def _say_who(path: Path) -> None:
    """Write into the lock file who holds it; a courtesy, which a full disk must not hinder."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with contextlib.suppress(OSError):
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}, since {since}\n", "utf-8")


def _who(path: Path) -> str:
    """Who holds a lock file, as it says itself."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        if holder := file.read(_LONGEST_HOLDER).decode("utf-8", "replace").strip():
            return one_line(holder)
    return "another program"


def try_lock(file: int) -> bool | None:
    """Try for the lock of an open file that others may write, and keep it until the file is closed.

    Returns
    -------
    True if it is held now, False if it was held already, None where such files cannot be locked.
    """
    if os.name != "posix":  # there a lock keeps everybody from the file, also who holds it
        return None
    try:
        return lock_descriptor(file, blocking=False)
    except OSError:
        return None
