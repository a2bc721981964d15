"""What is asked of a face tracker, whichever it is?

Conventions
-----------
A `Tracker` is a choice: small, frozen, and sent to the workers. What it follows a clip with is made anew for
every clip, because it carries over which face is followed, see `following.py`, and the time. MediaPipe's
FaceLandmarker, which is asked for several faces, carries nothing over where there is one: what it gives for a
frame is the same to the bit, whichever frames came before.
Landmarks are x / width, y / height, z in the scale of x, not smoothed, in the order of `amber_id.face_mesh`.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.recordings import PointSet
from amber_id.tracking.following import FaceChoice
from amber_id.tracking.placement import SeenFace

MOST_FACES = 4
"""So many faces are looked for in a frame, by every tracker."""


@runtime_checkable  # so that the tests' beartype can look at it
class FaceFollower(Protocol):
    """Follows the faces of one clip, frame by frame."""

    def see(self, rgb: UInt8[np.ndarray, "H W 3"], timestamp_s: float) -> SeenFace | None:
        """Find the followed face in the next frame, None if it is not there."""


@runtime_checkable
class FaceFinder(Protocol):
    """Finds faces in single pictures, whatever was seen before."""

    def find(self, rgb: UInt8[np.ndarray, "H W 3"]) -> list[Float32[np.ndarray, "V 3"]]:
        """The landmarks of each face in a picture."""


@runtime_checkable
class Tracker(Protocol):
    """A face tracker as recordings name it, and a way to follow one clip."""

    @property
    def name(self) -> str:
        """What recordings call it."""

    @property
    def version(self) -> str:
        """The version of the library."""

    @property
    def model_sha256(self) -> str:
        """What its model is, as hexadecimal."""

    @property
    def point_set(self) -> PointSet:
        """Which points it gives."""

    def follow(self, choice: FaceChoice | None = None) -> AbstractContextManager[FaceFollower]:
        """A follower for one clip, to be used in a ``with`` block.

        For a part of the picture, `choice` is what has chosen the face so far.
        """

    def look(self) -> AbstractContextManager[FaceFinder]:
        """A finder for single pictures, to be used in a ``with`` block."""


@dataclass(frozen=True, kw_only=True)
class TrackerKind:
    """A tracker that can be chosen: one row of the table `TRACKERS`."""

    name: str
    title: str  # what its makers call it
    summary: str  # for the help of the command line
    # With the file of its model, if one is named; raises AmberError where it is not here, or takes none.
    find: Callable[[Path | None], Tracker]
    libraries: Mapping[str, str] = field(default_factory=dict)  # of the system, and their Debian packages
    environment: str = ""  # where one of its own is to be had, if it needs one; it is for tracking alone


def landmarks_of(points: Iterable[Any]) -> Float32[np.ndarray, "V 3"]:
    """MediaPipe's landmarks of one face as an array."""
    return np.array([(p.x, p.y, p.z) for p in points], np.float32)
