"""Which parts of the face do eyes and brows move, and how do lids close without a gap?

Conventions
-----------
Centimetres in the frame of `canonical_face`.
"""

import numpy as np
from jaxtyping import Float

from amber_id.avatarize.default_head.canonical_face import (
    BROW_FOOT,
    BROW_TOP,
    LOWER_LID,
    SIDES,
    UPPER_LID,
    Side,
)
from amber_id.avatarize.default_head.spreading import Shapes, Spreading, smoothstep

Face = Float[np.ndarray, "468 3"]

EYE_RADIUS = 1.45

# Skin this far from the middle of an eye moves with it fully, and not at all.
_EYE_NEAR, _EYE_FAR = 1.5, 2.6
# The avatar's brows stand out less than the canonical face's: nods would look like brows that move.
_BROWS_BACK = 0.4
# How far a brow comes forward for each centimetre that it comes down.
_FROWN_FORWARD = 0.35
# How far the lower lid comes up in a blink, and both come forward, for they pass before the eyeball.
_LOWER_LID_UP = 0.08
_LIDS_FORWARD = 0.08
# The front of the eyeball lies this far behind the lids' edges, so no lid cuts into it on its way.
_EYEBALL_BACK = 0.12
# Degrees that the eyeball turns with a shape at 1.
_GAZE_SIDEWAYS, _GAZE_UP_DOWN = 28.0, 22.0


def flatter_brows(face: Face, spreading: Spreading) -> Face:
    """The face with its brows set back."""
    brows = [point for side in SIDES for point in (*BROW_TOP[side], *BROW_FOOT[side])]
    return face + spreading.spread(dict.fromkeys(brows, (0, 0, -_BROWS_BACK)), reach=4)


def brow_region(face: Face) -> Float[np.ndarray, "468"]:
    """Brows and the skin down to the lids, fading towards the outline of the forehead."""
    x, y = np.abs(face[:, 0]), face[:, 1]
    return smoothstep(y, 2.2, 3.4) * smoothstep(y, 7.7, 6.0) * smoothstep(x, 7.4, 5.8)


def eye_region(face: Face) -> Float[np.ndarray, "468"]:
    """Lids, and the skin next to them."""
    distances = [np.linalg.norm((face - _eye_middle(face, side))[:, :2], axis=1) for side in SIDES]
    return smoothstep(np.min(distances, axis=0), _EYE_FAR, _EYE_NEAR)


def frowns(face: Face, measured: Shapes) -> Shapes:
    """Both browDown shapes: each brow alone, coming forward over the lid as it comes down."""
    shapes = {}
    for side, sign in (("Left", 1), ("Right", -1)):
        frown = smoothstep(sign * face[:, 0], -1.0, 1.0)[:, None] * measured[f"browDown{side}"]
        overhang = _FROWN_FORWARD * np.maximum(-frown[:, 1], 0)
        shapes[f"browDown{side}"] = frown + overhang[:, None] * (0, 0, 1)
    return shapes


def blinks(face: Face, spreading: Spreading) -> Shapes:
    """Both blinks: the upper lid's edge comes to lie on the lower lid's."""
    shapes = {}
    step = np.array([0, _LOWER_LID_UP, _LIDS_FORWARD])
    for side in SIDES:
        moved = {}
        for upper, lower in zip(UPPER_LID[side][1:-1], LOWER_LID[side][1:-1], strict=True):
            moved[lower] = step
            moved[upper] = face[lower] + step - face[upper]
        held = (UPPER_LID[side][0], UPPER_LID[side][-1], *BROW_TOP[side], *BROW_FOOT[side])
        shapes[f"eyeBlink{side}"] = spreading.spread(moved, reach=2, held=held)
    return shapes


def cheeks_and_nose(spreading: Spreading) -> Shapes:
    """Shapes of the middle of the face, which MediaPipe's coefficients hardly ever show."""
    cheek_points = {"Left": (425, 280), "Right": (205, 50)}
    nose_points = {"Left": (358, 420, 327), "Right": (129, 198, 98)}
    shapes = {}
    for side in SIDES:
        low, high = cheek_points[side]
        shapes[f"cheekSquint{side}"] = spreading.spread({low: (0, 0.3, 0.3), high: (0, 0.4, 0.2)}, reach=3)
        wing, bridge, nostril = nose_points[side]
        sneer = {wing: (0, 0.35, 0.1), bridge: (0, 0.25, 0.1), nostril: (0, 0.25, 0.1)}
        shapes[f"noseSneer{side}"] = spreading.spread(sneer, reach=2)
    return shapes


def eyeball_middle(face: Face, side: Side) -> Float[np.ndarray, " 3"]:
    """Where the eyeball turns: its front is just behind the lids' edges."""
    front = face[[UPPER_LID[side][4], LOWER_LID[side][4]], 2].mean()
    return _eye_middle(face, side) * (1, 1, 0) + (0, 0, front - EYE_RADIUS - _EYEBALL_BACK)


def gaze_of(side: Side) -> dict[str, tuple[float, float]]:
    """How far the eyeball turns with each shape at 1: to the avatar's left and up, in degrees."""
    inward = -_GAZE_SIDEWAYS if side == "Left" else _GAZE_SIDEWAYS
    return {
        f"eyeLookIn{side}": (inward, 0.0),
        f"eyeLookOut{side}": (-inward, 0.0),
        f"eyeLookUp{side}": (0.0, _GAZE_UP_DOWN),
        f"eyeLookDown{side}": (0.0, -_GAZE_UP_DOWN),
    }


def _eye_middle(face: Face, side: Side) -> Float[np.ndarray, " 3"]:
    return face[[*UPPER_LID[side], *LOWER_LID[side]]].mean(axis=0)
