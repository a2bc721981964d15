"""How do drawn frames become a video file that plays as long, and sounds, as its original does?

Conventions
-----------
H.264 in MP4, each frame at the original's own time, counted from its first frame; so a variable rate is kept.
Sound is copied packet by packet where MP4 can hold it and made into AAC where not. What sounds before the
first frame is left out. A video whose sound is damaged keeps what comes before the damage.
One thread, so the same frames give the same bytes with the same library.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import UInt8

from amber_id.errors import MissingDependencyError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

# A packet of PyAV's and when it begins, in seconds from the first frame.
_Timed = tuple[float, Any]

Sound = Literal["none", "copied", "re-encoded", "cut off"]

_TIME_BASE = Fraction(1, 90_000)
# Visually lossless; the file is small all the same, for most of the picture stands still.
_CODEC_OPTIONS = {"crf": "18", "preset": "veryfast", "bf": "0"}
_MP4_HOLDS = {"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}


def write_video(
    path: Path,
    frames: Iterable[tuple[float, UInt8[np.ndarray, "S S 3"]]],
    *,
    fps: float,
    sound_of: Path | None = None,
) -> Sound:
    """Write ``(time_s, rgb)`` frames to `path` with the sound of `sound_of`, and say what became of that.

    `fps` is the mean rate, for players that ask. There must be a frame at least; times must increase.

    Raises
    ------
    MissingDependencyError
        If PyAV is not installed.
    OSError
        If `path` cannot be written; PyAV's own errors are of this kind.
    """
    av = _import_av()
    waiting = iter(frames)
    first_s, first = next(waiting)
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=_CODEC_OPTIONS)
        video.width = video.height = len(first)
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = _TIME_BASE
        video.codec_context.thread_count = 1
        with _Sound(out, sound_of) as sound:
            for time_s, rgb in _chained(first_s, first, waiting):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
                frame.pts, frame.time_base = round((time_s - first_s) * _TIME_BASE.denominator), _TIME_BASE
                out.mux(video.encode(frame))
                sound.write_until(time_s - first_s)
            out.mux(video.encode(None))
            sound.write_until(float("inf"))
            return sound.became


def _chained(
    first_s: float, first: np.ndarray, others: Iterator[tuple[float, np.ndarray]]
) -> Iterator[tuple[float, np.ndarray]]:
    yield first_s, first
    yield from others


class _Sound:
    """The sound of one file on its way into another; use it in a ``with`` block.

    `became` says what it has become so far.
    """

    def __init__(self, out: "OutputContainer", source: Path | None) -> None:
        self.became: Sound = "none"
        self._av = _import_av()
        self._out = out
        self._source: InputContainer | None = None
        self._packets: Iterator[_Timed] = iter(())
        self._next: _Timed | None = None
        if source is not None:
            try:
                self._source = self._av.open(str(source))
            except (self._av.FFmpegError, OSError):
                self.became = "cut off"
        if self._source is not None and self._source.streams.audio:
            self._packets = self._begin(self._source, self._source.streams.audio[0])
            self._step()

    def __enter__(self) -> "_Sound":
        return self

    def __exit__(self, *_: object) -> None:
        if self._source is not None:
            self._source.close()

    def write_until(self, time_s: float) -> None:
        """Write the packets that begin before this time."""
        while self._next is not None and self._next[0] < time_s:
            self._out.mux(self._next[1])
            self._step()

    def _step(self) -> None:
        try:
            self._next = next(self._packets, None)
        except (self._av.FFmpegError, ValueError):
            self._next, self.became = None, "cut off"

    def _begin(self, source: "InputContainer", stream: "AudioStream") -> Iterator[_Timed]:
        begins_s = _first_frame_s(source)
        if stream.codec_context.name.removesuffix("float") in _MP4_HOLDS:
            self.became = "copied"
            copy = self._out.add_stream_from_template(stream)
            return _copied(source, stream, copy, begins_s)
        self.became = "re-encoded"
        # Some files say how many channels there are, but not which.
        layout = "mono" if stream.channels == 1 else "stereo"
        aac = self._out.add_stream("aac", rate=stream.rate, layout=layout)
        return self._encoded(source, stream, aac, begins_s)

    def _encoded(
        self, source: "InputContainer", stream: "AudioStream", aac: Any, begins_s: float
    ) -> Iterator[_Timed]:
        resampler = self._av.AudioResampler("fltp", aac.layout.name, aac.rate)
        written = 0
        for frame in source.decode(stream):
            if frame.time is not None and frame.time < begins_s:
                continue
            for part in resampler.resample(frame):
                part.pts, part.time_base = written, Fraction(1, aac.rate)
                written += part.samples
                yield from ((float(packet.pts * packet.time_base), packet) for packet in aac.encode(part))
        yield from ((float(packet.pts * packet.time_base), packet) for packet in aac.encode(None))


def _copied(source: "InputContainer", stream: "AudioStream", copy: Any, begins_s: float) -> Iterator[_Timed]:
    begins = round(begins_s / (stream.time_base or 1))
    for packet in source.demux(stream):
        if packet.pts is None or packet.dts is None or packet.pts < begins:
            continue
        packet.pts, packet.dts = packet.pts - begins, packet.dts - begins
        packet.stream = copy
        yield float(packet.pts * packet.time_base), packet


def _first_frame_s(source: "InputContainer") -> float:
    """When the first frame is shown, on the container's clock."""
    video = next(iter(source.streams.video), None)
    if video is None or video.start_time is None or video.time_base is None:
        return 0.0
    return float(video.start_time * video.time_base)


def _import_av() -> ModuleType:
    try:
        import av
        import av.audio.resampler
    except ImportError as error:
        raise MissingDependencyError.for_extra("av", "avatar") from error
    return av
