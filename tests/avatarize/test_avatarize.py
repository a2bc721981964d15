"""A corpus becomes a corpus of avatars: clip by clip, none lost, the same frames each time."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.avatarize import (
    AvatarizeConfig,
    DriveFolders,
    avatar_clip,
    avatarize_corpus,
    default_avatar_file,
    find_clips,
    merge_avatar,
    read_avatar_clip,
)
from amber_id.avatarize.avatar_clip import AvatarClip
from amber_id.avatarize.job import Job
from amber_id.avatarize.one_avatar import draw_clip
from amber_id.corpora import Clip, find_corpus
from amber_id.errors import AvatarError, CorpusError, UsageError
from amber_id.file_formats import file_hash
from amber_id.recordings import RecordingSet, load_recording, read_failures, save_recording
from amber_id.recordings.avatar_made import avatar_beside
from amber_id.tracking import ClipEvent, Landmarker, ModelBundle, find_model, track_clip, track_corpus
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


def test_what_made_an_avatar_is_read_from_beside_its_video(made, avatar, videos, tmp_path):
    video = made / "a_id001" / "plain.mp4"
    found, doubt = avatar_beside(video, FRAMES)
    assert doubt == ""
    assert (found.engine, found.size, found.fixed_fps, found.missing_shapes) == ("builtin", 64, None, ())
    assert found.avatar_sha256 == file_hash(avatar)
    said = read_avatar_clip(video.with_suffix(".json"))
    assert (found.renderer, found.versions) == (said.renderer, said.versions)
    assert avatar_beside(video, FRAMES + 1) == (
        None,
        "plain.json is of another video: it says 8 frames, not 9",
    )
    assert avatar_beside(videos / "a_id001" / "plain.mp4", FRAMES) == (None, "")
    other = tmp_path / "other.mp4"
    for content in ("[]", "no JSON", '{"schema_version": "another/1"}'):
        other.with_suffix(".json").write_text(content)
        assert avatar_beside(other, FRAMES) == (None, "")
    other.with_suffix(".json").write_text('{"schema_version": "amber-id/avatar-clip/1", "frames": 8}')
    assert avatar_beside(other, FRAMES)[1] == "other.json does not say what made the avatar; make it again"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("[" * 100_000, ""),
        ("9" * 5000, ""),
        ("\x00", ""),
        ('{"schema_version": ["amber-id/avatar-clip/2"]}', ""),
        ('{"schema_version": "amber-id/avatar-clip/2", "frames": "%s"}' % ("x" * 9999), "it says xxxx"),
        ('{"schema_version": "amber-id/avatar-clip/2", "frames": 8, "versions": 3}', "make it again"),
    ],
    ids=lambda text: text[:20],
)
def test_any_json_may_lie_beside_a_video(text, doubt, tmp_path):
    (tmp_path / "x.json").write_text(text)
    found, said = avatar_beside(tmp_path / "x.mp4", 8)
    assert found is None
    assert (doubt in said) if doubt else said == ""
    assert len(said) < 200


@pytest.mark.parametrize("change", [{"size": 5}, {"size": 10**30}, {"fixed_fps": 1e9}])
def test_an_avatar_of_an_impossible_look_is_one_of_another_look(tmp_path, change):
    said = AvatarClip(
        clip="a_id001/x", subject="id001", source="a", engine="builtin", avatar_sha256="0" * 64, size=64,
        no_face="hold", renderer="x", versions={}, tracker="x", tracker_version="1", model_sha256="",
        frames=8, frames_without_face=0, frames_with_several_faces=0, fps=25.0, source_bytes=1,
    )  # fmt: skip
    (tmp_path / "a_id001").mkdir()
    (tmp_path / "a_id001" / "x.json").write_text(said.model_copy(update=change).model_dump_json())
    job = Job(tmp_path, tmp_path / "a.glb", "0" * 64, None, SMALL, DriveFolders(), None)
    with pytest.raises(UsageError, match="was made with another avatar, size"):
        job.check_others((Clip("a_id001/x", "id001", "a", tmp_path / "x.mp4"),))


def test_of_two_faces_the_largest_is_kept_and_that_is_counted(made):
    assert read_avatar_clip(made / "b_id002" / "two.json").frames_with_several_faces > FRAMES / 2
    assert read_avatar_clip(made / "a_id001" / "plain.json").frames_with_several_faces == 0


def test_the_drive_that_is_kept_is_what_track_would_make(videos, made, model, tmp_path):
    track_corpus(find_corpus(videos), tmp_path / "tracked", Landmarker(model), workers=1)
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
        said = draw_clip(clip, recording, avatar, tmp_path / no_face, size=64, no_face=no_face)
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
    assert rows["c_id003/wall"].startswith(f"no face in any of {FRAMES} frames; one must be about ")
    assert rows["c_id003/empty"] == "the file is empty (0 bytes)"
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.mp4")) == ["plain.mp4"]
    assert sum(event.ok for event in events) == 1


def with_a_tone(source: Path, path: Path) -> Path:
    """The pictures of `source` with a tone beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25)
        sound = out.add_stream("aac", rate=16000, layout="mono")
        shown = pictures(source)
        video.height, video.width, video.pix_fmt = (*shown[0].shape[:2], "yuv420p")
        for rgb in shown:
            out.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(video.encode(None))
        for i in range(5):
            tone = np.sin(np.arange(1024 * i, 1024 * (i + 1)) / 6)[None].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, 1024 * i
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


