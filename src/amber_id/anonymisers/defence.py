"""What is a defence: its row in the catalogue, what it is given, and how it is applied to a clip.

Conventions
-----------
A strength lies in [0, 1]. At 0 nothing is changed, to the bit; with the same random numbers every step of
strength changes the clip further. A causal defence is a function of one frame after another, and is applied
to a clip in no other way, so that a live pipeline and a file agree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import Signals, in_range
from amber_id.anonymisers.formal import Guarantee, unbounded
from amber_id.anonymisers.styles import Style

if TYPE_CHECKING:
    from amber_id.anonymisers.learned import LearnedModel

Frame = Float[np.ndarray, " C"]
Step = Callable[[Frame, float], Frame]
"""One frame of channels, and the seconds since the frame before it (0 at first), to the changed frame."""

Donor = Literal["population", "clip", "person"]
"""Whose style is taken on: the mean of all people of the pool, somebody for each clip, or for each person."""

Changes = Literal["face", "face and head", "eyes", "brows", "head", "nothing"]
"""Which channels change."""

Drawn = Literal["clip", "person"]
"""What has random numbers of its own."""


@dataclass(frozen=True)
class Given:
    """What a defence has besides the clip: random numbers, a style or a model where its row asks for one."""

    rng: np.random.Generator
    style: Style | None = None
    model: "LearnedModel | None" = None

    @property
    def target(self) -> Style:
        """The style that is taken on; raises ValueError if there is none."""
        if self.style is None:
            raise ValueError("this defence needs a style")
        return self.style

    @property
    def learned(self) -> "LearnedModel":
        """What was learned; raises ValueError if there is no model."""
        if self.model is None:
            raise ValueError("this defence needs a model")
        return self.model


@dataclass(frozen=True, kw_only=True)
class Defence:
    """One row: what it does, to which channels, and how.

    It has `whole`, which needs the whole clip, or `live`, which needs the frames so far. `delay_frames` is by
    how many frames what moves slowly comes later, at most.
    """

    name: str
    summary: str
    family: Literal["noise", "filter", "style", "events", "drawing", "learned"]
    changes: Changes = "face and head"
    donor: Donor | None = None
    from_pool: bool = False  # whether the donors are people of the user's own
    needs_model: bool = False  # whether it was learned, and is given in a file
    drawn: Drawn = "clip"
    whole: Callable[[Signals, float, Given], Float[np.ndarray, "F C"]] | None = None
    live: Callable[[float, Given], Step] | None = None
    delay_frames: int = 0
    guarantee: Callable[[float, int], Guarantee] | None = None  # of a strength above 0, and so many frames

    @property
    def causal(self) -> bool:
        """Whether a frame can be changed as soon as it is there."""
        return self.live is not None

    @property
    def when(self) -> str:
        """How long one has to wait for a frame, in words."""
        if self.live is None:
            return "needs the whole clip"
        return f"causal, delay {self.delay_frames} frame" if self.delay_frames else "causal, no delay"

    def guaranteed(self, strength: float, frames: int) -> Guarantee:
        """What is guaranteed formally for a recording with a face in so many frames; `formal.py` says how."""
        if strength == 0:
            return unbounded("of no use: at strength 0 nothing is changed", frames)
        if self.guarantee is None:
            return unbounded(
                "of no use: no noise covers the difference of two recordings, so there is no bound",
                frames,
            )
        return self.guarantee(strength, frames)

    def apply(self, signals: Signals, strength: float, given: Given) -> Signals:
        """The changed channels of a clip, within the range of coefficients.

        Raises
        ------
        ValueError
            If the strength is not in [0, 1].
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"expected a strength from 0 to 1, got {strength:g}")
        if strength == 0 or len(signals.times) == 0:
            return signals
        if self.live is not None:
            step, values = self.live(strength, given), signals.values.copy()
            since = np.diff(signals.times, prepend=signals.times[0])
            for frame in range(len(values)):
                values[frame] = step(signals.values[frame], float(since[frame]))
        else:
            assert self.whole is not None
            values = self.whole(signals, strength, given)
        return Signals(in_range(values), signals.times)
