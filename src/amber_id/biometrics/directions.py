"""Vectors as directions: their cosine is a product."""

import numpy as np
from jaxtyping import Float


def unit_vectors(vectors: Float[np.ndarray, "N D"], dtype: type[np.floating]) -> Float[np.ndarray, "N D"]:
    """The vectors scaled to length 1.

    Raises
    ------
    ValueError
        If a vector is zero or not finite; the message names the row.

    Examples
    --------
    >>> unit_vectors(np.array([[3.0, 4.0]]), np.float64)
    array([[0.6, 0.8]])
    """
    directions = vectors.astype(dtype)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise ValueError(
            f"vectors must be finite and not zero, got length {lengths[bad[0], 0]} in row {bad[0]} "
            f"and {bad.size - 1} more such rows: leave the clip out as a failure to acquire"
        )
    directions /= lengths
    return directions
