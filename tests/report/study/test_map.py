"""The map of a study and the faces that it plays: whose, how true, how large; and how they play."""

import base64
import csv
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from amber_id.face_mesh import SELECTED_POINTS, mean_face
from amber_id.motion.alignment import isotropic
from amber_id.recordings import Recording, RecordingEntry, RecordingSet
from amber_id.report import write_study_report
from amber_id.report.drawing.palette import person_style
from amber_id.report.motion_view.face_meshes import face_mesh_of
from amber_id.report.study.map import FACES_BYTES
from fixtures.study_results import changed, make_map, make_study

V = len(SELECTED_POINTS)
Opened = tuple[Page, list[str]]


def recording(
    seconds: float = 4.0, fps: float = 25.0, lost: tuple[int, ...] = (), seed: int = 0
) -> Recording:
    """A face that opens its mouth and turns its head, in a wide picture."""
    rng = np.random.default_rng(seed)
    T = round(seconds * fps) + 1
    times = np.arange(T) / fps
    pixels = np.repeat(200 * mean_face()[None], T, axis=0)
    pixels[:, 150:, 1] += 9 * np.sin(3 * times + seed)[:, None]
    pixels[:, :, 0] += 20 * np.sin(times)[:, None] + 0.3 * rng.normal(size=(T, 1))
    landmarks = ((pixels + np.array([640.0, 300.0, 0.0])) / [1280, 720, 1280]).astype(np.float32)
    tracked = np.ones(T, dtype=bool)
    tracked[list(lost)] = False
    landmarks[~tracked] = np.nan
    return Recording(
        landmarks=landmarks, timestamps=times, tracked=tracked, blendshapes=None, pose=None,
        clip="ravdess_id700/take000", subject="id700", source="ravdess", width=1280, height=720, fps=fps,
        tracker="FaceLandmarker", tracker_version="1.2.2", model_sha256="a" * 64,
        point_set="face_landmarker_478",
    )  # fmt: skip


@dataclass(frozen=True)
class InMemory(RecordingSet):
    """Recordings of these clips that are made when they are asked for."""

    make: Callable[[int], Recording] = lambda number: recording(seed=number)

    def load(self, entry: RecordingEntry) -> Recording:
        return self.make([each.clip for each in self.entries].index(entry.clip))


def recordings_of(map_of_cell: Any, make: Callable[[int], Recording] | None = None) -> RecordingSet:
    entries = tuple(
        RecordingEntry(
            point["clip"], point["subject"], "ravdess", Path(), 101, 101, 25.0, 4.0, 1280, 720,
            "face_landmarker_478",
        )
        for point in map_of_cell["points"]
    )  # fmt: skip
    return InMemory(Path(), entries, **({"make": make} if make else {}))


@pytest.fixture(scope="module")
def study() -> Any:
    return make_study("OOO", "AAA")


def written(study: Any, folder: Path, **faces: RecordingSet) -> str:
    results, comparisons = study
    return write_study_report(results, comparisons, folder, faces=faces).read_text(encoding="utf-8")


@pytest.fixture
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing them takes longer than all else."""
    monkeypatch.setattr("amber_id.report.study.page.write_study_figures", lambda *_: [])


@pytest.fixture(scope="module")
def folder(study: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 24 clips the face was never seen in one, and one has no recording."""
    folder = tmp_path_factory.mktemp("study")
    found = recordings_of(
        make_map("AAA"), lambda n: recording(lost=tuple(range(101)) if n == 3 else (), seed=n)
    )
    written(study, folder, AAA=replace(found, entries=found.entries[:-1]))
    return folder


@pytest.fixture(scope="module")
def page_text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def played(page: str) -> dict[str, Any]:
    return json.loads(re.findall(r'id="map-data">(.*?)</script>', page)[0])


def charts(page: str) -> dict[str, Any]:
    return json.loads(re.findall(r'id="chart-data">(.*?)</script>', page)[0])


def unpacked(face: str) -> tuple[np.ndarray, np.ndarray]:
    """Of every frame whether there is a face, and where its points are in the square."""
    data = base64.b64decode(face)
    low, span = (np.frombuffer(data, "<u2", 2 * V, offset) for offset in (0, 4 * V))
    steps = np.frombuffer(data, np.uint8, offset=8 * V).reshape(-1, 2 * V)
    return ~(steps == 255).all(axis=1), (low + span * (steps / 254)).reshape(-1, V, 2)


