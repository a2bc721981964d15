"""The page that plays faces: what it holds, what a reader sees in Chromium, and how `amber view` makes it."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from scipy.spatial.transform import Rotation

from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES, mean_face, points_of
from amber_id.motion.alignment import align, isotropic
from amber_id.recordings import Recording, save_recording
from amber_id.report import write_motion_view
from amber_id.report.motion_view.page import MOST_CLIPS, estimated_bytes
from amber_id.synthetic import SynthConfig, make_clip
from fixtures.command_line import Done, run_here

HOSTILE = "x_id001/</script><script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture(scope="module")
def clip() -> Recording:
    """Four seconds in 16:9, of a synthetic person."""
    return make_clip(SynthConfig(people=1, clips=1), 0, 0)


@pytest.fixture(scope="module")
def shorter(clip: Recording) -> Recording:
    """Another one that ends after 2.5 s, at another frame rate, without a face from 1.0 to 1.4 s."""
    times = clip.timestamps[:50] * 1.5
    return replace(
        _without(_cut(clip, 50), np.arange(20, 28)), timestamps=times, fps=20.0, clip="synth_id001/b"
    )


def _cut(recording: Recording, frames: int) -> Recording:
    arrays = ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
    return replace(recording, **{name: getattr(recording, name)[:frames] for name in arrays})


def _without(recording: Recording, frames: np.ndarray) -> Recording:
    """The recording with no face in `frames`."""
    arrays = {name: getattr(recording, name).copy() for name in ("landmarks", "blendshapes", "pose")}
    for array in arrays.values():
        array[frames] = np.nan
    tracked = recording.tracked.copy()
    tracked[frames] = False
    return replace(recording, tracked=tracked, **arrays)


def _of_real(recording: Recording) -> Recording:
    return replace(recording, tracker="mediapipe FaceLandmarker")


def _turned(recording: Recording, angles_deg: list[float], axis: str) -> Recording:
    """The mean face before the camera, turned by one angle in each frame."""
    turns = Rotation.from_euler(axis, np.reshape(angles_deg, (-1, 1)), degrees=True).as_matrix()
    pixels = 150 * mean_face() @ turns.transpose(0, 2, 1) + [640, 360, 0]
    landmarks = (pixels / [1280, 720, 1280]).astype(np.float32)
    return replace(_cut(recording, len(angles_deg)), landmarks=landmarks)


def _write(folder: Path, *recordings: Recording, titles: list[str] | None = None) -> str:
    path = write_motion_view(recordings, folder / "view.html", titles=titles)
    assert path == folder / "view.html"
    return path.read_text("utf-8")


def _data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="view-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def _decoded(clip: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers (T, V, 3), and the rows (T, 2, 4) that hold the head still."""
    T, V = len(clip["times"]), clip["points"]
    numbers = np.frombuffer(base64.b64decode(clip["landmarks"]), "<i2").reshape(T, V, 3)
    rows = np.frombuffer(base64.b64decode(clip["placements"]), "<f4").reshape(T, 2, 4)
    return numbers, rows


def _signals(clip: dict[str, Any]) -> dict[str, list[float | None]]:
    return {signal["name"]: signal["values"] for signal in clip["signals"]}


def test_the_page_holds_the_landmarks_in_pixels(clip: Recording, tmp_path: Path) -> None:
    stored = _data(_write(tmp_path, clip))["clips"][0]
    numbers, _ = _decoded(stored)
    pixels = clip.landmarks.astype(np.float64) * [1280, 720, 1280]
    assert stored["step_px"] < 0.05
    assert np.abs(numbers * stored["step_px"] - pixels).max() <= stored["step_px"] / 2 + 1e-9
    assert (stored["width"], stored["height"]) == (1280, 720)
    assert stored["times"] == pytest.approx(clip.timestamps.tolist(), abs=1e-6)
    assert stored["duration_s"] == pytest.approx(4.0)


def test_a_face_has_one_shape_in_any_picture(clip: Recording, tmp_path: Path) -> None:
    squeezed = replace(clip, width=640, height=960, landmarks=clip.landmarks * np.float32([2.0, 0.75, 2.0]))
    wide, tall = _data(_write(tmp_path, clip, squeezed))["clips"]
    shown = [_decoded(each)[0] * each["step_px"] for each in (wide, tall)]
    np.testing.assert_allclose(shown[0], shown[1], atol=0.05)


