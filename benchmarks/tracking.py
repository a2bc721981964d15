"""How fast is each tracker, and how far apart are their points?

    make facemesh
    .venv-facemesh/bin/python benchmarks/tracking.py VIDEOS [--model face_landmarker.task] [--clips 9]

Both trackers are then those of MediaPipe 0.10.21; run in `.venv`, it measures FaceLandmarker alone, in the
version that is used there. One process, one clip after the other, every clip decoded before the clock runs.
Each tracker goes over the clips three times, in turn, after one clip to warm up; the fastest time counts.
Prints JSON: frames per second, and the median distance, over all clips, of the points that both have; its
unit is the distance between the outer corners of the eyes.
"""

import argparse
import json
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from amber_id.corpora import find_corpus
from amber_id.errors import MissingDependencyError
from amber_id.face_mesh import OUTER_EYE_CORNERS
from amber_id.tracking import Landmarker, Tracker, find_face_mesh, find_model
from amber_id.tracking.video import read_frames

ROUNDS = 3
Decoded = list[tuple[float, np.ndarray]]


def main() -> None:
    """Decode, track in turn, print."""
    parser = argparse.ArgumentParser(description="Frames per second of the trackers, side by side.")
    parser.add_argument("videos", type=Path)
    parser.add_argument("--model", type=Path, help="face landmarker bundle; else found or fetched")
    parser.add_argument("--clips", type=int, default=9)
    arguments = parser.parse_args()
    trackers: list[Tracker] = [Landmarker(find_model(arguments.model))]
    with suppress(MissingDependencyError):
        trackers.append(find_face_mesh())
    found = find_corpus(arguments.videos).clips
    clips = [list(read_frames(clip.path)[1]) for clip in found[:: max(1, len(found) // arguments.clips)]]
    clips = clips[: arguments.clips]
    print(json.dumps(compared(trackers, clips), indent=2))


def compared(trackers: list[Tracker], clips: list[Decoded]) -> dict[str, object]:
    """Everything that is printed."""
    frames = sum(map(len, clips))
    times: dict[str, list[float]] = {tracker.name: [] for tracker in trackers}
    points = {tracker.name: tracked(tracker, clips[:1]) for tracker in trackers}
    for _ in range(ROUNDS):
        for tracker in trackers:
            began = time.perf_counter()
            points[tracker.name] = tracked(tracker, clips)
            times[tracker.name].append(time.perf_counter() - began)
    shapes = sorted({clip[0][1].shape[:2] for clip in clips})
    result: dict[str, object] = {
        "mediapipe": trackers[0].version,
        "clips": len(clips),
        "frames": frames,
        "sizes": [f"{W}x{H}" for H, W in shapes],
        "frames_per_s": {name: round(frames / min(took), 1) for name, took in times.items()},
    }
    if len(trackers) > 1:
        landmarker, face_mesh = (points[tracker.name] for tracker in trackers)
        times_as_fast = min(times[trackers[0].name]) / min(times[trackers[1].name])
        result["FaceMesh is so many times as fast"] = round(times_as_fast, 2)
        result["median_distance_in_eye_distances"] = round(distance(landmarker, face_mesh, clips), 4)
    return result


def tracked(tracker: Tracker, clips: list[Decoded]) -> list[list[np.ndarray | None]]:
    """The landmarks of every frame of every clip, None where there is no face."""
    faces = []
    for clip in clips:
        with tracker.follow() as follower:
            seen = [follower.see(rgb, time_s) for time_s, rgb in clip]
        faces.append([None if face is None else face.landmarks for face in seen])
    return faces


def distance(
    landmarker: list[list[np.ndarray | None]], face_mesh: list[list[np.ndarray | None]], clips: list[Decoded]
) -> float:
    """Median over the points of all frames in which both see a face."""
    apart = []
    for ours, theirs, clip in zip(face_mesh, landmarker, clips, strict=True):
        for x, y, (_, rgb) in zip(ours, theirs, clip, strict=True):
            if x is not None and y is not None:
                pixels = np.array(rgb.shape[1::-1])
                right, left = (y[corner, :2] * pixels for corner in OUTER_EYE_CORNERS)
                offsets = (x[:, :2] - y[: len(x), :2]) * pixels
                apart.append(np.linalg.norm(offsets, axis=1) / np.linalg.norm(left - right))
    return float(np.median(apart))


if __name__ == "__main__":
    main()
