"""Which avatars show the same people? Each has a name, lets so much through, and has a constant of its own.

``RAVAS``                  lets through what was measured, and looks as the one avatar does that is usual
``RAVAS:cue=1``            has a face and a manner of its own, as far from the usual ones as people's spread
``RAVAS:keeps=0.5,cue=2``  lets half as much of a habit through

The constant, the *cue*, is the same in all clips of an avatar, whoever drives it and in all corpora: it
tells avatars apart, and nobody from anybody. Who knows which avatar a clip shows can take it off, so the
oracle does not see it.
"""

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field

from amber_id.quoting import quote
from amber_id.synthetic.fields import MODES
from amber_id.synthetic.habits import HABITS
from amber_id.synthetic.seeds import stream

USUAL = "avatar"
"""The avatar of a corpus in which none has a name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_TAKEN = ("original", USUAL)


class Avatar(BaseModel):
    """What an avatar lets through, and what it adds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    keeps: float = Field(1.0, ge=0, le=1)  # of a habit that usually arrives
    cue: float = Field(0.0, ge=0, le=5)  # of its own: 1 as much as people differ in face and habits


def as_avatars(value: Any) -> Any:
    """``RAVAS:cue=1``, or a list of such texts, as a mapping; raises ValueError for what is none."""
    if isinstance(value, Mapping) or not isinstance(value, str | list | tuple):
        return value
    texts = [value] if isinstance(value, str) else value
    avatars: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, settings = str(text).partition(":")
        pairs = [item.partition("=") for item in settings.split(",")] if settings else []
        if not all(equals for _, equals, _ in pairs):
            raise ValueError(f"expected NAME or NAME:keeps=0.5,cue=1, got {quote(text)}")
        if name in avatars:
            raise ValueError(f"expected each name once, got {name} twice")
        avatars[name] = {key: number for key, _, number in pairs}
    return avatars


def checked(avatars: dict[str, Avatar]) -> dict[str, Avatar]:
    """These avatars; raises ValueError if a name can be no folder, or two differ in case only."""
    for name in avatars:
        if not _NAME.fullmatch(name) or name.casefold() in _TAKEN:
            raise ValueError(
                f"expected a name of up to 32 letters a to z, digits, - and _, other than "
                f"{' and '.join(_TAKEN)}, got {quote(name)}"
            )
    if len({name.casefold() for name in avatars}) < len(avatars):
        raise ValueError(f"expected names that differ not in case only, got {', '.join(avatars)}")
    return avatars


def own_number(condition: str) -> tuple[int, ...]:
    """What tells an avatar's random numbers from those of others; nothing of the usual one and originals."""
    return () if condition in _TAKEN else (crc32(condition.encode()),)


def cue_of(condition: str) -> tuple[Float[np.ndarray, " H"], Float[np.ndarray, "3 K"]]:
    """The manner and the face of an avatar's own: standard normal numbers, the same in all corpora."""
    rng = stream(0, "avatar", *own_number(condition))
    face = rng.standard_normal((3, MODES))
    return rng.standard_normal(len(HABITS)), face
