"""Does an anonymised clip move as its own original?

An anonymised clip follows an original if the mean of the correlations over face and head is high, the one
up to five frames before or after the other. It is held against all originals that are no near-copies of its
own. It is astray if 5 % of them, or more, fit as well as its own, or if it follows another one: that one fits
better by 0.2 and well beyond chance. Common stretches under 1.2 s say nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from amber_id.motion.likeness import RATE_HZ, Signals, blocks, compare, fisher_z

_FOLLOW_LAGS = range(-5, 6)
_SHORTEST_FOLLOWED = 1.2 * RATE_HZ  # frames
_BEYOND_CHANCE_OTHER = 6.0
_AS_WELL = 0.05  # share of other originals
_BETTER_BY = 0.2


@dataclass(frozen=True, eq=False)
class Following:
    """How N anonymised clips follow the originals."""

    judged: Bool[np.ndarray, " N"]  # False: too short, or too few frames with a face
    own: Float32[np.ndarray, " N"]  # correlation with the own original
    as_well: Float32[np.ndarray, " N"]  # share of other originals that fit as well or better
    other: Int64[np.ndarray, " N"]  # the original that the clip follows instead of its own; -1 for none

    @property
    def astray(self) -> Bool[np.ndarray, " N"]:
        """The clips that do not follow their own original."""
        return self.judged & ((self.as_well > _AS_WELL) | (self.other >= 0))


def follow(anonymised: Signals, originals: Signals, *, copies: Int64[np.ndarray, "Q 2"]) -> Following:
    """How each anonymised clip follows the original in the same place; `copies` are of the originals."""
    parts = [_following(anonymised, originals, rows, copies) for rows in blocks(anonymised)]
    return Following(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _following(
    anonymised: Signals, originals: Signals, rows: slice, copies: Int64[np.ndarray, "Q 2"]
) -> tuple[
    Bool[np.ndarray, " n"], Float32[np.ndarray, " n"], Float32[np.ndarray, " n"], Int64[np.ndarray, " n"]
]:
    """The columns of `Following` for some anonymised clips."""
    n, M = rows.stop - rows.start, len(originals.seen)
    scores = np.full((n, M), -1, np.float32)
    beyond = np.zeros((n, M), np.float32)
    comparable = np.zeros((n, M), dtype=bool)
    for lag in _FOLLOW_LAGS:
        alike = compare(anonymised, originals, rows, lag)
        long_enough = alike.frames >= _SHORTEST_FOLLOWED
        mean = np.where(long_enough, (alike.face + alike.head) / 2, np.float32(-1))
        scores = np.maximum(scores, mean)
        beyond = np.maximum(beyond, fisher_z(mean) * np.sqrt(alike.frames))
        comparable |= long_enough
    here, there = np.arange(n), np.arange(rows.start, rows.stop)
    own, judged = scores[here, there], comparable[here, there]
    others = comparable
    others[here, there] = False
    both_ways = np.concatenate([copies, copies[:, ::-1]])
    one, other = both_ways[(both_ways[:, 0] >= rows.start) & (both_ways[:, 0] < rows.stop)].T
    others[one - rows.start, other] = False
    as_well = ((scores >= own[:, None]) & others).sum(axis=1) / np.maximum(others.sum(axis=1), 1)
    followed = others & (scores >= own[:, None] + _BETTER_BY) & (beyond >= _BEYOND_CHANCE_OTHER)
    best = np.where(followed, scores, -2).argmax(axis=1)
    return judged, own, as_well.astype(np.float32), np.where(followed.any(axis=1), best, -1)
