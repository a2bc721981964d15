"""Does an avatar move as the clip that drove it?

Conventions
-----------
The avatar's video is tracked as the original was, and the two recordings are compared channel by channel: the
51 coefficients, and the head's yaw, pitch and roll. A frame of one belongs to the frame of the other that is
at the same time, counted from each clip's first frame, to half a frame; a frame that has none is left out.
An avatar of another frame rate is read at the original's times instead.
A channel counts in a clip if the original moves in it. Where the avatar then stands still, its correlation is
0. No lag is searched for: an avatar's frame is drawn from the original's frame of the same time.
A correlation does not see an avatar that looks aside all the time, or nods too far; so of yaw, pitch and roll
the offset is given, the mean of avatar less original, and the gain, the slope of the avatar's angle over the
original's (least squares), where the original turns.

Whose motion an avatar shows is asked of `motion/following.py`, as in a study: every avatar is held against
every original. A clip is flagged if another original fits better by the lead. Of 89 clips of 3 s of 25 real
people and their default avatars at 256 pixels none was flagged; under the name of the next clip all 89 were,
and their originals were named. A clip's median correlation was 0.60 or more (half of them 0.88), with other
originals 0.28 or less in 99 of 100 pairs; hence the floor, with room for avatars that show less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64
from pydantic import BaseModel, ConfigDict, Field

from amber_id.avatarize.drive import drive_of
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.recordings import Recording
from amber_id.recordings.signals import (
    HEAD_ANGLES,
    correlations,
    head_angles,
    matched,
    read_at,
)

CHANNELS: tuple[str, ...] = (*BLENDSHAPE_NAMES[1:], *HEAD_ANGLES)
"""The coefficients but for ``_neutral``, which says nothing, and the head's angles."""

Flag = Literal["still", "short", "face lost", "follows weakly", "follows another"]

_SAME_RATE = 0.01  # within this share two frame rates are one


class FollowingConfig(BaseModel):
    """What counts as movement, and from when on a clip is flagged."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    least_std: float = Field(0.02, gt=0)  # of a coefficient of the original in a clip: it moves
    least_turn_deg: float = Field(1.0, gt=0)  # the same of yaw, pitch and roll
    shortest_s: float = Field(1.0, gt=0)  # with a face in both; less is "short"
    least_face: float = Field(0.9, ge=0, le=1)  # of the original's frames with a face; less is "face lost"
    floor: float = Field(0.3, ge=-1, le=1)  # median correlation; less is "follows weakly", or a lost channel
    fewest_channels: int = Field(5, ge=1)  # that move in an original, for a search among all
    lead: float = Field(0.05, ge=0)  # by which another original must fit better: "follows another"

    @property
    def least(self) -> Float64[np.ndarray, " C"]:
        """The least standard deviation that counts as movement, of each channel."""
        return np.array([self.least_turn_deg if c in HEAD_ANGLES else self.least_std for c in CHANNELS])


@dataclass(frozen=True, eq=False)
class ChannelSignals:
    """What the face of a clip does in `CHANNELS`; NaN without a face. Times are from the first frame."""

    clip: str
    times: Float64[np.ndarray, " T"]
    tracked: Bool[np.ndarray, " T"]
    values: Float32[np.ndarray, "T C"]


@dataclass(frozen=True)
class ClipFollowing:
    """How the avatar of one clip follows its original.

    Of the original's `frames`, `faces` have a face, and in `faces_kept` of them the avatar has one as well.
    A correlation is None where the original does not move, `median` is that of the others. `offsets_deg` and
    `gains` are those of yaw, pitch and roll; a short clip has none, and what stands still has no gain.
    `best_match` is the clip whose motion fits best, where that was asked.
    """

    clip: str
    frames: int
    faces: int
    faces_kept: int
    correlations: Mapping[str, float | None]
    flags: tuple[Flag, ...]
    best_match: str | None = None
    offsets_deg: Mapping[str, float] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)

    @property
    def face_share(self) -> float:
        """Share of the original's frames with a face in which the avatar has one, in [0, 1]."""
        return self.faces_kept / self.faces

    @property
    def is_suspect(self) -> bool:
        """Whether something may be wrong; a clip that is still or short only cannot tell."""
        return not set(self.flags) <= {"still", "short"}

    @property
    def median(self) -> float | None:
        """The median correlation over the channels that move; None if there is none."""
        known = [r for r in self.correlations.values() if r is not None]
        return float(np.median(known)) if known else None


