"""How do closed lips meet, and how do those shapes of the lower face move that could not be measured?

Conventions
-----------
Centimetres in the frame of `canonical_face`. Shapes by hand are a few displacements, spread over the skin.
"""

import numpy as np
from jaxtyping import Float

from amber_id.avatarize.default_head.canonical_face import (
    LOWER_LIP,
    LOWER_LIP_EDGE,
    UPPER_LIP,
    UPPER_LIP_EDGE,
)
from amber_id.avatarize.default_head.spreading import Shapes, Spreading, smoothstep

# Left between closed lips, so that two vertices are not taken for one.
_LIP_GAP = 0.01
_LIPS = tuple(sorted({*UPPER_LIP, *UPPER_LIP_EDGE, *LOWER_LIP_EDGE, *LOWER_LIP}))
_LIPS_FORWARD = {"mouthPucker": 0.6, "mouthFunnel": 0.5}
_NOSE_AND_CHIN = (1, 2, 152, 164)
# The lips open this share of jawOpen to let the tongue through.
_TONGUE_OPENS = 0.22


def close_lips(face: Float[np.ndarray, "468 3"], spreading: Spreading) -> Float[np.ndarray, "468 3"]:
    """Bring the edges of the lips together, and the skin about them along."""
    moved, half_gap = {}, np.array([0, _LIP_GAP / 2, 0])
    for upper, lower in zip(UPPER_LIP_EDGE[1:-1], LOWER_LIP_EDGE[1:-1], strict=True):
        middle = (face[upper] + face[lower]) / 2
        moved[upper] = middle + half_gap - face[upper]
        moved[lower] = middle - half_gap - face[lower]
    return face + spreading.spread(moved, reach=3, held=_NOSE_AND_CHIN)


def lower_face(face: Float[np.ndarray, "468 3"]) -> Float[np.ndarray, "468"]:
    """Jaw, mouth and cheeks, fading towards the eyes."""
    return smoothstep(face[:, 1], 1.8, 0.2)


def forward_lips(spreading: Spreading, measured: Shapes) -> Shapes:
    """Pucker and funnel with lips that come forward: how deep a point lies is hardly measured."""
    return {
        name: measured[name] * (1, 1, 0) + spreading.spread(dict.fromkeys(_LIPS, (0, 0, forward)), reach=3)
        for name, forward in _LIPS_FORWARD.items()
    }


def mouth_by_hand(spreading: Spreading, jaw_open: Float[np.ndarray, "468 3"]) -> Shapes:
    """Shapes that MediaPipe's coefficients hardly ever show."""
    chin = (14, 17, 200, 199, 175, 152)
    puffed = {}
    for left, right, (x, y, z) in (
        (425, 205, (0.5, 0, 0.6)),
        (427, 207, (0.4, 0, 0.7)),
        (434, 214, (0.4, -0.1, 0.6)),
        (436, 216, (0.3, 0, 0.6)),
    ):
        puffed[left], puffed[right] = (x, y, z), (-x, y, z)
    return {
        "cheekPuff": spreading.spread(puffed, reach=3, held=_LIPS),
        "jawForward": spreading.spread(dict.fromkeys(chin, (0, 0, 0.8)), reach=6, held=(1, 0, 13)),
        "tongueOut": _TONGUE_OPENS * jaw_open,
    }
