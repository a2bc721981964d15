"""Which colours and pictures do the materials of a GLB have?

Conventions
-----------
One colour is read of each material, with its picture: the diffuse one of the extension
``KHR_materials_pbrSpecularGlossiness`` where a file has it, else the base colour. What has none, or a black
one, and glows is shown in the colour that it glows in, lit as all else: a face of one brightness has no
features. No shine and bumps are drawn.
A factor, linear in the file, is turned to the scale of the picture's values, to be multiplied with these; so
are the vertices' own colours, which VRM's MToon materials leave out.
Pictures repeat beyond their edges. A material that is see-through by degrees is cut out at one half.
"""

import io
import math
import warnings
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.avatarize.avatar import Material
from amber_id.avatarize.glb.arrays import Glb
from amber_id.avatarize.pillow import import_pillow
from amber_id.quoting import one_line
from amber_id.reading import UNREADABLE

GAMMA = 2.2
_GLOSSY = "KHR_materials_pbrSpecularGlossiness"
_LONGEST_REASON = 200
_BROKEN: tuple[type[Exception], ...] = (OSError, *UNREADABLE)  # of Pillow, for what is no picture
_STRENGTH = "KHR_materials_emissive_strength"


@dataclass(frozen=True)
class _Surface:
    """The colour of a material, linear, with opacity; and what glTF says of its picture, or None."""

    factor: tuple[float, ...]
    texture: Any


