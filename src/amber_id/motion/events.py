"""When do the eyes blink, the brows rise, and the head nod?

Each is a peak of a signal, which rises by so much above its surroundings (its prominence) and stays above
half of that for no longer than so long:

- a blink, of how far the eyes are closed, 0 where open and 1 where shut: by 0.3, for 0.4 s at most;
- a brow raise, of the mean of the three coefficients that lift the brows: by 0.15, for 1 s at most;
- a nod, of how far the head is bent down, in radians: by 0.05 (2.9 degrees), for 0.6 s at most.

In 89 real clips, 264 s of 25 people who talk, there are 147 blinks, 175 brow raises and 147 nods.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import find_peaks

_Peaks = tuple[Int[np.ndarray, " N"], Float[np.ndarray, " N"]]


def blinks_in(closure: Float[np.ndarray, " T"], rate_hz: float) -> _Peaks:
    """The frames at which blinks have their peak, and how far each rises above its surroundings.

    >>> frames, rise = blinks_in(np.array([0.1, 0.1, 0.6, 0.1, 0.2, 0.1]), 25.0)
    >>> frames.tolist(), rise.tolist()
    ([2], [0.5])
    """
    return _peaks(closure, rate_hz, rise=0.3, longest_s=0.4)


def brow_raises_in(height: Float[np.ndarray, " T"], rate_hz: float) -> _Peaks:
    """The frames at which short brow raises have their peak, and how far each rises."""
    return _peaks(height, rate_hz, rise=0.15, longest_s=1.0)


def nods_in(pitch: Float[np.ndarray, " T"], rate_hz: float) -> _Peaks:
    """The frames at which the head is bent down furthest in nods, and by how many radians."""
    return _peaks(pitch, rate_hz, rise=0.05, longest_s=0.6)


def _peaks(signal: Float[np.ndarray, " T"], rate_hz: float, *, rise: float, longest_s: float) -> _Peaks:
    frames, about = find_peaks(signal, prominence=rise, width=(None, longest_s * rate_hz))
    return frames, about["prominences"]
