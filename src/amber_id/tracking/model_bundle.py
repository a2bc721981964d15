"""Which face landmarker is used, and where it comes from.

Conventions
-----------
The model is MediaPipe's official FaceLandmarker bundle (float16, version 1, Apache-2.0), a ``.task`` file.
It is looked for in this order: the file named, ``$AMBER_FACE_LANDMARKER``, the cache, Google's storage.
The cache is ``$AMBER_CACHE``, or else the user's cache folder. Whatever is used, its SHA-256 is in every
recording; a bundle other than the official one is used if it was named, and logged.
"""

import hashlib
import logging
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from amber_id.errors import FileFormatError, ModelBundleError
from amber_id.extras import from_extra
from amber_id.reading import reading

MODEL_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
    "face_landmarker.task"
)
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

_FILE_NAME = "face_landmarker.task"
_VARIABLE = "AMBER_FACE_LANDMARKER"
_LARGEST_BUNDLE = 1 << 28  # bytes, unpacked; the official one has 4 MB
_MEMBERS = {
    "face_detector.tflite",
    "face_landmarks_detector.tflite",
    "face_blendshapes.tflite",
    "geometry_pipeline_metadata_landmarks.binarypb",
}

_logger = logging.getLogger("amber_id")


@dataclass(frozen=True)
class ModelBundle:
    """A face landmarker file that has been checked, and the SHA-256 of its bytes as hexadecimal."""

    path: Path
    sha256: str


def find_model(explicit: Path | None = None) -> ModelBundle:
    """Find the face landmarker: `explicit`, else the environment's, else the cached one, else download it.

    Raises
    ------
    ModelBundleError
        If the file is missing or no face landmarker bundle, or cannot be downloaded.
    MissingDependencyError
        If it has to be downloaded and pooch is not installed.
    """
    if explicit is not None:
        return _check(explicit, "--model")
    return find_cached_model() or fetch_model()


def find_cached_model() -> ModelBundle | None:
    """The bundle that would be used without a download: the environment's, else the cached one, else None.

    Raises
    ------
    ModelBundleError
        If the environment names a file that is no face landmarker bundle.
    MissingDependencyError
        If pooch, which knows the cache folder, is not installed.
    """
    if named := os.environ.get(_VARIABLE):
        return _check(Path(named), f"${_VARIABLE}")
    path = cached_model_path()
    return _check(path, "the cache") if path.is_file() else None


def fetch_model() -> ModelBundle:
    """Return the official bundle from the cache, downloaded if it is not there or damaged.

    Raises
    ------
    ModelBundleError
        If it cannot be downloaded; the message says from where it can be had and where to put it.
    MissingDependencyError
        If pooch is not installed.
    """
    path = cached_model_path()
    if path.is_file() and _sha256(path) == MODEL_SHA256:
        return _check(path, "the cache")
    pooch = _import_pooch()
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(MODEL_URL, known_hash=f"sha256:{MODEL_SHA256}", fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:  # no network or no disk; a file with another hash
        reason = str(error).split("\n")[0]
        raise ModelBundleError(
            f"the face landmarker cannot be downloaded ({reason}); get it from {MODEL_URL} "
            f"and put it at {path}, or name it with --model"
        ) from error
    return _check(path, "the cache")


def cached_model_path() -> Path:
    """Where the official bundle is kept once it has been downloaded."""
    named = os.environ.get("AMBER_CACHE")
    folder = Path(named) if named else Path(_import_pooch().os_cache("amber-id"))
    return folder / _FILE_NAME


def _check(path: Path, origin: str) -> ModelBundle:
    wanted = f"{path} (from {origin}): expected a face landmarker bundle"
    if not path.is_file():
        raise ModelBundleError(f"{wanted}, got " + ("a folder" if path.is_dir() else "nothing there"))
    try:
        with reading(path, "a face landmarker bundle"):
            with zipfile.ZipFile(path) as bundle:
                missing = _MEMBERS - set(bundle.namelist())
                if sum(member.file_size for member in bundle.infolist()) > _LARGEST_BUNDLE:
                    raise ValueError("it unpacks to more than any bundle")
                damaged = bundle.testzip()
            sha256 = _sha256(path)
    except FileFormatError as error:
        raise ModelBundleError(f"{wanted}, got a file that is cut off or of another kind") from error
    if missing:
        raise ModelBundleError(f"{wanted}, got one without {', '.join(sorted(missing))}")
    if damaged:
        raise ModelBundleError(f"{wanted}, got one whose {damaged} is damaged; delete it and run again")
    if sha256 != MODEL_SHA256:
        _logger.warning("%s is not the official face landmarker: its SHA-256 is %s", path, sha256)
    return ModelBundle(path, sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _import_pooch() -> ModuleType:
    with from_extra("pooch", "video"):
        import pooch
    return pooch
