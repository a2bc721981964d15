"""Scores of any system: figures as the library gives them; what is not known is said plainly."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import EvaluationConfig, judge_embeddings, judge_scores
from amber_id.biometrics import (
    auc,
    bootstrap_eer,
    cllr,
    compare_across,
    compare_all,
    d_sys,
    eer,
    eer_threshold,
    fit_linear_calibration,
    rates_at,
)
from amber_id.errors import EvaluationError
from amber_id.judging.judge import judge
from amber_id.results import Point, read_score_results, write_results
from amber_id.score_files import IdentifiedBy, ScoreFile, write_scores

QUICK = EvaluationConfig(replicates=100, permutations=20)


def study(n_subjects=8, n_clips=4, noise=1.5, seed=0, first=0) -> ScoreFile:
    """Clips around their person's own direction; the people are the same for every seed."""
    subjects = np.repeat(np.arange(n_subjects), n_clips)
    people = np.random.default_rng(first).normal(size=(n_subjects, 12))[subjects]
    vectors = people + noise * np.random.default_rng(100 + seed).normal(size=people.shape)
    names = tuple(f"lab_id{first + s:03d}/clip{c % n_clips}" for c, s in enumerate(subjects))
    people_names = tuple(f"id{first + s:03d}" for s in range(n_subjects))
    return ScoreFile.named(
        compare_all(vectors, subjects), names, people_names, identified_by=IdentifiedBy.FOLDERS
    )


def written(scores: ScoreFile, path: Path) -> Path:
    write_scores(path, scores)
    return path


def test_figures_are_those_of_the_library(tmp_path: Path) -> None:
    scores = study()
    results = judge_scores(written(scores, tmp_path / "scores.txt"), QUICK)
    known = scores.comparisons
    found = bootstrap_eer(
        known.scores, known.enrolment_subjects, known.probe_subjects, known.mated, replicates=100
    )
    rate = results.metrics["eer"]
    assert (rate.value, rate.low, rate.high, rate.chance) == (found.value, found.low, found.high, 0.5)
    assert results.metrics["auc"].value == pytest.approx(auc(scores.mated_scores, scores.nonmated_scores))
    assert (results.counts.subjects, results.counts.clips, results.counts.subject_pairs) == (8, 32, 28)
    assert results.counts.fmr_floor == pytest.approx(3 / 28)
    # One in ten is below what 28 pairs of people can say.
    assert "tmr_at_fmr_10_percent" not in results.metrics
    assert results.provenance.identified_by == str(IdentifiedBy.FOLDERS)
    assert [row.subject for row in results.subjects] == list(scores.subjects)
    assert results.disclosure is not None
    assert results.disclosure.linkability.p_value == pytest.approx(1 / 21)
    assert any("Only 8 people decide" in limit for limit in results.limits)
    assert any("--dev" in limit for limit in results.limits)


def test_what_is_decided_is_decided_on_dev(tmp_path: Path) -> None:
    scores, dev = study(), study(seed=1, first=50)
    results = judge_scores(
        written(scores, tmp_path / "scores.npz"), QUICK, dev=written(dev, tmp_path / "dev.npz")
    )
    threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
    fmr, fnmr = rates_at(scores.mated_scores, scores.nonmated_scores, threshold)
    assert results.metrics["balanced_accuracy"].value == pytest.approx(1 - (fmr + fnmr) / 2)
    calibration = fit_linear_calibration(dev.mated_scores, dev.nonmated_scores)
    cost = cllr(calibration.llrs(scores.mated_scores), calibration.llrs(scores.nonmated_scores))
    assert results.metrics["cllr"].value == pytest.approx(cost)
    assert results.metrics["min_cllr"].value < results.metrics["cllr"].value
    assert "act_dcf" in results.metrics


