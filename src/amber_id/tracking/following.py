"""Which of the faces in one frame after another is the one that is followed?

Conventions
-----------
The largest face at first. From then on every face is followed: those of a frame are joined to those before,
the nearest first, each from where it would have moved to. A face further away than
its own size is another one. Where the followed face is missing and others are there, it is waited for, for as
long as it has been seen, up to a second; then the largest takes its place. Where from one frame to the next
all faces are new, as at a cut, the nearest takes it. Each is a switch, and so is a lone face that is suddenly
elsewhere.

Positions are in pixels of the first picture, sizes the root of a bounding box's area.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64

from amber_id.tracking.placement import Placement, Size

# A face moves no further than this between two frames in which it is seen, in its own sizes.
_REACH = 1.0
# The reach grows while it is not seen, up to this; and it becomes no more than twice or half as large.
_FURTHEST, _MOST_SCALED = 3.0, 1.0
# Two faces in a picture are one where they are no further apart than this, in the smaller one's sizes.
_SAME = 0.3
# A face moves as it has for about so long, in seconds: what is half hidden seems to jump.
_STEADY_S = 0.2
# A missing face is waited for so long, in seconds.
_PATIENCE_S = 1.0
# A face that is not seen is thought to move on for so long, in seconds.
_MOVES_ON_S = 0.5


_Box = tuple[Float64[np.ndarray, " 2"], float]  # centre and size


@dataclass(eq=False)
class _Track:
    """One face over time: where it was seen last, and how it moves, in pixels a second."""

    centre: Float64[np.ndarray, " 2"]
    size: float
    since_s: float
    seen_s: float
    speed: Float64[np.ndarray, " 2"] = field(default_factory=lambda: np.zeros(2))

    def expected(self, now_s: float) -> Float64[np.ndarray, " 2"]:
        return self.centre + self.speed * min(now_s - self.seen_s, _MOVES_ON_S)

    def cost(self, box: _Box, now_s: float) -> float:
        """How unlike this face a box is; infinite where it cannot be this face."""
        centre, size = box
        unseen_s = now_s - self.seen_s
        far = float(np.hypot(*(centre - self.expected(now_s)))) / self.size
        scale = abs(float(np.log2(size / self.size)))
        reach = min(_REACH * (1 + unseen_s / _MOVES_ON_S), _FURTHEST)
        return far + scale if far <= reach and scale <= _MOST_SCALED else np.inf

    def update(self, centre: Float64[np.ndarray, " 2"], size: float, now_s: float) -> None:
        moved = (centre - self.centre) / max(now_s - self.seen_s, 1e-3)
        newest = 1.0 if self.since_s == self.seen_s else 1 - np.exp((self.seen_s - now_s) / _STEADY_S)
        self.speed = newest * moved + (1 - newest) * self.speed
        self.centre, self.size, self.seen_s = centre, size, now_s


class FaceChoice:
    """Chooses the followed face, frame by frame; `switches` counts how often another took its place.

    Where faces are seen in a part of the picture, `part` says where that lies.
    """

    def __init__(self) -> None:
        self.switches = 0
        self.part: Placement | None = None
        self._tracks: list[_Track] = []
        self._followed: _Track | None = None
        self._whole: Size | None = None
        self._last_s = -np.inf

    def choose(
        self, faces: Sequence[Float32[np.ndarray, "V 3"]], width: int, height: int, now_s: float
    ) -> int | None:
        """Which of the faces is the one followed, None if it is not there.

        Landmarks are x / width, y / height; `now_s` must increase.
        """
        if self.part is None:
            self._whole = self._whole or (width, height)
            place = Placement.of_version((width, height), self._whole)
        else:
            place, self._whole = self.part, self.part.whole
        boxes = [_box(place.place_points(_corners(face)), self._whole) for face in faces]
        cut = self._followed is not None and self._followed.seen_s == self._last_s
        self._last_s = now_s
        self._tracks = [
            track for track in self._tracks if track is self._followed or now_s - track.seen_s <= _PATIENCE_S
        ]
        matches = self._match(boxes, now_s)
        seen: dict[_Track, int] = {}
        for i, known in matches.items():
            track = known or _Track(*boxes[i], now_s, now_s)
            track.update(*boxes[i], now_s)
            seen[track] = i
        if seen and self._followed not in seen:
            self._follow_another(list(seen), cut=cut and not any(matches.values()), now_s=now_s)
        self._tracks = list(dict.fromkeys([*self._tracks, *seen]))
        return None if self._followed is None else seen.get(self._followed)

    def expected(self, now_s: float) -> tuple[float, float] | None:
        """Where the followed face would be, in pixels of the whole picture; None before there is one."""
        if self._followed is None:
            return None
        x, y = self._followed.expected(now_s)
        return float(x), float(y)

    def _match(self, boxes: Sequence[_Box], now_s: float) -> dict[int, _Track | None]:
        """The known face that each box shows, None for a new one, by the number of the box.

        A box about another that fits better shows the same face: a tracker that has lost one behind another
        may see that one twice. It is passed over.
        """
        costs = [
            (cost, i, j)
            for i, box in enumerate(boxes)
            for j, track in enumerate(self._tracks)
            if np.isfinite(cost := track.cost(box, now_s))
        ]
        tracks: dict[int, _Track | None] = {}
        pairs: list[tuple[int, _Track | None]] = [(i, self._tracks[j]) for _, i, j in sorted(costs)]
        for i, track in [*pairs, *((i, None) for i in range(len(boxes)))]:
            is_free = i not in tracks and (track is None or track not in tracks.values())
            if is_free and not _is_one_of(boxes[i], [boxes[j] for j in tracks]):
                tracks[i] = track
        return tracks

    def _follow_another(self, seen: list[_Track], *, cut: bool, now_s: float) -> None:
        """Wait for the followed face, or let one that is seen take its place."""
        before = self._followed
        if before is None:
            self._followed = max(seen, key=lambda track: track.size)
            return
        if cut:
            expected = before.expected(now_s)
            self._followed = min(seen, key=lambda track: float(np.hypot(*(track.centre - expected))))
        elif now_s - before.seen_s > min(_PATIENCE_S, before.seen_s - before.since_s):
            self._followed = max(seen, key=lambda track: track.size)
        self.switches += self._followed is not before


def _is_one_of(box: _Box, others: Iterable[_Box]) -> bool:
    """Whether a box is about the same face as one of the others in its picture."""
    return any(np.hypot(*(box[0] - place)) < _SAME * min(box[1], size) for place, size in others)


def _corners(face: Float32[np.ndarray, "V 3"]) -> Float32[np.ndarray, "2 3"]:
    return np.stack([face.min(axis=0), face.max(axis=0)])


def _box(face: Float32[np.ndarray, "V 3"], picture: Size) -> _Box:
    """Where a face is, and how large."""
    low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    pixels = np.array(picture, dtype=np.float64)
    return (low + high) / 2 * pixels, max(1.0, float(np.sqrt(np.prod((high - low) * pixels))))
