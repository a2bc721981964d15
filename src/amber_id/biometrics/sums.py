"""How sure is a figure that is computed from sums over people, such as a ratio or a mean of ratios?

Conventions
-----------
S people, K sums of each. A figure is a function of the sums of all people together; people are resampled,
each with all its sums, and several sets of sums of the same people see the same draws. A resample in which a
figure is not finite, since nobody was drawn who says anything about it, is drawn again.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from amber_id.biometrics.intervals import Spread
from amber_id.errors import EvaluationError

_FEWEST_PEOPLE = 3
_MOST_ROUNDS = 1000  # of drawing again

FigureOfSums = Callable[[Float[np.ndarray, "R K"]], Float[np.ndarray, " R"]]
"""The figure of each row of sums; not finite where they say nothing about it."""


def spreads_of_sums(
    sides: Sequence[Float[np.ndarray, "S K"]],
    figure: FigureOfSums,
    *,
    replicates: int,
    level: float,
    rng: np.random.Generator,
) -> list[Spread]:
    """The figure of each set of sums, and how it moves when other people are drawn or one is left out.

    Raises
    ------
    EvaluationError
        If there are fewer than 3 people, or a figure is not finite in nearly all resamples.
    ValueError
        If the sets are not of equally many people.

    Examples
    --------
    >>> sums = np.array([[1.0, 2.0], [3.0, 4.0], [2.0, 2.0], [0.0, 2.0]])
    >>> ratio = lambda rows: rows[:, 0] / rows[:, 1]
    >>> (spread,) = spreads_of_sums(
    ...     [sums], ratio, replicates=200, level=0.95, rng=np.random.default_rng(0)
    ... )
    >>> spread.value, spread.left_out.round(3)
    (0.6, array([0.625, 0.5  , 0.5  , 0.75 ]))
    """
    S = len(sides[0])
    if any(len(sums) != S for sums in sides):
        raise ValueError(f"sums must be of the same people, got {sorted({len(sums) for sums in sides})}")
    if S < _FEWEST_PEOPLE:
        raise EvaluationError(f"an interval over people needs 3 subjects or more, got {S}: add people")
    resampled = np.full((len(sides), replicates), np.nan)
    pending, redrawn = np.arange(replicates), 0
    for _ in range(_MOST_ROUNDS):
        times = rng.multinomial(S, np.full(S, 1 / S), size=len(pending)).astype(np.float64)
        for values, sums in zip(resampled, sides, strict=True):
            values[pending] = figure(times @ sums)
        pending = np.flatnonzero(~np.isfinite(resampled).all(axis=0))
        if not pending.size:
            break
        redrawn += len(pending)
    else:
        raise EvaluationError("too few people say anything about a figure: every resample lacks them")
    return [
        Spread(
            value=float(figure(sums.sum(axis=0)[None])[0]),
            resampled=values,
            left_out=figure(sums.sum(axis=0) - sums),
            redrawn=redrawn,
            level=level,
            n_subjects=S,
            n_deciding=S,
        )
        for sums, values in zip(sides, resampled, strict=True)
    ]