def test_dev_scores_that_cannot_be_calibrated_cost_only_the_calibrated_figures(tmp_path: Path) -> None:
    dev = study(noise=0.01, first=50)
    results = judge_scores(
        written(study(), tmp_path / "scores.txt"), QUICK, dev=written(dev, tmp_path / "dev.txt")
    )
    assert "balanced_accuracy" in results.metrics
    assert "cllr" not in results.metrics
    assert any("No calibrated costs" in limit for limit in results.limits)


def test_dev_people_that_are_judged_too_are_refused(tmp_path: Path) -> None:
    path = written(study(), tmp_path / "scores.txt")
    with pytest.raises(EvaluationError, match=r"other people to choose on, got 8 .* e\.g\. id000"):
        judge_scores(path, QUICK, dev=path)


def test_a_difference_is_paired_over_the_same_people(tmp_path: Path) -> None:
    clear, noisy = study(noise=1.0), study(noise=2.5, seed=1)
    paths = written(noisy, tmp_path / "noisy.txt"), written(clear, tmp_path / "clear.txt")
    results = judge_scores(paths[0], QUICK, against=paths[1])
    change = results.differences["eer"]
    expected = eer(noisy.mated_scores, noisy.nonmated_scores) - eer(clear.mated_scores, clear.nonmated_scores)
    assert change.value == pytest.approx(expected)
    assert 0 < change.low < change.value < change.high
    assert change.detectable > 0
    with pytest.raises(EvaluationError, match="the same people on both sides, got 2 on one side only"):
        judge_scores(paths[0], QUICK, against=written(study(n_subjects=10), tmp_path / "more.txt"))


def test_scores_of_nobody_have_figures_but_no_intervals(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(1, 1, 200), rng.normal(size=2000)
    results = judge_scores(written(ScoreFile.unnamed(mated, nonmated), tmp_path / "two.npz"), QUICK)
    assert results.metrics["eer"] == Point(value=eer(mated, nonmated), chance=0.5)
    assert results.metrics["linkability"] == Point(value=d_sys(mated, nonmated), chance=0.0)
    assert all(isinstance(figure, Point) for figure in results.metrics.values())
    assert results.counts.subjects is None
    assert results.disclosure is None
    assert any("does not say whose scores these are" in limit for limit in results.limits)


def test_results_come_back_and_the_same_again_gives_the_same(tmp_path: Path) -> None:
    path = written(study(), tmp_path / "scores.parquet")
    first, second = (judge_scores(path, QUICK) for _ in range(2))
    assert first.model_dump(exclude={"times"}) == second.model_dump(exclude={"times"})
    write_results(first, tmp_path / "results.json")
    assert read_score_results(tmp_path / "results.json") == first


def test_embeddings_are_judged_without_keeping_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(40), 6)
    vectors = (rng.normal(size=(40, 16))[who] + 1.5 * rng.normal(size=(240, 16))).astype(np.float32)
    np.savez(tmp_path / "clips.npz", vectors=vectors, subjects=np.array([f"person {s:02d}" for s in who]))
    seen = []
    results = judge_embeddings(
        tmp_path / "clips.npz", QUICK, on_progress=lambda done, of: seen.append((done, of))
    )
    assert sum(done for done, _ in seen) == 240 * 239 // 2 == seen[0][1]
    held = compare_all(vectors, who)
    exact = eer(held.mated_scores, held.nonmated_scores)
    rate = results.metrics["eer"]
    assert rate.value == pytest.approx(exact, abs=1e-4)
    assert rate.low < exact < rate.high
    assert (results.counts.subjects, results.counts.clips) == (40, 240)
    assert results.counts.comparisons.mated == held.n_mated
    assert "tmr_at_fmr_1_percent" in results.metrics
    assert results.limits[0].startswith("Scores were counted in bins")