def test_the_rows_hold_the_head_still(clip: Recording, tmp_path: Path) -> None:
    stored = _data(_write(tmp_path, clip))["clips"][0]
    numbers, rows = _decoded(stored)
    still = numbers * stored["step_px"] @ rows[:, :, :3].transpose(0, 2, 1) + rows[:, None, :, 3]
    aligned, _ = align(isotropic(clip.landmarks, width=1280, height=720))
    np.testing.assert_allclose(still, aligned[:, :, :2], atol=1e-3)


def test_time_begins_with_the_first_frame_and_is_the_recordings_own(clip: Recording, tmp_path: Path) -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.09, 120)) + 7.5
    fps = 119 / (times[-1] - times[0])
    stored = _data(_write(tmp_path, replace(clip, timestamps=times, fps=fps)))["clips"][0]
    assert stored["times"] == pytest.approx((times - times[0]).tolist(), abs=1e-6)
    assert stored["duration_s"] == pytest.approx(times[-1] - times[0] + 1 / fps)


def test_frames_without_a_face_hold_none(clip: Recording, tmp_path: Path) -> None:
    lost = np.r_[0, 30:41, 119]
    html = _write(tmp_path, _without(clip, lost))
    stored = _data(html)["clips"][0]
    numbers, rows = _decoded(stored)
    seen = np.array(stored["tracked"], dtype=bool)
    assert np.flatnonzero(~seen).tolist() == lost.tolist()
    assert (numbers[~seen] == -32768).all()
    assert (numbers[seen] > -32768).all()
    assert not rows[~seen].any()
    for values in _signals(stored).values():
        assert [value is None for value in values] == (~seen).tolist()
    assert "in 89.2\N{NO-BREAK SPACE}%, not in 13 frames" in html


def test_a_clip_without_any_face_says_so(clip: Recording, tmp_path: Path) -> None:
    html = _write(tmp_path, _without(clip, np.arange(120)))
    assert "in 0.0\N{NO-BREAK SPACE}%, not in 120 frames" in html


def test_jaw_and_blink_are_the_trackers(clip: Recording, tmp_path: Path) -> None:
    found = _signals(_data(_write(tmp_path, clip))["clips"][0])
    assert clip.blendshapes is not None
    left, right, jaw = (
        clip.blendshapes[:, BLENDSHAPE_NAMES.index(name)]
        for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen")
    )
    np.testing.assert_allclose(found["Jaw open"], jaw, atol=1e-3)
    np.testing.assert_allclose(found["Blink"], (left + right) / 2, atol=1e-3)


def test_turn_is_to_the_right_of_the_picture_and_nod_is_upwards(clip: Recording, tmp_path: Path) -> None:
    # About y, which points down, and about x: a nose at (0, 0, -1) goes right, or up, at a negative angle.
    turned, nodded = (_turned(clip, [0, -20, 35], axis) for axis in "yx")
    data = _data(_write(tmp_path, turned, nodded))
    first, second = map(_signals, data["clips"])
    assert first["Turn"] == pytest.approx([0, 20, -35], abs=0.01)
    assert first["Nod"] == pytest.approx([0, 0, 0], abs=0.01)
    assert second["Nod"] == pytest.approx([0, 20, -35], abs=0.01)
    assert data["degrees"] in (35, 36)


def test_a_tracker_without_blendshapes_is_told_in_words(clip: Recording, tmp_path: Path) -> None:
    mesh = replace(
        clip, blendshapes=None, pose=None, landmarks=clip.landmarks[:, :468], point_set="face_mesh_468"
    )
    html = _write(tmp_path, mesh)
    assert "this recording has no blendshapes" in html
    assert list(_signals(_data(html)["clips"][0])) == ["Turn", "Nod"]
    assert "no blendshapes" not in _write(tmp_path, clip)


@pytest.mark.parametrize(
    ("lived", "told"),
    [
        ([False], ["This person is synthetic"]),
        ([False, False], ["These people are synthetic"]),
        ([True], ["personal biometric data"]),
        ([True, False], ["personal biometric data", "the others are of real people"]),
    ],
)
def test_the_page_says_whose_faces_these_are(
    lived: list[bool], told: list[str], clip: Recording, tmp_path: Path
) -> None:
    html = _write(tmp_path, *(_of_real(clip) if real else clip for real in lived))
    sentences = ["synthetic:", "personal biometric data", "the others are of real people"]
    assert [said for said in sentences if said in html] == [
        said for said in sentences if any(said.rstrip(":") in each for each in told)
    ]
    assert all(each in html for each in told)
    assert html.count('class="tag"') == lived.count(False)


