"""Starts RAVAS' video path inside its own Python; `run.py` runs this file, nothing imports it.

    python -I launcher.py ROOT --check            # as JSON: which packages are missing, and versions
    python -I launcher.py ROOT --run CONFIG       # one video; CONFIG is JSON, which is YAML too

Conventions
-----------
Only the standard library is imported here, for this Python has none of our packages.
ROOT is the folder that holds `stream_processing`. Its own entry point does nothing at commit ea999fe, and its
package of models imports every voice model, so a package without those takes its place here.
Standard input is a pipe that stays open as long as the caller lives: when it ends, RAVAS ends.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import signal
import sys
import threading
import types
from pathlib import Path
from typing import Any

# What RAVAS imports on the way from a video to an avatar, and what pip calls it.
_NEEDED = {
    "cv2": "opencv-python",
    "mediapipe": "mediapipe",
    "moderngl_window": "moderngl-window",
    "psutil": "psutil",
    "selenium": "selenium",
    "torch": "torch",
    "websocket_server": "websocket_server",
    "yaml": "pyyaml",
}
# Imported there, never used on this way; each needs a system library of its own.
_SPARED = ("pyaudio", "pyvirtualcam", "sounddevice")


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--egl", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(options.root))
    if options.check:
        missing = [pip for name, pip in _NEEDED.items() if importlib.util.find_spec(name) is None]
        sys.stdout.write(json.dumps({"missing": missing, "versions": _versions()}))
        return
    threading.Thread(target=_end_with_caller, daemon=True).start()
    _leave_out_voices(options.root)
    if options.egl:
        _draw_with_egl()
    main = importlib.import_module("stream_processing.main").main
    main(json.loads(options.run.read_text(encoding="utf-8")))


def _versions() -> dict[str, str]:
    """Python's, and those of the packages that pip knows."""
    versions = {"python": platform.python_version()}
    for pip in sorted(_NEEDED.values()):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[pip] = importlib.metadata.version(pip)
    return versions


def _end_with_caller() -> None:
    """Kill this process group once the caller is gone, however it went."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _leave_out_voices(root: Path) -> None:
    importlib.import_module("stream_processing")
    models = types.ModuleType("stream_processing.models")
    models.__path__ = [str(root / "stream_processing" / "models")]
    sys.modules[models.__name__] = models
    for name in _SPARED:
        sys.modules[name] = types.ModuleType(name)


def _draw_with_egl() -> None:
    """Open the window that is never seen by EGL, which needs no X server."""
    library: Any = importlib.import_module("moderngl_window")
    create = library.create_window_config_instance

    def create_with_egl(cls: Any, timer: Any = None, args: Any = ()) -> Any:
        return create(cls, timer, (*(args or ()), "--backend", "egl"))

    library.create_window_config_instance = create_with_egl


if __name__ == "__main__":
    _main()
