"""The clips of a study: the same ones under each condition, and every loss with its reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.audit.study.clips import paired, study_clips
from amber_id.errors import CorpusError
from amber_id.motion import FeatureConfig
from amber_id.motion.pairs import bare_id, condition_of
from amber_id.recordings import RecordingSet, save_recording
from amber_id.synthetic import SynthConfig, generate

FEATURES = (FeatureConfig(regions=("lips",)),)


@pytest.fixture
def sets(tmp_path: Path) -> dict[str, RecordingSet]:
    generate(SynthConfig(people=4, clips=3), tmp_path)
    return {
        "original": RecordingSet.open(tmp_path / "original"),
        "anonymised": RecordingSet.open(tmp_path / "avatar"),
    }


def without(found: RecordingSet, *clips: str) -> RecordingSet:
    return replace(found, entries=tuple(entry for entry in found.entries if entry.clip not in clips))


def test_of_each_condition_there_are_the_same_clips_in_the_same_order(sets, tmp_path: Path):
    clips = study_clips(sets, tmp_path / "study", FEATURES)
    assert clips.dropped == ()
    assert len(clips.under("original").entries) == 12
    original, anonymised = clips.under("original"), clips.under("anonymised")
    assert [bare_id(e.clip) for e in original.entries] == [bare_id(e.clip) for e in anonymised.entries]
    assert {condition_of(e.clip) for e in anonymised.entries} == {"anonymised"}
    assert [e.path for e in anonymised.entries] == [e.path for e in sets["anonymised"].entries]
    assert clips.under("original", "anonymised").entries == clips.recordings.entries


def test_a_clip_that_one_side_lacks_is_dropped_on_both_and_counted(sets, tmp_path: Path):
    lost = sets["original"].entries[4].clip
    sets["anonymised"] = without(sets["anonymised"], lost)
    clips = study_clips(sets, tmp_path / "study", FEATURES)
    assert len(clips.under("original").entries) == 11
    assert not any(bare_id(entry.clip) == lost for entry in clips.recordings.entries)
    (dropped,) = clips.dropped
    assert (dropped.clip, dropped.condition, dropped.reason) == (lost, "anonymised", "has no recording")


def test_a_clip_without_features_under_one_condition_is_dropped_on_both(sets, tmp_path: Path):
    entry = sets["anonymised"].entries[2]
    whole = sets["anonymised"].load(entry)
    short = {
        name: getattr(whole, name)[:15]
        for name in ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
        if getattr(whole, name) is not None
    }
    save_recording(replace(whole, **short), entry.path)
    sets["anonymised"] = RecordingSet.open(sets["anonymised"].root)
    clips = study_clips(sets, tmp_path / "study", FEATURES)
    (dropped,) = clips.dropped
    assert (dropped.clip, dropped.condition) == (entry.clip, "anonymised")
    assert "longest tracked stretch" in dropped.reason
    assert not any(bare_id(each.clip) == entry.clip for each in clips.recordings.entries)


def test_a_person_of_whom_one_clip_is_left_is_left_out(sets, tmp_path: Path):
    person = sets["original"].entries[0].subject
    own = [entry.clip for entry in sets["original"].entries if entry.subject == person]
    sets["original"] = without(sets["original"], *own[1:])
    clips = study_clips(sets, tmp_path / "study", FEATURES)
    assert person not in clips.recordings.subjects
    assert (own[0], f"the only usable clip of {person}") in {(d.clip, d.reason) for d in clips.dropped}


def test_a_recording_that_cannot_be_read_is_dropped_with_its_reason(sets, tmp_path: Path):
    cut_off, under_both, flipped = (sets["original"].entries[i] for i in (0, 4, 8))
    twin = sets["anonymised"].entries[4]
    for entry in (cut_off, under_both, twin):
        entry.path.write_bytes(entry.path.read_bytes()[:-1])
    data = bytearray(flipped.path.read_bytes())
    data[-1] ^= 1
    flipped.path.write_bytes(data)
    sets = {name: RecordingSet.open(found.root) for name, found in sets.items()}
    clips = study_clips(sets, tmp_path / "study", FEATURES)
    dropped = {(each.clip, each.condition): each.reason for each in clips.dropped}
    assert set(dropped) == {
        (cut_off.clip, "original"),
        (under_both.clip, "original"),
        (under_both.clip, "anonymised"),
        (flipped.clip, "original"),
    }
    assert all(reason.startswith("its recording: ") for reason in dropped.values())
    assert len(clips.under("original").entries) == 9


def test_folders_of_different_clips_are_refused(sets):
    renamed = tuple(replace(entry, clip=f"x_{entry.clip}") for entry in sets["anonymised"].entries)
    sets["anonymised"] = replace(sets["anonymised"], entries=renamed)
    with pytest.raises(CorpusError, match="no clip is there under both conditions by the same name"):
        paired(sets)


def test_folders_of_different_trackers_are_refused(sets):
    other = tuple(replace(entry, point_set="face_mesh_468") for entry in sets["anonymised"].entries)
    sets["anonymised"] = replace(sets["anonymised"], entries=other)
    with pytest.raises(CorpusError, match="expected one point set"):
        paired(sets)