def test_a_list_of_chosen_trials_loses_its_p_value_only(tmp_path: Path) -> None:
    # All target trials, but one nontarget trial in twelve: whose clips are compared depends on who they show.
    scores = study(n_subjects=12, n_clips=5)
    known = scores.comparisons
    kept = known.mated | (np.arange(len(known.scores)) % 12 == 0)
    chosen = dataclasses.replace(
        known, scores=known.scores[kept], enrolment=known.enrolment[kept], probe=known.probe[kept]
    )
    few = ScoreFile.named(chosen, scores.clips, scores.subjects, identified_by=IdentifiedBy.FOLDERS)
    results = judge_scores(written(few, tmp_path / "chosen.txt"), QUICK)
    assert results.disclosure is not None
    assert results.disclosure.linkability is None
    assert results.metrics["eer"].low < results.metrics["eer"].value
    assert "linkability" in results.metrics
    assert any("No p value" in limit for limit in results.limits)


def test_people_who_cannot_be_told_are_not_taken_for_others(tmp_path: Path) -> None:
    scores = study()
    table = written(scores, tmp_path / "scores.txt")
    renamed = table.read_text().replace("lab_id", "speaker")  # known from target trials only
    (tmp_path / "dev.txt").write_text(renamed)
    results = judge_scores(table, QUICK, dev=tmp_path / "dev.txt")
    assert any("other people could not be checked" in limit for limit in results.limits)
    (tmp_path / "same.npz").write_bytes(written(scores, tmp_path / "one.npz").read_bytes())
    with pytest.raises(EvaluationError, match="other people to choose on"):
        judge_scores(tmp_path / "one.npz", QUICK, dev=tmp_path / "same.npz")


def test_what_looks_wrong_is_said(tmp_path: Path) -> None:
    distances = study(noise=0.8)
    known = dataclasses.replace(distances.comparisons, scores=-distances.comparisons.scores)
    turned = ScoreFile.named(known, distances.clips, distances.subjects, identified_by=IdentifiedBy.FOLDERS)
    results = judge_scores(written(turned, tmp_path / "distances.txt"), QUICK)
    assert any("If these are distances, negate them" in limit for limit in results.limits)
    apart = dataclasses.replace(known, scores=known.mated.astype(float))
    perfect = ScoreFile.named(apart, distances.clips, distances.subjects, identified_by=IdentifiedBy.FOLDERS)
    results = judge_scores(written(perfect, tmp_path / "perfect.txt"), QUICK)
    # Nobody of eight people was mistaken, which does not mean that nobody ever is.
    assert all(rate.low < rate.high for rate in results.metrics.values())
    alike = dataclasses.replace(known, scores=np.ones(len(known.scores)))
    constant = ScoreFile.named(alike, distances.clips, distances.subjects, identified_by=IdentifiedBy.FOLDERS)
    results = judge_scores(written(constant, tmp_path / "constant.txt"), QUICK)
    assert results.metrics["eer"].low == results.metrics["eer"].high == 0.5
    assert any("All resamples gave the same" in limit for limit in results.limits)


def test_a_difference_of_other_comparisons_is_said_to_be_one(tmp_path: Path) -> None:
    whole, fewer = study(), study(n_clips=3)
    paths = written(whole, tmp_path / "whole.txt"), written(fewer, tmp_path / "fewer.txt")
    results = judge_scores(paths[0], QUICK, against=paths[1])
    assert any("other comparisons of the same people" in limit for limit in results.limits)


def test_two_people_with_two_clips_lose_rank_1_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    subjects = np.append(np.arange(6), [0, 1])
    found = compare_all(rng.normal(size=(8, 4)), subjects)
    names = tuple(f"p_id{s:03d}/c{i}" for i, s in enumerate(subjects))
    people = tuple(f"id{s:03d}" for s in range(6))
    few = ScoreFile.named(found, names, people, identified_by=IdentifiedBy.FOLDERS)
    results = judge_scores(written(few, tmp_path / "few.txt"), QUICK)
    assert "rank1" not in results.metrics
    assert "eer" in results.metrics
    assert any("No rank-1" in limit for limit in results.limits)
    assert any("Only 2 people decide" in limit for limit in results.limits)


