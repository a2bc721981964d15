"""What colours does the default avatar wear, and where in its one picture are they?

Conventions
-----------
One square picture. The face lies in its upper left by the canonical mesh's own coordinates, an eye seen from
the front at the right, below it fields of one colour and one that runs from the lip's colour into the dark.
Painted at twice the size and made smaller, so edges are smooth; no random numbers.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, UInt8

from amber_id.avatarize.default_head.canonical_face import (
    BROW_FOOT,
    BROW_TOP,
    LOWER_LID,
    LOWER_LIP,
    LOWER_LIP_EDGE,
    SIDES,
    UPPER_LID,
    UPPER_LIP,
    UPPER_LIP_EDGE,
)
from amber_id.avatarize.pillow import import_pillow

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Palette = Literal["sand", "umber", "rose"]
Field = Literal["skin", "hair", "shirt", "teeth", "tongue", "lid"]
Color = tuple[int, int, int]

SIZE, _FACE, _EYE, _FIELD = 1024, 768, 256, 64
_FIELDS: tuple[Field, ...] = ("skin", "hair", "shirt", "teeth", "tongue", "lid")
_COLORS: dict[Palette, dict[str, Color]] = {
    "sand": {"skin": (224, 172, 138), "hair": (62, 44, 36), "shirt": (70, 96, 130), "iris": (70, 110, 90)},
    "umber": {"skin": (141, 92, 64), "hair": (28, 22, 22), "shirt": (150, 92, 60), "iris": (78, 50, 30)},
    "rose": {"skin": (240, 200, 180), "hair": (134, 84, 46), "shirt": (84, 120, 96), "iris": (84, 120, 160)},
}


def face_place(uvs: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
    """Where the canonical mesh's texture coordinates lie in the picture."""
    return uvs * _FACE / SIZE


