"""What a video file shows, frame by frame, and when.

Conventions
-----------
A frame is RGB as a person would see it: turned and mirrored as the file asks for, in square pixels, and of
its own size, which may change within a clip. Its time is seconds since the first frame, from the container's
own timestamps: a variable frame rate is kept. Where timestamps are missing, or not in order,
`frame_times.py` counts them from what is there; a raw stream has the rate that its codec states.
A packet that cannot be decoded, and a frame that the decoder marks as damaged, are passed over and counted.
A file that ends early gives the frames that are there, and then says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from amber_id.errors import ClipError, FileFormatError
from amber_id.reading import reading
from amber_id.tracking.file_end import is_whole
from amber_id.tracking.frame_times import FrameTimes, times_of_frames
from amber_id.tracking.picture_layout import Layout, Layouts
from amber_id.tracking.video_file import (
    Survey,
    claim_of,
    frame_rate,
    has_clock,
    import_av,
    open_container,
    packets_of,
    shown_stream,
    stream_of,
    survey_of,
)

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# A file is cut off if it ends this many seconds, and this share of its length, before it says.
_CUT_OFF_S, _CUT_OFF_SHARE = 0.2, 0.1
# Where a file ends in its middle, so much less than it says is enough.
_SURELY_CUT_OFF_S = 0.1
# What a frame lasts where nothing tells.
_SHORTEST_FRAME_S = 0.001
# Guessed times are told where they are more than this share of all.
_MANY_GUESSED = 0.01


@dataclass(frozen=True)
class VideoInfo:
    """A video as its container describes it.

    `width` and `height` are those of the first picture as shown, in square pixels. `frames` is how many there
    are, `fps` their average rate and `duration_s` the length, each 0 where the container does not say.
    """

    width: int
    height: int
    frames: int
    fps: float
    duration_s: float


def read_frames(path: Path, clip: str | None = None) -> tuple[VideoInfo, "Frames"]:
    """Open a video; returns what it claims and an iterator over ``(timestamp_s, rgb)``.

    The iterator holds one frame at a time and closes the file at its end. Errors name `clip`, else the file.

    Raises
    ------
    ClipError
        If the file cannot be read, holds no video, no frame of it can be decoded, or nothing says when its
        frames are shown. The iterator raises it, after the good frames, where the video ends before the
        length that it claims.
    """
    clip = clip or path.name
    with open_container(path, clip) as container:
        survey = survey_of(container)
        stream = stream_of(container, survey.index)
        timed = has_clock(container) and survey.orders_frames(stream)
    times = None if timed else _times_by_decoding(path, clip, survey.index)
    frames = Frames(path, clip, survey, times)
    return frames.info, frames


def first_frame_s(path: Path) -> float:
    """When the first frame is shown, on the container's clock, in seconds; 0 where there is no such clock.

    Raises
    ------
    ClipError
        If `read_frames` does.
    """
    return read_frames(path)[1].start_s


def probe_video(path: Path, clip: str | None = None) -> VideoInfo:
    """Read what the container claims, without decoding; the size is the stored one.

    Raises
    ------
    ClipError
        If the file cannot be read or holds no video.
    """
    with open_container(path, clip or path.name) as container:
        stream = shown_stream(container)
        return _describe(container, stream, Layout(stream.width, stream.height))


class Frames:
    """An iterator over the frames of a video, as ``(timestamp_s, rgb)``.

    `info` is what the container claims, and `start_s` the first frame's time on its clock.
    """

    def __init__(self, path: Path, clip: str, survey: Survey, times: FrameTimes | None) -> None:
        container = open_container(path, clip)
        stream = stream_of(container, survey.index)
        self._path, self._clip, self._survey, self._times = path, clip, survey, times
        self._format = container.format.name
        self._claim = claim_of(container, stream)
        self._tally = _Tally()
        self._cut_off = False
        self._layouts = Layouts(stream)
        decoded = _decode(container, stream, self._layouts, self._tally)
        first = next(decoded, None)
        if first is None:
            raise ClipError(clip, "no frame in it can be decoded")
        layout = self._layouts.of(first)
        self.info = _describe(container, stream, layout)
        self.start_s = float(first.time or 0.0) if times is None else times.start_s
        if self._format == "avi":
            self.start_s = _start_in_avi(first, stream, survey)
        self._pictures = self._show(first, layout, decoded)

    def __iter__(self) -> "Frames":
        return self

    def __next__(self) -> tuple[float, UInt8[np.ndarray, "H W 3"]]:
        return next(self._pictures)

    @property
    def damaged(self) -> int:
        """How many packets could not be decoded, or gave a picture that is damaged.

        What comes after the last good frame of a file that is cut off is no packet.
        """
        return self._tally.damaged + (0 if self._cut_off else self._tally.trailing)

    @property
    def guessed(self) -> int:
        """How many frames have a time that was counted from their neighbours'."""
        return self._tally.guessed if self._times is None else self._times.guessed

    @property
    def remarks(self) -> list[str]:
        """What is not as it should be, in words; complete when the iterator is at its end."""
        remarks = []
        if self.damaged:
            packets = "1 packet" if self.damaged == 1 else f"{self.damaged} packets"
            remarks.append(f"{packets} of it could not be decoded and left out")
        if self.guessed > _MANY_GUESSED * self._tally.frames:
            remarks.append(
                f"no usable time for {self.guessed} of its {self._tally.frames} frames, which were put "
                "between their neighbours"
            )
        sizes = self._tally.sizes
        if len(sizes) > 1:
            (_, before), (time_s, after) = sizes[:2]
            more = f", the first of {len(sizes) - 1} changes" if len(sizes) > 2 else ""
            remarks.append(
                f"its picture changes from {before[0]}x{before[1]} to {after[0]}x{after[1]} after "
                f"{time_s:.1f} s{more}"
            )
        return remarks

    def _show(
        self, first: "VideoFrame", layout: Layout, others: Iterator["VideoFrame"]
    ) -> Iterator[tuple[float, UInt8[np.ndarray, "H W 3"]]]:
        """Lay out the frames and give each its time; raises ClipError at the end if there should be more."""
        time_s, reached_s = 0.0, -np.inf
        for frame in chain([first], others):
            if self._tally.frames:
                layout = self._layouts.of(frame)
                time_s = self._time_of(frame, first, time_s)
            self._tally.see(time_s, layout)
            reached_s = max(reached_s, frame.time if frame.time is not None else -np.inf)
            yield time_s, layout.apply(frame, self._clip)
        self._check_end(time_s, reached_s)

    def _time_of(self, frame: "VideoFrame", first: "VideoFrame", last_s: float) -> float:
        if self._times is not None:
            return float(self._times.seconds[self._tally.frames])
        time_s: float = last_s if frame.pts is None else frame.time - first.time
        if time_s <= last_s:  # the packets had promised better
            self._tally.guessed += 1
            return last_s + (1 / self.info.fps if self.info.fps else _SHORTEST_FRAME_S)
        return time_s

    def _check_end(self, last_s: float, reached_s: float) -> None:
        """Raise ClipError if the file has more than was shown, or should have."""
        survey, claim = self._survey, self._claim
        frame_s = 1 / self.info.fps if self.info.fps else 0.0
        end_s = last_s + max(frame_s, survey.last_lasts_s)
        behind_s = survey.last_s - reached_s  # NaN or infinite where there is no clock
        if np.isfinite(behind_s) and _is_much(behind_s, end_s + behind_s):
            reason = f"no picture can be decoded after {end_s:.1f} s of {end_s + behind_s:.1f} s"
            raise ClipError(self._clip, reason)
        stated_s, got_s = (claim.file_s, survey.file_s)
        if claim.picture_s:
            stated_s, got_s = claim.picture_s, end_s
        if stated_s and stated_s - got_s <= _SURELY_CUT_OFF_S:
            return
        try:
            with reading(self._path, "a video"):
                whole = is_whole(self._path, self._format)
        except FileFormatError as error:  # it may be gone by now
            raise ClipError(self._clip, error.reason) from error
        if whole or (whole is None and not (stated_s and _is_much(stated_s - got_s, stated_s))):
            return
        self._cut_off = True
        of = f" of {stated_s:.1f} s" if stated_s else ", where its file ends in the middle"
        raise ClipError(self._clip, f"cut off after {end_s:.1f} s{of}")


