"""Several attackers: the worst is chosen on dev, fusing helps where they complement each other."""

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import CheckpointHeader
from amber_id.attackers.names import attacker_names
from amber_id.audit import EvaluationConfig, evaluate
from amber_id.audit.attack import tested as evaluation
from amber_id.audit.attack.openings import OPENINGS_FILE
from amber_id.audit.attack.strongest_attacker import score_attackers
from amber_id.biometrics import eer, eer_threshold
from amber_id.errors import EvaluationError, SplitError, UsageError
from amber_id.file_formats import read_table
from amber_id.protocols import SPLIT_FILE, Split, SplitConfig, make_split, source_of_subjects, write_split
from amber_id.recordings import RecordingSet, load_recording, save_recording
from amber_id.results import EvaluationArrays, EvaluationResults, read_results
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import TrainConfig, train
from fixtures.pretended_attackers import CLIPS, PEOPLE, TRAITS, header, pretend, rates_on_test

QUICK = EvaluationConfig(replicates=100, permutations=20)


def test_attackers_that_complement_each_other_are_worse_together() -> None:
    one = pretend("moments", TRAITS[0], dev_noise=1.2, test_noise=1.2)
    other = pretend("stgcn", TRAITS[1], dev_noise=1.2, test_noise=1.2, seed=1)
    tried = score_attackers([one, other])
    rates = rates_on_test(tried)
    assert list(rates) == ["moments", "stgcn", "fusion"]
    assert rates["fusion"] < min(rates["moments"], rates["stgcn"]) - 0.03
    assert tried.strongest.attacker.name == "fusion"
    assert tried.mapped.attacker.name in ("moments", "stgcn")
    assert tried.strongest.dev_eer < tried.mapped.dev_eer


def test_the_worst_is_chosen_on_dev_even_where_test_disagrees() -> None:
    flattered = pretend("moments", TRAITS[0], dev_noise=0.05, test_noise=8)
    true = pretend("stgcn", TRAITS[1], dev_noise=3, test_noise=0.5, seed=1)
    for order in ([flattered, true], [true, flattered]):
        tried = score_attackers(order)
        rates = rates_on_test(tried)
        assert rates["moments"] > rates["stgcn"] + 0.2
        assert tried.mapped.attacker.name == "moments"
        assert tried.strongest.attacker.name == "moments"  # dev EER 0; so has the fusion, which comes last


def test_the_dev_eer_pools_folds_less_the_threshold_of_each() -> None:
    one = pretend("moments", TRAITS[0], dev_noise=2, test_noise=2)
    tried = score_attackers([one, pretend("stgcn", TRAITS[1], dev_noise=2, test_noise=2, seed=1)])
    mated, nonmated = [], []
    for fold in one.folds:
        compared = fold.dev.compared(fold.dev.subjects)
        threshold = eer_threshold(compared.mated_scores, compared.nonmated_scores)
        mated += [score - threshold for score in compared.mated_scores]
        nonmated += [score - threshold for score in compared.nonmated_scores]
    assert tried.scored[0].dev_eer == pytest.approx(eer(np.array(mated), np.array(nonmated)))


def test_where_no_attacker_is_of_use_there_is_no_fusion_and_it_is_said() -> None:
    rng = np.random.default_rng(3)
    # Clips of one person are less alike than those of two: alternately a direction and its opposite.
    turned = pretend("moments", TRAITS[0], dev_noise=0.1, test_noise=1)
    folds = []
    for fold in turned.folds:
        sign = np.where(np.arange(len(fold.dev.vectors)) % 2 == 0, 1.0, -1.0)[:, None]
        vectors = sign * fold.dev.vectors + 0.01 * rng.normal(size=fold.dev.vectors.shape)
        folds.append(dataclasses.replace(fold, dev=dataclasses.replace(fold.dev, vectors=vectors)))
    useless = evaluation.Tested(tuple(folds))
    stgcn = evaluation.Tested(
        tuple(dataclasses.replace(f, header=f.header.model_copy(update={"attacker": "stgcn"})) for f in folds)
    )
    tried = score_attackers([useless, stgcn])
    assert [each.attacker.name for each in tried.scored] == ["moments", "stgcn"]
    assert tried.limits == (
        "The attackers were not fused: on the dev people of fold 0 no attacker is of any use.",
    )