def test_very_many_people_have_their_figures_too(tmp_path: Path) -> None:
    results = judge_scores(written(study(n_subjects=310, n_clips=2), tmp_path / "many.npz"), QUICK)
    assert {"eer", "rank1", "linkability", "tmr_at_fmr_0_1_percent", "min_cllr"} <= set(results.metrics)
    rate = results.metrics["tmr_at_fmr_0_1_percent"]
    assert rate.low < rate.value < rate.high


LARGEST = np.finfo(np.float64).max


def failing(scores: ScoreFile, mark: float | np.ndarray, rows: np.ndarray) -> ScoreFile:
    known = scores.comparisons
    changed = dataclasses.replace(
        known, scores=np.where(np.isin(np.arange(len(known.scores)), rows), mark, known.scores)
    )
    return dataclasses.replace(
        scores,
        comparisons=changed,
        mated_scores=changed.mated_scores,
        nonmated_scores=changed.nonmated_scores,
    )


@pytest.mark.parametrize(("mark", "suffix"), [(-1000.0, "txt"), (-LARGEST, "parquet"), (1e30, "npz")])
def test_a_failed_comparison_is_one_comparison_and_is_named(tmp_path: Path, mark: float, suffix: str) -> None:
    scores, dev = study(n_subjects=12), study(n_subjects=12, seed=1, first=50)
    right = judge_scores(
        written(scores, tmp_path / "right.txt"), QUICK, dev=written(dev, tmp_path / "dev.txt")
    )
    rows = np.flatnonzero(scores.comparisons.mated)[:1]
    path = written(failing(scores, mark, rows), tmp_path / f"marked.{suffix}")
    found = judge_scores(path, QUICK, dev=tmp_path / "dev.txt")
    assert set(found.metrics) == set(right.metrics)
    for name, rate in found.metrics.items():
        # One of 72 mated comparisons, and two of 48 searches.
        assert rate.value == pytest.approx(right.metrics[name].value, abs=0.06), name
        assert rate.low == pytest.approx(right.metrics[name].low, abs=0.12), name
    assert all(abs(person.mean_mated) < 1 and abs(person.mean_nonmated) < 1 for person in found.subjects)
    assert any(
        f"1 of 1,128 comparisons (mated: 1) with the value {mark:.4g}" in limit for limit in found.limits
    )
    assert not any("with the value" in limit for limit in right.limits)


@pytest.mark.parametrize("name", ["dev.txt", "dev.npz"])
def test_failed_comparisons_choose_nothing(tmp_path: Path, name: str) -> None:
    scores, dev = study(n_subjects=12), study(n_subjects=12, seed=1, first=50)
    path = written(scores, tmp_path / "scores.txt")
    right = judge_scores(path, QUICK, dev=written(dev, tmp_path / "right.txt"))
    rows = np.arange(7, 1128, 50)
    marked = failing(dev, -1000.0, rows)
    if name == "dev.npz":
        marked = ScoreFile.unnamed(marked.mated_scores, marked.nonmated_scores)
    found = judge_scores(path, QUICK, dev=written(marked, tmp_path / name))
    for figure in ("accuracy", "balanced_accuracy", "cllr", "act_dcf"):
        assert found.metrics[figure].value == pytest.approx(right.metrics[figure].value, abs=0.02)
    assert any("chosen without them" in limit for limit in found.limits)
    every = failing(dev, -1000.0, np.flatnonzero(dev.comparisons.mated))
    with pytest.raises(EvaluationError, match="got no mated"):
        judge_scores(path, QUICK, dev=written(every, tmp_path / "none.txt"))


