"""What is a file that a command does not take, and which command takes it?

Conventions
-----------
A file is known by its suffix, a table by its heading, an archive of arrays by their names; nothing else of it
is read, and nothing is unpickled. What is said is one clause that follows the file's name.
"""

import os
import re
import zipfile
from collections.abc import Iterator, Set
from itertools import islice
from pathlib import Path, PurePosixPath

from amber_id.errors import FileFormatError
from amber_id.reading import reading

ARCHIVE_SUFFIXES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip", ".zst"})

_PICKLES = frozenset({".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
_TABLES = frozenset({".csv", ".tsv", ".txt"})
_SKELETONS = frozenset({".bvh", ".c3d", ".fbx"})
# Of files that may hold what was seen of a face; arrays and recordings have readers of their own.
OTHER_SUFFIXES = ARCHIVE_SUFFIXES | _PICKLES | _SKELETONS | _TABLES

_HEADING_BYTES = 100_000
_LOOKED_AT = 2000
_NAMED_AT_MOST = 3  # files in a message

_TRACK = "track the videos instead: amber track VIDEOS RECORDINGS"
_OPENFACE = (
    "is OpenFace's; its 68 points are other points than MediaPipe's, joined otherwise, so nothing here can "
    "compare them; run: amber track VIDEOS RECORDINGS"
)
_PY_FEAT = (
    "is a table of py-feat; its 68 points are other points than MediaPipe's, and its action units are no "
    f"landmarks, so nothing here takes it; {_TRACK}"
)
_LIVE_LINK = (
    "is a table of Live Link Face: blendshapes and angles of the head, without landmarks, so nothing here "
    "takes it; track the videos that the app keeps beside it: amber track VIDEOS RECORDINGS"
)
_BLENDSHAPES = f"is a table of ARKit's blendshapes, without landmarks, so nothing here takes it; {_TRACK}"
_FLAME = (
    "holds FLAME's coefficients, which are no landmarks, so nothing here takes it; save MediaPipe's 468 "
    f"points on the posed model as an array landmarks, or {_TRACK}"
)
_PICKLE = (
    "is a pickle, such as PyTorch's, which may run code and is not read; save its landmarks as .npy or .npz, "
    "which are taken by: amber corpus landmarks"
)
_ARCHIVE = "is an archive; unpack it, or give its folder to the command of its corpus: amber corpus --help"
_LANDMARKS = "holds NumPy arrays; landmarks are taken by: amber corpus landmarks"
_RECORDING = "is a recording already, or a file like it; its folder is taken by: amber split"
_MOTION = f"is a skeleton's motion, without landmarks of the face, so nothing here takes it; {_TRACK}"

_AU = re.compile(r"au\d\d(_[rc])?")
_ARKIT = frozenset({"eyeblinkleft", "eyeblinkright", "jawopen", "mouthfunnel", "mouthpucker", "browinnerup"})
_FLAME_ARRAYS = frozenset({"exp", "expcode", "expression", "expression_params", "flame", "flame_params"})


def what_it_is(path: Path) -> str:
    """What a file is and what takes it, or nothing where that is not known; it need not be readable."""
    suffix = path.suffix.lower()
    if suffix in _TABLES:
        return _table(_heading(path))
    if suffix == ".npz":
        return _FLAME if _array_names(path) & _FLAME_ARRAYS else _LANDMARKS
    if suffix in ARCHIVE_SUFFIXES:
        return _ARCHIVE
    if suffix in _PICKLES:
        return _PICKLE
    if suffix in _SKELETONS:
        return _MOTION
    return {".npy": _LANDMARKS, ".safetensors": _RECORDING}.get(suffix, "")


def hint_of_others(root: Path) -> str:
    """What the files of each known kind in a folder are, after a semicolon each; nothing where none is known.

    The first of each kind stands for all; at most so many files are looked at.
    """
    kinds: dict[str, Path] = {}
    for path in islice(_files_below(root), _LOOKED_AT):
        if known := what_it_is(path):
            kinds.setdefault(known, path)
    return "".join(
        f"; {path.relative_to(root)} {known}" for known, path in list(kinds.items())[:_NAMED_AT_MOST]
    )


def _files_below(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _table(heading: Set[str]) -> str:
    if "blendshapecount" in heading:
        return _LIVE_LINK
    units = {name for name in heading if _AU.fullmatch(name)}
    if {"facerectx", "facescore"} & heading:
        return _PY_FEAT
    if {"confidence", "success"} <= heading or any(name.endswith(("_r", "_c")) for name in units):
        return _OPENFACE
    return _BLENDSHAPES if len(heading & _ARKIT) >= len(_ARKIT) // 2 else ""


def _heading(path: Path) -> Set[str]:
    """The cells of the first line in small letters; none where it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            line = file.readline(_HEADING_BYTES)
    except OSError:
        return frozenset()
    return {cell.strip().strip('"').lower() for cell in re.split("[,;\t]", line)}


def _array_names(path: Path) -> Set[str]:
    try:
        with reading(path, "an archive"), zipfile.ZipFile(path) as file:
            return {PurePosixPath(name).stem.lower() for name in file.namelist()}
    except FileFormatError:
        return frozenset()