@pytest.fixture
def own(videos, tmp_path) -> Path:
    """Two people's clips that a test may change: one with sound, one without."""
    root = tmp_path / "own"
    with_a_tone(videos / "a_id001" / "plain.mp4", root / "a_id001" / "tone.mp4")
    (root / "b_id002").mkdir()
    shutil.copy(videos / "a_id001" / "plain.mp4", root / "b_id002" / "mute.mp4")
    return root


def test_sound_and_what_is_known_of_clips_go_along(own, avatar, model, tmp_path):
    (own / "corpus.csv").write_text("clip,session\na_id001/tone,1\n")
    avatarize_corpus(find_corpus(own), tmp_path / "out", avatar, model, SMALL, workers=1)
    assert read_avatar_clip(tmp_path / "out" / "a_id001" / "tone.json").sound == "copied"
    with av.open(str(tmp_path / "out" / "a_id001" / "tone.mp4")) as file:
        heard = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    assert np.abs(heard).max() > 0.3
    assert read_avatar_clip(tmp_path / "out" / "b_id002" / "mute.json").sound == "none"
    assert (tmp_path / "out" / "corpus.csv").read_text() == (own / "corpus.csv").read_text()


def test_at_a_rate_of_ones_own_all_clips_have_it_and_their_sound(own, avatar, model, write_video, tmp_path):
    shown = pictures(own / "b_id002" / "mute.mp4")
    write_video(own / "b_id002" / "fast.mp4", shown, rate=30)
    config = AvatarizeConfig(size=64, fps=20)
    out = tmp_path / "out"
    corpus = find_corpus(own)
    avatarize_corpus(corpus, out, avatar, model, config, workers=1)
    for clip, frames in (("a_id001/tone", 6), ("b_id002/mute", 6), ("b_id002/fast", 5)):
        said = read_avatar_clip(out / f"{clip}.json")
        np.testing.assert_allclose(times(out / f"{clip}.mp4"), np.arange(frames) / 20, atol=1e-4)
        assert (said.fps, said.fixed_fps, said.frames) == (20, 20, frames)
    assert read_avatar_clip(out / "a_id001" / "tone.json").sound == "copied"
    assert avatarize_corpus(corpus, out, avatar, model, config, workers=1).done == 0
    assert avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1).done == 3, "another rate"


