"""How is the head placed in each frame, and what does the face look like without that?

Landmarks arrive as x / width, y / height, z / width. They are first multiplied back to pixels, so
that a face has the same shape in 16:9 and in 4:3. Each frame is then brought onto the mean face by the
rotation, translation and scale that fit its rigid points best in 3-D (Umeyama, "Least-squares estimation
of transformation parameters between two point patterns", IEEE PAMI 13(4), 1991).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import RIGID_POINTS, mean_face


@dataclass(frozen=True)
class HeadPlacement:
    """The similarity transform of every frame: ``aligned = scale * points @ rotation.T + translation``."""

    rotation: Float[np.ndarray, "T 3 3"]
    translation: Float[np.ndarray, "T 3"]
    scale: Float[np.ndarray, " T"]


def isotropic(
    landmarks: Float[np.ndarray, "T V 3"], *, width: int, height: int
) -> Float[np.ndarray, "T V 3"]:
    """Landmarks in pixels, in which x, y and z have one unit.

    MediaPipe gives z on the scale of x.

    >>> isotropic(np.array([[[0.5, 0.5, 0.1]]]), width=200, height=100).tolist()
    [[[100.0, 50.0, 20.0]]]
    """
    if width <= 0 or height <= 0:
        raise ValueError(f"width and height must be positive, got {width} x {height}")
    return landmarks.astype(np.float64) * np.array([width, height, width], dtype=np.float64)


def fit_similarity(points: Float[np.ndarray, "T R 3"], target: Float[np.ndarray, "R 3"]) -> HeadPlacement:
    """The rotation, translation and scale that bring each frame's points onto the target, least squares.

    A rotation is proper (determinant +1), never a reflection.

    Raises
    ------
    ValueError
        If the points of a frame coincide, so that no scale exists.
    """
    centre = points.mean(axis=1, keepdims=True)
    target_centre = target.mean(axis=0)
    centred = points - centre
    variance = (centred**2).sum(axis=(1, 2))
    if not (variance > 0).all():
        raise ValueError("the rigid points of a frame must not coincide")
    u, s, vt = np.linalg.svd(np.einsum("rk,trl->tkl", target - target_centre, centred))
    signs = np.ones_like(s)
    signs[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * signs[:, None, :]) @ vt
    scale = (s * signs).sum(axis=1) / variance
    translation = target_centre - scale[:, None] * np.einsum("tkl,tl->tk", rotation, centre[:, 0])
    return HeadPlacement(rotation, translation, scale)


def align(
    points: Float[np.ndarray, "T V 3"], rigid: Sequence[int] = RIGID_POINTS
) -> tuple[Float[np.ndarray, "T V 3"], HeadPlacement]:
    """Isotropic points brought onto the mean face, and the transform that did it.

    `rigid` is where the rigid points are in `points`: by their own numbers if all points are there.
    The result is in the mean face's unit: the distance between the outer corners of the eyes.
    """
    placement = fit_similarity(points[:, list(rigid)], mean_face()[list(RIGID_POINTS)])
    return apply(placement, points), placement


def apply(placement: HeadPlacement, points: Float[np.ndarray, "T V 3"]) -> Float[np.ndarray, "T V 3"]:
    """The points of each frame under that frame's transform."""
    rotated = points @ placement.rotation.transpose(0, 2, 1)
    return placement.scale[:, None, None] * rotated + placement.translation[:, None, :]


def mean_rotation(rotations: Float[np.ndarray, "T 3 3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation nearest to all, in the chordal sense: the mean matrix projected back onto rotations.

    Hartley et al., "Rotation averaging", IJCV 103, 2013.
    """
    u, _, vt = np.linalg.svd(rotations.mean(axis=0))
    return u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
