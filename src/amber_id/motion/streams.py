"""How are position and movement given to an attacker?

The four streams of skeleton networks (Shi et al., "Two-stream adaptive graph convolutional networks",
CVPR 2019): joint, the position of a vertex; bone, its offset from its parent; and the velocities of both,
joint motion and bone motion, per second. A face has a fifth, with its velocity: where the vertex is in the
head's own frame, so that an expression looks alike however the head is held. Streams are stacked as channels.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from jaxtyping import Float

Stream = Literal["joint", "bone", "face", "joint_motion", "bone_motion", "face_motion"]


def velocity(values: Float[np.ndarray, "T V C"], *, rate_hz: float) -> Float[np.ndarray, "T V C"]:
    """Change per second, by central differences, one-sided at the two ends; zero for a single frame.

    >>> velocity(np.arange(3.0).reshape(3, 1, 1), rate_hz=25.0).ravel().tolist()
    [25.0, 25.0, 25.0]
    """
    if len(values) < 2:
        return np.zeros_like(values)
    return np.gradient(values, 1 / rate_hz, axis=0)


def bones(joints: Float[np.ndarray, "T V C"], parents: tuple[int, ...]) -> Float[np.ndarray, "T V C"]:
    """Offset of each vertex from its parent, given as positions in the vertex axis; a root's bone is zero."""
    return joints - joints[:, list(parents)]


def still_part(stream: Stream) -> Stream:
    """The stream of positions behind one of velocities; itself, if it is none.

    >>> still_part("bone_motion"), still_part("joint")
    ('bone', 'joint')
    """
    return stream.removesuffix("_motion")  # type: ignore[return-value]


def stack_streams(
    still: Mapping[Stream, Float[np.ndarray, "T V C"]], streams: tuple[Stream, ...], *, rate_hz: float
) -> Float[np.ndarray, "T V D"]:
    """The streams asked for, stacked as channels in the order given.

    `still` has the positions that the streams are made of, by the name of their stream.
    """
    parts = []
    for stream in streams:
        source = still[still_part(stream)]
        parts.append(velocity(source, rate_hz=rate_hz) if stream.endswith("_motion") else source)
    return np.concatenate(parts, axis=2)
