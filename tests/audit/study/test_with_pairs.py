"""An attacker that has pairs undoes what one without cannot, sees no test person, and is read as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import load_attacker
from amber_id.audit import StudyConfig
from amber_id.audit.attack.tested import embed_people
from amber_id.audit.study.clips import StudyClips, study_clips
from amber_id.audit.study.scenarios import attackers_on
from amber_id.embeddings import embed_clips
from amber_id.errors import FileFormatError, UsageError
from amber_id.file_formats import read_tensors, write_tensors
from amber_id.motion import load_windows
from amber_id.protocols import Split, SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet, save_recording
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import Run, train
from amber_id.training.named import training_of

BOTH = ("original", "anonymised")
MAPPED = training_of("moments on blendshapes, mapped")


def mixed_up(recordings: RecordingSet, folder: Path) -> RecordingSet:
    """Every blendshape in the place of another, and half as strong."""
    order = np.random.default_rng(2).permutation(52)
    for entry in recordings.entries:
        recording = recordings.load(entry)
        assert recording.blendshapes is not None
        save_recording(
            replace(recording, blendshapes=recording.blendshapes[:, order] / 2),
            folder / f"{recording.clip}.safetensors",
        )
    return RecordingSet.open(folder)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> StudyClips:
    folder = tmp_path_factory.mktemp("pairs")
    generate(SynthConfig(people=12, clips=4), folder)
    originals = RecordingSet.open(folder / "original")
    sets = {"original": originals, "anonymised": mixed_up(originals, folder / "mixed")}
    return study_clips(sets, folder / "study", (MAPPED.features,))


@pytest.fixture(scope="module")
def split(clips: StudyClips) -> Split:
    return make_split(source_of_subjects(clips.recordings), SplitConfig(folds=3))


@pytest.fixture(scope="module")
def run(clips: StudyClips, split: Split, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "both"
    made, _ = train(clips.under(*BOTH), split, MAPPED, folder, originals=clips.under("original"))
    return made


def test_who_has_pairs_is_tried_where_anonymised_clips_are_learnt_from():
    names = ("moments", "moments on blendshapes, mapped", "stgcn")
    without = ("moments", "stgcn")
    assert attackers_on("O", BOTH, names) == without
    assert attackers_on("A", BOTH, names) == attackers_on("B", BOTH, names) == names
    assert attackers_on("A", ("anonymised",), names) == without


def test_a_fixed_mixture_is_recovered_and_the_checkpoint_says_so(run: Run):
    for header in run.headers():
        assert header.map is not None
        assert header.map.recovered > 0.9
        assert header.map.name != "each"


def test_mapped_clips_are_where_their_originals_are(run: Run, clips: StudyClips, split: Split):
    plain, _ = train(
        clips.under(*BOTH), split, training_of("moments on blendshapes"), run.path.parent / "plain"
    )
    likeness = []
    for path in (run.path, plain.path):
        (tested,) = embed_people((path,), clips.recordings, split, with_dev=True)
        fold = tested.folds[0].test
        half = len(fold.entries) // 2  # of each condition there are the same clips in the same order
        likeness.append(np.mean(np.sum(fold.vectors[:half] * fold.vectors[half:], axis=1)))
    assert likeness[0] > 0.9 > likeness[1]


def test_nobody_of_test_has_a_part_in_the_map(run: Run, clips: StudyClips, split: Split, tmp_path: Path):
    """Without the clips of the test people of a fold, its attacker is the same."""
    tested = set(split.subjects("test", 0))
    others = replace(
        clips.recordings, entries=tuple(e for e in clips.recordings.entries if e.subject not in tested)
    )
    only = StudyClips(others, clips.conditions, ())
    one_fold = Split((dict(split.folds[0]),))
    made, _ = train(only.under(*BOTH), one_fold, MAPPED, tmp_path / "one", originals=only.under("original"))
    (_, with_all), (_, without) = (load_attacker(each.folds[0].checkpoint, "cpu") for each in (run, made))
    for name, array in with_all.tensors().items():
        np.testing.assert_array_equal(array, without.tensors()[name], err_msg=name)


def test_windows_of_one_segment_are_embedded_as_the_set_is(run: Run, clips: StudyClips):
    _, attacker = load_attacker(run.folds[0].checkpoint, "cpu")
    windows = load_windows(clips.under("anonymised"), MAPPED.features)
    whole = windows.segment_length <= windows.config.window_frames
    rows = np.flatnonzero(np.isin(windows.clip, windows.segment_clip[whole]))
    if rows.size == 0:  # every clip has several windows: those differ only at their ends
        values, mask = windows.gather(slice(0, 1))
        near = attacker.embed(values, mask)[0]
        exact = attacker.embed_set(windows)[0]
        assert near @ exact / np.linalg.norm(near) / np.linalg.norm(exact) > 0.99
    else:
        values, mask = windows.gather(slice(int(rows[0]), int(rows[0]) + 1))
        np.testing.assert_allclose(attacker.embed(values, mask)[0], attacker.embed_set(windows)[rows[0]])


def test_a_checkpoint_with_a_damaged_map_is_refused(run: Run, tmp_path: Path):
    header, tensors = read_tensors(run.folds[0].checkpoint, "amber-id/checkpoint/2")
    path = tmp_path / "checkpoint.safetensors"
    write_tensors(path, "amber-id/checkpoint/2", header, tensors | {"map.offset": np.zeros(3)})
    with pytest.raises(FileFormatError, match="offset of a map must be"):
        load_attacker(path, "cpu")


def test_embeddings_need_windows_of_the_same_features(run: Run, clips: StudyClips):
    _, attacker = load_attacker(run.folds[0].checkpoint, "cpu")
    vectors = embed_clips(attacker, load_windows(clips.under("original"), MAPPED.features))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_without_originals_and_for_networks_it_is_refused(clips: StudyClips, split: Split, tmp_path: Path):
    with pytest.raises(UsageError, match="is learnt from pairs of original and anonymised clips"):
        train(clips.under("anonymised"), split, MAPPED, tmp_path / "none")
    network = training_of("blendshapes, mapped")
    with pytest.raises(UsageError, match="needs an attacker without a network"):
        train(clips.under(*BOTH), split, network, tmp_path / "net", originals=clips.under("original"))
    assert not any(tmp_path.iterdir())


def test_a_study_has_an_attacker_for_the_cells_without_pairs():
    with pytest.raises(ValueError, match="name one at least that needs no pairs of clips"):
        StudyConfig(attackers=("moments on blendshapes, mapped",))
    with pytest.raises(ValueError, match="after the comma"):
        StudyConfig(attackers=("moments, maped",))
