"""How are position and movement given to an attacker?

The four streams of skeleton networks (Shi et al., "Two-stream adaptive graph convolutional networks",
CVPR 2019): joint, the position of a vertex; bone, its offset from its parent; and the velocities of both,
joint motion and bone motion, per second. Streams are stacked as channels.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

Stream = Literal["joint", "bone", "joint_motion", "bone_motion"]


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


def stack_streams(
    joints: Float[np.ndarray, "T V C"],
    bone: Float[np.ndarray, "T V C"] | None,
    streams: tuple[Stream, ...],
    *,
    rate_hz: float,
) -> Float[np.ndarray, "T V D"]:
    """The streams asked for, stacked as channels in the order given.

    Raises
    ------
    ValueError
        If a bone stream is asked for where there is no skeleton, so that `bone` is None.
    """
    parts = []
    for stream in streams:
        source = bone if stream.startswith("bone") else joints
        if source is None:
            raise ValueError(f"the stream {stream} needs landmarks; head pose and blendshapes have no bones")
        parts.append(velocity(source, rate_hz=rate_hz) if stream.endswith("motion") else source)
    return np.concatenate(parts, axis=2)
