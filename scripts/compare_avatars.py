"""Show two avatars pose by pose in one picture: the first in rows 1 and 3, the second in rows 2 and 4.

python scripts/compare_avatars.py FIRST.glb SECOND.glb PICTURE.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES
from amber_id.avatarize.glb.read import read_avatar
from amber_id.avatarize.renderer import Renderer

SIZE = 300
# Name, shapes, yaw, pitch.
POSES: tuple[tuple[str, dict[str, float], float, float], ...] = (
    ("at rest", {}, 0, 0),
    ("from the side", {}, 40, 0),
    ("nodding", {}, 0, 20),
    ("blink", {"eyeBlink": 1}, 0, 0),
    ("blink, turned", {"eyeBlink": 1}, 30, 0),
    ("smile", {"mouthSmile": 1}, 0, 0),
    ("smile + jaw, turned", {"mouthSmile": 0.5, "jawOpen": 0.5}, 45, 0),
    ("pucker", {"mouthPucker": 1}, 0, 0),
    ("funnel", {"mouthFunnel": 1}, 0, 0),
    ("jaw", {"jawOpen": 1}, 0, 0),
    ("tongue", {"tongueOut": 1, "jawOpen": 0.4}, 30, 0),
    ("brows", {"browInnerUp": 1}, 0, 0),
)


def weights(shapes: dict[str, float]) -> np.ndarray:
    """Weights in ARKit's order; a name without its side means both."""
    found = np.zeros(SHAPES)
    for i, name in enumerate(ARKIT_NAMES):
        found[i] = shapes.get(name, shapes.get(name.removesuffix("Left").removesuffix("Right"), 0))
    return found


def main(first: Path, second: Path, picture: Path) -> None:
    """Draw both avatars in every pose."""
    half = len(POSES) // 2
    sheet = Image.new("RGB", (half * SIZE, 4 * SIZE))
    for row, file in enumerate((first, second)):
        with Renderer(read_avatar(file).avatar, SIZE) as renderer:
            for i, (name, shapes, yaw, pitch) in enumerate(POSES):
                rotation = Rotation.from_euler("yx", (yaw, pitch), degrees=True).as_matrix()
                drawn = Image.fromarray(renderer.render(weights(shapes), rotation))
                ImageDraw.Draw(drawn).text((6, 6), f"{file.stem}: {name}", fill="black")
                sheet.paste(drawn, (i % half * SIZE, (2 * (i // half) + row) * SIZE))
    sheet.save(picture)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