@dataclass(frozen=True)
class Match:
    """The original whose motion an avatar fits best, and how well it and the avatar's own fit.

    The clip is None where no original can be compared with the avatar; a similarity is None likewise.
    """

    clip: str | None
    similarity: float | None
    own: float | None


def channel_signals(recording: Recording) -> ChannelSignals:
    """The channels of a recording.

    Raises
    ------
    ClipError
        If it has no blendshapes, or no face in any frame.
    """
    drive = drive_of(recording)
    turned = head_angles(drive.rotations).astype(np.float32)
    values = np.concatenate([drive.weights[:, : len(BLENDSHAPE_NAMES) - 1], turned], axis=1)
    values[~drive.tracked] = np.nan
    times = drive.timestamps - drive.timestamps[0]
    return ChannelSignals(recording.clip, times, drive.tracked, values)


def channels_followed(
    original: ChannelSignals, avatar: ChannelSignals, config: FollowingConfig
) -> ClipFollowing:
    """How the avatar's channels follow the original's."""
    period_s = float(np.median(np.diff(original.times)))
    drive, played = _at_the_same_times(original, avatar)
    agreement: dict[str, float | None] = dict.fromkeys(CHANNELS)
    offsets: dict[str, float] = {}
    gains: dict[str, float] = {}
    flags: list[Flag] = []
    faces, faces_kept = int(original.tracked.sum()), len(drive)
    if faces_kept / faces < config.least_face:
        flags.append("face lost")
    if faces_kept * period_s < config.shortest_s - 1e-6:
        flags.append("short")
    else:
        moves = drive.std(axis=0) >= config.least
        r = correlations(drive, played)
        agreement |= {CHANNELS[c]: float(r[c]) for c in np.flatnonzero(moves)}
        offsets, gains = _head(drive, played, moves)
        if not moves.any():
            flags.append("still")
        elif np.median(r[moves]) < config.floor:
            flags.append("follows weakly")
    return ClipFollowing(
        original.clip,
        len(original.times),
        faces,
        faces_kept,
        agreement,
        tuple(flags),
        offsets_deg=offsets,
        gains=gains,
    )


def _at_the_same_times(
    original: ChannelSignals, avatar: ChannelSignals
) -> tuple[Float64[np.ndarray, "T C"], Float64[np.ndarray, "T C"]]:
    """What both show where both have a face: frames that belong together, or read at the original's times."""
    period_s, other_s = (float(np.median(np.diff(clip.times))) for clip in (original, avatar))
    if abs(other_s / period_s - 1) < _SAME_RATE:
        here, there = matched(original.times, avatar.times, tolerance_s=period_s / 2)
        both = original.tracked[here] & avatar.tracked[there]
        return original.values[here][both].astype(float), avatar.values[there][both].astype(float)
    face = avatar.tracked
    played, known = read_at(
        original.times, avatar.times[face], avatar.values[face].astype(float), longest_gap_s=1.5 * other_s
    )
    both = original.tracked & known
    return original.values[both].astype(float), played[both]


def _head(
    drive: Float64[np.ndarray, "T C"], played: Float64[np.ndarray, "T C"], moves: Bool[np.ndarray, " C"]
) -> tuple[dict[str, float], dict[str, float]]:
    """The offsets of the head's angles, and the gains of those that move."""
    columns = {name: CHANNELS.index(name) for name in HEAD_ANGLES}
    offsets = {name: float((played[:, c] - drive[:, c]).mean()) for name, c in columns.items()}
    centred = drive - drive.mean(axis=0)
    gains = {
        name: float(centred[:, c] @ played[:, c] / (centred[:, c] @ centred[:, c]))
        for name, c in columns.items()
        if moves[c]
    }
    return offsets, gains
