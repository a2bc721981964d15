"""Every leak that is planted is found and named; clean corpora are not refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from amber_id.audit.study.clips import study_clips
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.corpora import Clip
from amber_id.errors import CorpusError, LeakError, UsageError
from amber_id.motion import FeatureConfig
from amber_id.protocols import Leak, Split, find_leaks, read_split, refuse_leaks
from amber_id.protocols.copies import find_copies
from amber_id.protocols.leaks import limits_of, refuse
from amber_id.recordings import Recording, RecordingSet, load_recording, save_recording
from amber_id.results import ConditionName
from amber_id.synthetic import SynthConfig, generate
from amber_id.tracking.landmarker import Landmarker
from amber_id.tracking.model_bundle import find_model
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.video import read_frames

PARTITIONS = ("train", "dev", "test")
FIRST, SECOND = "synth_id001/clip00", "synth_id002/new"


def split_of(recordings: RecordingSet) -> Split:
    """Train, dev, test, in turn."""
    return Split(({s: PARTITIONS[i % 3] for i, s in enumerate(recordings.subjects)},))


@pytest.fixture
def plant(people: RecordingSet) -> Callable[..., RecordingSet]:
    """Puts a changed copy of the first clip (train) among those of the second person (dev)."""

    def planted(change: Callable[[Recording], Recording], name: str = SECOND) -> RecordingSet:
        copy = change(load_recording(people.root / f"{FIRST}.safetensors"))
        save_recording(copy, people.root / f"{name}.safetensors")
        return RecordingSet.open(people.root)

    return planted


def cut(recording: Recording, frames: slice) -> Recording:
    arrays = ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
    return replace(recording, **{name: getattr(recording, name)[frames] for name in arrays})


def noisy(recording: Recording) -> Recording:
    """As if tracked anew: smaller, and each point a tenth of a pixel off."""
    noise = np.random.default_rng(0).normal(scale=2e-4, size=recording.landmarks.shape)
    landmarks = (recording.landmarks + noise).astype(np.float32)
    return replace(recording, landmarks=landmarks, width=recording.width // 2, height=recording.height // 2)


def test_clean_people_are_not_refused(people: RecordingSet) -> None:
    assert refuse_leaks(people, split_of(people)) == ()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda copy: copy, "content"),
        (noisy, "motion"),
        (lambda copy: noisy(cut(copy, slice(3, None))), "motion"),
        (lambda copy: noisy(cut(copy, slice(None, -3))), "motion"),
        (lambda copy: noisy(cut(copy, slice(14, 90))), "motion"),
    ],
    ids=["the same", "tracked anew", "three frames later", "three frames shorter", "trimmed"],
)
def test_a_copy_of_anothers_clip_is_refused(
    plant: Callable[..., RecordingSet], change: Callable[[Recording], Recording], kind: str
) -> None:
    recordings = plant(change)
    (leak,) = find_leaks(recordings, split_of(recordings))
    assert (leak.kind, leak.first, leak.second) == (kind, FIRST, SECOND)
    with pytest.raises(
        LeakError, match=r"synth_id001/clip00 \(train\) and synth_id002/new \(dev\)"
    ) as raised:
        refuse_leaks(recordings, split_of(recordings))
    assert f"--allow {kind}:{FIRST}={SECOND}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_one_video_file_is_a_leak_whatever_was_tracked(plant: Callable[..., RecordingSet]) -> None:
    first = RecordingSet.open(plant(lambda copy: replace(copy, video_sha256="ab" * 32)).root)
    other = load_recording(first.root / "synth_id003" / "clip01.safetensors")
    save_recording(replace(other, video_sha256="ab" * 32), first.root / "synth_id003" / "also.safetensors")
    leaks = find_leaks(RecordingSet.open(first.root), split_of(first))
    assert "content:synth_id002/new=synth_id003/also" in {leak.key for leak in leaks}


def test_copies_within_a_partition_or_out_of_use_are_no_leak(plant: Callable[..., RecordingSet]) -> None:
    recordings = plant(noisy, "synth_id004/new")  # both train
    assert find_copies(recordings).copies
    assert find_leaks(recordings, split_of(recordings)) == ()
    unused = {s: p for s, p in split_of(recordings).folds[0].items() if s != "id004"}
    assert find_leaks(recordings, Split((unused,))) == ()
    apart = Split((split_of(recordings).folds[0], unused | {"id004": "test"}))
    (leak,) = find_leaks(recordings, apart)
    assert leak.evidence == f"{FIRST} (train) and synth_id004/new (test) move the same, in fold 1"


def test_an_exception_is_one_leak_by_name(plant: Callable[..., RecordingSet]) -> None:
    plant(noisy, "synth_id003/new")
    recordings = plant(noisy)
    split = split_of(recordings)
    keys = [leak.key for leak in find_leaks(recordings, split)]
    assert len(keys) == 3
    with pytest.raises(LeakError) as raised:
        refuse_leaks(recordings, split, keys[:1])
    assert keys[0].partition(":")[2].replace("=", " (train) and ") not in str(raised.value)
    allowed = refuse_leaks(recordings, split, keys)
    assert [leak.key for leak in allowed] == keys
    assert limits_of(allowed)[0].startswith(f"A leak was allowed ({keys[0]}): {FIRST} (train) and ")
    for typo in ("motion:*", keys[0] + "x", ""):
        with pytest.raises(UsageError, match="expected the key of a leak"):
            refuse_leaks(recordings, split, [*keys, typo])


def test_the_file_has_the_key_of_each(plant: Callable[..., RecordingSet]) -> None:
    recordings = plant(noisy)
    (leak,) = find_leaks(recordings, split_of(recordings))
    kept = json.loads((recordings.root / "leaks.json").read_text())
    assert [copy["key"] for copy in kept["copies"]] == [leak.key]
    assert refuse([leak], [kept["copies"][0]["key"]], listed_in="") == (leak,)
    adapter = TypeAdapter(tuple[Leak, ...])  # as a study keeps them
    (told,) = adapter.dump_python((leak,), mode="json")
    assert told["key"] == leak.key
    assert adapter.validate_python([told]) == (leak,)
    del told["key"]  # of an older version
    assert adapter.validate_python([told]) == (leak,)


def test_what_was_found_is_kept_until_a_file_changes(
    plant: Callable[..., RecordingSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = plant(noisy)
    found = find_copies(recordings)
    assert json.loads((recordings.root / "leaks.json").read_text())["copies"][0]["kind"] == "motion"
    with monkeypatch.context() as patched:
        patched.setattr(RecordingSet, "load", None)  # whoever reads a recording fails
        assert find_copies(RecordingSet.open(recordings.root)) == found
    (recordings.root / f"{SECOND}.safetensors").unlink()
    assert find_copies(RecordingSet.open(recordings.root)).copies == ()


def test_a_clip_under_many_names_is_no_crowd(people: RecordingSet) -> None:
    copied = load_recording(people.entries[0].path)
    for i, subject in enumerate(people.subjects[1:]):
        landmarks = copied.landmarks + np.float32(1e-5 * i)
        save_recording(replace(copied, landmarks=landmarks), people.root / f"synth_{subject}/new.safetensors")
    recordings = RecordingSet.open(people.root)
    found = find_copies(recordings)
    n = len(people.subjects)
    assert len(found.copies) == n * (n - 1) // 2 > 0
    assert not any("held against" in said for said in found.not_checked)
    with pytest.raises(LeakError, match=r"leak \(motion\)"):
        refuse_leaks(recordings, split_of(recordings))


def test_motion_that_is_everybodys_is_no_copy_and_that_is_said(people: RecordingSet) -> None:
    one = load_recording(people.entries[0].path)
    for i, entry in enumerate(people.entries):
        landmarks = one.landmarks + np.float32(1e-5 * i)
        entry.path.unlink()
        save_recording(replace(one, landmarks=landmarks), entry.path)
    recordings = RecordingSet.open(people.root)
    assert refuse_leaks(recordings, split_of(recordings)) == ()
    assert "motion was not held against them" in find_copies(recordings).not_checked[0]


def pictures(rng: np.random.Generator, own: float) -> str:
    """A hash that shares a background with all others, but for a share of bits."""
    common = np.random.default_rng(0).integers(0, 2, 2560)
    bits = np.where(rng.random(2560) < own, rng.integers(0, 2, 2560), common)
    return np.packbits(bits.astype(bool)).tobytes().hex()


@pytest.mark.parametrize("own", [1.0, 0.15])
def test_the_same_picture_is_a_leak_in_a_studio_too(people: RecordingSet, own: float) -> None:
    """With backgrounds of their own 50 % of bits differ between strangers, in one studio 14 %."""
    rng = np.random.default_rng(1)
    known = {entry.clip: pictures(rng, own) for entry in people.entries}
    close = np.frombuffer(bytes.fromhex(known[FIRST]), np.uint8).copy()
    close[::40] ^= 1  # one bit of 320
    known["synth_id002/clip01"] = close.tobytes().hex()
    for entry in people.entries:
        recording = load_recording(entry.path)
        entry.path.unlink()
        save_recording(replace(recording, picture_hash=known[entry.clip]), entry.path)
    recordings = RecordingSet.open(people.root)
    (leak,) = find_leaks(recordings, split_of(recordings))
    assert leak.key == f"picture:{FIRST}=synth_id002/clip01"
    assert "show the same picture (0 % of its bits differ)" in leak.evidence
    assert find_copies(recordings).not_checked == ()


def test_a_re_encoded_video_is_found_by_motion_and_by_picture(
    real_clips: Path, model_bundle: Path, write_video: Callable[..., Path], tmp_path: Path
) -> None:
    tracker = Landmarker(find_model(model_bundle))
    sources = [real_clips / f"talking_{s}" / f"talking_{s}_clip00.mp4" for s in ("id008", "id040", "id048")]
    frames = [rgb for _, rgb in read_frames(sources[0])[1]]
    smaller = [np.ascontiguousarray(rgb[::2, ::2]) for rgb in frames]
    sources.append(write_video(tmp_path / "copy.mp4", smaller, rate=15))
    for i, path in enumerate(sources):
        clip = Clip(f"talking_id{i:03d}/a", f"id{i:03d}", "talking", path)
        save_recording(record_clip(clip, tracker)[0], tmp_path / f"{clip.id}.safetensors")
    recordings = RecordingSet.open(tmp_path)
    assert [(c.kind, c.first, c.second) for c in find_copies(recordings).copies] == [
        ("motion", "talking_id000/a", "talking_id003/a")
    ]
    late = record_clip(Clip("talking_id003/a", "id003", "talking", sources[3]), tracker)[0]
    # The last second alone moves otherwise, but shows the same room.
    save_recording(cut(late, slice(30, None)), tmp_path / "talking_id003/a.safetensors")
    assert [c.kind for c in find_copies(RecordingSet.open(tmp_path)).copies] == ["picture"]


def test_a_subject_in_two_partitions_and_a_number_in_two_sources(
    people: RecordingSet, tmp_path: Path
) -> None:
    path = tmp_path / "split.csv"
    rows = [f"{s},{PARTITIONS[i % 3]},0" for i, s in enumerate(people.subjects)]
    path.write_text("\n".join(["subject,partition,fold", *rows, "id001,test,0"]) + "\n")
    with pytest.raises(LeakError, match=r"leak \(subject\): id001 is in train and in test of fold 0"):
        read_split(path)
    shutil.copytree(people.root / "synth_id001", people.root / "other_id1")
    with pytest.raises(CorpusError, match="other_id1 and synth_id001 have the same number"):
        RecordingSet.open(people.root)


@pytest.fixture
def conditions(tmp_path: Path) -> dict[ConditionName, RecordingSet]:
    generate(SynthConfig(people=9, clips=3, duration="2.5"), tmp_path, workers=1)
    return opened(tmp_path)


def opened(folder: Path) -> dict[ConditionName, RecordingSet]:
    return {
        "original": RecordingSet.open(folder / "original"),
        "anonymised": RecordingSet.open(folder / "avatar"),
    }


def leaks_of_study(folder: Path) -> set[str]:
    sets = opened(folder)
    clips = study_clips(sets, folder, [FeatureConfig()])
    kept = {
        name: clips_of(found, {e.clip.partition("/")[2] for e in clips.recordings.entries})
        for name, found in sets.items()
    }
    return {leak.key for leak in find_study_leaks(kept, split_of(sets["original"]))}


def clips_of(found: RecordingSet, clips: set[str]) -> RecordingSet:
    return replace(found, entries=tuple(entry for entry in found.entries if entry.clip in clips))


def test_conditions_that_match_have_no_leak(conditions: dict, tmp_path: Path) -> None:
    assert leaks_of_study(tmp_path) == set()


def test_a_clip_without_partner_is_no_leak(conditions: dict, tmp_path: Path) -> None:
    (tmp_path / "avatar" / "synth_id004" / "clip02.safetensors").unlink()
    assert leaks_of_study(tmp_path) == set()


def test_exchanged_avatars_are_a_leak(conditions: dict, tmp_path: Path) -> None:
    one, other = (tmp_path / "avatar" / f"synth_id00{i}" / "clip01.safetensors" for i in (2, 7))
    one.rename(tmp_path / "kept")
    other.rename(one)
    (tmp_path / "kept").rename(other)
    first, second = "synth_id002/clip01", "synth_id007/clip01"
    assert leaks_of_study(tmp_path) == {f"pairing:{first}={second}", f"pairing:{second}={first}"}


def test_people_whose_clips_bear_other_names_come_first_in_the_refusal(
    conditions: dict, tmp_path: Path
) -> None:
    """Two people exchanged whole, and two clips of one person exchanged, which come earlier by name."""
    avatars = tmp_path / "avatar"
    for one, other in (
        ("synth_id001/clip00.safetensors", "synth_id001/clip02.safetensors"),
        ("synth_id003", "synth_id008"),
    ):
        (avatars / one).rename(tmp_path / "kept")
        (avatars / other).rename(avatars / one)
        (tmp_path / "kept").rename(avatars / other)
    sets = opened(tmp_path)
    leaks = find_study_leaks(sets, split_of(sets["original"]))
    assert len(leaks) == 2 + 6
    with pytest.raises(LeakError) as error:
        refuse(leaks, (), listed_in="leaks.json")
    assert str(error.value).startswith(
        "leak (pairing): anonymised clips bear the names of others: those of synth_id003 are made from "
        "synth_id008 (3), those of synth_id008 are made from synth_id003 (3): synth_id003/clip00 moves, "
    )


def test_one_avatar_clip_for_all_is_judged_by_confounds(conditions: dict, tmp_path: Path) -> None:
    entries = RecordingSet.open(tmp_path / "avatar").entries
    one = load_recording(entries[0].path)
    for i, entry in enumerate(entries):
        save_recording(replace(one, landmarks=one.landmarks + np.float32(1e-5 * i)), entry.path)
    assert leaks_of_study(tmp_path) == set()


@pytest.mark.parametrize(
    "settings",
    [{}, {"habit": 3.0, "shape": 0.0}, {"content": "same"}, {"habit": 0.0, "shape": 0.0, "content": "same"}],
)
def test_clean_synthetic_corpora_are_not_refused(settings: dict, tmp_path: Path) -> None:
    config = SynthConfig.model_validate({"people": 9, "clips": 3, "duration": 3.0, "seed": 5} | settings)
    generate(config, tmp_path, workers=1)
    for found in opened(tmp_path).values():
        assert refuse_leaks(found, split_of(found)) == ()
