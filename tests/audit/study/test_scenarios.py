"""The cells of the threat matrix: what is enrolled, what is probed, and that nothing meets itself."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.audit.attack import tested as evaluation
from amber_id.audit.attack.strongest_attacker import score_attackers
from amber_id.audit.study.clips import study_clips
from amber_id.audit.study.scenarios import SCENARIOS, scenarios_of, seen_in
from amber_id.biometrics import eer, eer_threshold
from amber_id.motion import FeatureConfig
from amber_id.motion.pairs import bare_id, condition_of
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import TrainConfig, train

FEATURES = FeatureConfig(view="static", regions=("lips",))


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> evaluation.Tested:
    folder = tmp_path_factory.mktemp("scenarios")
    generate(SynthConfig(people=10, clips=3, shape=1.0), folder)
    sets = {
        "original": RecordingSet.open(folder / "original"),
        "anonymised": RecordingSet.open(folder / "avatar"),
    }
    clips = study_clips(sets, folder / "study", (FEATURES,))
    split = make_split(source_of_subjects(clips.recordings), SplitConfig(folds=2))
    config = TrainConfig(attacker="moments", features=FEATURES)
    run, _ = train(clips.under("original"), split, config, folder / "run")
    (found,) = evaluation.embed_people((run.path,), clips.recordings, split, with_dev=True)
    return found


def cell(letters: str) -> object:
    return next(scenario for scenario in SCENARIOS if scenario.letters == letters)


def test_only_cells_of_which_there_are_clips():
    letters = [[s.letters for s in scenarios_of(c)] for c in (("original",), ("anonymised",))]
    assert letters == [["OOO"], ["AAA"]]
    both = scenarios_of(("original", "anonymised"))
    assert [s.letters for s in both] == ["OOO", "OOA", "OAA", "AAA", "BOA"]


@pytest.mark.parametrize(("letters", "condition"), [("OOO", "original"), ("OAA", "anonymised")])
def test_one_condition_is_compared_pair_by_pair(tested: evaluation.Tested, letters: str, condition: str):
    seen = seen_in(cell(letters), tested)
    for fold in seen.folds:
        n = len(fold.test.entries)
        assert {condition_of(entry.clip) for entry in fold.test.entries} == {condition}
        assert len(fold.test.compared(seen.subjects).scores) == n * (n - 1) // 2


def test_across_conditions_every_clip_meets_every_other_but_not_its_own_version(tested: evaluation.Tested):
    seen = seen_in(cell("OOA"), tested)
    for fold, whole in zip(seen.folds, tested.folds, strict=True):
        vectors = {e.clip: v for e, v in zip(whole.test.entries, whole.test.vectors, strict=True)}
        names = [bare_id(entry.clip) for entry in fold.test.entries]
        comparisons = fold.test.compared(seen.subjects)
        n = len(names)
        assert len(comparisons.scores) == n * (n - 1)
        for score, i, j in zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True):
            assert i != j - n
            enrolled, probe = vectors[f"original/{names[i]}"], vectors[f"anonymised/{names[j - n]}"]
            assert score == pytest.approx(float(enrolled @ probe), abs=1e-6)


def test_thresholds_come_from_dev_people_who_met_as_in_the_cell(tested: evaluation.Tested):
    seen = seen_in(cell("OOA"), tested)
    strongest = score_attackers([seen]).strongest
    for row, fold in zip(strongest.dev, seen.folds, strict=True):
        dev = fold.dev.compared(fold.dev.subjects)
        assert row.threshold == eer_threshold(dev.mated_scores, dev.nonmated_scores)
        assert row.eer == eer(dev.mated_scores, dev.nonmated_scores)
    header = tested.folds[0].header.dev
    assert strongest.dev[0].threshold != header.threshold


def test_a_selection_keeps_enrolled_and_probed_clips_together(tested: evaluation.Tested):
    clips = seen_in(cell("OOA"), tested).folds[0].test
    kept = clips.only([clips.entries[1].clip])
    np.testing.assert_array_equal(kept.enrolled, clips.enrolled[1:2])
    assert replace(clips, enrolled=None).only([clips.entries[0].clip]).enrolled is None
