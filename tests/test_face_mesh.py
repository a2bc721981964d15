"""The tables of points are MediaPipe's, whole, joined and symmetric, and the mean face fits them."""

import os

import numpy as np
import pytest

from amber_id.face_mesh import (
    BLENDSHAPE_NAMES,
    BRIDGES,
    NOSE_TIP,
    OUTER_EYE_CORNERS,
    REGION_GROUPS,
    REGIONS,
    RIGID_POINTS,
    SELECTED_POINTS,
    edges_of,
    mean_face,
    mirror_pairs,
    points_of,
)

REGION_EDGES = [edge for region in REGIONS for edge in edges_of(region)]
BRIDGE_EDGES = [edge for group in BRIDGES.values() for edge in group]


def _pieces(edges: list[tuple[int, int]]) -> int:
    """How many pieces the selected points fall into, by union-find."""
    above = {point: point for point in SELECTED_POINTS}

    def top(point: int) -> int:
        while above[point] != point:
            point = above[point]
        return point

    for a, b in edges:
        above[top(a)] = top(b)
    return sum(above[point] == point for point in above)


def _undirected(edges: list[tuple[int, int]]) -> set[frozenset[int]]:
    return {frozenset(edge) for edge in edges}


def test_seven_regions_give_152_points():
    sizes = {region: len(points_of(region)) for region in REGIONS}
    assert sizes == {
        "face_oval": 36,
        "left_eye": 16,
        "left_eyebrow": 10,
        "lips": 40,
        "nose": 24,
        "right_eye": 16,
        "right_eyebrow": 10,
    }
    assert sum(sizes.values()) == len(SELECTED_POINTS) == 152  # so no point is in two regions
    assert list(SELECTED_POINTS) == sorted(set(SELECTED_POINTS))
    assert max(SELECTED_POINTS) < 468


def test_regions_are_mediapipes_own():
    try:
        from mediapipe.tasks.python.vision import FaceLandmarksConnections
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("needs mediapipe: pip install 'amber-id[video]'")
    for region in REGIONS:
        theirs = getattr(FaceLandmarksConnections, f"FACE_LANDMARKS_{region.upper()}")
        assert _undirected(edges_of(region)) == _undirected([(c.start, c.end) for c in theirs]), region


def test_groups_are_the_union_of_both_sides():
    assert set(REGION_GROUPS) == {"eyes", "eyebrows"}
    assert points_of("eyes") == tuple(sorted(points_of("left_eye") + points_of("right_eye")))
    assert points_of("eyebrows") == tuple(sorted(points_of("left_eyebrow") + points_of("right_eyebrow")))


def test_bridges_join_ten_pieces_into_one():
    assert _pieces(REGION_EDGES) == 10
    assert _pieces(REGION_EDGES + BRIDGE_EDGES) == 1


@pytest.mark.parametrize("name", BRIDGES)
def test_bridges_are_new_edges_between_selected_points(name: str):
    for edge in BRIDGES[name]:
        assert set(edge) <= set(SELECTED_POINTS)
        assert frozenset(edge) not in _undirected(REGION_EDGES)


def test_mirroring_twice_changes_nothing():
    mirror = mirror_pairs()
    np.testing.assert_array_equal(mirror[mirror], np.arange(478))
    assert 10 < np.count_nonzero(mirror == np.arange(478)) < 50  # the midline
    for point in (NOSE_TIP, 10, 152, 168, 2):
        assert mirror[point] == point
    assert mirror[OUTER_EYE_CORNERS[0]] == OUTER_EYE_CORNERS[1]


@pytest.mark.parametrize("region", REGIONS)
def test_mirroring_swaps_left_and_right_regions(region: str):
    swapped = region.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
    mirror = mirror_pairs()
    assert {int(mirror[p]) for p in points_of(region)} == set(points_of(swapped))
    mirrored = [(int(mirror[a]), int(mirror[b])) for a, b in edges_of(region)]
    assert _undirected(mirrored) == _undirected(edges_of(swapped))


def test_bridges_and_rigid_points_are_symmetric():
    mirror = mirror_pairs()
    assert _undirected([(int(mirror[a]), int(mirror[b])) for a, b in BRIDGE_EDGES]) == _undirected(
        BRIDGE_EDGES
    )
    assert {int(mirror[p]) for p in RIGID_POINTS} == set(RIGID_POINTS)
    assert len(set(RIGID_POINTS)) == len(RIGID_POINTS)
    assert max(RIGID_POINTS) < 468


def test_rigid_points_do_not_talk_or_frown():
    moving = {*points_of("lips"), *points_of("eyebrows"), 152}
    assert not moving & set(RIGID_POINTS)


def test_mean_face_is_symmetric_and_in_its_unit():
    face = mean_face()
    assert face.shape == (478, 3)
    np.testing.assert_allclose(face[mirror_pairs()] * [-1, 1, 1], face, atol=1e-12)
    right, left = (face[point] for point in OUTER_EYE_CORNERS)
    assert np.linalg.norm(left - right) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(face[list(RIGID_POINTS)].mean(axis=0), 0, atol=1e-6)


def test_mean_face_lies_as_its_axes_say():
    face = mean_face()
    assert face[OUTER_EYE_CORNERS[1], 0] > 0 > face[OUTER_EYE_CORNERS[0], 0]  # own left: right in the image
    assert face[152, 1] > face[17, 1] > face[NOSE_TIP, 1] > face[168, 1] > face[10, 1]  # y goes down
    assert face[NOSE_TIP, 2] == face[:, 2].min()  # z goes away from the camera


def test_measured_arrays_cannot_be_changed_by_accident():
    for array in (mean_face(), mirror_pairs()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_blendshapes_are_neutral_and_51_of_arkit():
    assert len(BLENDSHAPE_NAMES) == len(set(BLENDSHAPE_NAMES)) == 52
    assert BLENDSHAPE_NAMES[0] == "_neutral"
    assert "tongueOut" not in BLENDSHAPE_NAMES
    left = {name.removesuffix("Left") for name in BLENDSHAPE_NAMES if name.endswith("Left")}
    right = {name.removesuffix("Right") for name in BLENDSHAPE_NAMES if name.endswith("Right")}
    assert left == right
