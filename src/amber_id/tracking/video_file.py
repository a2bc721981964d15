"""What does a video file say of its pictures before any is decoded: which stream, which packets, how long?

Conventions
-----------
Seconds are on the container's clock. Of several video streams the one is shown that moves (covers, previews
and other single pictures do not), that the file marks as its default, and that is the largest, in this order.
How long the picture is stands in the stream's own header, or the length of the whole file stands in the
file's; a length that FFmpeg guesses, from the size of the file or its last packets, says nothing.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from amber_id.errors import ClipError
from amber_id.extras import from_extra
from amber_id.tracking.frame_times import in_order

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

# Formats whose streams say how long they are, and those in which the file as a whole does.
_STREAM_SAYS_ITS_LENGTH = {"mov", "mp4", "matroska", "webm", "flv", "mxf", "ivf"}
_FILE_SAYS_ITS_LENGTH = {"mov", "mp4", "matroska", "webm", "flv", "asf", "rm", "wtv"}
# Matroska's tag, e.g. 00:00:03.025000000.
_LENGTH_TAG = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
# FFmpeg reads on after a damaged stretch; where it fails so often in a row, nothing more comes.
_MOST_FAILURES = 10


@dataclass(frozen=True, eq=False)
class Survey:
    """What the packets of a file say of P pictures, `index` being the number of the stream that is shown.

    `pts`, `dts` and `lasts` are those of the packets, in the order of the file, NaN where there is none.
    `file_s` are the seconds from the first packet of all streams to the end of the last, 0 if none is timed.
    """

    index: int
    pts: Float64[np.ndarray, " P"]
    dts: Float64[np.ndarray, " P"]
    lasts: Float64[np.ndarray, " P"]
    file_s: float

    @property
    def last_s(self) -> float:
        """When the last picture begins, NaN if no packet says so."""
        return float(np.nanmax(self.pts)) if np.isfinite(self.pts).any() else float("nan")

    @property
    def last_lasts_s(self) -> float:
        """How long the last picture is shown, 0 if no packet says so."""
        return float(self.lasts[np.nanargmax(self.pts)]) if np.isfinite(self.pts).any() else 0.0

    def orders_frames(self, stream: "VideoStream") -> bool:
        """Whether the packets' own times are sure to be those of the frames, in order.

        Where pictures are coded in another order than they are shown, times that just increase are those of
        coding. MPEG-4 in AVI may hold two pictures in one packet.
        """
        if not in_order(np.sort(self.pts)) or (self.pts < self.dts).any():
            return False
        if not stream.codec_context.has_b_frames:
            return in_order(self.pts)
        return stream.codec_context.name != "mpeg4" and not in_order(self.pts)


@dataclass(frozen=True)
class Claim:
    """What a container says of its length, in seconds, 0 where it does not: of the picture, of the file."""

    picture_s: float
    file_s: float


def import_av(extra: str) -> ModuleType:
    """PyAV, which `extra` of this package installs.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    with from_extra("av", extra):
        import av
    return av


def open_container(path: Path, clip: str) -> "InputContainer":
    """Open a file that holds video.

    Raises
    ------
    ClipError
        If it cannot be read or holds no video that PyAV knows.
    """
    av = import_av("video")
    try:
        if path.is_dir():
            raise ClipError(clip, "is a folder, not a video")
        if path.stat().st_size == 0:
            raise ClipError(clip, "the file is empty (0 bytes)")
        container: InputContainer = av.open(os.fspath(path))
    except FileNotFoundError as error:
        raise ClipError(clip, "the file is gone, or is a link to nothing") from error
    except PermissionError as error:
        raise ClipError(clip, "the file may not be read (permission denied)") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipError(clip, f"not a video, or a damaged or cut-off one ({cause(error)})") from error
    problem = _without_video(container)
    if problem:
        container.close()
        raise ClipError(clip, problem)
    return container


def shown_stream(container: "InputContainer", packets: dict[int, int] | None = None) -> "VideoStream":
    """The video stream that is shown; `packets` says how many each stream has, by its index, where known."""

    def rank(stream: "VideoStream") -> tuple[bool, bool, int, int]:
        count = stream.frames if packets is None else packets.get(stream.index, 0)
        default = bool(stream.disposition & import_av("video").stream.Disposition.default)
        return count != 1, default, stream.width * stream.height, -stream.index

    return max((s for s in _pictures(container) if s.codec_context is not None), key=rank)


