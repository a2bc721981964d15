"""One face is followed among others that stand by, come closer, cross it or hide it."""

import numpy as np
import pytest

from amber_id.tracking.following import FaceChoice

WIDTH, HEIGHT = 1280, 720


def _face(x: float, size: float = 100, y: float = 360) -> np.ndarray:
    """Corners of a face `size` pixels wide and high, in the middle of its place."""
    corners = np.array([(x + dx * size / 2, y + dy * size / 2, 0) for dx in (-1, 1) for dy in (-1, 1)])
    return (corners / (WIDTH, HEIGHT, 1)).astype(np.float32)


def _follow(frames: list[dict[str, np.ndarray]], fps: int = 25) -> tuple[list[str], int]:
    """Who is followed in each frame, "" for nobody, whatever order the tracker lists faces in."""
    choice, names = FaceChoice(), []
    rng = np.random.default_rng(0)
    for i, faces in enumerate(frames):
        listed = list(faces)
        rng.shuffle(listed)
        kept = choice.choose([faces[name] for name in listed], WIDTH, HEIGHT, i / fps)
        names.append("" if kept is None else listed[kept])
    return names, choice.switches


def test_a_single_face_is_kept_wherever_it_moves():
    frames = [{"a": _face(100 + 30 * i, size=100 - i)} for i in range(30)]
    assert _follow(frames) == (["a"] * 30, 0)


def test_the_largest_at_first_is_followed_though_another_one_grows():
    frames = [{"a": _face(300, 100), "b": _face(800, 60 + 4 * i)} for i in range(30)]
    assert _follow(frames) == (["a"] * 30, 0)


def test_size_is_the_area_of_the_box_and_the_first_of_equals_is_taken():
    wide, tall = np.zeros((2, 478, 3), np.float32)
    wide[0, :2], tall[0, :2] = (0.6, 0.1), (0.2, 0.4)
    for faces, kept in (([wide, tall], 1), ([tall, wide], 0), ([wide, wide], 0)):
        assert FaceChoice().choose(faces, WIDTH, HEIGHT, 0.0) == kept


@pytest.mark.parametrize("fps", [10, 25, 50])
def test_faces_that_cross_are_not_mixed_up(fps):
    frames = []
    for i in range(2 * fps):
        way = 1000 * i / (2 * fps)
        frames.append(
            {"a": _face(140 + way, 110, 360), "b": _face(1140 - way, 90, 410), "c": _face(640, 70, 620)}
        )
    assert _follow(frames, fps) == (["a"] * 2 * fps, 0)


@pytest.mark.parametrize("hidden", [1, 6, 12])
def test_a_face_that_another_one_hides_is_waited_for(hidden):
    frames = []
    for i in range(50):
        frames.append({"a": _face(400 + 10 * i, 100), "b": _face(900 - 10 * i, 90, y=400)})
        if abs(i - 25) < hidden / 2:
            del frames[-1]["a"]
    names, switches = _follow(frames)
    assert set(names) == {"a", ""}
    assert names.count("") == sum("a" not in faces for faces in frames)
    assert switches == 0


def test_one_face_seen_twice_is_one():
    """A tracker that has lost the face behind another may see the one in front twice."""
    frames = []
    for i in range(50):
        frames.append({"a": _face(400 + 10 * i, 100), "b": _face(900 - 10 * i, 90)})
        if abs(i - 25) < 6:
            frames[-1]["a"] = _face(900 - 10 * i, 92, y=362)  # b once more
    names, switches = _follow(frames)
    assert [names[i] for i in (*range(19), *range(32, 50))] == ["a"] * 37
    assert switches == 0


def test_who_is_gone_for_more_than_a_second_is_given_up():
    frames = [{"a": _face(300), "b": _face(800, 60)}] * 30 + [{"b": _face(800, 60)}] * 50
    names, switches = _follow(frames)
    assert names[:30] == ["a"] * 30
    assert names[30:54] == [""] * 24
    assert names[56:] == ["b"] * 24
    assert switches == 1


def test_a_mistake_in_the_first_frame_does_not_cost_a_second():
    frames = [{"poster": _face(900, 200), "a": _face(300)}] + [{"a": _face(300 + i)} for i in range(30)]
    names, switches = _follow(frames)
    assert names[1:] == ["a"] * 30
    assert switches == 1


def test_a_cut_is_one_switch():
    frames = [{"a": _face(200)}] * 10 + [{"a": _face(900)}] * 10
    assert _follow(frames) == (["a"] * 20, 1)


def test_a_picture_of_another_size_moves_nobody():
    """Half as many pixels, or turned: the same face is at another place in shares, and the same one."""
    choice = FaceChoice()
    for i, (width, height) in enumerate([(1280, 720)] * 5 + [(640, 360)] * 5 + [(720, 1280)] * 5):
        scale = min(width, height) / 720
        face = np.array([(300, 300, 0), (400, 420, 0)], np.float32) - (640, 360, 0)
        face = (face * scale + (width / 2, height / 2, 0)) / (width, height, 1)
        assert choice.choose([face.astype(np.float32)], width, height, i / 25) == 0
    assert choice.switches == 0


def test_somebody_new_is_not_followed_while_the_face_is_waited_for():
    frames = [{"a": _face(300)}] * 20 + [{}] * 3 + [{"c": _face(900, 140)}] * 5 + [{"a": _face(310)}] * 5
    names, switches = _follow(frames)
    assert names == ["a"] * 20 + [""] * 8 + ["a"] * 5
    assert switches == 0


def test_nobody_is_there():
    assert _follow([{}, {"a": _face(300)}, {}, {"a": _face(310)}]) == (["", "a", "", "a"], 0)
