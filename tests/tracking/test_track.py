"""A corpus becomes recordings: the same whatever the workers, and no clip is lost in silence."""

import errno
import multiprocessing
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import Clip, Corpus, find_corpus
from amber_id.errors import AmberError, ClipError, CorpusError, FileFormatError
from amber_id.recordings import (
    Failure,
    Recording,
    RecordingSet,
    load_recording,
    read_failures,
    save_recording,
    write_failures,
)
from amber_id.tracking import (
    ClipEvent,
    CorpusSummary,
    Landmarker,
    ShareConfig,
    clip_runs,
    estimate_bytes,
    find_model,
    select_shard,
    track_clip,
    track_corpus,
)
from amber_id.tracking import track as module
from amber_id.tracking.video_state import STATES_FILE


@pytest.fixture(scope="module")
def model(model_bundle) -> Landmarker:
    return Landmarker(find_model(model_bundle))


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_video, face_frames) -> Path:
    """Four short clips of two people."""
    root = tmp_path_factory.mktemp("videos")
    for index, name in enumerate(("a_id001/x", "a_id001/y", "b_id002/w", "b_id002/z")):
        write_video(root / f"{name}.mkv", face_frames[10 * index : 10 * index + 6 + index], rate=15)
    return root


def _tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def _copy(videos: Path, root: Path) -> Path:
    return Path(shutil.copytree(videos, root))


# the same whatever the workers ----------------------------------------------------------------------


def test_real_clips_do_not_depend_on_workers_order_or_shards(tmp_path, real_clips, model):
    everything = find_corpus(real_clips)
    chosen = {f"talking_id008/talking_id008_clip0{n}" for n in (0, 1)} | {
        "talking_id050/talking_id050_clip01"
    }
    corpus = replace(everything, clips=tuple(clip for clip in everything.clips if clip.id in chosen))
    assert len(corpus.clips) == 3

    one = track_corpus(corpus, tmp_path / "one", model, workers=1)
    turned = replace(corpus, clips=corpus.clips[::-1])
    two = track_corpus(turned, tmp_path / "two", model, workers=2)
    for shard in ((2, 2), (1, 2)):
        track_corpus(corpus, tmp_path / "shards", model, workers=1, shard=shard)

    assert (one.done, one.skipped, one.warnings) == (3, 0, ())
    assert [(row.clip, row.stage) for row in one.failures] == [("talking_id050/talking_id050_clip01", "pair")]
    assert one.frames == two.frames == sum(e.frames for e in RecordingSet.open(tmp_path / "one").entries)
    wanted = _tree(tmp_path / "one")
    assert sorted(wanted) == sorted(
        [f"{clip}.safetensors" for clip in chosen] + [STATES_FILE, "failures.csv", "recordings.csv"]
    )
    for other in ("two", "shards"):
        assert _tree(tmp_path / other) == wanted
    assert all(entry.tracked_frames == entry.frames for entry in RecordingSet.open(tmp_path / "two").entries)
    written = sum(len(data) for name, data in wanted.items() if name.endswith(".safetensors"))
    assert estimate_bytes(corpus) == pytest.approx(written, rel=0.02)


def test_one_clip_alone_is_what_the_corpus_gives(tmp_path, videos, model):
    corpus = find_corpus(videos)
    track_corpus(corpus, tmp_path, model, workers=1)
    alone = track_clip(corpus.clips[0], model)
    saved = load_recording(tmp_path / "a_id001" / "x.safetensors")
    for name in Recording.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(alone, name), getattr(saved, name))


def test_one_clip_alone_that_fails(tmp_path, model):
    (tmp_path / "x.mp4").touch()
    with pytest.raises(ClipError, match=r"a_id001/x: the file is empty \(0 bytes\)"):
        track_clip(Clip("a_id001/x", "id001", "a", tmp_path / "x.mp4"), model)


# bad clips ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad_videos(tmp_path_factory, videos, write_video, write_sound, noise, face_frames) -> Path:
    """Two good clips, one that ends early, and every bad clip that we could think of."""
    root = tmp_path_factory.mktemp("bad")
    for name in ("a_id001/x.mkv", "b_id002/z.mkv"):
        (root / name).parent.mkdir()
        shutil.copy(videos / name, root / name)
    bad = root / "c_id003"
    write_sound(bad / "audio.mp4")
    (bad / "empty.mp4").touch()
    write_video(bad / "faceless.mkv", noise(9))
    (bad / "folder.mp4").mkdir()
    (bad / "link.mp4").symlink_to(root / "gone.mp4")
    write_video(bad / "one_frame.mkv", face_frames[:1])
    (bad / "text.mp4").write_text("not a video\n" * 99)
    for name, container in (("cut.mkv", None), ("truncated.mp4", None)):
        path = write_video(bad / name, face_frames[:30], rate=15, codec="mjpeg", container=container)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    write_video(root / "nobody" / "x.mkv", noise(2))
    return root


