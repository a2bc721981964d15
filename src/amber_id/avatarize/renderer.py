"""What does a posed avatar look like from the front?

Conventions
-----------
OpenGL by ``moderngl``, off screen: first through EGL, which Mesa's llvmpipe serves on a machine without a
display and without a GPU; where there is no EGL, through the platform's own way.
The camera looks at the face at rest, from far enough that perspective is slight. Two lights, four samples for
each pixel, also where the driver takes one. The same machine and driver draw the same bytes; another
driver's differ in the last bit.
"""

import os
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, UInt8

from amber_id.avatarize.avatar import Avatar, Material
from amber_id.avatarize.facing import check_facing
from amber_id.avatarize.rig import Rig
from amber_id.errors import AvatarError, MissingDependencyError
from amber_id.extras import from_extra

FEWEST_PIXELS, MOST_PIXELS = 64, 2048

_DEBIAN_COMMAND = "apt-get install libegl1 libgles2 libgl1-mesa-dri"
_SAMPLES = 4
_BACKGROUND = (0.55, 0.60, 0.66)
_FIELD_OF_VIEW_DEG = 18.0
# The face at rest fills this share of the picture's height; the rest is room to turn and nod.
_FACE_SHARE = 0.62
# Vertices farther below the face than this many of its heights are never seen.
_SEEN_BELOW = 0.9
# Where a driver has no four samples for a pixel, this many pixels each way are drawn in place of one.
_FINER = 2

_VERTEX_SHADER = """
#version 330
in vec3 position; in vec3 normal; in vec2 uv; in vec4 own_color;
uniform mat4 to_screen;
out vec3 v_normal; out vec2 v_uv; out vec4 v_color;
void main() {
    gl_Position = to_screen * vec4(position, 1);
    v_normal = normal; v_uv = uv; v_color = own_color;
}
"""
_FRAGMENT_SHADER = """
#version 330
in vec3 v_normal; in vec2 v_uv; in vec4 v_color;
uniform sampler2D picture; uniform vec4 color; uniform float least_opacity;
out vec4 seen;
void main() {
    vec4 own = texture(picture, v_uv) * color * v_color;
    if (own.a < least_opacity) discard;
    vec3 normal = normalize(v_normal);
    if (!gl_FrontFacing) normal = -normal;
    float key = max(dot(normal, normalize(vec3(.3, .5, .9))), 0.);
    float fill = max(dot(normal, normalize(vec3(-.7, .1, .5))), 0.);
    seen = vec4(own.rgb * (.42 + .5 * key + .22 * fill), 1);
}
"""


@dataclass(frozen=True)
class Framing:
    """Where the camera stands and how it projects: ``to_screen`` takes the scene to clip coordinates."""

    to_screen: Float32[np.ndarray, "4 4"]

    @classmethod
    def of(cls, rig: Rig) -> "Framing":
        """Look at the face of `rig` at rest from straight ahead.

        Raises
        ------
        AvatarError
            If the face has no height, or does not look at the camera.
        """
        low, high = (corner.astype(np.float64) for corner in rig.face_box)
        middle, height = (low + high) / 2, high[1] - low[1]
        if not height > 0:
            raise AvatarError("its shapes move points of one height only: that is not a face")
        check_facing(rig)
        zoom = 1 / np.tan(np.radians(_FIELD_OF_VIEW_DEG / 2))
        distance = height / _FACE_SHARE / 2 * zoom
        eye = np.array([middle[0], middle[1], high[2] + distance])
        near, far = 0.2 * distance, 4 * distance
        view = np.eye(4)
        view[:3, 3] = -eye
        projection = np.zeros((4, 4))
        projection[0, 0] = projection[1, 1] = zoom
        projection[2, 2], projection[2, 3] = (far + near) / (near - far), 2 * far * near / (near - far)
        projection[3, 2] = -1
        return cls((projection @ view).astype(np.float32))