class Materials:
    """The materials of one file, each read once when it is first asked for."""

    def __init__(self, glb: Glb) -> None:
        self._glb = glb
        self._places: dict[int | None, int] = {}
        self._pictures: dict[int, UInt8[np.ndarray, "H W 4"]] = {}
        self.read: list[Material] = []

    def place(self, index: int | None) -> int:
        """Where in `read` the material with this index of the file is; None is glTF's default."""
        if index not in self._places:
            material = Material() if index is None else self._material(self._glb.entry("materials", index))
            self._places[index] = len(self.read)
            self.read.append(material)
        return self._places[index]

    def uvs(self, index: int | None, attributes: Any, V: int) -> Float32[np.ndarray, "V 2"]:
        """Where the vertices of a primitive lie on its material's picture, any transform applied."""
        texture = None if index is None else _surface(self._glb.entry("materials", index)).texture
        moved = ((texture.extensions or {}) if texture else {}).get("KHR_texture_transform", {})
        channel = moved.get("texCoord", (texture.texCoord or 0) if texture else 0)
        accessor = getattr(attributes, f"TEXCOORD_{channel}", None)
        if accessor is None:
            return np.zeros((V, 2), np.float32)
        scaled = self._glb.floats(accessor, 2) * np.asarray(moved.get("scale", (1, 1)), np.float32)
        angle = moved.get("rotation", 0.0)
        # Counter-clockwise as one sees it, with v downwards.
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        return (scaled @ turn.T + np.asarray(moved.get("offset", (0, 0)))).astype(np.float32)

    def colors(
        self, index: int | None, attributes: Any, V: int, *, mtoon: bool
    ) -> Float32[np.ndarray, "V 4"] | None:
        """The colours of the vertices of a primitive, on the scale of its material's; None if white."""
        accessor = getattr(attributes, "COLOR_0", None)
        entry = None if index is None else self._glb.entry("materials", index)
        if (
            accessor is None
            or mtoon
            or (entry is not None and "VRMC_materials_mtoon" in (entry.extensions or {}))
        ):
            return None
        width = 3 if self._glb.entry("accessors", accessor).type == "VEC3" else 4
        values = np.clip(self._glb.floats(accessor, width), 0, 1)
        if len(values) != V:
            raise self._glb.fault(f"a part has {len(values)} colours for {V} vertices")
        colors = np.ones((V, 4), np.float32)
        colors[:, :width] = values
        colors[:, :3] **= 1 / GAMMA
        return colors

    def _material(self, entry: Any) -> Material:
        surface = _surface(entry)
        image = None if surface.texture is None else self._picture(self._source(surface.texture))
        linear = np.asarray(surface.factor, np.float64)
        if linear.shape != (4,) or not np.all((linear >= 0) & (linear <= 1)):
            raise self._glb.fault(
                f"a material has the base colour {linear.tolist()}; four from 0 to 1 are allowed"
            )
        red, green, blue = linear[:3] ** (1 / GAMMA)
        color = (float(red), float(green), float(blue), float(linear[3]))
        cutoff = 0.5 if entry.alphaMode != "MASK" or entry.alphaCutoff is None else entry.alphaCutoff
        if image is not None and cutoff not in (0, 0.5):  # cut out at one half always
            opacity = np.minimum(image[:, :, 3:] * (0.5 / cutoff), 255).astype(np.uint8)
            image = np.concatenate([image[:, :, :3], opacity], axis=2)
        return Material(color, image, cutout=entry.alphaMode in ("MASK", "BLEND") and cutoff > 0)

    def _source(self, info: Any) -> int:
        """The image behind a texture, one that Pillow reads if there are several."""
        texture = self._glb.entry("textures", info.index)
        extensions = texture.extensions or {}
        if texture.source is not None:
            return texture.source
        if "EXT_texture_webp" in extensions:
            return extensions["EXT_texture_webp"]["source"]
        if "KHR_texture_basisu" in extensions:
            raise self._glb.fault(
                "has KTX2 textures (KHR_texture_basisu); export it with PNG or JPEG textures"
            )
        raise self._glb.fault("has a texture without an image")

    def _picture(self, index: int) -> UInt8[np.ndarray, "H W 4"]:
        if index not in self._pictures:
            image = self._glb.entry("images", index)
            self._pictures[index] = self._decoded(index, bytes(self._glb.view_bytes(image.bufferView)))
        return self._pictures[index]

    def _decoded(self, index: int, data: bytes) -> UInt8[np.ndarray, "H W 4"]:
        Image = import_pillow().Image
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
                # Pillow may hold it twice while it turns it into colours with opacity.
                self._glb.reserve(8 * picture.width * picture.height)
                return np.asarray(picture.convert("RGBA"))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise self._glb.fault(f"number {index} of images has too many pixels ({error})") from error
        except _BROKEN as error:
            reason = one_line(str(error), _LONGEST_REASON)
            raise self._glb.fault(
                f"number {index} of images is no whole PNG, JPEG or WebP ({reason})"
            ) from error


def _surface(material: Any) -> _Surface:
    """The one colour of a material that is shown."""
    plain, extensions = material.pbrMetallicRoughness, material.extensions or {}
    factor, texture = None, None
    if _GLOSSY in extensions:
        glossy = extensions[_GLOSSY]
        factor, texture = glossy.get("diffuseFactor"), _info(glossy.get("diffuseTexture"))
    elif plain is not None:
        factor, texture = plain.baseColorFactor, plain.baseColorTexture
    color = _numbers(factor or (1, 1, 1, 1))
    glow = _numbers(material.emissiveFactor or (0, 0, 0))
    black, plain_white = not any(color[:3]), texture is None and set(color[:3]) == {1}
    if any(glow) and (black or plain_white):
        strength = (extensions.get(_STRENGTH) or {}).get("emissiveStrength", 1)
        glow = tuple(min(part * strength, 1.0) for part in glow)
        return _Surface((*glow, *color[3:]), material.emissiveTexture)
    return _Surface(color, texture)


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(number) for number in values)


def _info(entry: dict[str, Any] | None) -> Any:
    """A texture as an extension names it, in the form that pygltflib gives to others."""
    if entry is None:
        return None
    return SimpleNamespace(
        index=entry.get("index"), texCoord=entry.get("texCoord"), extensions=entry.get("extensions")
    )
