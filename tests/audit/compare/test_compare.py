"""Several studies side by side: who is held against whom, and what is refused."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import (
    EvaluationConfig,
    StudyConfig,
    compare_read,
    compare_studies,
    pool_parts,
    read_studies,
    run_study,
)
from amber_id.audit.compare.folders import StudyFolder, study_names
from amber_id.biometrics import eer
from amber_id.errors import AmberError, EvaluationError, FileFormatError, UsageError
from amber_id.protocols import SplitConfig
from amber_id.recordings import RecordingSet
from amber_id.results import read_comparison, read_study_results, write_results
from amber_id.score_files import IdentifiedBy, ScoreFile, read_scores, write_scores
from amber_id.synthetic import SynthConfig, generate
from fixtures.compared_studies import make_study, named, provenance, with_attacker, write_study

CONFIG = EvaluationConfig(replicates=100)


def eer_of(folder: Path, cell: str = "AAA") -> float:
    found = read_scores(folder / "scores" / f"{cell}.parquet")
    return eer(found.mated_scores, found.nonmated_scores)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same people twice, the second time with noise upon the scores."""
    folder = tmp_path_factory.mktemp("two")
    noisy = write_study(folder / "noisy", "OOO", "AAA", noise=0.3)
    return write_study(folder / "clear", "OOO", "AAA"), noisy


def test_each_study_keeps_its_own_figures(two: tuple[Path, Path]) -> None:
    found = compare_studies(two, config=CONFIG)
    assert (found.cell, [study.name for study in found.studies]) == ("AAA", ["clear", "noisy"])
    for study, folder in zip(found.studies, two, strict=True):
        results = read_study_results(folder / "results.json")
        assert study.headline == results.headline
        assert (study.subjects, study.clips) == (14, {"original": 84, "anonymised": 84})
        assert study.expression == results.utility.expression
        for letters, cell in study.cells.items():
            metrics = results.cells[letters].metrics
            assert (cell.eer, cell.auc) == (metrics.eer, metrics.auc)
            assert cell.tmr_at_fmr_10_percent == metrics.tmr_at_fmr_10_percent
            assert cell.attacker == "moments"


def test_the_difference_is_that_of_the_scores_of_the_chosen_cell(two: tuple[Path, Path]) -> None:
    for cell in ("AAA", "OOO"):
        first, second = compare_studies(two, cell, CONFIG).studies
        assert (first.less_first, first.not_paired) == (None, None)
        less = second.less_first
        assert less.eer.value == pytest.approx(eer_of(two[1], cell) - eer_of(two[0], cell))
        assert less.eer.low < less.eer.value < less.eer.high
        assert less.eer.low > 0  # the noise is plain to see
        assert less.auc.high < 0


def test_people_are_matched_by_name_whatever_their_numbers(two: tuple[Path, Path]) -> None:
    """The same scores under other numbers differ by nothing, however one draws people."""
    _, (first, _) = read_studies(two)
    turned = first.comparisons.n_subjects - 1 - first.comparisons.subjects
    scores = ScoreFile.named(
        replace(first.comparisons, subjects=turned),
        first.scores.clips,
        first.scores.subjects[::-1],
        identified_by=IdentifiedBy.COLUMNS,
    )
    again = StudyFolder("again", first.results, scores, "", "")
    less = compare_read("AAA", (first, again), CONFIG).studies[1].less_first
    assert less.eer.value == 0
    mismatched = replace(scores, subjects=first.scores.subjects, clips=tuple(map(str, range(84))))
    plain = replace(first.scores, clips=tuple(map(str, range(84))))
    wide = (
        compare_read(
            "AAA",
            (replace(first, scores=plain), StudyFolder("wrong", first.results, mismatched, "", "")),
            CONFIG,
        )
        .studies[1]
        .less_first
    )
    assert less.eer.high - less.eer.low < 0.2 * (wide.eer.high - wide.eer.low)


def test_other_people_are_not_paired_and_it_is_said_why(two: tuple[Path, Path], tmp_path: Path) -> None:
    later = write_study(tmp_path / "later", "OOO", "AAA", first=8)
    first, second = compare_studies((two[0], later), config=CONFIG).studies
    assert second.less_first is None
    assert second.not_paired == (
        "No paired difference: 7 of the 14 people are among the 14 of clear; it needs the same people on "
        "both sides."
    )
    assert first.name == "clear"


