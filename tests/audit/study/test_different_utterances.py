"""Where different utterances are asked for, no comparison of two clips that say the same counts anywhere."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import load_attacker
from amber_id.audit import EvaluationConfig, StudyConfig, evaluate, run_study
from amber_id.biometrics import eer
from amber_id.corpora import read_corpus_file
from amber_id.embeddings import embed_clips
from amber_id.errors import CorpusError, EvaluationError
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import Split, SplitConfig, divide_recordings, partition_of, save_division
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import Run, TrainConfig, train

CONFIG = EvaluationConfig(replicates=100, permutations=20, different_utterances=True)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """Twelve people with six clips each of two words in turn; of the first clip of each it is not known."""
    folder = tmp_path_factory.mktemp("words")
    generate(SynthConfig(people=12, clips=6), folder)
    people = RecordingSet.open(folder / "original")
    lines = []
    for subject in people.subjects:
        for n, entry in enumerate(people.select([subject]).entries):
            lines.append(f"{entry.clip},{'' if n == 0 else ('hello', 'thanks')[n % 2]}")
    (people.root / "corpus.csv").write_text("\n".join(["clip,utterance", *lines]) + "\n")
    return people


@pytest.fixture(scope="module")
def split(recordings: RecordingSet) -> Split:
    config = SplitConfig(dev=0.34, test=0.34)
    division = divide_recordings(recordings, config)
    save_division(division, recordings, config, recordings.root)
    return division.split


@pytest.fixture(scope="module")
def run(recordings: RecordingSet, split: Split, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = TrainConfig(attacker="moments", features=FeatureConfig(view="static"))
    return train(recordings, split, config, tmp_path_factory.mktemp("run") / "run")[0]


def test_figures_are_those_of_a_plain_loop(recordings: RecordingSet, split: Split, run: Run) -> None:
    results, _ = evaluate(run.path, recordings, split, CONFIG)
    _, attacker = load_attacker(run.folds[0].chosen, "cpu")
    windows = load_windows(partition_of(recordings, split, "test", 0), FeatureConfig(view="static"))
    vectors = embed_clips(attacker, windows)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    facts = read_corpus_file(recordings.root)
    mated, nonmated = [], []
    for i, j in combinations(range(len(windows.entries)), 2):
        one, other = windows.entries[i], windows.entries[j]
        words = facts[one.clip].utterance, facts[other.clip].utterance
        if None not in words and words[0] != words[1]:
            (mated if one.subject == other.subject else nonmated).append(float(vectors[i] @ vectors[j]))
    people = len(partition_of(recordings, split, "test", 0).subjects)
    assert len(mated) == 6 * people  # three clips of one word with two of the other
    counts = results.counts.comparisons
    assert (counts.mated, counts.nonmated) == (len(mated), len(nonmated))
    assert counts.unknown_utterances == people
    assert results.counts.clips == 5 * people
    if results.attacker.config.get("score_normalisation") is None:
        assert results.metrics.eer.value == pytest.approx(eer(np.array(mated), np.array(nonmated)))
    assert results.headline.endswith("comparisons of different utterances only")
    assert any(f"{people} clips of unknown utterance left out" in limit for limit in results.limits)


def test_all_comparisons_are_counted_where_it_is_not_asked_for(
    recordings: RecordingSet, split: Split, run: Run
) -> None:
    usual = CONFIG.model_copy(update={"different_utterances": False})
    results, _ = evaluate(run.path, recordings, split, usual)
    assert results.counts.comparisons.unknown_utterances is None
    assert results.counts.comparisons.mated == 15 * results.counts.subjects
    assert "utterance" not in results.headline


def test_unknown_words_are_refused_in_a_line(people: RecordingSet, split: Split, run: Run) -> None:
    with pytest.raises(CorpusError, match=r"corpus\.csv: expected two utterances or more, .* got 0 for 48"):
        evaluate(run.path, people, split, CONFIG)


def test_a_study_compares_different_words_in_all_its_parts(recordings: RecordingSet, tmp_path: Path) -> None:
    config = StudyConfig(
        attackers=("moments",), split=SplitConfig(folds=2, dev=0.3), evaluation=CONFIG, references=()
    )
    results, scores = run_study({"original": recordings}, tmp_path, config)
    cell = results.cells["OOO"]
    assert cell.counts.unknown_utterances == 12
    assert cell.counts.mated == 12 * 6
    assert "by comparisons of different utterances only" in results.headline.text
    facts = read_corpus_file(recordings.root)
    compared = scores["OOO"].comparisons
    assert compared is not None
    words = [facts[clip.removeprefix("original/")].utterance for clip in scores["OOO"].clips]
    assert all(words[i] != words[j] for i, j in zip(compared.enrolment, compared.probe, strict=True))
    # `moments` on everything is the cell's own attacker: the same comparisons give the same figure.
    if cell.attacker.config.get("score_normalisation") is None:
        assert results.views["OOO"]["all"].eer.value == pytest.approx(cell.metrics.eer.value)


def test_a_study_without_words_or_long_enough_clips_is_refused(people: RecordingSet, tmp_path: Path) -> None:
    config = StudyConfig(attackers=("moments",), evaluation=CONFIG, references=())
    with pytest.raises(CorpusError, match="expected two utterances or more"):
        run_study({"original": people}, tmp_path / "words", config)
    config = StudyConfig(attackers=("moments",), references=(), shortest_s=30.0)
    with pytest.raises(EvaluationError, match="at least 30 s needed"):
        run_study({"original": people}, tmp_path / "short", config)
