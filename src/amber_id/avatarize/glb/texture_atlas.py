"""How does an avatar of many materials become one with a single picture?

Conventions
-----------
Of each picture the part that is used is cut out, with a rim, and multiplied by its material's colour; the
pieces are laid in rows, the tallest first. A picture that repeats is laid out as often as it is seen.
Vertices keep their order; one that two materials share becomes two, and one in no triangle goes. Their own
colours stay theirs where they differ within a material.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from amber_id.avatarize.avatar import Avatar, Material
from amber_id.avatarize.pillow import import_pillow
from amber_id.errors import AvatarError

# Texels around each piece, so that neighbours do not show at its edges when it is drawn small.
_RIM = 8
_MOST_PIXELS = 4096
_FARTHEST_UV = 1e6


def with_one_material(avatar: Avatar) -> Avatar:
    """Merge an avatar's materials into one of one picture, white and opaque but for what is cut out.

    Raises
    ------
    AvatarError
        If a picture repeats so often that it cannot be laid out.
    MissingDependencyError
        If Pillow is needed and not installed.
    """
    avatar, materials = _apart(avatar)
    avatar = _plain_colors_to_materials(avatar, materials)
    if len(avatar.materials) == 1 and avatar.uvs.min() >= 0 and avatar.uvs.max() <= 1:
        picture = _picture(avatar.materials[0])
        return replace(avatar, materials=(replace(avatar.materials[0], color=(1.0,) * 4, image=picture),))
    pieces = [_Piece.of(material, avatar.uvs[materials == i]) for i, material in enumerate(avatar.materials)]
    while (places := _laid_out(pieces)) is None:
        if not any(piece.can_be_halved for piece in pieces):
            raise AvatarError(f"{len(pieces)} textures are too many to be merged into one")
        pieces = [piece.halved() if piece.can_be_halved else piece for piece in pieces]
    width = max(x + piece.width for (x, _), piece in zip(places, pieces, strict=True))
    height = max(y + piece.height for (_, y), piece in zip(places, pieces, strict=True))
    atlas = np.full((height, width, 4), 255, np.uint8)
    uvs = np.empty_like(avatar.uvs)
    for i, (piece, (x, y)) in enumerate(zip(pieces, places, strict=True)):
        atlas[y : y + piece.height, x : x + piece.width] = piece.texels
        own = materials == i
        uvs[own] = (piece.texel_of(avatar.uvs[own]) + np.array([x, y])) / (width, height)
    material = Material(image=atlas, cutout=any(material.cutout for material in avatar.materials))
    return replace(avatar, uvs=uvs, material_of=np.zeros_like(avatar.material_of), materials=(material,))


@dataclass(frozen=True)
class _Piece:
    """A part of a picture; a vertex at `uv` lies at ``uv * per_uv - first`` of its texels."""

    texels: UInt8[np.ndarray, "H W 4"]
    per_uv: Float[np.ndarray, " 2"]
    first: Float[np.ndarray, " 2"]

    @classmethod
    def of(cls, material: Material, uvs: Float[np.ndarray, "V 2"]) -> "_Piece":
        """What these vertices see of a material's picture."""
        if np.abs(uvs).max() > _FARTHEST_UV:
            raise AvatarError(f"texture coordinates reach {np.abs(uvs).max():.3g}; 0 to 1 is a whole picture")
        picture = _picture(material)
        plain = picture.shape[:2] == (1, 1)
        if plain:
            uvs = np.zeros((1, 2))  # a colour is the same everywhere
        while True:
            H, W, _ = picture.shape
            size = np.array([W, H])
            low = np.floor(uvs.min(axis=0) * size).astype(np.int64) - _RIM
            high = np.ceil(uvs.max(axis=0) * size).astype(np.int64) + _RIM
            if (high - low).max() <= _MOST_PIXELS:
                break
            if min(H, W) < 2:
                raise AvatarError("a texture repeats too often to be merged with others")
            picture = _resized(picture, W // 2, H // 2)
        rows, columns = np.arange(low[1], high[1]) % H, np.arange(low[0], high[0]) % W
        per_uv = np.zeros(2) if plain else size.astype(np.float64)
        return cls(picture[rows][:, columns], per_uv, low.astype(np.float64))

    @property
    def width(self) -> int:
        return self.texels.shape[1]

    @property
    def height(self) -> int:
        return self.texels.shape[0]

    def texel_of(self, uvs: Float[np.ndarray, "V 2"]) -> Float[np.ndarray, "V 2"]:
        """Where vertices lie on this piece, in texels."""
        return uvs * self.per_uv - self.first

    @property
    def can_be_halved(self) -> bool:
        """Whether something would be left of it."""
        return min(self.width, self.height) >= 4 * _RIM

    def halved(self) -> "_Piece":
        """Piece with half as many texels each way."""
        texels = _resized(self.texels, self.width // 2, self.height // 2)
        share = np.array([texels.shape[1], texels.shape[0]]) / (self.width, self.height)
        return _Piece(texels, self.per_uv * share, self.first * share)


def _resized(picture: UInt8[np.ndarray, "H W 4"], width: int, height: int) -> UInt8[np.ndarray, "H2 W2 4"]:
    return np.asarray(import_pillow().Image.fromarray(picture).resize((width, height)))


def _apart(avatar: Avatar) -> tuple[Avatar, Int[np.ndarray, " V"]]:
    """The avatar without vertices and materials that are not used; and the material of each vertex."""
    used, material_of = np.unique(avatar.material_of, return_inverse=True)
    pairs = avatar.triangles.astype(np.int64) * len(used) + material_of[:, None]
    corners, triangles = np.unique(pairs, return_inverse=True)
    vertices, materials = corners // len(used), corners % len(used)
    apart = replace(
        avatar,
        positions=avatar.positions[vertices],
        uvs=avatar.uvs[vertices],
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        material_of=material_of.astype(np.int32),
        materials=tuple(avatar.materials[i] for i in used),
        morphs=avatar.morphs[:, vertices],
        joints=avatar.joints[vertices],
        weights=avatar.weights[vertices],
        colors=None if avatar.colors is None else avatar.colors[vertices],
    )
    return apart, materials


def _plain_colors_to_materials(avatar: Avatar, materials: Int[np.ndarray, " V"]) -> Avatar:
    """Move the vertices' own colour into the material where all its vertices have one colour."""
    if avatar.colors is None:
        return avatar
    left, colored = avatar.colors.copy(), list(avatar.materials)
    for i, material in enumerate(avatar.materials):
        own = avatar.colors[materials == i]
        if np.all(own == own[0]):
            red, green, blue, opacity = (
                float(part * more) for part, more in zip(material.color, own[0], strict=True)
            )
            colored[i] = replace(material, color=(red, green, blue, opacity))
            left[materials == i] = 1
    return replace(avatar, materials=tuple(colored), colors=None if np.all(left == 1) else left)


def _picture(material: Material) -> UInt8[np.ndarray, "H W 4"]:
    """A material's picture times its colour; opaque unless it is cut out."""
    image = np.full((1, 1, 4), 255, np.uint8) if material.image is None else material.image
    picture = image.copy()
    for channel, factor in enumerate(material.color):
        picture[:, :, channel] = np.rint(np.arange(256) * factor).astype(np.uint8)[picture[:, :, channel]]
    if not material.cutout:
        picture[:, :, 3] = 255
    return picture


def _laid_out(pieces: list[_Piece]) -> list[tuple[int, int]] | None:
    """Where each piece's top left goes in rows of equal width, or None if all do not fit."""
    area = sum(piece.width * piece.height for piece in pieces)
    row_width = max(int(np.ceil(np.sqrt(area))), *(piece.width for piece in pieces))
    places = [(0, 0)] * len(pieces)
    x = y = row_height = 0
    for i in sorted(range(len(pieces)), key=lambda i: (-pieces[i].height, i)):
        if x + pieces[i].width > row_width:
            x, y, row_height = 0, y + row_height, 0
        places[i] = x, y
        x, row_height = x + pieces[i].width, max(row_height, pieces[i].height)
    return places if max(row_width, y + row_height) <= _MOST_PIXELS else None
