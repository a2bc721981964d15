"""Frames and their times: upright, square, from the container's clock; bad files refused in one clause."""

import os
import re
import struct
import tempfile
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.errors import ClipError
from amber_id.tracking.video import probe_video, read_frames


def _read(path: Path) -> tuple[list[float], list[np.ndarray]]:
    times, pictures = [], []
    for time_s, rgb in read_frames(path)[1]:
        times.append(time_s)
        pictures.append(rgb)
    return times, pictures


def _red_corner(rgb: np.ndarray) -> str:
    H, W, _ = rgb.shape
    corners = {
        "top left": (0, 0),
        "top right": (0, W // 2),
        "bottom left": (H // 2, 0),
        "bottom right": (H // 2, W // 2),
    }
    means = {name: rgb[y : y + H // 2, x : x + W // 2, 0].mean() for name, (y, x) in corners.items()}
    assert sorted(means.values())[-2] < 60 < 200 < max(means.values())
    return max(means, key=lambda name: means[name])


# times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", "mpeg4"),
        ("a.flv", "flv"),
        ("a.m4v", "libx264"),
        ("a.mkv", "libx264"),
        ("a.mov", "libx264"),
        ("a.mp4", "libx264"),
        ("a.mpeg", "mpeg2video"),
        ("a.mpg", "mpeg2video"),
        ("a.webm", "libvpx"),
        ("a.wmv", "wmv2"),
    ],
)
def test_every_container_gives_its_frames_at_their_times(tmp_path, write_video, quarters, name, codec):
    container = "mp4" if name.endswith("m4v") else None
    path = write_video(tmp_path / name, quarters(10), codec=codec, container=container)
    times, pictures = _read(path)
    np.testing.assert_allclose(times, np.arange(10) / 25, atol=1e-3)
    assert {picture.shape for picture in pictures} == {(48, 64, 3)}
    assert _red_corner(pictures[9]) == "top left"


def test_a_variable_frame_rate_is_kept_and_starts_at_zero(tmp_path, write_video, quarters):
    path = write_video(tmp_path / "a.mkv", quarters(5), pts=[10, 11, 14, 15, 30])
    np.testing.assert_allclose(_read(path)[0], [0, 0.04, 0.16, 0.2, 0.8], atol=1e-3)


def test_a_raw_stream_gets_its_times_from_its_rate(tmp_path, write_video, quarters):
    path = write_video(tmp_path / "a.mpg", quarters(10), container="h264")
    np.testing.assert_allclose(_read(path)[0], np.arange(10) / 25)


def test_frames_whose_time_repeats_or_goes_back_get_one_between_their_neighbours(
    tmp_path, write_video, noise
):
    path = write_video(tmp_path / "a.flv", noise(8), codec="flv")
    data = bytearray(path.read_bytes())
    # A file header of 9 bytes, then tags: size of the one before (4), type (1), size (3), time in ms (3), ...
    videos, at = [], 9
    while at + 15 <= len(data):
        if data[at + 4] == 9:
            videos.append(at + 8)
        at += 15 + int.from_bytes(data[at + 5 : at + 8], "big")
    assert [int.from_bytes(data[i : i + 3], "big") for i in videos] == [0, 40, 80, 120, 160, 200, 240, 280]
    data[videos[3] : videos[3] + 3] = (80).to_bytes(3, "big")
    data[videos[4] : videos[4] + 3] = (60).to_bytes(3, "big")
    path.write_bytes(data)
    frames = read_frames(path)[1]
    np.testing.assert_allclose([time_s for time_s, _ in frames], np.arange(8) / 25, atol=1e-3)
    said = "no usable time for 2 of its 8 frames, which were put between their neighbours"
    assert (frames.guessed, frames.remarks) == (2, [said])


@pytest.mark.parametrize("name", ["a.avi", "a.asf", "a.wmv"])
def test_b_frames_are_all_there_at_their_times(tmp_path, write_video, moving, name):
    """AVI and ASF hold one time for each packet, that of decoding: the coder of these reorders pictures."""
    container = "asf" if name.endswith("wmv") else None
    path = write_video(tmp_path / name, moving(30), codec="libx264", container=container, rate=30)
    frames = read_frames(path)[1]
    times = [time_s for time_s, _ in frames]
    np.testing.assert_allclose(times, np.arange(30) / 30, atol=2e-3)
    assert frames.remarks == []


def test_an_empty_packet_is_no_damage(tmp_path, write_video, noise):
    """AVI marks a picture that is shown on by one: here the fourth, whose own time is then free."""
    path = write_video(tmp_path / "a.avi", noise(10), codec="mpeg4", pts=[0, 1, 2, 4, 5, 6, 7, 8, 9, 10])
    frames = read_frames(path)[1]
    np.testing.assert_allclose([time_s for time_s, _ in frames], np.array([0, 1, 2, *range(4, 11)]) / 25)
    assert (frames.damaged, frames.remarks) == (0, [])


def test_a_raw_stream_has_the_rate_of_its_codec(tmp_path, write_video, quarters):
    """FFmpeg would take 25 a second."""
    path = write_video(tmp_path / "a.mp4", quarters(10), container="h264", rate=30)
    info, frames = read_frames(path)
    np.testing.assert_allclose([time_s for time_s, _ in frames], np.arange(10) / 30)
    assert info.fps == 30
    path = write_video(tmp_path / "b.mpg", quarters(10), codec="mpeg2video", container="mpeg2video", rate=30)
    np.testing.assert_allclose(_read(path)[0], np.arange(10) / 30)


def test_pictures_in_a_row_have_no_rate(tmp_path, write_video, quarters):
    path = write_video(tmp_path / "a.mp4", quarters(10), codec="mjpeg", container="mjpeg")
    assert _reason(path).startswith(
        "says neither when its frames are shown nor how many there are in a second"
    )


# streams --------------------------------------------------------------------------------------------


def _write_streams(path: Path, streams: list[tuple[int, int, int]]) -> Path:
    """Video streams side by side, each of a width, a number of frames and a disposition."""
    with av.open(str(path), "w") as file:
        added = []
        for width, count, disposition in streams:
            stream = file.add_stream("mjpeg", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 48, "yuvj420p"
            stream.disposition = av.stream.Disposition(disposition)
            added.append((stream, count))
        for index in range(10):
            for stream, count in added:
                if index < count:
                    frame = av.VideoFrame(stream.width, 48, "yuvj420p")
                    frame.pts = index
                    file.mux(stream.encode(frame))
        for stream, _ in added:
            file.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    "streams",
    [
        [(32, 10, 0), (64, 10, 1)],  # a preview before the film
        [(96, 10, 0), (64, 10, 1)],  # something larger before the film
        [(96, 1, 1), (64, 10, 0)],  # a picture before the film
        [(32, 10, 0), (64, 10, 0)],  # no stream is the default
        [(64, 10, 1), (32, 10, 1)],
        [(64, 10, 0), (64, 5, 0)],
    ],
)
def test_the_film_is_shown_of_several_streams(tmp_path, streams):
    path = _write_streams(tmp_path / "a.mkv", streams)
    assert [rgb.shape for _, rgb in read_frames(path)[1]] == [(48, 64, 3)] * 10


def test_a_picture_before_the_film_is_passed_over_where_all_streams_are_defaults(tmp_path):
    path = _write_streams(tmp_path / "a.mov", [(96, 1, 1), (64, 10, 1)])
    assert [rgb.shape for _, rgb in read_frames(path)[1]] == [(48, 64, 3)] * 10
    assert probe_video(path).width == 64


# pictures -------------------------------------------------------------------------------------------


def _set_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write another display matrix into the track header of an mp4: x' = a x + c y, y' = b x + d y."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd")
    assert data[header + 4] == 0  # version 0: the matrix lies 40 bytes after the version
    one = 1 << 16
    struct.pack_into(">9i", data, header + 44, a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), "top left"),
        ((0, 1, -1, 0), "top right"),  # a quarter turn clockwise, as a phone held upright writes it
        ((-1, 0, 0, -1), "bottom right"),
        ((0, -1, 1, 0), "bottom left"),
        ((-1, 0, 0, 1), "top right"),  # mirrored, left and right
        ((1, 0, 0, -1), "bottom left"),
        ((0, 1, 1, 0), "top left"),  # mirrored along the diagonal
        ((0, -1, -1, 0), "bottom right"),
    ],
)
def test_turned_and_mirrored_pictures_are_shown_upright(tmp_path, write_video, quarters, matrix, corner):
    path = _set_matrix(write_video(tmp_path / "a.mp4", quarters(3)), *matrix)
    info, frames = read_frames(path)
    pictures = [rgb for _, rgb in frames]
    upright = matrix[0] != 0
    assert (info.width, info.height) == ((64, 48) if upright else (48, 64))
    assert pictures[0].shape == (info.height, info.width, 3)
    assert _red_corner(pictures[2]) == corner