def test_names_are_escaped(clip: Recording, tmp_path: Path) -> None:
    html = _write(tmp_path, replace(clip, clip=HOSTILE, tracker="<img src=x>"))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert _data(html)["clips"][0]["title"] == HOSTILE


def test_four_seconds_take_half_a_megabyte_and_that_is_known_before(clip: Recording, tmp_path: Path) -> None:
    assert clip.duration_s == pytest.approx(4)
    for recordings in ([clip], [clip] * MOST_CLIPS):
        size = len(_write(tmp_path, *recordings).encode())
        assert size < 550_000 * len(recordings)
        assert estimated_bytes(recordings) == pytest.approx(size, rel=0.03)


def test_equal_recordings_give_equal_pages(clip: Recording, shorter: Recording, tmp_path: Path) -> None:
    assert _write(tmp_path / "a", clip, shorter) == _write(tmp_path / "b", clip, shorter)


def test_a_face_that_is_one_point_is_refused_by_name(clip: Recording, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"^synth_id001/clip00: its head cannot be held still"):
        _write(tmp_path, replace(clip, landmarks=np.full_like(clip.landmarks, 0.5)))


@pytest.mark.parametrize("number", [0, MOST_CLIPS + 1])
def test_a_page_holds_a_few_clips(number: int, clip: Recording, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"1 to {MOST_CLIPS}, got {number}"):
        write_motion_view([clip] * number, tmp_path / "view.html")


# As a reader sees it.


Opened = Callable[..., tuple[Page, list[str]]]


@pytest.fixture
def opened(browser: Browser, clip: Recording, shorter: Recording, tmp_path: Path) -> Iterator[Opened]:
    """Open a page of both clips, paused at 0; complaints are the browser's, and requests beyond the file."""
    contexts = []

    def _open(*recordings: Recording, width: int = 1280, motion: str = "reduce") -> tuple[Page, list[str]]:
        address = write_motion_view(recordings or [clip, shorter], tmp_path / "view.html").as_uri()
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            offline=True,
            color_scheme="light",
            reduced_motion=motion,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url == address or complaints.append(request.url[:100]))
        page.goto(address)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page, complaints

    yield _open
    for context in contexts:
        context.close()


def _time(page: Page) -> float:
    return float(page.locator(".scrub").input_value())


def _scrub(page: Page, time: float) -> None:
    page.locator(".scrub").evaluate(
        "(node, time) => { node.value = time; node.dispatchEvent(new Event('input')); }", time
    )


def _frames(page: Page) -> list[str]:
    return page.locator(".frame").all_inner_texts()


