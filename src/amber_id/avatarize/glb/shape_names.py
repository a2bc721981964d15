"""Which of ARKit's shapes does a name in an avatar's file mean?

Conventions
-----------
Upper and lower case and what parts the words (``_ . : - |``) do not matter, and words may come before:
``blendShape1.eyeBlinkLeft``, ``A14_Eye_Blink_Left`` and ``eyeBlink_L`` are all eyeBlinkLeft. Left and right
may be one letter. A name that holds two shapes is a correction for both together, and no shape.
Names are of three grades; in each mesh only the best grade of a shape counts: its own name; its two halves,
as ``browInnerUp_L`` and ``browInnerUp_R`` are where a file has no whole one; a shape of another system that
means the same. Nothing is guessed beyond that.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from amber_id.avatarize.avatar import ARKIT_NAMES

# Whoever names a shape longer than this means something else.
_LONGEST_NAME = 200
_BETWEEN_WORDS = re.compile(r"[\s._:|/\\-]+")
# VRoid's own shapes that move just what an ARKit shape moves.
_VROID = {"fcleyeclosel": "eyeBlinkLeft", "fcleyecloser": "eyeBlinkRight", "fclmtha": "jawOpen"}


class Grade(IntEnum):
    """How well a name fits; lower is better."""

    WHOLE = 0
    HALF = 1
    STAND_IN = 2


@dataclass(frozen=True)
class Match:
    """The place in `ARKIT_NAMES` that a name means, and how well it fits."""

    shape: int
    grade: Grade


@dataclass(frozen=True)
class Offer:
    """A morph target that may be part of a shape, times `weight`; `by_clip` if an expression says so.

    `snaps` if that expression is shown as a whole or not at all.
    """

    match: Match
    target: int
    weight: float = 1.0
    by_clip: bool = False
    snaps: bool = False

    @property
    def _order(self) -> tuple[Grade, bool]:
        return self.match.grade, self.by_clip


def match_shape(name: str) -> Match | None:
    """The ARKit shape that `name` means, or None.

    Examples
    --------
    >>> match_shape("blendShape1.eyeBlink_L").shape == ARKIT_NAMES.index("eyeBlinkLeft")
    True
    >>> match_shape("viseme_aa") is None
    True
    """
    if len(name) > _LONGEST_NAME:
        return None
    words = [word for word in _BETWEEN_WORDS.split(name.lower()) if word]
    for start in range(len(words)):
        match = _KNOWN.get("".join(words[start:]))
        if match is not None:
            return None if _holds_a_shape(words[:start]) else match
    return None


def best_offers(offers: Iterable[Offer]) -> list[Offer]:
    """The offers of the best kind for each shape, which add up; own names come before expressions."""
    offers = list(offers)
    best: dict[int, tuple[Grade, bool]] = {}
    for offer in offers:
        shape = offer.match.shape
        best[shape] = min(best.get(shape, offer._order), offer._order)
    return [offer for offer in offers if offer._order == best[offer.match.shape]]


def _holds_a_shape(words: list[str]) -> bool:
    runs = ("".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
    return any(run in _KNOWN for run in runs)


def _known_names() -> dict[str, Match]:
    known: dict[str, Match] = {}
    for shape, name in enumerate(ARKIT_NAMES):
        known[name.lower()] = Match(shape, Grade.WHOLE)
        for side in ("Left", "Right"):
            if name.endswith(side):
                known[name.removesuffix(side).lower() + side[0].lower()] = Match(shape, Grade.WHOLE)
        if not name.endswith(("Left", "Right")):
            halves = (name.lower() + side for side in ("l", "r", "left", "right"))
            known |= dict.fromkeys(halves, Match(shape, Grade.HALF))
    for name, meaning in _VROID.items():
        known[name] = Match(ARKIT_NAMES.index(meaning), Grade.STAND_IN)
    return known


_KNOWN = _known_names()