def test_the_same_numbers_in_another_corpus_are_other_people(two: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_study(tmp_path / "other", "OOO", "AAA", source="cremad")
    found = compare_studies((two[0], other), config=CONFIG).studies[1]
    assert found.less_first is None
    assert found.not_paired.startswith("No paired difference: 0 of the 14 people")


def test_without_recordings_in_common_names_are_not_proof(two: tuple[Path, Path], tmp_path: Path) -> None:
    def said(folder: Path) -> str:
        return " ".join(compare_studies((two[0], folder), config=CONFIG).limits)

    results = make_study("OOO", "AAA")[0]
    hashes = {"original": "b2" * 32, "anonymised": "c3" * 32}
    apart = write_study(
        tmp_path / "apart", "OOO", "AAA", changes=provenance(results, recordings_sha256=hashes)
    )
    assert "The names of folders alone indicate that apart and clear show the same people" in said(apart)
    assert "names of folders" not in said(two[1])


def test_the_cell_is_the_headline_or_the_first_in_common(two: tuple[Path, Path], tmp_path: Path) -> None:
    faces = write_study(tmp_path / "faces", "OOO")
    assert read_studies((two[0], faces))[0] == "OOO"
    many = write_study(tmp_path / "many", "OOO", "OOA", "AAA")
    assert read_studies((many, two[0]))[0] == "AAA"
    avatars = write_study(tmp_path / "avatars", "AAA")
    with pytest.raises(
        EvaluationError, match=r"expected a cell in all studies, but faces has OOO; avatars has AAA$"
    ):
        read_studies((faces, avatars))
    with pytest.raises(
        EvaluationError, match="expected the cell OOA in all studies, but clear has OOO, AAA;"
    ):
        read_studies(two, "OOA")


def test_names_are_as_short_as_they_can_be() -> None:
    folders = [Path("a/x/study"), Path("b/x/study"), Path("c/other"), Path("b/y/study")]
    assert study_names(folders) == ("a/x/study", "b/x/study", "other", "y/study")


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (["a"], "two studies or more to compare, got 1"),
        (["a", "b", "x/../a"], "each study once, got a 2 times"),
    ],
)
def test_too_few_and_one_twice_are_wrong_usage(folders: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compare_studies([Path(folder) for folder in folders])


def test_what_is_no_study_is_refused_by_name(two: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"results\.json: cannot be read"):
        compare_studies((two[0], tmp_path))
    broken = write_study(tmp_path / "broken", "AAA")
    write_scores(broken / "scores" / "AAA.parquet", named(make_study("AAA", clips=5)[1]["AAA"]))
    with pytest.raises(EvaluationError, match=r"AAA\.parquet: expected the 210 mated.*: audit again"):
        compare_studies((two[0], broken))
    shutil.copy(two[1] / "scores" / "AAA.parquet", broken / "scores")
    with pytest.raises(
        EvaluationError, match=r"AAA\.parquet: expected scores of the EER 0\.3.*: audit again"
    ):
        compare_studies((two[0], broken))
    (broken / "scores" / "AAA.parquet").unlink()
    with pytest.raises(AmberError, match=r"AAA\.parquet: cannot be read"):
        compare_studies((two[0], broken))


def test_what_must_be_known_first_is_said(two: tuple[Path, Path], tmp_path: Path) -> None:
    results = make_study("OOO", "AAA")[0]
    new = {"trackers": ["FaceMesh"], "avatars": ["ravas, avatar SHA-256 ab"]}
    made = provenance(results, amber_id="0.0.9", test_opening=3, **new)
    other = write_study(tmp_path / "other", "OOO", "AAA", invalid=True, changes=made, first=30)
    said = " ".join(compare_studies((*two, other), config=CONFIG).limits)
    for part in (
        "The finding of other is invalid",
        "different versions",
        "different face trackers",
        "avatars were not all made alike",
        "test sets of other have been used before",
        "Studies without a paired difference tested other people",
        "does not prove more privacy",
    ):
        assert part in said, part
    plain = " ".join(compare_studies(two, config=CONFIG).limits)
    for part in (
        "invalid",
        "versions",
        "trackers",
        "made alike",
        "used before",
        "Studies without",
        "sources",
    ):
        assert part not in plain, part


def test_figures_of_different_utterances_are_not_beside_others_unsaid(two: tuple[Path, Path]) -> None:
    cell, studies = read_studies(two, None)
    of_cell = studies[1].results.cells[cell]
    counts = of_cell.counts.model_copy(update={"unknown_utterances": 0})
    cells = studies[1].results.cells | {cell: of_cell.model_copy(update={"counts": counts})}
    results = studies[1].results.model_copy(update={"cells": cells})
    limited = [studies[0], replace(studies[1], results=results)]
    for each, expected in ((limited, True), (studies, False)):
        limits = " ".join(compare_read(cell, each, CONFIG).limits)
        assert ("between different utterances" in limits) == expected


def test_equal_studies_give_equal_bytes_that_come_back(two: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = (compare_studies(two, config=CONFIG) for _ in range(2))
    for name, found in (("one", one), ("other", other)):
        write_results(found, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert read_comparison(tmp_path / "one") == one


# parts of one study ---------------------------------------------------------------------------------


def test_parts_with_other_people_are_pooled(two: tuple[Path, Path], tmp_path: Path) -> None:
    rest = write_study(tmp_path / "rest", "OOO", "AAA", first=15, noise=0.1)
    cell, read = read_studies((two[0], rest))
    pooled = pool_parts(cell, read)
    found = compare_read(cell, read, CONFIG, pooled=pooled).pooled
    each = [read_scores(folder / "scores" / "AAA.parquet") for folder in (two[0], rest)]
    mated, nonmated = (
        np.concatenate([getattr(part, side) for part in each]) for side in ("mated_scores", "nonmated_scores")
    )
    assert found.cell.eer.value == pytest.approx(eer(mated, nonmated))
    assert found.cell.eer.low < found.cell.eer.value < found.cell.eer.high
    assert (found.subjects, found.cell.counts.mated, found.cell.counts.nonmated) == (
        28,
        len(mated),
        len(nonmated),
    )
    assert pooled.n_subject_pairs == 2 * 91  # nobody meets people of the other part
    assert compare_read(cell, read, CONFIG).pooled is None


def test_what_are_no_parts_is_not_pooled(two: tuple[Path, Path], tmp_path: Path) -> None:
    results = make_study("OOO", "AAA")[0]
    last = write_study(tmp_path / "last", "OOO", "AAA", first=14)
    with pytest.raises(EvaluationError, match="got ravdess_id014 in clear and in last"):
        pool_parts(*read_studies((two[0], last)))
    hashes = {"original": "b2" * 32, "anonymised": "a1" * 32}
    other = write_study(
        tmp_path / "other", "OOO", "AAA", first=15, changes=provenance(results, recordings_sha256=hashes)
    )
    with pytest.raises(EvaluationError, match="got others in other than in clear"):
        pool_parts(*read_studies((two[0], other)))
    fused = write_study(tmp_path / "fused", "OOO", "AAA", first=15, changes=with_attacker(results, "fusion"))
    with pytest.raises(EvaluationError, match="got moments in clear, fusion in fused"):
        pool_parts(*read_studies((two[0], fused)))


# two real ones --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same people, split by two seeds; everyone is tested once in either."""
    folder = tmp_path_factory.mktemp("real")
    generate(SynthConfig(people=12, clips=3), folder)
    sets = {"anonymised": RecordingSet.open(folder / "avatar")}
    for seed in (0, 1):
        config = StudyConfig(
            attackers=("moments on blendshapes",),
            split=SplitConfig(folds=2, dev=0.3, seed=seed),
            evaluation=EvaluationConfig(replicates=100, permutations=20),
        )
        out = folder / f"seed{seed}"
        results, scores = run_study(sets, out, config)
        write_results(results, out / "results.json")
        for name, of_cell in scores.items():
            write_scores(out / "scores" / f"{name}.parquet", of_cell)
    return folder / "seed0", folder / "seed1"


def test_two_real_studies_are_compared_as_a_person_types_it(real: tuple[Path, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "amber_id", "compare", *map(str, real)]
    command += ["--out", str(tmp_path / "out"), "--replicates", "100"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    first, second = found["studies"]
    less = second["less_first"]["eer"]
    assert less["value"] == pytest.approx(eer_of(real[1]) - eer_of(real[0]))
    assert lines[0].split() == ["study", "people", "EER", "of", "AAA", "less", "that", "of", "the", "first"]
    assert lines[1].startswith(f"seed0      12  {first['cells']['AAA']['eer']['value']:.3f} [")
    assert f"{less['value']:+.3f} [{less['low']:+.3f}, {less['high']:+.3f}]" in lines[2]
    assert lines[-1] == str(tmp_path / "out" / "compare.html")
    assert {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")} == {
        "comparison.json", "comparison.csv", "compare.html",
        "figures/roc.png", "figures/roc.pdf", "figures/det.png", "figures/det.pdf",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--pool",), 1, "expected other people in each part to pool, got synth_id"),
        (("--cell", "BOA"), 1, "expected the cell BOA in all studies, but seed0 has AAA; seed1 has AAA"),
        (("--replicates", "5"), 2, "--replicates"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    real: tuple[Path, Path], tmp_path: Path, more: tuple[str, ...], code: int, said: str
) -> None:
    command = [sys.executable, "-m", "amber_id", "compare", *map(str, real), "--out", str(tmp_path / "out")]
    done = subprocess.run([*command, *more], capture_output=True, text=True)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
