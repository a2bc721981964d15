"""The evaluation: the planted habits are found, permuted labels are not, and the test people are guarded."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import EvaluationConfig, evaluate
from amber_id.biometrics import eer
from amber_id.errors import EvaluationError, FileFormatError, LeakError, SplitError
from amber_id.motion import FeatureConfig
from amber_id.protocols import Split, SplitConfig, make_split, source_of_subjects
from amber_id.recordings import Failure, RecordingSet, write_failures
from amber_id.results import EvaluationResults
from amber_id.synthetic import Oracle, SynthConfig, generate
from amber_id.training import Run, TrainConfig, reselect, train

QUICK = EvaluationConfig(replicates=200)
FEATURES = FeatureConfig(regions=("lips", "eyes"))


def trained(people: RecordingSet, split: Split, out: Path, **changes: object) -> Path:
    config = TrainConfig.model_validate({"attacker": "moments", "features": FEATURES} | changes)
    return train(people, split, config, out)[0].path


@pytest.fixture
def folds(people: RecordingSet) -> Split:
    return make_split(source_of_subjects(people), SplitConfig(folds=3))


def test_everyone_is_tested_once_and_counts_add_up(
    people: RecordingSet, folds: Split, tmp_path: Path
) -> None:
    results, arrays = evaluate(trained(people, folds, tmp_path / "run"), people, folds, QUICK)
    assert [row.subject for row in results.subjects] == list(people.subjects)
    assert results.counts.clips == len(people.entries) == len(set(arrays.clips))
    assert results.counts.comparisons.mated == 12 * 6  # 4 clips each
    assert results.counts.comparisons.nonmated == 3 * 6 * 16  # 4 people a fold: 6 pairs of 16
    same = arrays.subject[arrays.enrolment] == arrays.subject[arrays.probe]
    assert same.sum() == results.counts.comparisons.mated
    assert (arrays.fold[arrays.enrolment] == arrays.fold[arrays.probe]).all()
    cosines = (arrays.vectors[arrays.enrolment] * arrays.vectors[arrays.probe]).sum(axis=1)
    np.testing.assert_allclose(cosines, arrays.scores, atol=1e-5)


def test_what_is_planted_is_found(tmp_path: Path) -> None:
    generate(SynthConfig(people=18, clips=4, shape=3, habit=3), tmp_path)
    people = RecordingSet.open(tmp_path / "original")
    folds = make_split(source_of_subjects(people), SplitConfig(folds=3))
    run = trained(people, folds, tmp_path / "run", features=FeatureConfig())
    results, _ = evaluate(run, people, folds, QUICK)
    assert results.metrics.eer.high < 0.5
    assert results.headline.startswith("People were re-identified by face shape, head pose and motion")
    assert results.recognition.outcome == "recognised"


def test_a_leak_is_refused_wherever_it_matters_and_named_where_it_was_allowed(
    people: RecordingSet, folds: Split, tmp_path: Path
) -> None:
    shutil.copy(people.entries[0].path, people.root / "synth_id002" / "clip09.safetensors")
    leaky = RecordingSet.open(people.root)
    key = "content:synth_id001/clip00=synth_id002/clip09"
    with pytest.raises(LeakError, match=key):
        train(leaky, folds, TrainConfig(attacker="moments", features=FEATURES), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    run = trained(people, folds, tmp_path / "clean")
    with pytest.raises(LeakError, match=key):
        reselect(Run.open(run), leaky, folds)
    with pytest.raises(LeakError, match=key):
        evaluate(run, leaky, folds, QUICK)
    config = TrainConfig(attacker="moments", features=FEATURES)
    allowed, _ = train(leaky, folds, config, tmp_path / "run", allow=[key])
    assert Run.open(allowed.path).record.allowed == (key,)
    results, _ = evaluate(allowed.path, leaky, folds, QUICK, allow=[key])
    assert results.provenance.allowed == (key,)
    assert results.limits[-1].startswith(f"A leak was allowed ({key}): synth_id001/clip00 (")


def test_permuted_labels_find_nothing(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    run = trained(people, folds, tmp_path / "run", control="permuted-labels")
    results, _ = evaluate(run, people, folds, QUICK)
    assert results.metrics.eer.low < 0.5 < results.metrics.eer.high
    assert results.control == "permuted-labels"
    assert results.headline.startswith("Control")
    assert results.provenance.test_opening is None


def test_the_same_again_gives_the_same_results(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    def without_times(results: EvaluationResults) -> dict:
        return results.model_dump(exclude={"times"})

    first, arrays = evaluate(trained(people, folds, tmp_path / "a"), people, folds, QUICK)
    second, again = evaluate(trained(people, folds, tmp_path / "b"), people, folds, QUICK)
    assert without_times(first) == without_times(second)
    for field in dataclasses.fields(arrays):
        np.testing.assert_array_equal(getattr(arrays, field.name), getattr(again, field.name))


def test_openings_of_the_test_people_are_counted(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    one = trained(people, folds, tmp_path / "one")
    two = trained(people, folds, tmp_path / "two", features=FeatureConfig(view="motion", regions=("lips",)))
    numbers = [evaluate(run, people, folds, QUICK)[0].provenance.test_opening for run in (one, two, one)]
    assert numbers == [1, 2, 1]


def test_people_that_were_trained_on_are_not_tested(
    people: RecordingSet, folds: Split, tmp_path: Path
) -> None:
    run = trained(people, folds, tmp_path / "run")
    turned = Split((*folds.folds[1:], folds.folds[0]))
    with pytest.raises(SplitError, match="trained or chosen on people of test: id"):
        evaluate(run, people, turned, QUICK)


def test_a_split_of_other_folds_is_refused(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    run = trained(people, folds, tmp_path / "run")
    with pytest.raises(SplitError, match="a split of 3 folds, the recordings have one of 1"):
        evaluate(run, people, make_split(source_of_subjects(people), SplitConfig()), QUICK)


def test_one_checkpoint_can_be_tested(people: RecordingSet, tmp_path: Path) -> None:
    split = make_split(source_of_subjects(people), SplitConfig())
    run = trained(people, split, tmp_path / "run")
    whole, _ = evaluate(run, people, split, QUICK)
    alone, _ = evaluate(run / "checkpoint.safetensors", people, split, QUICK)
    assert alone.metrics == whole.metrics
    with pytest.raises(FileFormatError, match="amber train"):
        evaluate(tmp_path, people, split, QUICK)


def test_accuracy_uses_the_dev_threshold(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    results, arrays = evaluate(trained(people, folds, tmp_path / "run"), people, folds, QUICK)
    threshold = np.array([row.threshold for row in results.dev])[arrays.fold[arrays.enrolment]]
    same = arrays.subject[arrays.enrolment] == arrays.subject[arrays.probe]
    accepted = arrays.scores >= threshold
    assert results.metrics.accuracy.value == pytest.approx((accepted == same).mean())
    balanced = (accepted[same].mean() + 1 - accepted[~same].mean()) / 2
    assert results.metrics.balanced_accuracy.value == pytest.approx(balanced)
    assert (
        results.metrics.balanced_accuracy_optimistic.value >= results.metrics.balanced_accuracy.value - 0.05
    )
    assert results.metrics.accuracy.chance == pytest.approx(288 / 360)


def test_failures_of_test_people_are_told(people: RecordingSet, folds: Split, tmp_path: Path) -> None:
    run = trained(people, folds, tmp_path / "run")
    lost = Failure("synth_id003/clip99", "id003", "track", "no face in any of 90 frames")
    stranger = Failure("other_id099/clip00", "id099", "track", "no face in any of 90 frames")
    write_failures(people.root, [lost, stranger])
    results, _ = evaluate(run, people, folds, QUICK)
    assert [(row.clip, row.reason) for row in results.failures] == [(lost.clip, lost.reason)]
    assert results.counts.failed_clips == 1
    assert any("1 of 49 clips" in limit for limit in results.limits)


def test_without_a_mated_comparison_there_is_no_figure(people: RecordingSet, tmp_path: Path) -> None:
    split = make_split(source_of_subjects(people), SplitConfig())
    run = trained(people, split, tmp_path / "run")
    test = split.subjects("test", 0)
    first = {subject: next(e.clip for e in people.entries if e.subject == subject) for subject in test}
    kept = tuple(e for e in people.entries if e.subject not in first or e.clip == first[e.subject])
    with pytest.raises(EvaluationError, match="two usable clips"):
        evaluate(run, dataclasses.replace(people, entries=kept), split, QUICK)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    generate(SynthConfig(people=18, clips=4, shape=0.1, habit=1.5), folder)
    return folder


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_beside_synthetic_people_stands_what_anybody_could_reach(
    planted: Path, tmp_path: Path, condition: str
) -> None:
    people = RecordingSet.open(planted / condition)
    folds = make_split(source_of_subjects(people), SplitConfig(folds=3))
    run = trained(people, folds, tmp_path / "run", features=FeatureConfig(signals="blendshapes"))
    results, arrays = evaluate(run, people, folds, QUICK, oracle=planted / "oracle.json")
    assert results.oracle is not None
    assert results.oracle.eer.value < results.metrics.eer.value
    way = (0.5 - results.metrics.eer.value) / (0.5 - results.oracle.eer.value)
    assert results.oracle.way == pytest.approx(way)
    # The same comparisons, scored from the truth.
    truth = Oracle.read(planted / "oracle.json").scores(
        condition, arrays.clips, arrays.enrolment, arrays.probe
    )
    mated = arrays.subject[arrays.enrolment] == arrays.subject[arrays.probe]
    assert results.oracle.eer.value == pytest.approx(eer(truth[mated], truth[~mated]))


def test_an_oracle_of_other_recordings_is_refused(
    people: RecordingSet, folds: Split, planted: Path, tmp_path: Path
) -> None:
    run = trained(people, folds, tmp_path / "run")
    with pytest.raises(EvaluationError, match="expected a folder named original or avatar"):
        evaluate(run, people, folds, QUICK, oracle=planted / "oracle.json")


def test_an_oracle_and_permuted_labels_do_not_go_together(planted: Path, tmp_path: Path) -> None:
    people = RecordingSet.open(planted / "original")
    folds = make_split(source_of_subjects(people), SplitConfig(folds=3))
    run = trained(people, folds, tmp_path / "run", control="permuted-labels")
    with pytest.raises(EvaluationError, match="no use for it"):
        evaluate(run, people, folds, QUICK, oracle=planted / "oracle.json")
