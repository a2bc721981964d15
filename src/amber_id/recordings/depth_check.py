"""Is the depth of landmarks that another program wrote that of their faces?

Conventions
-----------
The mean face, fitted to x and y alone (`face_fit.py`), says what z must be in each frame: from above at the
head's turn, in the scale of x, growing away from the camera. All is in pixels here. The *slope* of a frame is
that of the least-squares line through its z over the fitted z, both about their means over the selected
points; the slope of a clip is the median of its frames'. It is 1 but for how deep the person's own face is:
over 89 real clips of 25 people it lay between 0.86 and 1.10, that of single frames between 0.79 and 1.22,
with correlations of 0.95 and more.

The rule, clip by clip. z that is the same at all points, or at all times, is no depth. A slope near 1 is
right. Near -1, z grows towards the camera and is turned round. Where z is right after the conversion that x
went through, or should not have gone through, it is converted so: z in shares of the width beside x and y in
pixels, and the reverse. Anything else is refused. Frames whose z is another than that of their clip are
without a face.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from amber_id.recordings.face_fit import FaceFit

_LOWEST_SLOPE, _HIGHEST_SLOPE = 0.8, 1.25
_USUAL_SLOPES = (0.85, 1.12)  # of real faces; beyond, z is taken but named
_LEAST_CORRELATION = 0.8
_FARTHEST_FROM_CLIP = 1.5  # the slope of a frame over that of its clip, or the reverse
_MOST_STRAY_FRAMES = 0.1
# float32 in shares of the picture: what rounding alone leaves of a constant.
_ROUNDING = 1e-6

_SHARES = "was in shares of the width and was brought to pixels, as x is"
_PIXELS = "was in pixels and was brought to shares of the width, as x is"
_ADVICE = "convert it, or leave z out for that of a fitted mean face"


@dataclass(frozen=True)
class DepthVerdict:
    """What z is to be multiplied by, the frames in which it is of use, what was mended, what is doubtful."""

    factor: float
    good: Bool[np.ndarray, " F"]
    mended: str = ""
    doubt: str = ""


def is_depth(z: Float[np.ndarray, "F V"]) -> bool:
    """Whether z differs between points, and between frames if there are any two; a constant is no depth."""
    size = _ROUNDING * np.abs(z).max()
    over_points = np.ptp(z, axis=1).max() > size
    over_time = len(z) < 2 or np.ptp(z, axis=0).max() > size
    return bool(over_points and over_time)


def judge_depth(z: Float[np.ndarray, "F S"], fit: FaceFit, selected: list[int], width: int) -> DepthVerdict:
    """How z of the selected points, in pixels, must be changed, by the rule of this module.

    Raises
    ------
    ValueError
        If no rule makes it the depth of its faces; says what it is instead.
    """
    slopes, correlations = _slopes(z, fit.faces(max(selected) + 1)[:, selected, 2])
    alike = np.abs(correlations) >= _LEAST_CORRELATION
    if alike.mean() < 0.5:
        typical = float(np.median(correlations))
        raise ValueError(
            f"its z is not the depth of its face: it correlates by {typical:.2f} with that of a fitted mean "
            f"face; {_ADVICE}"
        )
    ordered = np.sort(slopes[alike])
    slope = float(ordered[len(ordered) // 2])  # of a frame: between a positive and a negative may lie 0
    ratio = slopes / slope
    far = (ratio < 1 / _FARTHEST_FROM_CLIP) | (ratio > _FARTHEST_FROM_CLIP)
    strays = far | ~alike
    if strays.mean() > _MOST_STRAY_FRAMES:
        raise ValueError(
            f"its z changes sign or scale within the clip, in {strays.sum()} of {len(z)} frames; {_ADVICE}"
        )
    factor, mended = _conversion(slope, width)
    depth = slope * factor
    doubt = ""
    if not _USUAL_SLOPES[0] <= depth <= _USUAL_SLOPES[1]:
        doubt = (
            f"its z is {depth:.2f} times the depth of a fitted mean face, more or less than faces differ by; "
            "is it in the scale of x, and not in millimetres or the like?"
        )
    return DepthVerdict(factor, ~strays, mended, doubt)


def _conversion(slope: float, width: int) -> tuple[float, str]:
    """What z is to be multiplied by, and what that mends."""
    for factor, what in (
        (1.0, ""),
        (-1.0, "its z grew towards the camera and was turned round"),
        (float(width), f"its z {_SHARES}"),
        (-float(width), f"its z grew towards the camera, was turned round, and {_SHARES}"),
        (1.0 / width, f"its z {_PIXELS}"),
        (-1.0 / width, f"its z grew towards the camera, was turned round, and {_PIXELS}"),
    ):
        if _LOWEST_SLOPE <= slope * factor <= _HIGHEST_SLOPE:
            return factor, what
    way = " and the other way round" if slope < 0 else ""
    raise ValueError(
        f"expected z in the scale of x, got {abs(slope):.3g} times the depth of a fitted mean face{way}; "
        f"{_ADVICE}"
    )


def _slopes(
    z: Float[np.ndarray, "F S"], fitted: Float[np.ndarray, "F S"]
) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, " F"]]:
    """Slope and correlation of each frame; 0 where z is the same at all points."""
    z = z - z.mean(axis=1, keepdims=True)
    fitted = fitted - fitted.mean(axis=1, keepdims=True)
    common = (z * fitted).sum(axis=1)
    own, other = (z**2).sum(axis=1), (fitted**2).sum(axis=1)
    flat = own == 0
    return common / other, np.where(flat, 0.0, common / np.sqrt(np.where(flat, 1.0, own) * other))
