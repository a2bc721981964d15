"""Does an anonymised clip move as its own original?

This is the one answer to that question: for names of anonymised clips (leaks), for the confound `pairing`,
for utility, and for avatars that are checked.

Conventions
-----------
An anonymised clip follows an original if the mean of the correlations over face and head is high, the one
up to five frames before or after the other (`likeness.py` has the signals and their rate). It is held against
all originals that are no near-copies of its own. It is *astray* if 5 % of them, or more, fit as well as its
own, or if it follows another one: that one fits better by 0.2 and well beyond chance.

What both clips show together must last 1.2 s, or 1 s where neither is shifted: less says nothing.

Measured on 89 clips of 3 s of 25 real people and their default avatars at 256 pixels: all 89 fitted their own
original best, and none was astray. Under the name of the next clip all 89 were astray, and followed the
original that they were made from. Of the same clips cut to 2, 1.5 and 1.25 s at least 87 were astray under
the name of the next, and in all 89 another one fitted better by 0.05; under their own names none.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from amber_id.motion.likeness import RATE_HZ, Signals, blocks, compare, fisher_z

_LAGS = range(-5, 6)  # frames
_SHORTEST = 1.2 * RATE_HZ  # frames
_SHORTEST_UNSHIFTED = 1.0 * RATE_HZ  # frames
_BEYOND_CHANCE = 6.0
_AS_WELL = 0.05  # share of other originals
_BETTER_BY = 0.2
# Two originals with the same motion fit as well as each other, but for the last digits.
_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class Following:
    """How N anonymised clips follow the originals; a correlation is the mean of face and head, in [-1, 1]."""

    judged: Bool[np.ndarray, " N"]  # False: too short, or too few frames with a face
    own: Float32[np.ndarray, " N"]  # correlation with the own original
    as_well: Float32[np.ndarray, " N"]  # share of other originals that fit as well or better
    other: Int64[np.ndarray, " N"]  # the original that the clip follows instead of its own; -1 for none
    best: Int64[np.ndarray, " N"]  # the original that fits best, its own unless another one fits better
    best_correlation: Float32[np.ndarray, " N"]

    @property
    def astray(self) -> Bool[np.ndarray, " N"]:
        """The clips that do not follow their own original."""
        return self.judged & ((self.as_well > _AS_WELL) | (self.other >= 0))


def following_of(anonymised: Signals, originals: Signals, *, copies: Int64[np.ndarray, "Q 2"]) -> Following:
    """How each anonymised clip follows the original in the same place; `copies` are of the originals."""
    parts = [_following_of_some(anonymised, originals, rows, copies) for rows in blocks(anonymised)]
    return Following(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _following_of_some(
    anonymised: Signals, originals: Signals, rows: slice, copies: Int64[np.ndarray, "Q 2"]
) -> tuple[np.ndarray, ...]:
    """The columns of `Following` for some anonymised clips."""
    scores, beyond, comparable = _fits(anonymised, originals, rows)
    here, there = np.arange(len(scores)), np.arange(rows.start, rows.stop)
    own, judged = scores[here, there], comparable[here, there]
    others = comparable
    others[here, there] = False
    both_ways = np.concatenate([copies, copies[:, ::-1]])
    one, other = both_ways[(both_ways[:, 0] >= rows.start) & (both_ways[:, 0] < rows.stop)].T
    others[one - rows.start, other] = False
    as_well = ((scores >= own[:, None]) & others).sum(axis=1) / np.maximum(others.sum(axis=1), 1)
    followed = others & (scores >= own[:, None] + _BETTER_BY) & (beyond >= _BEYOND_CHANCE)
    instead = np.where(followed, scores, -2).argmax(axis=1)
    better = np.where(others & (scores > own[:, None] + _ROUNDING), scores, -2)
    best = np.where(better.max(axis=1) > -2, better.argmax(axis=1), there)
    return (
        judged,
        own,
        as_well.astype(np.float32),
        np.where(followed.any(axis=1), instead, -1),
        best,
        scores[here, best],
    )


def _fits(
    anonymised: Signals, originals: Signals, rows: slice
) -> tuple[Float32[np.ndarray, "n M"], Float32[np.ndarray, "n M"], Bool[np.ndarray, "n M"]]:
    """The best correlation of some anonymised clips with each original, how far beyond chance, if any.

    The correlation is -1 where two clips cannot be compared.
    """
    n, M = rows.stop - rows.start, len(originals.seen)
    scores = np.full((n, M), -1, np.float32)
    beyond = np.zeros((n, M), np.float32)
    comparable = np.zeros((n, M), dtype=bool)
    for lag in _LAGS:
        alike = compare(anonymised, originals, rows, lag)
        long_enough = alike.frames >= (_SHORTEST if lag else _SHORTEST_UNSHIFTED)
        mean = np.where(long_enough, (alike.face + alike.head) / 2, np.float32(-1))
        scores = np.maximum(scores, mean)
        beyond = np.maximum(beyond, fisher_z(mean) * np.sqrt(alike.frames))
        comparable |= long_enough
    return scores, beyond, comparable
