"""When do the eyes blink?

A blink is a closing that opens again within 0.4 s: a peak that rises 0.3 above its surroundings (its
prominence), of how far the eyes are closed, 0 where open and 1 where shut.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import find_peaks

_RISE, _LONGEST_S = 0.3, 0.4


def blinks_in(
    closure: Float[np.ndarray, " T"], rate_hz: float
) -> tuple[Int[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """The frames at which blinks have their peak, and how far each rises above its surroundings.

    >>> frames, rise = blinks_in(np.array([0.1, 0.1, 0.6, 0.1, 0.2, 0.1]), 25.0)
    >>> frames.tolist(), rise.tolist()
    ([2], [0.5])
    """
    frames, about = find_peaks(closure, prominence=_RISE, width=(None, _LONGEST_S * rate_hz))
    return frames, about["prominences"]
