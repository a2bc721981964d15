"""A small avatar made by hand, and the default one."""

import numpy as np
import pytest

from amber_id.avatarize.avatar import ARKIT_NAMES, SHAPES, Avatar, Joint, Material, Node

# The stand-in for RAVAS is a program, and no module.
collect_ignore = ["misbehaving_ravas.py"]


def _moved(x: float, y: float, z: float) -> np.ndarray:
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, 3] = x, y, z
    return matrix


@pytest.fixture
def plate() -> Avatar:
    """A square face of 0.2 m on a head at 1.6 m; jawOpen moves its lower edge, browInnerUp the upper one."""
    positions = np.array([[-0.1, 1.5, 0], [0.1, 1.5, 0], [0.1, 1.7, 0], [-0.1, 1.7, 0]], np.float32)
    morphs = np.zeros((SHAPES, 4, 3), np.float32)
    morphs[ARKIT_NAMES.index("jawOpen"), :2] = 0, -0.1, 0
    morphs[ARKIT_NAMES.index("browInnerUp"), 2:] = 0, 0.02, 0
    return Avatar(
        positions=positions,
        uvs=np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        material_of=np.zeros(2, np.int32),
        materials=(Material(color=(1.0, 0.5, 0.25, 1.0)),),
        morphs=morphs,
        joints=np.zeros((4, 4), np.int32),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1)),
        nodes=(Node("Neck", -1, _moved(0, 1.4, 0)), Node("Head", 0, _moved(0, 0.2, 0))),
        skin=(Joint(1, _moved(0, -1.6, 0)), Joint(0, _moved(0, -1.4, 0))),
    )