def test_a_quarter_turn_is_clockwise_pixel_by_pixel(tmp_path, write_video, noise):
    path = write_video(tmp_path / "a.mp4", noise(2))
    before = _read(path)[1][1]
    after = _read(_set_matrix(path, 0, 1, -1, 0))[1][1]
    np.testing.assert_array_equal(after, np.rot90(before, k=-1))


@pytest.mark.parametrize(
    ("pixel", "width"),
    [
        (Fraction(2, 1), 128),
        (Fraction(1, 2), 32),
        (Fraction(12, 11), 70),
        (Fraction(1024, 1023), 64),  # square, but for rounding
        (Fraction(100, 1), 64),  # no such picture
    ],
)
def test_pixels_that_are_not_square_are_made_so(tmp_path, write_video, quarters, pixel, width):
    path = write_video(tmp_path / "a.mp4", quarters(2), pixel=pixel)
    info, frames = read_frames(path)
    pictures = [rgb for _, rgb in frames]
    assert (info.width, info.height) == (width, 48)
    assert pictures[1].shape == (48, width, 3)
    assert _red_corner(pictures[1]) == "top left"


def test_square_pixels_and_a_turn_together(tmp_path, write_video, quarters):
    path = _set_matrix(write_video(tmp_path / "a.mp4", quarters(2), pixel=Fraction(2)), 0, 1, -1, 0)
    info, frames = read_frames(path)
    assert (info.width, info.height) == (48, 128)
    assert _red_corner(next(frames)[1]) == "top right"


