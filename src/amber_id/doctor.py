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
from amber_id.tracking import TRACKERS, TrackerKind, find_cached_model


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where nothing is to be done."""

    what: str
    state: str
    remedy: str = ""


def examine() -> tuple[Finding, ...]:
    """Look at Python, the extras, the system's libraries, OpenGL, the model bundle, the trackers and the GPU.

    An environment of a tracker that has one of its own is for tracking alone: no more than that is looked at.
    """
    apart = [kind for kind in TRACKERS.values() if kind.environment]
    for kind in apart:
        if _is_here(kind):
            return _examine_environment_of(kind)
    libraries = dict(
        library for kind in TRACKERS.values() if not kind.environment for library in kind.libraries.items()
    )
    elsewhere = [Finding(kind.title, f"not in this environment; {kind.environment}") for kind in apart]
    return (_python(), *_extras(), *_graphics(libraries), _drawing(), _model(), *elsewhere, _gpu())


def _is_here(kind: TrackerKind) -> bool:
    try:
        kind.find(None)
    except MissingDependencyError:
        return False
    return True


def _examine_environment_of(kind: TrackerKind) -> tuple[Finding, ...]:
    here = f"mediapipe {version('mediapipe')}; amber track ... --tracker {kind.name}"
    model = _model()
    bundle = Finding(model.what, f"{model.state}; {kind.title} brings its own models and needs none")
    return (_python(), Finding(kind.title, here), *_graphics(kind.libraries), bundle)


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", platform.python_version(), "" if ok else "use Python 3.11, 3.12 or 3.13")


def _extras() -> list[Finding]:
    findings = []
    for extra, packages in EXTRAS.items():
        present, missing = [], []
        for package in packages.values():
            try:
                present.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                missing.append(package)
        remedy = f"pip install 'amber-id[{extra}]'" if missing else ""
        packages_of_it = ", ".join(present + [f"no {package}" for package in missing])
        findings.append(Finding(f"extra `{extra}`", packages_of_it, remedy))
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