@pytest.mark.parametrize("ceiling", [1.0, 100.0])
def test_the_highest_score_that_most_mated_comparisons_have_is_no_failure(
    tmp_path: Path, ceiling: float
) -> None:
    paths = {}
    for name, seed, first in (("scores", 0, 0), ("dev", 1, 50)):
        rng = np.random.default_rng(seed)
        scores = study(n_subjects=12, seed=seed, first=first)
        mated = scores.comparisons.mated
        rows = np.flatnonzero(mated & (rng.random(len(mated)) < 0.8))
        low = ceiling * np.where(mated, rng.normal(0.1, 0.05, len(mated)), rng.normal(0, 0.05, len(mated)))
        known = dataclasses.replace(scores, comparisons=dataclasses.replace(scores.comparisons, scores=low))
        for kind, values in (("alike", ceiling), ("apart", ceiling * rng.normal(1, 1e-3, len(mated)))):
            changed = failing(known, values, rows)
            paths[name, kind] = written(changed, tmp_path / f"{name}_{kind}.txt")
    found, right = (
        judge_scores(paths["scores", kind], QUICK, dev=paths["dev", kind]) for kind in ("alike", "apart")
    )
    # As failures they gave an accuracy of .87 in place of .95, and a Cllr of .70 in place of .19.
    for figure in ("accuracy", "cllr", "eer"):
        assert found.metrics[figure].value == pytest.approx(right.metrics[figure].value, abs=0.02), figure
    assert not any("failed comparison" in limit for limit in found.limits)


@pytest.mark.parametrize(("share_mated", "is_failure"), [(0.05, False), (0.7, True)])
def test_the_lowest_score_that_most_nonmated_comparisons_have_is_no_failure(
    tmp_path: Path, share_mated: float, is_failure: bool
) -> None:
    scores = study(n_subjects=12)
    drawn, mated = np.random.default_rng(0).random(1128), scores.comparisons.mated
    rows = np.flatnonzero(drawn < np.where(mated, share_mated, 0.7))
    found = judge_scores(written(failing(scores, -1000.0, rows), tmp_path / "scores.txt"), QUICK)
    assert any("failed comparison" in limit for limit in found.limits) == is_failure


def test_a_failed_clip_does_not_hide_that_all_others_are_recognised(tmp_path: Path) -> None:
    scores = study(n_subjects=12)
    known = scores.comparisons
    rows = np.flatnonzero((known.enrolment == 3) | (known.probe == 3))
    right, found = (
        judge_scores(written(each, tmp_path / "scores.txt"), QUICK)
        for each in (scores, failing(scores, -LARGEST, rows))
    )
    # The clip itself and its three mates may be lost, of 48 searches.
    assert found.metrics["rank1"].value >= right.metrics["rank1"].value - 4 / 48
    assert found.metrics["linkability"].value == pytest.approx(right.metrics["linkability"].value, abs=0.08)
    assert (
        found.disclosure.linkability.p_value == right.disclosure.linkability.p_value == pytest.approx(1 / 21)
    )


def test_the_unit_of_the_scores_changes_no_figure(tmp_path: Path) -> None:
    scores, dev = study(), study(seed=1, first=50)
    right, found = (
        judge_scores(
            written(rescaled(scores, by), tmp_path / "scores.txt"),
            QUICK,
            dev=written(rescaled(dev, by), tmp_path / "dev.txt"),
        )
        for by in (1.0, 2.0**20)
    )
    for name, rate in right.metrics.items():
        assert found.metrics[name].value == pytest.approx(rate.value, abs=1e-6), name
        assert found.metrics[name].high == pytest.approx(rate.high, abs=1e-6), name


def rescaled(scores: ScoreFile, by: float) -> ScoreFile:
    known = dataclasses.replace(scores.comparisons, scores=scores.comparisons.scores * by)
    return dataclasses.replace(
        scores, comparisons=known, mated_scores=known.mated_scores, nonmated_scores=known.nonmated_scores
    )


def test_a_vector_of_several_people_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(8), 6)
    vectors = rng.normal(size=(8, 12))[who] + rng.normal(size=(48, 12))
    vectors[[3, 20, 41]] = 1e-8
    np.savez(tmp_path / "clips.npz", vectors=vectors, subjects=who)
    limits = judge_embeddings(tmp_path / "clips.npz", QUICK).limits
    assert any(
        "3 clips have the very same vector as a clip of another person, e.g. of 0 and 3" in each
        for each in limits
    )


