"""How does skin between a few vertices that move, and others that stay, follow smoothly?

Conventions
-----------
Displacements of named vertices are met exactly; the others minimise the bending of the displacement over the
graph of the mesh (biharmonic). Skin farther than a number of edges from what moves stays.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

Move = Sequence[float | int] | Float[np.ndarray, " 3"]
Shapes = dict[str, Float[np.ndarray, "N 3"]]

_UNREACHED = np.iinfo(np.int64).max
# Keeps the system solvable where a part of the mesh hangs on nothing.
_TINY = 1e-9


def smoothstep(x: Float[np.ndarray, " N"], none: float, full: float) -> Float[np.ndarray, " N"]:
    """From 0 at `none` to 1 at `full`, level at both ends; either may be the larger."""
    t = np.clip((x - none) / (full - none), 0, 1)
    return t * t * (3 - 2 * t)


class Spreading:
    """Spreads displacements over one mesh; made once, used for many shapes."""

    def __init__(self, triangles: Int[np.ndarray, "F 3"], vertices: int) -> None:
        linked = np.zeros((vertices, vertices))
        for i, j in ((0, 1), (1, 2), (2, 0)):
            linked[triangles[:, i], triangles[:, j]] = linked[triangles[:, j], triangles[:, i]] = 1
        degree = np.maximum(linked.sum(axis=1, keepdims=True), 1)
        laplacian = np.diag(linked.any(axis=1).astype(float)) - linked / degree
        self._linked = linked.astype(bool)
        self._bending = laplacian.T @ laplacian

    def spread(
        self, moved: Mapping[int, Move], reach: int, held: Collection[int] = ()
    ) -> Float[np.ndarray, "N 3"]:
        """Displacement of every vertex: `moved` ones as given, 0 at `held` ones and beyond `reach` edges."""
        far = self._edges_from(list(moved)) > reach
        far[list(held)] = True
        far[list(moved)] = False
        free = ~far
        free[list(moved)] = False
        values = np.array(list(moved.values()), dtype=float)
        moves = np.zeros((len(far), values.shape[1]))
        moves[list(moved)] = values
        if free.any():
            between = self._bending[np.ix_(free, ~free)] @ moves[~free]
            stiffness = self._bending[np.ix_(free, free)] + _TINY * np.eye(int(np.count_nonzero(free)))
            moves[free] = -np.linalg.solve(stiffness, between)
        return moves

    def _edges_from(self, seeds: Collection[int]) -> Int[np.ndarray, " N"]:
        distance = np.full(len(self._linked), _UNREACHED)
        front = np.zeros(len(self._linked), bool)
        front[list(seeds)] = True
        steps = 0
        while front.any():
            distance[front] = steps
            front = self._linked[front].any(axis=0) & (distance == _UNREACHED)
            steps += 1
        return distance