@dataclass
class _Tally:
    """What has been found in a video so far."""

    frames: int = 0
    damaged: int = 0
    trailing: int = 0  # damaged, with no good frame after
    guessed: int = 0
    sizes: list[tuple[float, tuple[int, int]]] = field(default_factory=list)  # of pictures, and from when on

    def see(self, time_s: float, layout: Layout) -> None:
        self.frames += 1
        if not self.sizes or self.sizes[-1][1] != layout.size:
            self.sizes.append((time_s, layout.size))


def _times_by_decoding(path: Path, clip: str, index: int) -> FrameTimes:
    """When each frame is shown, for which all are decoded once."""
    with open_container(path, clip) as container:
        stream = stream_of(container, index)
        clock = has_clock(container)
        fps = float(stream.guessed_rate or 0) if clock else frame_rate(container, stream)
        # AVI has no time for a picture; where pictures are reordered, FFmpeg makes one up.
        made_up = container.format.name == "avi" and bool(stream.codec_context.has_b_frames)
        decoded = list(map(_clocks, _decode(container, stream, Layouts(stream), _Tally())))
    if not decoded:
        raise ClipError(clip, "no frame in it can be decoded")
    pts, dts = np.array(decoded).T
    nothing = np.full(len(pts), np.nan)
    times = times_of_frames(nothing if made_up or not clock else pts, dts if clock else nothing, fps)
    if times is None:
        raise ClipError(
            clip,
            "says neither when its frames are shown nor how many there are in a second; put it into a "
            "container, e.g. ffmpeg -r RATE -i FILE -c copy FILE.mkv",
        )
    return times


