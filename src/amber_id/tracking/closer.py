"""Is a face too small to be found in the whole picture to be found in a part of it?

Conventions
-----------
MediaPipe looks for faces in the picture made 128 or 192 pixels wide: it finds one from about 0.11 of the
picture's longer side on. So pictures from all over the clip are looked at in parts: squares of a half, a
quarter, an eighth ... of the longer side, each half over the next, down to parts in which a face would be too
few pixels to be read. Where there is one, the clip is tracked in a part that is some faces wide and goes with
the face, and what is seen is placed in the whole picture. Of several faces the largest at first is followed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8

from amber_id.tracking.following import FaceChoice
from amber_id.tracking.placement import Placement, SeenFace, Size
from amber_id.tracking.tracker import Tracker

# A face of less than this share of the picture's longer side may be lost for its size.
_SMALL = 0.13

# The picture is looked at so often, in seconds, and in so many moments at least and at most.
_LOOKS_EVERY_S, _FEWEST_LOOKS, _MOST_LOOKS = 0.5, 8, 60
# A face is found from about this share of the longer side of a picture, or part, on.
_LEAST = 0.11
# A clip with a face in so many of its frames needs no closer look.
_ENOUGH = 0.9
# No part is smaller than this, in pixels: a face at a tenth of it would be no more than a smudge.
_SMALLEST_PART = 256
# A face is tracked in a part so many times its size, and in a new one once it is so far off, in its sizes.
_PART, _OFF = 6.0, 1.0
# A part that has lost its face is left after so many seconds.
_LOST_S = 0.7

Picture = UInt8[np.ndarray, "H W 3"]
_Points = Float32[np.ndarray, "V 3"]


class Hit(NamedTuple):
    """A face that was found: when, where its middle is and how large it is, in pixels; and among how many."""

    time_s: float
    x: float
    y: float
    size: float
    faces: int = 1

    @classmethod
    def of(cls, landmarks: _Points, picture: Size, time_s: float, faces: int = 1) -> "Hit":
        """A face with these landmarks in a picture."""
        x, y = (landmarks[:, :2].min(axis=0) + landmarks[:, :2].max(axis=0)) / 2 * picture
        return cls(time_s, float(x), float(y), face_size(landmarks, picture), faces)


@dataclass(frozen=True)
class _Part:
    """A square of the picture."""

    left: int
    top: int
    side: int

    @classmethod
    def around(cls, hit: Hit, picture: Size) -> "_Part":
        """A part some faces wide, with the face in its middle where the picture goes on so far."""
        side = min(*picture, max(_SMALLEST_PART // 2, round(_PART * hit.size)))
        left, top = (
            int(np.clip(round(at - side / 2), 0, length - side))
            for at, length in zip((hit.x, hit.y), picture, strict=True)
        )
        return cls(left, top, side)

    def of(self, rgb: Picture) -> UInt8[np.ndarray, "S S 3"]:
        return np.ascontiguousarray(rgb[self.top : self.top + self.side, self.left : self.left + self.side])

    def placement(self, picture: Size) -> Placement:
        return Placement((self.side, self.side), picture, float(self.left), float(self.top), 1.0)

    def holds(self, face: _Points, picture: Size) -> bool:
        """Whether a face, in shares of the part, lies within it, or beyond an edge of the picture alone."""
        low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
        begins = np.array([self.left, self.top])
        ends = np.array(picture) - begins - self.side
        return bool(((low >= 0) | (begins == 0)).all() and ((high <= 1) | (ends == 0)).all())

    def is_off(self, hit: Hit) -> bool:
        """Whether the face is far from the middle, or of a size that asks for another part."""
        off = max(abs(hit.x - self.left - self.side / 2), abs(hit.y - self.top - self.side / 2))
        return off > _OFF * hit.size or not 0.5 <= self.side / (_PART * hit.size) <= 2


def face_size(landmarks: _Points, picture: Size) -> float:
    """The longer side of the box around a face, in pixels."""
    return float((np.ptp(landmarks[:, :2], axis=0) * picture).max())


def is_worth_a_closer_look(seen: Sequence[SeenFace | None], picture: Size) -> bool:
    """Whether no face was found in a clip, or a small one that is lost in more than a tenth of the frames."""
    faces = [face for face in seen if face is not None]
    if len(faces) >= _ENOUGH * len(seen):
        return False
    return not faces or median_size(faces, picture) < _SMALL * max(picture)


def median_size(faces: Sequence[SeenFace], picture: Size) -> float:
    """The median of the sizes of the faces of a clip, in pixels."""
    return float(np.median([face_size(face.landmarks, picture) for face in faces]))


def looks_at(times: Sequence[float]) -> frozenset[int]:
    """The numbers of the frames to be looked at in parts, evenly over a clip."""
    wanted = round((times[-1] - times[0]) / _LOOKS_EVERY_S)
    count = min(len(times), max(_FEWEST_LOOKS, min(_MOST_LOOKS, wanted)))
    return frozenset(np.linspace(0, len(times) - 1, count).round().astype(int).tolist())


def find_in_parts(looks: Iterable[tuple[float, Picture]], tracker: Tracker) -> list[Hit]:
    """Look at pictures in parts; returns where the followed face is, in each that shows one."""
    hits: list[Hit] = []
    choice = FaceChoice()
    with tracker.look() as finder:
        for time_s, rgb in looks:
            picture = (rgb.shape[1], rgb.shape[0])
            faces = _distinct(
                [
                    part.placement(picture).place_points(face)
                    for level in _levels(picture)
                    for part in level
                    for face in finder.find(part.of(rgb))
                    if part.holds(face, picture)
                ],
                picture,
            )
            chosen = choice.choose(faces, *picture, time_s)
            if chosen is not None:
                hits.append(Hit.of(faces[chosen], picture, time_s, len(faces)))
    return hits


def track_in_parts(
    frames: Iterable[tuple[float, Picture]], hits: Sequence[Hit], tracker: Tracker
) -> Iterator[SeenFace | None]:
    """Track a clip in the parts where a face was found; there must be a hit at least."""
    choice = FaceChoice()
    part: _Part | None = None
    last_s = 0.0  # when a face was last in the part, or the part was taken
    with ExitStack() as stack:
        for time_s, rgb in frames:
            picture = (rgb.shape[1], rgb.shape[0])
            nearest = min(hits, key=lambda hit: abs(hit.time_s - time_s))
            if part is None:
                part, hit = _Part.around(nearest, picture), nearest
                last_s = time_s
                stack.close()
                follower = stack.enter_context(tracker.follow(choice))
            choice.part = part.placement(picture)
            face = follower.see(part.of(rgb), time_s)
            if face is None:
                yield None
                x, y = choice.expected(time_s) or (nearest.x, nearest.y)
                hit = hit._replace(x=x, y=y)
                if time_s - last_s > _LOST_S:
                    part = None
                    continue
            else:
                last_s = time_s
                face = part.placement(picture).place(face)
                hit = Hit.of(face.landmarks, picture, time_s)
                # Others are not in this part, but were seen when the whole picture was looked at.
                yield replace(face, faces=max(face.faces, nearest.faces))
            if part.is_off(hit) and _Part.around(hit, picture) != part:
                part = _Part.around(hit, picture)
                stack.close()
                follower = stack.enter_context(tracker.follow(choice))


def least_pixels(picture: Size) -> int:
    """How large a face must be to be found in a picture or in one of its parts, in pixels."""
    levels = _levels(picture)
    return round(_LEAST * (levels[-1][0].side if levels else max(picture)))


def _distinct(faces: Sequence[_Points], picture: Size) -> list[_Points]:
    """The faces without those that are the same, seen in two parts that overlap."""
    distinct: list[_Points] = []
    for face in faces:
        hit = Hit.of(face, picture, 0.0)
        others = [Hit.of(other, picture, 0.0) for other in distinct]
        if all(np.hypot(hit.x - other.x, hit.y - other.y) > hit.size / 2 for other in others):
            distinct.append(face)
    return distinct


def _levels(picture: Size) -> list[list[_Part]]:
    """The parts that a picture is looked at in, the largest first."""
    levels = []
    side = max(picture) // 2
    while side >= _SMALLEST_PART:
        square = min(side, *picture)
        lefts, tops = ([*range(0, length - square, square // 2), length - square] for length in picture)
        levels.append([_Part(left, top, square) for top in tops for left in lefts])
        side //= 2
    return levels
