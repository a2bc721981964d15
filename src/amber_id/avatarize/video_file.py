"""How do drawn frames become a video file that plays as long, and sounds, as its original does?

Conventions
-----------
H.264 in MP4, each frame at the original's own time, counted from its first frame; so a variable rate is kept.
The file says how its colours are meant: SMPTE 170M, limited range.
Sound is copied packet by packet where MP4 can hold it and made into AAC where not. It goes from the first
frame until the last one has been shown, and at most one packet further: what sounds before or after is left
out, so that no player stands still at the end.
The picture does not depend on the sound: of damaged sound, what comes before the damage is kept, and sound
that cannot be read at all leaves a silent video.
One thread, so the same frames give the same bytes with the same library.
"""

import contextlib
import errno
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import UInt8

from amber_id.errors import ClipError
from amber_id.tracking.video import first_frame_s
from amber_id.tracking.video_file import import_av

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

# A packet of PyAV's and when it begins, in seconds from the first frame.
_Timed = tuple[float, Any]

Sound = Literal["none", "copied", "re-encoded", "cut off"]

_TIME_BASE = Fraction(1, 90_000)
# Visually lossless; the file is small all the same, for most of the picture stands still.
_CODEC_OPTIONS = {"crf": "18", "preset": "veryfast", "bf": "0"}
# How red, green and blue become the file's values: FFmpeg's way unless told. Players take a picture of 720
# lines and more for BT.709 where a file does not say otherwise.
_SMPTE_170M, _LIMITED = 6, 1
_COLOUR = {
    "colorspace": _SMPTE_170M,
    "color_primaries": _SMPTE_170M,
    "color_trc": _SMPTE_170M,
    "color_range": _LIMITED,
}
_MP4_HOLDS = {"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}
# What AAC takes where the original's rate is none of its own.
_AAC_RATE = 48_000


def write_video(
    path: Path,
    frames: Iterable[tuple[float, UInt8[np.ndarray, "S S 3"]]],
    *,
    fps: float,
    sound_of: Path | None = None,
) -> Sound:
    """Write ``(time_s, rgb)`` frames to `path` with the sound of `sound_of`, and say what became of that.

    `fps` is the mean rate, for players that ask, and says how long the last frame is shown. There must be a
    frame at least; times must increase. What is wrong with `sound_of` is no error, but "cut off".

    Raises
    ------
    MissingDependencyError
        If PyAV is not installed.
    OSError
        If `path` cannot be written, or FFmpeg refuses the pictures (EINVAL).
    """
    av = import_av("avatar")
    # The sound may turn out to be one that MP4 or the encoder refuses when the frames are spent already.
    with tempfile.TemporaryFile(dir=path.parent) as picture:
        end_s = _write_picture(picture, frames, fps)
        *ways, last = _ways(sound_of)
        for way in ways:
            try:
                return _join(path, picture, end_s, sound_of, way)
            except OSError:
                raise
            except (av.FFmpegError, ValueError):
                continue
        with _refused_as_os_error():
            return _join(path, picture, end_s, sound_of, last)


def _write_picture(
    file: IO[bytes], frames: Iterable[tuple[float, UInt8[np.ndarray, "S S 3"]]], fps: float
) -> float:
    """Encode frames into an MP4 without sound; returns how many seconds it takes to show them."""
    av = import_av("avatar")
    waiting = iter(frames)
    first_s, first = next(waiting)
    with _mp4(file) as out:
        video = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=_CODEC_OPTIONS)
        video.width = video.height = len(first)
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = _TIME_BASE
        video.codec_context.thread_count = 1
        for field, value in _COLOUR.items():
            setattr(video.codec_context, field, value)
        last_s = 0.0
        for time_s, rgb in _chained(first_s, first, waiting):
            last_s = time_s - first_s
            with _refused_as_os_error():
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
                frame.pts, frame.time_base = round(last_s * _TIME_BASE.denominator), _TIME_BASE
                out.mux(video.encode(frame))
        with _refused_as_os_error():
            out.mux(video.encode(None))
            out.close()
    return last_s + 1 / fps


def _chained(
    first_s: float, first: np.ndarray, others: Iterator[tuple[float, np.ndarray]]
) -> Iterator[tuple[float, np.ndarray]]:
    yield first_s, first
    yield from others


@contextlib.contextmanager
def _mp4(file: str | IO[bytes]) -> Iterator["OutputContainer"]:
    av = import_av("avatar")
    out: OutputContainer = av.open(file, "w", format="mp4")
    try:
        yield out
    except BaseException:
        # The end cannot be written either; it is the first error that tells why.
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            out.close()
        raise
    out.close()


@contextlib.contextmanager
def _refused_as_os_error() -> Iterator[None]:
    """Some errors of FFmpeg's are an OSError, others a ValueError or none of both: make all an OSError."""
    try:
        yield
    except OSError:
        raise
    except (import_av("avatar").FFmpegError, ValueError) as error:
        raise OSError(errno.EINVAL, str(error).split("\n")[0]) from error


