"""Is there a RAVAS that can run here, and an avatar that it can draw?

Conventions
-----------
All is asked before the first clip, since RAVAS itself would hang or end in silence over most of it.
RAVAS draws one mesh of one part, with a picture, a skin, named shapes and the three bones that it turns; from
other files it draws a part, or nothing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from amber_id.avatarize.avatar import BONE_NAMES
from amber_id.avatarize.glb.arrays import Glb
from amber_id.avatarize.glb.read import read_avatar
from amber_id.avatarize.glb.scene_tree import BENT_BACK
from amber_id.avatarize.glb.write import GENERATOR
from amber_id.avatarize.ravas.run import LAUNCHER, RavasSetup
from amber_id.errors import AmberError, MissingDependencyError, UsageError
from amber_id.file_formats import file_hash
from amber_id.no_telemetry import quiet_environment

_LONGEST_START_S = 120.0
_LONGEST_ANSWER = 100
_PACKAGE = "stream_processing"
_ATTRIBUTES = ("NORMAL", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0")
# Three floats: RAVAS takes a stride that is not written down for no rows at all.
_STRIDE = 12


def find_ravas(
    folder: Path,
    python: Path | None,
    avatar: Path,
    *,
    timeout_s: float = 600.0,
    egl: bool = True,
    tries: int = 3,
) -> RavasSetup:
    """Check what RAVAS needs, and give back where it is.

    `folder` is its checkout, or the folder ``ravas`` inside; `python` the one that has its packages. Without
    `egl` RAVAS opens the display that DISPLAY names.

    Raises
    ------
    AmberError
        If this is not Linux, `folder` holds no RAVAS, `python` does not run, or there is no display.
    AvatarError
        If `avatar` cannot be read or has a form that RAVAS does not draw.
    MissingDependencyError
        If `python` lacks packages, or pygltflib is not installed.
    UsageError
        If `python` is None.
    """
    if sys.platform != "linux":
        raise AmberError(f"RAVAS is run on Linux only, not on {sys.platform}; leave out --engine ravas")
    if timeout_s <= 0 or tries < 1:
        raise UsageError(f"RAVAS needs a time and a try at least, got {timeout_s:g} s and {tries} tries")
    if not egl and not os.environ.get("DISPLAY"):
        raise AmberError("RAVAS without EGL needs an X server: set DISPLAY, e.g. to that of an Xvfb")
    root = _root(folder)
    runs, versions = _python(python, root)
    check_avatar(avatar)
    return RavasSetup(
        root=root,
        python=runs,
        avatar=avatar.absolute(),
        timeout_s=timeout_s,
        egl=egl,
        tries=tries,
        version=_version(root),
        missing_shapes=read_avatar(avatar).avatar.missing,
        versions=versions,
    )


def check_avatar(path: Path) -> None:
    """Refuse a GLB that RAVAS would not draw, with what it lacks; raises AvatarError."""
    glb = Glb(path)
    try:
        lacking = next(_lacking(glb), None)
        colored = lacking is None and _has_colors(glb)
    except (AttributeError, LookupError, TypeError) as error:
        raise glb.fault(f"its structure is not glTF's ({type(error).__name__}: {error})") from error
    if lacking is not None:
        raise glb.fault(f"RAVAS cannot draw it: {lacking}; run: amber avatar merge {path} --out merged.glb")
    if colored:
        raise glb.fault("RAVAS does not draw its vertices' own colours; bake them into its picture")


def _root(folder: Path) -> Path:
    for root in (folder, folder / "ravas"):
        if (root / "stream_processing" / "main.py").is_file():
            return root.absolute()
    raise AmberError(f"--ravas {folder}: expected a checkout of RAVAS, found no stream_processing/main.py")


def _python(python: Path | None, root: Path) -> tuple[Path, dict[str, str]]:
    """Where that Python is, and versions in it; links stay, for a virtual environment is found by them."""
    if python is None:
        raise UsageError("--ravas needs --ravas-python, the Python that has RAVAS' packages")
    executable = shutil.which(python)
    if executable is None:
        raise AmberError(f"--ravas-python {python}: expected a program, found none")
    command = [executable, "-I", str(LAUNCHER), str(root), "--check"]
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_LONGEST_START_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=quiet_environment(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AmberError(f"--ravas-python {python}: does not run ({error})") from error
    if ran.returncode != 0:
        last_line = (ran.stderr.strip() or ran.stdout.strip() or "it printed nothing").splitlines()[-1]
        raise AmberError(f"--ravas-python {python}: is no Python that runs RAVAS ({last_line})")
    answer = _answer(ran.stdout)
    if answer is None:
        raise AmberError(
            f"--ravas-python {python}: is no Python that runs RAVAS (asked for its packages, it printed "
            f"{ran.stdout.strip()[:_LONGEST_ANSWER] or 'nothing'})"
        )
    if answer.missing:
        raise MissingDependencyError(
            f"RAVAS' packages are not all there; run: {executable} -m pip install {' '.join(answer.missing)}"
        )
    return Path(executable).absolute(), answer.versions


class _Answer(BaseModel):
    """What the launcher prints when it is asked."""

    model_config = ConfigDict(extra="forbid")

    missing: list[str]
    versions: dict[str, str]


def _answer(output: str) -> _Answer | None:
    """The launcher's answer; None if the output holds none."""
    try:
        return _Answer.model_validate_json(output)
    except ValidationError:
        return None


