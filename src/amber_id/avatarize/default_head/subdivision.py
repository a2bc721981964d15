"""How does a coarse mesh become a smooth one, with everything that is known at its vertices?

Conventions
-----------
Loop's scheme (C. Loop, *Smooth subdivision surfaces based on triangles*, 1987), one step: every triangle
becomes four. A step is a matrix, so positions and shapes go through it alike; an open edge stays a curve of
its own.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from scipy.sparse import csr_matrix, lil_matrix


@dataclass(frozen=True)
class Subdivision:
    """`smooth` (M, N) moves to the limit's side, `middle` (M, N) only halves edges, for texture coordinates.

    The first N of the M vertices are the coarse ones.
    """

    smooth: csr_matrix
    middle: csr_matrix
    triangles: Int[np.ndarray, "K 3"]


def subdivide(triangles: Int[np.ndarray, "F 3"], vertices: int) -> Subdivision:
    """One step for a mesh of `vertices`, whose edges have at most two triangles."""
    across: dict[tuple[int, int], list[int]] = {}
    for a, b, c in triangles.tolist():
        for i, j, third in ((a, b, c), (b, c, a), (c, a, b)):
            across.setdefault((min(i, j), max(i, j)), []).append(third)
    number = {edge: vertices + k for k, edge in enumerate(across)}
    smooth = lil_matrix((vertices + len(across), vertices))
    middle = lil_matrix(smooth.shape)
    middle[np.arange(vertices), np.arange(vertices)] = 1
    for edge, thirds in across.items():
        row = number[edge]
        middle[row, list(edge)] = 0.5
        smooth[row, list(edge)] = 3 / 8 if len(thirds) == 2 else 1 / 2
        if len(thirds) == 2:
            smooth[row, thirds] = 1 / 8
    for vertex, (around, along) in enumerate(_neighbours(across, vertices)):
        # On an open edge only the neighbours along it count.
        count = len(along) if along else len(around)
        share = (1 / 8 if len(along) == 2 else 0) if along else _inner_share(count)
        smooth[vertex, vertex] = 1 - count * share
        if share:
            smooth[vertex, along or around] = share
    return Subdivision(smooth.tocsr(), middle.tocsr(), _split(triangles, number))


def _inner_share(neighbours: int) -> float:
    if neighbours == 0:
        return 0.0
    return 3 / 16 if neighbours == 3 else 3 / (8 * neighbours)


def _neighbours(across: dict[tuple[int, int], list[int]], vertices: int) -> list[tuple[list[int], list[int]]]:
    """All neighbours of each vertex, and those along an open edge."""
    neighbours: list[tuple[list[int], list[int]]] = [([], []) for _ in range(vertices)]
    for (i, j), thirds in across.items():
        for one, other in ((i, j), (j, i)):
            neighbours[one][0].append(other)
            if len(thirds) == 1:
                neighbours[one][1].append(other)
    return neighbours


def _split(triangles: Int[np.ndarray, "F 3"], number: dict[tuple[int, int], int]) -> Int[np.ndarray, "K 3"]:
    parts = []
    for a, b, c in triangles.tolist():
        ab, bc, ca = (number[min(i, j), max(i, j)] for i, j in ((a, b), (b, c), (c, a)))
        parts += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(parts)
