"""How are vectors of MediaPipe's 52 blendshape coefficients written down?"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float

from amber_id.face_mesh import BLENDSHAPE_NAMES

LEFT = np.array([name.endswith("Left") for name in BLENDSHAPE_NAMES])
RIGHT = np.array([name.endswith("Right") for name in BLENDSHAPE_NAMES])


def coefficients(values: Mapping[str, float]) -> Float[np.ndarray, " 52"]:
    """The full vector, 0 where nothing is said; a name without its side stands for both sides.

    Raises
    ------
    ValueError
        If no coefficient has such a name.
    """
    vector = np.zeros(len(BLENDSHAPE_NAMES))
    for name, value in values.items():
        vector[of(name)] = value
    return vector


def of(*names: str) -> Bool[np.ndarray, " 52"]:
    """Where the coefficients of these names are; a name without its side stands for both sides."""
    in_region = np.zeros(len(BLENDSHAPE_NAMES), dtype=bool)
    for name in names:
        both = [full in (name, f"{name}Left", f"{name}Right") for full in BLENDSHAPE_NAMES]
        if not any(both):
            raise ValueError(f"no blendshape is called {name}")
        in_region |= both
    return in_region


def sides(ratio: float) -> Float[np.ndarray, " 52"]:
    """Factors whose ratio of left to right is `ratio`, and whose product is 1; 1 where there is no side."""
    left = np.sqrt(ratio)
    return np.where(LEFT, left, np.where(RIGHT, 1 / left, 1.0))
