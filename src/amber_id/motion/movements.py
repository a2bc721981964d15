"""How do the clips of one condition move, beside each other and beside their originals?

Leaks, confounds and utility ask the same of the same clips. `Movements` belongs to a condition, and computes
every answer once.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int64

from amber_id.motion.following import Following, following_of
from amber_id.motion.likeness import Signals, read_signals
from amber_id.motion.near_copies import LATEST, NEAR_COPY, NONE_LOOKED_FOR, NearCopies
from amber_id.recordings import RecordingSet


@dataclass(frozen=True, eq=False)
class Movements:
    """The signals of some clips, and what was computed from them."""

    signals: Signals
    _copies: dict[float, NearCopies] = field(default_factory=dict, init=False)
    _following: dict[tuple[int, float], Following] = field(default_factory=dict, init=False)

    @classmethod
    def read(cls, recordings: RecordingSet) -> "Movements":
        """Those of recordings, in order; raises ClipError if one of the files is damaged."""
        return cls(read_signals(recordings))

    def near_copies(self, *, least: float = NEAR_COPY, latest: int = LATEST) -> Int64[np.ndarray, "Q 2"]:
        """All pairs of clips whose motions are nearly the same, each once, the earlier clip first.

        One may begin up to `latest` frames at 25 Hz after the other; `near_copies.py` has the rule.
        """
        copies = self._copies.get(least, NONE_LOOKED_FOR).up_to(latest, self.signals, least=least)
        self._copies[least] = copies
        return copies.pairs(latest, len(self.signals.seen))

    def followed(self, originals: "Movements", *, least: float = NEAR_COPY) -> Following:
        """How these anonymised clips follow the originals in the same places.

        Originals that are near-copies of a clip's own, by `least`, are not held against it.
        """
        key = id(originals), least
        if key not in self._following:
            copies = originals.near_copies(least=least)
            self._following[key] = following_of(self.signals, originals.signals, copies=copies)
        return self._following[key]
