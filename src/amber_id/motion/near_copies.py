"""Which clips are copies of each other, by how they move?

Two clips are near-copies if face and head move the same and as much, the second up to some frames later: each
has a concordance of 0.6, and both together, averaged as Fisher's z = atanh(concordance), at least
`least`. Both are asked for, since in a few seconds one nod resembles another: among 3,916 pairs of 3-second
clips of real people one had 0.95 over the face, but none above 0.52 over face and head each. A short common
stretch must be more alike: z times the root of its frames at least 9. Among 320,000 pairs of synthetic clips
of 2 to 5 s, none of them copies, mean z was at most 0.9 where 1.47 is asked, 6.7 with the root; among copies
at least 2.2 and 11.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from amber_id.motion.likeness import RATE_HZ, Alike, Signals, blocks, compare, fisher_z

NEAR_COPY = 0.9
"""From which concordance on, the mean of face and head, two clips are taken for near-copies."""

LATEST = 3
"""By how many frames at 25 Hz one of two near-copies may begin later, unless told."""

_SHORTEST = 1.0 * RATE_HZ  # frames
_BEYOND_CHANCE = 9.0
_LESSER = 0.6  # concordance over face and head each


@dataclass(frozen=True, eq=False)
class NearCopies:
    """All pairs of N clips that are near-copies by some lag, the earlier clip first, in order.

    Pair q is of the clips ``key[q] // N`` and ``key[q] % N``, and `lag` is the least by which they are.
    """

    key: Int64[np.ndarray, " Q"]
    lag: Int64[np.ndarray, " Q"]
    lags: int = 0  # how many were looked at, from 0 on

    def up_to(self, latest: int, clips: Signals, *, least: float) -> "NearCopies":
        """These and those of all lags up to `latest`; what was looked at before is not again."""
        key, lag = self.key, self.lag
        for new in range(self.lags, latest + 1):
            more = _copies_later(clips, new, least=least)
            key, first = np.unique(np.concatenate([key, more]), return_index=True)
            lag = np.concatenate([lag, np.full(len(more), new)])[first]
        return NearCopies(key, lag, max(self.lags, latest + 1))

    def pairs(self, latest: int, N: int) -> Int64[np.ndarray, "R 2"]:
        """Those of two clips of which one begins up to `latest` frames at 25 Hz later."""
        return np.stack(np.divmod(self.key[self.lag <= latest], N), axis=1)


NONE_LOOKED_FOR = NearCopies(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _copies_later(clips: Signals, lag: int, *, least: float) -> Int64[np.ndarray, " Q"]:
    """The keys of the pairs whose motions are nearly the same, one `lag` frames later than the other."""
    N = len(clips.seen)
    keys = [np.zeros(0, np.int64)]
    for rows in blocks(clips):
        same = _is_copy(compare(clips, clips, rows, lag, concordance=True), least)
        one, other = np.nonzero(same)
        one += rows.start
        earlier, later = np.minimum(one, other), np.maximum(one, other)
        keys.append((earlier * N + later)[earlier < later])
    return np.unique(np.concatenate(keys))


def _is_copy(alike: Alike, least: float) -> Bool[np.ndarray, "n M"]:
    mean_z = (fisher_z(alike.face) + fisher_z(alike.head)) / 2
    same: Bool[np.ndarray, "n M"] = (
        (np.minimum(alike.face, alike.head) >= _LESSER)
        & (mean_z >= np.arctanh(least))
        & (mean_z * np.sqrt(alike.frames) >= _BEYOND_CHANCE)
        & (alike.frames >= _SHORTEST)
    )
    return same
