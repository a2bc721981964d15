"""Which properties does a clip have, whoever it shows? One row for each."""

from collections.abc import Callable
from dataclasses import dataclass

from amber_id.recordings import RecordingEntry

_WHOLE_RATE = 0.0025  # how far from a whole number, of itself, a frame rate is that number


@dataclass(frozen=True)
class Property:
    """Something that a clip has whoever it shows."""

    name: str
    words: str  # for a sentence
    number_format: str  # of a value
    of: Callable[[RecordingEntry], float]
    tolerance: float
    relative: bool = False  # whether the tolerance is a share of the value


PROPERTIES: tuple[Property, ...] = (
    # Encoders round a side to whole blocks: 854 x 480 stands for 16:9.
    Property(
        "aspect", "width over height of the picture", "{:.2f}", lambda e: e.width / e.height, 0.01, True
    ),
    Property("frame_rate", "frame rate", "{:.4g} fps", lambda e: frame_rate(e.fps), 0.005, True),
    # About a frame more or less.
    Property("duration", "clip length", "{:.1f} s", lambda e: e.duration_s, 0.05),
    Property("lost_frames", "share of frames without a face", "{:.1%}", lambda e: e.lost_share, 0.005),
    Property(
        "several_faces", "share of frames with several faces", "{:.1%}", lambda e: e.several_share, 0.005
    ),
    Property("face_switches", "number of changes to another face", "{:.0f}", lambda e: e.face_switches, 0.5),
    # Not its height: the same picture turned, or cut at the sides, has the same resolution.
    Property(
        "resolution",
        "shorter side of the picture",
        "{:.0f} pixels",
        lambda e: min(e.width, e.height),
        0.01,
        True,
    ),
)


def frame_rate(fps: float) -> float:
    """Frames per second as people name them.

    >>> frame_rate(29.97), frame_rate(30.01), frame_rate(29.5), frame_rate(12.5)
    (30.0, 30.0, 29.5, 12.5)
    """
    whole = float(round(fps))
    return whole if whole and abs(fps / whole - 1) <= _WHOLE_RATE else fps
