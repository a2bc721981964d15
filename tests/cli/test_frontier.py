"""`amber frontier` on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from amber_id.cli.frontiers import _lines
from amber_id.results import Difference, FrontierResults, read_frontier
from amber_id.results.frontier import StrengthStep
from fixtures.command_line import Done
from fixtures.frontiers import few_people

Run = Callable[..., Done]
QUICK = """
attackers = ["moments on blendshapes"]
[evaluation]
replicates = 100
permutations = 20
[utility]
replicates = 100
[limits]
amplitude_low = 0.4
"""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return few_people(tmp_path_factory.mktemp("people"), people=6, clips=3)


def test_a_frontier_is_written_and_its_points_are_printed(
    amber: Run, originals: Path, tmp_path: Path
) -> None:
    config = tmp_path / "quick.toml"
    config.write_text(QUICK)
    out = tmp_path / "out"
    done = amber(
        "frontier", originals, "--out", out, "--with", "damp", "--strengths", "0,0.5", "--against",
        "noise:0.1",
        "--config", config, "--workers", 1, "--seed", 4, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = read_frontier(out / "results.json")
    assert [point.name for point in results.points] == ["redrawn:1", "noise:0.1", "damp:0.5"]
    assert results.config["seed"] == 4
    assert results.config["evaluation"]["seed"] == 4
    assert json.loads((out / "split.json").read_text("utf-8"))["config"]["seed"] == 4
    lines = done.stdout.splitlines()
    assert lines[0] == results.finding
    assert "EER less noise:0.1" in lines[1]
    assert [line.split()[0] for line in lines[2:5]] == [point.name for point in results.points]
    assert not any("amplitude" in line for line in lines)  # 0.5 is held by the limit of the file
    assert lines[5] == str(out / "frontier.html")
    assert "point damp:0.5" in done.stderr
    printed = list(_lines(with_steps(results)))[5:]
    assert [line.split("  ")[0] for line in printed] == [
        "step of strength",
        "redrawn:1 -> damp:0.5",
        "damp:0.5 -> damp:1",
    ]
    assert "+0.010 [-0.020, +0.040]" in printed[1]
    assert printed[1].endswith("-0.200 [-0.300, -0.100]")
    assert printed[2].endswith("+0.100 [+0.050, +0.150]  hides less  keeps more")
    assert (out / "frontier.csv").exists()


def with_steps(results: FrontierResults) -> FrontierResults:
    """The results with two steps of strength, of which the second goes back."""

    def difference(value: float, low: float, high: float) -> Difference:
        return Difference(value=value, low=low, high=high, level=0.95, detectable=0.1)

    steps = (
        StrengthStep(
            weaker="redrawn:1",
            stronger="damp:0.5",
            eer=difference(0.01, -0.02, 0.04),
            utility=difference(-0.2, -0.3, -0.1),
        ),
        StrengthStep(
            weaker="damp:0.5",
            stronger="damp:1",
            eer=difference(-0.03, -0.05, -0.01),
            utility=difference(0.1, 0.05, 0.15),
        ),
    )
    return results.model_copy(update={"steps": steps})


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--with", "popluation"], 2, "--with: no defence is called 'popluation'; do you mean population?"),
        (
            ["--with", "noise:2"],
            2,
            "--with noise: expected a strength from 0 (nothing changes) to 1, got '2'",
        ),
        (["--strengths", "0.5,2"], 2, "--strengths: expected numbers from 0 to 1, got 2"),
        (["--strengths", "half"], 2, "--strengths: expected numbers from 0 to 1 with commas"),
        (["--against", "p-bland"], 2, "--with: no defence is called 'p-bland'; do you mean p-blend?"),
        (["--with", "donor-clip:1"], 2, "donor-clip takes on the style of people of --donors: name a folder"),
        (["--with", "noise", "--donors", "."], 2, "--donors: none of these defences takes on the style"),
        (
            ["--with", "learned:1"],
            2,
            "learned needs --model FILE; `amber defences train --out FILE` makes one",
        ),
        (["--folds", "1"], 2, "--folds must be 2 or more"),
        (["--workers", "0"], 2, "--workers must be 1 or more, got 0"),
    ],
)
def test_what_cannot_be_is_one_line(
    amber: Run, originals: Path, tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    asked = [originals if each == "." else each for each in arguments]
    done = amber("frontier", originals, "--out", tmp_path / "out", *asked)
    assert done.returncode == code
    (line,) = done.stderr.splitlines()  # before anything is told of what is to come
    assert line.removeprefix("amber: ").startswith(reason)
    assert not (tmp_path / "out" / "undefended").exists()


@pytest.mark.parametrize(
    ("people", "clips", "reason"),
    [
        (4, 2, "expected 6 people or more"),
        (6, 1, "nobody has two clips"),
    ],
)
def test_too_few_people_or_clips_are_one_line(
    amber: Run, tmp_path: Path, people: int, clips: int, reason: str
) -> None:
    few = few_people(tmp_path / "few", people=people, clips=clips)
    done = amber("frontier", few, "--out", tmp_path / "out", "--quiet")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert reason in line
