"""What of the face is shown to the attacker, so that one can say what leaks?

all       isotropic landmarks, centred and scaled once per clip; head pose kept, and with it how the camera
          was tilted against the face
motion    aligned landmarks with their mean over the clip removed: neither shape nor head pose
pose      rotation and translation of the head only, relative to the clip's middle pose
static    the mean over the clip of the aligned landmarks: shape and resting expression only

A view is one row of `VIEWS`, from which features, studies, pages and the command line take it. It is computed
over a whole clip, which may be several segments. Lengths are in units of the outer eye corner distance of the
mean face.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import RIGID_POINTS
from amber_id.motion.alignment import HeadPlacement, align, mean_rotation


@dataclass(frozen=True)
class AlignedClip:
    """The landmarks of all frames of a clip, as they are and aligned to the mean face."""

    points: Float[np.ndarray, "T V 3"]  # isotropic
    aligned: Float[np.ndarray, "T V 3"]
    placement: HeadPlacement
    rigid: Sequence[int]  # places of the rigid points among the vertices

    def placed_once(self) -> Float[np.ndarray, "T V 3"]:
        """The landmarks, centred and scaled once for the clip."""
        centre = np.median(self.points[:, list(self.rigid)].mean(axis=1), axis=0)
        return (self.points - centre) * np.median(self.placement.scale)

    def head_pose(self) -> Float[np.ndarray, "T 2 3"]:
        """Turn and shift of the head in each frame, as `head_pose` has them."""
        return head_pose(self.points, self.placement, self.rigid)


@dataclass(frozen=True, kw_only=True)
class ViewKind:
    """One view: what it is called, and how it is computed of landmarks and of blendshapes."""

    name: str
    summary: str  # what is in it
    of_landmarks: str  # what an attacker saw: "re-identified by ..."
    of_blendshapes: str
    # W = V, unless `vertices` are named.
    landmarks: Callable[[AlignedClip], Float[np.ndarray, "T W 3"]]
    # Of B blendshape coefficients and the six numbers of the head pose.
    coefficients: Callable[
        [Float[np.ndarray, "T B 1"], Float[np.ndarray, "T 6 1"]], Float[np.ndarray, "T W 1"]
    ]
    has_pose: bool = False  # whether the head pose is in it together with the face
    vertices: tuple[str, ...] = ()  # its own, of three numbers each, where these are no landmarks


def _without_mean(values: Float[np.ndarray, "T V C"]) -> Float[np.ndarray, "T V C"]:
    return values - values.mean(axis=0)


def _mean_alone(values: Float[np.ndarray, "T V C"]) -> Float[np.ndarray, "T V C"]:
    return np.broadcast_to(values.mean(axis=0), values.shape).copy()


_VIEWS = (
    ViewKind(
        name="all",
        summary="face shape, head pose (the camera's tilt against the face, too) and motion together",
        of_landmarks="face shape, head pose and motion together",
        of_blendshapes="blendshapes and head pose",
        landmarks=AlignedClip.placed_once,
        coefficients=lambda blendshapes, pose: np.concatenate([blendshapes, pose], axis=1),
        has_pose=True,
    ),
    ViewKind(
        name="motion",
        summary="motion of the face alone (head still, mean face taken away)",
        of_landmarks="motion alone",
        of_blendshapes="blendshape motion alone",
        landmarks=lambda clip: _without_mean(clip.aligned),
        coefficients=lambda blendshapes, _: _without_mean(blendshapes),
    ),
    ViewKind(
        name="pose",
        summary="turn and place of the head alone",
        of_landmarks="head pose alone",
        of_blendshapes="head pose alone",
        landmarks=AlignedClip.head_pose,
        coefficients=lambda _, pose: pose,
        vertices=("rotation", "translation"),
    ),
    ViewKind(
        name="static",
        summary="the face at rest alone, without motion",
        of_landmarks="the face at rest, without motion",
        of_blendshapes="mean blendshapes alone",
        landmarks=lambda clip: _mean_alone(clip.aligned),
        coefficients=lambda blendshapes, _: _mean_alone(blendshapes),
    ),
)
VIEWS: dict[str, ViewKind] = {view.name: view for view in _VIEWS}

if TYPE_CHECKING:
    View = str
else:
    View = Literal[tuple(VIEWS)]  # one of the names, for whatever checks types at run time


def landmark_view(
    points: Float[np.ndarray, "T V 3"], view: View, rigid: Sequence[int] = RIGID_POINTS
) -> Float[np.ndarray, "T W 3"]:
    """One view of a clip's isotropic landmarks; W = V, or 2 vertices for ``pose``.

    All frames of the clip, one segment after another: what is taken once per clip is taken over them all.
    `rigid` as in `align`.
    """
    return VIEWS[view].landmarks(AlignedClip(points, *align(points, rigid), rigid))


def head_pose(
    points: Float[np.ndarray, "T V 3"], placement: HeadPlacement, rigid: Sequence[int] = RIGID_POINTS
) -> Float[np.ndarray, "T 2 3"]:
    """Turn and shift of the head in each frame, relative to the clip's middle pose.

    The turn is a rotation vector (radians) about the axes of the mean face, from the clip's mean rotation.
    The shift, from the clip's median, is that of the middle of the rigid points in the picture (x, y); its
    third number is the natural logarithm of how much smaller the face appears, and stands for the distance
    to the camera.
    """
    # A placement brings the head back onto the mean face; the head's own turn is its inverse.
    turned = mean_rotation(placement.rotation) @ placement.rotation.transpose(0, 2, 1)
    middle = points[:, list(rigid)].mean(axis=1)
    moved = (middle - np.median(middle, axis=0)) * np.median(placement.scale)
    moved[:, 2] = np.log(placement.scale) - np.median(np.log(placement.scale))
    return np.stack([Rotation.from_matrix(turned).as_rotvec(), moved], axis=1)


def coefficient_view(
    blendshapes: Float[np.ndarray, "T B 1"], pose: Float[np.ndarray, "T 6 1"], view: View
) -> Float[np.ndarray, "T W 1"]:
    """One view of a clip's blendshape coefficients and of the six numbers of its head pose."""
    return VIEWS[view].coefficients(blendshapes, pose)
