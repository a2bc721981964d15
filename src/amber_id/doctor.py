"""What does this machine lack, and what exactly is to be done about it?"""

import ctypes
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from amber_id.avatarize import drawing_driver
from amber_id.errors import AmberError, MissingDependencyError
from amber_id.extras import EXTRAS
from amber_id.tracking import find_cached_model, find_face_mesh

# MediaPipe loads these even where it computes on the CPU.
_GRAPHICS = {"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
# The version with FaceMesh brings its own of these, but loads OpenCV, which needs others.
_FACEMESH_GRAPHICS = {"libGL.so.1": "libgl1", "libglib-2.0.so.0": "libglib2.0-0"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where nothing is to be done."""

    what: str
    found: str
    remedy: str = ""


def examine() -> tuple[Finding, ...]:
    """Look at Python, the extras, the graphics libraries, OpenGL, the model bundle and the GPU.

    An environment that has FaceMesh is for tracking alone: it is asked for no more than that.
    """
    try:
        find_face_mesh()
    except MissingDependencyError:
        elsewhere = "not in this environment; the thesis' tracker has one of its own (make facemesh)"
        return (
            *(_python(), *_extras(), *_graphics(_GRAPHICS), _drawing(), _model()),
            *(Finding("FaceMesh", elsewhere), _gpu()),
        )
    here = f"mediapipe {version('mediapipe')}; amber track ... --tracker facemesh"
    model = _model()
    bundle = Finding(model.what, f"{model.found}; FaceMesh brings its own models and needs none")
    return (_python(), Finding("FaceMesh", here), *_graphics(_FACEMESH_GRAPHICS), bundle)


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", platform.python_version(), "" if ok else "use Python 3.11, 3.12 or 3.13")


def _extras() -> list[Finding]:
    findings = []
    for extra, packages in EXTRAS.items():
        found, missing = [], []
        for package in packages.values():
            try:
                found.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                missing.append(package)
        remedy = f"pip install 'amber-id[{extra}]'" if missing else ""
        shown = ", ".join(found + [f"no {package}" for package in missing])
        findings.append(Finding(f"extra `{extra}`", shown, remedy))
    return findings


def _graphics(libraries: Mapping[str, str]) -> list[Finding]:
    if platform.system() != "Linux":
        return []
    findings = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
            findings.append(Finding(library, "there"))
        except OSError:
            findings.append(Finding(library, "missing", f"apt-get install {package}   (Debian, Ubuntu)"))
    return findings


def _drawing() -> Finding:
    try:
        return Finding("drawing avatars", drawing_driver())
    except MissingDependencyError as error:
        return Finding("drawing avatars", "not possible", str(error))


def _model() -> Finding:
    try:
        bundle = find_cached_model()
    except AmberError as error:
        return Finding("face landmarker", "not usable", str(error))
    if bundle is None:
        return Finding("face landmarker", "not here yet", "amber models fetch   (or name one with --model)")
    return Finding("face landmarker", f"{_short(bundle.path)}, SHA-256 {bundle.sha256[:12]}...")


def _gpu() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("GPU", "not looked for without torch")
    if not torch.cuda.is_available():
        return Finding("GPU", "none; training runs on the CPU")
    return Finding("GPU", torch.cuda.get_device_name(0))


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
