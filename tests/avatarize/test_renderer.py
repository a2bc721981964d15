"""What is drawn: the face in the middle, in its colours, turned as told, the same bytes each time."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize import renderer as module
from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar, Material
from amber_id.avatarize.avatarize import avatarize_corpus
from amber_id.avatarize.default_head.default_avatar import default_avatar
from amber_id.avatarize.facing import check_facing
from amber_id.avatarize.glb.write import write_avatar
from amber_id.avatarize.job import AvatarizeConfig
from amber_id.avatarize.one_avatar import _renderer
from amber_id.avatarize.preview import write_preview
from amber_id.avatarize.renderer import Renderer
from amber_id.avatarize.rig import Rig
from amber_id.corpora import Clip, Corpus
from amber_id.errors import AvatarError, MissingDependencyError
from amber_id.tracking import ModelBundle

REST = np.zeros(SHAPES)


def face(picture: np.ndarray) -> np.ndarray:
    """Where the picture is not background."""
    return np.any(picture != picture[0, 0], axis=2)


def test_the_face_stands_in_the_middle_and_opens_downwards(plate):
    jaw = np.eye(SHAPES)[ARKIT_NAMES.index("jawOpen")]
    with Renderer(plate, 128) as renderer:
        rest, opened = face(renderer.render(REST, np.eye(3))), face(renderer.render(jaw, np.eye(3)))
    rows, columns = np.nonzero(rest)
    assert columns.mean() == pytest.approx(63.5, abs=1)
    assert np.nonzero(opened)[0].max() > rows.max() + 5
    assert np.nonzero(opened)[0].min() == rows.min()


def test_colours_come_from_the_material_and_its_picture(plate):
    image = np.zeros((8, 8, 4), np.uint8)
    image[:4], image[4:] = (255, 0, 0, 255), (0, 255, 0, 255)
    with Renderer(replace(plate, materials=(Material(image=image),)), 128) as renderer:
        picture = renderer.render(REST, np.eye(3)).astype(int)
    inside = np.nonzero(face(picture).any(axis=1))[0]
    top, bottom = picture[inside[10], 64], picture[inside[-10], 64]
    assert top[0] > 100 > top[1], "the first row of the image is at the top"
    assert bottom[1] > 100 > bottom[0]


def test_what_is_cut_out_shows_what_is_behind(plate):
    clear = replace(plate, materials=(Material(color=(1.0, 1.0, 1.0, 0.2), cutout=True),))
    with Renderer(clear, 64) as renderer:
        assert not face(renderer.render(REST, np.eye(3))).any()


def test_a_turned_face_is_narrower(plate):
    turn = Rotation.from_euler("y", 60, degrees=True).as_matrix()
    with Renderer(plate, 128) as renderer:
        ahead, aside = (
            face(renderer.render(REST, rotation)).any(axis=0).sum() for rotation in (np.eye(3), turn)
        )
    assert aside == pytest.approx(ahead / 2, rel=0.1)


def test_two_renderers_draw_the_same_bytes(plate):
    turn = Rotation.from_euler("xyz", [5, 20, 3], degrees=True).as_matrix()
    pictures = []
    for _ in range(2):
        with Renderer(plate, 96) as renderer:
            pictures.append(renderer.render(REST + 0.3, turn))
    np.testing.assert_array_equal(*pictures)


def test_a_machine_that_cannot_draw_is_told_which_packages_it_lacks(plate, monkeypatch):
    def fail(**_: object) -> None:
        raise Exception("libEGL.so: cannot open shared object file")  # as glcontext does

    monkeypatch.setattr(module._import_moderngl(), "create_standalone_context", fail)
    with pytest.raises(MissingDependencyError, match=r"libEGL.so: cannot open.*apt-get install libegl1"):
        Renderer(plate, 64)


@pytest.mark.parametrize("size", [0, 63, 2049])
def test_sizes_that_make_no_picture_are_refused(plate, size):
    with pytest.raises(ValueError, match=f"got {size}"):
        Renderer(plate, size)


@pytest.fixture
def open_contexts(monkeypatch) -> list[object]:
    """The contexts that are open: every one is here from its start to its release."""
    contexts, opened = [], module._open_context

    def open_one():
        context = opened()
        contexts.append(context)
        release = context.release

        def release_one():
            contexts.remove(context)
            release()

        context.release = release_one
        return context

    monkeypatch.setattr(module, "_open_context", open_one)
    return contexts


def turned_away(avatar: Avatar) -> Avatar:
    half = np.diag(np.array([-1, 1, -1, 1], np.float32))
    first, *others = avatar.nodes
    return replace(avatar, nodes=(replace(first, local=half @ first.local), *others))


def flat(avatar: Avatar) -> Avatar:
    return replace(avatar, positions=avatar.positions * np.array([1, 0, 1], np.float32))


def with_wide_picture(avatar: Avatar) -> Avatar:
    return replace(avatar, materials=(Material(image=np.zeros((1, 40_000, 4), np.uint8)),))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (turned_away, r"looks 180 degrees away from \+z.*turn it to \+z"),
        (flat, "move points of one height only"),
        (with_wide_picture, "a texture of 40000 x 1 pixels is more than the"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_stays_open(plate, open_contexts, spoil, words):
    with pytest.raises(AvatarError, match=words):
        Renderer(spoil(plate), 64)
    assert open_contexts == []


def turned(avatar: Avatar, axis: str, degrees: float) -> Avatar:
    rotation = np.eye(4, dtype=np.float32)
    rotation[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    nodes = [replace(n, local=rotation @ n.local) if n.parent < 0 else n for n in avatar.nodes]
    return replace(avatar, nodes=tuple(nodes))


def only(avatar: Avatar, *shapes: str) -> Avatar:
    kept = np.isin(ARKIT_NAMES, shapes)
    return replace(avatar, morphs=np.where(kept[:, None, None], avatar.morphs, np.float32(0)))


@pytest.fixture(scope="module")
def head(model_bundle) -> Avatar:
    return default_avatar(model_bundle)


AWAY = [("y", 90), ("y", -60), ("x", -90), ("x", 60), ("y", 180), ("y", 50)]
NEARLY = [("y", 35), ("y", -35), ("x", 30), ("x", -30)]


@pytest.mark.parametrize(("axis", "degrees"), AWAY)
def test_an_avatar_that_looks_more_than_45_degrees_away_is_refused(plate, head, axis, degrees):
    # The default head has its own slant of 3 degrees.
    for avatar, off in ((plate, 0), (only(plate, "jawOpen"), 0), (head, 5)):
        with pytest.raises(AvatarError, match=r"looks \d+ degrees away from \+z.*turn it to \+z") as caught:
            check_facing(Rig(turned(avatar, axis, degrees)))
        assert float(str(caught.value).split()[1]) == pytest.approx(abs(degrees), abs=off + 0.5)


@pytest.mark.parametrize(("axis", "degrees"), NEARLY)
def test_one_that_looks_a_little_aside_is_drawn(plate, head, axis, degrees):
    check_facing(Rig(turned(plate, axis, degrees)))
    check_facing(Rig(turned(head, axis, degrees)))


def test_a_head_that_is_not_up_is_refused(plate, head):
    for avatar in (plate, head):
        with pytest.raises(AvatarError, match=r"its head lies 1(80|79) degrees to the side"):
            check_facing(Rig(turned(avatar, "z", 180)))


@pytest.mark.parametrize("shape", ["jawOpen", "mouthSmileLeft", "eyeBlinkRight", "cheekPuff", "browDownLeft"])
def test_a_part_of_a_face_that_is_bent_does_not_count_as_away(head, shape):
    check_facing(Rig(only(head, shape)))


def test_an_avatar_that_cannot_be_drawn_is_refused_before_anything_is_tracked(plate, tmp_path):
    write_avatar(turned(plate, "y", 60), tmp_path / "aside.glb", "aside")
    corpus = Corpus(tmp_path / "in", (Clip("a_id001/x", "1", "a", tmp_path / "none.mp4"),))
    model = ModelBundle(tmp_path / "none.task", "0" * 64)
    with pytest.raises(AvatarError, match=r"aside\.glb: looks 60 degrees away"):
        avatarize_corpus(corpus, tmp_path / "out", tmp_path / "aside.glb", model, AvatarizeConfig(size=64))
    assert not (tmp_path / "out").exists()


def test_colours_of_vertices_are_drawn(plate):
    red_below = np.array([[1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]], np.float32)
    with Renderer(replace(plate, materials=(Material(),), colors=red_below), 128) as renderer:
        picture = renderer.render(REST, np.eye(3)).astype(int)
    inside = np.nonzero(face(picture).any(axis=1))[0]
    top, middle, bottom = (picture[inside[i], 64] for i in (2, len(inside) // 2, -3))
    assert top[2] > 100 > 20 > top[0]
    assert bottom[0] > 100 > 20 > bottom[2]
    assert abs(middle[0] - middle[2]) < 20


TURN = Rotation.from_euler("xyz", [5, 20, 3], degrees=True).as_matrix()


def test_a_driver_without_multisampling_draws_as_smooth(plate, monkeypatch):
    with Renderer(plate, 96) as renderer:
        sampled = renderer.render(REST, TURN).astype(int)
    monkeypatch.setattr(module, "_samples", lambda _: 0)
    with Renderer(plate, 96) as renderer:
        finer = renderer.render(REST, TURN).astype(int)
        assert renderer.driver.endswith("without multisampling")
    assert np.abs(finer - sampled).mean() < 0.5
    between = np.any((finer != finer[0, 0]) & (finer != finer[48, 48]), axis=2)
    assert between.any(), "its edges are not smooth"


@pytest.mark.skipif(sys.platform != "linux", reason="Mesa is told by an environment variable")
def test_mesas_softpipe_which_has_no_multisampling_draws(plate, tmp_path):
    write_avatar(plate, tmp_path / "plate.glb", "plate")
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from amber_id.avatarize import Renderer, drawing_driver, read_avatar\n"
        "print(drawing_driver())\n"
        "with Renderer(read_avatar(Path(sys.argv[1])).avatar, 96) as renderer:\n"
        "    np.save(sys.argv[2], renderer.render(np.zeros(52), np.eye(3)))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "plate.glb"), str(tmp_path / "drawn.npy")]
    environment = os.environ | {"GALLIUM_DRIVER": "softpipe", "LIBGL_ALWAYS_SOFTWARE": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "softpipe" in ran.stdout
    assert "without multisampling" in ran.stdout
    with Renderer(plate, 96) as renderer:
        here = renderer.render(REST, np.eye(3)).astype(int)
    assert np.abs(np.load(tmp_path / "drawn.npy").astype(int) - here).mean() < 1


def test_a_closed_surface_looks_nowhere_and_is_drawn(plate):
    triangles = np.concatenate([plate.triangles, plate.triangles[:, ::-1]])
    closed = replace(plate, triangles=triangles, material_of=np.zeros(4, np.int32))
    with Renderer(closed, 64) as renderer:
        assert face(renderer.render(REST, np.eye(3))).any()


def test_a_process_holds_one_renderer_and_lets_the_last_one_go(plate, open_contexts, tmp_path):
    write_avatar(plate, tmp_path / "one.glb", "one")
    first, _ = _renderer(tmp_path / "one.glb", 64)
    assert _renderer(tmp_path / "one.glb", 64)[0] is first
    second, _ = _renderer(tmp_path / "one.glb", 96)
    assert open_contexts == [second._context]
    assert second.render(REST, np.eye(3)).shape == (96, 96, 3)


def test_errors_of_drawing_name_the_file_once(plate, tmp_path):
    path = tmp_path / "away.glb"
    write_avatar(turned_away(plate), path, "away")
    with pytest.raises(AvatarError) as drawn:
        _renderer(path, 64)
    with pytest.raises(AvatarError) as previewed:
        write_preview(turned_away(plate), tmp_path / "sheet.png", source=path)
    for caught in (drawn, previewed):
        assert str(caught.value).startswith(f"{path}: looks 180 degrees away")
        assert str(caught.value).count(path.name) == 1
    with pytest.raises(AvatarError, match=r"^looks 180 degrees away"):
        write_preview(turned_away(plate), tmp_path / "sheet.png")
    with pytest.raises(AvatarError, match=r"none\.glb: cannot be read") as missing:
        _renderer(Path("none.glb"), 64)
    assert str(missing.value).count("none.glb") == 1