def test_what_was_made_of_something_else_is_made_again(own, videos, avatar, model, tmp_path):
    out, corpus = tmp_path / "out", find_corpus(own)

    def run(**changed) -> int:
        arguments = {"avatar": avatar, "model": model, **changed}
        return avatarize_corpus(corpus, out, arguments["avatar"], arguments["model"], SMALL, workers=1).done

    assert (run(), run()) == (2, 0)
    shutil.copy(videos / "b_id002" / "two.mp4", own / "b_id002" / "mute.mp4")
    assert run() == 1, "another original"
    mute = own / "b_id002" / "mute.mp4"
    before, data = mute.stat(), bytearray(mute.read_bytes())
    data[-1] ^= 1  # in what the file says of its writer
    mute.write_bytes(data)
    os.utime(mute, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1)
    assert [(row.clip, row.reason) for row in again.anew] == [
        ("b_id002/mute", "its video is another than the one that its avatar was made of")
    ], "another original of the same size and time"
    assert read_avatar_clip(out / "b_id002" / "mute.json").source_sha256 == file_hash(mute)
    said = (out / "a_id001" / "tone.json").read_text()
    (out / "a_id001" / "tone.json").write_text(said.replace(model.sha256, "0" * 64))
    assert run() == 1, "another model"
    said = (out / "a_id001" / "tone.json").read_text()
    (out / "a_id001" / "tone.json").write_text(said.replace("avatar-clip/2", "avatar-clip/1"))
    assert read_avatar_clip(out / "a_id001" / "tone.json").frames
    assert run() == 1, "turned by the pose"
    other = tmp_path / "other.glb"
    merge_avatar(default_avatar_file(model, "rose"), other)
    assert run(avatar=other) == 2, "another avatar"


def test_a_clip_that_fails_leaves_nothing_of_an_earlier_run(own, avatar, model, tmp_path):
    out, corpus = tmp_path / "out", find_corpus(own)
    drives = DriveFolders(keep_in=tmp_path / "drive")
    avatarize_corpus(corpus, out, avatar, model, SMALL, drives=drives, workers=1)
    (own / "a_id001" / "tone.mp4").write_bytes(b"no video any more")
    run = avatarize_corpus(corpus, out, avatar, model, SMALL, drives=drives, workers=1)
    assert [failure.clip for failure in run.failures] == ["a_id001/tone"]
    assert sorted(path.name for path in out.rglob("*.mp4")) == ["mute.mp4"]
    assert not (out / "a_id001" / "tone.json").exists()
    assert [entry.clip for entry in RecordingSet.open(tmp_path / "drive").entries] == ["b_id002/mute"]


def test_a_clip_that_ends_early_is_named_as_not_whole(real_clips, avatar, model, tmp_path):
    source = sorted((real_clips / "talking_id042").glob("*.mp4"))[0]
    cut = tmp_path / "cut" / "a_id001" / "x.mkv"
    cut.parent.mkdir(parents=True)
    with av.open(str(source)) as file, av.open(str(cut), "w") as out:
        stream = out.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    run = avatarize_corpus(find_corpus(cut.parents[1]), tmp_path / "out", avatar, model, SMALL, workers=1)
    (warning,) = run.warnings
    assert "cut off after" in warning.reason
    assert read_failures(tmp_path / "out", "warnings.csv") == run.warnings
    assert read_avatar_clip(tmp_path / "out" / "a_id001" / "x.json").warning == warning.reason


def test_shards_make_one_folder_and_no_clip_twice(videos, made, avatar, model, tmp_path):
    corpus = find_corpus(videos)
    runs = [
        avatarize_corpus(corpus, tmp_path / "out", avatar, model, SMALL, workers=1, shard=(i, 2))
        for i in (1, 2)
    ]
    assert [run.done for run in runs] == [2, 1]
    for path in sorted(made.rglob("*.mp4")):
        assert (tmp_path / "out" / path.relative_to(made)).read_bytes() == path.read_bytes()
    other = AvatarizeConfig(size=128)
    with pytest.raises(UsageError, match="was made with another avatar, size, rate, engine or version"):
        avatarize_corpus(corpus, tmp_path / "out", avatar, model, other, workers=1, shard=(1, 2))


