"""The page of a frontier: what it says, and that it is safe to open."""

import csv
from html import unescape
from pathlib import Path

import pytest

from amber_id.audit import run_frontier
from amber_id.recordings import RecordingSet
from amber_id.report import write_frontier_report
from amber_id.report.drawing.frontier import frontier_chart, frontier_rows
from amber_id.results import FrontierResults, read_frontier, write_results
from fixtures.frontiers import few_people, small_config
from fixtures.page_reader import Page
from fixtures.study_results import EVIL


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> FrontierResults:
    folder = tmp_path_factory.mktemp("frontier")
    recordings = RecordingSet.open(few_people(folder / "people", people=6, clips=4))
    return run_frontier(recordings, folder / "out", small_config("damp:0.5"), device="cpu")


@pytest.fixture(scope="module")
def folder(results: FrontierResults, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    assert write_frontier_report(results, folder) == folder / "frontier.html"
    return folder


def test_results_come_back_from_their_file(results: FrontierResults, tmp_path: Path) -> None:
    write_results(results, tmp_path / "results.json")
    assert read_frontier(tmp_path / "results.json") == results


def test_the_page_has_every_point_its_figures_and_what_it_does_not_show(
    folder: Path, results: FrontierResults
) -> None:
    page = Page((folder / "frontier.html").read_text("utf-8"))
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert results.finding in text
    for limit in results.limits:
        assert limit in text
    for number, point in enumerate(results.points, start=1):
        assert f"{number} {point.name}" in text
        assert (
            f"{100 * point.eer.value:.1f} % [{100 * point.eer.low:.1f}, {100 * point.eer.high:.1f}]" in text
        )
        assert f"{point.utility.number.value:.3f}" in text
        for step in point.steps:
            assert step.summary in text
    missed = results.point("damp:0.5").limits_missed
    assert missed
    assert "; ".join(missed) in text
    assert not [value for name, value in page.attributes if name in ("src", "href")]


def test_every_point_is_drawn_once_and_the_front_is_joined(results: FrontierResults) -> None:
    guessing, joined, *marks = frontier_chart(results)["data"]
    assert guessing["name"] == "Guessing"
    drawn = sorted((x, y) for mark in marks for x, y in zip(mark["x"], mark["y"], strict=True))
    expected = sorted((p.utility.number.value, p.eer.value) for p in results.points)
    assert drawn == [pytest.approx(each, rel=1e-5) for each in expected]
    front = [p for p in results.points if not p.dominated_by]
    assert len(joined["x"]) == len(front)
    assert joined["x"] == sorted(joined["x"])
    kinds = {mark["name"].partition(":")[0] for mark in marks}
    assert {"Undefended", "Reference"} <= kinds


def test_the_table_has_a_row_for_each_point(folder: Path, results: FrontierResults) -> None:
    rows = list(csv.DictReader((folder / "frontier.csv").read_text("utf-8").splitlines()))
    assert [row["point"] for row in rows] == [point.name for point in results.points]
    for row, point in zip(rows, results.points, strict=True):
        assert float(row["eer"]) == point.eer.value
        assert float(row["utility_high"]) == point.utility.number.high
        assert row["limits_held"] == str(not point.limits_missed)
        assert row["clips_a_side"] == "2"
    assert rows[0]["eer_less_undefended"] == ""
    assert list(frontier_rows(results)[0]) == list(rows[0])
    assert (folder / "figures" / "frontier.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "figures" / "frontier.png").exists()


def test_markup_in_any_text_is_only_text(results: FrontierResults, tmp_path: Path) -> None:
    plain = results.model_dump(by_alias=True)
    for point in plain["points"]:
        point["name"] = f"{EVIL}{point['name']}"
        point["attacker"] = EVIL
        point["dominated_by"] = [f"{EVIL}{name}" for name in point["dominated_by"]]
        for step in point["steps"]:
            step["summary"] = step["model_sha256"] = EVIL
    plain |= {"finding": EVIL, "reference": plain["points"][1]["name"], "limits": [EVIL]}
    hostile = FrontierResults.model_validate(plain)
    html = write_frontier_report(hostile, tmp_path).read_text("utf-8")
    page, clean = Page(html), Page(html.replace(EVIL, ""))
    assert page.tags == clean.tags
    assert "img" not in page.tags
    assert EVIL in unescape(page.text)
    assert f"Model of a learned defence {EVIL}" in unescape(page.text)
