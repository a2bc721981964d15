"""A drawn video plays as long as its original, frame for frame, and sounds like it."""

import errno
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


def test_the_file_says_how_its_colours_are_meant(tmp_path):
    # A browser takes an untagged picture of 720 lines and more for BT.709, and paints it off by up to 39.
    smpte_170m, limited = 6, 1
    write_video(tmp_path / "a.mp4", pictures([0.0, 0.04]), fps=25.0)
    with av.open(str(tmp_path / "a.mp4")) as file:
        said, frame = file.streams.video[0].codec_context, next(file.decode(video=0))
    for found in (said, frame):
        tags = (found.colorspace, found.color_primaries, found.color_trc, found.color_range)
        assert tuple(map(int, tags)) == (smpte_170m, smpte_170m, smpte_170m, limited)


def test_colours_come_back(tmp_path):
    squares = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 150, 120]], np.uint8)
    picture = np.repeat(np.repeat(squares[None], 64, axis=0), 16, axis=1)
    write_video(tmp_path / "a.mp4", [(i / 25, picture) for i in range(3)], fps=25.0)
    _, frames = read_frames(tmp_path / "a.mp4")
    found = [rgb for _, rgb in frames][-1][32, 8::16].astype(int)
    assert np.abs(found - squares).max() <= 3


def with_sound(
    path: Path,
    codec: str,
    *,
    rate: int = 44100,
    seconds: float = 1.2,
    begins_s: float = 0.0,
    sound_begins_s: float = 0.0,
) -> Path:
    """A grey video of 30 frames and a tone; its first frame is shown at `begins_s`."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("flv" if path.suffix == ".flv" else "mpeg4", rate=25)
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
            frame.rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = at + round(rate * sound_begins_s)
            for part in resampler.resample(frame):
                out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return path


def with_unknown_sound(path: Path, codec: str) -> Path:
    """An AVI whose sound has a codec that nobody knows."""
    data = bytearray(with_sound(path, codec).read_bytes())
    format_tag = data.index(b"strf", data.index(b"auds")) + 8
    data[format_tag : format_tag + 2] = b"\x77\x77"
    path.write_bytes(data)
    return path


def heard(path: Path) -> tuple[int, np.ndarray]:
    """The rate of a file's sound and the sound itself, its first channel, from the first frame on."""
    with av.open(str(path)) as file:
        parts = list(file.decode(audio=0))
    rate = parts[0].sample_rate
    silence = np.zeros(max(0, round(parts[0].time * rate)))
    return rate, np.concatenate([silence, *(part.to_ndarray()[0] for part in parts)])


def sound_seconds(path: Path) -> float:
    rate, samples = heard(path)
    return len(samples) / rate


def frames_in(path: Path) -> int:
    return len(list(read_frames(path)[1]))


def test_every_frame_is_shown_at_its_own_time(tmp_path):
    assert write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0) == "none"
    info, frames = read_frames(tmp_path / "o.mp4")
    shown = list(frames)
    np.testing.assert_allclose([time_s for time_s, _ in shown], UNEVEN, atol=1 / 90_000)
    assert [round(rgb.mean() / 8) for _, rgb in shown] == list(range(30))
    assert (info.width, info.height) == (64, 64)


def with_click(path: Path, sound: str, *, first_packet: int = 0, silent_first: bool = False) -> Path:
    """H.264 with B-frames, a key frame each 15, and a click at 1 s; video from `first_packet` on.

    `silent_first` puts another sound before it, which is not the default.
    """
    square = np.zeros((45, 64, 96, 3), np.uint8)
    for i, picture in enumerate(square):
        picture[20:50, i : i + 30] = 255
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"g": "15", "sc_threshold": "0"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        packets = []
        for i, picture in enumerate(square):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = i
            packets += video.encode(frame)
        packets = [*packets, *video.encode()][first_packet:]
        for silent in (True, False) if silent_first else (False,):
            stream = out.add_stream(sound, rate=8000, layout="mono")
            stream.disposition = av.stream.Disposition(not silent)
            tone = np.zeros((1, 14_400), np.int16)
            if not silent:
                tone[0, 8000:8400] = 20_000 * np.sin(np.arange(400))
            for at in range(0, 14_400, 160):
                part = av.AudioFrame.from_ndarray(tone[:, at : at + 160], format="s16", layout="mono")
                part.sample_rate, part.pts, part.time_base = 8000, at, Fraction(1, 8000)
                packets += stream.encode(part)
            packets += stream.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


@pytest.mark.parametrize(
    ("name", "first_packet", "silent_first", "click_s"),
    [
        ("a.mkv", 0, False, 1.0),
        ("a.mkv", 0, True, 1.0),
        # Cut from a longer film: frames can be shown from the next key frame on, at 0.6 s.
        ("a.mkv", 5, False, 0.4),
        ("a.avi", 0, False, 1.0),  # whose sound has no times
    ],
)
def test_sound_begins_with_the_first_frame_that_is_shown(tmp_path, name, first_packet, silent_first, click_s):
    source = with_click(tmp_path / name, "pcm_s16le", first_packet=first_packet, silent_first=silent_first)
    times = [time_s for time_s, _ in read_frames(source)[1]]
    assert len(times) == (45 if first_packet == 0 else 30)
    write_video(tmp_path / "o.mp4", pictures(times[:30]), fps=25.0, sound_of=source)
    rate, samples = heard(tmp_path / "o.mp4")
    assert np.argmax(np.abs(samples) > 0.2) / rate == pytest.approx(click_s, abs=0.02)


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


