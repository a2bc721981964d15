"""How did the face move, in numbers that do not depend on the camera, the frame rate or the clip's length?

Recording -> features (N, C, T, V): windows, channels, frames, vertices. On disk landmarks are (T, V, C);
they are turned once, here.
"""

from amber_id.motion.features import (
    ClipFeatures,
    FeatureConfig,
    Signals,
    clip_features,
    in_channels,
    vertex_graph,
)
from amber_id.motion.graph import FaceGraph
from amber_id.motion.inversions import AS_IS, INVERSIONS, Inversion
from amber_id.motion.streams import Stream
from amber_id.motion.views import VIEWS, View
from amber_id.motion.window_set import WindowSet, load_windows

__all__ = [
    "AS_IS",
    "INVERSIONS",
    "VIEWS",
    "ClipFeatures",
    "FaceGraph",
    "FeatureConfig",
    "Inversion",
    "Signals",
    "Stream",
    "View",
    "WindowSet",
    "clip_features",
    "in_channels",
    "load_windows",
    "vertex_graph",
]