def test_the_fusion_tells_its_weights_and_its_threshold_is_that_of_dev() -> None:
    one = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1)
    noise = pretend("stgcn", 0 * TRAITS[1], dev_noise=1, test_noise=1, seed=1)
    fusion = score_attackers([one, noise]).scored[-1]
    weights = fusion.attacker.config
    for useful, useless in zip(weights["weights of moments"], weights["weights of stgcn"], strict=True):
        assert useful > 3 * useless
    for row in fusion.dev:
        assert row.subjects == PEOPLE
        assert row.epoch is None
        assert abs(row.threshold) < 1.5  # log-odds
    shifted = fusion.from_threshold.scores - fusion.comparisons.scores
    np.testing.assert_allclose(shifted[:10], -fusion.dev[0].threshold)
    np.testing.assert_allclose(shifted[-10:], -fusion.dev[1].threshold)


@pytest.mark.parametrize("resembling", [6.0, 0.0])
def test_scores_are_normalised_where_dev_people_show_that_it_helps(resembling: float) -> None:
    """Where some clips resemble everybody; on dev people alone, whatever test people show."""
    one = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1)
    rng = np.random.default_rng(4)
    common = np.zeros(TRAITS.shape[2])
    common[0] = resembling
    cohort = pretend("moments", rng.normal(size=TRAITS[0].shape), dev_noise=1, test_noise=1, seed=5).folds
    folds = []
    for fold, others in zip(one.folds, cohort, strict=True):
        dev, test, known = (
            dataclasses.replace(
                clips, vectors=clips.vectors + rng.uniform(0, 1, (len(clips.vectors), 1)) * common
            )
            for clips in (fold.dev, fold.test, others.test)
        )
        folds.append(dataclasses.replace(fold, dev=dev, test=test, cohort=known))
    tested = evaluation.Tested(tuple(folds))
    (plain,) = score_attackers(
        [evaluation.Tested(tuple(dataclasses.replace(f, cohort=None) for f in folds))]
    ).scored
    (scored,) = score_attackers([tested]).scored
    assert scored.dev_eer <= plain.dev_eer
    if resembling:
        assert scored.attacker.config == {"score_normalisation": "s-norm"}
        assert scored.dev_eer < plain.dev_eer - 0.02
        assert eer(scored.comparisons.mated_scores, scored.comparisons.nonmated_scores) < eer(
            plain.comparisons.mated_scores, plain.comparisons.nonmated_scores
        )
    assert plain.attacker.config == {}
    few = [
        dataclasses.replace(
            fold, dev=fold.dev.only({entry.clip for entry in fold.dev.entries if entry.subject <= "id003"})
        )
        for fold in folds
    ]
    (unchosen,) = score_attackers([evaluation.Tested(tuple(few))]).scored
    assert unchosen.attacker.config == {}  # three dev people cannot choose


def test_without_mated_dev_comparisons_nothing_can_be_chosen() -> None:
    one = pretend("moments", TRAITS[0], dev_noise=2, test_noise=2)
    single = {entry.clip for entry in one.folds[1].dev.entries if int(entry.clip[-1]) % CLIPS == 0}
    folds = (one.folds[0], dataclasses.replace(one.folds[1], dev=one.folds[1].dev.only(single)))
    with pytest.raises(EvaluationError, match=r"fold 1: .* mated and non-mated comparisons, got"):
        score_attackers([evaluation.Tested(folds), evaluation.Tested(folds)])


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ([header()], ["moments"]),
        ([header(), header("stgcn")], ["moments", "stgcn"]),
        (
            [header(signals="blendshapes", view="motion"), header(), header("stgcn")],
            ["moments on blendshapes", "moments on landmarks", "stgcn"],
        ),
        (
            [header(view="motion"), header(regions=("lips", "nose"), view="motion"), header(seed=1)],
            [
                f"moments on {told}"
                for told in ("motion, the whole face", "motion, lips+nose", "all, the whole face")
            ],
        ),
        (
            [header(), header(inversion="ranks"), header(signals="blendshapes", inversion="standardised")],
            ["moments on landmarks", "moments on landmarks, ranks", "moments on blendshapes, standardised"],
        ),
        ([header(), header(inversion="ranks")], ["moments", "moments, ranks"]),
        ([header(), header(seed=7)], ["moments on seed 0", "moments on seed 7"]),
        ([header(), header()], ["moments, no. 1", "moments, no. 2"]),
    ],
)
def test_attackers_have_names_that_tell_them_apart(headers: list[CheckpointHeader], names: list[str]) -> None:
    assert attacker_names(headers) == names


