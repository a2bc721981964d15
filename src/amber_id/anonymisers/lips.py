"""How far do the lips of a clip open, and how do they close again in a clip with somebody else's style?

For m, b and p the lips close, and who watches an avatar sees when they do not. A style moves the opening with
all else, so that lips stay apart, or press into each other. Where the clip's own lips are closed, they are
closed again: the coefficients that open and close the mouth change by the least that does it. Whose lips
close is no matter: all people's do.

Conventions
-----------
Openings are those of the face that is drawn of the channels (`channels.driven_by`), in eye distances; lips
that would lie over each other have a negative one. They are linear in the coefficients. Frames are changed
one by one, so a causal defence can do it. The functions take ``xp``, numpy or torch, and any leading axes.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import COEFFICIENTS, FACE
from amber_id.face_mesh import mean_face
from amber_id.synthetic.measured import measured_faces

_UPPER, _LOWER = [13, 82, 312], [14, 87, 317]
_CLOSED, _FREE = (
    0.02,
    0.06,
)  # of an opening: closed below the first, as utility has it; from the second on free
_STEPS = 10  # what one step cannot change, since a coefficient ends at 0 or 1, the others do in the next


def opening_of(values: Any, xp: Any = np) -> Any:
    """How far apart the lips are in frames of channels, (..., C) to (...)."""
    return _opening_of_face(values[..., FACE], xp)


def with_closed_lips(values: Any, originals: Any, xp: Any = np) -> Any:
    """Channels whose lips are closed where the originals' are, and nearly closed where these nearly are.

    Closed lips are half as far apart as the originals', since one may lie before the other, which this does
    not see. Both are (..., C); coefficients of `values` must lie in [0, 1], and do so after it.
    """
    own, face = xp.clip(opening_of(originals, xp), 0.0, None), values[..., FACE]
    closed = xp.clip((_FREE - own) / (_FREE - _CLOSED), 0.0, 1.0)
    wanted = closed * own / 2 + (1 - closed) * _opening_of_face(face, xp)
    direction = xp.asarray(_of_the_mouth(), dtype=values.dtype)
    for _ in range(_STEPS):
        left = wanted - _opening_of_face(face, xp)
        face = xp.clip(face + left[..., None] * direction, 0.0, 1.0)
    return xp.concatenate([face, values[..., FACE.stop :]], -1)


def _opening_of_face(face: Any, xp: Any) -> Any:
    per_coefficient, at_zero = _opening()
    return face @ xp.asarray(per_coefficient, dtype=face.dtype) + at_zero


@lru_cache(maxsize=1)
def _opening() -> tuple[Float[np.ndarray, " C"], float]:
    """The opening for each coefficient, and that of a face with all coefficients 0."""
    faces = measured_faces()
    height = faces.basis[1:].reshape(len(COEFFICIENTS), -1, 3)[:, :, 1]
    per_coefficient = (height[:, _LOWER] - height[:, _UPPER]).mean(axis=1)
    middle = float((mean_face()[_LOWER, 1] - mean_face()[_UPPER, 1]).mean())
    return per_coefficient, middle - float(faces.mean[1:] @ per_coefficient)


@lru_cache(maxsize=1)
def _of_the_mouth() -> Float[np.ndarray, " C"]:
    """The smallest change of mouth and jaw that opens the lips by 1."""
    is_mouth = np.array([name.startswith(("jaw", "mouth")) for name in COEFFICIENTS])
    per_coefficient = np.where(is_mouth, _opening()[0], 0)
    return per_coefficient / (per_coefficient @ per_coefficient)
