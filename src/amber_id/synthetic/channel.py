"""What of a person's movement arrives at an avatar?

Coefficients of a driving video were compared with those that a tracker finds in the avatar's video, for this
project's own default avatar and for RAVAS: correlations over a clip, median of a few clips each, given here
by name. So a coefficient arrives with noise, of a size at which clips that move as much as usual give that
correlation; weaker where its shape on an avatar is weak; and not at all where avatars have none. What the
channel does to a person's habits besides is in `people.avatar_traits`.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from amber_id.synthetic.coefficients import coefficients
from amber_id.synthetic.fields import smooth_in_time
from amber_id.synthetic.rig import RATE_HZ, ClipSignals


@dataclass(frozen=True)
class _Arrival:
    """Coefficients after the channel: correlation, gain, and how much they usually move in a clip."""

    correlation: float
    gain: float
    spread: float


# Spreads: about the standard deviation within clips of the rig, so that the correlations come out; for
# pucker, funnel and rolled lips more, since noise below 0 is cut off.
_ARRIVALS = {
    "jawOpen": _Arrival(0.92, 0.95, 0.078),
    "eyeBlink": _Arrival(0.95, 0.95, 0.125),
    "eyeSquint": _Arrival(0.75, 0.8, 0.088),
    "eyeLookDown": _Arrival(0.5, 0.7, 0.124),
    "eyeLookUp": _Arrival(0.5, 0.7, 0.03),
    "eyeLookIn": _Arrival(0.6, 0.7, 0.066),
    "eyeLookOut": _Arrival(0.6, 0.7, 0.06),
    "eyeWide": _Arrival(0.6, 0.8, 0.025),
    "browInnerUp": _Arrival(0.90, 0.9, 0.107),
    "browOuterUp": _Arrival(0.85, 0.9, 0.094),
    "browDown": _Arrival(0.80, 0.9, 0.02),
    "mouthSmile": _Arrival(0.80, 0.85, 0.08),
    "mouthPucker": _Arrival(0.62, 0.6, 0.22),
    "mouthFunnel": _Arrival(0.62, 0.6, 0.06),
    "mouthUpperUp": _Arrival(0.7, 0.8, 0.065),
    "mouthLowerDown": _Arrival(0.5, 0.7, 0.051),
    "mouthStretch": _Arrival(0.5, 0.7, 0.03),
    "mouthPress": _Arrival(0.5, 0.7, 0.0195),
    "mouthRollLower": _Arrival(0.5, 0.7, 0.055),
    "mouthRollUpper": _Arrival(0.5, 0.7, 0.025),
    "mouthShrugLower": _Arrival(0.5, 0.7, 0.0125),
    "mouthShrugUpper": _Arrival(0.5, 0.7, 0.015),
    "mouthFrown": _Arrival(0.5, 0.7, 0.005),
    "mouthLeft": _Arrival(0.6, 0.8, 0.024),
    "mouthRight": _Arrival(0.6, 0.8, 0.024),
}
# Pitch, yaw, roll: correlation, and standard deviation in degrees within a clip.
_ROTATION_CORRELATION = np.array([0.91, 0.97, 0.975])
_ROTATION_SPREAD_DEG = np.array([2.8, 2.8, 1.7])
# Errors change as slowly as expressions do.
_ERROR_S = 0.15


def through_channel(signals: ClipSignals, rng: np.random.Generator) -> ClipSignals:
    """The signals, at `RATE_HZ`, as an avatar shows them."""
    gain, noise = _of_coefficients()
    S = len(signals.rotation)
    errors = smooth_in_time(rng, S, 52 + 3, fps=RATE_HZ, time_constant_s=_ERROR_S)
    arrived = np.clip(gain * signals.blendshapes + noise * errors[:, :52], 0, 1)
    turned = (
        signals.rotation
        + np.radians(_noise_for(_ROTATION_CORRELATION, _ROTATION_SPREAD_DEG)) * errors[:, 52:]
    )
    return replace(signals, blendshapes=arrived, rotation=turned)


def _of_coefficients() -> tuple[Float[np.ndarray, " 52"], Float[np.ndarray, " 52"]]:
    """Gain and noise of every coefficient; both 0 for one that avatars do not have."""
    gain, correlation, spread = (
        coefficients({name: getattr(each, what) for name, each in _ARRIVALS.items()})
        for what in ("gain", "correlation", "spread")
    )
    return gain, gain * _noise_for(np.where(correlation > 0, correlation, 1), spread)


def _noise_for(
    correlation: Float[np.ndarray, " C"], spread: Float[np.ndarray, " C"]
) -> Float[np.ndarray, " C"]:
    """Standard deviation of what must be added to a signal of this spread for this correlation with it."""
    return spread * np.sqrt(1 / correlation**2 - 1)
