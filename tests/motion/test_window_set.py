"""All windows of a set of recordings: whose they are, what was lost, and what a selection keeps together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.errors import EvaluationError
from amber_id.face_mesh import RIGID_POINTS
from amber_id.file_formats import read_tensors, write_tensors
from amber_id.motion import FeatureConfig, WindowSet, clip_features, load_windows
from amber_id.motion.feature_pass import stored_features
from amber_id.recordings import Recording, RecordingEntry, RecordingSet, save_recording

SECONDS = {
    "talking_id001/a": 4.0,
    "talking_id001/b": 1.0,
    "talking_id002/a": 3.0,
    "talking_id002/too_short": 0.48,
    "talking_id003/a": 2.56,
}


@pytest.fixture
def recordings(studio, tmp_path: Path) -> RecordingSet:
    for seed, (clip, seconds) in enumerate(SECONDS.items()):
        recording = studio.record(
            times=studio.times(25, seconds),
            expression=lambda times, seed=seed: studio.talk(times, seed=seed),
            clip=clip,
        )
        save_recording(recording, tmp_path / f"{clip}.safetensors")
    return RecordingSet.open(tmp_path)


def _of_clip(windows: WindowSet, clip: str) -> np.ndarray:
    return windows.gather(slice(None))[0][
        windows.clip == [entry.clip for entry in windows.entries].index(clip)
    ]


def test_every_window_is_there_once_and_belongs_to_its_clip(recordings: RecordingSet):
    calls = []
    windows = load_windows(recordings, FeatureConfig(), on_clip=lambda: calls.append(1))
    assert len(calls) == len(SECONDS)
    assert [entry.clip for entry in windows.entries] == [c for c in SECONDS if "too_short" not in c]
    assert windows.clip.tolist() == [0, 0, 0, 1, 2, 2, 3]
    assert windows.subjects == ("id001", "id002", "id003")
    assert windows.subject_of_clip.tolist() == [0, 0, 1, 2]
    for entry in windows.entries:
        alone = clip_features(recordings.load(entry), FeatureConfig())
        np.testing.assert_array_equal(_of_clip(windows, entry.clip), alone.values)
    assert windows.gather(slice(None))[1].sum(axis=1).tolist() == [64, 64, 64, 25, 64, 64, 64]


def test_a_clip_without_a_window_is_a_failure_with_its_reason(recordings: RecordingSet):
    (failure,) = load_windows(recordings, FeatureConfig()).failures
    assert (failure.clip, failure.subject, failure.stage) == ("talking_id002/too_short", "id002", "features")
    assert failure.reason == "longest tracked stretch is 0.48 s, at least 1 s needed"


def test_a_selection_keeps_windows_entries_and_failures_together(recordings: RecordingSet):
    windows = load_windows(recordings, FeatureConfig())
    chosen = windows.select({"id002", "id003"})
    assert chosen.subjects == ("id002", "id003")
    assert chosen.clip.tolist() == [0, 0, 1]
    assert chosen.subject_of_clip.tolist() == [0, 1]
    assert chosen.failures == windows.failures
    for entry in chosen.entries:
        np.testing.assert_array_equal(_of_clip(chosen, entry.clip), _of_clip(windows, entry.clip))
    assert windows.select(["id001"]).failures == ()
    with pytest.raises(EvaluationError, match="no usable clip of id007, id008"):
        windows.select(["id008", "id007"])


def test_labels_are_those_of_the_set_not_of_the_file(recordings: RecordingSet):
    swapped = recordings.with_subjects({clip: "id009" if "id001" in clip else "id002" for clip in SECONDS})
    windows = load_windows(swapped, FeatureConfig())
    assert windows.subjects == ("id002", "id009")
    assert windows.subject_of_clip.tolist() == [1, 1, 0, 0]


def test_no_usable_clip_at_all_is_an_error_that_names_one(recordings: RecordingSet):
    short = replace(recordings, entries=tuple(e for e in recordings.entries if "too_short" in e.clip))
    with pytest.raises(EvaluationError, match=r"no clip is usable, e\.g\. talking_id002/too_short: longest"):
        load_windows(short, FeatureConfig())


# the file beside the recordings ---------------------------------------------------------------------


def _files(recordings: RecordingSet) -> list[Path]:
    return sorted((recordings.root / ".features").glob("*"))


def test_features_are_computed_once_and_mapped_afterwards(
    recordings: RecordingSet, monkeypatch: pytest.MonkeyPatch
):
    first = load_windows(recordings, FeatureConfig())
    (file,) = _files(recordings)

    def load_nothing(recordings: RecordingSet, entry: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(RecordingSet, "load", load_nothing)
    calls = []
    again = load_windows(recordings, FeatureConfig(), on_clip=lambda: calls.append(1))
    assert isinstance(again.frames, np.memmap)
    assert len(calls) == len(SECONDS)
    np.testing.assert_array_equal(again.frames, first.frames)
    np.testing.assert_array_equal(again.clip, first.clip)
    assert (again.entries, again.failures) == (first.entries, first.failures)
    assert _files(recordings) == [file]


def test_other_features_have_another_file_and_the_oldest_is_deleted(recordings: RecordingSet):
    for view in ("all", "motion", "static", "pose"):
        for rate_hz in (20.0, 25.0):
            load_windows(recordings, FeatureConfig(view=view, rate_hz=rate_hz))
    eight = _files(recordings)
    assert len(eight) == 8
    load_windows(recordings, FeatureConfig(rate_hz=30.0))
    assert len(_files(recordings)) == 8
    assert len(set(_files(recordings)) & set(eight)) == 7


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clips whose features are computed, in order."""
    clips = []
    load = RecordingSet.load

    def noted(recordings: RecordingSet, entry: RecordingEntry) -> Recording:
        clips.append(entry.clip)
        return load(recordings, entry)

    monkeypatch.setattr(RecordingSet, "load", noted)
    return clips


