"""What MediaPipe's older FaceMesh, the tracker of the thesis, sees in one frame after another.

Conventions
-----------
FaceMesh gives 468 points, no blendshapes and no pose. Its models come with the wheel, so nothing is
downloaded; it is gone from later versions of MediaPipe, so it needs an environment of its own (NumPy 1.26).
The settings are those of the thesis, but for the number of faces: the thesis looked for one, which is the one
that the detector likes best, and could not know of others. Here one of several is followed, and they are
counted. Where there is a single face the landmarks are the same, to the bit.

`model_sha256` is that of the two models' bytes, the detector's and then the landmarks'.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.errors import MissingDependencyError, UsageError
from amber_id.recordings import POINT_SETS, PointSet
from amber_id.tracking.following import FaceChoice
from amber_id.tracking.landmarker import import_mediapipe, tracker_version
from amber_id.tracking.placement import SeenFace
from amber_id.tracking.tracker import MOST_FACES, TrackerKind, landmarks_of

TRACKER = "mediapipe FaceMesh"

_MODELS = ("face_detection/face_detection_short_range.tflite", "face_landmark/face_landmark.tflite")
_LEAST_CONFIDENCE = 0.5
_REMEDY = (
    "FaceMesh needs mediapipe 0.10.21 in an environment of its own; in the repository, run `make facemesh`, "
    "then `.venv-facemesh/bin/amber track ... --tracker facemesh`"
)


@dataclass(frozen=True)
class FaceMesh:
    """MediaPipe's FaceMesh: a `Tracker`. Made by `find_face_mesh`."""

    model_sha256: str

    @property
    def name(self) -> str:
        """What recordings call it."""
        return TRACKER

    @property
    def version(self) -> str:
        """The version of MediaPipe; raises MissingDependencyError if it is not installed."""
        return tracker_version()

    @property
    def point_set(self) -> PointSet:
        """The face mesh without the irises."""
        return "face_mesh_468"

    @contextmanager
    def follow(self, choice: FaceChoice | None = None) -> Iterator["FaceMeshFollower"]:
        """A follower for one clip, or for a part of its picture where `choice` chooses the face.

        Raises MissingDependencyError if a system library is missing.
        """
        with self._solution(single_pictures=False) as solution:
            yield FaceMeshFollower(solution, choice or FaceChoice())

    @contextmanager
    def look(self) -> Iterator["FaceMeshFinder"]:
        """A finder for single pictures; raises MissingDependencyError if a system library is missing."""
        with self._solution(single_pictures=True) as solution:
            yield FaceMeshFinder(solution)

    def _solution(self, *, single_pictures: bool) -> Any:
        return import_mediapipe().solutions.face_mesh.FaceMesh(
            static_image_mode=single_pictures,
            max_num_faces=MOST_FACES,
            refine_landmarks=False,
            min_detection_confidence=_LEAST_CONFIDENCE,
            min_tracking_confidence=_LEAST_CONFIDENCE,
        )


@dataclass(frozen=True)
class FaceMeshFinder:
    """Finds faces in single pictures; `solution` is MediaPipe's own object."""

    solution: Any

    def find(self, rgb: UInt8[np.ndarray, "H W 3"]) -> list[Float32[np.ndarray, "V 3"]]:
        """The landmarks of each face in a picture."""
        detected = self.solution.process(np.ascontiguousarray(rgb)).multi_face_landmarks
        return [landmarks_of(face.landmark) for face in detected or ()]


@dataclass(frozen=True)
class FaceMeshFollower:
    """Follows the faces of one clip; `solution` is MediaPipe's own object."""

    solution: Any
    choice: FaceChoice

    def see(self, rgb: UInt8[np.ndarray, "H W 3"], timestamp_s: float) -> SeenFace | None:
        """Find the followed face in the next frame, None if it is not there; FaceMesh asks for no time."""
        detected = self.solution.process(np.ascontiguousarray(rgb)).multi_face_landmarks
        faces = [landmarks_of(face.landmark) for face in detected or ()]
        before = self.choice.switches
        chosen = self.choice.choose(faces, rgb.shape[1], rgb.shape[0], timestamp_s)
        if chosen is None:
            return None
        assert len(faces[chosen]) == POINT_SETS["face_mesh_468"]
        return SeenFace(
            landmarks=faces[chosen],
            blendshapes=None,
            pose=None,
            faces=len(faces),
            switched=self.choice.switches > before,
        )


def find_face_mesh() -> FaceMesh:
    """FaceMesh with the models of the installed wheel, without loading MediaPipe.

    Raises
    ------
    MissingDependencyError
        If MediaPipe is not installed, or is of a version that has no FaceMesh.
    """
    spec = find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(f"mediapipe is not installed; {_REMEDY}")
    modules = Path(spec.origin).parent / "modules"
    paths = [modules / name for name in _MODELS]
    if not all(path.is_file() for path in paths):
        raise MissingDependencyError(f"mediapipe {tracker_version()} has no FaceMesh; {_REMEDY}")
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return FaceMesh(digest.hexdigest())


def _find_without_model(model: Path | None) -> FaceMesh:
    if model is not None:
        raise UsageError("--model names a face landmarker, and --tracker facemesh has its own: leave it out")
    return find_face_mesh()


FACEMESH = TrackerKind(
    name="facemesh",
    title="FaceMesh",
    summary="MediaPipe's older FaceMesh, the tracker of the thesis, in an environment of its own",
    find=_find_without_model,
    # Its version of MediaPipe brings its own graphics libraries, but loads OpenCV, which needs others.
    libraries={"libGL.so.1": "libgl1", "libglib-2.0.so.0": "libglib2.0-0"},
    environment="the thesis' tracker has one of its own (make facemesh)",
)
