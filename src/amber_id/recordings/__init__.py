"""What a tracker saw in each clip, and how it is kept.

Conventions
-----------
One ``.safetensors`` per clip, in the tree of the corpus: ``<source>_id<number>/<clip>.safetensors``.
``recording.py`` is one recording and its file, ``recording_set.py`` a tree of them, ``tables.py`` the tables
beside them: ``recordings.csv``, an index for people, and ``failures.csv``, what was not acquired and why.
``avatar_made.py`` is what made the avatar of a video. ``landmark_files.py`` makes a recording of landmarks
that another program wrote.
"""

from amber_id.recordings.avatar_made import AvatarMade
from amber_id.recordings.landmark_files import (
    ImportConfig,
    LandmarkFile,
    StatedOfClip,
    read_landmark_file,
    recording_of_landmarks,
    recording_with_warning,
)
from amber_id.recordings.recording import (
    POINT_SETS,
    PointSet,
    Recording,
    RecordingHeader,
    has_blendshapes,
    load_recording,
    read_header,
    save_recording,
)
from amber_id.recordings.recording_set import (
    Failure,
    RecordingEntry,
    RecordingSet,
    holds_recordings,
    scan_recordings,
)
from amber_id.recordings.tables import failed_clips, read_failures, write_failures, write_index
from amber_id.recordings.thesis_files import ThesisMeta, read_thesis_meta

__all__ = [
    "POINT_SETS",
    "AvatarMade",
    "Failure",
    "ImportConfig",
    "LandmarkFile",
    "PointSet",
    "Recording",
    "RecordingEntry",
    "RecordingHeader",
    "RecordingSet",
    "StatedOfClip",
    "ThesisMeta",
    "failed_clips",
    "has_blendshapes",
    "holds_recordings",
    "load_recording",
    "read_failures",
    "read_header",
    "read_landmark_file",
    "read_thesis_meta",
    "recording_of_landmarks",
    "recording_with_warning",
    "save_recording",
    "scan_recordings",
    "write_failures",
    "write_index",
]
