"""How does a simple anonymiser change the landmarks of a recording?

Conventions
-----------
Landmarks are multiplied back to pixels first, in which x, y and z have one unit, and divided at the end.
Frames without a face stay without one; timestamps and size of the picture stay.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from amber_id.errors import ClipError
from amber_id.face_mesh import OUTER_EYE_CORNERS, mean_face
from amber_id.motion.alignment import HeadPlacement, align, apply, isotropic, mean_rotation
from amber_id.recordings import Recording
from amber_id.recordings.resampling import LONGEST_LOSS_S, tracked_segments

_ORDER = 4  # of the Butterworth filter, which runs forwards and backwards
_MOST_FOR_ONE = 100  # samples for one frame
_Frames = Float[np.ndarray, "F ..."]  # something in each tracked frame


def noise(recording: Recording, *, share: float, rng: np.random.Generator) -> Recording:
    """Gaussian noise on every landmark and frame, independent, in x, y and z.

    Its standard deviation is `share` of the distance between the outer corners of the eyes, the clip's
    median; on blendshapes it is `share` itself.
    """
    if not share >= 0:
        raise ValueError(f"share must not be negative, got {share}")
    points = _points(recording)
    left, right = (points[:, corner] for corner in OUTER_EYE_CORNERS)
    size = share * float(np.median(np.linalg.norm(left - right, axis=1))) if len(points) else 0.0
    noisy = points + size * rng.standard_normal(points.shape)
    return _changed(recording, noisy, lambda shapes: shapes + share * rng.standard_normal(shapes.shape))


def smoothing(recording: Recording, *, seconds: float) -> Recording:
    """What swings faster than once in `seconds` is taken out of face and head, without delay.

    A Butterworth low-pass, forwards and backwards: at the cut-off a swing keeps half its size. A face lost
    for longer than 0.2 s begins anew.
    """
    if seconds <= 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    times, tracked = recording.timestamps, recording.tracked
    row = np.cumsum(tracked) - 1  # of a tracked frame among them
    segments = [row[frames] for frames in tracked_segments(times, tracked, longest_gap_s=LONGEST_LOSS_S)]

    def smooth(values: _Frames) -> _Frames:
        return without_quick_changes(values, times[tracked], segments, seconds=seconds)

    return _changed(recording, smooth(_points(recording)), smooth)


def damping(recording: Recording, *, factor: float, head: bool = True) -> Recording:
    """Movement about the face at rest times `factor`, in [0, 1]; with `head`, that of the head too.

    The head's turn shrinks about its mean, place and size in the picture about their medians.
    """
    if not 0 <= factor <= 1:
        raise ValueError(f"factor must lie in [0, 1], got {factor}")

    def damped(values: _Frames) -> _Frames:
        rest = values.mean(axis=0)
        return rest + factor * (values - rest)

    points = _reshaped(recording, damped, head_factor=factor if head else 1.0)
    return _changed(recording, points, damped)


def mean_removal(recording: Recording) -> Recording:
    """The face at rest becomes the common mean face; movement of face and head stay. Drops blendshapes."""
    return _with_rest(recording, mean_face()[: recording.landmarks.shape[1]])


def swapped_rest(recording: Recording, *, donor: Recording) -> Recording:
    """The face at rest becomes that of `donor`; movement of face and head stay. Drops blendshapes.

    Raises ClipError if the donor shows no face, or has another point set.
    """
    if donor.point_set != recording.point_set:
        raise ClipError(donor.clip, f"expected a donor with {recording.point_set}, got {donor.point_set}")
    if not donor.tracked.any():
        raise ClipError(donor.clip, "a donor needs a frame with a face")
    return _with_rest(recording, _aligned(donor)[0].mean(axis=0))


def _points(recording: Recording) -> Float[np.ndarray, "F V 3"]:
    """The tracked frames in pixels."""
    seen = recording.landmarks[recording.tracked]
    return isotropic(seen, width=recording.width, height=recording.height)


def _changed(
    recording: Recording,
    points: Float[np.ndarray, "F V 3"],
    change_shapes: Callable[[_Frames], _Frames] | None,
) -> Recording:
    """The recording with other points, in pixels, and coefficients in its tracked frames."""
    seen, old = recording.tracked, recording.blendshapes
    landmarks = recording.landmarks.copy()
    landmarks[seen] = points / [recording.width, recording.height, recording.width]
    shapes = None
    if old is not None and change_shapes is not None:
        shapes = old.copy()
        if seen.any():
            shapes[seen] = np.clip(change_shapes(old[seen].astype(np.float64)), 0, 1)
    return replace(recording, landmarks=landmarks, blendshapes=shapes, pose=None)


def _aligned(recording: Recording) -> tuple[Float[np.ndarray, "F V 3"], HeadPlacement]:
    try:
        return align(_points(recording))
    except ValueError as error:
        raise ClipError(recording.clip, str(error)) from error


def _with_rest(recording: Recording, rest: Float[np.ndarray, "V 3"]) -> Recording:
    points = _reshaped(recording, lambda aligned: aligned - aligned.mean(axis=0) + rest)
    return _changed(recording, points, None)


def _reshaped(
    recording: Recording,
    change: Callable[[_Frames], _Frames],
    *,
    head_factor: float = 1.0,
) -> Float[np.ndarray, "F V 3"]:
    """The tracked frames in pixels after a change of the aligned face; the head moves less by the factor."""
    if not recording.tracked.any():
        return _points(recording)
    aligned, placement = _aligned(recording)
    in_picture = _inverse(placement)
    if head_factor != 1:
        in_picture = _calmed(in_picture, head_factor)
    return apply(in_picture, change(aligned))


def _inverse(placement: HeadPlacement) -> HeadPlacement:
    """From the mean face back into the picture."""
    back = placement.rotation.transpose(0, 2, 1)
    moved = np.einsum("fkl,fl->fk", back, placement.translation) / placement.scale[:, None]
    return HeadPlacement(back, -moved, 1 / placement.scale)


def _calmed(in_picture: HeadPlacement, factor: float) -> HeadPlacement:
    """Reduce the movement of the head about its middle."""
    middle = mean_rotation(in_picture.rotation)
    turns = Rotation.from_matrix(in_picture.rotation @ middle.T)
    rotation = Rotation.from_rotvec(factor * turns.as_rotvec()).as_matrix() @ middle
    place, size = np.median(in_picture.translation, axis=0), np.median(in_picture.scale)
    translation = place + factor * (in_picture.translation - place)
    return HeadPlacement(rotation, translation, size * (in_picture.scale / size) ** factor)


def without_quick_changes(
    values: _Frames,
    times: Float[np.ndarray, " F"],
    segments: Iterable[Int[np.ndarray, " _"]],
    *,
    seconds: float,
) -> _Frames:
    """What swings faster than once in `seconds` removed from frames at any times, without delay.

    Each segment begins anew; they are given by which of the frames they hold.
    """
    changed = values.copy()
    for frames in segments:
        changed[frames] = _low_pass(values[frames], times[frames], seconds=seconds)
    return changed


def _low_pass(values: _Frames, times: Float[np.ndarray, " F"], *, seconds: float) -> _Frames:
    """Filtered at a fixed rate, the median of the frames', and read where the frames are."""
    if len(times) < 2:
        return values
    n = round((times[-1] - times[0]) / float(np.median(np.diff(times)))) + 1
    n = min(n, _MOST_FOR_ONE * len(times))  # most times may lie next to each other
    grid, step = np.linspace(times[0], times[-1], n, retstep=True)
    if seconds <= 2 * step:
        return values  # nothing in these frames swings so fast
    low_pass = butter(_ORDER, 1 / seconds, fs=1 / step, output="sos")
    # Mirrored for long enough that the filter has settled before the first frame.
    mirrored = min(n - 1, int(np.ceil(3 * seconds / step)))
    filtered = sosfiltfilt(low_pass, make_interp_spline(times, values, k=1)(grid), axis=0, padlen=mirrored)
    smooth: _Frames = make_interp_spline(grid, filtered, k=1)(times)
    return smooth