def _start_in_avi(first: "VideoFrame", stream: "VideoStream", survey: Survey) -> float:
    """When the first frame is shown beside the sound of an AVI, which has no times.

    Pictures and sound begin together there, and the k-th picture shown is beside the k-th packet: by as many
    packets earlier than the decoder gives it as it has to look ahead.
    """
    packets = np.sort(survey.dts[np.isfinite(survey.dts)])
    given_s = _clocks(first)[1]
    place = int(np.searchsorted(packets, given_s - 1e-6)) - stream.codec_context.reorder_depth
    return float(packets[max(0, place)]) if len(packets) and np.isfinite(given_s) else 0.0


def _clocks(frame: "VideoFrame") -> tuple[float, float]:
    """A frame's own time and that of the packet that gave it, in seconds, NaN where there is none."""
    tick = float(frame.time_base or 0)
    pts, dts = (np.nan if time is None else time * tick for time in (frame.pts, frame.dts))
    return pts, dts


def _decode(
    container: "InputContainer", stream: "VideoStream", layouts: Layouts, tally: "_Tally"
) -> Iterator["VideoFrame"]:
    """The frames that are whole; closes the file at the end."""
    av = import_av("video")
    stream.codec_context.thread_count = 1  # the work is shared out by clip; more threads would only fight
    with container:
        for packet in packets_of(container, stream):
            if packet is not None and not packet.size and packet.pts is not None:
                continue  # the picture before is shown on
            try:
                frames = [] if packet is None else stream.decode(packet)
            except (av.FFmpegError, OSError, ValueError, MemoryError):
                packet = None
            if packet is None:
                tally.trailing += 1
                continue
            if packet.is_keyframe:
                layouts.see()
            for frame in frames:
                if frame.is_corrupt:
                    tally.trailing += 1
                    continue
                tally.damaged, tally.trailing = tally.damaged + tally.trailing, 0
                yield frame


def _describe(container: "InputContainer", stream: "VideoStream", layout: Layout) -> VideoInfo:
    width, height = layout.size
    fps, claim = frame_rate(container, stream), claim_of(container, stream)
    duration_s = claim.picture_s or claim.file_s
    return VideoInfo(width, height, stream.frames or round(duration_s * fps), fps, duration_s)


def _is_much(missing_s: float, of_s: float) -> bool:
    return missing_s > max(_CUT_OFF_S, _CUT_OFF_SHARE * of_s)
