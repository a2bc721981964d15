"""Where does each random number come from?

Every signal of every person and clip has a stream of its own, found from the seed, the signal's name, the
person and the clip alone. So nothing changes when more people or clips are asked for, or when a signal
consumes more numbers than before.
"""

from typing import Literal, get_args

import numpy as np

Stream = Literal[
    "habits",
    "shape",
    "speech",
    "blinks",
    "expression",
    "head",
    "camera",
    "tracker",
    "session",
    "traits",
    "channel",
    "circumstances",
    "duplicates",
    "gaze",
    "emotion",
    "lost",
    "avatar",
    "dates",
    "planted",
]

# A stream is known by its position: add new ones at the end.
_STREAMS: tuple[Stream, ...] = get_args(Stream)


def stream(seed: int, name: Stream, *indices: int) -> np.random.Generator:
    """The random numbers of one signal; `indices` are the person, and the clip where there is one.

    >>> stream(0, "habits", 3).random() == stream(0, "habits", 3).random()
    True
    >>> stream(0, "habits", 3).random() == stream(0, "habits", 4).random()
    False
    """
    key = (_STREAMS.index(name), *indices)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
