"""What does a clip hold of which every frame is a file of its own?

Conventions
-----------
Programs that follow a widespread tutorial on sign language write ``<sequence>/<frame>.npy``: the numbers that
MediaPipe Holistic gave of one frame in one row, pose (33 points), face (468), left and right hand (21 each).
How many numbers there are tells how many a point has, see `_LAYOUTS`; some write the face before the pose.
Which it is, is told by the points: those of a face lie near the mean face, see `face_fit.py`. Pose and hands
are not kept. All numbers of a face are 0 where none was seen.

A file's name is the number of its frame. A number that is missing is a frame without a face, and so is a
file that cannot be used: what follows keeps its time.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from amber_id.errors import FileFormatError
from amber_id.face_mesh import SELECTED_POINTS
from amber_id.npz_archives import LARGEST_ARRAYS, ONLY, open_arrays
from amber_id.recordings.array_files import NUMPY_FILE
from amber_id.recordings.face_fit import fit_mean_face
from amber_id.recordings.landmark_files import LandmarkFile

FRAME_FILE = re.compile(r"(\d{1,9})\.npy", re.ASCII)
"""What the file of a frame is called: its number."""

_POSE, _POINTS = 33 * 4, 468
_LAYOUTS: Mapping[int, int] = {
    468 * 3: 3,  # the face alone
    33 * 4 + 468 * 3 + 2 * 21 * 3: 3,  # as the tutorial has it
    33 * 4 + 468 * 3 + 2 * 21 * 4: 3,  # hands with a visibility
    33 * 4 + 468 * 4 + 2 * 21 * 4: 4,  # face and hands with one
    33 * 4 + 468 * 3 + 21 * 3 + 468 * 3: 3,  # as many zeros as a face has in place of a hand
}
"""The numbers of a frame, and how many of them a point of the face has; x, y and z come first."""

_LARGEST_FRAME = 1 << 20  # bytes
_BYTES_OF_FACE = _POINTS * 3 * 8
# In distances between the outer corners of the eyes: faces in a picture of another aspect lie 0.22 from the
# mean face and less, points shifted by those of a pose 0.6 and more.
_FARTHEST_FROM_MEAN_FACE = 0.4
_LOOKED_AT = 20  # frames, for the order of the parts
_SELECTED = list(SELECTED_POINTS)


def read_frame_folder(folder: Path) -> LandmarkFile:
    """The faces of a folder with a file for each frame, its first number the first frame.

    Raises
    ------
    FileFormatError
        If it cannot be listed, has no frame or one twice, its numbers lie too far apart, or no frame can be
        used.
    """
    files = _frame_files(folder)
    first, last = min(files), max(files)
    rows: dict[int, Float64[np.ndarray, " _"]] = {}
    unusable: list[FileFormatError] = []
    for number, path in sorted(files.items()):
        try:
            rows[number] = _read_frame(path)
        except FileFormatError as error:
            unusable.append(error)
    if not rows:
        raise FileFormatError(folder, f"{unusable[0].path.name}: {unusable[0].reason}")
    landmarks = np.full((last - first + 1, _POINTS, 3), np.nan)
    begin = _begin_of_face(list(rows.values()))
    for number, row in rows.items():
        landmarks[number - first] = _face(row, begin)
    return LandmarkFile(landmarks, remark=_remark(files, len(landmarks), unusable))


def _frame_files(folder: Path) -> dict[int, Path]:
    """The files of the frames, by their numbers."""
    files: dict[int, Path] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise FileFormatError(folder, f"cannot be listed ({error.strerror or error})") from error
    for path in paths:
        match = FRAME_FILE.fullmatch(path.name)
        if match is None:
            continue
        twin = files.setdefault(int(match[1]), path)
        if twin is not path:
            raise FileFormatError(folder, f"{twin.name} and {path.name} have the same number; delete one")
    if not files:
        raise FileFormatError(folder, "no frame in it; expected <number>.npy")
    most, span = LARGEST_ARRAYS // _BYTES_OF_FACE, max(files) - min(files) + 1
    if span > most:
        raise FileFormatError(
            folder,
            f"expected at most {most:,} frames, got numbers from {min(files):,} to {max(files):,}; is one of "
            "them no frame's?",
        )
    return files


def _read_frame(path: Path) -> Float64[np.ndarray, " n"]:
    """The numbers of one frame; raises FileFormatError where they are not such."""
    with open_arrays(path, NUMPY_FILE, _LARGEST_FRAME) as file:
        if ONLY not in file.names:
            raise FileFormatError(path, "expected an .npy file with one frame, got an archive")
        shape, dtype, _ = file.head(ONLY)
        if not dtype.hasobject and (dtype.kind not in "fiu" or math.prod(shape) not in _LAYOUTS):
            sizes = ", ".join(f"{size:,}" for size in sorted(_LAYOUTS))
            raise FileFormatError(
                path,
                f"expected one of {sizes} numbers, a face and what MediaPipe Holistic gives beside it, got "
                f"{dtype} of shape {shape}",
            )
        return file.read(ONLY).reshape(-1).astype(np.float64)


def _face(row: Float64[np.ndarray, " n"], begin: int) -> Float64[np.ndarray, "468 3"]:
    """The face of a frame, which begins at a number of it; that of a row with nothing else is all of it."""
    per_point = _LAYOUTS[len(row)]
    begin = begin if len(row) > _POINTS * per_point else 0
    face: Float64[np.ndarray, "468 3"] = row[begin : begin + _POINTS * per_point].reshape(_POINTS, per_point)
    return face[:, :3]


def _begin_of_face(rows: list[Float64[np.ndarray, " _"]]) -> int:
    """Where the face begins in the frames of a clip: after the pose, or, where one is told there, before."""
    step = -(-len(rows) // _LOOKED_AT)
    after, before = (_distance([_face(row, begin) for row in rows[::step]]) for begin in (_POSE, 0))
    return 0 if before < after else _POSE


def _distance(faces: list[Float64[np.ndarray, "468 3"]]) -> float:
    """How far the points lie from a mean face, in the typical frame.

    Zeros in all frames may be a face that was never seen: they are nearer than points that are no face.
    """
    there = [face[_SELECTED, :2] for face in faces if face.any() and np.isfinite(face).all()]
    if not there:
        return _FARTHEST_FROM_MEAN_FACE
    try:
        return float(np.median(fit_mean_face(np.stack(there)).distance))
    except ValueError:  # all of a frame on one line
        return math.inf


def _remark(files: Mapping[int, Path], frames: int, unusable: list[FileFormatError]) -> str:
    return "; ".join(_clauses(files, frames, unusable))


def _clauses(files: Mapping[int, Path], frames: int, unusable: list[FileFormatError]) -> Iterator[str]:
    if len(files) < frames:
        missing = next(number for number in range(min(files), max(files)) if number not in files)
        yield (
            f"{frames - len(files)} of {frames} frames are missing, number {missing} first, and count "
            "as without a face"
        )
    if unusable:
        yield (
            f"{len(unusable)} of {frames} frames cannot be used and count as without a face, "
            f"{unusable[0].path.name} first: {unusable[0].reason}"
        )
