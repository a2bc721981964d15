"""Under a split across sessions no mated comparison of one session counts, on dev or on test."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import load_attacker
from amber_id.audit import EvaluationConfig, StudyConfig, evaluate, run_study
from amber_id.biometrics import eer, eer_threshold
from amber_id.corpora import read_corpus_file
from amber_id.embeddings import embed_clips
from amber_id.errors import SplitError, UsageError
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import (
    Split,
    SplitConfig,
    divide_recordings,
    manifest_hash,
    partition_of,
    save_division,
)
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import LoopConfig, Run, TrainConfig, reselect, train

QUICK = EvaluationConfig(replicates=100, permutations=20)
FEATURES = FeatureConfig(view="static")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """Twelve people with two sessions of two clips each, whose habits drift between them."""
    folder = tmp_path_factory.mktemp("sessions")
    generate(SynthConfig(people=12, clips=4, session=1.0), folder)
    return RecordingSet.open(folder / "original")


@pytest.fixture(scope="module")
def split(recordings: RecordingSet) -> Split:
    config = SplitConfig(protocol="cross-session", dev=0.34, test=0.34)
    division = divide_recordings(recordings, config)
    assert division.remarks == ()
    save_division(division, recordings, config, recordings.root)
    return division.split


@pytest.fixture(scope="module")
def run(recordings: RecordingSet, split: Split, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = TrainConfig(attacker="moments", features=FEATURES)
    return train(recordings, split, config, tmp_path_factory.mktemp("run") / "run")[0]


def _by_a_loop(recordings: RecordingSet, split: Split, run: Run, partition: str) -> tuple[list, list]:
    """Scores of all pairs of clips, mated ones of two sessions only."""
    _, attacker = load_attacker(run.folds[0].chosen, "cpu")
    windows = load_windows(partition_of(recordings, split, partition, 0), FEATURES)
    vectors = embed_clips(attacker, windows).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    told = read_corpus_file(recordings.root)
    mated, nonmated = [], []
    for i, j in combinations(range(len(windows.entries)), 2):
        one, other = windows.entries[i], windows.entries[j]
        score = float(vectors[i] @ vectors[j])
        if one.subject != other.subject:
            nonmated.append(score)
        elif told[one.clip].session != told[other.clip].session:
            mated.append(score)
    return mated, nonmated


def test_dev_figures_are_across_sessions(recordings: RecordingSet, split: Split, run: Run):
    mated, nonmated = (np.array(each) for each in _by_a_loop(recordings, split, run, "dev"))
    assert (len(mated), len(nonmated)) == (4 * 4, 6 * 16)  # by hand: four people, two clips a session
    (header,) = run.headers()
    assert header.dev.eer == pytest.approx(eer(mated, nonmated))
    assert header.dev.threshold == pytest.approx(eer_threshold(mated, nonmated))
    (again,) = reselect(run, recordings, split)
    assert again.dev == header.dev


def test_test_figures_are_across_sessions_and_say_so(recordings: RecordingSet, split: Split, run: Run):
    mated, nonmated = _by_a_loop(recordings, split, run, "test")
    results, arrays = evaluate(run.path, recordings, split, QUICK)
    told = read_corpus_file(recordings.root)
    pairs = Counter()
    for i, j in zip(arrays.enrolment, arrays.probe, strict=True):
        same_person = arrays.subject[i] == arrays.subject[j]
        same_session = told[arrays.clips[i]].session == told[arrays.clips[j]].session
        pairs[bool(same_person), bool(same_person and same_session)] += 1
    assert pairs == {(True, False): 16, (False, False): 96}
    assert results.counts.comparisons.mated == len(mated) == 16
    assert results.counts.comparisons.nonmated == len(nonmated) == 96
    assert results.metrics.eer.value == pytest.approx(eer(np.array(mated), np.array(nonmated)))
    assert results.headline.endswith("mated comparisons across sessions only")
    assert any(limit.startswith("Mated comparisons are across sessions only") for limit in results.limits)
    assert results.provenance.protocol == "cross-session"
    assert results.provenance.manifest_sha256 == manifest_hash(recordings)


def test_the_worst_attacker_is_chosen_across_sessions(
    recordings: RecordingSet, split: Split, run: Run, tmp_path: Path
):
    pose = TrainConfig(attacker="moments", features=FeatureConfig(view="pose"))
    other, _ = train(recordings, split, pose, tmp_path / "pose")
    results, _ = evaluate(run.path, recordings, split, QUICK, others=[other.path])
    by_name = {each.name: each for each in results.attackers}
    assert len(by_name) == 3
    first = next(each for each in results.attackers if "pose" not in each.name)
    mated, nonmated = (np.array(each) for each in _by_a_loop(recordings, split, run, "dev"))
    assert first.dev_eer == pytest.approx(eer(mated, nonmated))
    assert results.counts.comparisons.mated == 16


def test_networks_measure_dev_across_sessions(recordings: RecordingSet, split: Split, tmp_path: Path):
    config = TrainConfig(attacker="distances", loop=LoopConfig(epochs=1))
    run, _ = train(recordings, split, config, tmp_path / "run", device="cpu")
    (header,) = run.headers()
    (again,) = reselect(run, recordings, split, device="cpu")
    assert again.dev == header.dev
    plain, _ = train(recordings, Split(split.folds), config, tmp_path / "plain", device="cpu")
    assert plain.headers()[0].dev != header.dev


@pytest.fixture(scope="module")
def study(recordings: RecordingSet, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    folder = tmp_path_factory.mktemp("study")
    config = StudyConfig(
        attackers=("moments",),
        split=SplitConfig(protocol="cross-session", folds=2, dev=0.34),
        evaluation=QUICK,
        references=(),
    )
    return folder, config, *run_study({"original": recordings}, folder, config, device="cpu")


def test_a_study_counts_mated_comparisons_across_sessions_in_all_its_parts(
    study: tuple, recordings: RecordingSet
):
    _, _, results, scores = study
    cell = results.cells["OOO"]
    assert cell.counts.mated == 12 * 4
    compared, told = scores["OOO"].comparisons, read_corpus_file(recordings.root)
    session = [told[clip.removeprefix("original/")].session for clip in scores["OOO"].clips]
    for i, j, is_mated in zip(compared.enrolment, compared.probe, compared.mated, strict=True):
        assert not is_mated or session[i] != session[j]
    assert " by mated comparisons across sessions only" in results.headline.text
    assert any(limit.startswith("Mated comparisons are across sessions only") for limit in results.limits)
    # `moments` on everything is the cell's own attacker: the same comparisons give the same figure.
    if cell.attacker.config.get("score_normalisation") is None:
        assert results.views["OOO"]["all"].eer.value == pytest.approx(cell.metrics.eer.value)
    assert results.sessions.cells["OOO"].compared is None
    assert "none is within a session" in results.sessions.words
    assert results.provenance.protocol == "cross-session"


def test_a_study_across_sessions_is_not_continued_with_others(
    study: tuple, recordings: RecordingSet, tmp_path: Path
):
    folder, config, *_ = study
    told = (recordings.root / "corpus.csv").read_text()
    try:
        (recordings.root / "corpus.csv").write_text(told.replace(",2,", ",3,", 1))
        said = re.escape(f"{folder / 'corpus.csv'}: the study was begun with other sessions")
        with pytest.raises(UsageError, match=said):
            run_study({"original": recordings}, folder, config, device="cpu")
    finally:
        (recordings.root / "corpus.csv").write_text(told)


def test_a_study_of_people_of_unknown_sessions_is_refused(recordings: RecordingSet, tmp_path: Path):
    told = (recordings.root / "corpus.csv").read_text()
    config = StudyConfig(attackers=("moments",), split=SplitConfig(protocol="cross-session"))
    try:
        (recordings.root / "corpus.csv").write_text("clip\n")
        with pytest.raises(SplitError, match="0 of 12 people are known to have two sessions or more"):
            run_study({"original": recordings}, tmp_path, config, device="cpu")
    finally:
        (recordings.root / "corpus.csv").write_text(told)
