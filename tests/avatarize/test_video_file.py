"""A drawn video plays as long as its original, frame for frame, and sounds like it."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.avatarize.video_file import write_video
from amber_id.tracking.video import read_frames

UNEVEN = np.cumsum([0, *[0.04, 0.05, 0.03] * 10])[:30]


def pictures(times, size=64):
    for i, time_s in enumerate(times):
        yield float(time_s), np.full((size, size, 3), 8 * i, np.uint8)


def with_sound(path: Path, codec: str, *, seconds: float = 1.2, begins_s: float = 0.0) -> Path:
    """A grey video of 30 frames and a tone; its first frame is shown at `begins_s`."""
    rate = 44100
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        sound = out.add_stream(codec, rate=rate, layout="mono")
        for i in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 99, np.uint8), format="rgb24")
            frame.pts, frame.time_base = i + round(25 * begins_s), Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        tone = (9000 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.int16)
        resampler = av.AudioResampler(sound.format.name, "mono", rate)
        for at in range(0, len(tone) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, at : at + 1024], format="s16", layout="mono")
            frame.rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            for part in resampler.resample(frame):
                out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return path


def sound_seconds(path: Path) -> float:
    with av.open(str(path)) as file:
        return sum(frame.samples for frame in file.decode(audio=0)) / 44100


def test_every_frame_is_shown_at_its_own_time(tmp_path):
    assert write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0) == "none"
    info, frames = read_frames(tmp_path / "o.mp4")
    shown = list(frames)
    np.testing.assert_allclose([time_s for time_s, _ in shown], UNEVEN, atol=1 / 90_000)
    assert [round(rgb.mean() / 8) for _, rgb in shown] == list(range(30))
    assert (info.width, info.height) == (64, 64)


@pytest.mark.parametrize(
    ("name", "codec", "became"),
    [
        ("a.mp4", "aac", "copied"),
        ("a.mkv", "libmp3lame", "copied"),
        ("a.avi", "pcm_s16le", "re-encoded"),
    ],
)
def test_sound_is_copied_where_mp4_holds_it(tmp_path, name, codec, became):
    source = with_sound(tmp_path / name, codec)
    assert write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=source) == became
    assert sound_seconds(tmp_path / "o.mp4") == pytest.approx(sound_seconds(source), abs=0.06)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "pcm_s16le")])
def test_what_sounds_before_the_first_frame_is_left_out(tmp_path, name, codec):
    source = with_sound(tmp_path / name, codec, seconds=1.5, begins_s=0.4)
    write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=source)
    assert sound_seconds(tmp_path / "o.mp4") == pytest.approx(1.1, abs=0.06)


def test_a_source_without_sound_gives_none_and_one_that_is_gone_is_told(tmp_path):
    write_video(tmp_path / "mute.mp4", pictures(UNEVEN), fps=25.0)
    assert (
        write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=tmp_path / "mute.mp4") == "none"
    )
    assert (
        write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=tmp_path / "no.mp4") == "cut off"
    )


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("1.mp4", "2.mp4"):
        write_video(tmp_path / name, pictures(UNEVEN), fps=25.0)
    assert (tmp_path / "1.mp4").read_bytes() == (tmp_path / "2.mp4").read_bytes()