def _version(root: Path) -> str:
    """The commit of the checkout, and a hash of its files where these are not those of a commit."""
    commit = _git(root, "rev-parse", "--show-toplevel", "HEAD")
    if len(commit) != 2 or Path(commit[0]) not in (root.resolve(), root.resolve().parent):
        return _files_hash(root)  # git knows nothing of it, or only a repository around it
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", str(root / _PACKAGE))
    return f"{commit[1]}, changed: {_files_hash(root)}" if changed else commit[1]


def _git(root: Path, *arguments: str) -> list[str]:
    """The lines that git prints, none if it fails."""
    try:
        ran = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    return ran.stdout.splitlines() if ran.returncode == 0 else []


def _files_hash(root: Path) -> str:
    """Hash of all files in RAVAS' package except what Python compiled."""
    package, hashes = root / _PACKAGE, hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            hashes.update(f"{path.relative_to(package).as_posix()} {file_hash(path)}\n".encode())
    return f"files {hashes.hexdigest()[:16]}"


def _lacking(glb: Glb) -> Iterator[str]:
    """What keeps RAVAS from drawing it, the gravest first."""
    file = glb.structure
    parts = sum(len(mesh.primitives) for mesh in file.meshes)
    if len(file.meshes) != 1 or parts != 1:
        yield f"it has {len(file.meshes)} meshes of {parts} parts, not one of one"
        return
    mesh, part = file.meshes[0], file.meshes[0].primitives[0]
    names = (mesh.extras or {}).get("targetNames") or []
    if not part.targets or len(names) != len(part.targets):
        yield f"it has {len(part.targets or [])} shapes and {len(names)} names in the mesh's targetNames"
    if absent := [name for name in _ATTRIBUTES if getattr(part.attributes, name) is None]:
        yield f"its mesh has no {', '.join(absent)}"
    if absent := [bone for bone in BONE_NAMES if bone not in {node.name for node in file.nodes}]:
        yield f"it has no bone called {', '.join(absent)}"
    if any(n.name == "Neck" and BENT_BACK not in (n.extras or {}) for n in file.nodes) and _is_ours(file):
        yield "it was merged by an older version, so that RAVAS would have it look down"
    if not file.skins:
        yield "it has no skin"
    if not _has_picture(glb, part):
        yield "its material has no picture"
    if any(_stride(glb, target) != _STRIDE for target in part.targets or []):
        yield f"its shapes' data have no byteStride of {_STRIDE}"


def _is_ours(file: Any) -> bool:
    return file.asset is not None and file.asset.generator == GENERATOR


def _has_colors(glb: Glb) -> bool:
    accessor = glb.structure.meshes[0].primitives[0].attributes.COLOR_0
    if accessor is None:
        return False
    return bool(
        np.any(glb.floats(accessor, 3 if glb.entry("accessors", accessor).type == "VEC3" else 4) != 1)
    )


def _has_picture(glb: Glb, part: Any) -> bool:
    if part.material is None:
        return False
    surface = glb.entry("materials", part.material).pbrMetallicRoughness
    return surface is not None and surface.baseColorTexture is not None


def _stride(glb: Glb, target: dict[str, int]) -> int | None:
    accessor = glb.entry("accessors", target["POSITION"])
    return None if accessor.bufferView is None else glb.entry("bufferViews", accessor.bufferView).byteStride
