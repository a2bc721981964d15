"""Files of faces that are no videos and no landmarks are told apart, with what takes them."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import find_corpus, what_it_is
from amber_id.corpora.conversion import convert, find_own, find_ravdess
from amber_id.errors import CorpusError, FileFormatError
from amber_id.recordings import read_landmark_file
from amber_id.tracking import find_landmark_files

LIVE_LINK = (
    "Timecode,BlendshapeCount,EyeBlinkRight,EyeLookDownRight,JawOpen,HeadYaw\n12:00:00:01.2,61,0,0,0,0\n"
)
OPENFACE = "frame, confidence, success, AU01_r, AU45_c\n1, .9, 1, .2, 0\n"
PY_FEAT = "FaceRectX,FaceRectY,FaceScore,x_0,y_0,AU01,anger,input\n1,2,.9,3,4,.1,.2,a.mp4\n"
ARKIT = "time;eyeBlinkLeft;eyeBlinkRight;jawOpen;browInnerUp\n0;0;0;0;0\n"


def write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


KINDS = [
    ("take.csv", write(LIVE_LINK), "is a table of Live Link Face"),
    ("take.tsv", write(LIVE_LINK.replace(",", "\t")), "is a table of Live Link Face"),
    ("units.csv", write(OPENFACE), "is OpenFace's"),
    ("fex.csv", write(PY_FEAT), "is a table of py-feat"),
    ("face.csv", write(ARKIT), "is a table of ARKit's blendshapes"),
    ("flame.npz", lambda path: np.savez(path, exp=np.zeros(50), shape=np.zeros(100)), "holds FLAME's"),
    ("face.pth", lambda path: path.write_bytes(b"\x80\x02"), "is a pickle"),
    ("body.bvh", write("HIERARCHY\n"), "is a skeleton's motion"),
    ("all.zip", lambda path: path.write_bytes(b""), "is an archive"),
    ("all.tar.gz", lambda path: path.write_bytes(b""), "is an archive"),
]
TAKEN = [
    ("a.npy", lambda path: np.save(path, np.zeros(3)), "amber corpus landmarks"),
    ("a.npz", lambda path: np.savez(path, landmarks=np.zeros(3)), "amber corpus landmarks"),
    ("a.safetensors", lambda path: path.write_bytes(b""), "amber split"),
]


@pytest.mark.parametrize(("name", "make", "told"), [*KINDS, *TAKEN])
def test_tracking_says_what_lies_there_in_place_of_videos(
    name: str, make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    (tmp_path / "a_id001").mkdir()
    make(tmp_path / "a_id001" / name)
    with pytest.raises(CorpusError, match="no video in any of its 1 person folders") as caught:
        find_corpus(tmp_path)
    assert f"; a_id001/{name} " in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "make", "told"), KINDS)
def test_beside_landmarks_they_are_problems(
    name: str, make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    (tmp_path / "a_id001").mkdir()
    (tmp_path / "a_id001" / "notes.csv").write_text("clip,seen\n")
    np.save(tmp_path / "a_id001" / "good.npy", np.zeros((3, 468, 3)))
    make(tmp_path / "a_id001" / name)
    corpus = find_landmark_files(tmp_path)
    if name.endswith(".npz"):  # a landmark file by its name; what it holds is found when it is read
        with pytest.raises(FileFormatError, match=told):
            read_landmark_file(tmp_path / "a_id001" / name)
    else:
        ((path, reason),) = corpus.problems
        assert path.name == name
        assert reason.startswith(told)


def test_recordings_of_live_link_face_are_known(tmp_path: Path) -> None:
    for case in ("BlendShapeCount", "BlendshapeCount"):
        (tmp_path / "take.csv").write_text(f"Timecode,{case},EyeBlinkLeft\n12:27:47:47.169,0\n")
        assert "Live Link Face" in what_it_is(tmp_path / "take.csv")
    assert what_it_is(tmp_path / "gone.csv") == ""


def test_landmarks_are_not_called_videos(tmp_path: Path) -> None:
    (tmp_path / "a_id001").mkdir()
    (tmp_path / "a_id001" / "take.csv").write_text(LIVE_LINK)
    with pytest.raises(
        CorpusError, match=r"no landmark file \(.npy or .npz\) in any.*; a_id001/take.csv is a"
    ):
        find_landmark_files(tmp_path)
    shutil.move(tmp_path / "a_id001" / "take.csv", tmp_path / "take.csv")
    (tmp_path / "a_id001").rmdir()
    with pytest.raises(CorpusError, match=r"no folder named .*; take.csv is a table of Live Link Face"):
        find_landmark_files(tmp_path)


def test_an_archive_of_archives_is_listed(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    name = "Actor_01/01-01-01-01-01-01-01.mp4"
    with zipfile.ZipFile(src / "Video_Speech_Actor_01.zip", "w") as file:
        file.writestr(name, b"x" * 2000)
    with zipfile.ZipFile(src / "1188976.zip", "w") as file:
        file.writestr("Video_Speech_Actor_02.zip", (src / "Video_Speech_Actor_01.zip").read_bytes())
        file.writestr("more/Video_Speech_Actor_03.ZIP", b"")
    with zipfile.ZipFile(src / "Audio_Speech_Actors_01-24.zip", "w") as file:
        file.writestr("Actor_01/03-01-01-01-01-01-01.wav", b"x" * 2000)
    (src / "rest.tar.gz").write_bytes(b"")
    done = convert(find_ravdess(src), tmp_path / "dst")
    assert done.put == 1
    rows = {row.path: (row.kind, row.reason, row.detail) for row in done.left_out if row.kind != "missing"}
    nested = ("unusable", "an archive in an archive", "unpack 1188976.zip and run again")
    assert rows == {
        "1188976.zip/Video_Speech_Actor_02.zip": nested,
        "1188976.zip/more/Video_Speech_Actor_03.ZIP": nested,
        "Audio_Speech_Actors_01-24.zip": ("choice", "an archive without a video", ""),
        "rest.tar.gz": ("unusable", "an archive", "unpack it and run again"),
    }
    assert not done.is_whole


def test_own_folders_say_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "src" / "anna").mkdir(parents=True)
    (tmp_path / "src" / "anna" / "take.csv").write_text(LIVE_LINK)
    with pytest.raises(
        CorpusError, match=r"no clip of a person in it.*; anna/take.csv is a table of Live Link"
    ):
        find_own(tmp_path / "src", tmp_path / "dst")
