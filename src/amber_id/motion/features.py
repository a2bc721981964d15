"""From a recording to what an attacker is given.

`FeatureConfig` says which signals, view, regions and streams; `clip_features` computes them for one
recording; `vertex_graph` is the graph of their vertex axis.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES, RIGID_POINTS, SELECTED_POINTS, Region, RegionGroup, points_of
from amber_id.motion.alignment import align, isotropic
from amber_id.motion.graph import FaceGraph, face_graph, parents, unconnected_graph
from amber_id.motion.inversions import AS_IS, INVERSIONS, Inversion, inverted
from amber_id.motion.streams import Stream, bones, stack_streams, still_part
from amber_id.motion.thesis_normalisation import WINDOW_FRAMES, frames_shown, thesis_clip
from amber_id.motion.views import VIEWS, View, coefficient_view, head_pose, landmark_view
from amber_id.motion.windows import cut_windows
from amber_id.recordings import Recording
from amber_id.recordings.frame_rates import FASTEST_HZ, SLOWEST_HZ
from amber_id.recordings.resampling import (
    LONGEST_LOSS_S,
    SHORTEST_S,
    long_enough,
    resample,
    stretch_s,
    too_short,
    tracked_segments,
)

Signals = Literal["landmarks", "blendshapes"]
Normalisation = Literal["aligned", "thesis"]

_LONGEST_WINDOW = 10_000  # frames
_LARGEST = 1000.0  # of a feature; in 89 clips of 25 people all streams stayed below 8
_OF_ALIGNED = (
    *("signals", "view", "inversion", "depth", "rate_hz", "window_s", "hop_s", "longest_gap_s"),
    "shortest_s",
)


class FeatureConfig(BaseModel):
    """Which motion features are computed, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    normalisation: Normalisation = "aligned"  # thesis: as `thesis_normalisation` says, for its numbers only
    signals: Signals = "landmarks"  # blendshapes: coefficients and head pose, without landmarks
    view: View = "all"
    regions: tuple[Region | RegionGroup, ...] | None = None  # None: all 152 points
    streams: tuple[Stream, ...] = ("joint",)
    inversion: Inversion = AS_IS  # what is taken out of a clip, as by one who knows the defence
    depth: bool = False  # keep z of the landmarks
    rate_hz: float = Field(25.0, ge=SLOWEST_HZ, le=FASTEST_HZ)
    window_s: float = Field(2.56, gt=0)
    hop_s: float = Field(1.28, gt=0, le=_LONGEST_WINDOW)
    longest_gap_s: float = Field(LONGEST_LOSS_S, ge=0)  # longer losses of the face split the clip
    shortest_s: float = Field(SHORTEST_S, gt=0)  # a shorter segment is not used

    @field_validator("regions", "streams")
    @classmethod
    def _named_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and (len(names) == 0 or len(set(names)) < len(names)):
            raise ValueError(f"name at least one, each once, got {', '.join(names) or 'none'}")
        return names

    @model_validator(mode="after")
    def _nothing_of_others_in_the_thesis(self) -> "FeatureConfig":
        if self.normalisation == "aligned":
            return self
        for name in _OF_ALIGNED:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"the normalisation thesis has no {name}, got {getattr(self, name)}")
        if self.streams not in (("joint",), ("joint", "joint_motion")):
            raise ValueError(
                "the normalisation thesis has the streams joint, or joint and joint_motion, got "
                f"{', '.join(self.streams)}"
            )
        return self

    @model_validator(mode="after")
    def _fit_together(self) -> "FeatureConfig":
        parts = {still_part(stream) for stream in self.streams}
        if self.view == "static" and self.inversion != AS_IS:
            raise ValueError(
                f"the view static does not move: the inversion {self.inversion} leaves nothing of it"
            )
        if not self.on_face and "bone" in parts:
            raise ValueError("bone streams need landmarks; head pose and blendshapes have no bones")
        if "face" in parts and not (self.on_face and VIEWS[self.view].has_pose):
            raise ValueError(
                "face streams need landmarks in the view all; elsewhere the head's pose is taken out already"
            )
        if self.regions is not None and not self.on_face:
            raise ValueError("regions need landmarks; head pose and blendshapes have none")
        if self.window_s * self.rate_hz > _LONGEST_WINDOW:
            raise ValueError(
                f"window_s must be at most {_LONGEST_WINDOW:,} frames long, got {self.window_s:g} s at "
                f"{self.rate_hz:g} Hz"
            )
        if self.window_frames < 2:
            raise ValueError(
                f"window_s must be at least two frames long, got {self.window_s:g} s at {self.rate_hz:g} Hz"
            )
        if self.hop_frames > self.window_frames:
            raise ValueError(
                f"hop_s must not exceed window_s, or frames are left out, "
                f"got {self.hop_s:g} s and {self.window_s:g} s"
            )
        return self

    @property
    def of_clips(self) -> "FeatureConfig":
        """These features before anything that an attacker has learnt is applied to them."""
        if not INVERSIONS[self.inversion].is_learnt:
            return self
        return self.model_copy(update={"inversion": AS_IS})

    @property
    def on_face(self) -> bool:
        """Whether the vertices are landmarks."""
        return self.signals == "landmarks" and not VIEWS[self.view].vertices

    @property
    def channels_per_stream(self) -> int:
        """The numbers of a vertex in one stream."""
        if self.signals == "blendshapes":
            return 1
        return 3 if self.depth or VIEWS[self.view].vertices else 2

    @property
    def points(self) -> tuple[int, ...]:
        """The landmarks that are the vertices, ascending; empty where the vertices are no landmarks."""
        if not self.on_face:
            return ()
        if self.regions is None:
            return SELECTED_POINTS
        return tuple(sorted({point for region in self.regions for point in points_of(region)}))

    @property
    def window_frames(self) -> int:
        """Frames in a window."""
        return WINDOW_FRAMES if self.normalisation == "thesis" else round(self.window_s * self.rate_hz)

    @property
    def frames_read(self) -> Int[np.ndarray, " T"]:
        """The frames of a window, outside of training, from its first on."""
        return frames_shown() if self.normalisation == "thesis" else np.arange(self.window_frames)

    @property
    def hop_frames(self) -> int:
        """Frames from one window to the next."""
        return max(1, round(self.hop_s * self.rate_hz))


