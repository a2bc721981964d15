"""Where is the head in a face seen without depth, and where are the points that are not given?

The mean face is fitted to the selected points of every frame under weak perspective: the affine map that fits
best, brought to the nearest scaled rotation. The fitted face gives the depth of every point, and the place of
points that are not given, moved along with their neighbours by a smooth spline over the face. What is given
is kept as it is. So the depth is that of a turned mean face: it says where the head looks, and nothing of the
person's own profile.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.interpolate import RBFInterpolator

from amber_id.face_mesh import SELECTED_POINTS, mean_face

_SELECTED = list(SELECTED_POINTS)


@dataclass(frozen=True)
class FaceFit:
    """The mean face in each frame: ``seen = scale * face @ rotation.T``, moved by `shift` in the picture.

    `distance` is what is left between the selected points and the fitted face: its root mean square in each
    frame, in distances between the outer corners of the eyes. `stretch` is how many times as wide for its
    height as the mean face a face is; the wrong aspect of a picture comes out here.
    """

    rotation: Float[np.ndarray, "T 3 3"]
    scale: Float[np.ndarray, " T"]
    shift: Float[np.ndarray, "T 2"]
    distance: Float[np.ndarray, " T"]
    stretch: Float[np.ndarray, " T"]

    def faces(self, points: int) -> Float[np.ndarray, "T V 3"]:
        """The fitted face in each frame, its first so many points; its depth is 0 at the face's origin."""
        turned = mean_face()[:points] @ self.rotation.transpose(0, 2, 1) * self.scale[:, None, None]
        turned[:, :, :2] += self.shift[:, None]
        return turned


def fit_mean_face(selected: Float[np.ndarray, "T 152 2"]) -> FaceFit:
    """Fit the mean face to the selected points of each frame, x and y in one unit.

    Raises
    ------
    ValueError
        If all points of a frame lie on one line, so that the head can look anywhere.
    """
    face = mean_face()[_SELECTED]
    middle = face.mean(axis=0)
    centre = selected.mean(axis=1)
    onto = (face - middle) @ np.linalg.inv((face - middle).T @ (face - middle))
    affine = np.einsum("tvk,vl->tkl", selected - centre[:, None], onto)
    u, s, vt = np.linalg.svd(affine, full_matrices=False)
    if not (s[:, 1] > 1e-6 * s[:, 0]).all():
        raise ValueError("the points of a frame must not lie on one line")
    across = u @ vt
    rotation = np.concatenate([across, np.cross(across[:, 0], across[:, 1])[:, None]], axis=1)
    scale = s.mean(axis=1)
    shift = centre - scale[:, None] * (across @ middle)
    left = scale[:, None, None] * (face @ across.transpose(0, 2, 1)) + shift[:, None] - selected
    distance = np.sqrt((left**2).sum(axis=2).mean(axis=1)) / scale
    # Two rows of a scaled rotation are equally long, however the head is turned.
    across_by_down = np.sqrt((affine[:, 0] ** 2).sum(axis=1) / (affine[:, 1] ** 2).sum(axis=1))
    return FaceFit(rotation, scale, shift, distance, across_by_down)


def with_depth(points: Float[np.ndarray, "T V 2"], fit: FaceFit) -> Float[np.ndarray, "T V 3"]:
    """Points in the order of the face mesh, x and y as they are, z that of the fitted face."""
    depth = fit.faces(points.shape[1])[:, :, 2:]
    return np.concatenate([points, depth], axis=2)


def completed(selected: Float[np.ndarray, "T 152 2"], fit: FaceFit) -> Float[np.ndarray, "T 468 3"]:
    """All points of the face mesh from the selected ones, which keep their x and y."""
    faces = fit.faces(468)
    moved = selected - faces[:, _SELECTED, :2]
    # A moved neighbour moves those about it: as far as it where it stands, and as a whole where all move.
    faces[:, :, :2] += np.einsum("vs,tsc->tvc", _spread(), moved)
    faces[:, _SELECTED, :2] = selected
    return faces


@lru_cache(maxsize=1)
def _spread() -> Float[np.ndarray, "468 152"]:
    """How far each point goes along when a selected one is moved."""
    face = mean_face()
    spline = RBFInterpolator(face[_SELECTED], np.eye(len(_SELECTED)), kernel="linear", degree=1)
    return np.asarray(spline(face[:468]))
