"""What a video file shows, frame by frame, and when.

Conventions
-----------
A frame is RGB as a person would see it: turned and mirrored as the file asks for, in square pixels.
Its time is seconds since the first frame, from the container's own timestamps: a variable frame rate is kept.
A frame whose time is missing or does not come after the one before is dropped, and so is one that the decoder
marks as damaged. Only a stream without any timestamps (a raw one) gets times from its average rate.
A file that ends early gives the frames that are there, and then says so.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from amber_id.errors import ClipError, MissingDependencyError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Frames = Iterator[tuple[float, UInt8[np.ndarray, "H W 3"]]]

# A stored pixel is taken as square if it is so within this much: scaling by 1023/1024 would only blur.
_SQUARE_WITHIN = 0.01
# A pixel wider or narrower than this is a damaged header, not a picture.
_WIDEST_PIXEL = 4.0
# Formats that write down how long a stream is; for the others FFmpeg guesses it from the size of the file.
_SAYS_ITS_LENGTH = {"mov", "mp4", "matroska", "webm", "flv"}
# A file is cut off if it ends this many seconds, and this share of its length, before it says.
_CUT_OFF_S, _CUT_OFF_SHARE = 0.2, 0.1


@dataclass(frozen=True)
class VideoInfo:
    """A video as its container describes it.

    `width` and `height` are those of the picture as shown, in square pixels. `frames` is how many there are,
    `fps` their average rate and `duration_s` the length, each 0 where the container does not say.
    """

    width: int
    height: int
    frames: int
    fps: float
    duration_s: float


def read_frames(path: Path, clip: str | None = None) -> tuple[VideoInfo, Frames]:
    """Open a video; returns what it claims and an iterator over ``(timestamp_s, rgb)``.

    The iterator holds one frame at a time and closes the file at its end. Errors name `clip`, else the file.

    Raises
    ------
    ClipError
        If the file cannot be read, holds no video, or no frame of it can be decoded. The iterator raises it,
        after the good frames, where the video is damaged or ends before the length that it claims.
    """
    clip = clip or path.name
    container, stream = _open(path, clip)
    stream.codec_context.thread_count = 1  # the work is shared out by clip; more threads would only fight
    decoded = _decode(container, stream, clip)
    first = next(decoded, None)
    if first is None:
        raise ClipError(clip, "no frame in it can be decoded")
    layout = _Layout.of(first, stream)
    info = _describe(container, stream, layout)
    return info, _show(first, decoded, info, layout, clip)


def probe_video(path: Path, clip: str | None = None) -> VideoInfo:
    """Read what the container claims, without decoding; the size is the stored one.

    Raises
    ------
    ClipError
        If the file cannot be read or holds no video.
    """
    container, stream = _open(path, clip or path.name)
    with container:
        return _describe(container, stream, _Layout(stream.width, stream.height))


def import_av(extra: str) -> ModuleType:
    """PyAV, which `extra` of this package installs.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingDependencyError.for_extra("av", extra) from error
    return av


@dataclass(frozen=True)
class _Layout:
    """How stored pixels become the picture shown: scale to `width` x `height`, then turn by `matrix`.

    `matrix` is (a, b, c, d), each -1, 0 or 1: a stored step (x, y) is shown as (a x + c y, b x + d y).
    """

    width: int
    height: int
    matrix: tuple[int, int, int, int] = (1, 0, 0, 1)

    @classmethod
    def of(cls, frame: "VideoFrame", stream: "VideoStream") -> "_Layout":
        pixel = float(stream.sample_aspect_ratio or 1)
        if abs(pixel - 1) <= _SQUARE_WITHIN or not 1 / _WIDEST_PIXEL <= pixel <= _WIDEST_PIXEL:
            pixel = 1.0
        return cls(max(1, round(frame.width * pixel)), frame.height, _display_matrix(frame))

    @property
    def shown(self) -> tuple[int, int]:
        return (self.width, self.height) if self.matrix[0] else (self.height, self.width)

    def apply(self, frame: "VideoFrame", clip: str) -> UInt8[np.ndarray, "H W 3"]:
        try:
            rgb = frame.to_ndarray(format="rgb24", width=self.width, height=self.height)
        except (import_av("video").FFmpegError, ValueError, MemoryError) as error:
            raise ClipError(clip, f"its pictures cannot be turned into RGB ({_cause(error)})") from error
        a, b, c, d = self.matrix
        rgb = rgb[::d, ::a] if a else rgb.transpose(1, 0, 2)[::b, ::c]
        # PyAV hands out rows with padding between them, which MediaPipe reads as a sheared picture.
        return np.ascontiguousarray(rgb)