@dataclass(frozen=True)
class ClipFeatures:
    """The windows of one clip; frames outside the mask are zero and mean nothing."""

    values: Float[np.ndarray, "N C T V"]
    mask: Bool[np.ndarray, "N T"]


def clip_features(recording: Recording, config: FeatureConfig) -> ClipFeatures:
    """Windows of one recording; raises ClipError as `clip_segments` does."""
    cut = [
        cut_windows(segment, read=config.frames_read, hop=config.hop_frames)
        for segment in clip_segments(recording, config)
    ]
    return ClipFeatures(np.concatenate([v for v, _ in cut]), np.concatenate([m for _, m in cut]))


Stretches = dict[tuple[object, ...], list[Float[np.ndarray, "_ _"]]]
"""The usable stretches of one recording, by all of a configuration that they depend on."""


def clip_segments(
    recording: Recording, config: FeatureConfig, stretches: Stretches | None = None
) -> list[Float[np.ndarray, "T C V"]]:
    """Every usable stretch of a recording: all streams, at the fixed rate; as in the thesis, the whole clip.

    Whoever asks for several configurations of one recording gives the same `stretches`, empty at first, each
    time: what configurations share is then computed once.

    Raises
    ------
    ClipError
        If no stretch of the clip is tracked for long enough: a failure to acquire, never zeros. If a value
        is not finite, or larger than a face can make it.
    """
    if config.normalisation == "thesis":
        return _plausible([_thesis_segment(recording, config)], recording)
    segments = _segments_once(recording, config, {} if stretches is None else stretches)
    try:
        still = _still_streams(np.concatenate(segments), config)
    except ValueError as error:  # no placement of the head
        raise ClipError(recording.clip, str(error)) from error
    ends = np.cumsum([len(segment) for segment in segments])[:-1]
    stacked = []
    for part in _inverted(still, ends, config):
        values = stack_streams(part, config.streams, rate_hz=config.rate_hz)
        stacked.append(np.ascontiguousarray(values.transpose(0, 2, 1), dtype=np.float32))
    return _plausible(stacked, recording)


def _inverted(
    still: Mapping[Stream, Float[np.ndarray, "T V C"]], ends: Int[np.ndarray, " s"], config: FeatureConfig
) -> Iterator[dict[Stream, Float[np.ndarray, "U V C"]]]:
    """The positions of each segment after the inversion, which takes all signals of the clip as one."""
    shapes = {stream: values.shape[1:] for stream, values in still.items()}
    signals = np.concatenate([values.reshape(len(values), -1) for values in still.values()], axis=1)
    borders = np.cumsum([v * c for v, c in shapes.values()])[:-1]
    for segment in inverted(np.split(signals, ends), config.inversion, rate_hz=config.rate_hz):
        parts = np.split(segment, borders, axis=1)
        yield {
            stream: part.reshape(len(part), *shape)
            for (stream, shape), part in zip(shapes.items(), parts, strict=True)
        }


def _plausible(segments: list[Float[np.ndarray, "_ C V"]], recording: Recording) -> list[np.ndarray]:
    """The segments; raises ClipError where a value is not finite or larger than a face can make it."""
    largest = max(float(np.abs(segment).max()) for segment in segments)
    if not largest <= _LARGEST:
        raise ClipError(
            recording.clip,
            f"its features go up to {largest:.3g}, at most {_LARGEST:g} can be those of a face",
        )
    return segments