def test_a_list_in_both_directions_has_the_same_figures_and_a_note(tmp_path: Path) -> None:
    path = written(study(), tmp_path / "once.txt")
    lines = [line.split() for line in path.read_text().splitlines()]
    turned = [f"{probe} {enrol} {label} {score}" for enrol, probe, label, score in lines]
    (tmp_path / "twice.txt").write_text(path.read_text() + "\n".join(turned) + "\n")
    once, twice = judge_scores(path, QUICK), judge_scores(tmp_path / "twice.txt", QUICK)
    for name, rate in once.metrics.items():
        assert twice.metrics[name].value == pytest.approx(rate.value, abs=1e-2), name
        assert twice.metrics[name].low == pytest.approx(rate.low, abs=1e-2), name
    assert twice.counts.comparisons.mated == 2 * once.counts.comparisons.mated
    assert any(
        "twice.txt: Comparisons of two clips that were compared before: 496" in x for x in twice.limits
    )


def test_two_people_have_figures_without_intervals(tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("a1 a2 target 0.9\na1 b1 nontarget 0.1\na2 a1 target 0.9\n")
    results = judge_scores(tmp_path / "few.txt", QUICK)
    assert results.metrics["auc"] == Point(value=1.0, chance=0.5)
    assert results.bootstrap is None
    assert any("No figure has an interval: 2 people with mated" in limit for limit in results.limits)


def test_a_difference_of_other_comparisons_is_named(tmp_path: Path) -> None:
    path = written(study(), tmp_path / "scores.txt")
    lines = path.read_text().splitlines(keepends=True)
    # As many on either side, so that counts do not tell.
    (tmp_path / "one.txt").write_text("".join(line for n, line in enumerate(lines) if n % 5 != 1))
    (tmp_path / "other.txt").write_text("".join(line for n, line in enumerate(lines) if n % 5 != 2))

    def limits(first: str, second: str) -> str:
        return " ".join(judge_scores(tmp_path / first, QUICK, against=tmp_path / second).limits)

    assert "99 of 397 are not in other.txt, and 99 of its 397 not here" in limits("one.txt", "other.txt")
    assert "0 of 397 are not in scores.txt, and 99 of its 496" in limits("one.txt", "scores.txt")
    assert "exactly the same scores" in limits("scores.txt", "scores.txt")
    turned = study(noise=2.0, seed=1)
    known = dataclasses.replace(
        turned.comparisons, enrolment=turned.comparisons.probe, probe=turned.comparisons.enrolment
    )
    written(dataclasses.replace(turned, comparisons=known), tmp_path / "turned.txt")
    assert "other comparisons" not in limits("scores.txt", "turned.txt")


def test_avatars_are_searched_for_among_originals(tmp_path: Path) -> None:
    """Rank-1 of originals enrolled and avatars probed is that of the avatars' searches, by a plain loop."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(10), 3)
    originals = rng.normal(size=(10, 12))[who] + rng.normal(size=(30, 12))
    avatars = 0.5 * originals + rng.normal(size=(30, 12))
    compared = compare_across(originals, avatars, who)
    scores = np.full((30, 30), np.nan)
    scores[compared.enrolment, compared.probe - 30] = compared.scores
    hits = 0
    for probe in range(30):
        means = [np.nanmean(scores[who == person, probe]) for person in range(10)]
        hits += int(np.argmax(means)) == who[probe]
    assert judge(compared, QUICK).rates["rank1"].value == pytest.approx(hits / 30)
    names = tuple(
        f"{kind}/lab_id{person:03d}/{n}" for kind in ("original", "avatar") for n, person in enumerate(who)
    )
    people = tuple(f"id{person:03d}" for person in range(10))
    listed = ScoreFile.named(compared, names, people, identified_by=IdentifiedBy.COLUMNS)
    results = judge_scores(written(listed, tmp_path / "across.parquet"), QUICK)
    assert results.metrics["rank1"].value == pytest.approx(hits / 30)