@pytest.mark.parametrize("fps", [25.0, 30.0, 59.94, 10.0])
def test_a_face_in_the_page_is_the_one_that_was_seen(fps: float) -> None:
    clip = recording(3.3, fps)
    seen, places = unpacked(str(face_mesh_of(clip)))
    assert len(seen) == 42  # at 12.5 Hz, up to 3.28 s
    assert seen.all()
    pixels = isotropic(clip.landmarks, width=1280, height=720)[:, list(SELECTED_POINTS), :2]
    at = np.arange(42) / 12.5
    expected = np.stack([
        [np.interp(at, clip.timestamps, pixels[:, v, c]) for c in range(2)] for v in range(V)
    ]).transpose(2, 0, 1)  # fmt: skip
    low, high = expected.min(axis=(0, 1)), expected.max(axis=(0, 1))
    side = (high - low).max()
    back = (places / 65535 - 0.5) * side + (low + high) / 2
    assert np.abs(back - expected).max() < 0.002 * side  # less than a pixel of a canvas
    assert (places >= 0).all()
    assert (places <= 65535).all()


def test_nothing_is_drawn_where_no_face_was_found() -> None:
    clip = recording(4.0, 25.0, lost=(*range(10), 41))  # the last between two frames of the page
    seen, _ = unpacked(str(face_mesh_of(clip)))
    at = np.arange(len(seen)) / 12.5
    lost_at = clip.timestamps[~clip.tracked]
    drawn = [(at[k], at[k + 1]) for k in range(len(at) - 1) if seen[k] and seen[k + 1]]
    assert drawn
    assert not [span for span in drawn if ((lost_at >= span[0]) & (lost_at <= span[1])).any()]
    assert np.count_nonzero(~seen) < 10
    assert face_mesh_of(recording(lost=tuple(range(101)))) is None
    assert face_mesh_of(recording(lost=tuple(range(1, 101)))) is None


def test_only_the_first_seconds_are_in_the_page() -> None:
    assert len(unpacked(str(face_mesh_of(recording(9.0))))[0]) == 51


def test_nobody_is_named(page_text: str, folder: Path, study: Any) -> None:
    shown = {"map-data": json.dumps(played(page_text)), "chart-data": json.dumps(charts(page_text))}
    table = (folder / "figures" / "map.csv").read_text(encoding="utf-8")
    section = page_text[page_text.index('id="alike"') : page_text.index('id="officer"')]
    for point in study[0].maps["AAA"].points:
        for said in (point.clip, point.subject, point.clip.partition("/")[0], point.clip.partition("/")[2]):
            assert said not in section
            assert said not in table
            assert not [name for name, data in shown.items() if said in data]
    clips = played(page_text)["cells"]["AAA"]
    assert [clip["name"] for clip in clips[:5]] == [
        *(f"P01, clip {n} of 4" for n in range(1, 5)),
        "P02, clip 1 of 4",
    ]


