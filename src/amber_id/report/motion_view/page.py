"""What moves in a tracked face? Clips side by side on one page that plays them by one clock.

Conventions
-----------
Time is in seconds from each clip's first frame, by the recording's own timestamps. A frame stays until the
next one; a moment at which no face was found, or after a clip's end, shows no face.

*As filmed* shows the landmarks where they were in the picture, in pixels, so that the face has its shape.
*Head still* shows every frame brought onto the mean face (`amber_id.motion.alignment`), in its unit: what
still moves is the face itself. The page holds the landmarks once, as whole numbers of `step_px`, and for each
frame the two rows of the transform that make the second picture out of the first.

Turn and nod say where the nose points, in degrees from the mean face's own direction, after the same fit;
positive to the right of the picture and upwards.
"""

import base64
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES, SELECTED_POINTS, edges_by_group
from amber_id.motion.alignment import HeadPlacement, align, isotropic
from amber_id.recordings import Recording
from amber_id.report.self_contained import own_file, render
from amber_id.synthetic import SYNTHETIC_TRACKER

MOST_CLIPS = 6
# From left, top to right, bottom, in the mean face's unit: room for every aligned frame of 89 real clips.
_STILL_BOX = (-1.05, -0.62, 1.05, 1.86)
# Of the ten points that a FaceLandmarker adds to the mesh.
_IRIS_CENTRES = (468, 473)
# What the page holds: of each point three numbers of two bytes, as base64; of each frame its transform, time
# and signals; and itself.
_POINT_BYTES = 8
_FRAME_BYTES = 85
_PAGE_BYTES = 27_000
# In the page a coordinate of a frame without a face; no landmark has it.
_ABSENT = np.iinfo(np.int16).min
_LARGEST = np.iinfo(np.int16).max
# The angles' scale, in degrees to either side, is no finer than this: a still head must look still.
_FINEST_SCALE_DEG = 15


def write_motion_view(
    recordings: Sequence[Recording], path: Path, *, titles: Sequence[str] | None = None
) -> Path:
    """Write a page that plays the recordings' faces side by side.

    Parameters
    ----------
    recordings
        One to `MOST_CLIPS`.
    path
        The page; replaced if it is there.
    titles
        What stands above each clip: its clip id by default. An original and its avatar have the same id.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ClipError
        If a face cannot be brought onto the mean face, since points of it coincide.
    AmberError
        If the page cannot be written.
    MissingDependencyError
        If jinja2 is not installed.
    """
    if not 1 <= len(recordings) <= MOST_CLIPS:
        raise ValueError(f"recordings must be 1 to {MOST_CLIPS}, got {len(recordings)}")
    titles = [each.clip for each in recordings] if titles is None else titles
    clips = [_clip(recording, title) for recording, title in zip(recordings, titles, strict=True)]
    page = render(
        "motion_view/page.html",
        _content(recordings, clips),
        css=own_file("page.css") + own_file("face_player.css") + own_file("motion_view/page.css"),
        scripts={"script": own_file("face_player.js") + own_file("motion_view/page.js")},
    )
    write_text_atomically(path, page)
    return path


def estimated_bytes(recordings: Sequence[Recording]) -> int:
    """About how large the page will be."""
    frames = [
        len(each.timestamps) * (_POINT_BYTES * each.landmarks.shape[1] + _FRAME_BYTES) for each in recordings
    ]
    return sum(frames) + _PAGE_BYTES


