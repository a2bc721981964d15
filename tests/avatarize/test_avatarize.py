"""A corpus becomes a corpus of avatars: clip by clip, none lost, the same frames each time."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.avatarize import (
    AvatarizeConfig,
    DriveFolders,
    avatarize_corpus,
    default_avatar_file,
    find_clips,
    read_avatar_clip,
)
from amber_id.avatarize.one_avatar import draw_clip
from amber_id.corpora import Clip, find_corpus
from amber_id.errors import UsageError
from amber_id.recordings import RecordingSet, load_recording, read_failures
from amber_id.tracking import ClipEvent, ModelBundle, find_model, track_corpus
from amber_id.tracking.video import read_frames

SMALL = AvatarizeConfig(size=64)
FRAMES = 8


@pytest.fixture(scope="module")
def model(model_bundle) -> ModelBundle:
    return find_model(model_bundle)


@pytest.fixture(scope="module")
def avatar(model, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMBER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return default_avatar_file(model)


def pictures(path: Path) -> list[np.ndarray]:
    return [rgb for _, rgb in read_frames(path)[1]]


def times(path: Path) -> list[float]:
    return [time_s for time_s, _ in read_frames(path)[1]]


@pytest.fixture(scope="module")
def videos(real_clips, write_video, tmp_path_factory) -> Path:
    """Short cuts of two people: one as it is, one of odd size at uneven times, one with two faces."""
    root = tmp_path_factory.mktemp("videos")
    first, second = (sorted(person.glob("*.mp4"))[0] for person in sorted(real_clips.glob("*_id*"))[:2])
    one, other = pictures(first)[:FRAMES], pictures(second)[:FRAMES]
    write_video(root / "a_id001" / "plain.mp4", one)
    H, W, _ = one[0].shape
    odd = [frame[: H - 1 - H % 2, : W - 1 - W % 2] for frame in one]
    uneven = np.cumsum([0, *[1, 3, 2] * FRAMES])[:FRAMES].tolist()
    write_video(root / "a_id001" / "odd.mkv", odd, codec="ffv1", pts=uneven)
    beside = np.zeros((H, W // 2 * 2, 3), np.uint8)
    small = [frame[::2, ::2] for frame in other]
    both = []
    for large, little in zip(one, small, strict=True):
        wide = np.concatenate([large[:, : W // 2 * 2], beside], axis=1)
        wide[: little.shape[0], W // 2 * 2 :][:, : little.shape[1]] = little[:, : W // 2 * 2]
        both.append(wide)
    write_video(root / "b_id002" / "two.mp4", both)
    return root


@pytest.fixture(scope="module")
def made(videos, avatar, model, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("made")
    drives = DriveFolders(keep_in=out.with_name("drive"))
    avatarize_corpus(find_corpus(videos), out, avatar, model, SMALL, drives=drives, workers=2)
    return out


def test_every_clip_keeps_its_id_its_times_and_says_what_made_it(videos, made, avatar, model):
    assert [clip.id for clip in find_corpus(made).clips] == [clip.id for clip in find_corpus(videos).clips]
    for clip in find_corpus(videos).clips:
        said = read_avatar_clip(made / f"{clip.id}.json")
        np.testing.assert_allclose(times(made / f"{clip.id}.mp4"), times(clip.path), atol=1e-4)
        assert pictures(made / f"{clip.id}.mp4")[0].shape == (64, 64, 3)
        assert (said.clip, said.subject, said.frames) == (clip.id, clip.subject, FRAMES)
        assert (said.size, said.sound, said.engine) == (64, "none", "builtin")
        assert said.model_sha256 == model.sha256
        assert said.renderer


def test_of_two_faces_the_largest_is_kept_and_that_is_counted(made):
    assert read_avatar_clip(made / "b_id002" / "two.json").frames_with_several_faces > FRAMES / 2
    assert read_avatar_clip(made / "a_id001" / "plain.json").frames_with_several_faces == 0


def test_the_drive_that_is_kept_is_what_track_would_make(videos, made, model, tmp_path):
    track_corpus(find_corpus(videos), tmp_path / "tracked", model, workers=1)
    for entry in RecordingSet.open(tmp_path / "tracked").entries:
        kept = made.with_name("drive") / f"{entry.clip}.safetensors"
        assert kept.read_bytes() == entry.path.read_bytes()
    assert (made.with_name("drive") / "recordings.csv").is_file()


def test_from_drive_and_from_recordings_draw_the_same_frames(videos, made, avatar, tmp_path):
    drive = made.with_name("drive")
    avatarize_corpus(
        find_corpus(videos),
        tmp_path / "d",
        avatar,
        None,
        SMALL,
        drives=DriveFolders(read_from=drive),
        workers=1,
    )
    avatarize_corpus(find_clips(drive), tmp_path / "r", avatar, None, SMALL, workers=1)
    for path in sorted(made.rglob("*.mp4")):
        name = path.relative_to(made)
        assert (tmp_path / "d" / name).read_bytes() == path.read_bytes()
        assert (tmp_path / "r" / name).read_bytes() == path.read_bytes()


def test_a_second_run_skips_what_is_there_and_other_settings_do_not(videos, made, avatar, model, tmp_path):
    out = tmp_path / "again"
    shutil.copytree(made, out)
    corpus, events = find_corpus(videos), []
    run = avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1, on_progress=events.append)
    assert (run.done, run.skipped) == (0, 3)
    assert all(event.skipped for event in events)
    (out / "a_id001" / "odd.json").unlink()  # as if killed between the two files
    assert avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1).done == 1
    black = SMALL.model_copy(update={"no_face": "black"})
    assert avatarize_corpus(corpus, out, avatar, model, black, workers=1).done == 3


def test_a_frame_without_a_face_is_held_or_black(made, avatar, tmp_path):
    recording = load_recording(made.with_name("drive") / "a_id001" / "plain.safetensors")
    lost = recording.tracked.copy()
    lost[3:] = False
    arrays = {
        name: np.where(lost.reshape(-1, *[1] * (array.ndim - 1)), array, np.float32(np.nan))
        for name in ("landmarks", "blendshapes", "pose")
        if (array := getattr(recording, name)) is not None
    }
    recording = replace(recording, tracked=lost, **arrays)
    clip = Clip("a_id001/plain", "id001", "a", made.with_name("drive") / "a_id001" / "plain.safetensors")
    for no_face in ("hold", "black"):
        said = draw_clip(clip, recording, avatar, tmp_path / no_face, size=64, no_face=no_face, warning="")
        assert said.frames_without_face == FRAMES - 3
        shown = pictures(tmp_path / no_face / "a_id001" / "plain.mp4")
        last = shown[-1].astype(int)
        if no_face == "black":
            assert last.max() < 20
        else:
            assert np.abs(last - shown[2]).mean() < 2


def test_clips_without_a_face_are_named_and_the_others_made(videos, avatar, model, write_video, tmp_path):
    root = tmp_path / "videos"
    (root / "a_id001").mkdir(parents=True)
    (root / "a_id001" / "plain.mp4").symlink_to(videos / "a_id001" / "plain.mp4")
    write_video(root / "c_id003" / "wall.mp4", [np.full((64, 64, 3), 128, np.uint8)] * FRAMES)
    (root / "c_id003" / "empty.mp4").touch()
    events: list[ClipEvent] = []
    run = avatarize_corpus(
        find_corpus(root), tmp_path / "out", avatar, model, SMALL, workers=1, on_progress=events.append
    )
    assert (run.done, len(run.failures)) == (1, 2)
    rows = {row.clip: row.reason for row in read_failures(tmp_path / "out")}
    assert rows["c_id003/wall"] == f"no face in any of {FRAMES} frames"
    assert rows["c_id003/empty"] == "the file is empty (0 bytes)"
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.mp4")) == ["plain.mp4"]
    assert sum(event.ok for event in events) == 1


def test_what_cannot_work_together_is_refused(videos, avatar, tmp_path):
    corpus = find_corpus(videos)
    with pytest.raises(UsageError, match="a face landmarker is needed"):
        avatarize_corpus(corpus, tmp_path, avatar, None, SMALL)
    with pytest.raises(UsageError, match="--engine ravas and --ravas"):
        avatarize_corpus(corpus, tmp_path, avatar, None, AvatarizeConfig(engine="ravas"))
    assert not list(tmp_path.iterdir())


def test_a_missing_drive_is_named(videos, avatar, tmp_path):
    drives = DriveFolders(read_from=tmp_path / "nothing")
    run = avatarize_corpus(
        find_corpus(videos), tmp_path / "out", avatar, None, SMALL, drives=drives, workers=1
    )
    assert run.done == 0
    assert all(row.reason.startswith("no recording of it at ") for row in run.failures)