@pytest.mark.parametrize(
    ("name", "codec", "rate", "made"),
    [
        ("a.flv", "libmp3lame", 11025, 11025),
        ("a.avi", "libmp3lame", 8000, 8000),
        ("a.mkv", "pcm_s16le", 192_000, 48_000),
        ("a.avi", "pcm_s16le", 7000, 48_000),
        ("a.avi", "pcm_s16le", 96_000, 96_000),
    ],
)
def test_sound_that_mp4_refuses_is_encoded_at_a_rate_that_aac_has(tmp_path, name, codec, rate, made):
    source = with_sound(tmp_path / name, codec, rate=rate)
    out = tmp_path / "o.mp4"
    assert write_video(out, pictures(UNEVEN), fps=25.0, sound_of=source) == "re-encoded"
    assert frames_in(out) == 30
    heard_rate, samples = heard(out)
    assert heard_rate == made
    # As long as the original: what the resampler still held at the end is there too.
    assert len(samples) / made == pytest.approx(sound_seconds(source), abs=2048 / made + 0.06)
    loudest = np.abs(np.fft.rfft(samples)).argmax() * made / len(samples)
    assert loudest == pytest.approx(440, abs=2)


@pytest.mark.parametrize("codec", ["pcm_s16le", "libmp3lame"])
def test_sound_of_an_unknown_codec_leaves_a_silent_video(tmp_path, codec):
    source = with_unknown_sound(tmp_path / "a.avi", codec)
    assert write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=source) == "cut off"
    assert frames_in(tmp_path / "o.mp4") == 30
    with av.open(str(tmp_path / "o.mp4")) as file:
        assert not file.streams.audio


def test_sound_that_the_encoder_refuses_is_cut_off_there(tmp_path):
    source = with_sound(tmp_path / "a.mkv", "pcm_f32le")
    data = bytearray(source.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 2048] = b"\xff" * 2048  # not a number, wherever a number begins
    source.write_bytes(data)
    assert write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=source) == "cut off"
    assert frames_in(tmp_path / "o.mp4") == 30
    assert 0.4 < sound_seconds(tmp_path / "o.mp4") < 1.1


@pytest.mark.parametrize(
    ("name", "codec", "packet"),
    [("a.mp4", "aac", 1024), ("a.mkv", "libmp3lame", 1152), ("a.mkv", "pcm_s16le", 1024)],
)
def test_sound_ends_when_the_last_frame_has_been_shown(tmp_path, name, codec, packet):
    source = with_sound(tmp_path / name, codec, seconds=2.0)
    assert write_video(tmp_path / "o.mp4", pictures(np.arange(20) / 25), fps=25.0, sound_of=source) != "none"
    assert frames_in(tmp_path / "o.mp4") == 20
    assert 0.8 <= sound_seconds(tmp_path / "o.mp4") <= 0.8 + 1.5 * packet / 44100
    with av.open(str(tmp_path / "o.mp4")) as file:
        assert file.duration / 1e6 == pytest.approx(0.8, abs=1.5 * packet / 44100)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_sound_that_begins_after_the_first_frame_stays_where_it_is(tmp_path, codec):
    source = with_sound(tmp_path / "a.mkv", codec, seconds=0.6, sound_begins_s=0.5)
    write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=source)
    rate, samples = heard(tmp_path / "o.mp4")
    assert np.flatnonzero(np.abs(samples) > 0.1)[0] / rate == pytest.approx(0.5, abs=0.06)


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


def test_pictures_that_ffmpeg_refuses_are_an_os_error(tmp_path):
    with pytest.raises(OSError) as told:
        write_video(tmp_path / "o.mp4", pictures(UNEVEN, size=63), fps=25.0)
    assert told.value.errno == errno.EINVAL
    assert "\n" not in str(told.value)


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "o.mp4").mkdir()
    source = with_sound(tmp_path / "a.mp4", "aac")
    for sound_of in (None, source):
        with pytest.raises(IsADirectoryError):
            write_video(tmp_path / "o.mp4", pictures(UNEVEN), fps=25.0, sound_of=sound_of)
    with pytest.raises(FileNotFoundError):
        write_video(tmp_path / "no" / "o.mp4", pictures(UNEVEN), fps=25.0)


def test_what_the_frames_raise_comes_out_as_it_is(tmp_path):
    def broken():
        yield from pictures(UNEVEN[:3])
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_video(tmp_path / "o.mp4", broken(), fps=25.0)
    assert not list(tmp_path.iterdir())
