"""A whole study on synthetic people: its figures fit together, and a stop changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import EvaluationConfig, StudyConfig, run_study, stages_of_study
from amber_id.biometrics import eer
from amber_id.corpora.corpus_file import merge_corpus_file, read_corpus_file
from amber_id.errors import SplitError, UsageError
from amber_id.protocols import SplitConfig, manifest_hash
from amber_id.recordings import RecordingSet
from amber_id.results import StudyResults, read_study_results, write_results
from amber_id.score_files import ScoreFile, read_scores, write_scores
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import LoopConfig

CONFIG = StudyConfig(
    attackers=("moments on blendshapes", "moments"),
    split=SplitConfig(folds=2, dev=0.3),
    evaluation=EvaluationConfig(replicates=100, permutations=20),
    references=("noise 3 %",),
    groups=("hand",),
)


class StoppedError(Exception):
    """As if the machine had been switched off."""


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    folder = tmp_path_factory.mktemp("people")
    generate(SynthConfig(people=14, clips=3), folder)
    clips = [entry.clip for entry in RecordingSet.open(folder / "original").entries]
    rows = {
        clip: {"clip": clip, "emotion": ("calm", "happy")[k % 2], "hand": ("left", "right")[k // 3 % 2]}
        for k, clip in enumerate(clips)
    }
    merge_corpus_file(folder / "original", ["clip", "emotion", "hand"], rows)
    hands = {clip: {"clip": clip, "hand": row["hand"]} for clip, row in rows.items()}
    merge_corpus_file(folder / "avatar", ["clip", "hand"], hands)
    return {
        "original": RecordingSet.open(folder / "original"),
        "anonymised": RecordingSet.open(folder / "avatar"),
    }


@pytest.fixture(scope="module")
def study(
    sets: Mapping, tmp_path_factory: pytest.TempPathFactory
) -> tuple[StudyResults, Mapping[str, ScoreFile]]:
    return run_study(sets, tmp_path_factory.mktemp("study") / "whole", CONFIG)


def test_every_cell_view_control_and_region_is_there(study):
    results, scores = study
    assert list(results.cells) == ["OOO", "OOA", "OAA", "AAA", "BOA"] == list(scores)
    assert set(results.views) == set(results.regions) == {"OOO", "AAA"}
    assert set(results.views["AAA"]) == {"all", "motion", "pose", "static"}
    assert {(each.name, each.cell) for each in results.controls} >= {
        (name, cell)
        for name in ("permuted labels", "shuffled frames", "static only", "duration only")
        for cell in ("OOO", "AAA")
    }
    assert set(results.streams["OOO"]) == {"joint", "bone", "joint_motion"}
    assert results.streams["OOO"]["joint"].eer == results.views["OOO"]["motion"].eer
    assert {cell: [point.x for point in each.points] for cell, each in results.sensitivity.items()} == {
        "OOO": [0.1, 0.2, 0.4],
        "AAA": [0.1, 0.2, 0.4],
    }
    assert set(results.references) == {"noise 3 %"}
    assert results.network == {}
    assert results.utility is not None
    assert results.utility.counts.clips == 42
    assert results.utility.emotion.emotions == ("calm", "happy")  # as corpus.csv has them
    assert (results.utility.emotion.clips, results.utility.emotion.subjects) == (42, 14)
    # Which is asked for as it is known; a column that nobody named is not.
    assert set(results.attributes) == {"emotion"}
    emotion = results.attributes["emotion"]
    assert (emotion.kind, emotion.values, emotion.clips) == ("clip", ("calm", "happy"), 42)
    assert set(emotion.figures) == {"original", "anonymised"}
    assert emotion.lost.value == pytest.approx(
        emotion.figures["original"].accuracy.value - emotion.figures["anonymised"].accuracy.value
    )
    # Two groups of seven people, which are too few.
    assert results.groups["hand"]["AAA"].not_measured == (
        "0 values of hand shown by 10 tested people or more, by 0 in all; 2 values and 10 people are needed."
    )
    assert results.provenance.synthetic
    assert "These people are synthetic" in results.limits[0]
    assert set(results.provenance.checkpoints_sha256) == {
        f"{letter}-{name}" for letter in "OAB" for name in ("moments", "moments-on-blendshapes")
    }


def test_the_division_is_named_and_so_are_the_clips(sets, study):
    found = study[0].provenance
    assert found.protocol == "shares"
    # No clip was dropped, and avatars have the names of their originals.
    assert found.manifest_sha256 == manifest_hash(sets["original"]) == manifest_hash(sets["anonymised"])


def test_figures_are_those_of_the_comparisons(study):
    results, scores = study
    for name, cell in results.cells.items():
        found = scores[name].comparisons
        assert cell.metrics.eer.value == pytest.approx(eer(found.mated_scores, found.nonmated_scores))
        assert (cell.counts.mated, cell.counts.nonmated) == (found.n_mated, found.n_nonmated)
    assert next(iter(results.differences)) == "AAA-OOO"
    for name, difference in results.differences.items():
        second, first = (results.cells[letters].metrics.eer.value for letters in name.split("-"))
        assert difference["eer"].value == pytest.approx(second - first)
    # Everyone is tested once: 7 people of each fold, 3 clips of each, one order or both.
    assert results.cells["OOO"].counts.mated == 14 * 3
    assert results.cells["OOA"].counts.mated == 14 * 3 * 2
    assert results.counts.subjects == 14


def test_there_is_a_map_of_the_cells_that_know_one_condition(study):
    results, _ = study
    assert set(results.maps) == {"OOO", "AAA"}
    for name, found in results.maps.items():
        assert len(found.points) == found.clips_of_fold == 7 * 3
        assert found.attacker in set(results.cells[name].attackers) - {"fusion"}
        assert all(point.clip.startswith("synth_" + point.subject + "/") for point in found.points)


def test_scores_can_be_judged_again_by_anybody(study, tmp_path: Path):
    for name, of_cell in study[1].items():
        path = tmp_path / f"{name}.parquet"
        write_scores(path, of_cell)
        again = read_scores(path)
        assert eer(again.mated_scores, again.nonmated_scores) == study[0].cells[name].metrics.eer.value
        assert set(again.subjects) == set(of_cell.subjects)
        enrolled = {again.clips[i].partition("/")[0] for i in again.comparisons.enrolment}
        assert enrolled == {"original" if name[1] == "O" else "anonymised"}


def test_the_worst_attacker_is_the_one_of_the_lowest_dev_eer(study):
    for cell in study[0].cells.values():
        lowest = min(cell.attackers.values(), key=lambda each: each.dev_eer)
        assert cell.attacker.name == lowest.name
        assert cell.attackers[lowest.name].chosen


def test_the_headline_says_what_the_cell_says(study):
    results, _ = study
    rate = results.cells["AAA"].metrics.eer
    assert f"EER {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]" in results.headline.text
    assert f"originals {results.cells['OOO'].metrics.eer.value:.2f}" in results.headline.text
    assert "14 people" in results.headline.text
    gap = results.differences["AAA-OOO"]["eer"]
    assert f"EER {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]" in results.headline.text
    assert results.headline.recognition == results.cells["AAA"].recognition
    assert results.headline.cell == "AAA"
    assert results.headline.valid == (not results.headline.reasons)


def test_results_come_back_from_their_file(study, tmp_path: Path):
    write_results(study[0], tmp_path / "results.json")
    assert read_study_results(tmp_path / "results.json") == study[0]


def test_a_stop_at_any_stage_changes_nothing(study, sets: Mapping, tmp_path: Path):
    done: list[str] = []
    for stage in ("training moments on anonymised clips", "regions", "utility"):

        def stop(name: str, _before: bool, stage: str = stage) -> None:
            done.append(name)
            if name == stage:
                raise StoppedError

        with pytest.raises(StoppedError):
            run_study(sets, tmp_path / "study", CONFIG, on_stage=stop)
    again: list[tuple[str, bool]] = []
    results, _ = run_study(
        sets, tmp_path / "study", CONFIG, on_stage=lambda name, before: again.append((name, before))
    )
    assert results.model_dump(exclude={"times", "provenance"}) == study[0].model_dump(
        exclude={"times", "provenance"}
    )
    assert [name for name, _ in again] == list(stages_of_study(list(sets), CONFIG))
    assert dict(again)["regions"]
    assert not dict(again)["utility"]
    assert results.provenance.checkpoints_sha256 == study[0].provenance.checkpoints_sha256


def test_sessions_have_the_figures_of_a_plain_loop(study, sets: Mapping):
    results, scores = study
    sessions = results.sessions
    assert sessions is not None
    assert (sessions.several, sessions.one, sessions.unknown) == (14, 0, 0)
    facts = read_corpus_file(sets["original"].root)
    compared = scores["OOO"].comparisons
    names = [clip.removeprefix("original/") for clip in scores["OOO"].clips]
    mated, within, across, nonmated = compared.mated, [], [], []
    for score, i, j, is_mated in zip(compared.scores, compared.enrolment, compared.probe, mated, strict=True):
        one, other = facts[names[i]], facts[names[j]]
        if not is_mated:
            nonmated += [score] if one.date != other.date else []
        else:  # of two clips of a first session, and one of another
            (within if one.session == other.session else across).append(score)
    assert (len(within), len(across)) == (14, 28)
    figures = sessions.cells["OOO"]
    assert figures.people == 14
    assert figures.compared is not None
    for rate, side in ((figures.compared.within, within), (figures.compared.across, across)):
        assert rate.value == pytest.approx(eer(np.array(side), np.array(nonmated)), abs=5e-3)
    assert set(sessions.cells) == set(results.cells)
    assert {cell: set(views) for cell, views in sessions.views.items()} == {
        cell: set(views) for cell, views in results.views.items()
    }
    assert sum(each.people for each in figures.days) >= 28  # everybody on one day, and days apart
    assert figures.people_drifting == 0
    assert " (AAA): EER across sessions " in sessions.words


def test_anonymised_clips_alone_have_one_cell(sets: Mapping, tmp_path: Path):
    config = CONFIG.model_copy(update={"attackers": ("moments on blendshapes",)})
    results, _ = run_study({"anonymised": sets["anonymised"]}, tmp_path / "study", config)
    assert list(results.cells) == ["AAA"]
    assert results.differences == {}
    assert results.utility is None
    assert results.headline.cell == "AAA"
    assert "originals" not in results.headline.text


def test_all_is_asked_of_the_network_too_and_what_was_done_stays(sets: Mapping, tmp_path: Path):
    changes = {
        "attackers": ("moments", "stgcn"),
        "split": SplitConfig(folds=1, dev=0.25, test=0.4),
        "loop": LoopConfig(epochs=1),
    }
    config = CONFIG.model_copy(update=changes)
    only = {"anonymised": sets["anonymised"]}
    before, _ = run_study(only, tmp_path / "study", config)
    stages: dict[str, bool] = {}
    results, _ = run_study(
        only, tmp_path / "study", config.model_copy(update={"full": True}), on_stage=stages.__setitem__
    )
    assert list(stages) == list(stages_of_study(["anonymised"], config.model_copy(update={"full": True})))
    assert stages["views"]
    assert not stages["network AAA"]
    assert results.views == before.views
    network = results.network["AAA"]
    assert network.name == "stgcn"
    assert network.views["all"].eer == results.cells["AAA"].attackers["stgcn"].eer
    assert set(network.views) == {"all", "motion", "pose", "static"}
    assert set(network.regions) == set(results.regions["AAA"])
    names = {each.name for each in results.controls} - {each.name for each in before.controls}
    assert names == {"permuted labels, stgcn", "shuffled frames, stgcn", "static only, stgcn"}


def test_all_cannot_be_asked_without_a_network():
    with pytest.raises(ValueError, match="such as stgcn, got moments"):
        StudyConfig(attackers=("moments",), full=True)


def test_unknown_references_are_refused():
    with pytest.raises(ValueError, match=r"expected some of .*noise 1 %.*, got 'blur'"):
        StudyConfig(references=("blur",))


def test_nothing_to_audit_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="expected originals, anonymised clips, or both"):
        run_study({}, tmp_path / "study", CONFIG)


def test_a_study_begun_with_other_people_is_refused(sets: Mapping, tmp_path: Path):
    (tmp_path / "split.csv").write_text("subject,partition,fold\nid900,train,0\n")
    with pytest.raises(Exception, match=r"split\.csv"):
        run_study({"original": sets["original"]}, tmp_path, CONFIG)


def test_a_study_keeps_to_the_division_it_was_begun_with(sets: Mapping, tmp_path: Path):
    def stop(name: str, _before: bool) -> None:
        if name == "confounds":
            raise StoppedError

    with pytest.raises(StoppedError):
        run_study(sets, tmp_path, CONFIG, on_stage=stop)
    other = CONFIG.model_copy(update={"split": SplitConfig(folds=3, dev=0.3)})
    with pytest.raises(SplitError, match=r"split\.csv: made with folds 2, asked for is folds 3"):
        run_study(sets, tmp_path, other)


def test_a_clip_that_comes_later_without_its_partner_is_counted_and_changes_nothing_else(
    sets: Mapping, tmp_path: Path
):
    def stop(name: str, _before: bool) -> None:
        if name == "confounds":
            raise StoppedError

    fewer = {
        name: replace(found, entries=tuple(e for e in found.entries if e.clip != "synth_id003/clip02"))
        for name, found in sets.items()
    }
    with pytest.raises(StoppedError):
        run_study(fewer, tmp_path, CONFIG, on_stage=stop)
    done: dict[str, bool] = {}

    def stop_later(name: str, before: bool) -> None:
        done[name] = before
        if name == "map":
            raise StoppedError

    with pytest.raises(StoppedError):
        run_study(fewer | {"original": sets["original"]}, tmp_path, CONFIG, on_stage=stop_later)
    assert done["leaks"]


def test_unknown_attackers_are_refused():
    with pytest.raises(ValueError, match="got 'moment'; do you mean moments"):
        StudyConfig(attackers=("moment",))
    with pytest.raises(ValueError, match="each once, got moments, moments"):
        StudyConfig(attackers=("moments", "moments"))
