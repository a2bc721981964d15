"""Which colours and pictures do the materials of a GLB have?

Conventions
-----------
Only the base colour is read: no shine, bumps or glow, for none is drawn. A factor, linear in the file, is
turned to the scale of the picture's values, to be multiplied with these.
Pictures repeat beyond their edges. A material that is see-through by degrees is cut out at one half.
"""

import io
import math
import warnings
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.avatarize.avatar import Material
from amber_id.avatarize.glb.arrays import Glb
from amber_id.avatarize.pillow import import_pillow

_GAMMA = 2.2


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
        texture = None if index is None else _base_texture(self._glb.entry("materials", index))
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

    def _material(self, said: Any) -> Material:
        texture = _base_texture(said)
        image = None if texture is None else self._picture(self._source(texture))
        linear = np.ones(4)
        if said.pbrMetallicRoughness is not None:
            linear = np.asarray(said.pbrMetallicRoughness.baseColorFactor or (1, 1, 1, 1), np.float64)
        if linear.shape != (4,) or not np.all((linear >= 0) & (linear <= 1)):
            raise self._glb.fault(
                f"a material has the base colour {linear.tolist()}; four from 0 to 1 are allowed"
            )
        red, green, blue = linear[:3] ** (1 / _GAMMA)
        color = (float(red), float(green), float(blue), float(linear[3]))
        cutoff = 0.5 if said.alphaMode != "MASK" or said.alphaCutoff is None else said.alphaCutoff
        if image is not None and cutoff not in (0, 0.5):  # cut out at one half always
            opacity = np.minimum(image[:, :, 3:] * (0.5 / cutoff), 255).astype(np.uint8)
            image = np.concatenate([image[:, :, :3], opacity], axis=2)
        return Material(color, image, cutout=said.alphaMode in ("MASK", "BLEND") and cutoff > 0)

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
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
                # Pillow may hold it twice while it turns it into colours with opacity.
                self._glb.reserve(8 * picture.width * picture.height)
                return np.asarray(picture.convert("RGBA"))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise self._glb.fault(f"number {index} of images has too many pixels ({error})") from error
        # SyntaxError is what Pillow raises for a broken PNG.
        except (OSError, SyntaxError, ValueError) as error:
            raise self._glb.fault(
                f"number {index} of images is no whole PNG, JPEG or WebP ({error})"
            ) from error


def _base_texture(material: Any) -> Any:
    metallic = material.pbrMetallicRoughness
    return None if metallic is None else metallic.baseColorTexture
