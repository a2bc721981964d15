"""The page as a reader sees it: opened from disk, without a network, in Debian's Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from amber_id.report import write_report


@pytest.fixture(scope="module")
def address(evaluation: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    from amber_id.results import write_arrays, write_results

    folder = tmp_path_factory.mktemp("evaluation")
    write_results(evaluation[0], folder / "results.json")
    write_arrays(evaluation[1], folder / "arrays.safetensors")
    return write_report(folder).as_uri()


@pytest.fixture(scope="module")
def desk(opened: Callable[..., tuple[Page, list[str]]], address: str) -> tuple[Page, list[str]]:
    return opened(address)


def _layout(page: Page, path: str) -> Any:
    return page.evaluate(f"document.querySelector('[data-chart=roc]')._fullLayout.{path}")


def test_the_charts_are_drawn_from_disk_without_network_or_complaint(
    desk: tuple[Page, list[str]], evaluation: Any
) -> None:
    page, complaints = desk
    assert complaints == []

    def count(chart: str, marks: str) -> int:
        return page.locator(f'[data-chart="{chart}"] {marks}').count()

    assert count("roc", ".scatterlayer .lines path") == 3  # the guesser, the curve, the interval
    assert count("scores", ".barlayer .point path") > 20
    clips = [int((evaluation[1].fold == fold).sum()) for fold in (0, 1)]
    assert [count(f"map-{fold}", ".scatterlayer .points path") for fold in (0, 1)] == clips
    assert count("subjects", ".scatterlayer .points path") == 12 + 11  # one person has a single clip
    curve = page.locator('[data-chart="roc"] .scatterlayer .lines path').nth(1).bounding_box()
    assert curve is not None
    assert min(curve["width"], curve["height"]) > 200


def test_hovering_the_curve_tells_threshold_and_rates(desk: tuple[Page, list[str]]) -> None:
    page, complaints = desk
    page.locator('[data-chart="roc"]').scroll_into_view_if_needed()
    x, y = page.evaluate(
        """() => { const chart = document.querySelector("[data-chart=roc]"), k = 30;
            const { xaxis, yaxis } = chart._fullLayout, points = chart.data[1];
            return [xaxis.d2p(points.x[k]), yaxis.d2p(points.y[k])]; }"""
    )
    frame = page.locator('[data-chart="roc"] .nsewdrag').bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + x + 3, frame["y"] + y + 3)
    page.mouse.move(frame["x"] + x, frame["y"] + y)
    said = page.locator('[data-chart="roc"] .hovertext').first.text_content()
    assert said is not None
    assert all(word in said for word in ("threshold 0.", "FMR", "TMR"))
    assert complaints == []


def test_low_fmr_goes_as_far_as_the_people_support(desk: tuple[Page, list[str]]) -> None:
    page, _ = desk
    page.get_by_role("button", name="Low FMR").click()
    assert _layout(page, "xaxis.type") == "log"
    assert _layout(page, "xaxis.range") == pytest.approx([-1, 0])  # 30 pairs of people, down to 3/30
    page.get_by_role("button", name="All thresholds").click()
    assert _layout(page, "xaxis.type") == "linear"


def test_dark_readers_get_light_ink(desk: tuple[Page, list[str]]) -> None:
    page, complaints = desk
    assert _layout(page, "font.color") == "#1b1f24"
    page.emulate_media(color_scheme="dark")
    expect(page.locator('[data-chart="roc"] .xtitle')).to_have_css("fill", "rgb(232, 234, 237)")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    page.emulate_media(color_scheme="light")
    assert complaints == []


def test_nothing_is_wider_than_the_screen_of_a_desk(
    desk: tuple[Page, list[str]], wider_than_the_screen: Callable[[Page], list[str]]
) -> None:
    assert wider_than_the_screen(desk[0]) == []


def test_nothing_is_wider_than_the_screen_of_a_phone(
    opened: Callable[..., tuple[Page, list[str]]],
    address: str,
    wider_than_the_screen: Callable[[Page], list[str]],
) -> None:
    page, complaints = opened(address, 390, height=800)
    page.locator("footer summary").click()
    assert page.evaluate("innerWidth") == 390
    assert wider_than_the_screen(page) == []
    assert complaints == []


def test_the_browser_refuses_scripts_that_are_not_ours(desk: tuple[Page, list[str]]) -> None:
    page, complaints = desk
    page.evaluate(
        """() => { const script = document.createElement("script");
            script.textContent = "window.injected = true"; document.body.append(script); }"""
    )
    assert page.evaluate("window.injected") is None
    assert any("Content Security Policy" in complaint for complaint in complaints)
    complaints.clear()
