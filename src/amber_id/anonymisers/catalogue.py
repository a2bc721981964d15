"""Which simple anonymisers are there, and at which strengths? One row for each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from amber_id.anonymisers.changes import damping, mean_removal, noise, smoothing, swapped_rest
from amber_id.recordings import Recording


@dataclass(frozen=True)
class Reference:
    """A reference anonymiser at one strength; `needs` is what `change` takes besides the recording."""

    name: str
    change: Callable[..., Recording]
    needs: Literal["rng", "donor"] | None = None


REFERENCES: tuple[Reference, ...] = (
    Reference("noise 1 %", partial(noise, share=0.01), needs="rng"),
    Reference("noise 3 %", partial(noise, share=0.03), needs="rng"),
    Reference("noise 10 %", partial(noise, share=0.1), needs="rng"),
    Reference("smoothing 0.25 s", partial(smoothing, seconds=0.25)),
    Reference("smoothing 0.5 s", partial(smoothing, seconds=0.5)),
    Reference("smoothing 1 s", partial(smoothing, seconds=1.0)),
    Reference("damping to 50 %", partial(damping, factor=0.5)),
    Reference("damping to 25 %", partial(damping, factor=0.25)),
    Reference("damping to 25 %, head kept", partial(damping, factor=0.25, head=False)),
    Reference("damping to 10 %", partial(damping, factor=0.1)),
    Reference("mean face at rest", mean_removal),
    Reference("another's face at rest", swapped_rest, needs="donor"),
)