class Renderer:
    """Draws one avatar into square pictures; use it in a ``with`` block, in the thread that made it.

    Raises
    ------
    AvatarError
        If the avatar has no face that could be seen, or a picture too large to be drawn here.
    MissingDependencyError
        If moderngl or the graphics libraries that it needs are not installed.
    """

    def __init__(self, avatar: Avatar, size: int) -> None:
        if not FEWEST_PIXELS <= size <= MOST_PIXELS:
            raise ValueError(f"size must be {FEWEST_PIXELS} to {MOST_PIXELS} pixels, got {size}")
        self.rig, self.size = Rig(avatar), size
        framing = Framing.of(self.rig)
        self._context = _open_context()
        try:
            self._prepare(avatar, framing)
        except BaseException:
            self.close()
            raise

    def _prepare(self, avatar: Avatar, framing: Framing) -> None:
        context = self._context
        self._program = context.program(vertex_shader=_VERTEX_SHADER, fragment_shader=_FRAGMENT_SHADER)
        self._program["to_screen"].write(framing.to_screen.T.tobytes())
        V = len(avatar.positions)
        self._moving = np.empty((V, 6), np.float32)
        self._vertices = context.buffer(reserve=self._moving.nbytes, dynamic=True)
        colors = np.ones((V, 4)) if avatar.colors is None else avatar.colors
        still = np.concatenate([avatar.uvs, colors], axis=1)
        self._still = context.buffer(still.astype(np.float32).tobytes())
        self._draws = self._prepare_draws(avatar)
        self._screen = _Screen(context, self.size)

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what the graphics driver holds for it."""
        self._context.release()

    @property
    def driver(self) -> str:
        """The OpenGL renderer and version, as the driver names itself."""
        return _named(self._context)

    def render(
        self, weights: Float[np.ndarray, "52"], rotation: Float[np.ndarray, "3 3"]
    ) -> UInt8[np.ndarray, "S S 3"]:
        """The picture, RGB, of the avatar with ARKit `weights` and its head turned by `rotation`."""
        self._moving[:, :3], self._moving[:, 3:] = self.rig.pose(weights, rotation)
        self._vertices.write(self._moving)
        self._screen.clear()
        self._context.enable_only(_import_moderngl().DEPTH_TEST)
        for material, triangles, texture in self._draws:
            self._program["color"].value = material.color
            self._program["least_opacity"].value = 0.5 if material.cutout else 0.0
            texture.use(0)
            triangles.render()
        return self._screen.picture()

    def _prepare_draws(self, avatar: Avatar) -> list[tuple[Material, Any, Any]]:
        """Materials with their triangles and pictures, those that can be seen through last."""
        seen = _seen_triangles(self.rig)
        draws = []
        for i, material in enumerate(avatar.materials):
            triangles = avatar.triangles[seen & (avatar.material_of == i)]
            if len(triangles):
                indices = self._context.buffer(triangles.astype(np.uint32).tobytes())
                content = [
                    (self._vertices, "3f 3f", "position", "normal"),
                    (self._still, "2f 4f", "uv", "own_color"),
                ]
                drawn = self._context.vertex_array(self._program, content, indices)
                draws.append((material, drawn, self._texture(material)))
        return sorted(draws, key=lambda draw: draw[0].cutout)

    def _texture(self, material: Material) -> Any:
        image = np.full((1, 1, 4), 255, np.uint8) if material.image is None else material.image
        H, W, _ = image.shape
        most = self._context.info["GL_MAX_TEXTURE_SIZE"]
        if max(H, W) > most:
            raise AvatarError(f"a texture of {W} x {H} pixels is more than the {most} that can be drawn here")
        texture = self._context.texture((W, H), 4, np.ascontiguousarray(image).tobytes())
        texture.build_mipmaps()
        gl = _import_moderngl()
        texture.filter = (gl.LINEAR_MIPMAP_LINEAR, gl.LINEAR)
        return texture


class _Screen:
    """Where one picture is drawn, smooth at its edges: four samples for each pixel.

    By the driver, or, where it has none, as two by two pixels for each, which are averaged.
    """

    def __init__(self, context: Any, size: int) -> None:
        self._context, self._size = context, size
        samples = _samples(context)
        self._side = size if samples else _FINER * size
        area = (self._side, self._side)
        self._drawn = context.framebuffer(
            [context.renderbuffer(area, 4, samples=samples)],
            context.depth_renderbuffer(area, samples=samples),
        )
        self._plain = context.framebuffer([context.renderbuffer(area, 4)]) if samples else self._drawn

    def clear(self) -> None:
        """Draw here from now on, on an empty background."""
        self._drawn.use()
        self._drawn.clear(*_BACKGROUND, 1.0)

    def picture(self) -> UInt8[np.ndarray, "S S 3"]:
        """What was drawn."""
        if self._plain is not self._drawn:
            self._context.copy_framebuffer(self._plain, self._drawn)
        read = np.frombuffer(self._plain.read(components=3, alignment=1), np.uint8)
        flipped = read.reshape(self._side, self._side, 3)[::-1]
        if self._side == self._size:
            return np.ascontiguousarray(flipped)
        fine = flipped.reshape(self._size, _FINER, self._size, _FINER, 3).astype(np.uint16)
        return ((fine.sum(axis=(1, 3)) + _FINER) // _FINER**2).astype(np.uint8)


def _samples(context: Any) -> int:
    """How many samples the driver takes for each pixel; 0 where it cannot take enough."""
    return _SAMPLES if context.max_samples >= _SAMPLES else 0


def drawing_driver() -> str:
    """The OpenGL renderer and version that would draw here, after it has drawn an empty picture.

    Raises
    ------
    MissingDependencyError
        If nothing can be drawn here.
    """
    context = _open_context()
    try:
        screen = _Screen(context, FEWEST_PIXELS)
        screen.clear()
        screen.picture()
        return _named(context)
    finally:
        context.release()


def _named(context: Any) -> str:
    named = f"{context.info['GL_RENDERER']}, OpenGL {context.info['GL_VERSION']}"
    return named if _samples(context) else f"{named}, without multisampling"


def _seen_triangles(rig: Rig) -> np.ndarray:
    """Leave out what is far below the picture: arms and legs, in a file with a whole body."""
    low, high = rig.face_box
    seen = rig.at_rest[:, 1] > low[1] - _SEEN_BELOW * (high[1] - low[1])
    return np.any(seen[rig.avatar.triangles], axis=1)


def _open_context() -> Any:
    # One process draws one clip: threads of the software renderer would only fight with the others.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    moderngl = _import_moderngl()
    problems = []
    for options in ({"backend": "egl"}, {}):
        try:
            return moderngl.create_standalone_context(**options)
        # glcontext raises plain exceptions, of whatever kind the platform's loader has.
        except Exception as error:  # noqa: BLE001
            problems.append(str(error).splitlines()[0] if str(error) else type(error).__name__)
    raise MissingDependencyError(
        f"no OpenGL picture can be drawn here ({'; '.join(problems)}); on Debian run: {_DEBIAN_COMMAND}"
    )


def _import_moderngl() -> ModuleType:
    with from_extra("moderngl", "avatar"):
        import moderngl
    return moderngl
