"""What would call home, and what keeps it from that?

What runs on faces should not tell anybody that it runs. Of all packages in use three would, unless told:

- MediaPipe 1.x sends figures about its use to play.googleapis.com when a task is closed. There is no switch;
  its libcurl is shown a proxy of a kind that does not exist, which it refuses before it opens a connection or
  looks up a name. Version 0.10.21, which has FaceMesh, holds nothing of the sort.
- ONNX Runtime makes up a device id when it is imported, keeps events in ``~/.cache/Microsoft`` and looks up
  the host to send them to. ``ORT_DISABLE_TELEMETRY`` is read at its import alone.
- huggingface_hub tells, in each request that one asks it for, what else is installed.
  ``HF_HUB_DISABLE_TELEMETRY`` is read at its import. Nothing of it opens a connection by itself.

Conventions
-----------
The command line sets the variables for its own process, and so for all that it starts (`keep_quiet`). A
library leaves the environment of its user as it was: the variables are there while the package is imported
(`quiet_import`), the proxy while a task of MediaPipe lives (`mediapipe_kept_in`). A variable that the user
has set counts as it is. What AMBER-ID itself fetches, the face landmarker once, is asked for by name.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping

SWITCHES: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",  # what a package that comes later may heed
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""The environment variables that switch reports off."""

NO_PROXY_OF_ANY_KIND = "none://127.0.0.1:1"

_FOR_CURL = {"https_proxy": NO_PROXY_OF_ANY_KIND, "no_proxy": None, "NO_PROXY": None}  # None: not there

_changing = threading.Lock()
_living = 0  # tasks of MediaPipe


def keep_quiet() -> None:
    """Switch reports off in this process, which must be our own, and in what it starts."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Packages that are imported in the block find their reports switched off."""
    ours = [name for name in SWITCHES if name not in os.environ]
    keep_quiet()
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of somebody else that sees faces: reports off, and no way to libcurl."""
    known = {name: value for name, value in environment.items() if name not in _FOR_CURL}
    return {**SWITCHES, **known, "https_proxy": NO_PROXY_OF_ANY_KIND}


@contextlib.contextmanager
def mediapipe_kept_in() -> Iterator[None]:
    """While the block lasts, libcurl in this process gets nowhere; blocks may overlap in several threads.

    `os.environ`, which Python's own libraries go by, stays as it is: the variables change for what is written
    in C, and for processes that are started meanwhile without an environment of their own. After the last
    block they are what `os.environ` says.
    """
    global _living
    with _changing:
        _living += 1
        _show_curl_no_way()
    try:
        yield
    finally:
        with _changing:
            _living -= 1
            if not _living:
                _restore()


def _show_curl_no_way() -> None:
    for name, value in _FOR_CURL.items():
        _put(name, value)


def _restore() -> None:
    for name in _FOR_CURL:
        _put(name, os.environ.get(name))


def _put(name: str, value: str | None) -> None:
    """Set or remove a variable as programs in C see it."""
    if value is None:
        os.unsetenv(name)
    else:
        os.putenv(name, value)