def _thesis_segment(recording: Recording, config: FeatureConfig) -> Float[np.ndarray, "T C V"]:
    if not recording.tracked.any():
        raise ClipError(recording.clip, "no frame of it has a face")
    points = recording.landmarks[:, list(config.points), :2]
    if (np.ptp(points[recording.tracked], axis=1) == 0).all(axis=1).any():
        raise ClipError(recording.clip, "a frame that counts as tracked has all points in one place")
    still, changes = thesis_clip(points, recording.tracked)
    values = [still, changes][: len(config.streams)]
    return np.ascontiguousarray(np.concatenate(values, axis=2).transpose(0, 2, 1), dtype=np.float32)


def in_channels(config: FeatureConfig) -> int:
    """Channels of the features that a configuration gives."""
    return config.channels_per_stream * len(config.streams)


def vertex_graph(config: FeatureConfig) -> FaceGraph:
    """The graph of the vertex axis that `clip_features` gives under this configuration."""
    if config.on_face:
        return face_graph(config.points)
    if config.signals == "landmarks":
        return unconnected_graph(len(VIEWS[config.view].vertices))
    frame = coefficient_view(np.zeros((1, len(BLENDSHAPE_NAMES), 1)), np.zeros((1, 6, 1)), config.view)
    return unconnected_graph(frame.shape[1])


def _segments_once(
    recording: Recording, config: FeatureConfig, stretches: Stretches
) -> list[Float[np.ndarray, "_ _"]]:
    key = (*_needed(config), config.signals, config.rate_hz, config.longest_gap_s, config.shortest_s)
    if key not in stretches:
        stretches[key] = _segments(recording, config)
    return stretches[key]


def _segments(recording: Recording, config: FeatureConfig) -> list[Float[np.ndarray, "_ _"]]:
    """Every usable stretch at the fixed rate: needed landmarks in pixels, then the blendshapes, flattened."""
    needed = _needed(config)
    signal = isotropic(recording.landmarks[:, needed], width=recording.width, height=recording.height)
    if (np.ptp(signal[recording.tracked][:, _places(needed, RIGID_POINTS)], axis=1) == 0).all(axis=1).any():
        raise ClipError(recording.clip, "a frame that counts as tracked has all points in one place")
    flat = signal.reshape(len(signal), -1)
    if config.signals == "blendshapes":
        if recording.blendshapes is None:
            raise ClipError(recording.clip, f"{recording.tracker} gave no blendshapes; use landmarks instead")
        flat = np.concatenate([flat, recording.blendshapes], axis=1)
    longest, segments = 0.0, []
    for frames in tracked_segments(
        recording.timestamps, recording.tracked, longest_gap_s=config.longest_gap_s
    ):
        times = recording.timestamps[frames]
        length_s = stretch_s(times, recording.fps)
        longest = max(longest, length_s)
        if long_enough(length_s, config.shortest_s):
            try:
                segments.append(resample(flat[frames], times, rate_hz=config.rate_hz))
            except ValueError as error:
                raise ClipError(recording.clip, str(error)) from error
    if not segments:
        raise ClipError(recording.clip, too_short(longest, config.shortest_s))
    return segments


def _still_streams(
    flat: Float[np.ndarray, "T S"], config: FeatureConfig
) -> dict[Stream, Float[np.ndarray, "T V C"]]:
    """Positions in all frames of a clip in the view asked for, as joints and whatever else is asked for."""
    needed = _needed(config)
    rigid = _places(needed, RIGID_POINTS)
    points = flat[:, : 3 * len(needed)].reshape(len(flat), -1, 3)
    if config.signals == "blendshapes":
        return {"joint": _coefficients(points, flat[:, 3 * len(needed) :, None], config, rigid)}
    joints = landmark_view(points, config.view, rigid)
    if not config.on_face:
        return {"joint": joints}
    asked = {still_part(stream) for stream in config.streams}
    still: dict[Stream, Float[np.ndarray, "T V C"]] = {"joint": _of_points(joints, config)}
    if "bone" in asked:
        still["bone"] = bones(still["joint"], parents(config.points))
    if "face" in asked:
        still["face"] = _of_points(align(points, rigid)[0], config)
    return still


def _needed(config: FeatureConfig) -> list[int]:
    """The landmarks that are looked at: the vertices, and those by which the head is placed."""
    return sorted({*RIGID_POINTS, *config.points})


def _places(needed: list[int], points: tuple[int, ...]) -> list[int]:
    """Where these landmarks are among the needed ones."""
    return np.searchsorted(needed, points).tolist()


def _of_points(points: Float[np.ndarray, "T V 3"], config: FeatureConfig) -> Float[np.ndarray, "T W C"]:
    return points[:, _places(_needed(config), config.points), : 3 if config.depth else 2]


def _coefficients(
    points: Float[np.ndarray, "T V 3"],
    blendshapes: Float[np.ndarray, "T B 1"],
    config: FeatureConfig,
    rigid: list[int],
) -> Float[np.ndarray, "T W 1"]:
    """Blendshapes, and the six numbers of the head pose where the view has them, one vertex each."""
    _, placement = align(points, rigid)
    pose = head_pose(points, placement, rigid).reshape(len(points), -1, 1)
    return coefficient_view(blendshapes, pose, config.view)
