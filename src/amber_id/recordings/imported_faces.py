"""Are the points that another program wrote those of a face in its picture, and what is their depth?

Conventions
-----------
Points come as shares of the picture's width and height, and z in the scale of x. What they must be is told by
the mean face, fitted to each frame, see `face_fit.py`. Rules on depth are in `depth_check.py`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.corpora import Clip
from amber_id.errors import ClipError
from amber_id.face_mesh import SELECTED_POINTS
from amber_id.recordings.depth_check import is_depth, judge_depth
from amber_id.recordings.face_fit import FaceFit, completed, fit_mean_face, with_depth

# In distances between the outer corners of the eyes. Real faces lie 0.02 to 0.08 from the mean face; in 16:9
# taken for 1:1 they lie 0.15 to 0.22 from it, with points shifted by one 0.75.
_FARTHEST_FROM_MEAN_FACE = 0.14
# Landmarks may lie outside the picture, but not most of them.
_LEAST_INSIDE = 0.5
# In sizes of the picture; z may be in another unit, and brought to the right one later.
_FARTHEST, _DEEPEST = 100.0, 1e6
# Of real faces 0.89 to 1.12 times as wide for their height as the mean face; 4:3 taken for 16:9 adds a factor
# of 1.33.
_USUAL_STRETCH = 1.2
_LEAST_UPRIGHT = 0.25  # cosine between the face's own down and the picture's: 75 degrees
_SELECTED = list(SELECTED_POINTS)


@dataclass(frozen=True)
class Deep:
    """All points of the face mesh with their depth, as MediaPipe gives them, in the frames with a face.

    `good` are the frames whose depth may be used; `how` is what had to be filled in or mended, as the header
    says it, and `warning` the same for people, with what looks wrong.
    """

    points: Float[np.ndarray, "F W 3"]
    good: Bool[np.ndarray, " F"]
    how: str
    warning: str


def in_depth(seen: Float[np.ndarray, "F V C"], width: int, height: int, clip: Clip) -> Deep:
    """Points with their depth: their own if it is one, mended where a rule says how, else a fitted face's.

    Raises
    ------
    ClipError
        If the points are no upright face, or their z is not its depth and no rule mends it.
    """
    flat = seen[:, :, :2] * [width, height]
    partial = seen.shape[1] == len(SELECTED_POINTS)
    selected = flat if partial else flat[:, _SELECTED]
    fit = _checked_fit(selected, clip)
    odd = _odd_shape(fit, width, height)
    if seen.shape[2] == 3 and is_depth(seen[:, :, 2]):
        try:
            verdict = judge_depth(seen[:, _SELECTED, 2] * width, fit, _SELECTED, width)
        except ValueError as error:
            raise ClipError(clip.id, str(error)) from error
        points = seen * [1, 1, verdict.factor] if verdict.mended else seen
        how = f"; {verdict.mended}" if verdict.mended else ""
        lost = (~verdict.good).sum()
        strays = f"{lost} of {len(seen)} frames have another z and count as without a face" if lost else ""
        return Deep(points, verdict.good, how, _joined(verdict.mended, verdict.doubt, strays, odd))
    constant = seen.shape[2] == 3 and seen[:, :, 2].any()
    remark = "its z is constant, so depth is that of a fitted mean face" if constant else ""
    whole = completed(selected, fit) if partial else with_depth(flat, fit)
    how = f"; depth{f' and all but {len(SELECTED_POINTS)} points' if partial else ''} from a fitted mean face"
    points = whole / [width, height, width]
    return Deep(points, np.ones(len(points), bool), how, _joined(remark, odd))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _odd_shape(fit: FaceFit, width: int, height: int) -> str:
    stretch = float(np.median(fit.stretch))
    if 1 / _USUAL_STRETCH <= stretch <= _USUAL_STRETCH:
        return ""
    return (
        f"its face is {stretch:.2f} times as wide for its height as a mean face; is {width} x {height} the "
        "shape of its pictures?"
    )


def _checked_fit(selected: Float[np.ndarray, "F 152 2"], clip: Clip) -> FaceFit:
    try:
        fit = fit_mean_face(selected)
    except ValueError as error:
        raise ClipError(clip.id, "a frame that counts as tracked has all points on one line") from error
    distance = float(np.median(fit.distance))
    if distance > _FARTHEST_FROM_MEAN_FACE:
        raise ClipError(
            clip.id,
            f"expected points at most {_FARTHEST_FROM_MEAN_FACE:g} eye distances from a mean face, got "
            f"{distance:.2f}: another aspect, x and y swapped, or not MediaPipe's points in their order",
        )
    # Mirrored without its left and right being swapped, a flat face looks as if it were seen from behind.
    if np.median(fit.rotation[:, 2, 2]) <= 0:
        raise ClipError(
            clip.id,
            "its face is mirrored, or its x and y are swapped; expected x to the right and y down, as "
            "MediaPipe has them",
        )
    if np.median(fit.rotation[:, 1, 1]) < _LEAST_UPRIGHT:
        raise ClipError(
            clip.id,
            "its face lies on its side or stands on its head; expected x to the right and y down, as "
            "MediaPipe has them in an upright picture",
        )
    return fit


def check_inside(places: Float[np.ndarray, "T V 2"], clip: Clip, *, pixels: bool) -> None:
    """Refuse numbers that are no shares of the picture: most of a face lies inside it."""
    inside = ((places >= 0) & (places <= 1)).all(axis=2)
    if np.median(inside.mean(axis=1)) < _LEAST_INSIDE:
        largest = float(np.median(np.abs(places).max(axis=(1, 2))))
        if pixels:
            reason = "most points lie outside the picture; is --size that of the video?"
        elif largest > 2:
            reason = f"expected x / width and y / height, got up to {largest:.0f}; for pixels give --pixels"
        else:
            reason = "most points lie outside the picture; centred or aligned landmarks cannot be used"
        raise ClipError(clip.id, reason)
    if pixels and float(np.median(np.ptp(places, axis=1).max(axis=1))) < 2e-2:
        raise ClipError(
            clip.id, "its face is smaller than 2 % of the picture; leave out --pixels if these are shares"
        )


def check_far(seen: Float[np.ndarray, "F V C"], frames: Int[np.ndarray, " F"], clip: Clip) -> None:
    """Refuse single numbers that no tracker gives; `frames` are the numbers of the frames that are seen."""
    for channel, name in enumerate("xyz"[: seen.shape[2]]):
        size = np.abs(seen[:, :, channel]).max(axis=1)
        if size.max() > (_DEEPEST if name == "z" else _FARTHEST):
            where = f"in frame {frames[size.argmax()] + 1}"
            reason = (
                f"its {name} is up to {size.max():.3g} sizes of the picture, {where}; no tracker gives that"
            )
            raise ClipError(clip.id, reason)
