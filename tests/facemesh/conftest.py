"""Faces for the tracker of the thesis: real clips where they are, else faces that are drawn here.

A stranger's machine has no real clips. A drawn face is enough to see that FaceMesh is installed, finds a
face, and that its recordings are what they must be; in CI real clips are there, or the tests fail.
"""

import os
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from amber_id.face_mesh import edges_of, mean_face

SIDE = 384  # pixels
FRAMES = 45
DRAWN = (
    "talking_id008/talking_id008_clip00",
    "talking_id008/talking_id008_clip01",
    "talking_id050/talking_id050_clip01",
)
_SKIN, _HAIR, _LIPS, _DARK = (225, 175, 150), (60, 42, 30), (185, 90, 90), (60, 40, 25)


@pytest.fixture(scope="session")
def real_clips(write_video, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real clips beside the repository, or three clips of a drawn face under the names of theirs."""
    real = Path(__file__).resolve().parents[3] / "shared" / "clips"
    if real.exists():
        return real
    if os.environ.get("CI"):
        pytest.fail("needs clips in a folder `shared` beside the repository")
    folder = tmp_path_factory.mktemp("drawn")
    for number, name in enumerate(DRAWN):
        frames = [drawn_face(0.25 * np.sin(index / 6 + number)) for index in range(FRAMES)]
        write_video(folder / f"{name}.mp4", frames, rate=15)
    return folder


def drawn_face(yaw: float) -> np.ndarray:
    """The mean face, turned by `yaw` radians, in plain colours: skin, hair, brows, eyes, nose and lips."""
    import cv2

    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    places = (mean_face() @ turn.T)[:, :2] * 110 + SIDE / 2
    picture = np.full((SIDE, SIDE, 3), (120, 140, 150), np.uint8)

    def fill(ring: np.ndarray, colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(picture, [np.round(16 * ring).astype(np.int32)], colour, cv2.LINE_AA, 4)

    def line(points: list[int], colour: tuple[int, int, int], width: int) -> None:
        ends = [np.round(16 * places[points]).astype(np.int32)]
        cv2.polylines(picture, ends, False, colour, width, cv2.LINE_AA, 4)

    oval = places[_ring("face_oval")]
    fill((oval - oval.mean(axis=0)) * [1.18, 1.22] + oval.mean(axis=0) - [0, 12], _HAIR)
    chin = places[152]
    fill(chin + np.array([[-45, -40], [45, -40], [45, 200], [-45, 200]]), (190, 140, 115))
    fill(oval, _SKIN)
    picture[:] = cv2.GaussianBlur(picture, (0, 0), 2)
    for eye in ("left_eye", "right_eye"):
        lids = places[_ring(eye)]
        fill(lids, (245, 245, 245))
        middle, height = lids.mean(axis=0), np.ptp(lids[:, 1])
        turns = np.linspace(0, 2 * np.pi, 40)
        fill(middle + 0.48 * height * np.stack([np.cos(turns), np.sin(turns)], axis=1), _DARK)
        line(_paths(eye)[1], _DARK, 2)
        fill(places[_ring(eye.replace("eye", "eyebrow"))], _HAIR)
    lips = _ring("lips")
    outer, inner = lips[: len(lips) // 2], lips[len(lips) // 2 :]
    fill(places[outer], _LIPS)
    fill(places[inner], (120, 40, 45))
    line([193, 122, 196, 236, 198, 209], (200, 150, 125), 3)
    line([98, 97, 2, 326, 327], (150, 95, 80), 3)
    return picture


def _paths(region: str) -> list[list[int]]:
    """MediaPipe's lines of a region, each as the points along it."""
    paths: list[list[int]] = []
    for start, end in edges_of(region):
        if paths and paths[-1][-1] == start:
            paths[-1].append(end)
        else:
            paths.append([start, end])
    return paths


def _ring(region: str) -> list[int]:
    """Points around a region: one line there, the other back; of the lips the outer ring, then the inner."""
    paths = _paths(region)
    if region == "face_oval":
        return paths[0]  # the second line begins where the first ends
    pairs = zip(paths[::2], paths[1::2], strict=True)
    return list(chain.from_iterable([*there, *back[::-1]] for there, back in pairs))