def stream_of(container: "InputContainer", index: int) -> "VideoStream":
    """The video stream of this number."""
    return next(stream for stream in container.streams.video if stream.index == index)


def survey_of(container: "InputContainer") -> Survey:
    """Read all packets of a file, decoding none."""
    rows: dict[int, list[tuple[float, float, float]]] = {}
    for packet in packets_of(container):
        if packet is not None and packet.size and not packet.is_discard:
            rows.setdefault(packet.stream_index, []).append(_times_of(packet))
    index = shown_stream(container, {index: len(times) for index, times in rows.items()}).index
    pts, dts, lasts = np.array(rows.get(index, []), dtype=np.float64).reshape(-1, 3).T
    every = np.array([row for each in rows.values() for row in each], dtype=np.float64).reshape(-1, 3)
    begins = np.where(np.isnan(every[:, 0]), every[:, 1], every[:, 0])
    ends = (begins + every[:, 2])[np.isfinite(begins)]
    file_s = float(ends.max() - np.nanmin(begins)) if len(ends) else 0.0
    return Survey(index, pts, dts, lasts, file_s)


def packets_of(container: "InputContainer", *streams: "VideoStream") -> Iterator["Packet[Stream] | None"]:
    """The packets of `streams`, or of all; None stands for a stretch that cannot be read."""
    failures = 0
    while failures < _MOST_FAILURES:
        try:
            for packet in container.demux(*streams):
                failures = 0
                yield packet
        except (import_av("video").FFmpegError, OSError, ValueError, MemoryError):
            failures += 1
            yield None
        else:
            return


def frame_rate(container: "InputContainer", stream: "VideoStream") -> float:
    """How many frames a second the stream has, 0 if neither its container nor its codec says so.

    For a raw stream FFmpeg makes up 25 a second, and times to go with them: `has_clock` is False then.
    """
    rate = stream.average_rate or stream.guessed_rate
    if not has_clock(container):
        rate = stream.codec_context.framerate
    return float(rate or 0)


def has_clock(container: "InputContainer") -> bool:
    """Whether the container says when its frames are shown; a raw stream and a row of pictures do not."""
    made_up = container.format.flags & import_av("video").format.Flags.no_timestamps.value
    return not made_up and not container.format.name.endswith("_pipe")


def claim_of(container: "InputContainer", stream: "VideoStream") -> Claim:
    """How long the file says that it is."""
    names = set(container.format.name.split(","))
    file_s = 0.0
    if names & _FILE_SAYS_ITS_LENGTH and container.duration:
        file_s = (container.duration - (container.start_time or 0)) / 1_000_000  # counted from time zero
    if "mov" in names and not stream.frames:  # in fragments: what is said is that of those that are there
        return Claim(0.0, 0.0)
    if "avi" in names:  # its duration is that of what is there; its header has the number of frames
        return Claim(float(stream.frames * (stream.time_base or 0)), file_s)
    if names & _STREAM_SAYS_ITS_LENGTH and stream.duration and stream.time_base:
        return Claim(float(stream.duration * stream.time_base), file_s)
    tag = _LENGTH_TAG.match(stream.metadata.get("DURATION", ""))
    if tag:
        begins_s = float((stream.start_time or 0) * (stream.time_base or 0))
        hours, minutes, seconds = map(float, tag.groups())
        return Claim(hours * 3600 + minutes * 60 + seconds - begins_s, file_s)
    return Claim(0.0, file_s)


def cause(error: Exception) -> str:
    """What FFmpeg or the system says of an error, in a line."""
    return str(getattr(error, "strerror", None) or error).split("\n")[0]


def _without_video(container: "InputContainer") -> str:
    """Why there is nothing to show, "" if there is."""
    if any(stream.codec_context is not None for stream in _pictures(container)):
        return ""
    if _pictures(container):
        return "its video codec is not known to PyAV"
    return "holds sound but no video" if container.streams.audio else "holds no video"


def _pictures(container: "InputContainer") -> list["VideoStream"]:
    """The video streams that are no still: a song's cover picture is a video stream too."""
    kinds = import_av("video").stream.Disposition
    still = kinds.attached_pic | kinds.timed_thumbnails | kinds.still_image
    return [stream for stream in container.streams.video if not stream.disposition & still]


def _times_of(packet: "Packet[Stream]") -> tuple[float, float, float]:
    """When a packet is shown, when decoded, and how long it lasts."""
    tick = float(packet.time_base)
    pts, dts = (np.nan if time is None else time * tick for time in (packet.pts, packet.dts))
    return pts, dts, (packet.duration or 0) * tick
