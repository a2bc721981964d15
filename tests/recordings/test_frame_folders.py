"""Clips of which every frame is a file: all layouts give the same face, and time is kept."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import Clip
from amber_id.errors import ClipError, FileFormatError
from amber_id.recordings import ImportConfig, Recording, RecordingSet, recording_of_landmarks
from amber_id.recordings.frame_folders import read_frame_folder

CLIP = Clip("a_id001/hello_0", "id001", "a", Path("hello/0"))


@pytest.fixture(scope="module")
def faces(synthetic_people: Path) -> np.ndarray:
    """Twelve frames of a synthetic person, the third without a face; (12, 468, 3)."""
    people = RecordingSet.open(synthetic_people)
    landmarks = people.load(people.entries[0]).landmarks[:12, :468].astype(np.float64)
    landmarks[2] = 0
    return landmarks


def parts(face: np.ndarray, of_hand: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pose, face and hands of a frame; the pose hangs below the face, as a body does."""
    pose = np.column_stack([np.random.default_rng(0).uniform(0.2, 0.8, (33, 3)), np.full(33, 0.99)])
    return pose.ravel(), face.ravel(), np.full(2 * 21 * of_hand, 0.4)


def tutorial(face: np.ndarray) -> np.ndarray:
    return np.concatenate(parts(face, 3))


def face_before_pose(face: np.ndarray) -> np.ndarray:
    pose, points, hands = parts(face, 3)
    return np.concatenate([points, pose, hands])


def visible_hands(face: np.ndarray) -> np.ndarray:
    return np.concatenate(parts(face, 4))


def all_visible(face: np.ndarray) -> np.ndarray:
    seen = np.full((468, 1), 0.7 if face.any() else 0)
    pose, points, hands = parts(np.concatenate([face, seen], axis=1), 4)
    return np.concatenate([pose, points, hands])


def zeros_for_a_hand(face: np.ndarray) -> np.ndarray:
    pose, points, hands = parts(face, 3)
    return np.concatenate([pose, points, hands[:63], np.zeros(1404)])


def face_alone(face: np.ndarray) -> np.ndarray:
    return face.ravel()


def write(folder: Path, rows: dict[int, np.ndarray]) -> Path:
    folder.mkdir(parents=True)
    for number, row in rows.items():
        np.save(folder / f"{number}.npy", row)
    return folder


def imported(folder: Path) -> Recording:
    config = ImportConfig(fps=30.0, aspect=(16, 9))
    return recording_of_landmarks(read_frame_folder(folder), CLIP, config)


@pytest.mark.parametrize(
    ("layout", "numbers"),
    [
        (tutorial, 1662),
        (face_before_pose, 1662),
        (visible_hands, 1704),
        (all_visible, 2172),
        (zeros_for_a_hand, 3003),
        (face_alone, 1404),
    ],
)
def test_every_layout_gives_the_face(
    layout: Callable[[np.ndarray], np.ndarray], numbers: int, faces: np.ndarray, tmp_path: Path
) -> None:
    rows = {number: layout(face) for number, face in enumerate(faces)}
    assert {row.size for row in rows.values()} == {numbers}
    made = imported(write(tmp_path / "0", rows))
    seen = np.arange(12) != 2
    np.testing.assert_array_equal(made.tracked, seen)
    np.testing.assert_array_equal(made.landmarks[seen], faces[seen].astype(np.float32))
    assert made.timestamps == pytest.approx(np.arange(12) / 30)


def test_layouts_may_differ_between_the_frames_of_a_clip(faces: np.ndarray, tmp_path: Path) -> None:
    layouts = (tutorial, zeros_for_a_hand)
    rows = {number: layouts[number % 2](face) for number, face in enumerate(faces)}
    assert imported(write(tmp_path / "0", rows)).tracked.sum() == 11


def test_frames_are_in_the_order_of_their_numbers(faces: np.ndarray, tmp_path: Path) -> None:
    made = imported(write(tmp_path / "0", {number: tutorial(faces[number]) for number in range(12)}))
    # By name, 10 and 11 would come before 2.
    np.testing.assert_array_equal(made.landmarks[10], faces[10].astype(np.float32))


def test_a_missing_number_is_a_gap_and_moves_nothing(faces: np.ndarray, tmp_path: Path) -> None:
    there = [3, 4, 5, 8, 9, 10, 11]
    made = imported(write(tmp_path / "0", {number: tutorial(faces[number]) for number in there}))
    assert (np.flatnonzero(made.tracked) + 3).tolist() == there
    assert made.timestamps[5] == pytest.approx(5 / 30)
    np.testing.assert_array_equal(made.landmarks[5], faces[8].astype(np.float32))
    remark = read_frame_folder(tmp_path / "0").remark
    assert remark == "2 of 9 frames are missing, number 6 first, and count as without a face"


def test_a_damaged_frame_is_lost_alone(faces: np.ndarray, tmp_path: Path) -> None:
    folder = write(tmp_path / "0", {number: tutorial(face) for number, face in enumerate(faces)})
    (folder / "7.npy").write_bytes((folder / "7.npy").read_bytes()[:500])
    np.save(folder / "8.npy", np.zeros(258))
    made = imported(folder)
    assert np.flatnonzero(~made.tracked).tolist() == [2, 7, 8]
    remark = read_frame_folder(folder).remark
    assert remark.startswith("2 of 12 frames cannot be used and count as without a face, 7.npy first:")


def test_a_clip_without_any_face_says_so(faces: np.ndarray, tmp_path: Path) -> None:
    nobody = np.zeros_like(faces)
    for layout in (tutorial, face_before_pose):
        folder = write(tmp_path / layout.__name__, {n: layout(face) for n, face in enumerate(nobody)})
        with pytest.raises(ClipError, match="no face in any of 12 frames"):
            imported(folder)


class RunsCode:
    def __reduce__(self) -> tuple:
        return (print, ("it ran",))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({}, "no frame in it"),
        ({0: np.zeros(258)}, "0.npy: expected one of 1,404, 1,662, 1,704, 2,172, 3,003 numbers"),
        ({0: np.full(1662, "1")}, "got <U1 of shape (1662,)"),
        ({0: np.array([RunsCode()] * 1662)}, "objects may run code and are not read"),
        ({0: np.zeros(1662), 999999999: np.zeros(1662)}, "got numbers from 0 to 999,999,999"),
    ],
)
def test_folders_that_cannot_be_used_are_refused(
    rows: dict, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "0", rows)
    with pytest.raises(FileFormatError, match=re.escape(reason)):
        read_frame_folder(folder)
    assert "it ran" not in capsys.readouterr().out


def test_two_files_of_one_number_are_refused(faces: np.ndarray, tmp_path: Path) -> None:
    folder = write(tmp_path / "0", {7: tutorial(faces[0])})
    np.save(folder / "07.npy", tutorial(faces[1]))
    with pytest.raises(FileFormatError, match=r"07\.npy and 7\.npy have the same number"):
        read_frame_folder(folder)
