"""`amber power` as somebody who plans a study types it."""

import csv
import json
import math
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from typer.testing import CliRunner

from amber_id.biometrics import StudyPlan, StudyPower
from amber_id.cli import app
from amber_id.cli.planning import _answer, _one_thread_each, _table
from amber_id.errors import UsageError
from amber_id.report.power.figures import draw_power, write_power_figures
from amber_id.report.power.files import write_power
from fixtures.command_line import run_here

SMALL = ["--people", "12,6", "--clips", "3", "--eer", "0.2,.1", "--studies", "10"]


amber = partial(run_here, "power")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path, str]:
    folder = tmp_path_factory.mktemp("power") / "out"
    run = amber(*SMALL, "--detect", "0.18", "--out", folder, "--workers", "2")
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines(), folder, run.stderr


def test_the_table_says_what_the_files_say(done: tuple[list[str], Path, str]) -> None:
    lines, folder, told = done
    with (folder / "power.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    content = json.loads((folder / "power.json").read_text())
    assert [(row["people"], row["eer"]) for row in rows] == [
        ("6", "0.1"), ("12", "0.1"), ("6", "0.2"), ("12", "0.2")
    ]  # fmt: skip
    assert [{key: str(value) for key, value in cell.items()} for cell in content["cells"]] == rows
    for line, row in zip(lines[1:5], rows, strict=True):
        width, low, high, detectable = (
            f"{float(row[name]):.3f}" for name in ("width", "width_low", "width_high", "detectable")
        )
        held, apart = (f"{int(row[name]) / 10:.0%}" for name in ("held", "told_apart"))
        assert line.split() == [
            row["people"], "3", row["mated"], row["nonmated"], row["eer"],
            width, f"({low}-{high})", detectable, held, apart,
        ]  # fmt: skip
    assert lines[-4:] == [
        str(folder / name) for name in ("power.json", "power.csv", "power.png", "power.pdf")
    ]
    assert "folds" in told


def test_the_json_says_what_was_asked_and_by_which_versions(done: tuple[list[str], Path, str]) -> None:
    content = json.loads((done[1] / "power.json").read_text())
    assert content["schema"] == "amber-id/power/1"
    assert content["configuration"] == {
        "people": [6, 12], "clips": [3], "eer": [0.1, 0.2], "detect": 0.18, "folds": 1, "unlike": 0.6,
        "correlation": 0.5, "studies": 10, "replicates": 200, "seed": 0,
    }  # fmt: skip
    assert set(content["provenance"]) == {"amber_id", "packages", "python", "machine"}
    assert set(content["times"]) == {"finished", "wall_s"}


def test_the_question_is_answered_for_each_number_of_clips_and_eer(
    done: tuple[list[str], Path, str],
) -> None:
    lines, folder, _ = done
    needed = json.loads((folder / "power.json").read_text())["people_needed"]
    assert [(each["clips"], each["eer"]) for each in needed] == [(3, 0.1), (3, 0.2)]
    answers = [line for line in lines if line.startswith("to distinguish")]
    assert answers == [
        _answer((3, each["eer"]), each["people"] or math.inf, powers((6, 12), (3,), 0.18)) for each in needed
    ]


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (20.0, "20 or fewer"),
        (20.3, "about 21"),
        (63.0, "about 63"),
        (63.1, "about 64"),
        (134.0, "about 140"),
        (1204.0, "about 1300"),
        (math.inf, "more than 2000"),
    ],
)
def test_the_answer_is_rounded_up_to_two_digits(needed: float, said: str) -> None:
    assert _answer((5, 0.16), needed, powers((20, 2000), (5,), 0.1)) == (
        "to distinguish an EER of 0.26 from one of 0.16 with a power of 80 %, "
        f"test {said} people with 5 clips each"
    )


def test_more_people_than_were_simulated_are_null_in_the_json(tmp_path: Path) -> None:
    needed = {(5, 0.1): 33.5, (5, 0.2): math.inf}
    write_power(powers(clips=(5,)), tmp_path, configuration={"seed": 0}, needed=needed, wall_s=1.23456)
    content = json.loads((tmp_path / "power.json").read_text())
    assert content["people_needed"] == [
        {"clips": 5, "eer": 0.1, "people": 33.5},
        {"clips": 5, "eer": 0.2, "people": None},
    ]
    assert content["times"]["wall_s"] == 1.235