def _display_matrix(frame: "VideoFrame") -> tuple[int, int, int, int]:
    """Turning and mirroring that the file asks for, to the nearest right angle.

    ``frame.rotation`` would not do: it calls a mirrored picture one that is upside down.
    """
    side_data: Any = frame.side_data
    for data in side_data:
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
            if abs(a) + abs(d) >= abs(b) + abs(c):
                return (_sign(a), 0, 0, _sign(d))
            return (0, _sign(b), _sign(c), 0)
    return (1, 0, 0, 1)


def _sign(value: int) -> int:
    return -1 if value < 0 else 1


def _open(path: Path, clip: str) -> tuple["InputContainer", "VideoStream"]:
    av = import_av("video")
    try:
        if path.is_dir():
            raise ClipError(clip, "is a folder, not a video")
        if path.stat().st_size == 0:
            raise ClipError(clip, "the file is empty (0 bytes)")
        container = av.open(os.fspath(path))
    except FileNotFoundError as error:
        raise ClipError(clip, "the file is gone, or is a link to nothing") from error
    except PermissionError as error:
        raise ClipError(clip, "the file may not be read (permission denied)") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipError(clip, f"not a video, or a damaged or cut-off one ({_cause(error)})") from error
    # A song's cover picture is a video stream too.
    covers = av.stream.Disposition.attached_pic
    pictures = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not pictures:
        has_sound = bool(container.streams.audio)
        container.close()
        raise ClipError(clip, "holds sound but no video" if has_sound else "holds no video")
    if pictures[0].codec_context is None:
        container.close()
        raise ClipError(clip, "its video codec is not known to PyAV")
    return container, pictures[0]


def _decode(container: "InputContainer", stream: "VideoStream", clip: str) -> Iterator["VideoFrame"]:
    av = import_av("video")
    count = 0
    with container:
        try:
            for frame in container.decode(stream):
                if not frame.is_corrupt:
                    yield frame
                    count += 1
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise ClipError(clip, f"cannot be decoded after {count} frames ({_cause(error)})") from error


def _show(
    first: "VideoFrame", others: Iterator["VideoFrame"], info: VideoInfo, layout: _Layout, clip: str
) -> Frames:
    """Lay out the frames and give each its time; raises ClipError at the end if there should be more."""
    yield 0.0, layout.apply(first, clip)
    last_s, count = 0.0, 1
    for frame in others:
        if first.pts is None:
            if not info.fps:
                raise ClipError(clip, "has neither timestamps nor a frame rate")
            time_s = count / info.fps
        else:
            time_s = last_s if frame.pts is None else frame.time - first.time
        if time_s > last_s:
            yield time_s, layout.apply(frame, clip)
            last_s, count = time_s, count + 1
    end_s = last_s + (1 / info.fps if info.fps else 0)
    if info.duration_s - end_s > max(_CUT_OFF_S, _CUT_OFF_SHARE * info.duration_s):
        raise ClipError(clip, f"cut off after {end_s:.1f} s of {info.duration_s:.1f} s")


def _describe(container: "InputContainer", stream: "VideoStream", layout: _Layout) -> VideoInfo:
    width, height = layout.shown
    fps = float(stream.average_rate or 0)
    duration_s = _length_s(container, stream)
    return VideoInfo(width, height, stream.frames or round(duration_s * fps), fps, duration_s)


def _length_s(container: "InputContainer", stream: "VideoStream") -> float:
    if _SAYS_ITS_LENGTH.isdisjoint(container.format.name.split(",")):
        return 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and not container.streams.audio:  # sound may be longer than the picture
        return (container.duration - (container.start_time or 0)) / 1_000_000  # counted from time zero
    return 0.0


def _cause(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split("\n")[0]