@pytest.fixture(scope="module")
def bad_run(bad_videos, tmp_path_factory, model) -> tuple[Path, CorpusSummary, list[ClipEvent]]:
    out = tmp_path_factory.mktemp("out")
    events: list[ClipEvent] = []
    summary = track_corpus(find_corpus(bad_videos), out, model, workers=2, on_progress=events.append)
    return out, summary, events


def test_bad_clips_are_named_with_one_reason_each(bad_run):
    out, summary, _ = bad_run
    assert read_failures(out) == summary.failures
    rows = {row.clip: row for row in summary.failures if row.stage != "pair"}
    reasons = {clip.removeprefix("c_id003/"): row.reason for clip, row in rows.items()}
    assert reasons == {
        "audio": "holds sound but no video",
        "empty": "the file is empty (0 bytes)",
        "faceless": "no face in any of 9 frames; one must be about 7 pixels wide to be found",
        "folder": "is a folder, not a video",
        "link": "the file is gone, or is a link to nothing",
        "nobody": reasons["nobody"],
        "one_frame": "only 1 frame; at least 2 needed",
        "text": reasons["text"],
        "truncated": reasons["truncated"],
    }
    assert reasons["nobody"].startswith("holds videos but its name has no _id<number>")
    for name in ("text", "truncated"):
        assert reasons[name].startswith("not a video, or a damaged or cut-off one")
    assert (rows["nobody"].stage, rows["nobody"].subject) == ("find", "")
    assert {(row.stage, row.subject) for row in rows.values() if row.clip != "nobody"} == {("track", "id003")}
    assert not any("\n" in row.reason for row in rows.values())


def test_good_clips_are_acquired_beside_bad_ones(bad_run):
    out, summary, _ = bad_run
    assert (summary.done, summary.skipped) == (3, 0)
    assert [entry.clip for entry in RecordingSet.open(out).entries] == [
        "a_id001/x",
        "b_id002/z",
        "c_id003/cut",
    ]
    assert summary.frames == sum(entry.frames for entry in RecordingSet.open(out).entries)
    assert summary.wall_s > 0


def test_a_clip_that_ends_early_is_kept_and_named(bad_run):
    out, summary, _ = bad_run
    (row,) = read_failures(out, "warnings.csv")
    assert (row,) == summary.warnings
    assert row.clip == "c_id003/cut"
    assert row.reason.startswith("cut off after 1.")


def test_progress_is_told_once_per_clip(bad_run):
    _, summary, events = bad_run
    assert len(events) == len({event.clip for event in events}) == 11
    assert sum(event.frames for event in events) == summary.frames
    assert {event.clip for event in events if event.ok} == {"a_id001/x", "b_id002/z", "c_id003/cut"}
    assert {(e.clip, e.reason) for e in events if not e.ok} == {
        (row.clip, row.reason) for row in summary.failures if row.stage == "track"
    }


def test_nothing_is_left_lying_about(bad_run):
    out, _, _ = bad_run
    names = {path.name for path in out.rglob("*") if path.is_file()}
    assert names == {
        *("x.safetensors", "z.safetensors", "cut.safetensors"),
        *("recordings.csv", "failures.csv", "warnings.csv", STATES_FILE),
    }


# a run that goes on ---------------------------------------------------------------------------------


