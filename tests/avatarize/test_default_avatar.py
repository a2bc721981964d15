"""The avatar that nobody brought: complete, closed where it should be, and MediaPipe finds what drove it."""

from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar
from amber_id.avatarize.default_head.canonical_face import LOWER_LIP_EDGE, UPPER_LIP_EDGE
from amber_id.avatarize.default_head.default_avatar import Palette, default_avatar
from amber_id.avatarize.default_head.skin_texture import eye_place, field_place
from amber_id.avatarize.renderer import Renderer
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.tracking.landmarker import FaceTracker

AHEAD = np.eye(3)
SIGNAL = np.array([0, 255, 0, 255], np.uint8)


@pytest.fixture(scope="module")
def avatar(model_bundle) -> Avatar:
    return default_avatar(model_bundle)


def weights(**shapes: float) -> np.ndarray:
    """Weights by name; a name without its side means both."""
    found = np.zeros(SHAPES)
    for name, weight in shapes.items():
        which = [i for i, each in enumerate(ARKIT_NAMES) if each in (name, f"{name}Left", f"{name}Right")]
        assert which, name
        found[which] = weight
    return found


def turned(yaw: float, pitch: float = 0.0) -> np.ndarray:
    return Rotation.from_euler("yx", (yaw, pitch), degrees=True).as_matrix()


def signalled(avatar: Avatar, x: slice, y: slice) -> Avatar:
    """The avatar with a part of its picture in a green that it has nowhere else."""
    image = avatar.materials[0].image.copy()
    image[y, x] = SIGNAL
    return replace(avatar, materials=(replace(avatar.materials[0], image=image),))


def signal_pixels(picture: np.ndarray) -> int:
    red, green, blue = picture.astype(int).transpose(2, 0, 1)
    return int(np.count_nonzero((green > 60) & (green > 2 * red) & (green > 2 * blue)))


def test_it_is_whole(avatar):
    V = len(avatar.positions)
    assert avatar.missing == ()
    assert 4000 < V < 12_000
    assert np.isfinite(avatar.positions).all()
    assert np.isfinite(avatar.morphs).all()
    assert np.unique(avatar.triangles).max() < V
    np.testing.assert_allclose(avatar.weights.sum(axis=1), 1, atol=1e-6)
    assert 0 <= avatar.uvs.min() < avatar.uvs.max() <= 1
    assert max(avatar.materials[0].image.shape) <= 1024
    assert [node.name for node in avatar.nodes] == ["Hips", "Spine2", "Neck", "Head"]
    at = np.linalg.inv(avatar.skin[-1].inverse_bind)[:3, 3]
    np.testing.assert_allclose(at, (0, 1.54, -0.05), atol=1e-6)


def test_the_same_bundle_gives_the_same_bytes(avatar, model_bundle):
    again = default_avatar(model_bundle)
    for field in fields(Avatar):
        one, other = getattr(avatar, field.name), getattr(again, field.name)
        if isinstance(one, np.ndarray):
            assert one.tobytes() == other.tobytes(), field.name
    assert avatar.materials[0].image.tobytes() == again.materials[0].image.tobytes()


def test_palettes_differ_in_colour_alone(avatar, model_bundle):
    pictures = {avatar.materials[0].image.tobytes()}
    for palette in get_args(Palette)[1:]:
        other = default_avatar(model_bundle, palette)
        np.testing.assert_array_equal(other.positions, avatar.positions)
        pictures.add(other.materials[0].image.tobytes())
    assert len(pictures) == len(get_args(Palette)) == 3


def test_lips_are_closed_at_rest_and_part_with_the_jaw(avatar):
    lips = avatar.positions[[*UPPER_LIP_EDGE[1:-1]]] - avatar.positions[[*LOWER_LIP_EDGE[1:-1]]]
    assert np.linalg.norm(lips, axis=1).max() < 0.003
    opened = avatar.positions + avatar.morphs[ARKIT_NAMES.index("jawOpen")]
    assert opened[UPPER_LIP_EDGE[5], 1] - opened[LOWER_LIP_EDGE[5], 1] > 0.03