def _ways(sound_of: Path | None) -> list[Sound]:
    """What may become of a file's sound, the best first; the last one needs no sound."""
    if sound_of is None:
        return ["none"]
    av = import_av("avatar")
    try:
        with av.open(str(sound_of)) as source:
            if not source.streams.audio:
                return ["none"]
            codec: Any = _sound_of(source).codec_context
            if codec is None:  # one that FFmpeg does not know
                return ["cut off"]
            holds = codec.name.removesuffix("float") in _MP4_HOLDS
    except (av.FFmpegError, OSError, ValueError):
        return ["cut off"]
    return ["copied", "re-encoded", "cut off"] if holds else ["re-encoded", "cut off"]


def _join(path: Path, picture: IO[bytes], end_s: float, sound_of: Path | None, way: Sound) -> Sound:
    """Write picture and sound into one file; returns what became of the sound.

    Raises as PyAV does if MP4 or the encoder refuses the sound.
    """
    av = import_av("avatar")
    picture.seek(0)
    with av.open(picture) as drawn, _mp4(str(path)) as out:
        stream = drawn.streams.video[0]
        copy = out.add_stream_from_template(stream)
        with _Sound(out, sound_of, way) as sound:
            sound.begin()
            for packet in drawn.demux(stream):
                if packet.dts is None:  # the end
                    continue
                time_s = float(packet.pts * packet.time_base)
                packet.stream = copy
                out.mux(packet)
                sound.write_until(time_s)
            sound.write_until(end_s)
        return sound.became


class _Sound:
    """The sound of one file on its way into another; use it in a ``with`` block.

    `became` says what it has become so far.
    """

    def __init__(self, out: "OutputContainer", source: Path | None, way: Sound) -> None:
        self.became: Sound = way
        self._av = import_av("avatar")
        self._out = out
        self._source: InputContainer | None = None
        self._packets: Iterator[_Timed] = iter(())
        self._next: _Timed | None = None
        self._begins_s = 0.0
        if source is not None and way in ("copied", "re-encoded"):
            self._begins_s = _begins_s(source)
            self._source = self._av.open(str(source))

    def __enter__(self) -> "_Sound":
        return self

    def __exit__(self, *_: object) -> None:
        if self._source is not None:
            self._source.close()

    def begin(self) -> None:
        """Add the stream, before anything is written."""
        if self._source is None:
            return
        stream, begins_s = _sound_of(self._source), self._begins_s
        if self.became == "copied":
            copy = self._out.add_stream_from_template(stream)
            self._packets = _copied(self._source, stream, copy, begins_s)
        else:
            # Some files say how many channels there are, but not which.
            layout = "mono" if stream.channels == 1 else "stereo"
            takes = self._av.Codec("aac", "w").audio_rates
            rate = stream.rate if stream.rate in takes else _AAC_RATE
            aac = self._out.add_stream("aac", rate=rate, layout=layout)
            self._packets = _encoded(self._source, stream, aac, begins_s)
        self._step()

    def write_until(self, time_s: float) -> None:
        """Write the packets that begin before this time."""
        while self._next is not None and self._next[0] < time_s:
            self._out.mux(self._next[1])
            self._step()

    def _step(self) -> None:
        try:
            self._next = next(self._packets, None)
        except (self._av.FFmpegError, OSError, ValueError):
            self._next, self.became = None, "cut off"


def _copied(source: "InputContainer", stream: "AudioStream", copy: Any, begins_s: float) -> Iterator[_Timed]:
    begins = round(begins_s / (stream.time_base or 1))
    for packet in source.demux(stream):
        if packet.pts is None or packet.dts is None or packet.pts < begins:
            continue
        packet.pts, packet.dts = packet.pts - begins, packet.dts - begins
        packet.stream = copy
        yield float(packet.pts * packet.time_base), packet


def _encoded(source: "InputContainer", stream: "AudioStream", aac: Any, begins_s: float) -> Iterator[_Timed]:
    """Encode what sounds from `begins_s` on; `aac` resamples, and gives the rest of that at the end."""
    at: int | None = None
    for frame in source.decode(stream):
        time_s = begins_s if frame.time is None else frame.time
        if time_s < begins_s:
            continue
        if at is None:  # sound may begin after the picture
            at = round((time_s - begins_s) * frame.sample_rate)
        frame.pts, frame.time_base = at, Fraction(1, frame.sample_rate)
        at += frame.samples
        yield from ((float(packet.pts * packet.time_base), packet) for packet in aac.encode(frame))
    yield from ((float(packet.pts * packet.time_base), packet) for packet in aac.encode(None))


def _sound_of(source: "InputContainer") -> "AudioStream":
    """The sound that is played: the file's default, else its first."""
    default = import_av("avatar").stream.Disposition.default
    return max(source.streams.audio, key=lambda stream: bool(stream.disposition & default))


def _begins_s(source: Path) -> float:
    """When the first frame that can be shown is shown, on the container's clock; 0 where there is none.

    A stream may begin earlier: with frames that lack what they are made from, or that are damaged.
    """
    try:
        return first_frame_s(source)
    except ClipError:
        return 0.0
