"""What MediaPipe's FaceLandmarker sees in one frame after another.

Conventions
-----------
MediaPipe's objects stop here: what leaves is NumPy, as `tracker.py` has it. It looks for several faces, since
MediaPipe smooths over time where it looks for a single one, with a lag that depends on the frame rate.

MediaPipe 1.x reports figures about its use to Google when a task is closed; `amber_id.no_telemetry` keeps it
from that.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.errors import MissingDependencyError, ModelBundleError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.no_telemetry import mediapipe_kept_in
from amber_id.recordings import PointSet
from amber_id.tracking.following import FaceChoice
from amber_id.tracking.model_bundle import ModelBundle, find_model
from amber_id.tracking.placement import SeenFace
from amber_id.tracking.tracker import MOST_FACES, TrackerKind, landmarks_of

_POINTS = 478
_DEBIAN_COMMAND = "apt-get install libegl1 libgles2 libgl1 libglib2.0-0"


_Own = TypeVar("_Own", bound="_Opened")


@dataclass(frozen=True)
class Landmarker:
    """MediaPipe's FaceLandmarker with the model of a bundle: a `Tracker`."""

    bundle: ModelBundle

    @property
    def name(self) -> str:
        """What recordings call it."""
        return "mediapipe FaceLandmarker"

    @property
    def version(self) -> str:
        """The version of MediaPipe; raises MissingDependencyError if it is not installed."""
        return tracker_version()

    @property
    def model_sha256(self) -> str:
        """The SHA-256 of the bundle."""
        return self.bundle.sha256

    @property
    def point_set(self) -> PointSet:
        """The face mesh and the irises."""
        return "face_landmarker_478"

    def follow(self, choice: FaceChoice | None = None) -> "FaceTracker":
        """A tracker for one clip, or for a part of its picture where `choice` chooses the face."""
        return FaceTracker(self.bundle.path, choice)

    def look(self) -> "PictureFinder":
        """A finder for single pictures."""
        return PictureFinder(self.bundle.path)


class _Opened:
    """MediaPipe's own object, which is closed at the end of a ``with`` block."""

    def __init__(self, model: Path, *, single_pictures: bool) -> None:
        self._mediapipe = import_mediapipe()
        self._landmarker, self._end = _face_landmarker(model, single_pictures=single_pictures)

    def __enter__(self: _Own) -> _Own:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()


class FaceTracker(_Opened):
    """Follows the faces of one clip, frame by frame; use it in a ``with`` block.

    Raises
    ------
    MissingDependencyError
        If MediaPipe or a graphics library that it needs is not installed.
    ModelBundleError
        If `model` cannot be loaded or does not give 478 points and the 52 known blendshapes.
    """

    def __init__(self, model: Path, choice: FaceChoice | None = None) -> None:
        super().__init__(model, single_pictures=False)
        self._model = model
        self._last_ms = -1
        self._choice = choice or FaceChoice()

    def see(self, rgb: UInt8[np.ndarray, "H W 3"], timestamp_s: float) -> SeenFace | None:
        """Find the followed face in the next frame, None if it is not there.

        `timestamp_s` must increase from frame to frame; MediaPipe takes it in whole milliseconds.
        """
        self._last_ms = max(self._last_ms + 1, round(timestamp_s * 1000))
        seen = self._landmarker.detect_for_video(_image(self._mediapipe, rgb), self._last_ms)
        faces = [landmarks_of(face) for face in seen.face_landmarks]
        before = self._choice.switches
        chosen = self._choice.choose(faces, rgb.shape[1], rgb.shape[0], timestamp_s)
        if chosen is None:
            return None
        shapes = seen.face_blendshapes[chosen]
        self._check(faces[chosen], tuple(shape.category_name for shape in shapes))
        return SeenFace(
            landmarks=faces[chosen],
            blendshapes=np.array([shape.score for shape in shapes], np.float32),
            pose=np.asarray(seen.facial_transformation_matrixes[chosen], np.float32),
            faces=len(faces),
            switched=self._choice.switches > before,
        )

    def _check(self, landmarks: np.ndarray, names: tuple[str, ...]) -> None:
        if len(landmarks) != _POINTS or names != BLENDSHAPE_NAMES:
            wanted = f"{_POINTS} points and MediaPipe's {len(BLENDSHAPE_NAMES)} blendshapes"
            got = f"{len(landmarks)} points and the blendshapes {', '.join(names)}"
            raise ModelBundleError(f"{self._model}: expected a model that gives {wanted}, got {got}")


class PictureFinder(_Opened):
    """Finds the faces in single pictures; use it in a ``with`` block. Raises as `FaceTracker` does."""

    def __init__(self, model: Path) -> None:
        super().__init__(model, single_pictures=True)

    def find(self, rgb: UInt8[np.ndarray, "H W 3"]) -> list[Float32[np.ndarray, "V 3"]]:
        """The landmarks of each face in a picture."""
        seen = self._landmarker.detect(_image(self._mediapipe, rgb))
        return [landmarks_of(face) for face in seen.face_landmarks]


def _face_landmarker(model: Path, *, single_pictures: bool) -> tuple[Any, ExitStack]:
    """MediaPipe's own object, and what closes it; nothing leaves the machine until that is done."""
    mediapipe = import_mediapipe()
    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=os.fspath(model)),
        running_mode=vision.RunningMode.IMAGE if single_pictures else vision.RunningMode.VIDEO,
        num_faces=MOST_FACES,
        output_face_blendshapes=not single_pictures,
        output_facial_transformation_matrixes=not single_pictures,
    )
    with ExitStack() as opened:
        opened.enter_context(mediapipe_kept_in())
        try:
            landmarker = vision.FaceLandmarker.create_from_options(options)
        except (FileNotFoundError, RuntimeError, ValueError) as error:
            cause = str(error).split("\n")[0]
            raise ModelBundleError(f"{model}: MediaPipe cannot load it ({cause})") from error
        except OSError as error:  # its shared library is only loaded now
            raise _missing_library(error) from error
        opened.callback(_close, landmarker)
        return landmarker, opened.pop_all()


def _close(landmarker: Any) -> None:
    with mediapipe_kept_in():  # once more, in case the variables were changed meanwhile: it reports now
        landmarker.close()


def _image(mediapipe: Any, rgb: UInt8[np.ndarray, "H W 3"]) -> Any:
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))


def tracker_version() -> str:
    """The version of MediaPipe, without loading it.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return version("mediapipe")
    except PackageNotFoundError as error:
        raise MissingDependencyError.for_extra("mediapipe", "video") from error


def import_mediapipe() -> Any:
    """MediaPipe, with its Tasks.

    Raises
    ------
    MissingDependencyError
        If it or a graphics library that it needs is not installed.
    """
    try:
        import mediapipe
        import mediapipe.tasks.python
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "mediapipe":
            raise
        raise MissingDependencyError.for_extra("mediapipe", "video") from error
    except (ImportError, OSError) as error:
        raise _missing_library(error) from error
    return mediapipe


def _missing_library(error: Exception) -> MissingDependencyError:
    return MissingDependencyError(
        f"mediapipe cannot load a system library ({str(error).splitlines()[0]}); "
        f"on Debian run: {_DEBIAN_COMMAND}"
    )


def _find_landmarker(model: Path | None) -> Landmarker:
    return Landmarker(find_model(model))


LANDMARKER = TrackerKind(
    name="landmarker",
    title="FaceLandmarker",
    summary="MediaPipe's FaceLandmarker",
    find=_find_landmarker,
    # MediaPipe loads these even where it computes on the CPU.
    libraries={"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"},
)