def test_what_is_done_is_skipped_and_what_is_not_valid_is_done_again(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    corpus, out = find_corpus(root), tmp_path / "out"
    track_corpus(corpus, out, model, workers=1)
    before = _tree(out)
    untouched = out / "b_id002" / "z.safetensors"
    time_before = untouched.stat().st_mtime_ns
    (out / "a_id001" / "x.safetensors").write_bytes(before["a_id001/x.safetensors"][:-1])
    for name, change in (
        ("a_id001/y", {"model_sha256": "0" * 64}),
        ("b_id002/w", {"tracker_version": "0.1"}),
    ):
        path = out / f"{name}.safetensors"
        save_recording(replace(load_recording(path), **change), path)

    events: list[ClipEvent] = []
    summary = track_corpus(corpus, out, model, workers=1, on_progress=events.append)
    assert (summary.done, summary.skipped) == (3, 1)
    assert {event.clip for event in events if event.skipped} == {"b_id002/z"}
    assert len(events) == 4
    assert _tree(out) == before
    assert untouched.stat().st_mtime_ns == time_before


def test_failures_of_shards_are_joined_and_go_when_mended(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    out = tmp_path / "out"
    for name in ("a_id001/bad1.mp4", "b_id002/bad2.mp4"):
        (root / name).touch()

    def run(shard: tuple[int, int] | None = None) -> list[str]:
        track_corpus(find_corpus(root), out, model, workers=1, shard=shard)
        return [row.clip for row in read_failures(out) if row.stage == "track"]

    assert run((1, 2)) == ["a_id001/bad1"]  # clips 1, 3, 5 of six: bad1, y, w
    assert run((2, 2)) == ["a_id001/bad1", "b_id002/bad2"]
    shutil.copy(root / "a_id001" / "x.mkv", root / "a_id001" / "bad1.mp4")  # a video again
    assert run() == ["b_id002/bad2"]
    (root / "b_id002" / "bad2.mp4").unlink()
    assert run((1, 2)) == []
    stale = Failure("a_id001/x", "id001", "track", "it was acquired since")
    foreign = Failure("a_id001/x", "id001", "train", "not ours to take away")
    write_failures(out, [stale, foreign])
    run((1, 2))
    assert read_failures(out) == (foreign,)
    assert len(RecordingSet.open(out).entries) == 5


def test_files_beside_the_clips_are_listed(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    (root / "a_id001" / "x.wav").touch()
    (root / "a_id001" / "x.braw").touch()
    summary = track_corpus(find_corpus(root), tmp_path / "out", model, workers=1)
    assert [(row.clip, row.stage) for row in read_failures(tmp_path / "out", "warnings.csv")] == [
        ("a_id001/x.wav", "find")
    ]
    assert [row.clip for row in summary.failures if row.stage == "find"] == ["a_id001/x.braw"]


def test_the_only_clip_of_a_person_is_kept_and_named_until_there_is_another(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    out = tmp_path / "out"
    (root / "b_id002" / "w.mkv").rename(tmp_path / "w.mkv")
    summary = track_corpus(find_corpus(root), out, model, workers=1)
    assert (summary.done, len(RecordingSet.open(out).entries)) == (3, 3)
    (row,) = read_failures(out)
    assert (row,) == summary.failures
    assert (row.clip, row.subject, row.stage) == ("b_id002/z", "id002", "pair")
    assert row.reason.startswith("the only clip of its person")
    (tmp_path / "w.mkv").rename(root / "b_id002" / "w.mkv")
    assert track_corpus(find_corpus(root), out, model, workers=1).failures == ()
    assert read_failures(out) == ()


def test_a_clip_that_fails_leaves_no_older_recording(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    out = tmp_path / "out"
    track_corpus(find_corpus(root), out, model, workers=1)
    (root / "a_id001" / "x.mkv").write_bytes(b"")
    other = Landmarker(replace(model.bundle, sha256="0" * 64))
    assert track_corpus(find_corpus(root), out, other, workers=1).done == 3
    assert [e.clip for e in RecordingSet.open(out).entries] == ["a_id001/y", "b_id002/w", "b_id002/z"]


def test_a_worker_that_is_killed_loses_no_clip(tmp_path, videos, model):
    corpus = find_corpus(videos)
    events: list[ClipEvent] = []

    def kill_once(event: ClipEvent) -> None:
        if not events:
            for worker in multiprocessing.active_children():
                worker.kill()
        events.append(event)

    summary = track_corpus(corpus, tmp_path, model, workers=2, on_progress=kill_once)
    assert (summary.done, summary.failures) == (4, ())
    assert len(events) == 4
    assert len(RecordingSet.open(tmp_path).entries) == 4


# where it cannot be written -------------------------------------------------------------------------


def test_a_full_disk_stops_the_run_with_one_line(tmp_path, videos, model, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AmberError) as caught:
        module._acquire(find_corpus(videos).clips[0], out=tmp_path, tracker=model)
    assert str(caught.value).startswith(f"{tmp_path}/a_id001/x.safetensors: no space left to write ")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_what_a_worker_cannot_write_is_told_by_the_run(tmp_path, videos, model):
    (tmp_path / "b_id002").touch()
    with pytest.raises(AmberError, match=r"b_id002/[wz]\.safetensors: cannot be written"):
        track_corpus(find_corpus(videos), tmp_path, model, workers=1)


def test_the_corpus_file_is_copied_and_a_wrong_one_stops_the_run_before_it_begins(tmp_path, videos, model):
    corpus = find_corpus(_copy(videos, tmp_path / "videos"))
    table, out = tmp_path / "videos" / "corpus.csv", tmp_path / "out"
    table.write_text("session\n1\n")
    with pytest.raises(FileFormatError, match=r"corpus\.csv: line 1: expected a column clip"):
        track_corpus(corpus, out, model, workers=1)
    assert not out.exists()
    for text in ("clip,session\na_id001/x,1\n", "clip,session\na_id001/x,2\n"):
        table.write_text(text)
        track_corpus(corpus, out, model, workers=1)
        assert (out / "corpus.csv").read_text() == text


@pytest.mark.parametrize("table", ["failures.csv", "warnings.csv"])
def test_a_table_of_another_kind_is_told_before_anything_is_tracked(tmp_path, videos, model, table):
    (tmp_path / table).write_text("my,own\n1,2\n")
    with pytest.raises(FileFormatError, match=table):
        track_corpus(find_corpus(videos), tmp_path, model, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == [table]


def test_a_number_that_is_taken_in_the_output_is_refused(tmp_path, videos, model):
    (tmp_path / "other_id2").mkdir()
    with pytest.raises(CorpusError, match="other_id2 in it has the number of b_id002"):
        track_corpus(find_corpus(videos), tmp_path, model, workers=1)
    assert not (tmp_path / "a_id001").exists()


def test_strange_names_are_clips_and_too_long_ones_are_named(tmp_path, videos, model):
    root = _copy(videos, tmp_path / "videos")
    strange, out = root / "c_id003" / "two\nlines, 'quoted'\x1b.mkv", tmp_path / "out"
    strange.parent.mkdir()
    shutil.copy(root / "a_id001" / "x.mkv", strange)
    shutil.copy(root / "a_id001" / "x.mkv", root / "a_id001" / f"{'y' * 247}.mkv")
    for done in (5, 0):
        summary = track_corpus(find_corpus(root), out, model, workers=1)
        assert summary.done == done
        assert summary.failures == read_failures(out)
        assert [(row.clip[:10], row.stage) for row in summary.failures] == [
            ("a_id001/yy", "find"),
            ("c_id003/tw", "pair"),
        ]
    assert (out / "c_id003" / f"{strange.stem}.safetensors").is_file()


# shards, settings, size -----------------------------------------------------------------------------


def _corpus(count: int) -> Corpus:
    clips = [Clip(f"a_id001/{i:03d}", "id001", "a", Path(f"a_id001/{i:03d}.mp4")) for i in range(count)]
    return Corpus(Path(), tuple(clips))


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_shards_are_all_the_clips_once(n):
    parts = [select_shard(_corpus(7), (i, n)).clips for i in range(1, n + 1)]
    assert sorted((clip for part in parts for clip in part), key=lambda clip: clip.id) == list(
        _corpus(7).clips
    )
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert select_shard(_corpus(7), None) == _corpus(7)


@pytest.mark.parametrize("values", [{"workers": 0}, {"shard": (0, 2)}, {"shard": (3, 2)}, {"faces": 1}])
def test_settings_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        ShareConfig(**values)


def test_the_estimate_counts_what_the_containers_claim(tmp_path, write_video, quarters):
    for name, count in (("a_id001/x.mkv", 10), ("a_id001/y.mkv", 30)):
        write_video(tmp_path / name, quarters(count))
    assert estimate_bytes(find_corpus(tmp_path)) == 40 * 6017
    (tmp_path / "a_id001" / "empty.mp4").touch()
    assert estimate_bytes(find_corpus(tmp_path)) == 40 * 6017


def test_the_estimate_opens_a_sample_of_a_large_corpus(tmp_path, write_video, quarters, monkeypatch):
    write_video(tmp_path / "a_id001" / "x.mkv", quarters(10))
    (clip,) = find_corpus(tmp_path).clips
    corpus = Corpus(tmp_path, (clip,) * 1001)
    opened: list[Path] = []
    probe: Callable[[Path, str], object] = clip_runs.probe_video
    monkeypatch.setattr(clip_runs, "probe_video", lambda path, name: opened.append(path) or probe(path, name))
    assert estimate_bytes(corpus) == 1001 * 10 * 6017
    assert 100 <= len(opened) <= 200
