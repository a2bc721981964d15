"""The graph: three partitions by distance from the nose tip, rows that sum to one, subsets of the whole."""

import numpy as np
import pytest

from amber_id.face_mesh import BRIDGES, NOSE_TIP, REGIONS, SELECTED_POINTS, edges_of, points_of
from amber_id.motion.graph import PARTITIONS, face_graph, parents, unconnected_graph

EDGES = [edge for region in REGIONS for edge in edges_of(region)] + [e for g in BRIDGES.values() for e in g]


def _distances() -> dict[int, int]:
    """Edges to the nose tip, by relaxing every edge until nothing changes."""
    distance = dict.fromkeys(SELECTED_POINTS, 10**6) | {NOSE_TIP: 0}
    changed = True
    while changed:
        changed = False
        for a, b in [*EDGES, *((b, a) for a, b in EDGES)]:
            if distance[b] + 1 < distance[a]:
                distance[a], changed = distance[b] + 1, True
    return distance


SUBSETS = {
    "all": SELECTED_POINTS,
    "lips": points_of("lips"),
    "eyes": points_of("eyes"),
    "nose and oval": tuple(sorted(points_of("nose") + points_of("face_oval"))),
}


@pytest.mark.parametrize("subset", SUBSETS)
def test_partitions_follow_the_distance_from_the_nose_tip(subset: str):
    points, distance = SUBSETS[subset], _distances()
    graph = face_graph(points)
    V = len(points)
    assert graph.adjacency.shape == (3, V, V) == (len(PARTITIONS), graph.n_vertices, graph.n_vertices)
    expected = np.zeros((3, V, V))
    expected[0] = np.eye(V)
    for a, b in EDGES:
        if a in points and b in points:
            i, j = points.index(a), points.index(b)
            expected[1 if distance[b] < distance[a] else 2, i, j] = 1
            expected[1 if distance[a] < distance[b] else 2, j, i] = 1
    np.testing.assert_array_equal(graph.adjacency > 0, expected > 0)
    sums = graph.adjacency.sum(axis=2)
    np.testing.assert_allclose(sums[expected.sum(axis=2) > 0], 1)
    assert (sums[expected.sum(axis=2) == 0] == 0).all()


def test_who_is_a_neighbour_of_whom_is_symmetric():
    linked = (face_graph().adjacency[1:] > 0).any(axis=0)
    np.testing.assert_array_equal(linked, linked.T)
    assert not linked.diagonal().any()
    assert linked.sum() == 2 * len({frozenset(edge) for edge in EDGES})


def test_the_nose_tip_alone_has_nobody_nearer():
    nearer = face_graph().adjacency[1].sum(axis=1)
    assert [SELECTED_POINTS[i] for i in np.flatnonzero(nearer == 0)] == [NOSE_TIP]


@pytest.mark.parametrize("subset", SUBSETS)
def test_subsets_are_cut_out_of_the_whole(subset: str):
    points = SUBSETS[subset]
    kept = [SELECTED_POINTS.index(point) for point in points]
    whole = face_graph().adjacency[:, kept][:, :, kept]
    np.testing.assert_array_equal(face_graph(points).adjacency > 0, whole > 0)


def test_parents_lead_to_the_nose_tip():
    above, distance = parents(SELECTED_POINTS), _distances()
    linked = (face_graph().adjacency[1:] > 0).any(axis=0)
    for i, point in enumerate(SELECTED_POINTS):
        if point == NOSE_TIP:
            assert above[i] == i
        else:
            assert linked[i, above[i]]
            assert distance[SELECTED_POINTS[above[i]]] == distance[point] - 1


@pytest.mark.parametrize("region", [*REGIONS, "eyes", "eyebrows"])
def test_a_region_alone_has_parents_of_its_own_only(region: str):
    points = points_of(region)
    whole, alone = parents(SELECTED_POINTS), parents(points)
    roots = 0
    for i, point in enumerate(points):
        parent = SELECTED_POINTS[whole[SELECTED_POINTS.index(point)]]
        assert alone[i] == (points.index(parent) if parent in points else i)
        roots += alone[i] == i
    assert roots > 0


def test_signals_without_a_skeleton_know_only_themselves():
    graph = unconnected_graph(5)
    np.testing.assert_array_equal(graph.adjacency, [np.eye(5), np.zeros((5, 5)), np.zeros((5, 5))])
