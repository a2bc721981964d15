"""A folder of another kind than a verb takes, or a file in its place: told before the work."""

import subprocess
import sys
from pathlib import Path

import pytest

from amber_id.corpora import find_corpus
from amber_id.errors import CorpusError, UsageError
from amber_id.recordings import RecordingSet
from amber_id.tracking import check_apart


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of videos, which nobody gets so far as to open, a recording and a file."""
    for name in ("original/a_id001/x.mp4", "original/b_id002/y.mp4", "rec/a_id001/x.safetensors", "file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"none")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("synth", "file"), 2, "OUT must be a folder, or a place for one, got file"),
        (("synth", "file/x"), 2, "OUT must be a folder, or a place for one, got file/x, and"),
        (("track", "original", "file"), 2, "RECORDINGS must be a folder, or a place for one, got file"),
        (("track", "original", "original"), 2, "original: holds the videos; write the recordings to another"),
        (("track", "original/a_id001", "out"), 1, "is the folder of one person: give the one above, /"),
        (
            ("defend", "rec", "file", "--with", "noise"),
            2,
            "OUT must be a folder, or a place for one, got file",
        ),
        (("avatarize", "original", "file"), 2, "OUT must be a folder, or a place for one, got file"),
        (("corpus", "folders", "original", "file"), 2, "DST must be a folder, or a place for one, got file"),
        (("corpus", "landmarks", "original", "file"), 2, "RECORDINGS must be a folder, or a place for one"),
        (("view", "original/a_id001/x.mp4"), 2, "x.mp4: is a video, and recordings are played; make one"),
        (("view", "rec"), 2, "rec: is a folder; name one to six .safetensors files in it"),
        (("train", "original", "--out", "run"), 1, "original: holds videos, no recordings; run: amber track"),
    ],
)
def test_it_is_one_line_and_nothing_is_written(
    here: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    before = sorted(here.rglob("*"))
    done = subprocess.run([sys.executable, "-m", "amber_id", *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1), done.stderr
    assert told in done.stderr
    assert sorted(here.rglob("*")) == before


def test_recordings_may_lie_beside_people_but_not_among_their_videos(here: Path) -> None:
    corpus = find_corpus(Path("original"))
    for place in ("original", "original/a_id001", "original/b_id002/deep", "rec/../original"):
        with pytest.raises(UsageError, match="holds the videos"):
            check_apart(corpus, Path(place))
    check_apart(corpus, Path("original/check/original"))


def test_the_folder_of_one_person_is_told_from_one_without_recordings(here: Path) -> None:
    with pytest.raises(CorpusError, match=r"is the folder of one person; give the one above, .*/rec$"):
        RecordingSet.open(Path("rec/a_id001"))
    (here / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"no recording in it; run: amber track VIDEOS empty$"):
        RecordingSet.open(Path("empty"))
