"""A defence in a live pipeline: coefficients and the head's turn of one frame in, the same out.

::

    live = LiveDefence(Plan(parsed_defences("population-live:1"), seed=secret))
    for coefficients, rotation, time_s in tracker:
        coefficients, rotation = live.step(coefficients, rotation, time_s)
"""

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, in_range
from amber_id.anonymisers.plan import Plan
from amber_id.errors import UsageError


class LiveDefence:
    """The causal defences of a plan, for one face; `subject` names whoever has random numbers of their own.

    What a frame becomes depends on the frames before it alone, and is what `amber defend` makes of the same
    clip, called `clip`.

    Raises
    ------
    UsageError
        If a defence needs the whole clip.
    """

    def __init__(self, plan: Plan, *, clip: str = "live", subject: str = "live") -> None:
        self._steps = []
        for place, (applied, whose) in enumerate(
            zip(plan.chain, plan.chosen_for(clip, subject), strict=True)
        ):
            defence = applied.defence
            if defence.live is None:
                raise UsageError(
                    f"{defence.name} needs the whole clip; take one that `amber defend --list` calls causal, "
                    "such as population-live"
                )
            given = plan.given_to(place, clip, subject, None if whose is None else whose.style)
            if applied.strength:
                self._steps.append(defence.live(applied.strength, given))
        self.delay_frames = sum(applied.defence.delay_frames for applied in plan.chain)
        self._before_s: float | None = None

    def step(
        self, coefficients: Float[np.ndarray, " 51"], rotation: Float[np.ndarray, " 3"], time_s: float
    ) -> tuple[Float[np.ndarray, " 51"], Float[np.ndarray, " 3"]]:
        """Change one frame.

        `coefficients` are in the order of `COEFFICIENTS` and in [0, 1]; `rotation` is the head's rotation
        vector in radians, from looking into the camera. Without a face there is no frame, and no step.

        Raises
        ------
        ValueError
            If a shape does not fit, a number is not finite, or time runs backwards.
        """
        frame = np.zeros(len(CHANNELS))
        frame[FACE] = coefficients
        frame[HEAD][:3] = rotation
        since_s = 0.0 if self._before_s is None else time_s - self._before_s
        if not (np.isfinite(frame).all() and since_s >= 0):
            raise ValueError(f"expected finite numbers and a later time, got {since_s:g} s since the last")
        self._before_s = time_s
        for step in self._steps:
            frame = in_range(step(frame, since_s))
        return frame[FACE].copy(), frame[HEAD][:3].copy()
