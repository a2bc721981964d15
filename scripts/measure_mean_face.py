"""Measure the mean face and the mirror pairs from recordings of real people.

    python scripts/measure_mean_face.py RECORDINGS

writes src/amber_id/data/mean_face.safetensors. Every frame is brought onto the current mean by its rigid
points, frames are averaged per clip, clips per person, people into the mean (generalised Procrustes
analysis; Gower, Psychometrika 40, 1975). The mean is made symmetric, so that no person's asymmetry is
in it. The frame: symmetric about x = 0, top of the forehead straight above the chin, origin at the mean of
the rigid points, the outer corners of the eyes one unit apart.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import linear_sum_assignment

from amber_id.face_mesh import OUTER_EYE_CORNERS, RIGID_POINTS
from amber_id.motion.alignment import apply, fit_similarity, isotropic
from amber_id.recordings import RecordingSet

TARGET = Path(__file__).parents[1] / "src/amber_id/data/mean_face.safetensors"
ROUNDS = 12
FOREHEAD, CHIN = 10, 152
RIGID = list(RIGID_POINTS)
MIRROR_X = np.array([-1.0, 1.0, 1.0])


def tracked_points(recordings: RecordingSet) -> list[tuple[str, np.ndarray]]:
    """Subject and isotropic points of every clip, tracked frames only."""
    clips = []
    for entry in recordings.entries:
        r = recordings.load(entry)
        points = isotropic(r.landmarks, width=r.width, height=r.height)[r.tracked]
        clips.append((r.subject, points))
    return clips


def procrustes_mean(clips: list[tuple[str, np.ndarray]], mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One round: the new mean over people, and the root mean square motion left in each point."""
    per_person, motion = defaultdict(list), []
    for subject, points in clips:
        aligned = apply(fit_similarity(points[:, RIGID], mean[RIGID]), points)
        per_person[subject].append(aligned.mean(axis=0))
        motion.append(aligned.var(axis=0).sum(axis=1))
    people = [np.mean(faces, axis=0) for faces in per_person.values()]
    return np.mean(people, axis=0), np.sqrt(np.mean(motion, axis=0))


def in_standard_frame(face: np.ndarray) -> np.ndarray:
    """The face moved, turned about the x axis and scaled into the frame that the module states."""
    dy, dz = (face[CHIN] - face[FOREHEAD])[1:]
    angle = np.arctan2(dz, dy)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]])
    face = (face - face[RIGID].mean(axis=0)) @ turn.T
    right, left = OUTER_EYE_CORNERS
    return face / np.linalg.norm(face[left] - face[right])


def mirror_pairs(face: np.ndarray) -> np.ndarray:
    """For each point the one on the other side, by the best one-to-one match of face and reflection."""
    reflected = face * MIRROR_X
    for _ in range(10):
        distance = np.linalg.norm(reflected[:, None] - face[None], axis=2)
        pairs = linear_sum_assignment(distance)[1]
        reflected = apply(fit_similarity(reflected[None], face[pairs]), reflected[None])[0]
    if not np.array_equal(pairs[pairs], np.arange(len(face))):
        sys.exit("the mirror pairs do not undo themselves: too few people, or a wrong point set")
    return pairs


def symmetrised(face: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The mean of the face and its mirror image, exactly symmetric about x = 0."""
    reflection = (face * MIRROR_X)[pairs]
    onto_face = apply(fit_similarity(reflection[None], face), reflection[None])[0]
    middle = (face + onto_face) / 2
    right, left = OUTER_EYE_CORNERS
    across = middle[left] - middle[right]
    x = across / np.linalg.norm(across)
    y = np.array([0.0, 1.0, 0.0]) - x[1] * x
    y /= np.linalg.norm(y)
    turned = (middle - middle[RIGID].mean(axis=0)) @ np.stack([x, y, np.cross(x, y)]).T
    return (turned + (turned * MIRROR_X)[pairs]) / 2


def main() -> None:
    """Measure and write."""
    recordings = RecordingSet.open(Path(sys.argv[1]))
    clips = tracked_points(recordings)
    mean = in_standard_frame(clips[0][1][0])
    for _ in range(ROUNDS):
        face, motion = procrustes_mean(clips, mean)
        pairs = mirror_pairs(face)
        new = in_standard_frame(symmetrised(face, pairs))
        moved, mean = np.abs(new - mean).max(), new
    print(
        f"{len(clips)} clips of {len(recordings.subjects)} people; last round moved {moved:.1e} eye distances"
    )
    print(
        f"motion left: {np.median(motion):.4f} in the median point, {motion[RIGID].max():.4f} in a rigid one"
    )
    TARGET.parent.mkdir(exist_ok=True)
    about = {"people": len(recordings.subjects), "clips": len(clips), "unit": "outer eye corner distance"}
    save_file(
        {"mean_face": mean.astype(np.float32), "mirror": pairs.astype(np.int16)},
        TARGET,
        metadata={"amber_id": json.dumps(about, sort_keys=True)},
    )


if __name__ == "__main__":
    main()
