"""What would an attacker undo who knows that clips are anonymised, and how?

An anonymiser that rescales, distorts, roughens or delays movement hides people from an attacker that takes
its clips as they are, and hides less from one that first takes out what was changed. An inversion is such a
step: most need the clip alone, no original and no key, and act on every signal over all segments of a clip.

none          nothing is taken out: clips as they are
standardised  mean and spread of every signal over the clip: what is left is when it moves, not how much. In
              speaker recognition: cepstral mean and variance normalisation (Viikki and Laurila, "Cepstral
              domain segmental feature vector normalization", Speech Communication 25, 1998)
ranks         its whole distribution: values are replaced by normal quantiles of their ranks in the clip. In
              speaker recognition: feature warping (Pelecanos and Sridharan, "Feature warping for robust
              speaker verification", Odyssey 2001)
smoothed      what changes within a few frames, as noise does
paced         how quickly everything goes: time is stretched until the clip has the usual pace

One needs pairs instead, anonymised clips of known people and their originals, and is learnt from them by the
attacker that uses it (`attackers.mapped`):

mapped        what a map from anonymised to original frames recovers
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtri
from scipy.stats import rankdata

Inversion = Literal["none", "standardised", "ranks", "smoothed", "paced", "mapped"]
AS_IS: Inversion = "none"
Segments = Sequence[Float[np.ndarray, "_ S"]]

_SMOOTHING_S = 0.08  # standard deviation of the Gaussian
_JITTER_S = 0.04  # the same before a pace is taken, short enough to leave quick movements
_STILL = 1e-6  # spread below which a signal does not move, in eye distances, radians or coefficients
_USUAL_PACE = 7.0  # radians per second; over 89 clips of 25 people the median is 5.0 to 8.0, by view
_MOST_STRETCHED = 2.0


@dataclass(frozen=True)
class Inverting:
    """One inversion: what it does, and what it tells of an anonymiser where it helps."""

    summary: str  # for the help of the command line
    invert: Callable[[Segments, float], list[Float[np.ndarray, "_ S"]]]
    conclusion: str  # about the anonymiser, a clause; of "none" there is none
    is_learnt: bool = False  # from pairs, by an attacker: in features nothing is taken out


def _as_is(segments: Segments, _rate_hz: float) -> list[Float[np.ndarray, "_ S"]]:
    return list(segments)


def _standardised(segments: Segments, _rate_hz: float) -> list[Float[np.ndarray, "_ S"]]:
    frames = np.concatenate(segments)
    spread = frames.std(axis=0)
    # What does not move stays still; dividing its rounding by its spread would make noise of it.
    scale = np.where(spread > _STILL, spread, np.inf)
    return [(segment - frames.mean(axis=0)) / scale for segment in segments]


def _ranked(segments: Segments, _rate_hz: float) -> list[Float[np.ndarray, "_ S"]]:
    frames = np.concatenate(segments)
    quantiles = ndtri(rankdata(frames, axis=0) / (len(frames) + 1))
    quantiles[:, frames.std(axis=0) <= _STILL] = 0.0
    return np.split(quantiles, np.cumsum([len(segment) for segment in segments])[:-1])


def _smoothed(
    segments: Segments, rate_hz: float, smoothing_s: float = _SMOOTHING_S
) -> list[Float[np.ndarray, "_ S"]]:
    return [gaussian_filter1d(segment, smoothing_s * rate_hz, axis=0) for segment in segments]


def _paced(segments: Segments, rate_hz: float) -> list[Float[np.ndarray, "_ S"]]:
    stretch = np.clip(pace(segments, rate_hz) / _USUAL_PACE, 1 / _MOST_STRETCHED, _MOST_STRETCHED)
    return [_stretched(segment, stretch) for segment in segments]


def pace(segments: Segments, rate_hz: float) -> float:
    """How quickly a clip moves, in radians per second: the median over its signals that move at all.

    The pace of a signal is the ratio of the root mean squares of its velocity and of its distance from its
    mean, both smoothed: the mean frequency of a Gaussian process (Rice, "Mathematical analysis of random
    noise", Bell System Technical Journal 24, 1945). A clip in which nothing moves has the usual pace.
    """
    smooth = _smoothed(segments, rate_hz, _JITTER_S)
    frames = np.concatenate(smooth)
    moves = frames.std(axis=0) > _STILL
    changes = np.concatenate([np.diff(segment, axis=0) for segment in smooth])
    if not moves.any() or len(changes) == 0:
        return _USUAL_PACE
    velocity = np.sqrt((changes[:, moves] ** 2).mean(axis=0)) * rate_hz
    return float(np.median(velocity / frames[:, moves].std(axis=0)))


def _stretched(segment: Float[np.ndarray, "T S"], stretch: float) -> Float[np.ndarray, "U S"]:
    """A segment that lasts `stretch` times as long, of two frames or more, linear between two frames."""
    T = len(segment)
    if T < 2:
        return segment
    at = np.linspace(0, T - 1, max(2, round(T * stretch)))
    low = np.minimum(at.astype(np.int64), T - 2)
    share = (at - low)[:, None]
    return segment[low] * (1 - share) + segment[low + 1] * share


INVERSIONS: Mapping[Inversion, Inverting] = MappingProxyType(
    {
        AS_IS: Inverting("clips as they are", _as_is, ""),
        "standardised": Inverting(
            "mean and spread of every signal removed",
            _standardised,
            "the anonymiser hides how much the face moves, but not when",
        ),
        "ranks": Inverting(
            "every value replaced by its rank in the clip",
            _ranked,
            "the anonymiser hides how far and how long the face is moved, but not in which order",
        ),
        "smoothed": Inverting(
            "changes within a few frames removed",
            _smoothed,
            "the anonymiser adds quick changes, and slower movement is not hidden by them",
        ),
        "paced": Inverting(
            "every clip stretched to the same pace",
            _paced,
            "the anonymiser changes how quickly the face moves, but not its movements",
        ),
        "mapped": Inverting(
            "every frame mapped to that of the original, as pairs of other people teach it",
            _as_is,
            "what the anonymiser does to a face can in part be learnt and undone",
            is_learnt=True,
        ),
    }
)


def inverted(segments: Segments, inversion: Inversion, *, rate_hz: float) -> list[Float[np.ndarray, "_ S"]]:
    """The segments of one clip after an inversion; only "paced" changes how many frames there are.

    Parameters
    ----------
    segments
        Each of T frames of the same S signals.
    inversion
        Which one; a signal that does not move is still afterwards.
    rate_hz
        Frames per second.
    """
    return INVERSIONS[inversion].invert(segments, rate_hz)