def _content(recordings: Sequence[Recording], clips: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the template shows, and under ``data`` what its script plays."""
    degrees = _degrees_scale(clips)
    lived = [each.tracker != SYNTHETIC_TRACKER for each in recordings]
    return {
        "recordings": recordings,
        "titles": [clip["title"] for clip in clips],
        "lived": lived,
        "total_s": max(each.duration_s for each in recordings),
        "lost": [int(np.count_nonzero(~each.tracked)) for each in recordings],
        "signals": [[signal | {"values": None} for signal in clip["signals"]] for clip in clips],
        "coefficients": [each.blendshapes is not None for each in recordings],
        "degrees": degrees,
        "data": {
            "clips": clips,
            "edges": edges_by_group(),
            "selected": SELECTED_POINTS,
            "irises": _IRIS_CENTRES,
            "still": dict(zip(("left", "top", "right", "bottom"), _STILL_BOX, strict=True)),
            "degrees": degrees,
        },
    }


def _clip(recording: Recording, title: str) -> dict[str, Any]:
    """One clip as the page's script plays it."""
    seen = recording.tracked
    points = isotropic(recording.landmarks[seen], width=recording.width, height=recording.height)
    try:
        _, placement = align(points)
    except ValueError as error:
        raise ClipError(recording.clip, f"its head cannot be held still: {error}") from error
    step = float(np.abs(points).max(initial=1.0)) / _LARGEST
    T, V, _ = recording.landmarks.shape
    stored = np.full((T, V, 3), _ABSENT, dtype="<i2")
    stored[seen] = np.round(points / step)
    rows = np.zeros((T, 2, 4), dtype="<f4")
    rows[seen] = _picture_rows(placement)
    return {
        "title": title,
        "width": recording.width,
        "height": recording.height,
        "duration_s": round(recording.duration_s, 6),
        "times": np.round(recording.timestamps - recording.timestamps[0], 6).tolist(),
        "tracked": seen.astype(int).tolist(),
        "points": V,
        "step_px": step,
        "landmarks": base64.b64encode(stored.tobytes()).decode(),
        "placements": base64.b64encode(rows.tobytes()).decode(),
        "signals": _signals(recording, placement),
    }


def _picture_rows(placement: HeadPlacement) -> Float[np.ndarray, "T 2 4"]:
    """Rows of each frame's transform that give x and y: ``aligned_xy = rows[:, :3] @ point + rows[:, 3]``."""
    turned = placement.scale[:, None, None] * placement.rotation
    return np.concatenate([turned, placement.translation[:, :, None]], axis=2)[:, :2]


def _signals(recording: Recording, placement: HeadPlacement) -> list[dict[str, Any]]:
    """What is charted below the clip; ``values`` has null where no face was found."""
    signals = []
    if recording.blendshapes is not None:
        coefficients = dict(zip(BLENDSHAPE_NAMES, recording.blendshapes[recording.tracked].T, strict=True))
        blink = (coefficients["eyeBlinkLeft"] + coefficients["eyeBlinkRight"]) / 2
        signals += [("Jaw open", "share", coefficients["jawOpen"]), ("Blink", "share", blink)]
    turn, nod = _where_the_nose_points(placement)
    signals += [("Turn", "degrees", turn), ("Nod", "degrees", nod)]
    return [
        {"name": name, "unit": unit, "values": _with_gaps(values, recording)}
        for name, unit, values in signals
    ]


def _where_the_nose_points(
    placement: HeadPlacement,
) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Degrees to the right of the picture, and degrees upwards."""
    # The mean face looks along -z; a placement turns the head back onto it, so its inverse turns this axis.
    x, y, z = -placement.rotation[:, 2].T
    return np.degrees(np.arctan2(x, -z)), np.degrees(np.arctan2(-y, np.hypot(x, z)))


def _with_gaps(values: np.ndarray, recording: Recording) -> list[float | None]:
    """The values of the tracked frames, in their places among all frames."""
    known = iter(np.round(values.astype(np.float64), 3).tolist())
    return [next(known) if seen else None for seen in recording.tracked]


def _degrees_scale(clips: Sequence[dict[str, Any]]) -> int:
    """How far the angles' scale goes to either side; one for all clips, so that they can be compared."""
    angles = [
        abs(value)
        for clip in clips
        for signal in clip["signals"]
        if signal["unit"] == "degrees"
        for value in signal["values"]
        if value is not None
    ]
    return math.ceil(max([_FINEST_SCALE_DEG, *angles]))