def test_a_recording_that_changed_drives_anew_and_a_damaged_one_is_named(made, avatar, tmp_path):
    drive = tmp_path / "drive"
    shutil.copytree(made.with_name("drive"), drive)
    corpus, out = find_clips(drive), tmp_path / "out"
    assert avatarize_corpus(corpus, out, avatar, None, SMALL, workers=1).done == 3
    recording = load_recording(drive / "a_id001" / "plain.safetensors")
    save_recording(
        replace(recording, blendshapes=np.clip(recording.blendshapes + 0.3, 0, 1)),
        drive / "a_id001" / "plain.safetensors",
    )
    odd = drive / "a_id001" / "odd.safetensors"
    odd.write_bytes(odd.read_bytes()[:-9])
    before = (out / "a_id001" / "plain.mp4").read_bytes()
    run = avatarize_corpus(corpus, out, avatar, None, SMALL, workers=1)
    assert (run.done, run.skipped) == (1, 1)
    assert [failure.clip for failure in run.failures] == ["a_id001/odd"]
    assert (out / "a_id001" / "plain.mp4").read_bytes() != before


def test_originals_are_never_written_over(own, avatar, model, tmp_path):
    corpus = find_corpus(own)
    before = {path: path.read_bytes() for path in sorted(own.rglob("*.mp4"))}
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "a_id001").symlink_to(own / "a_id001")
    for out in (own, own / "avatars", linked):
        with pytest.raises(UsageError, match="the original"):
            avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1)
    for keep in (own, tmp_path / "out"):
        drives = DriveFolders(keep_in=keep)
        with pytest.raises(UsageError, match="--save-drive"):
            avatarize_corpus(corpus, tmp_path / "out", avatar, model, SMALL, drives=drives, workers=1)
    assert {path: path.read_bytes() for path in sorted(own.rglob("*.mp4"))} == before


def test_a_folder_of_videos_and_recordings_is_refused(own, made):
    shutil.copy(made.with_name("drive") / "a_id001" / "plain.safetensors", own / "a_id001")
    with pytest.raises(CorpusError, match="holds videos and recordings"):
        find_clips(own)


def test_an_older_note_does_not_speak_for_a_newer_video(own, avatar, model, tmp_path, monkeypatch):
    out, corpus = tmp_path / "out", find_corpus(own)
    avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1)
    recording = track_clip(corpus.clips[0], Landmarker(model))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(avatar_clip, "write_text_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        draw_clip(corpus.clips[0], recording, avatar, out, size=128, no_face="hold")
    assert pictures(out / "a_id001" / "tone.mp4")[0].shape == (128, 128, 3)
    monkeypatch.undo()
    assert avatarize_corpus(corpus, out, avatar, model, SMALL, workers=1).done == 1


def test_what_cannot_work_together_is_refused(videos, avatar, tmp_path):
    corpus = find_corpus(videos)
    with pytest.raises(UsageError, match="a face landmarker is needed"):
        avatarize_corpus(corpus, tmp_path, avatar, None, SMALL)
    with pytest.raises(UsageError, match="--engine ravas and --ravas"):
        avatarize_corpus(corpus, tmp_path, avatar, None, AvatarizeConfig(engine="ravas"))
    drives = DriveFolders(keep_in=tmp_path / "a", read_from=tmp_path / "b")
    with pytest.raises(UsageError, match="--save-drive keeps what is tracked, and nothing is"):
        avatarize_corpus(corpus, tmp_path, avatar, None, SMALL, drives=drives)
    assert not list(tmp_path.iterdir())


def test_an_avatar_that_is_replaced_during_a_run_is_told(made, avatar, tmp_path):
    recording = load_recording(made.with_name("drive") / "a_id001" / "plain.safetensors")
    clip = Clip("a_id001/plain", "id001", "a", made.with_name("drive") / "a_id001" / "plain.safetensors")
    with pytest.raises(AvatarError, match=r"\.glb: was replaced while clips were made of it"):
        draw_clip(clip, recording, avatar, tmp_path, size=64, no_face="hold", avatar_sha256="0" * 64)
    assert not list(tmp_path.iterdir())


def test_a_missing_drive_is_named(videos, avatar, tmp_path):
    drives = DriveFolders(read_from=tmp_path / "nothing")
    run = avatarize_corpus(
        find_corpus(videos), tmp_path / "out", avatar, None, SMALL, drives=drives, workers=1
    )
    assert run.done == 0
    assert all(row.reason.startswith("no recording of it at ") for row in run.failures)
