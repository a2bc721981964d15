"""What can an avatar's face do? One picture with each of ARKit's 52 shapes.

Conventions
-----------
One tile for the face at rest, one for each shape at weight 1, and one with the head turned. A shape that the
avatar lacks is marked on its tile.
"""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from amber_id.atomic_files import appears_whole
from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar
from amber_id.avatarize.glb.read import naming
from amber_id.avatarize.pillow import import_pillow
from amber_id.avatarize.renderer import Renderer

_COLUMNS = 9
_TILE, _CAPTION = 176, 20
_DRAWN = 2 * _TILE  # drawn larger and scaled down, so that edges are smooth
_TURN_DEG = 25.0


def write_preview(avatar: Avatar, path: Path, *, source: Path | None = None) -> None:
    """Write the contact sheet as a PNG; errors name `source`, the file that the avatar was read from.

    Raises
    ------
    AmberError
        If `path` cannot be written.
    AvatarError
        If the avatar cannot be drawn.
    MissingDependencyError
        If a library is missing.
    """
    pillow = import_pillow()
    image = pillow.Image
    rows = -(-(SHAPES + 2) // _COLUMNS)
    sheet = image.new("RGB", (_COLUMNS * _TILE, rows * (_TILE + _CAPTION)), "white")
    pen = pillow.ImageDraw.Draw(sheet)
    with naming(source), Renderer(avatar, _DRAWN) as renderer:
        for i, (caption, weights, rotation) in enumerate(_poses(avatar)):
            corner = (i % _COLUMNS * _TILE, i // _COLUMNS * (_TILE + _CAPTION))
            tile = image.fromarray(renderer.render(weights, rotation))
            sheet.paste(tile.resize((_TILE, _TILE), image.Resampling.LANCZOS), corner)
            pen.text((corner[0] + 4, corner[1] + _TILE + 3), caption, fill="black", font_size=13)
    with appears_whole(path) as temporary:
        sheet.save(temporary, format="PNG")


def _poses(avatar: Avatar) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Caption, weights and rotation of each tile."""
    straight, missing = np.eye(3), set(avatar.missing)
    turned = Rotation.from_euler("y", _TURN_DEG, degrees=True).as_matrix()
    poses = [("at rest", np.zeros(SHAPES), straight)]
    for name, weights in zip(ARKIT_NAMES, np.eye(SHAPES), strict=True):
        poses.append((f"no {name}" if name in missing else name, weights, straight))
    return [*poses, ("turned", np.zeros(SHAPES), turned)]
