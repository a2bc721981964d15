"""What stands beside a split, and that later changes of split or clips are said, not refused."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.errors import FileFormatError
from amber_id.protocols import (
    RECORD_FILE,
    SPLIT_FILE,
    SplitConfig,
    changes_since,
    divide_recordings,
    find_split,
    manifest_hash,
    protocol_of,
    read_split,
    remarks_of,
    save_division,
)
from amber_id.recordings import RecordingEntry, RecordingSet


def _entry(root: Path, clip: str) -> RecordingEntry:
    person = clip.split("/")[0]
    source, subject = person.split("_")
    path = root / f"{clip}.safetensors"
    return RecordingEntry(clip, subject, source, path, 100, 100, 25.0, 4.0, 640, 480, "face_landmarker_478")


@pytest.fixture
def recordings(tmp_path: Path) -> RecordingSet:
    """Nine people of one source and six of another, three clips each."""
    people = [f"{'a' if n < 10 else 'b'}_id{n:03d}" for n in range(1, 16)]
    return RecordingSet(tmp_path, tuple(_entry(tmp_path, f"{p}/{k}") for p in people for k in range(3)))


def _save(recordings: RecordingSet, config: SplitConfig) -> dict:
    save_division(divide_recordings(recordings, config), recordings, config, recordings.root)
    return json.loads((recordings.root / RECORD_FILE).read_text("utf-8"))


def test_the_record_says_how_the_split_came_about(recordings: RecordingSet):
    told = _save(recordings, SplitConfig(protocol="within-source", dev=0.35, test=0.35, seed=3))
    assert told["remarks"] == []
    assert told["schema"] == "amber-id/split/1"
    assert told["config"]["protocol"] == "within-source"
    assert told["config"]["seed"] == 3
    csv_bytes = (recordings.root / SPLIT_FILE).read_bytes()
    assert told["split_sha256"] == hashlib.sha256(csv_bytes).hexdigest()
    assert told["clips_of_subject"] == {f"id{n:03d}": 3 for n in range(1, 16)}
    # By hand: 0.35 of nine people is three, of six is two.
    assert told["people"] == [
        {"train": {"a": 3}, "dev": {"a": 3}, "test": {"a": 3}, "unused": {"b": 6}},
        {"train": {"b": 2}, "dev": {"b": 2}, "test": {"b": 2}, "unused": {"a": 9}},
    ]


def test_remarks_are_kept(recordings: RecordingSet):
    told = _save(recordings, SplitConfig(protocol="within-source"))["remarks"]
    assert told == ["Too few people to be divided by test 0.3 with dev 0.2, so in no fold: b (6)."]
    assert remarks_of(recordings.root, read_split(recordings.root / SPLIT_FILE)) == tuple(told)


def test_the_manifest_by_hand(tmp_path: Path):
    entries = (_entry(tmp_path, "b_id002/x"), _entry(tmp_path, "a_id001/y"))
    text = '["a_id001/y", "id001"]\n["b_id002/x", "id002"]\n'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert manifest_hash(RecordingSet(tmp_path, entries)) == expected
    assert manifest_hash(RecordingSet(tmp_path, entries[::-1])) == expected


def test_the_manifest_is_of_clips_and_people_alone(recordings: RecordingSet, tmp_path: Path):
    elsewhere = tuple(replace(e, path=tmp_path / "x", frames=7, fps=30.0) for e in recordings.entries)
    assert manifest_hash(RecordingSet(tmp_path / "avatar", elsewhere)) == manifest_hash(recordings)
    first, *others = recordings.entries
    for other in (replace(first, clip="a_id001/new"), replace(first, subject="id002")):
        changed = RecordingSet(tmp_path, (other, *others))
        assert manifest_hash(changed) != manifest_hash(recordings)


def test_nothing_is_said_where_nothing_changed(recordings: RecordingSet):
    made, _ = find_split(recordings)
    assert changes_since(recordings, made) == ()
    assert protocol_of(recordings.root, made) == "shares"
    (recordings.root / RECORD_FILE).unlink()  # as if made by hand
    assert changes_since(recordings, made) == ()
    assert protocol_of(recordings.root, made) is None


def test_an_edited_split_is_noticed_and_used(recordings: RecordingSet):
    _save(recordings, SplitConfig(protocol="5-fold", seed=2))
    path = recordings.root / SPLIT_FILE
    before = read_split(path)
    path.write_text(path.read_text().replace(",train,", ",dev,", 1))
    edited, made = find_split(recordings)
    assert not made
    assert edited != before
    (said,) = changes_since(recordings, edited)
    assert f"{path} is not what amber split wrote (5-fold, seed 2): it was edited since" in said
    assert protocol_of(recordings.root, edited) is None
    assert remarks_of(recordings.root, edited) == ()
    # Another order of the rows is the same split.
    heading, *rows = before.to_csv().splitlines()
    path.write_text("\n".join([heading, *rows[::-1]]))
    assert changes_since(recordings, read_split(path)) == ()


def test_other_clips_are_said_with_whose_they_are(recordings: RecordingSet):
    _save(recordings, SplitConfig())
    split, _ = find_split(recordings)
    first, *others = recordings.entries
    (lost,) = changes_since(replace(recordings, entries=tuple(others)), split)
    assert "was made for other clips: id001 had 3 and has 2. People stay divided as they were" in lost
    (gone,) = changes_since(recordings.select([f"id{n:03d}" for n in range(8, 16)]), split)
    assert "id005 had 3 and has 0, 2 more people differ" in gone
    renamed = replace(first, clip="a_id001/new")
    (said,) = changes_since(replace(recordings, entries=(renamed, *others)), split)
    assert "as many of each person, but by other names" in said


def test_a_damaged_record_is_refused_by_name(recordings: RecordingSet):
    _save(recordings, SplitConfig())
    split, _ = find_split(recordings)
    path = recordings.root / RECORD_FILE
    path.write_text(path.read_text().replace("amber-id/split/1", "amber-id/split/9"))
    with pytest.raises(FileFormatError, match=r"split.json: .*schema"):
        changes_since(recordings, split)