def test_every_picture_has_its_own_size(tmp_path, write_video, quarters):
    """A raw stream may go on in another size; so may WebM, in a call over a network."""
    first = write_video(tmp_path / "a.264", quarters(5), container="h264")
    for number, (pixel, width) in enumerate([(None, 96), (Fraction(2), 128)]):
        more = quarters(5, width=96) if pixel is None else quarters(5)
        second = write_video(tmp_path / "b.264", more, container="h264", pixel=pixel)
        both = tmp_path / f"both{number}.264"
        both.write_bytes(first.read_bytes() + second.read_bytes())
        frames = read_frames(both)[1]
        shapes = [rgb.shape for _, rgb in frames]
        assert shapes == [(48, 64, 3)] * 5 + [(48, width, 3)] * 5
        assert frames.remarks == [f"its picture changes from 64x48 to {width}x48 after 0.2 s"]


@pytest.mark.parametrize("width", [50, 64, 66, 202])
def test_rows_have_no_padding_between_them(tmp_path, write_video, quarters, width):
    path = write_video(tmp_path / "a.mp4", quarters(2, width=width))
    for rgb in _read(path)[1]:
        assert rgb.flags.c_contiguous
        assert _red_corner(rgb) == "top left"


# what the container claims --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec", "duration_s"),
    [("a.mp4", "libx264", 0.4), ("a.mkv", "libx264", 0.4), ("a.avi", "mpeg4", 0.4)],
)
def test_the_claims_of_the_container(tmp_path, write_video, quarters, name, codec, duration_s):
    path = write_video(tmp_path / name, quarters(10), codec=codec)
    info = probe_video(path)
    assert (info.width, info.height, info.frames, info.fps) == (64, 48, 10, 25.0)
    assert info.duration_s == pytest.approx(duration_s)
    assert read_frames(path)[0] == info


# bad files ------------------------------------------------------------------------------------------