# a whole evaluation ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Study:
    people: RecordingSet
    split: Split
    landmarks: Path
    blendshapes: Path

    def evaluate(self, *others: Path, **options: object) -> tuple[EvaluationResults, EvaluationArrays]:
        return evaluate(self.landmarks, self.people, self.split, QUICK, others=others, **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def _run(people: RecordingSet, split: Split, **changes: object) -> Path:
        config = TrainConfig.model_validate({"attacker": "moments", **changes})
        return train(people, split, config, tmp_path_factory.mktemp("runs") / "run")[0].path

    return _run


@pytest.fixture(scope="module")
def study(run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    generate(SynthConfig(people=14, clips=2, habit=1.5, duration="1.3"), folder)
    people = RecordingSet.open(folder / "original")
    split = make_split(source_of_subjects(people), SplitConfig(folds=2, dev=0.25))
    landmarks = run(people, split, features={"regions": ("lips",)})
    return Study(people, split, landmarks, run(people, split, features={"signals": "blendshapes"}))


@pytest.fixture(scope="module")
def both(study: Study) -> tuple[EvaluationResults, EvaluationArrays]:
    return study.evaluate(study.blendshapes, oracle=study.people.root.parent / "oracle.json")


@pytest.fixture(scope="module")
def by_itself(study: Study) -> EvaluationResults:
    return study.evaluate()[0]


def test_one_attacker_alone_is_the_one_that_was_chosen(by_itself: EvaluationResults) -> None:
    results = by_itself
    (alone,) = results.attackers
    assert alone.chosen
    assert alone.mapped
    assert alone.dev_eer is None
    assert alone.model_dump(include=set(results.attacker.model_dump())) == results.attacker.model_dump()
    assert alone.eer == results.metrics.eer
    assert alone.auc == results.metrics.auc
    assert "One attacker, moments, was tried." in " ".join(results.limits)


def test_all_are_listed_and_the_headline_is_the_lowest_on_dev(
    both: tuple[EvaluationResults, EvaluationArrays],
) -> None:
    results, arrays = both
    names = [each.name for each in results.attackers]
    assert names == ["moments on landmarks", "moments on blendshapes", "fusion"]
    (chosen,) = (each for each in results.attackers if each.chosen)
    assert chosen.dev_eer == min(each.dev_eer for each in results.attackers)
    assert (chosen.name, chosen.eer, chosen.auc) == (
        results.attacker.name,
        results.metrics.eer,
        results.metrics.auc,
    )
    mated = arrays.subject[arrays.enrolment] == arrays.subject[arrays.probe]
    assert chosen.eer.value == pytest.approx(eer(arrays.scores[mated], arrays.scores[~mated]))
    (mapped,) = (each for each in results.attackers if each.mapped)
    cosines = (arrays.vectors[arrays.enrolment] * arrays.vectors[arrays.probe]).sum(axis=1)
    assert mapped.eer.value == pytest.approx(eer(cosines[mated], cosines[~mated]), abs=1e-4)
    assert f"the figures are those of {chosen.name}" in " ".join(results.limits)
    assert len(results.provenance.checkpoints_sha256) == 4
    assert results.oracle is not None


def test_an_attacker_among_others_has_the_figures_that_it_has_alone(
    by_itself: EvaluationResults, both: tuple[EvaluationResults, EvaluationArrays]
) -> None:
    alone, among = by_itself.attackers[0], both[0].attackers[0]
    for name in ("eer", "auc", "tmr_at_fmr_10_percent", "tmr_at_fmr_1_percent"):
        assert getattr(among, name) == getattr(alone, name)


def test_the_verb_tells_all_of_them_and_counts_one_opening(
    study: Study, both: tuple[EvaluationResults, EvaluationArrays], tmp_path: Path
) -> None:
    write_split(study.split, study.people.root / SPLIT_FILE)
    other_way_round = [study.blendshapes, study.people.root, "--with", study.landmarks, "--out", tmp_path]
    flags = ["--replicates", "100", "--quiet"]
    undrawn = (  # figures and page are drawn elsewhere, and take long
        "from amber_id import cli, report; report.write_figures = report.write_report = lambda *_: 'page'; "
        "cli.main()"
    )
    command = [sys.executable, "-c", undrawn, "evaluate", *map(str, other_way_round), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = read_results(tmp_path / "results.json")
    for each in results.attackers:
        mark = "\\*" if each.chosen else " "
        told = rf"{mark} {each.name} +{each.eer.value:.3f} \[.*\]  on dev {each.dev_eer:.3f}"
        assert re.search(told, done.stdout)
    assert results.provenance.test_opening == both[0].provenance.test_opening
    rows = read_table(
        study.people.root / OPENINGS_FILE, ["split_sha256", "checkpoints_sha256", "attacker", "opened"]
    )
    together = [row[2] for row in rows if "+" in row[2]]
    assert together == ["moments on blendshapes + moments on landmarks"]


def test_clips_that_one_attacker_cannot_use_are_dropped_for_all_and_named(
    study: Study, tmp_path: Path
) -> None:
    lost = "synth_id003/" + next(e.clip for e in study.people.entries if e.subject == "id003").split("/")[1]
    for entry in study.people.entries:
        recording = load_recording(entry.path)
        if entry.clip == lost:
            recording = dataclasses.replace(recording, blendshapes=None)
        save_recording(recording, tmp_path / f"{entry.clip}.safetensors")
    without = dataclasses.replace(study, people=RecordingSet.open(tmp_path))
    results, arrays = without.evaluate(study.blendshapes)
    assert lost not in arrays.clips
    assert len(arrays.clips) == results.counts.clips == len(study.people.entries) - 1
    assert results.counts.failed_clips == 1
    (failure,) = results.failures
    assert failure.clip == lost
    assert failure.reason.startswith("moments on blendshapes: ")
    assert "gave no blendshapes" in failure.reason


def test_runs_of_another_split_are_refused_before_anything_is_tested(
    study: Study, run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_split(source_of_subjects(study.people), SplitConfig(folds=2, dev=0.25, seed=1))
    stranger = run(study.people, other)
    monkeypatch.setattr("amber_id.audit.attack.tested.load_windows", None)
    with pytest.raises(SplitError, match=rf"--with {stranger}: expected split \w+\.\.\., fold 0, 1 of 2"):
        study.evaluate(stranger)
    with pytest.raises(SplitError, match=r"got split .*, fold 1 of 2; train both under one split"):
        study.evaluate(study.blendshapes / "fold1" / "checkpoint.safetensors")
    with pytest.raises(
        UsageError, match="the same checkpoints are already being tested; name a different run"
    ):
        study.evaluate(study.landmarks)


def test_controls_are_held_against_controls_of_the_same_labels(
    study: Study, run: Callable[..., Path]
) -> None:
    control, again, reseeded = (
        run(study.people, study.split, control="permuted-labels", **changes)
        for changes in (
            {"features": {"regions": ("lips",)}},
            {"features": {"signals": "blendshapes"}},
            {"seed": 1},
        )
    )
    with pytest.raises(UsageError, match=r"expected people's own labels, .* got permuted-labels"):
        study.evaluate(control)
    controls = dataclasses.replace(study, landmarks=control)
    with pytest.raises(UsageError, match=r"labels permuted by seed 0.* got seed 1"):
        controls.evaluate(reseeded)
    results, _ = controls.evaluate(again)
    assert results.control == "permuted-labels"
    assert results.provenance.test_opening is None
    assert results.metrics.eer.low < 0.5 < results.metrics.eer.high
