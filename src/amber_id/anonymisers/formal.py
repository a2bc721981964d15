"""What do defences guarantee formally, and what is that worth?

A defence is (epsilon, delta)-differentially private if whatever it shows is at most e^epsilon times as
probable for one recording as for an *adjacent* one, up to a probability of delta (Dwork and Roth, Found.
Trends Theor. Comput. Sci. 9, 2014). Every number here is an upper bound; what is infinite has none.

Adjacent are any two recordings with a face at the same instants. Their channels may differ in all frames,
by all of their range: 1 for a coefficient, 6 `UNITS` for one of the head's, which is cut off there before
noise is added. How many frames there are, when, and in which of them a face is seen is not covered. The
number of a frame is that of a recording which is this frame alone. What happens to the result afterwards
reveals nothing more: coefficients cut off below 0 and above 1, landmarks drawn, further defences.

No library is needed for the composition. Laplace noise has delta 0, and its epsilons add up. Gaussian noise
on F frames of C channels is one Gaussian in F C dimensions, which two recordings move by the root of the
summed squares of the ranges: mu standard deviations. The exact delta of an epsilon is Phi(mu / 2 - epsilon
/ mu) less a positive term (Dong, Roth and Su, J. R. Stat. Soc. B 84, 2022). Without that term epsilon is
mu^2 / 2 + mu z, where z is exceeded with probability delta: a little too large, never too small.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from amber_id.anonymisers.channels import FACE, UNITS

DELTA = 1e-5
"""The delta of Gaussian noise here: the probability with which its epsilon need not hold."""

WEAK = 10.0
"""The epsilon beyond which a guarantee is usually said to mean little (Ponomareva et al., J. Artif. Intell.
Res. 77, 2023): what is shown may then be 22,000 times as probable for one recording as for another."""

_HEAD_LIMIT = 3.0  # `UNITS`: 86 degrees, three eye distances, 4.5 times as large: hardly a face is beyond
LOWEST: Float[np.ndarray, " C"] = -_HEAD_LIMIT * UNITS
"""The lowest values of the channels to which noise is added: 0 of coefficients."""
LOWEST[FACE] = 0.0
HIGHEST: Float[np.ndarray, " C"] = _HEAD_LIMIT * UNITS
"""The highest values of the channels to which noise is added: 1 of coefficients."""
HIGHEST[FACE] = 1.0


@dataclass(frozen=True)
class Guarantee:
    """Epsilons of a defence at one strength, ``inf`` where there is no bound.

    `coefficient` is that of one coefficient in one frame, `coefficients` of all of a frame, `frame` with the
    head, `recording` of a recording of so many `frames` with a face; `delta` goes with each of them. `worth`
    says why the numbers are of use, or are not.
    """

    noise: Literal["Gaussian", "Laplace", "none"]
    delta: float
    coefficient: float
    coefficients: float
    frame: float
    recording: float
    frames: int
    worth: str

    @property
    def text(self) -> str:
        """The numbers in words, of the longest of some recordings."""
        numbers = (self.coefficient, self.coefficients, self.frame, self.recording)
        if all(map(math.isinf, numbers)):
            return "epsilon infinite, for one frame and for a recording"
        one, all_of_face, frame, recording = map(epsilon_text, numbers)
        return (
            f"epsilon {one} for a coefficient of one frame, {all_of_face} for all coefficients of the frame, "
            f"{frame} with the head, {recording} for the longest recording, of {self.frames:,} frames; "
            f"delta {self.delta:g}"
        )


def epsilon_text(epsilon: float) -> str:
    """An epsilon in digits, rounded up; "infinite" where there is no bound.

    >>> epsilon_text(2854.2), epsilon_text(0.431), epsilon_text(float("inf"))
    ('2,855', '0.44', 'infinite')
    """
    if math.isinf(epsilon):
        return "infinite"
    return f"{math.ceil(epsilon):,}" if epsilon >= WEAK else f"{math.ceil(100 * epsilon) / 100:.2f}"


def unbounded(worth: str, frames: int) -> Guarantee:
    """No guarantee, and why."""
    return Guarantee("none", 0.0, math.inf, math.inf, math.inf, math.inf, frames, worth)


def gaussian(deviation: float, frames: int) -> Guarantee:
    """Gaussian noise of a standard deviation in `UNITS`, above 0, drawn anew for every channel and frame."""
    ranges = (HIGHEST - LOWEST) / UNITS

    def epsilon(moved_squared: float) -> float:
        mu = math.sqrt(moved_squared) / deviation
        return mu * mu / 2 - mu * float(ndtri(DELTA))

    of_face, of_frame = (float((part**2).sum()) for part in (ranges[FACE], ranges))
    needed = deviation_for(WEAK, frames)
    return Guarantee(
        "Gaussian",
        DELTA,
        epsilon(1.0),
        epsilon(of_face),
        epsilon(of_frame),
        epsilon(frames * of_frame),
        frames,
        f"of no use: a guarantee means something below about {WEAK:g}, which for this recording would take "
        f"noise of standard deviation {needed:,.0f} on coefficients that go from 0 to 1; every further frame "
        "and recording of a person adds to epsilon",
    )


def deviation_for(epsilon: float, frames: int) -> float:
    """The standard deviation, in `UNITS`, at which Gaussian noise in each frame has an epsilon."""
    z = -float(ndtri(DELTA))
    mu = math.sqrt(z**2 + 2 * epsilon) - z
    return math.sqrt(frames * float((((HIGHEST - LOWEST) / UNITS) ** 2).sum())) / mu


def one_offset(scale: float, frames: int, shared_by: str) -> Guarantee:
    """One Laplace offset of a scale above 0 for each coefficient, and none for the head."""
    return Guarantee(
        "Laplace",
        0.0,
        1 / scale,
        FACE.stop / scale,
        math.inf,
        math.inf,
        frames,
        f"of no use: all frames of {shared_by} have one offset, so the difference of two frames, which is "
        "all movement, passes unchanged, and so does the head; only where a coefficient rests is covered, "
        f"and not well: an epsilon means something below about {WEAK:g}",
    )