def test_selections_of_one_folder_share_a_file_and_compute_each_clip_once(
    recordings: RecordingSet, loaded: list[str]
):
    two = load_windows(recordings.select({"id001", "id003"}), FeatureConfig())
    assert loaded == ["talking_id001/a", "talking_id001/b", "talking_id003/a"]
    whole = load_windows(recordings, FeatureConfig())
    one = load_windows(recordings.select({"id002"}), FeatureConfig())
    assert loaded[3:] == ["talking_id002/a", "talking_id002/too_short"]
    assert len(_files(recordings)) == 1
    assert [entry.clip for entry in whole.entries] == [clip for clip in SECONDS if "too_short" not in clip]
    for windows in (two, whole, one):
        for entry in windows.entries:
            alone = clip_features(recordings.load(entry), FeatureConfig())
            np.testing.assert_array_equal(_of_clip(windows, entry.clip), alone.values)
    assert one.failures == whole.failures


def test_features_known_under_another_root_are_taken_from_there_by_the_recording(
    recordings: RecordingSet, loaded: list[str], tmp_path: Path
):
    config = FeatureConfig()
    whole = load_windows(recordings, config)
    loaded.clear()
    # The same recordings by other ids, as a study has them; one has been made anew.
    changed = recordings.entries[0]
    other = recordings.load(recordings.entries[2])
    save_recording(replace(other, clip=changed.clip, subject=changed.subject), changed.path)
    entries = tuple(replace(each, clip=f"original/{each.clip}") for each in recordings.entries)
    study = RecordingSet(tmp_path / "study", entries)
    loaded.clear()
    (stored,) = stored_features(study, (config,), beside=[recordings.root])
    assert loaded == ["original/talking_id001/a"]
    assert [each.clip for each in stored.clips] == [each.clip for each in entries]
    assert [each.reason for each in stored.clips].count(None) == 4
    windows = load_windows(study, config)
    for each in whole.entries[1:]:
        np.testing.assert_array_equal(_of_clip(windows, f"original/{each.clip}"), _of_clip(whole, each.clip))


def test_a_changed_recording_is_computed_again_and_one_that_is_gone_is_dropped(
    recordings: RecordingSet, loaded: list[str]
):
    load_windows(recordings, FeatureConfig())
    first, second = recordings.entries[:2]
    changed = recordings.load(first)
    save_recording(replace(changed, landmarks=changed.landmarks[::-1].copy()), first.path)
    second.path.unlink()
    loaded.clear()
    now = RecordingSet.open(recordings.root)
    windows = load_windows(now, FeatureConfig())
    assert loaded == [first.clip]
    assert [entry.clip for entry in windows.entries] == [
        "talking_id001/a",
        "talking_id002/a",
        "talking_id003/a",
    ]
    for entry in windows.entries:
        np.testing.assert_array_equal(
            _of_clip(windows, entry.clip), clip_features(now.load(entry), FeatureConfig()).values
        )
    assert len(windows.frames) == 100 + 75 + 64


