"""Which signals does `moments` take statistics of, and which of its statistics belong together?

A view that shows the whole face in the picture shows three things: the face at rest, how it moves, and how
the head moves. One reduction of them all gives most of its components to the statistics that are many and
vary much, which are not those that tell people apart; so each is reduced and weighted by itself.

Position in the picture follows from the head and from the face. What the head does is in the eight numbers
that bring the mean face nearest to the landmarks of a frame, by least squares: for each of the picture's axes
a shift, and the shares of the face's three axes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import mean_face
from amber_id.motion import FeatureConfig

_PICTURE_AND_FACE = ("joint", "face")
_PER_AXIS = 4  # numbers of the head: a shift, and the shares of three axes


@dataclass(frozen=True)
class Signals:
    """Signals whose statistics are computed together."""

    values: Float[np.ndarray, "N C T V"]
    about_mean: bool  # whether quantiles are taken about the mean, which then tells the level alone


def has_parts(features: FeatureConfig) -> bool:
    """Whether these features show face and head as parts: the picture and the head's own frame, no more."""
    return sorted(features.streams) == sorted(_PICTURE_AND_FACE)


def signals_of(values: Float[np.ndarray, "N C T V"], features: FeatureConfig) -> tuple[Signals, ...]:
    """The signals of windows: as they are, or the face in its own frame and the head.

    The head has one vertex, and four channels for each of the picture's axes.
    """
    if not has_parts(features):
        return (Signals(values, about_mean=False),)
    N, _, T, V = values.shape
    streams = dict(zip(features.streams, np.split(values, 2, axis=1), strict=True))
    face = np.column_stack([np.ones(V), mean_face()[list(features.points)]])
    head = streams["joint"].astype(np.float64) @ np.linalg.pinv(face).T
    return (
        Signals(streams["face"], about_mean=True),
        Signals(head.transpose(0, 1, 3, 2).reshape(N, -1, T, 1), about_mean=True),
    )


def parts_of(features: FeatureConfig, n_statistics: int) -> tuple[slice, ...]:
    """Which statistics are reduced together: all, or the face at rest, its movement and the head's.

    The mean of the head is in none: in one recording it is rather the camera's place than a habit.

    Examples
    --------
    Of five statistics of four signals of an eye corner's and eight of the head:

    >>> config = FeatureConfig(streams=("joint", "face"), regions=("right_eye",))
    >>> n = 2 * len(config.points)
    >>> [part.stop - part.start for part in parts_of(config, 5 * (n + 8))] == [n, 4 * n, 32]
    True
    """
    if not has_parts(features):
        return (slice(0, n_statistics),)
    of_head = _PER_AXIS * features.channels_per_stream
    of_face = features.channels_per_stream * len(features.points)
    face = n_statistics // (of_face + of_head) * of_face
    return slice(0, of_face), slice(of_face, face), slice(face + of_head, n_statistics)
