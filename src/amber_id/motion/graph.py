"""Which landmarks are neighbours?

The graph of the selected points: the edges of the regions, and the bridges that join the regions
into one piece. Distances are counted in edges from the tip of the nose. As in ST-GCN (Yan et al.,
AAAI 2018) neighbours fall into three partitions: the point itself, the neighbours nearer to the root
(centripetal) and those as far or farther (centrifugal).

A subset of regions keeps the distances of the whole graph, so that leaving a region out does not change
what the others mean.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import BRIDGES, NOSE_TIP, REGIONS, SELECTED_POINTS, edges_of

PARTITIONS = ("self", "centripetal", "centrifugal")


@dataclass(frozen=True)
class FaceGraph:
    """Adjacency of V vertices in K = 3 partitions.

    ``adjacency[k, i, j]`` is the weight with which vertex j enters the sum of vertex i; the rows of a
    partition sum to one, or to zero where a vertex has no such neighbour.
    """

    adjacency: Float[np.ndarray, "K V V"]

    @property
    def n_vertices(self) -> int:
        """How many vertices the graph has."""
        return int(self.adjacency.shape[1])


@cache
def _edges() -> tuple[tuple[int, int], ...]:
    bridges = (edge for group in BRIDGES.values() for edge in group)
    return (*(edge for region in REGIONS for edge in edges_of(region)), *bridges)


@cache
def _tree() -> tuple[dict[int, int], dict[int, int]]:
    """Distance from the root and parent of every selected point, by breadth-first search."""
    neighbours: dict[int, set[int]] = {point: set() for point in SELECTED_POINTS}
    for a, b in _edges():
        neighbours[a].add(b)
        neighbours[b].add(a)
    distance, parent, frontier = {NOSE_TIP: 0}, {NOSE_TIP: NOSE_TIP}, [NOSE_TIP]
    while frontier:
        reached = []
        for point in frontier:
            for neighbour in sorted(neighbours[point] - distance.keys()):
                distance[neighbour], parent[neighbour] = distance[point] + 1, point
                reached.append(neighbour)
        frontier = reached
    return distance, parent


def parents(points: tuple[int, ...]) -> tuple[int, ...]:
    """Position, in `points`, of each point's neighbour on its way to the nose tip.

    The nose tip is its own parent, and so is a point whose parent was left out: a region alone must not
    carry the movement of another.
    """
    _, parent = _tree()
    index = {point: i for i, point in enumerate(points)}
    return tuple(index.get(parent[point], i) for i, point in enumerate(points))


def face_graph(points: tuple[int, ...] = SELECTED_POINTS) -> FaceGraph:
    """The graph of some of the selected points, in the order given."""
    distance, _ = _tree()
    index = {point: i for i, point in enumerate(points)}
    adjacency = np.zeros((len(PARTITIONS), len(points), len(points)))
    adjacency[0] = np.eye(len(points))
    for a, b in _edges():
        if a in index and b in index:
            for here, there in ((a, b), (b, a)):
                k = 1 if distance[there] < distance[here] else 2
                adjacency[k, index[here], index[there]] = 1.0
    return FaceGraph(_rows_to_one(adjacency))


def unconnected_graph(n_vertices: int) -> FaceGraph:
    """The graph of signals that have no skeleton: every vertex is its own and only neighbour."""
    adjacency = np.zeros((len(PARTITIONS), n_vertices, n_vertices))
    adjacency[0] = np.eye(n_vertices)
    return FaceGraph(adjacency)


def _rows_to_one(adjacency: Float[np.ndarray, "K V V"]) -> Float[np.ndarray, "K V V"]:
    sums = adjacency.sum(axis=2, keepdims=True)
    return adjacency / np.where(sums > 0, sums, 1.0)