def _reason(path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        _read(path)
    assert str(caught.value) == f"{path.name}: {caught.value.reason}"
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_files_that_are_no_video(tmp_path, write_sound):
    empty, text, folder, link = (tmp_path / f"{name}.mp4" for name in ("empty", "text", "folder", "link"))
    empty.touch()
    text.write_text("this is not a video\n" * 100)
    folder.mkdir()
    link.symlink_to(tmp_path / "gone.mp4")
    assert _reason(empty) == "the file is empty (0 bytes)"
    assert _reason(text).startswith("not a video, or a damaged or cut-off one (Invalid data")
    assert _reason(folder) == "is a folder, not a video"
    assert _reason(link) == "the file is gone, or is a link to nothing"
    assert _reason(write_sound(tmp_path / "sound.mp4")) == "holds sound but no video"


@contextmanager
def ordinary_user():
    """Become somebody whom file permissions bind, if this is root, whom none bind."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_that_may_not_be_read(write_video, quarters):
    # Not in pytest's own folder, which only its maker may enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write_video(Path(folder) / "a.mp4", quarters(2))
        path.chmod(0)
        with ordinary_user():
            assert _reason(path) == "the file may not be read (permission denied)"


def test_the_error_names_the_clip_where_it_is_known(tmp_path):
    for function in (read_frames, probe_video):
        with pytest.raises(ClipError, match="a_id1/x: the file is gone"):
            function(tmp_path / "x.mp4", "a_id1/x")


def test_an_mp4_without_its_end_cannot_be_opened(tmp_path, write_video, noise):
    path = write_video(tmp_path / "a.mp4", noise(30))
    path.write_bytes(path.read_bytes()[:-2000])
    assert _reason(path).startswith("not a video, or a damaged or cut-off one")


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mjpeg"), ("a.mkv", "mjpeg"), ("a.flv", "flv")])
def test_a_file_that_is_cut_off_gives_its_frames_and_then_says_so(tmp_path, write_video, noise, name, codec):
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    path = write_video(tmp_path / name, noise(75), codec=codec, options=options)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    frames = read_frames(path)[1]
    times = [next(frames)[0] for _ in range(40)]
    with pytest.raises(ClipError) as caught:
        times += [time_s for time_s, _ in frames]
    assert all(a < b for a, b in pairwise(times))
    assert re.fullmatch(r"cut off after 1\.[678] s of 3\.0 s", caught.value.reason)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mkv", "mjpeg"),
        ("a.webm", "libvpx"),
        ("a.flv", "flv"),
        ("a.avi", "mpeg4"),
        ("a.wmv", "wmv2"),
        ("a.mov", "mjpeg"),
    ],
)
@pytest.mark.parametrize("sound_s", [0, 3, 10])
def test_a_cut_off_file_says_so_with_and_without_sound(tmp_path, write_film, noise, name, codec, sound_s):
    """Also where the sound is longer: of 10 s of sound, the film is 3."""
    options = {"movflags": "faststart"} if name.endswith("mov") else {}
    path = write_film(tmp_path / name, noise(75), codec=codec, sound_s=sound_s, options=options)
    frames = read_frames(path)[1]
    assert len(list(frames)) == 75
    assert frames.remarks == []
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 5 // 10])
    assert re.match(r"cut off after [12]\.\d s(, | of (3|10)\.\d s)", _reason(path))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.ts", "mpeg2video"),
        ("a.mpg", "mpeg2video"),
        ("a.ogg", "libvpx"),
        ("a.gif", "gif"),
        ("a.mp4", "libx264"),
    ],
)
def test_a_container_without_a_length_says_that_it_ends_in_the_middle(
    tmp_path, write_video, noise, name, codec
):
    options = {"movflags": "frag_keyframe+empty_moov"} if codec == "libx264" else {}
    pixels = "rgb8" if codec == "gif" else "yuv420p"
    path = write_video(tmp_path / name, noise(75), codec=codec, pixels=pixels, options=options)
    assert len(_read(path)[0]) == 75
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10 | 1])
    assert re.fullmatch(r"cut off after 1\.[678] s, where its file ends in the middle", _reason(path))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.flv", "a.mov"])
def test_a_last_frame_that_lasts_long_is_no_cut_off(tmp_path, write_film, noise, name):
    path = write_film(tmp_path / name, noise(40), codec="flv" if name == "a.flv" else "mjpeg", last_s=1.5)
    assert av.open(str(path)).duration > 3_000_000 or name == "a.flv"
    times = _read(path)[0]
    np.testing.assert_allclose(times, np.arange(40) / 25, atol=1e-3)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx"), ("a.avi", "mpeg4")])
def test_a_bad_packet_is_left_out_and_counted(tmp_path, write_video, moving, name, codec):
    path = write_video(tmp_path / name, moving(30), codec=codec)
    before = _read(path)[0]
    with av.open(str(path)) as file:
        packets = [bytes(packet) for packet in file.demux(video=0) if packet.size]
    data = path.read_bytes()
    bad = next(packet for packet in packets[10:] if data.count(packet) == 1)
    path.write_bytes(data.replace(bad, bytes(len(bad))))
    frames = read_frames(path)[1]
    times = [time_s for time_s, _ in frames]
    assert len(times) == 29
    assert set(np.round(times, 3)) < set(np.round(before, 3))
    assert (frames.damaged, frames.remarks) == (1, ["1 packet of it could not be decoded and left out"])


def test_a_file_whose_pictures_are_all_damaged(tmp_path, write_video, noise):
    path = write_video(tmp_path / "a.mp4", noise(10))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    assert "decoded" in _reason(path)


@pytest.mark.parametrize("seed", range(12))
def test_no_damage_escapes_as_another_error(tmp_path, write_video, noise, seed):
    rng = np.random.default_rng(seed)
    name, codec = [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")][seed % 3]
    path = write_video(tmp_path / name, noise(10), codec=codec)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    where = rng.integers(0, len(data), 200)
    data[where] = rng.integers(0, 256, 200)
    path.write_bytes(data.tobytes())
    try:
        times, _ = _read(path)
    except ClipError:
        return
    assert all(a < b for a, b in pairwise(times))


def test_a_cover_picture_is_no_video(tmp_path, write_sound, quarters):
    sound = write_sound(tmp_path / "sound.mp4")
    path = tmp_path / "cover.mp4"
    with av.open(str(sound)) as source, av.open(str(path), "w") as file:
        audio = file.add_stream_from_template(source.streams.audio[0])
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        for packet in cover.encode(av.VideoFrame.from_ndarray(quarters(1)[0], format="rgb24")):
            file.mux(packet)
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = audio
                file.mux(packet)
    assert _reason(path) == "holds sound but no video"
