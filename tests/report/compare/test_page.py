"""The page of several studies: what it says, that it is safe to open, and how it looks in Chromium."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as BrowserPage
from scipy.special import ndtr

from amber_id.audit import EvaluationConfig, compare_read, pool_parts, read_studies
from amber_id.report import write_comparison_report
from amber_id.results import ComparisonResults
from fixtures.compared_studies import write_study
from fixtures.page_reader import Page
from fixtures.study_results import EVIL

CONFIG = EvaluationConfig(replicates=100)
Compared = tuple[ComparisonResults, list[Any]]


def compared(folders: list[Path], *, pool: bool = False) -> Compared:
    cell, read = read_studies(folders)
    pooled = [pool_parts(cell, read)] if pool else []
    results = compare_read(cell, read, CONFIG, pooled=pooled[0] if pool else None)
    return results, [study.comparisons for study in read] + pooled


def written(found: Compared, folder: Path) -> str:
    path = write_comparison_report(*found, folder)
    assert path == folder / "compare.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """A study, the same people with noise on the scores, and other people under an invalid finding."""
    folder = tmp_path_factory.mktemp("studies")
    return compared(
        [
            write_study(folder / "clear", "OOO", "AAA"),
            write_study(folder / "noisy", "OOO", "AAA", noise=0.3),
            write_study(folder / "others", "AAA", first=30, invalid=True, sources=2),
        ]
    )


@pytest.fixture(scope="module")
def folder(three: Compared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    written(three, folder)
    return folder


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "compare.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Any:
    return Page(html)


def hostile(found: Compared) -> Compared:
    """The same with markup in every text."""
    plain = found[0].model_dump(by_alias=True)
    for study in plain["studies"]:
        study["name"] = study["amber_id"] = EVIL
        study["headline"] |= {"text": EVIL, "valid": False, "reasons": [EVIL]}
        study["not_paired"] = None if study["less_first"] else EVIL
        for cell in study["cells"].values():
            cell["attacker"] = EVIL
    return ComparisonResults.model_validate(plain | {"story": EVIL, "limits": [EVIL]}), found[1]


def test_each_study_has_its_people_its_eer_and_its_difference(page: Any, three: Compared) -> None:
    table = page.text[page.text.index("The studies") : page.text.index("How well are people distinguished")]
    for number, study in enumerate(three[0].studies):
        eer = study.cells["AAA"].eer
        said = f"{100 * eer.value:.1f} % [{100 * eer.low:.1f}, {100 * eer.high:.1f}]"
        row = table[table.index(f" {number + 1} {study.name}") :]
        assert f"{study.subjects} {said}" in row
    less = three[0].studies[1].less_first
    assert (
        f"{100 * less.eer.value:+.1f} [{100 * less.eer.low:+.1f}, {100 * less.eer.high:+.1f}] higher" in table
    )
    assert "the first study, with which the others are compared" in table
    assert "No paired difference: 0 of the 14 people are among the 14 of clear" in table
    assert "0.74 [0.70, 0.78]" in table


def test_limits_come_before_figures_and_invalid_findings_are_struck_through(
    page: Any, html: str, three: Compared
) -> None:
    for limit in three[0].limits:
        assert page.text.index(limit) < page.text.index("The studies")
    invalid = three[0].studies[2]
    assert html.count('<s class="struck">') == 2
    assert f'<s class="struck">{invalid.name}</s>' in html
    assert f'<s class="struck">{invalid.headline.text}</s>' in html
    assert invalid.headline.reasons[0] in page.text


def test_curves_hold_the_rates_of_their_study(page: Any, three: Compared) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    assert set(page.charts) == {"roc", "det"}
    for chart in page.charts.values():
        go.Figure(chart)  # refuses what it does not know
    drawn = [value for name, value in page.attributes if name == "data-chart"]
    assert sorted(drawn) == ["det", "roc"]
    for number, (study, scores) in enumerate(zip(three[0].studies, three[1], strict=True)):
        roc, det = (
            next(
                each
                for each in page.charts[kind]["data"]
                if each.get("name", "").startswith(f"{number + 1} ")
            )
            for kind in ("roc", "det")
        )
        mark = "" if study.headline.valid else " (INVALID)"
        assert roc["name"].startswith(f"{number + 1} {study.name}{mark}, EER ")
        for k in (len(roc["x"]) // 3, len(roc["x"]) // 2):  # one threshold has both rates
            both = [
                (float((scores.nonmated_scores >= t).mean()), float((scores.mated_scores >= t).mean()))
                for t in scores.scores
            ]
            assert min(abs(a - roc["x"][k]) + abs(b - roc["y"][k]) for a, b in both) < 1e-4
        assert ndtr(min(det["x"])) >= scores.fmr_floor - 1e-6
        assert ndtr(max(det["x"])) <= 1


def test_studies_can_be_told_in_black_and_white(page: Any) -> None:
    lines = [each for each in page.charts["roc"]["data"] if each["mode"] == "lines"][1:]
    assert len({(each["line"]["dash"], each["line"]["width"]) for each in lines}) == 3
    marks = [each["marker"]["symbol"] for each in page.charts["roc"]["data"] if each["mode"] == "markers"]
    assert len(set(marks)) == 3


def test_no_text_can_become_markup(three: Compared, tmp_path: Path) -> None:
    page = Page(written(hostile(three), tmp_path))
    assert page.tags.count("script") == 3
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 15
    assert "<" not in json.dumps(
        [trace.get("name") for chart in page.charts.values() for trace in chart["data"]]
    )


def test_nothing_is_loaded_and_nobody_is_named(page: Any, html: str) -> None:
    assert not {"link", "img", "iframe", "object", "embed", "base", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert "default-src 'none'" in html
    assert "personal data" in page.text
    assert not re.search(r"_id\d|\bid\d{3}\b", page.text)


def test_numbers_and_figures_lie_beside_the_page(folder: Path, three: Compared) -> None:
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "roc.png", "roc.pdf", "det.png", "det.pdf",
    }  # fmt: skip
    rows = list(csv.DictReader((folder / "comparison.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["study"], row["cell"]) for row in rows] == [
        ("clear", "OOO"), ("clear", "AAA"), ("noisy", "OOO"), ("noisy", "AAA"), ("others", "AAA"),
    ]  # fmt: skip
    noisy = three[0].studies[1]
    assert [row["eer_less_first"] for row in rows] == ["", "", "", str(noisy.less_first.eer.value), ""]
    assert float(rows[2]["eer"]) == noisy.cells["OOO"].eer.value
    assert [row["valid"] for row in rows] == ["True"] * 4 + ["False"]


def test_what_was_pooled_has_a_row_and_a_curve(tmp_path: Path) -> None:
    parts = [write_study(tmp_path / name, "AAA", first=n) for name, n in (("a", 1), ("b", 15))]
    found = compared(parts, pool=True)
    page = Page(written(found, tmp_path / "out"))
    eer = found[0].pooled.cell.eer
    assert f"3 all parts pooled 28 {100 * eer.value:.1f} % [" in page.text
    assert any(
        each.get("name", "").startswith("3 all parts pooled, EER") for each in page.charts["det"]["data"]
    )
    rows = list(csv.DictReader((tmp_path / "out" / "comparison.csv").read_text().splitlines()))
    assert rows[-1]["study"] == "all parts pooled"
    assert float(rows[-1]["eer"]) == eer.value


def test_equal_input_gives_equal_bytes(three: Compared, folder: Path, tmp_path: Path) -> None:
    written(three, tmp_path)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(("width", "color_scheme"), [(400, "dark"), (1280, "light")])
def test_a_hostile_page_is_drawn_without_network_or_complaint_and_fits(
    opened: Callable[..., tuple[BrowserPage, list[str]]],
    wider_than_the_screen: Callable[[BrowserPage], list[str]],
    three: Compared,
    tmp_path: Path,
    width: int,
    color_scheme: Any,
) -> None:
    address = write_comparison_report(*hostile(three), tmp_path).as_uri()
    page, complaints = opened(address, width, color_scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    lines = page.locator('[data-chart="roc"] .scatterlayer .lines path').count()
    ink = page.evaluate("document.querySelector('[data-chart=det]')._fullLayout.font.color")
    assert complaints == []
    assert wider_than_the_screen(page) == []
    assert lines == 4  # the guesser and three studies
    assert ink == ("#e8eaed" if color_scheme == "dark" else "#1b1f24")
