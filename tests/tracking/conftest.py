"""Videos made on the spot."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


@pytest.fixture(scope="session")
def quarters() -> Callable[..., list[np.ndarray]]:
    """Frames that are black but for a red quarter at the top left: ``quarters(count, height, width)``."""

    def make(count: int = 10, height: int = 48, width: int = 64) -> list[np.ndarray]:
        frame = np.zeros((height, width, 3), np.uint8)
        frame[: height // 2, : width // 2] = (255, 0, 0)
        return [frame] * count

    return make


@pytest.fixture(scope="session")
def noise() -> Callable[..., list[np.ndarray]]:
    """Frames of grey noise, in which there is no face: ``noise(count)``."""

    def make(count: int = 30, height: int = 48, width: int = 64) -> list[np.ndarray]:
        grey = np.random.default_rng(0).integers(0, 256, (count, height, width, 1), np.uint8)
        return list(np.repeat(grey, 3, axis=3))

    return make


@pytest.fixture(scope="session")
def moving() -> Callable[..., list[np.ndarray]]:
    """Frames in which a white square moves, so that a coder looks ahead and back: ``moving(count)``."""

    def make(count: int = 30) -> list[np.ndarray]:
        frames = np.zeros((count, 96, 128, 3), np.uint8)
        for i, frame in enumerate(frames):
            frame[20:50, 2 * i : 2 * i + 30] = 255
        return list(frames)

    return make


def _write_film(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    codec: str,
    sound_s: float = 0,
    last_s: float = 0.04,
    options: dict[str, str] | None = None,
) -> Path:
    coders = {".webm": "libopus", ".wmv": "wmav2", ".avi": "libmp3lame", ".flv": "libmp3lame"}
    rate = 48000 if path.suffix == ".webm" else 44100
    with av.open(str(path), "w", options=options or {}) as file:
        video = file.add_stream(codec, rate=25)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        packets = []
        for index, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = index
            packets += video.encode(frame)
        packets += video.encode()
        packets[-1].duration = round(last_s / packets[-1].time_base)
        if sound_s:
            audio = file.add_stream(coders.get(path.suffix, "aac"), rate=rate, layout="stereo")
            audio.bit_rate = 32000
            for index in range(round(sound_s * rate / 1024)):
                sound = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
                sound.sample_rate, sound.pts, sound.time_base = rate, 1024 * index, Fraction(1, rate)
                packets += audio.encode(sound)
            packets += audio.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return path


@pytest.fixture(scope="session")
def write_film() -> Callable[..., Path]:
    """Encode RGB frames, 25 a second, and `sound_s` seconds of silence; the last frame lasts `last_s`."""
    return _write_film


def _write_sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=16000, layout="mono")
        for index in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, 1024 * index
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def write_sound() -> Callable[[Path], Path]:
    """Write a file that holds sound alone."""
    return _write_sound


@pytest.fixture(scope="session")
def face_frames(real_clips: Path) -> list[np.ndarray]:
    """The first frames of a real talking head, 384 x 384 pixels at 15 per second."""
    with av.open(str(real_clips / "talking_id008" / "talking_id008_clip00.mp4")) as file:
        return [np.ascontiguousarray(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]
