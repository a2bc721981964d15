"""When several hypotheses are tested, which are rejected, and does a mean differ from 0?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values after Holm's correction: rejecting those at or below a level errs at all that often.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. Journal of Statistics 6, 1979.

    >>> holm([0.01, 0.04, 0.02])
    [0.03, 0.04, 0.04]
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(np.argsort(p_values, kind="stable")):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted


def sign_flip_p_value(
    differences: Float64[np.ndarray, " P"], *, permutations: int, rng: np.random.Generator
) -> float:
    """Two-sided p value of paired differences: how often random signs make a mean as far from 0."""
    signs = rng.choice([-1.0, 1.0], size=(permutations, len(differences)))
    observed = abs(differences.sum())
    reached = np.count_nonzero(np.abs(signs @ differences) >= observed * (1 - 1e-12))
    return (1 + int(reached)) / (1 + permutations)
