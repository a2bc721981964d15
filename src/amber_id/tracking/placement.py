"""A face was seen in one picture: where is it in another, of which that one is a part or a version?

Conventions
-----------
The picture lies in the other one, its left upper corner at (`left`, `top`) and each of its pixels `scale` of
the other's wide; parts may stick out. Landmarks are placed exactly. Of a pose the translation is: MediaPipe
thinks of a camera whose view is 63 degrees high, whatever the picture, so the same face is as far away as the
picture is high. Its rotation stays as it was seen in the part, which the camera faces.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

# MediaPipe's camera: distance from the picture over half the height of the picture.
_FOCAL = 1 / np.tan(np.radians(63 / 2))

Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class SeenFace:
    """The followed face in one frame, and in `faces` how many there were.

    Blendshapes and pose are None where the tracker has none. `switched` says that this is not the face that
    was followed before.
    """

    landmarks: Float32[np.ndarray, "V 3"]
    blendshapes: Float32[np.ndarray, " 52"] | None
    pose: Float32[np.ndarray, "4 4"] | None
    faces: int
    switched: bool = False


@dataclass(frozen=True)
class Placement:
    """Where a picture of `size` lies in one of size `whole`; all in pixels."""

    size: Size
    whole: Size
    left: float
    top: float
    scale: float

    @classmethod
    def of_version(cls, size: Size, whole: Size) -> "Placement":
        """Another version of the whole picture: in its middle, and its shorter side is as long.

        So a picture that is turned, cut at its sides, or sent in a lower resolution shows a face as large.
        """
        scale = min(whole) / min(size)
        left, top = ((b - a * scale) / 2 for a, b in zip(size, whole, strict=True))
        return cls(size, whole, left, top, scale)

    def place(self, face: SeenFace) -> SeenFace:
        """A face with its landmarks and pose as in the other picture."""
        pose = None if face.pose is None else self._place_pose(face.pose)
        return replace(face, landmarks=self.place_points(face.landmarks), pose=pose)

    def place_points(self, landmarks: Float32[np.ndarray, "V 3"]) -> Float32[np.ndarray, "V 3"]:
        """Landmarks in shares of the other picture."""
        (w, h), (W, H) = self.size, self.whole
        grown = np.array([w / W, h / H, w / W]) * self.scale
        shift = np.array([self.left / W, self.top / H, 0.0])
        return (landmarks * grown + shift).astype(np.float32)

    def _place_pose(self, pose: Float32[np.ndarray, "4 4"]) -> Float32[np.ndarray, "4 4"]:
        """Keep where the face is seen and how large: x to the right, y up, and the camera looks along -z."""
        (w, h), (W, H) = self.size, self.whole
        x, y, z = pose[:3, 3].astype(np.float64)
        # Where its middle is seen, in pixels from the middle of the whole picture.
        half = _FOCAL * h / 2 * self.scale
        right = x / -z * half + self.left + w * self.scale / 2 - W / 2
        up = y / -z * half - (self.top + h * self.scale / 2 - H / 2)
        far = -z * H / (h * self.scale)
        placed = pose.copy()
        placed[:3, 3] = np.array([right, up, -_FOCAL * H / 2]) * far / (_FOCAL * H / 2)
        return placed
