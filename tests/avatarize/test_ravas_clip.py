"""From a video to an avatar's by RAVAS: its times, its sound, what is shown without a face, and what is left.

The stand-in draws frame k in a shade of its own, and sees no face in the first two frames and two later ones.
"""

import shutil
import sys
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, read_avatar_clip
from amber_id.avatarize.ravas.clip import ravas_clip
from amber_id.avatarize.ravas.run import RavasSetup
from amber_id.avatarize.video_file import write_video
from amber_id.corpora import Clip
from amber_id.errors import AmberError, ClipError
from amber_id.tracking.video import read_frames

FRAMES, LOST = 12, (0, 1, 6, 7)
TIMES = np.cumsum([0, *[0.04, 0.12, 0.08] * FRAMES])[:FRAMES]
RATE = 44100


def shade(frame: int) -> int:
    return 50 + 16 * frame


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like RAVAS' checkout."""
    root = tmp_path_factory.mktemp("checkout") / "ravas"
    package = root / "stream_processing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    text = Path(__file__).with_name("misbehaving_ravas.py").read_text("utf-8")
    for old, new in (("FACELESS = (3, 4)", f"FACELESS = {LOST}"), ("= 200, 100, 50", "= 50 + 16 * i")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (package / "main.py").write_text(text, "utf-8")
    window = "def create_window_config_instance(cls, timer=None, args=None):\n    return args\n"
    (root / "moderngl_window.py").write_text(window)
    return root


@pytest.fixture
def setup(checkout: Path) -> RavasSetup:
    return RavasSetup(checkout, Path(sys.executable), Path("any.glb"), 20.0, 10.0, tries=2, version="ea999fe")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Frames at uneven times, and a tone."""
    folder = tmp_path_factory.mktemp("videos")
    with wave.open(str(folder / "tone.wav"), "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(RATE)
        wave_form = 9000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
        tone.writeframes(wave_form.astype("<i2").tobytes())
    gray = np.full((64, 64, 3), 127, np.uint8)
    path = folder / "clip00.mp4"
    frames = ((float(time_s), gray) for time_s in TIMES)
    assert write_video(path, frames, fps=12.5, sound_of=folder / "tone.wav") == "re-encoded"
    return Clip("talk_id007/clip00", "id007", "talk", path)


def make(clip: Clip, setup: RavasSetup, out: Path, no_face: NoFace = "hold") -> AvatarClip:
    return ravas_clip(clip, setup, "f" * 64, out, size=96, no_face=no_face)


def sound_of(path: Path) -> list[bytes]:
    """The packets, as they are in the file."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def left_in(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*"))


@pytest.mark.parametrize(
    ("no_face", "expected"),
    [
        ("hold", [2, 2, 2, 3, 4, 5, 5, 5, 8, 9, 10, 11]),
        ("black", [None, None, 2, 3, 4, 5, None, None, 8, 9, 10, 11]),
    ],
)
def test_a_clip_keeps_its_times_and_its_sound_and_shows_what_was_asked(
    no_face: NoFace,
    expected: list[int | None],
    clip: Clip,
    setup: RavasSetup,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STAND_IN", "well")
    said = make(clip, setup, tmp_path, no_face)
    video = tmp_path / "talk_id007" / "clip00.mp4"
    shown = list(read_frames(video)[1])
    np.testing.assert_allclose([time_s for time_s, _ in shown], TIMES, atol=1e-4)
    middles = [int(rgb[10:-10, 10:-10].mean()) for _, rgb in shown]
    assert middles == pytest.approx([0 if k is None else shade(k) for k in expected], abs=7)
    assert shown[0][1].shape == (96, 96, 3)
    copied, original = sound_of(video), sound_of(clip.path)
    assert len(copied) > 30
    assert copied == original[-len(copied) :], "but for what comes before the first frame"
    assert said == read_avatar_clip(video.with_suffix(".json"))
    assert left_in(tmp_path) == ["talk_id007", "talk_id007/clip00.json", "talk_id007/clip00.mp4"]


def test_what_is_said_beside_it(
    clip: Clip, setup: RavasSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "well")
    said = make(clip, setup, tmp_path)
    assert (said.clip, said.subject, said.source) == ("talk_id007/clip00", "id007", "talk")
    assert (said.engine, said.tracker, said.tracker_version) == ("ravas", "RAVAS", "ea999fe")
    assert (said.avatar_sha256, said.model_sha256, said.drive_sha256) == ("f" * 64, "", "")
    assert (said.size, said.no_face, said.sound, said.warning) == (96, "hold", "copied", "")
    assert (said.frames, said.frames_without_face) == (FRAMES, len(LOST))
    assert said.versions == {"ravas": "ea999fe"}
    assert said.fps == pytest.approx((FRAMES - 1) / TIMES[-1], abs=1e-3)
    assert said.source_bytes == clip.path.stat().st_size


def test_of_a_failure_the_clip_is_named_and_the_log_kept(
    clip: Clip, setup: RavasSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "lost frame")
    with pytest.raises(ClipError) as caught:
        make(clip, setup, tmp_path)
    assert caught.value.clip == "talk_id007/clip00"
    assert caught.value.reason == "RAVAS failed 2 times; it made 11 frames of 12"
    log = tmp_path / ".ravas" / "talk_id007" / "clip00" / "video.log"
    assert "window arguments" in log.read_text()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [log]
    assert [path.name for path in log.parent.iterdir()] == ["video.log"]
    # Another that goes well leaves that log where it is; the same one takes it away.
    monkeypatch.setenv("STAND_IN", "well")
    make(replace(clip, id="talk_id007/clip01"), setup, tmp_path)
    assert [path.name for path in (tmp_path / ".ravas" / "talk_id007").iterdir()] == ["clip00"]
    make(clip, setup, tmp_path)
    assert not (tmp_path / ".ravas").exists()


def test_a_clip_that_ravas_never_sees_leaves_nothing(clip: Clip, setup: RavasSetup, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(ClipError) as caught:
        make(replace(clip, path=empty), setup, tmp_path / "out")
    assert str(caught.value) == "talk_id007/clip00: the file is empty (0 bytes)"
    assert left_in(tmp_path / "out") == []


def test_a_place_that_cannot_be_written_is_named(clip: Clip, setup: RavasSetup, tmp_path: Path) -> None:
    (tmp_path / ".ravas").touch()
    with pytest.raises(AmberError, match=r"\.ravas: cannot be written"):
        make(clip, setup, tmp_path)
    shutil.copy(clip.path, tmp_path / "clip00.mp4")
    assert left_in(tmp_path) == [".ravas", "clip00.mp4"]
