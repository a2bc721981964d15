"""Recordings that another command left are taken over where they are what tracking would give, else not."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from amber_id.corpora import Corpus, find_corpus
from amber_id.recordings import Recording, load_recording, save_recording
from amber_id.tracking import Landmarker, ModelBundle, take_over

TRACKER = Landmarker(ModelBundle(Path("face_landmarker.task"), "5" * 64))


@pytest.fixture
def corpus(tmp_path: Path, synthetic_people: Path) -> Corpus:
    """Two videos, and in `known` the recordings that were made of them."""
    one = load_recording(synthetic_people / "synth_id001" / "clip00.safetensors")
    for name in ("clip0", "clip1"):
        video = tmp_path / "videos" / "own_id001" / f"{name}.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_bytes(name.encode())
        recording = replace(
            one,
            clip=f"own_id001/{name}",
            subject="id001",
            source="own",
            tracker=TRACKER.name,
            tracker_version=TRACKER.version,
            model_sha256=TRACKER.model_sha256,
            video_sha256=sha256(name.encode()).hexdigest(),
        )
        save_recording(recording, tmp_path / "known" / "own_id001" / f"{name}.safetensors")
    return find_corpus(tmp_path / "videos")


def test_recordings_of_the_same_videos_are_taken_over_byte_by_byte(corpus: Corpus, tmp_path: Path):
    known, out = tmp_path / "known", tmp_path / "out"
    assert take_over(corpus, out, TRACKER, known, not_whole=["own_id001/clip1"]) == 1
    first = "own_id001/clip0.safetensors"
    assert (out / first).read_bytes() == (known / first).read_bytes()
    assert not (out / "own_id001" / "clip1.safetensors").exists()
    assert take_over(corpus, out, TRACKER, known) == 1
    assert take_over(corpus, out, TRACKER, known) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda each: replace(each, video_sha256="0" * 64),
        lambda each: replace(each, video_sha256=""),
        lambda each: replace(each, model_sha256="0" * 64),
        lambda each: replace(each, tracker_version="0.10.9"),
        lambda each: replace(each, clip="own_id001/other"),
        lambda each: replace(each, subject="id002"),
    ],
)
def test_what_tracking_would_not_give_is_not_taken(
    change: Callable[[Recording], Recording], corpus: Corpus, tmp_path: Path
):
    path = tmp_path / "known" / "own_id001" / "clip0.safetensors"
    save_recording(change(load_recording(path)), path)
    assert take_over(corpus, tmp_path / "out", TRACKER, tmp_path / "known") == 1
    assert not (tmp_path / "out" / "own_id001" / "clip0.safetensors").exists()


def test_what_another_version_of_this_program_made_is_not_taken(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("amber_id.tracking.taken_over.__version__", "99.0")
    assert take_over(corpus, tmp_path / "out", TRACKER, tmp_path / "known") == 0


def test_a_folder_that_is_not_there_has_nothing(corpus: Corpus, tmp_path: Path):
    assert take_over(corpus, tmp_path / "out", TRACKER, tmp_path / "nowhere") == 0