def eye_place(front: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
    """Where a point of a unit eyeball lies, given as x and y seen from the front."""
    return (np.array([_FACE, 0]) + _EYE / 2 * (1 + 0.98 * front * (1, -1))) / SIZE


def field_place(field: Field) -> Float[np.ndarray, " 2"]:
    """The middle of a field of one colour."""
    row, column = divmod(_FIELDS.index(field), 4)
    return (np.array([_FACE, _EYE]) + _FIELD * (np.array([column, row]) + 0.5)) / SIZE


def throat_place(depth: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
    """From the edge of the lip (0) into the dark of the mouth (1)."""
    down = _EYE + 2 * _FIELD + 8 + (_FIELD * 4 - 16) * depth
    return np.stack([np.full_like(depth, _FACE + _FIELD), down], axis=-1) / SIZE


def paint_texture(uvs: Float[np.ndarray, "468 2"], palette: Palette) -> UInt8[np.ndarray, "1024 1024 4"]:
    """The picture for a face whose vertices have these texture coordinates."""
    colors = _colors(palette)
    canvas = _Canvas(SIZE, colors["skin"])
    _paint_face(canvas, uvs * _FACE, colors)
    picture = canvas.pixels
    picture[:_EYE, _FACE:] = _eye(colors["iris"])
    for field in _FIELDS:
        x, y = (field_place(field) * SIZE).astype(int) - _FIELD // 2
        picture[y : y + _FIELD, x : x + _FIELD] = colors[field]
    depth = np.linspace(0, 1, _FIELD * 4)[:, None, None]
    shade = np.minimum(depth * 2.5, 1)
    top = _EYE + 2 * _FIELD
    picture[top : top + 4 * _FIELD, _FACE : _FACE + 2 * _FIELD] = (1 - shade) * colors["lip"] + shade * (
        46,
        14,
        16,
    )
    opaque = np.full((SIZE, SIZE, 1), 255)
    return np.concatenate([np.clip(picture, 0, 255), opaque], axis=2).round().astype(np.uint8)


def _colors(palette: Palette) -> dict[str, np.ndarray]:
    colors = {name: np.array(color, float) for name, color in _COLORS[palette].items()}
    skin = colors["skin"]
    colors["lip"] = skin * (0.78, 0.50, 0.56)
    colors["lid"] = skin * (0.80, 0.66, 0.64)
    colors["blush"] = skin * (1.0, 0.76, 0.76)
    colors["shadow"] = skin * (0.66, 0.60, 0.60)
    colors["brow"] = colors["hair"] * 0.8
    colors["lash"] = np.array([44.0, 30, 28])
    colors["teeth"] = np.array([236.0, 232, 222])
    colors["tongue"] = np.array([196.0, 96, 100])
    return colors


class _Canvas:
    """A picture to paint soft shapes onto; coordinates are its pixels."""

    def __init__(self, size: int, ground: Float[np.ndarray, " 3"]) -> None:
        self.pixels = np.tile(ground, (size, size, 1))
        self._pillow = import_pillow()

    def fill(
        self, outline: Float[np.ndarray, "N 2"], color: np.ndarray, soft: float, opacity: float = 1.0
    ) -> None:
        """Paint inside of an outline."""
        draw, mask = self._mask()
        draw.polygon([tuple(point) for point in (2 * outline).tolist()], fill=255)
        self._blend(mask, color, soft, opacity)

    def line(self, points: Float[np.ndarray, "N 2"], width: float, color: np.ndarray, soft: float) -> None:
        """Paint along a line."""
        draw, mask = self._mask()
        path = [tuple(point) for point in (2 * points).tolist()]
        draw.line(path, fill=255, width=round(2 * width), joint="curve")
        self._blend(mask, color, soft, 1.0)

    def cloud(
        self, middle: np.ndarray, radii: tuple[float, float], color: np.ndarray, opacity: float
    ) -> None:
        """Paint a spot that fades outwards."""
        size = len(self.pixels)
        y, x = np.mgrid[:size, :size]
        share = opacity * np.exp(-(((x - middle[0]) / radii[0]) ** 2) - ((y - middle[1]) / radii[1]) ** 2)
        self.blend(share, color)

    def blend(self, share: Float[np.ndarray, "S S"], color: np.ndarray) -> None:
        """Paint with an opacity for each pixel."""
        self.pixels += share[:, :, None] * (color - self.pixels)

    def _mask(self) -> "tuple[ImageDraw, Image]":
        mask = self._pillow.Image.new("L", (2 * len(self.pixels),) * 2)
        return self._pillow.ImageDraw.Draw(mask), mask

    def _blend(self, mask: "Image", color: np.ndarray, soft: float, opacity: float) -> None:
        size = len(self.pixels)
        mask = mask.resize((size, size), self._pillow.Image.Resampling.BOX)
        mask = mask.filter(self._pillow.ImageFilter.GaussianBlur(soft))
        self.blend(opacity / 255 * np.asarray(mask, float), color)


def _paint_face(canvas: _Canvas, at: Float[np.ndarray, "468 2"], colors: dict[str, np.ndarray]) -> None:
    for cheek in (425, 205):
        canvas.cloud(at[cheek], (70.0, 55.0), colors["blush"], 0.5)
    canvas.cloud(at[1], (40.0, 34.0), colors["blush"], 0.35)
    for nostril in (98, 327):
        canvas.cloud(at[nostril], (14.0, 9.0), colors["shadow"] * 0.7, 0.55)
    for side in SIDES:
        canvas.cloud(at[UPPER_LID[side][4]], (52.0, 24.0), colors["shadow"], 0.35)
    canvas.fill(_loop(at, UPPER_LIP, LOWER_LIP), colors["lip"], 2.0)
    canvas.fill(_loop(at, UPPER_LIP_EDGE, LOWER_LIP_EDGE), colors["lip"] * 0.55, 1.2)
    for side in SIDES:
        top, foot = at[list(BROW_TOP[side])], at[list(BROW_FOOT[side])]
        outline = np.concatenate([0.9 * top + 0.1 * foot, (0.2 * top + 0.8 * foot)[::-1]])
        canvas.fill(outline, colors["brow"], 2.2, 0.95)
        canvas.line(at[list(UPPER_LID[side])] - (0, 1.5), 5.0, colors["lash"], 0.8)
        canvas.line(at[list(LOWER_LID[side])] + (0, 1), 2.0, colors["shadow"], 0.8)
    rows = np.arange(len(canvas.pixels))
    canvas.blend(np.tile(np.clip((at[10, 1] + 10 - rows) / 8, 0, 1)[:, None], (1, SIZE)), colors["hair"])


def _loop(at: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...]) -> Float[np.ndarray, "N 2"]:
    return np.concatenate([at[list(upper)], at[list(lower)][::-1]])


def _eye(iris: np.ndarray) -> Float[np.ndarray, "256 256 3"]:
    y, x = (np.mgrid[:_EYE, :_EYE] + 0.5) / (_EYE / 2) - 1
    radius = np.hypot(x, y)
    eye = np.full((_EYE, _EYE, 3), (238.0, 236, 232)) - np.clip(radius - 0.45, 0, 1)[:, :, None] * 60
    for outer, color in ((0.45, iris * 0.5), (0.39, iris), (0.20, np.array([16.0, 14, 14]))):
        eye += np.clip((outer - radius) / 0.02, 0, 1)[:, :, None] * (color - eye)
    light = np.clip((0.06 - np.hypot(x - 0.12, y + 0.16)) / 0.02, 0, 1)
    return eye + light[:, :, None] * (250 - eye)