def test_a_person_has_one_name_on_both_maps_and_in_the_table(
    page_text: str, folder: Path, study: Any
) -> None:
    rows = list(csv.DictReader((folder / "figures" / "map.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 48
    places = {(row["cell"], float(row["x"]), float(row["y"])): row["person"] for row in rows}
    names: dict[str, set[str]] = {}
    for letters, found in study[0].maps.items():
        for point in found.points:
            names.setdefault(point.subject, set()).add(places[letters, point.x, point.y])
    assert sorted(name for each in names.values() for name in each) == [f"P0{n}" for n in range(1, 7)]
    for letters in ("OOO", "AAA"):
        for trace in charts(page_text)[f"map-{letters}"]["data"][:-1]:
            for x, y in zip(trace["x"], trace["y"], strict=True):
                assert places[letters, x, y] == trace["name"]


def test_faces_that_the_page_lacks_are_hollow_and_counted(page_text: str) -> None:
    clips = played(page_text)["cells"]["AAA"]
    without = [i for i, clip in enumerate(clips) if clip["face"] is None]
    assert len(without) == 2
    traces = charts(page_text)["map-AAA"]["data"][:-1]
    hollow = [
        i
        for trace in traces
        for i, symbol in zip(trace["customdata"], trace["marker"]["symbol"], strict=True)
        if symbol.endswith("-open")
    ]
    assert sorted(hollow) == without
    assert "The faces of 22 of 24 clips can be played; other points are hollow." in page_text
    assert all(
        "-open" not in s for t in charts(page_text)["map-OOO"]["data"][:-1] for s in t["marker"]["symbol"]
    )


@pytest.mark.usefixtures("_no_figures")
def test_originals_are_not_played_unless_they_are_given(page_text: str, study: Any, tmp_path: Path) -> None:
    assert set(played(page_text)["cells"]) == {"AAA"}
    assert page_text.count('class="duo"') == 1
    assert "Faces of originals are not in this page" in page_text
    assert "movements of real faces" not in page_text
    both = {name: recordings_of(make_map(name)) for name in ("OOO", "AAA")}
    asked = written(study, tmp_path, **both)
    assert set(played(asked)["cells"]) == {"OOO", "AAA"}
    assert "These are the movements of real faces." in asked


@pytest.mark.usefixtures("_no_figures")
def test_without_faces_the_map_is_drawn_and_nothing_more(study: Any, tmp_path: Path) -> None:
    page = written(study, tmp_path)
    assert set(charts(page)) >= {"map-OOO", "map-AAA"}
    assert "map-data" not in page
    assert "FacePlayer" not in page
    assert "play side by side" not in page


@pytest.mark.usefixtures("_no_figures")
def test_the_note_says_whose_map_it_is(study: Any, tmp_path: Path) -> None:
    plain = study[0].model_dump(by_alias=True)
    plain["maps"]["AAA"] |= {"clips_of_fold": 1234, "attacker": "moments on blendshapes"}
    plain["cells"]["AAA"]["attacker"] = plain["cells"]["AAA"]["attacker"] | {"name": "fusion"}
    page = written((changed(study[0], **{n: plain[n] for n in ("maps", "cells")}), study[1]), tmp_path)
    text = html.unescape(re.sub(r"<[^>]+>", "", page[page.index('id="alike"') : page.index('id="utility"')]))
    assert "24 clips of 6 test people of fold 2, as moments on blendshapes sees them." in text
    assert "The fold has 1,234 clips." in text
    assert text.count("a fusion, has no embeddings") == 1
    assert "the distances between groups, their sizes and their densities have no meaning" in text


@pytest.mark.usefixtures("_no_figures")
def test_the_faces_of_many_clips_stay_within_the_budget_and_are_those_of_everybody(tmp_path: Path) -> None:
    """800 clips of 4 s, of 40 people, under both conditions."""
    results, _ = make_study("OOO", "AAA")
    maps = {name: make_map(name, people=40, clips=20) for name in ("OOO", "AAA")}
    one = recording()
    faces = {name: recordings_of(found, lambda _number: one) for name, found in maps.items()}
    path = write_study_report(changed(results, maps=maps), {}, tmp_path, faces=faces)
    assert path.stat().st_size < 15_000_000
    cells = played(path.read_text(encoding="utf-8"))["cells"]
    letters = [sum(len(clip["face"] or "") for clip in clips) for clips in cells.values()]
    assert 0.98 * FACES_BYTES < sum(letters) <= FACES_BYTES
    for clips in cells.values():
        playable = [
            sum(c["face"] is not None for c in clips if c["person"] == f"P{n:02d}") for n in range(1, 41)
        ]
        assert max(playable) - min(playable) <= 1
        assert min(playable) >= 3


def test_forty_people_differ_in_colour_and_mark() -> None:
    styles = [person_style(number)[:2] for number in range(40)]
    assert len(set(styles)) == 40
    for block in range(4):
        ten = styles[10 * block : 10 * block + 10]
        assert len({color for color, _ in ten}) == len({mark for _, mark in ten}) == 10


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def desk(opened: Callable[..., Opened], address: str) -> Opened:
    """One page for all that follows; each test chooses its own clips."""
    page, complaints = opened(address)
    page.locator(".duo").scroll_into_view_if_needed()
    return page, complaints


def picture(page: Page, side: int) -> bytes:
    return page.locator(".duo canvas").nth(side).screenshot()


def inked(page: Page, side: int) -> int:
    """How many pixels of a canvas are drawn on; read from a copy, since reading slows a canvas down."""
    return int(
        page.locator(".duo canvas")
        .nth(side)
        .evaluate(
            """canvas => {
                const { width, height } = canvas;
                const copy = Object.assign(document.createElement("canvas"), { width, height });
                const brush = copy.getContext("2d", { willReadFrequently: true });
                brush.drawImage(canvas, 0, 0);
                const { data } = brush.getImageData(0, 0, width, height);
                return data.filter((value, i) => i % 4 === 3 && value).length;
            }"""
        )
    )


def said(page: Page) -> list[str]:
    return [*page.locator(".duo .said").all_inner_texts(), page.locator(".duo .verdict-of-two").inner_text()]


def click(page: Page, number: int) -> None:
    """On the point of a clip."""
    chart = page.locator('[data-chart="map-AAA"]')
    chart.scroll_into_view_if_needed()
    x, y = chart.evaluate(
        """(chart, number) => {
            const clip = JSON.parse(document.getElementById("map-data").textContent).cells.AAA[number];
            const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
            return [box.x + xaxis._offset + xaxis.d2p(clip.x), box.y + yaxis._offset + yaxis.d2p(clip.y)];
        }""",
        number,
    )
    page.mouse.move(x, y)
    page.wait_for_timeout(120)
    page.mouse.click(x, y)
    page.wait_for_timeout(350)  # plotly waits whether it becomes a double click


def test_two_clips_of_one_person_play_before_anything_is_chosen(desk: Opened) -> None:
    page, complaints = desk
    one, other, verdict = said(page)
    assert one[:3] == other[:3]
    assert one != other
    assert verdict == "same person"
    assert page.locator('[data-chart="map-AAA"] .textpoint').count() == 2
    before = [picture(page, side) for side in (0, 1)]
    page.wait_for_timeout(400)
    assert all(picture(page, side) != before[side] for side in (0, 1))
    assert min(inked(page, side) for side in (0, 1)) > 500
    assert complaints == []


def lonely(page: str) -> list[int]:
    """Clips with a face, those first that have no other point near."""
    clips = played(page)["cells"]["AAA"]
    places = np.array([(clip["x"], clip["y"]) for clip in clips])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(len(places), np.inf))
    return [i for i in np.argsort(-apart.min(axis=1)).tolist() if clips[i]["face"]]


def test_the_two_points_that_were_clicked_last_play_side_by_side(desk: Opened, page_text: str) -> None:
    page, complaints = desk
    clips = played(page_text)["cells"]["AAA"]
    one, other, third = lonely(page_text)[:3]
    page.get_by_label("Second clip").select_option("0")
    for number in (one, other, third):  # the third takes the place of the first
        click(page, number)
    same = clips[third]["person"] == clips[other]["person"]
    verdict = "same person" if same else "different people"
    assert said(page) == [clips[third]["name"], clips[other]["name"], verdict]
    assert page.locator(".duo select").nth(0).input_value() == str(third)
    assert min(inked(page, side) for side in (0, 1)) > 500
    assert complaints == []


def test_the_lists_and_the_button_serve_the_keyboard(desk: Opened) -> None:
    page, complaints = desk
    first, second = page.get_by_label("First clip"), page.get_by_label("Second clip")
    first.select_option("4")
    first.focus()
    page.keyboard.press("ArrowDown")
    assert said(page)[0] == "P02, clip 2 of 4"
    page.keyboard.press("Tab")  # over the button between them
    assert page.evaluate("document.activeElement.textContent") == "Pause"
    page.keyboard.press("Enter")
    still = picture(page, 0)
    page.wait_for_timeout(300)
    assert picture(page, 0) == still
    page.keyboard.press("Tab")
    assert second.evaluate("node => node === document.activeElement")
    second.select_option(label="P05, clip 3 of 4")
    assert said(page)[1:] == ["P05, clip 3 of 4", "different people"]
    assert inked(page, 1) > 500
    page.locator(".duo .play").click()
    assert complaints == []


def test_a_clip_without_a_face_says_so_and_draws_nothing(desk: Opened) -> None:
    page, _ = desk
    without = (
        page.locator(".duo select").first.locator("option", has_text="no face").first.get_attribute("value")
    )
    page.get_by_label("First clip").select_option(str(without))
    assert inked(page, 0) == 0
    assert page.locator(".duo .absent").first.inner_text() == "face not in this page"
    assert inked(page, 1) > 500


@pytest.fixture(scope="module")
def phone(opened: Callable[..., Opened], address: str) -> Opened:
    """Of someone who prefers dark and still pages."""
    page, complaints = opened(address, 400, "dark", reduced_motion="reduce")
    page.locator(".duo").scroll_into_view_if_needed()
    return page, complaints


def test_on_a_narrow_screen_both_faces_are_below_each_other_and_in_sight(
    phone: Opened, wider_than_the_screen: Callable[[Page], list[str]]
) -> None:
    page, complaints = phone
    assert wider_than_the_screen(page) == []
    boxes = [page.locator(".duo canvas").nth(side).bounding_box() for side in (0, 1)]
    assert all(box is not None and box["width"] > 300 for box in boxes)
    one, other = ((box["y"], box["y"] + box["height"]) for box in boxes if box is not None)
    assert one[1] < other[0]
    assert other[1] - one[0] < 900
    assert complaints == []


def test_who_prefers_stillness_starts_it_himself(phone: Opened) -> None:
    page, _ = phone
    page.wait_for_timeout(100)
    assert inked(page, 0) > 500
    still = picture(page, 0)
    page.wait_for_timeout(300)
    assert picture(page, 0) == still
    page.locator(".duo .play").click()
    page.wait_for_timeout(400)
    assert picture(page, 0) != still


def test_faces_do_not_print(desk: Opened) -> None:
    page, _ = desk
    page.emulate_media(media="print")
    assert not page.locator(".duo").is_visible()
    assert page.locator('[data-chart="map-AAA"]').is_visible()
    page.emulate_media(media="screen")
