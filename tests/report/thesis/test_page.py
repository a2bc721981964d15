"""The page of the thesis' experiment: what it says, that it is safe to open, and how it looks in Chromium."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page as BrowserPage

from amber_id.audit import ThesisStudyConfig, thesis_study_config
from amber_id.audit.thesis.config import parts_of
from amber_id.audit.thesis.statements import DEPARTURES, FAULTS, PUBLISHED, thesis_headline, thesis_limits
from amber_id.report import write_thesis_report
from amber_id.results import (
    ConditionFigures,
    EvaluationArrays,
    ThesisCounts,
    ThesisPart,
    ThesisProvenance,
    ThesisStudyResults,
    thesis_arrays,
    write_arrays,
)
from fixtures.page_reader import Page

EVIL = "<script>alert('clip')</script>&\"x\""
CONFIG = ThesisStudyConfig.model_validate(thesis_study_config())


def rate(value: float, width: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width, "level": 0.95, "chance": 0.5}


def arrays_of(people: int, clips: int) -> EvaluationArrays:
    """Embeddings of people who are a little like themselves."""
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(people), clips)
    vectors = rng.normal(size=(people, 8))[subject] + rng.normal(size=(people * clips, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    enrolment, probe = np.triu_indices(len(subject), 1)
    return EvaluationArrays(
        vectors=vectors,
        tsne=vectors[:, :2],
        subject=subject,
        fold=np.zeros(len(subject), np.int64),
        scores=(vectors[enrolment] * vectors[probe]).sum(axis=1),
        enrolment=enrolment,
        probe=probe,
        clips=tuple(f"secret_id{n:03d}/a" for n in range(len(subject))),
        subjects=tuple(f"id{n:03d}" for n in range(people)),
    )


def difference(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05, "level": 0.95, "detectable": 0.07}


def figures(value: float, folds: int) -> dict[str, Any]:
    counts = {"mated": 800, "nonmated": 31_000}
    dev = {"subjects": 14, "eer": 0.2, "threshold": 0.4, "epoch": 60}
    apart = [
        {"fold": k, "subjects": 32, "counts": counts, "eer": rate(value + (k - 2) / 50) if k else None}
        for k in range(folds)
    ]
    return {
        "subjects": 35, "clips": 280, "failed_clips": 0, "counts": counts, "eer": rate(value),
        "recognition": {
            "outcome": "recognised", "p_value": 0.005, "permutations": 200, "excluded": None, "words": "Yes."
        },
        "auc": rate(1 - value), "tmr_at_fmr_1_percent": None, "dev": [dev | {"fold": 0}],
        "folds": apart,
    }  # fmt: skip


def make_results(*, synthetic: bool = False, own_tracker: bool = True, evil: str = "") -> ThesisStudyResults:
    """All parts of the thesis, of which none has the figures of another."""
    parts = []
    for n, part in enumerate(parts_of(CONFIG)):
        folds = 5 if part.split == "folds" else 0
        original, avatar = 0.12 + n / 100, 0.25 + n / 100
        about = {name: getattr(part, name) for name in ("name", "pipeline", "split", "loss", "sees")}
        conditions = {"original": figures(original, folds), "anonymised": figures(avatar, folds)}
        paired = {"difference": difference(avatar - original), "not_paired": None}
        if n == 1:
            paired = {"difference": None, "not_paired": f"No paired difference: too few people.{evil}"}
        found = about | {"region": part.region, "main": part.main, "conditions": conditions} | paired
        parts.append(ThesisPart.model_validate(found))
    counts = ThesisCounts(
        subjects=161,
        clips=11_000,
        dropped_clips=3,
        subjects_of_source={"cremad": 91, "nvidia": 46, "ravdess": 24},
        k0={"train": 112, "dev": 14, "test": 35},
    )
    provenance = ThesisProvenance(
        amber_id="0.1.0", packages={"numpy": "2.0"}, python="3.11", machine="Linux x86_64",
        recordings={"original": f"didd{evil}", "anonymised": "tavd"},
        recordings_sha256={"original": "a" * 64, "anonymised": "b" * 64},
        splits_sha256={"k0": "c" * 64, "folds": "d" * 64}, checkpoints_sha256={"run": ("e" * 64,)},
        trackers=(f"facemesh{evil}",), point_set="face_mesh_468" if own_tracker else "face_landmarker_478",
        tracker_of_thesis=own_tracker, synthetic=synthetic, test_openings={"k0": 1, "folds": 2},
    )  # fmt: skip
    pipelines = {
        "k0": {"original": difference(-0.08), "anonymised": difference(0.01)},
        "folds": {"original": difference(-0.07)},
    }
    return ThesisStudyResults.model_validate({
        "schema": "amber-id/thesis-study/2", "headline": thesis_headline(parts) + evil,
        "config": CONFIG.model_dump(mode="json"), "published": PUBLISHED, "counts": counts, "parts": parts,
        "pipelines": pipelines, "faults": FAULTS, "departures": DEPARTURES, "dropped": (),
        "limits": thesis_limits(parts, counts, provenance), "provenance": provenance,
        "times": {"finished": "2026-01-01T00:00:00+00:00", "wall_s": 1.0},
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("thesis")
    assert write_thesis_report(make_results(), folder) == folder / "thesis.html"
    return folder


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "thesis.html").read_text("utf-8")


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition('<script type="application/json"')[0]))


def test_it_says_whose_the_published_figures_are_and_what_may_not_be_concluded(html: str):
    said = text(html)
    assert "published by the thesis, not measured here" in said
    for each in PUBLISHED:
        assert f"{each.name} about {100 * each.eer:.0f}" in said
        assert each.about in said
    results = make_results()
    for sentence in (*results.limits, *results.departures):
        assert sentence.replace("'", "&#39;") in said
    for fault in FAULTS:
        assert fault.thesis.replace("'", "&#39;") in said


def test_every_part_stands_in_a_table_with_interval_counts_and_difference(html: str):
    said = text(html)
    for part in make_results().parts:
        for found in part.conditions.values():
            value, low, high = (
                f"{100 * each:.1f}" for each in (found.eer.value, found.eer.low, found.eer.high)
            )
            assert f"{value} % [{low}, {high}]" in said, part.name
    assert said.count("No paired difference: too few people.") == 1
    assert "35; 800 mated, 31,000 non-mated" in said
    assert "−8.0 [−13.0, −3.0] lower" in said
    assert "+1.0 [−4.0, +6.0] not shown; detectable from 7.0 on" in said
    assert "too few people" in said


def test_the_headline_is_that_of_the_main_parts_of_k0():
    assert thesis_headline(make_results().parts) == (
        "EER as in the thesis: 0.120 [0.070, 0.170] on originals and 0.250 [0.200, 0.300] on avatars; "
        "corrected: 0.240 [0.190, 0.290] on originals and 0.370 [0.320, 0.420] on avatars"
    )


def test_it_says_when_people_or_tracker_are_not_those_of_the_thesis(tmp_path: Path):
    plain = text(write_thesis_report(make_results(), tmp_path).read_text("utf-8"))
    assert "Tracked by the thesis&#39; own tracker" in plain or "Tracked by the thesis' own tracker" in plain
    assert "personal data" in plain
    other = text(
        write_thesis_report(make_results(synthetic=True, own_tracker=False), tmp_path).read_text("utf-8")
    )
    assert "Not tracked by the thesis" in other
    assert "their points are face_landmarker_478" in other
    assert "synthetic people" in other
    assert "personal data" not in other


def test_the_table_beside_it_has_a_row_for_each_part_kind_and_fold(folder: Path):
    rows = list(csv.DictReader((folder / "thesis.csv").read_text("utf-8").splitlines()))
    parts = make_results().parts
    assert len(rows) == 2 * len(parts) + 2 * 2 * 5
    first = rows[0]
    assert (first["pipeline"], first["condition"], first["fold"], first["people"]) == (
        "thesis", "original", "", "35",
    )  # fmt: skip
    assert float(first["eer"]) == pytest.approx(0.12)


def test_the_charts_have_every_figure(html: str):
    charts = json.loads(re.search(r'id="chart-data">(.*?)</script>', html, re.S)[1])
    assert set(charts) == {"main", "folds", "regions-thesis", "regions-corrected"}
    drawn = {
        name: [len(t["x"]) for t in chart["data"] if t["mode"] != "lines"] for name, chart in charts.items()
    }
    assert drawn == {
        "main": [5, 5, 2],
        "folds": [8, 8],
        "regions-thesis": [7, 7],
        "regions-corrected": [7, 7],
    }
    published = charts["main"]["data"][-1]
    assert published["x"] == [0.16, 0.26]
    assert "error_x" not in published


def test_texts_are_escaped_and_the_same_results_give_the_same_page(folder: Path, html: str, tmp_path: Path):
    again = write_thesis_report(make_results(), tmp_path / "again").read_text("utf-8")
    assert again == html
    evil = write_thesis_report(make_results(evil=EVIL), tmp_path / "evil").read_text("utf-8")
    assert EVIL not in evil
    assert evil.count("&lt;script&gt;alert") == 5  # the tracker stands twice
    Page(evil)


def test_each_attacker_that_is_kept_is_drawn_when_the_reader_asks(
    opened: Callable[..., tuple[BrowserPage, list[str]]],
    wider_than_the_screen: Callable[[BrowserPage], list[str]],
    tmp_path: Path,
) -> None:
    results = make_results()
    part = results.parts[0]
    for condition in ("original", "anonymised"):
        write_arrays(arrays_of(12, 3), thesis_arrays(tmp_path, part.name, condition))
    path = write_thesis_report(results, tmp_path)
    html = path.read_text("utf-8")
    assert "secret" not in html
    assert html.count('<details class="lazy">') == 1
    for width in (400, 1280):
        page, complaints = opened(path.as_uri(), width, "light")
        lazy = page.locator("details.lazy")
        assert lazy.locator(".js-plotly-plot").count() == 0
        lazy.locator("summary").click()
        lazy.locator("[data-state=drawn]").nth(
            4
        ).wait_for()  # the page's policy allows no evaluated condition
        assert lazy.locator(".js-plotly-plot").count() == 5
        assert "fold 1" in lazy.inner_text()
        assert wider_than_the_screen(page) == []
        page.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))")
        assert complaints == []


def test_accuracy_stands_beside_what_naming_the_commoner_kind_gives(tmp_path: Path) -> None:
    found = figures(0.2, 0) | {"accuracy": rate(0.91) | {"chance": 0.975}, "balanced_accuracy": rate(0.8)}
    results = make_results()
    part = results.parts[0].model_copy(
        update={
            "conditions": dict.fromkeys(("original", "anonymised"), ConditionFigures(**found, remarks=("x",)))
        }
    )
    said = text(
        write_thesis_report(
            results.model_copy(update={"parts": (part, *results.parts[1:])}), tmp_path
        ).read_text("utf-8")
    )
    assert "hardly learnt" in said
    assert "91.0 % [86.0, 96.0]" in said
    assert "97.5 %" in said
    rows = list(csv.DictReader((tmp_path / "thesis.csv").read_text("utf-8").splitlines()))
    assert (float(rows[0]["accuracy"]), rows[2]["accuracy"]) == (0.91, "")


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_and_nothing_complains(
    opened: Callable[..., tuple[BrowserPage, list[str]]],
    wider_than_the_screen: Callable[[BrowserPage], list[str]],
    folder: Path,
    width: int,
    color_scheme: str,
) -> None:
    page, complaints = opened((folder / "thesis.html").as_uri(), width, color_scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert wider_than_the_screen(page) == []
    assert complaints == []
    assert page.locator('[data-chart="main"] .errorbars path.xerror').count() == 10
    assert page.locator('[data-chart="main"] .scatterlayer .points path').count() == 12
