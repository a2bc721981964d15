"""A video that changes under the hands is refused, and one that changed since is seen on the next run."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.cli.shared import print_summary
from amber_id.corpora import find_corpus
from amber_id.errors import ClipError
from amber_id.file_formats import file_hash
from amber_id.recordings import Failure, load_recording, read_failures, save_recording
from amber_id.tracking import CorpusSummary, Landmarker, clip_runs, find_model, one_clip, track_corpus
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.video_state import STATES_FILE, FileState, OneFile, read_states


@pytest.fixture(scope="module")
def model(model_bundle) -> Landmarker:
    return Landmarker(find_model(model_bundle))


@pytest.fixture
def root(tmp_path, write_video, face_frames) -> Path:
    """Three short clips of two people."""
    for index, name in enumerate(("a_id001/x", "a_id001/y", "b_id002/z")):
        write_video(tmp_path / "videos" / f"{name}.mkv", face_frames[6 * index : 6 * index + 4], rate=15)
    return tmp_path / "videos"


def _other(root: Path) -> bytes:
    """Another video than ``a_id001/x``, of its size: what follows the last element is not looked at."""
    x, z = (root / name for name in ("a_id001/x.mkv", "b_id002/z.mkv"))
    size = x.stat().st_size
    other = z.read_bytes()
    return other + bytes(max(0, size - len(other)))


# while it is read -----------------------------------------------------------------------------------


def _remove(path: Path) -> None:
    path.unlink()


def _replace(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(path.read_bytes() + b"\0")
    new.replace(path)


def _rewrite(path: Path) -> None:
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_remove, "disappeared while it was read (No such file or directory)"),
        (_replace, "was replaced or changed while it was read; run again when it is complete"),
        (_rewrite, "was replaced or changed while it was read; run again when it is complete"),
    ],
)
def test_a_video_that_changes_while_it_is_tracked_is_a_clip_that_fails(
    change: Callable[[Path], None], told: str, root, model, monkeypatch
):
    clip = find_corpus(root).clips[0]
    seen = one_clip.picture_bits

    def see(rgb: np.ndarray) -> np.ndarray:
        if clip.path.exists() and file_hash(clip.path) == before:
            change(clip.path)
        return seen(rgb)

    before = file_hash(clip.path)
    monkeypatch.setattr(one_clip, "picture_bits", see)
    with pytest.raises(ClipError) as caught:
        record_clip(clip, model)
    assert caught.value.reason == told


def test_a_file_that_is_touched_is_the_same(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"video")
    file = OneFile(path, "a_id001/x")
    assert file.sha256 == file_hash(path)
    os.utime(path, ns=(1, 1))
    file.check()
    late = OneFile(path, "a_id001/x")
    _replace(path)
    with pytest.raises(ClipError, match="was replaced"):
        late.check()


# since it was tracked -------------------------------------------------------------------------------


def _run(root: Path, out: Path, model: Landmarker) -> CorpusSummary:
    return track_corpus(find_corpus(root), out, model, workers=1)


def _told(summary: CorpusSummary) -> dict[str, str]:
    return {row.clip: row.reason for row in summary.anew}


def test_a_video_that_was_replaced_is_tracked_anew_and_named(root, model, tmp_path):
    out, x = tmp_path / "out", root / "a_id001" / "x.mkv"
    assert _run(root, out, model).anew == ()
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")}
    first = load_recording(out / "a_id001" / "x.safetensors")

    # Of the same size, and with the times of the old one: as rsync, unzip and cp -p leave it.
    before, other = x.stat(), _other(root)
    x.write_bytes(other[: before.st_size])
    os.utime(x, ns=(before.st_atime_ns, before.st_mtime_ns))
    summary = _run(root, out, model)
    assert (summary.done, summary.skipped) == (1, 2)
    assert _told(summary) == {"a_id001/x": "its video is another than the one that its recording was made of"}
    second = load_recording(out / "a_id001" / "x.safetensors")
    assert second.video_sha256 == file_hash(x) != first.video_sha256
    for path, time_ns in kept.items():
        assert (path.stat().st_mtime_ns == time_ns) == (path.name != "x.safetensors")
    again = _run(root, out, model)
    assert (again.done, again.skipped, again.anew) == (0, 3, ())


def test_videos_that_only_look_new_are_hashed_once_and_not_tracked(root, model, tmp_path, monkeypatch):
    out = tmp_path / "out"
    _run(root, out, model)
    recordings = {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")}
    moved = Path(shutil.copytree(root, tmp_path / "elsewhere"))
    summary = _run(moved, out, model)
    assert (summary.done, summary.skipped, summary.anew, summary.unsure) == (0, 3, (), ())
    assert {path: path.stat().st_mtime_ns for path in recordings} == recordings
    assert read_states(out)["a_id001/x"] == FileState.of(moved / "a_id001" / "x.mkv")
    told: list[int] = []
    monkeypatch.setattr(clip_runs, "run_in_workers", lambda tasks, *_: told.append(len(tasks)) or iter(()))
    assert _run(moved, out, model).skipped == 3
    assert told == [0], "a worker would read the videos; what is noted is enough now"


def test_what_is_noted_may_be_damaged_or_gone(root, model, tmp_path):
    out = tmp_path / "out"
    _run(root, out, model)
    whole = (out / STATES_FILE).read_bytes()
    for data in (b"\xff", b"clip,size\n", whole.replace(b",", b",x"), None):
        if data is None:
            (out / STATES_FILE).unlink()
        else:
            (out / STATES_FILE).write_bytes(data)
        assert _run(root, out, model).skipped == 3
        assert (out / STATES_FILE).read_bytes() == whole


def test_a_recording_that_does_not_say_of_which_video_it_is_stays_until_the_video_is_newer(
    root, model, tmp_path
):
    out, path = tmp_path / "out", tmp_path / "out" / "a_id001" / "x.safetensors"
    _run(root, out, model)
    save_recording(replace(load_recording(path), video_sha256=""), path)
    summary = _run(root, out, model)
    assert (summary.done, summary.skipped) == (0, 3)
    assert [(row.clip, row.reason) for row in summary.unsure] == [
        ("a_id001/x", "its recording does not say of which video it is")
    ]
    os.utime(root / "a_id001" / "x.mkv")
    summary = _run(root, out, model)
    assert _told(summary) == {"a_id001/x": "its video is newer than its recording"}
    assert (summary.done, summary.unsure) == (1, ())


def test_recordings_of_videos_that_cannot_be_reached_are_kept(root, model, tmp_path):
    out, links = tmp_path / "out", tmp_path / "links"
    for path in root.rglob("*.mkv"):
        link = links / path.relative_to(root)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    _run(links, out, model)
    root.rename(tmp_path / "not_mounted")
    summary = _run(links, out, model)
    assert (summary.done, summary.skipped) == (0, 3)
    assert {row.stage for row in summary.failures} == {"pair"}
    assert {row.reason for row in summary.unsure} == {"its video cannot be read (No such file or directory)"}
    (tmp_path / "not_mounted").rename(root)
    assert _run(links, out, model).unsure == ()
    assert len(list(out.rglob("*.safetensors"))) == 3


def test_a_video_that_was_replaced_by_none_leaves_no_older_recording(root, model, tmp_path):
    out = tmp_path / "out"
    _run(root, out, model)
    (root / "a_id001" / "x.mkv").write_bytes(b"no video any more")
    summary = _run(root, out, model)
    assert (summary.done, summary.skipped, summary.anew) == (0, 2, ())
    assert not (out / "a_id001" / "x.safetensors").exists()
    assert [row.clip for row in read_failures(out) if row.stage == "track"] == ["a_id001/x"]
    assert "a_id001/x" not in read_states(out)


def test_what_was_made_anew_or_kept_in_doubt_is_said(capsys):
    anew = Failure("a_id001/x", "id001", "track", "its video is another than the one ...")
    unsure = [Failure(f"a_id001/{i}", "id001", "track", "its recording does not say ...") for i in range(3)]
    summary = CorpusSummary(1, 3, (), 9, 1.0, anew=(anew,), unsure=tuple(unsure))
    print_summary(summary, Path("out"), "clips tracked")
    said = capsys.readouterr()
    assert said.out.startswith("out: 1 clips tracked, 3 were there already, 0 failed")
    assert said.err.splitlines() == [
        "a_id001/x: made anew: its video is another than the one ...",
        "3 clips, a_id001/0 first: kept unchanged; its recording does not say .... Delete what is of another "
        "video, and it is made anew",
    ]