def _drawn(page: Page, number: int, colour: str) -> np.ndarray:
    """Rows and columns of the pixels of about one colour on a clip's canvas: (n, 2)."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    found = page.evaluate(
        """([number, wanted]) => {
            const canvas = document.querySelectorAll("canvas")[number], { width, height } = canvas;
            const copy = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
            copy.drawImage(canvas, 0, 0);
            const { data } = copy.getImageData(0, 0, width, height), found = [];
            for (let k = 0; k < data.length; k += 4) {
                const near = wanted.every((value, c) => Math.abs(data[k + c] - value) < 40);
                if (near && data[k + 3] > 200) found.push([Math.floor(k / 4 / width), (k / 4) % width]);
            }
            return found; }""",
        [number, wanted],
    )
    return np.array(found, dtype=int).reshape(-1, 2)


def _wait_until(page: Page, condition: str) -> None:
    """Look at every frame; Playwright's own way evaluates text, which the page's policy forbids."""
    page.evaluate(
        f"""() => new Promise((done, fail) => {{
            const late = performance.now() + 10_000;
            const look = () => ({condition}) ? done()
                : performance.now() > late ? fail(new Error("waited too long")) : requestAnimationFrame(look);
            look(); }})"""
    )


OVAL, LIPS = "#59626d", "#c8500a"


def test_two_faces_are_drawn_side_by_side_without_network_or_complaint(opened: Opened) -> None:
    page, complaints = opened()
    boxes = [box for each in page.locator(".clip").all() if (box := each.bounding_box())]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    for number in (0, 1):
        assert len(_drawn(page, number, LIPS)) > 30
        assert page.locator(".clip").nth(number).locator("svg path").count() == 4
    assert complaints == []


def test_the_face_on_the_screen_has_the_shape_it_had_in_the_picture(opened: Opened, clip: Recording) -> None:
    page, _ = opened()
    drawn = _drawn(page, 0, OVAL)
    height, width = drawn.max(axis=0) - drawn.min(axis=0)
    pixels = clip.landmarks[0, list(points_of("face_oval")), :2] * [1280, 720]
    expected = np.ptp(pixels[:, 0]) / np.ptp(pixels[:, 1])
    assert width / height == pytest.approx(expected, rel=0.04)


def test_holding_the_head_still_brings_both_faces_to_one_size(opened: Opened) -> None:
    page, complaints = opened()
    filmed = _drawn(page, 0, OVAL)
    page.get_by_role("button", name="Head still").click()
    still = [_drawn(page, number, OVAL) for number in (0, 1)]
    heights = [np.ptp(each[:, 0]) for each in still]
    assert heights[0] > 1.5 * np.ptp(filmed[:, 0])
    assert heights[0] == pytest.approx(heights[1], rel=0.05)
    expect(page.get_by_text("what still moves is the face itself")).to_be_visible()
    assert complaints == []


def test_a_turning_head_that_is_held_still_does_not_move(opened: Opened, clip: Recording) -> None:
    page, _ = opened(_turned(clip, [0, 30, -25], "y"))

    def edges() -> np.ndarray:
        """Top, left, bottom and right of the face in each frame."""
        found = []
        for time in clip.timestamps[:3]:
            _scrub(page, float(time) + 0.01)
            places = _drawn(page, 0, OVAL)
            found.append([*places.min(axis=0), *places.max(axis=0)])
        return np.ptp(found, axis=0)

    assert edges().max() > 10
    page.get_by_role("button", name="Head still").click()
    assert edges().max() <= 1


def test_play_advances_the_clock_and_pause_stops_it(opened: Opened) -> None:
    page, _ = opened()
    assert _time(page) == 0
    page.get_by_role("button", name="Play").click()
    _wait_until(page, "Number(document.querySelector('.scrub').value) > 0.2")
    page.get_by_role("button", name="Pause").click()
    stopped = _time(page)
    page.wait_for_timeout(200)
    assert _time(page) == stopped
    assert page.locator(".clock").inner_text() == f"{stopped:.2f} / 4.00 s"
    later = _drawn(page, 0, OVAL)
    _scrub(page, 0)
    assert later.tolist() != _drawn(page, 0, OVAL).tolist()


def test_the_clock_is_in_seconds_and_slower_is_slower(opened: Opened) -> None:
    page, _ = opened()
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(100)
    for name, speed in (("1×", 1.0), ("0.5×", 0.5), ("0.25×", 0.25)):
        page.get_by_role("button", name=name, exact=True).click()
        began = _time(page)
        page.clock.run_for(800)
        assert _time(page) - began == pytest.approx(0.8 * speed, abs=0.02)


def test_scrubbing_goes_to_the_frame_shown_at_that_time(opened: Opened) -> None:
    page, _ = opened()
    _scrub(page, 0.99)
    # 30 frames a second, the 30th from 0.967 s; 20 a second, the 20th from 0.95 s.
    assert _frames(page) == ["frame 30 of 120", "frame 20 of 50"]
    assert page.locator(".clock").inner_text() == "0.99 / 4.00 s"
    assert page.locator(".cursor").first.evaluate("node => node.style.left") == "24.75%"
    _scrub(page, 4)
    assert _frames(page)[0] == "frame 120 of 120"


def test_a_click_on_a_chart_goes_there(opened: Opened) -> None:
    page, _ = opened()
    chart = page.locator(".clip").first.locator("svg").first
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] / 2, "y": 5})
    assert _time(page) == pytest.approx(2, abs=0.02)


def test_moments_without_a_face_and_after_the_end_show_none(opened: Opened) -> None:
    page, _ = opened()
    second = page.locator(".clip").nth(1)
    for time, said in ((1.2, "no face found"), (3.0, "ended at 2.50 s")):
        _scrub(page, time)
        expect(second.locator(".absent")).to_have_text(said)
        expect(second.locator(".absent")).to_be_visible()
        assert len(_drawn(page, 1, LIPS)) == 0
        assert set(second.locator(".now").all_inner_texts()) == {"–"}
        assert len(_drawn(page, 0, LIPS)) > 30
    assert second.locator("svg rect").count() == 4  # one span in each chart
    _scrub(page, 1.45)
    expect(second.locator(".absent")).to_be_hidden()
    assert len(_drawn(page, 1, LIPS)) > 30


def test_it_begins_again_at_the_end(opened: Opened) -> None:
    page, _ = opened()
    _scrub(page, 3.9)
    page.keyboard.press("Space")
    _wait_until(page, "Number(document.querySelector('.scrub').value) < 1")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_keys_play_and_step(opened: Opened) -> None:
    page, _ = opened()
    page.keyboard.press("ArrowRight")
    assert _frames(page) == ["frame 2 of 120", "frame 1 of 50"]
    page.keyboard.press("ArrowRight")
    assert _frames(page) == ["frame 2 of 120", "frame 2 of 50"]
    page.keyboard.press("ArrowLeft")
    assert _time(page) == pytest.approx(1 / 30, abs=1e-3)
    page.keyboard.press("Shift+ArrowRight")
    assert _time(page) == pytest.approx(1 + 1 / 30, abs=1e-3)
    page.get_by_role("button", name="Head still").click()
    page.keyboard.press("Space")  # the button just pressed has nothing more to do
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.locator(".play").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_it_plays_by_itself_unless_the_reader_wants_no_motion(opened: Opened) -> None:
    page, complaints = opened(motion="no-preference")
    _wait_until(page, "Number(document.querySelector('.scrub').value) > 0.1")
    still, _ = opened(motion="reduce")
    still.wait_for_timeout(300)
    assert _time(still) == 0
    assert complaints == []


def test_dark_readers_get_light_lines(opened: Opened) -> None:
    page, complaints = opened()
    page.emulate_media(color_scheme="dark")
    _wait_until(page, "getComputedStyle(document.body).backgroundColor === 'rgb(20, 23, 27)'")
    assert len(_drawn(page, 0, "#ff9550")) > 30
    assert complaints == []


def test_a_phone_shows_one_below_the_other_and_nothing_wider(opened: Opened) -> None:
    page, complaints = opened(width=390)
    boxes = [box for each in page.locator(".clip").all() if (box := each.bounding_box())]
    assert boxes[0]["x"] == boxes[1]["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    player = page.locator(".player").bounding_box()
    assert player is not None
    assert player["y"] + player["height"] == pytest.approx(900, abs=1)
    assert complaints == []


# As it is made.


def amber(*arguments: object, folder: Path) -> Done:
    with chdir(folder):
        return run_here(*arguments)


def test_the_verb_writes_a_page_and_prints_its_path(clip: Recording, tmp_path: Path) -> None:
    for folder in ("original", "avatar"):
        save_recording(clip, tmp_path / folder / "synth_id001" / "clip00.safetensors")
    files = [f"{folder}/synth_id001/clip00.safetensors" for folder in ("original", "avatar")]
    done = amber("view", *files, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "view.html\n")
    assert done.stderr == "2 recordings, about 1.0 MB\n"
    shown = _data((tmp_path / "view.html").read_text("utf-8"))["clips"]
    assert [each["title"] for each in shown] == ["original/synth_id001/clip00", "avatar/synth_id001/clip00"]


def test_real_faces_are_said_to_be_personal_data(clip: Recording, tmp_path: Path) -> None:
    save_recording(_of_real(clip), tmp_path / "a.safetensors")
    done = amber("view", "a.safetensors", "--out", "pages/a.html", folder=tmp_path)
    assert done.stdout == "pages/a.html\n"
    assert "personal biometric data" in done.stderr
    assert [each["title"] for each in _data((tmp_path / "pages/a.html").read_text("utf-8"))["clips"]] == [
        clip.clip
    ]
    quiet = amber("view", "a.safetensors", "--quiet", folder=tmp_path)
    assert (quiet.stdout, quiet.stderr) == ("view.html\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere.safetensors"], 1, "nowhere.safetensors: expected amber-id/recording/1, got nothing"),
        (["."], 2, ".: is a folder; name one to six .safetensors files in it"),
        (
            ["text.safetensors"],
            1,
            "text.safetensors: expected amber-id/recording/1, got a file that is cut off",
        ),
        (["good.safetensors", "--out", "good.safetensors"], 2, "--out names a page, FILE.html"),
        (["good.safetensors"] * 7, 2, "a page holds 6 recordings at most, got 7"),
        (["good.safetensors", "--out", "text.safetensors/a.html"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(
    arguments: list[str], code: int, told: str, clip: Recording, tmp_path: Path
) -> None:
    save_recording(clip, tmp_path / "good.safetensors")
    (tmp_path / "text.safetensors").write_text("this is no recording")
    done = amber("view", "--quiet", *arguments, folder=tmp_path)
    assert done.returncode == code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr
    assert not (tmp_path / "view.html").exists()
