"""From video to recording: what a face tracker sees in each clip.

Conventions
-----------
``video.py`` reads files; ``landmarker.py`` and ``facemesh.py`` are MediaPipe's trackers, new and old, behind
what ``tracker.py`` asks of either, with a row each in `TRACKERS`; ``one_clip.py`` joins them; ``track.py``
does so for a corpus, with what `clip_runs.py` knows of sharing work out; ``model_bundle.py`` finds the model
of the newer. ``imported.py`` takes landmarks made elsewhere in place of videos, ``frame_trees.py`` finds
those of which every frame is a file, and ``stated.py`` reads what a table says of either.
MediaPipe and PyAV are imported where they are used, so importing this package needs neither.
"""

from amber_id.tracking.catalogue import TRACKERS
from amber_id.tracking.clip_runs import ClipEvent, CorpusSummary, ShareConfig, select_shard
from amber_id.tracking.facemesh import FaceMesh, find_face_mesh
from amber_id.tracking.frame_trees import FrameTrees, find_frame_trees
from amber_id.tracking.imported import find_landmark_files, import_landmarks
from amber_id.tracking.landmarker import Landmarker
from amber_id.tracking.model_bundle import ModelBundle, fetch_model, find_cached_model, find_model
from amber_id.tracking.stated import names_of, read_stated, read_stated_rows, remark_on_idle
from amber_id.tracking.taken_over import take_over
from amber_id.tracking.track import check_apart, estimate_bytes, track_clip, track_corpus
from amber_id.tracking.tracker import Tracker, TrackerKind

__all__ = [
    "TRACKERS",
    "ClipEvent",
    "CorpusSummary",
    "FaceMesh",
    "FrameTrees",
    "Landmarker",
    "ModelBundle",
    "ShareConfig",
    "Tracker",
    "TrackerKind",
    "check_apart",
    "estimate_bytes",
    "fetch_model",
    "find_cached_model",
    "find_face_mesh",
    "find_frame_trees",
    "find_landmark_files",
    "find_model",
    "import_landmarks",
    "names_of",
    "read_stated",
    "read_stated_rows",
    "remark_on_idle",
    "select_shard",
    "take_over",
    "track_clip",
    "track_corpus",
]
