"""How do the pixels that a file stores become the picture that a person sees?

Conventions
-----------
A picture is shown upright and in square pixels: turned and mirrored as the file asks for, and stretched by
the shape of its stored pixels. All of that may change within a clip.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from amber_id.errors import ClipError
from amber_id.tracking.video_file import cause, import_av

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_Matrix = tuple[int, int, int, int]
_UPRIGHT: _Matrix = (1, 0, 0, 1)

# A stored pixel is taken as square if it is so within this much: scaling by 1023/1024 would only blur.
_SQUARE_WITHIN = 0.01
# A pixel wider or narrower than this is a damaged header, not a picture.
_WIDEST_PIXEL = 4.0


@dataclass(frozen=True)
class Layout:
    """How stored pixels become the picture shown: scale to `width` x `height`, then turn by `matrix`.

    `matrix` is (a, b, c, d), each -1, 0 or 1: a stored step (x, y) is shown as (a x + c y, b x + d y).
    """

    width: int
    height: int
    matrix: _Matrix = _UPRIGHT

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture as shown."""
        return (self.width, self.height) if self.matrix[0] else (self.height, self.width)

    def apply(self, frame: "VideoFrame", clip: str) -> UInt8[np.ndarray, "H W 3"]:
        """The picture as shown; raises ClipError if it cannot be turned into RGB."""
        try:
            rgb = frame.to_ndarray(format="rgb24", width=self.width, height=self.height)
        except (import_av("video").FFmpegError, ValueError, MemoryError) as error:
            raise ClipError(clip, f"its pictures cannot be turned into RGB ({cause(error)})") from error
        a, b, c, d = self.matrix
        rgb = rgb[::d, ::a] if a else rgb.transpose(1, 0, 2)[::b, ::c]
        # PyAV hands out rows with padding between them, which MediaPipe reads as a sheared picture.
        return np.ascontiguousarray(rgb)


@dataclass
class Layouts:
    """The layout of one frame after another; `see` the decoder after each packet, `of` each frame.

    What a decoder knows of the shape of pixels is that of the last packet; frames are shown so from the next
    key frame on. A container's shape goes before the codec's, and changes by as much as that does. A turn
    that is not asked for again lasts until the next key frame.
    """

    stream: "VideoStream"
    _stored: float = 1.0
    _first: float = 0.0
    _now: float = 1.0
    _coming: float = 1.0
    _matrix: _Matrix = _UPRIGHT

    def see(self) -> None:
        """Look at the shape of pixels that a packet has brought."""
        self._coming = float(self.stream.codec_context.sample_aspect_ratio or 1)
        if not self._first:
            self._first = self._now = self._coming
            self._stored = float(self.stream.sample_aspect_ratio or 1)

    def of(self, frame: "VideoFrame") -> Layout:
        """How this frame becomes the picture shown."""
        if not self._first:  # no packet so far was marked as a key
            self.see()
        if frame.key_frame:
            self._now, self._matrix = self._coming, _UPRIGHT
        self._matrix = _display_matrix(frame) or self._matrix
        pixel = self._stored * self._now / self._first
        if abs(pixel - 1) <= _SQUARE_WITHIN or not 1 / _WIDEST_PIXEL <= pixel <= _WIDEST_PIXEL:
            pixel = 1.0
        return Layout(max(1, round(frame.width * pixel)), frame.height, self._matrix)


def _display_matrix(frame: "VideoFrame") -> _Matrix | None:
    """Turning and mirroring that a frame asks for, to the nearest right angle; None if it asks for nothing.

    ``frame.rotation`` would not do: it calls a mirrored picture one that is upside down.
    """
    side_data: Any = frame.side_data
    for data in side_data:
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
            if abs(a) + abs(d) >= abs(b) + abs(c):
                return (_sign(a), 0, 0, _sign(d))
            return (0, _sign(b), _sign(c), 0)
    return None


def _sign(value: int) -> int:
    return -1 if value < 0 else 1