def test_a_file_that_is_cut_off_is_computed_again(recordings: RecordingSet):
    first = load_windows(recordings, FeatureConfig())
    frames = np.array(first.frames)
    (file,) = _files(recordings)
    file.write_bytes(file.read_bytes()[:-100])
    np.testing.assert_array_equal(load_windows(recordings, FeatureConfig()).frames, frames)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("arrays", lambda these: these.update(frames=these["frames"] * np.float32(np.nan))),
        ("arrays", lambda these: these.update(frames=these["frames"].astype(np.float64))),
        ("arrays", lambda these: these.update(frames=these["frames"][:, :, :5])),
        ("arrays", lambda these: these.update(frames=these["frames"].reshape(-1))),
        ("arrays", lambda these: these.update(segment_length=these["segment_length"] + 1)),
        ("arrays", lambda these: these.update(segment_first=these["segment_first"] - 1)),
        ("arrays", lambda these: these.update(segment_first=these["segment_first"][:-1])),
        ("arrays", lambda these: these.update(segment_clip=these["segment_clip"].astype(np.float32))),
        ("arrays", lambda these: these.update(segment_clip=these["segment_clip"][::-1].copy())),
        ("arrays", lambda these: these.update(segment_clip=these["segment_clip"] + 9)),
        ("arrays", lambda these: these.pop("segment_clip")),
        ("arrays", lambda these: these.update(more=np.zeros(3))),
        ("header", lambda this: this.pop("clips")),
        ("header", lambda this: this.update(clips=[["only a name"]])),
        ("header", lambda this: this.update(clips=5)),
        ("header", lambda this: this["clips"][0].__setitem__(2, None)),
    ],
)
def test_a_damaged_file_is_computed_again_with_a_note(
    recordings: RecordingSet, caplog: pytest.LogCaptureFixture, part: str, change: Callable[[dict], object]
):
    frames = np.array(load_windows(recordings, FeatureConfig()).frames)
    (file,) = _files(recordings)
    header, arrays = read_tensors(file, "amber-id/features/3")
    change({"header": header, "arrays": arrays}[part])
    write_tensors(file, "amber-id/features/3", header, arrays)
    np.testing.assert_array_equal(load_windows(recordings, FeatureConfig()).frames, frames)
    (said,) = caplog.messages
    assert said.startswith(f"{file}: ")
    assert said.endswith("; the features are computed again")


def test_one_flipped_bit_of_the_features_is_found(recordings: RecordingSet, caplog: pytest.LogCaptureFixture):
    frames = np.array(load_windows(recordings, FeatureConfig()).frames)
    (file,) = _files(recordings)
    data = bytearray(file.read_bytes())
    data[data.index(frames.tobytes()[:64]) + 64] ^= 1
    file.write_bytes(data)
    np.testing.assert_array_equal(load_windows(recordings, FeatureConfig()).frames, frames)
    assert "the file is damaged; the features are computed again" in caplog.text


@pytest.mark.parametrize(
    ("factor", "reason"),
    [(1e-6, "at most 1000 can be those of a face"), (1e-30, "rigid points of a frame must not coincide")],
)
def test_features_that_no_face_can_have_are_a_failure_of_the_clip(
    recordings: RecordingSet, studio, factor: float, reason: str
):
    recording = studio.record(times=studio.times(25, 4.0), clip="talking_id001/a")
    close = recording.landmarks.copy()
    close[3:6, list(RIGID_POINTS)] *= np.float32(factor)  # by which the others are measured
    save_recording(replace(recording, landmarks=close), recordings.root / "talking_id001/a.safetensors")
    windows = load_windows(RecordingSet.open(recordings.root), FeatureConfig(view="static"))
    assert np.abs(windows.frames).max() < 100
    reasons = {failure.clip: failure.reason for failure in windows.failures}
    assert reason in reasons["talking_id001/a"]


def test_a_folder_that_cannot_be_written_to_has_no_file(recordings: RecordingSet):
    (recordings.root / ".features").write_text("in the way")
    windows = load_windows(recordings, FeatureConfig())
    assert len(windows.entries) == 4
    assert not isinstance(windows.frames, np.memmap)


def test_windows_are_gathered_from_anywhere(recordings: RecordingSet):
    windows = load_windows(recordings, FeatureConfig())
    values, mask = windows.gather(slice(None))
    some, of_them = windows.select({"id002", "id003"}).gather(slice(1, 3))
    np.testing.assert_array_equal(some, values[5:7])
    np.testing.assert_array_equal(of_them, mask[5:7])