@pytest.mark.parametrize("yaw", [-30.0, 0.0, 30.0])
def test_a_full_blink_leaves_nothing_of_the_eyes(avatar, yaw):
    low, high = (1024 * eye_place(np.array([[-1.0, 1.0], [1.0, -1.0]]))).round().astype(int)
    green_eyed = signalled(avatar, slice(low[0] - 4, high[0] + 4), slice(max(low[1] - 4, 0), high[1] + 4))
    with Renderer(green_eyed, 512) as renderer:
        assert signal_pixels(renderer.render(weights(), turned(yaw))) > 300
        for closed in (weights(eyeBlink=1), weights(eyeBlink=1, eyeLookDown=0.6)):
            assert signal_pixels(renderer.render(closed, turned(yaw))) == 0


@pytest.mark.parametrize("part", ["teeth", "tongue"])
def test_what_is_in_the_mouth_shows_only_through_the_lips(avatar, part):
    x, y = (1024 * field_place(part)).astype(int)
    green = signalled(avatar, slice(x - 32, x + 32), slice(y - 32, y + 32))
    poses = [turned(yaw, pitch) for yaw in (-45.0, 0.0, 45.0) for pitch in (-20.0, 0.0, 20.0)]
    shut = [
        weights(),
        weights(mouthPucker=1),
        weights(mouthPress=1),
        weights(mouthFrown=1),
    ]
    with Renderer(green, 384) as renderer:
        for closed in shut[:1] if part == "teeth" else shut:
            assert [signal_pixels(renderer.render(closed, pose)) for pose in poses] == [0] * len(poses)
        assert signal_pixels(renderer.render(weights(jawOpen=1), AHEAD)) > 20


def test_teeth_do_not_poke_through_the_cheek(avatar):
    x, y = (1024 * field_place("teeth")).astype(int)
    green = signalled(avatar, slice(x - 32, x + 32), slice(y - 32, y + 32))
    with Renderer(green, 384) as renderer:
        seen = [
            signal_pixels(renderer.render(weights(mouthSmile=0.7, jawOpen=0.5), turned(yaw)))
            for yaw in (0, 90.0)
        ]
    assert seen[0] > 100 > seen[1]


def test_the_tongue_comes_out(avatar):
    x, y = (1024 * field_place("tongue")).astype(int)
    green = signalled(avatar, slice(x - 32, x + 32), slice(y - 32, y + 32))
    with Renderer(green, 384) as renderer:
        inside = signal_pixels(renderer.render(weights(jawOpen=0.3), turned(60.0)))
        outside = signal_pixels(renderer.render(weights(jawOpen=0.3, tongueOut=1), turned(60.0)))
    assert outside > inside + 100


def test_mediapipe_finds_what_drove_it(avatar, model_bundle):
    T = 40
    turn = 2 * np.pi * np.arange(T) / T
    drives = {
        "jawOpen": 0.25 - 0.25 * np.cos(2 * turn),
        "eyeBlink": np.clip(np.sin(3 * turn), 0, 1),
        "browInnerUp": 0.5 + 0.4 * np.sin(turn),
        "mouthSmile": 0.3 + 0.3 * np.cos(turn),
    }
    yaw, pitch = 15 * np.sin(turn), 6 * np.cos(turn)
    found, poses = [], []
    with Renderer(avatar, 256) as renderer, FaceTracker(model_bundle) as tracker:
        for t in range(T):
            driven = weights(**{name: float(drive[t]) for name, drive in drives.items()})
            seen = tracker.see(renderer.render(driven, turned(yaw[t], pitch[t])), t / 25)
            assert seen is not None
            found.append(seen.blendshapes)
            poses.append(seen.pose[:3, :3])
    angles = Rotation.from_matrix(np.array(poses)).as_euler("YXZ", degrees=True)
    for name, drive in drives.items():
        sides = [
            i for i, each in enumerate(BLENDSHAPE_NAMES) if each in (name, f"{name}Left", f"{name}Right")
        ]
        for side in sides:
            assert np.corrcoef(drive, np.array(found)[:, side])[0, 1] > 0.85, BLENDSHAPE_NAMES[side]
    assert np.corrcoef(yaw, angles[:, 0])[0, 1] > 0.98
    assert np.corrcoef(pitch, angles[:, 1])[0, 1] > 0.9
    assert np.abs((yaw - angles[:, 0]).mean()) < 2
    assert np.abs((pitch - angles[:, 1]).mean()) < 4
