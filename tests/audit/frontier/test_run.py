"""A whole frontier of a few synthetic people: its points, what it keeps, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import Plan, defended, parsed_defences
from amber_id.audit import run_frontier, stages_of_frontier
from amber_id.audit.attack.tested import embed_people
from amber_id.audit.frontier.config import PUBLISHED, UNDEFENDED
from amber_id.biometrics import Comparisons, eer
from amber_id.errors import ClipError, CorpusError, EvaluationError, SplitError, UsageError
from amber_id.file_formats import file_hash
from amber_id.protocols import read_split
from amber_id.recordings import RecordingSet, save_recording
from amber_id.results import FrontierResults
from amber_id.score_files import read_scores
from fixtures.frontiers import few_people, small_config, undefended_run

Run = tuple[FrontierResults, RecordingSet, Path]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    return RecordingSet.open(few_people(tmp_path_factory.mktemp("people")))


@pytest.fixture(scope="module")
def run(originals: RecordingSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("frontier")
    return run_frontier(originals, out, small_config("damp:0.5"), device="cpu"), originals, out


def test_every_point_is_of_the_same_people_clips_and_comparisons(run: Run) -> None:
    results, originals, out = run
    assert [point.name for point in results.points] == [UNDEFENDED, PUBLISHED, "damp:0.5"]
    assert results.counts.clips == len(originals.entries)
    assert results.counts.subjects == len(originals.subjects)
    scores = [read_scores(out / "scores" / f"{p.name.replace(':', '-')}.parquet") for p in results.points]
    for each, point in zip(scores, results.points, strict=True):
        assert each.comparisons is not None
        assert each.clips == scores[0].clips
        np.testing.assert_array_equal(each.comparisons.enrolment, scores[0].comparisons.enrolment)  # type: ignore[union-attr]
        assert point.eer.value == eer(each.mated_scores, each.nonmated_scores)
        assert set(point.kept.subjects) == set(originals.subjects)
        assert point.several_clips is not None
        assert point.several_clips.clips == 2  # of four clips of a person


def test_differences_are_those_of_the_points(run: Run) -> None:
    results = run[0]
    undefended, published, damped = results.points
    assert undefended.eer_less_undefended is None
    assert published.eer_less_reference is None
    assert damped.eer_less_undefended is not None
    assert damped.eer_less_undefended.value == pytest.approx(damped.eer.value - undefended.eer.value)
    assert damped.eer_less_reference is not None
    assert damped.eer_less_reference.value == pytest.approx(damped.eer.value - published.eer.value)
    assert damped.utility_less_reference is not None
    assert damped.utility_less_reference.value == pytest.approx(
        damped.utility.number.value - published.utility.number.value
    )


def test_attackers_know_the_defence_and_one_has_pairs(run: Run) -> None:
    undefended, published, _ = run[0].points
    assert undefended.uninformed is None
    assert list(undefended.attackers) == ["moments"]
    assert len(published.attackers) >= 2
    assert any("mapped" in name for name in published.attackers)
    assert published.uninformed is not None
    # Attackers that learnt from other clips, or have other ones enrolled: three different sets of scores.
    linking, originals = published.uninformed.linking.value, published.uninformed.originals.value
    assert len({linking, originals, published.eer.value}) == 3


def test_an_uninformed_attacker_links_defended_clips_as_its_run_does(run: Run, tmp_path: Path) -> None:
    results, originals, out = run
    plan = Plan(parsed_defences(PUBLISHED), small_config().seed)
    for entry in originals.entries:
        save_recording(defended(originals.load(entry), plan), tmp_path / f"{entry.clip}.safetensors")
    split = read_split(out / "split.csv")
    (tested,) = embed_people((undefended_run(out),), RecordingSet.open(tmp_path), split, device="cpu")
    pooled = Comparisons.pool(tested.comparisons)
    uninformed = results.point(PUBLISHED).uninformed
    assert uninformed is not None
    assert uninformed.linking.value == eer(pooled.mated_scores, pooled.nonmated_scores)


def test_utility_is_one_of_undefended_clips_and_limits_are_named_where_missed(run: Run) -> None:
    undefended, published, damped = run[0].points
    assert undefended.utility.number.value == pytest.approx(1)
    assert undefended.limits_missed == ()
    assert 0 < damped.utility.number.value < published.utility.number.value < 1
    assert any(each.startswith("amplitude 0.50, not 0.8 to 1.25") for each in damped.limits_missed)
    assert damped.utility.measured["amplitude"].value == pytest.approx(0.5, abs=0.01)
    assert run[0].finding.startswith("1 of 2 defences holds the limits of utility")


def test_nothing_of_a_point_is_kept_but_figures_and_scores(run: Run) -> None:
    out = run[2]
    assert sorted(each.name for each in out.iterdir() if not each.name.startswith(".")) == [
        "runs", "scores", "split.csv", "split.json", "stages", "undefended",
    ]  # fmt: skip
    # Recordings of undefended clips are the only ones.
    assert {path.relative_to(out).parts[0] for path in out.rglob("*.safetensors")} <= {"undefended", "runs"}


def test_what_was_measured_is_not_measured_again_and_a_further_point_is(run: Run) -> None:
    results, originals, out = run
    stages: list[tuple[str, bool]] = []
    again = run_frontier(
        originals, out, small_config("damp:0.5"), device="cpu", on_stage=lambda *each: stages.append(each)
    )
    assert again.model_copy(update={"times": results.times}) == results
    assert [name for name, before in stages if not before] == ["clips"]
    assert [name for name, _ in stages] == list(stages_of_frontier(small_config("damp:0.5")))

    stages.clear()
    path = out / "scores" / "p-blend-1.parquet"
    path.write_bytes(path.read_bytes()[:-9])  # cut off: the point is measured again, to the same scores
    more = run_frontier(
        originals,
        out,
        small_config("damp:0.5", "damp:0.25"),
        device="cpu",
        on_stage=lambda *each: stages.append(each),
    )
    anew = [name for name, before in stages if not before]
    assert anew == ["clips", f"point {PUBLISHED}", "point damp:0.25"]
    assert file_hash(path) == results.point(PUBLISHED).scores_sha256
    assert more.points[:3] == results.points or more.point("damp:0.5").eer == results.point("damp:0.5").eer
    assert [(step.weaker, step.stronger) for step in more.steps] == [
        (UNDEFENDED, "damp:0.25"),
        ("damp:0.25", "damp:0.5"),
    ]
    for step in more.steps:
        assert step.utility.value == pytest.approx(
            more.point(step.stronger).utility.number.value - more.point(step.weaker).utility.number.value
        )
        assert step.utility.high < 0


def test_a_point_from_which_nothing_is_learnt_is_named_and_the_others_go_on(
    originals: RecordingSet, tmp_path: Path
) -> None:
    config = small_config("damp:1")
    still = "moments on blendshapes, standardised"
    alone = run_frontier(
        originals, tmp_path / "alone", config.model_copy(update={"attackers": (still,)}), device="cpu"
    )
    assert [point.name for point in alone.points] == [UNDEFENDED, PUBLISHED]
    (failed,) = alone.failed
    assert failed.name == "damp:1"
    assert failed.reason.startswith("no attacker could learn from these clips: moments: no statistic differs")

    both = config.model_copy(update={"attackers": ("moments on blendshapes", still), "against": "damp:1"})
    several = run_frontier(originals, tmp_path / "several", both, device="cpu")
    assert several.failed == ()
    assert list(several.point("damp:1").not_fitted) == [still]
    assert any("damp:1: some attackers could learn nothing" in each for each in several.limits)
    assert several.point("damp:1").utility.number.value == 0

    with pytest.raises(EvaluationError, match="--against damp:1: no attacker could learn"):
        run_frontier(
            originals,
            tmp_path / "alone",
            config.model_copy(update={"attackers": (still,), "against": "damp:1"}),
            device="cpu",
        )


def test_another_seed_is_another_frontier(run: Run) -> None:
    _, originals, out = run
    config = small_config("damp:0.5")
    with pytest.raises(SplitError, match="made with seed 0, asked for is seed 7"):
        run_frontier(
            originals,
            out,
            config.model_copy(update={"split": config.divided_as(6).model_copy(update={"seed": 7})}),
        )


def test_donors_are_needed_where_a_defence_takes_them_on(originals: RecordingSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="donor-clip takes on the style of people of --donors"):
        run_frontier(originals, tmp_path, small_config("donor-clip:1"))


def of_people(originals: RecordingSet, people: int, clips: int) -> RecordingSet:
    entries = []
    for subject in originals.subjects[:people]:
        entries += [entry for entry in originals.entries if entry.subject == subject][:clips]
    return replace(originals, entries=tuple(entries))


@pytest.mark.parametrize(
    ("people", "clips", "error", "reason"),
    [
        (
            4,
            2,
            SplitError,
            "expected 6 people or more, two each to learn from, to choose on and to test, got 4",
        ),
        (6, 1, CorpusError, "no person has two usable clips"),
    ],
)
def test_too_few_are_refused(
    originals: RecordingSet, tmp_path: Path, people: int, clips: int, error: type, reason: str
) -> None:
    with pytest.raises(error, match=reason):
        run_frontier(of_people(originals, people, clips), tmp_path, small_config())


def test_recordings_without_blendshapes_are_dropped_or_refused(
    originals: RecordingSet, tmp_path: Path
) -> None:
    people = tmp_path / "people"
    for entry in originals.entries:
        recording = originals.load(entry)
        save_recording(replace(recording, blendshapes=None), people / f"{entry.clip}.safetensors")
    without = RecordingSet.open(people)
    with pytest.raises(ClipError, match="has no blendshapes, which defences change"):
        run_frontier(without, tmp_path / "none", small_config())
