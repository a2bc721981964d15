"""Which clips are copies of each other, by how they move?

Two clips are near-copies if face and head move the same and as much, the second up to some frames later: each
has a concordance of 0.6, and both together, averaged as Fisher's z = atanh(concordance), at least
`least`. Both are asked for, since in a few seconds one nod resembles another: among 3,916 pairs of 3-second
clips of real people one had 0.95 over the face, but none above 0.52 over face and head each. A short common
stretch must be more alike: z times the root of its frames at least 9. Among 320,000 pairs of synthetic clips
of 2 to 5 s, none of them copies, mean z was at most 0.9 where 1.47 is asked, 6.7 with the root; among copies
at least 2.2 and 11.
"""

import numpy as np
from jaxtyping import Bool, Int64

from amber_id.motion.likeness import RATE_HZ, Alike, Signals, blocks, compare, fisher_z

NEAR_COPY = 0.9
"""From which concordance on, the mean of face and head, two clips are taken for near-copies."""

_SHORTEST = 1.0 * RATE_HZ  # frames
_BEYOND_CHANCE = 9.0
_LESSER = 0.6  # concordance over face and head each


def near_copies(clips: Signals, *, least: float, latest: int = 3) -> Int64[np.ndarray, "Q 2"]:
    """All pairs of clips whose motions are nearly the same, each once, the earlier clip first.

    One may begin up to `latest` frames after the other.
    """
    found = []
    for rows in blocks(clips):
        same = np.zeros((rows.stop - rows.start, len(clips.seen)), dtype=bool)
        for lag in range(latest + 1):  # in both orders of two clips, so this is to and fro
            same |= _is_copy(compare(clips, clips, rows, lag, concordance=True), least)
        one, other = np.nonzero(same)
        found.append(np.stack([one + rows.start, other], axis=1))
    pairs = np.concatenate(found).astype(np.int64)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0)


def _is_copy(alike: Alike, least: float) -> Bool[np.ndarray, "n M"]:
    mean_z = (fisher_z(alike.face) + fisher_z(alike.head)) / 2
    same: Bool[np.ndarray, "n M"] = (
        (np.minimum(alike.face, alike.head) >= _LESSER)
        & (mean_z >= np.arctanh(least))
        & (mean_z * np.sqrt(alike.frames) >= _BEYOND_CHANCE)
        & (alike.frames >= _SHORTEST)
    )
    return same
