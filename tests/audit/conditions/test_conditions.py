"""Several conditions: each study as if it were alone, and who learns what about whose avatar."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import EvaluationConfig, StudyConfig
from amber_id.audit.conditions.lines import conditions_lines
from amber_id.audit.conditions.run import run_conditions
from amber_id.audit.study.run import run_audit
from amber_id.errors import UsageError
from amber_id.protocols import SplitConfig
from amber_id.recordings import RecordingSet
from amber_id.recordings import recording_set as read_from
from amber_id.results import ConditionsResults, read_conditions, write_results
from amber_id.synthetic import SynthConfig, generate

CONFIG = StudyConfig(
    attackers=("moments on blendshapes",),
    split=SplitConfig(folds=2, dev=0.3),
    evaluation=EvaluationConfig(replicates=100, permutations=20),
    references=("damping to 25 %",),
)
ANONYMISED = ("LIVE", "RAVAS")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, RecordingSet]:
    """The same originals with two anonymisers; of the second a clip is lost, whose person has two left."""
    folder = tmp_path_factory.mktemp("people")
    for name, jitter in (("LIVE", "1"), ("RAVAS", "2")):
        generate(SynthConfig(people=12, clips=3, duration="1.5", jitter=jitter), folder / name)
    return {
        "original": RecordingSet.open(folder / "LIVE" / "original"),
        **{name: RecordingSet.open(folder / name / "avatar") for name in ANONYMISED},
    }


@pytest.fixture(scope="module")
def reads() -> Counter[Path]:
    """How often each recording was read in the run below."""
    return Counter()


@pytest.fixture(scope="module")
def run(sets, reads, tmp_path_factory: pytest.TempPathFactory) -> tuple[ConditionsResults, dict]:
    out, audits = tmp_path_factory.mktemp("study"), {}
    load = read_from.load_recording

    def counting(path: Path, **named):
        reads[path] += 1
        return load(path, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read_from, "load_recording", counting)
        results = run_conditions(
            sets["original"],
            {name: sets[name] for name in ANONYMISED},
            out,
            CONFIG,
            on_study=audits.__setitem__,
        )
    return results, audits


def figures(audit) -> dict:
    return audit.results.model_dump(mode="json", exclude={"times"})


def test_a_condition_is_found_as_if_it_were_alone(run, sets, tmp_path: Path):
    _, audits = run
    alone = run_audit({"original": sets["original"], "anonymised": sets["RAVAS"]}, tmp_path / "RAVAS", CONFIG)
    assert figures(audits["RAVAS"]) == figures(alone)
    for letters, of_cell in alone.scores.items():
        shared = audits["RAVAS"].scores[letters]
        np.testing.assert_array_equal(shared.comparisons.scores, of_cell.comparisons.scores)
        assert shared.clips == of_cell.clips


def test_each_recording_is_read_once_for_all_and_originals_once_more_for_references(run, sets, reads):
    assert {reads[entry.path] for name in ANONYMISED for entry in sets[name].entries} == {1}
    assert {reads[entry.path] for entry in sets["original"].entries} == {2}


def test_the_matrix_has_every_training_and_only_like_is_pooled_with_like(run):
    results, _ = run
    assert results.conditions == ("original", *ANONYMISED)
    assert [each.name for each in results.cells] == [
        f"{train}/{enrol}/{probe}"
        for train in ("original", "LIVE", "RAVAS", "all")
        for enrol, probe in (
            ("original", "original"),
            ("LIVE", "LIVE"),
            ("original", "LIVE"),
            ("RAVAS", "RAVAS"),
            ("original", "RAVAS"),
        )
    ] + ["all/LIVE/RAVAS", "all/each/each"]
    own, pooled = results.cell("all", "LIVE", "LIVE"), results.cell("all", "each", "each")
    assert (own.counts.mated, own.counts.nonmated) == (12 * 3, 2 * (18 * 17 // 2) - 36)
    assert (pooled.counts.mated, pooled.counts.nonmated) == (2 * own.counts.mated, 2 * own.counts.nonmated)
    across = results.cell("all", "LIVE", "RAVAS")
    assert (across.counts.mated, across.counts.nonmated) == (2 * own.counts.mated, 2 * own.counts.nonmated)


def test_a_cell_that_a_study_has_is_taken_from_there(run):
    results, audits = run
    for name in ANONYMISED:
        for cell, letters in (
            (("original", "original", "original"), "OOO"),
            (("original", name, name), "OAA"),
            (("original", "original", name), "OOA"),
            ((name, name, name), "AAA"),
        ):
            assert results.cell(*cell).eer == audits[name].results.cells[letters].metrics.eer
            assert results.cell(*cell).recognition == audits[name].results.cells[letters].recognition
        assert results.studies[name].headline == audits[name].results.headline
        assert results.studies[name].same_clips


def test_an_unknown_generator_learnt_from_the_others_and_is_held_against_who_knows_the_avatar(run):
    results, _ = run
    assert results.unknown_generator == {"LIVE": "RAVAS", "RAVAS": "LIVE"}
    assert results.cell("RAVAS", "LIVE", "LIVE").learnt_from == ("RAVAS",)
    less = {(each.cell, each.less): each.eer for each in results.differences}
    difference = less["RAVAS/LIVE/LIVE", "LIVE/LIVE/LIVE"]
    unknown, known = (results.cell(name, "LIVE", "LIVE").eer.value for name in ("RAVAS", "LIVE"))
    assert difference.value == pytest.approx(unknown - known)
    assert difference.low <= difference.value <= difference.high
    assert ("RAVAS/RAVAS/RAVAS", "LIVE/LIVE/LIVE") in less


def test_avatars_are_told_apart_where_they_differ_and_not_where_one_jitters_only(run):
    results, _ = run
    (check,) = results.checks
    assert check.name == "avatar_cue"
    assert (check.verdict == "warn") == (check.figures["avatars_told_low"] > 0.5)
    assert "No cell of this matrix rests on avatars" in check.evidence


def test_results_come_back_from_their_file_and_every_cell_has_a_line(run, tmp_path: Path):
    results, _ = run
    write_results(results, tmp_path / "results.json")
    assert read_conditions(tmp_path / "results.json") == results
    lines = "\n".join(conditions_lines(results))
    assert all(cell.name in lines for cell in results.cells)
    assert "LIVE by who never saw it (learnt from RAVAS)" in lines


def test_comparisons_across_sessions_alone_are_refused_before_anything_else(tmp_path: Path):
    config = CONFIG.model_copy(update={"split": SplitConfig(protocol="cross-session", dev=0.3)})
    nobody = RecordingSet(tmp_path, ())
    with pytest.raises(UsageError, match="protocol cross-session: the matrix of several conditions"):
        run_conditions(None, {"LIVE": nobody}, tmp_path / "out", config)
    assert not (tmp_path / "out").exists()
