"""The page of a study as a reader sees it: opened from disk, without a network, in Debian's Chromium."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from amber_id.report import write_study_report
from fixtures.study_results import changed, make_study

Opened = tuple[Page, list[str]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_study_report(*make_study(), tmp_path_factory.mktemp("study")).as_uri()


@pytest.fixture(scope="module")
def desk(opened: Callable[..., Opened], address: str) -> Opened:
    return opened(address)


def test_the_charts_are_drawn_from_disk_without_network_or_complaint(desk: Opened) -> None:
    page, complaints = desk
    assert complaints == []

    def count(chart: str, marks: str) -> int:
        return page.locator(f'[data-chart="{chart}"] {marks}').count()

    assert count("eers", ".scatterlayer .points path") == 5
    assert count("eers", ".errorbars path.xerror") == 5
    assert count("views", ".scatterlayer .points path") == 8
    assert count("det", ".scatterlayer .lines path") == 6  # the guesser and five cells
    assert count("scores-AAA", ".barlayer .point path") > 20
    assert count("tradeoff", ".scatterlayer .points path") == 4
    assert page.locator("svg.face polygon.filled").count() == 2 * 6  # eyes and brows have two sides


@pytest.mark.parametrize("width", [400, 730, 1600])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(
    opened: Callable[..., Opened],
    wider_than_the_screen: Callable[[Page], list[str]],
    address: str,
    width: int,
    color_scheme: str,
) -> None:
    page, complaints = opened(address, width, color_scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert wider_than_the_screen(page) == []
    labels = page.evaluate(
        """() => [...document.querySelectorAll("svg.face text")].filter(text =>
            text.getBoundingClientRect().right > text.closest("figure").getBoundingClientRect().right
        ).length"""
    )
    assert labels == 0
    assert complaints == []


def test_dark_readers_get_light_ink(opened: Callable[..., Opened], address: str) -> None:
    page, _ = opened(address, 1280, "dark")
    assert page.evaluate("document.querySelector('[data-chart=det]')._fullLayout.font.color") == "#e8eaed"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"


def test_all_that_opens_is_reached_and_opened_by_keyboard(desk: Opened) -> None:
    page, _ = desk
    closed = page.locator("details:not([open])").count()
    assert closed == 7
    reached = 0
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            reached += 1
    assert reached >= closed
    assert page.locator("details:not([open])").count() == 0


def test_a_hostile_clip_name_runs_nothing(desk: Opened) -> None:
    page, complaints = desk
    said = page.evaluate("document.body.textContent.includes(\"<script>alert('clip')</script>\")")
    assert said
    assert page.locator("script").count() == 3
    assert complaints == []


def test_what_prints_first_is_a_summary_of_two_pages(opened: Callable[..., Opened], tmp_path: Path) -> None:
    """Of a study with as many checks and limits as there can be."""
    results, comparisons = make_study(invalid=True, sources=2)
    crowded = changed(
        results,
        confounds=[each.model_dump() for each in results.confounds]
        + [results.confounds[0].model_copy(update={"name": f"other {k}"}).model_dump() for k in range(4)],
        limits=[*results.limits, *results.limits],
    )
    page, _ = opened(write_study_report(crowded, comparisons, tmp_path).as_uri())

    def pages() -> int:
        return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))

    whole = pages()
    page.add_style_tag(content=".later, .later ~ *, footer { display: none !important; }")
    assert pages() == 2
    assert 5 <= whole <= 20
