"""What is drawn: the face in the middle, in its colours, turned as told, the same bytes each time."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.avatarize import renderer as module
from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Material
from amber_id.avatarize.renderer import Renderer
from amber_id.errors import MissingDependencyError

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
