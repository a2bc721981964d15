"""Did an outside program that may hang for ever do its work, and if not, why?

Conventions
-----------
The program and all that it starts are one process group, which is killed in every case: RAVAS leaves
processes behind even when all went well. What it prints goes to a file, and that file is watched.
RAVAS waits for ever when its renderer or another of its processes fails. So the line that says so ends the
try, and so does a time without any growth of the files that it writes.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amber_id.errors import AmberError

_POLL_S = 0.1
_RENDERER_FAILED = re.compile(r"ERROR for open gl renderer *(.*)")
# An exception ends one process and the others wait for it, also the first one for those that it started.
_PROCESS_FAILED = re.compile(r"^Traceback \(most recent call last\):", re.MULTILINE)
# One that fails while all others end as they should is no harm; these seconds tell.
_ENDING_S = 3.0
_LONGEST_CAUSE = 200
# More than any program prints between two looks.
_TAIL_BYTES = 1 << 16


class TryFailedError(Exception):
    """One try came to nothing; its text is a clause that says why. `final` if another would end alike."""

    def __init__(self, cause: str, *, final: bool = False) -> None:
        super().__init__(cause)
        self.final = final


@dataclass(frozen=True)
class Watch:
    """What is watched: `log` gets all that is printed, `grows` is the folder that gets the program's files.

    A try ends after `timeout_s`, or after `stalled_s` in which no file in `grows` grew.
    """

    log: Path
    grows: Path
    timeout_s: float
    stalled_s: float


def run_watched(command: Sequence[str], env: Mapping[str, str], cwd: Path, watch: Watch) -> None:
    """Run a program to its end; nothing of it is left when this returns or raises.

    Raises
    ------
    TryFailedError
        If it cannot be started, hangs, says that it has failed, or ends with another code than 0.
    AmberError
        If the log cannot be written.
    """
    try:
        watch.log.parent.mkdir(parents=True, exist_ok=True)
        log = watch.log.open("wb")
    except OSError as error:
        raise AmberError(f"{watch.log}: cannot be written ({error.strerror or error})") from error
    with log:
        try:
            # The pipe is never written to: it ends when this process does, however that comes.
            process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise TryFailedError(f"it cannot be started ({error.strerror or error})", final=True) from error
        with process:
            try:
                _watch(process, watch)
            finally:
                # The first process still stands as a zombie, so the group's number is nobody else's.
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        raise TryFailedError(f"it ended with code {process.returncode}: {_last_line(watch.log)}")


def _watch(process: "subprocess.Popen[bytes]", watch: Watch) -> None:
    """Return when the process has ended; raise TryFailedError when it should not be waited for."""
    began = grew = time.monotonic()
    size, failing_since = 0, None
    while not _has_ended(process.pid):
        time.sleep(_POLL_S)
        now = time.monotonic()
        printed = _printed(watch.log)
        if failure := _RENDERER_FAILED.search(printed):
            raise TryFailedError(f"its renderer failed: {_short(failure[1]) or 'it did not say why'}")
        if failing_since is None and _PROCESS_FAILED.search(printed):
            failing_since = now
        if failing_since is not None and now - failing_since > _ENDING_S:
            raise TryFailedError(f"a process of it failed: {_exception_in(printed)}")
        if (now_size := _size_of(watch.grows)) > size:
            size, grew = now_size, now
        if now - grew > watch.stalled_s:
            raise TryFailedError(f"it hung: nothing new in {watch.stalled_s:g} s; {_last_line(watch.log)}")
        if now - began > watch.timeout_s:
            raise TryFailedError(
                f"it was not done after {watch.timeout_s:g} s; allow more with --ravas-timeout", final=True
            )


def _has_ended(pid: int) -> bool:
    """Whether our child has ended; it stays a zombie, so that its group can still be killed by its number."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _printed(log: Path) -> str:
    """The end of what was printed."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")


def _last_line(log: Path) -> str:
    lines = [line for line in _printed(log).splitlines() if line.strip()]
    return f"its last line is {_short(lines[-1])!r}" if lines else "it printed nothing"


def _exception_in(printed: str) -> str:
    """The line of the last traceback that names the exception."""
    after = printed.rpartition("Traceback (most recent call last):")[2].splitlines()
    named = (line for line in after if line and not line.startswith(" "))
    return _short(next(named, "it did not say why"))


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST_CAUSE else f"{text[:_LONGEST_CAUSE]}..."


def _size_of(folder: Path) -> int:
    size = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # deleted just now
                size += Path(inside, name).stat().st_size
    return size
