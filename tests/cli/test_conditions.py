"""`amber audit` of several anonymisers: names, one clear line for what does not fit, and what is written."""

from pathlib import Path

import pytest

from amber_id.audit import StudyConfig, look_ahead_together, stages_of_conditions
from amber_id.audit.compare.folders import studies_in
from amber_id.cli.conditions import ALONE, named_conditions
from amber_id.errors import CorpusError, UsageError
from amber_id.results import read_conditions, read_study_results
from amber_id.synthetic import SynthConfig, generate
from fixtures.command_line import run_here


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, jitter in (("one", "1"), ("two", "2")):
        generate(SynthConfig(people=8, clips=2, duration="1.2", jitter=jitter), folder / name)
    (folder / "study.toml").write_text(
        'attackers = ["moments on blendshapes"]\nreferences = []\n[split]\nfolds = 2\ndev = 0.25\n'
        "[evaluation]\nreplicates = 100\npermutations = 20\n"
    )
    return folder


def test_a_folder_without_a_name_is_what_it_always_was(tmp_path: Path):
    assert named_conditions([]) == {}
    assert named_conditions(["videos/avatar"]) == {ALONE: Path("videos/avatar")}
    assert named_conditions(["../a=b"]) == {ALONE: Path("../a=b")}
    there = tmp_path / "LIVE=1"
    there.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path)
        assert named_conditions(["LIVE=1"]) == {ALONE: Path("LIVE=1")}
    assert named_conditions(["LIVE=one", "RAVAS=a=b"]) == {"LIVE": Path("one"), "RAVAS": Path("a=b")}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["one", "two"], "expected a name for each of 2 folders, got two without one; write NAME=FOLDER"),
        (["LIVE=one", "two"], "got two without one"),
        (["two", "LIVE=one"], "got two without one"),
        (["LIVE=one", "LIVE=two"], "LIVE=...: the name comes twice"),
        (["LIVE=one", "live=two"], "live=...: the name comes twice"),
        (["original=one"], "original=...: the name is taken, for all, anonymised,"),
        (["All=one"], "All=...: the name is taken"),
        (["LI VE=one"], "expected a name of up to 32 letters a to z, digits, - and _"),
        (["é=one"], "expected a name of up to 32"),
        (["..=one"], "expected a name of up to 32"),
        (["=one"], "expected a name of up to 32"),
        ([f"{'a' * 33}=one"], "expected a name of up to 32"),
        (["LIVE=one", "RAVAS=./one"], "RAVAS=one: is the folder of LIVE, too; name each once"),
    ],
)
def test_names_that_do_not_fit_are_one_line(values: list[str], expected: str):
    with pytest.raises(UsageError) as refused:
        named_conditions(values)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_conditions_are_looked_at_together_before_anything_is_tracked(corpus: Path, tmp_path: Path):
    folders = {
        "original": corpus / "one" / "original",
        "LIVE": corpus / "one" / "avatar",
        "RAVAS": corpus / "two" / "avatar",
    }
    (line,) = look_ahead_together(folders, StudyConfig())
    assert line.startswith("matrix of original, LIVE and RAVAS: all have 16 clips of 8 people; 22 cells")
    copied = tmp_path / "copied"
    copied.symlink_to(corpus / "one" / "avatar")
    with pytest.raises(UsageError, match=r"AGAIN=.*has the very files of LIVE; name what another anonymiser"):
        look_ahead_together({**folders, "AGAIN": copied}, StudyConfig())
    others = tmp_path / "others"
    generate(SynthConfig(people=3, clips=1, duration="1.2"), others)
    with pytest.raises(CorpusError, match="expected people with two clips that every condition has, got non"):
        look_ahead_together({**folders, "OTHERS": others / "avatar"}, StudyConfig())


def test_every_stage_that_is_begun_is_in_the_list():
    stages = list(stages_of_conditions(["LIVE", "RAVAS"], StudyConfig(), originals=True, tracked=["RAVAS"]))
    assert stages[:2] == ["RAVAS: tracking anonymised clips", "LIVE: clips"]
    assert stages[-1] == "matrix of all conditions"
    assert "training moments on original and LIVE and RAVAS clips" in stages
    one = list(stages_of_conditions(["LIVE"], StudyConfig(), originals=True))
    assert not any(name.startswith("training") for name in one), "its study trains on both already"


def test_one_condition_with_a_name_has_a_study_a_report_and_a_matrix_of_what_its_study_found(
    corpus: Path, tmp_path: Path
):
    out = tmp_path / "study"
    arguments = [
        "--original",
        corpus / "one" / "original",
        "--anonymised",
        f"LIVE={corpus / 'one' / 'avatar'}",
    ]
    arguments += ["--out", out, "--config", corpus / "study.toml", "--quiet"]
    done = run_here("audit", *arguments)
    assert done.returncode == 0, done.stderr
    results = read_conditions(out / "results.json")
    page = (out / "report.html").read_text(encoding="utf-8")
    study = read_study_results(out / "LIVE" / "results.json")
    assert study.headline == results.studies["LIVE"].headline
    assert f"LIVE: {study.headline.text}" in done.stdout
    assert 'href="LIVE/report.html"' in page
    assert (out / "LIVE" / "report.html").exists()
    assert results.cell("all", "original", "LIVE").eer == study.cells["BOA"].metrics.eer
    assert not (out / "matrix" / "runs").exists(), "its study has trained on both already"
    assert results.unknown_generator == {}
    assert results.checks == ()
    assert all(cell.name in done.stdout for cell in results.cells)
    rows = (out / "matrix.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len(results.cells)
    assert (out / "differences.csv").exists()
    assert studies_in([out, out / "LIVE", tmp_path]) == (out / "LIVE", out / "LIVE", tmp_path)
