"""Which recordings are in which partition, and what permuted labels keep and destroy."""

from collections import Counter
from pathlib import Path

import pytest

from amber_id.errors import SplitError
from amber_id.protocols import (
    SPLIT_FILE,
    SplitConfig,
    find_split,
    labelled,
    make_split,
    partition_of,
    read_split,
    source_of_subjects,
    write_split,
)
from amber_id.recordings import RecordingEntry, RecordingSet


def _recordings(root: Path, clips: dict[str, int]) -> RecordingSet:
    """A set with so many clips of each subject; names are `<source>_id<number>`."""
    entries = [
        RecordingEntry(
            clip=f"{person}/{n:02d}",
            subject=person.rsplit("_", 1)[1],
            source=person.rsplit("_", 1)[0],
            path=root / person / f"{n:02d}.safetensors",
            frames=100,
            tracked_frames=100,
            fps=25.0,
            duration_s=4.0,
            width=640,
            height=480,
            point_set="face_landmarker_478",
        )
        for person, count in clips.items()
        for n in range(count)
    ]
    return RecordingSet(root, tuple(sorted(entries, key=lambda entry: entry.clip)))


@pytest.fixture
def recordings(tmp_path: Path) -> RecordingSet:
    """Eight people of one source and six of another, with different numbers of clips."""
    one = {f"ravdess_id{n:03d}": 4 + n % 3 for n in range(8)}
    return _recordings(tmp_path, one | {f"cremad_id{n:03d}": 7 for n in range(8, 14)})


def _labels(recordings: RecordingSet) -> dict[str, str]:
    return {entry.clip: entry.subject for entry in recordings.entries}


def test_sources(recordings: RecordingSet):
    assert source_of_subjects(recordings) == {
        f"id{n:03d}": "ravdess" if n < 8 else "cremad" for n in range(14)
    }


def test_a_split_is_made_once_and_then_found(recordings: RecordingSet):
    made, new = find_split(recordings)
    assert new
    assert made == make_split(source_of_subjects(recordings), SplitConfig())
    assert read_split(recordings.root / SPLIT_FILE) == made
    other = make_split(source_of_subjects(recordings), SplitConfig(seed=9))
    write_split(other, recordings.root / SPLIT_FILE)
    assert find_split(recordings) == (other, False)


def test_a_subject_without_a_partition_is_named(recordings: RecordingSet, tmp_path: Path):
    find_split(recordings.select([s for s in recordings.subjects if s not in {"id003", "id010"}]))
    with pytest.raises(SplitError, match=r"no partition for id003, id010; run amber split"):
        find_split(recordings)


def test_too_few_people_are_refused_and_nothing_is_written(tmp_path: Path):
    with pytest.raises(SplitError, match="4 people are too few"):
        find_split(_recordings(tmp_path, {f"x_id{n}": 3 for n in range(4)}))
    assert not (tmp_path / SPLIT_FILE).exists()


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_partitions_share_nobody_and_leave_nobody_out(recordings: RecordingSet, fold: int):
    split = make_split(source_of_subjects(recordings), SplitConfig(folds=3))
    parts = [partition_of(recordings, split, partition, fold) for partition in ("train", "dev", "test")]
    assert sorted(entry.clip for part in parts for entry in part.entries) == list(_labels(recordings))
    assert sum(len(part.subjects) for part in parts) == 14
    assert parts[2].subjects == split.subjects("test", fold)


def test_people_of_the_split_without_a_recording_are_passed_over(recordings: RecordingSet):
    split = make_split(source_of_subjects(recordings), SplitConfig())
    first, *others = split.subjects("test", 0)
    fewer = recordings.select([s for s in recordings.subjects if s != first])
    assert partition_of(fewer, split, "test", 0).subjects == tuple(others)
    nobody = recordings.select(split.subjects("train", 0))
    with pytest.raises(SplitError, match="nobody in test of fold 0 has a recording"):
        partition_of(nobody, split, "test", 0)


# permuted labels ------------------------------------------------------------------------------------


def test_without_a_control_labels_are_the_truth(recordings: RecordingSet):
    assert labelled(recordings, None, seed=0) is recordings


def test_permuted_labels_keep_counts_and_mix_sources(recordings: RecordingSet):
    permuted = labelled(recordings, "permuted-labels", seed=0)
    assert [e.clip for e in permuted.entries] == [e.clip for e in recordings.entries]
    assert [e.source for e in permuted.entries] == [e.source for e in recordings.entries]
    assert Counter(e.subject for e in permuted.entries) == Counter(e.subject for e in recordings.entries)
    assert len({(e.source, e.subject) for e in permuted.entries}) > len(recordings.subjects)
    assert [e.path for e in permuted.entries] == [e.path for e in recordings.entries]


def test_permuted_labels_have_little_to_do_with_the_truth(recordings: RecordingSet):
    truth = _labels(recordings)
    for seed in range(5):
        permuted = _labels(labelled(recordings, "permuted-labels", seed=seed))
        agree = sum(permuted[clip] == subject for clip, subject in truth.items()) / len(truth)
        assert agree < 0.35  # about 1 / 7 by chance
        mixed = [
            len({truth[c] for c, s in permuted.items() if s == subject}) for subject in recordings.subjects
        ]
        assert min(mixed) > 1


def test_permuted_labels_depend_on_the_seed_alone(recordings: RecordingSet):
    labels = [_labels(labelled(recordings, "permuted-labels", seed=seed)) for seed in (0, 0, 1)]
    assert labels[0] == labels[1]
    assert labels[0] != labels[2]


def test_the_truth_is_left_as_it_was(recordings: RecordingSet):
    before = _labels(recordings)
    labelled(recordings, "permuted-labels", seed=3)
    assert _labels(recordings) == before