def test_a_row_depends_neither_on_other_rows_nor_on_the_processes(done: tuple[list[str], Path, str]) -> None:
    run = amber(
        "--people", "12", "--clips", "3", "--eer", "0.2", "--studies", "10", "--detect", "0.18",
        "--workers", "1", "--quiet",
    )  # fmt: skip
    assert run.stdout.splitlines()[1] == done[0][4]
    other = amber(*SMALL, "--detect", "0.18", "--seed", "1", "--quiet").stdout.splitlines()
    assert other[4].split()[:5] == done[0][4].split()[:5]
    assert other[4] != done[0][4]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--people", "20,x"], "--people must be whole numbers, e.g. 20,40, got 20,x"),
        (["--people", "20.5"], "--people must be whole numbers, e.g. 20,40, got 20.5"),
        (["--people", "2,20"], "--people must be 3 or more, got 2"),
        (["--clips", "1"], "--clips must be 2 or more, got 1"),
        (["--eer", "ten"], "--eer must be numbers, e.g. 0.1,0.2, got ten"),
        (["--eer", "0.1,0.5"], "--eer must be above 0 and below 0.5, got 0.5"),
        (["--eer", "0.3", "--detect", "0.25"], "--detect must be 0 or more, and below 0.2, got 0.25"),
        (["--detect", "0"], "--detect must be above 0, got 0.0"),
        (["--folds", "11"], "--folds must be 1 to 10, so that each has 2 of 20 people, got 11"),
        (["--unlike", "9"], "--unlike must be from 0 to 2, got 9.0"),
        (["--correlation", "1"], "--correlation must be 0 or more and below 1, got 1.0"),
        (["--studies", "9"], "--studies must be 10 or more, got 9"),
        (["--seed", "-1"], "--seed must be 0 or more, got -1"),
        (["--workers", "0"], "--workers must be 1 or more, got 0"),
        (["--out", __file__], f"--out must be a folder, got {__file__}"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_names_the_flag_what_was_expected_and_what_came(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["power", *arguments])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == told


def test_wrong_usage_is_one_line_and_exit_code_2() -> None:
    run = amber("--people", "2")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "amber: --people must be 3 or more, got 2\n"


def test_help_names_every_flag_and_says_who_is_tested() -> None:
    text = CliRunner().invoke(app, ["power", "--help"]).output
    for flag in (
        "people",
        "clips",
        "eer",
        "detect",
        "folds",
        "unlike",
        "correlation",
        "studies",
        "out",
        "seed",
    ):
        assert f"--{flag}" in text
    assert "amber split" in text


def test_the_settings_of_threads_are_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with _one_thread_each():
        assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "1")
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def powers(people: tuple[int, ...] = (20, 40, 80), clips: tuple[int, ...] = (5, 20), detect: float = 0.1):
    """As a simulation may find them: both measures fall as one over the root of the people."""
    return [
        StudyPower(
            StudyPlan(n, c, eer, detect), 40, eer / n**0.5 + 0.3 / n**0.5, 0.2 / n**0.5, 0.7 / n**0.5,
            0.5 / n**0.5, 38, 38, 30,
        )
        for c in clips
        for eer in (0.1, 0.2, 0.3)
        for n in people
    ]  # fmt: skip


def test_without_a_difference_to_detect_nothing_is_said_of_it() -> None:
    assert "detected" in "".join(_table(powers()))
    assert "detected" not in "".join(_table(powers(detect=0.0)))


def test_the_figure_shows_every_cell_in_percentage_points() -> None:
    figure = draw_power(Figure(), powers())
    (wide5, wide20), (apart5, apart20) = np.reshape(figure.axes, (2, 2))
    assert [axes.get_title() for axes in (wide5, wide20)] == [
        "5 clips of each person",
        "20 clips of each person",
    ]
    for axes in (wide5, wide20):
        assert [line.get_label() for line in axes.lines] == ["EER 10 %", "EER 20 %", "EER 30 %"]
        for line, eer in zip(axes.lines, (0.1, 0.2, 0.3), strict=True):
            np.testing.assert_allclose(line.get_ydata(), [100 * (eer + 0.3) / n**0.5 for n in (20, 40, 80)])
            np.testing.assert_allclose(line.get_xdata(), [20, 40, 80], rtol=0.1)
    for axes in (apart5, apart20):
        assert len(axes.lines) == 4  # and the difference that is to be detected
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [50 / n**0.5 for n in (20, 40, 80)])
        assert list(axes.lines[3].get_ydata()) == [10, 10]
    assert [label.get_text() for label in apart5.get_xticklabels()] == ["20", "40", "80"]


@pytest.mark.parametrize("detect", [0.0, 0.1])
@pytest.mark.parametrize(
    ("people", "clips"), [((20, 40, 80), (5, 20)), ((40,), (5,)), ((10, 5000), (2, 5, 9))]
)
def test_the_figure_is_drawn_and_nothing_touches_its_edge(
    people: tuple[int, ...], clips: tuple[int, ...], detect: float, tmp_path: Path
) -> None:
    png, pdf = write_power_figures(powers(people, clips, detect), tmp_path)
    assert (png.name, pdf.name) == ("power.png", "power.pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    inked = (imread(png)[..., :3] < 0.95).any(axis=-1)
    assert 0.01 < inked.mean() < 0.5
    for edge in (inked[:3], inked[-3:], inked[:, :3], inked[:, -3:]):
        assert not edge.any()
