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

Whose motion. An avatar a is held against every original o of the corpus, its own among them:
``s(a, o) = mean over c in M(o) of r_c(a, o)``, where M(o) are the channels that move in o, and r_c is
Pearson's correlation over the instants at which both show a face, both read at one rate. Originals in which
fewer than five channels move are not searched: a few channels fit others by chance.

Measured on 89 clips of 3 s of 25 real people and their default avatars at 256 pixels. A clip's median
correlation was 0.60 or more (half of them 0.88), with other originals 0.28 or less in 99 of 100 pairs; hence
the floor, with room for avatars that show less. All 89 fitted their own original best, by 0.31 or more. With
five channels each, taken at random, another fitted better by the lead in none, with two in 8; of clips cut to
1 s, in one. Of 89 avatars under the name of the next clip, all 89 were flagged, and their originals named.
"""

from collections.abc import Mapping, Sequence
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
    STILL,
    all_correlations,
    correlations,
    head_angles,
    matched,
    read_at,
)

CHANNELS: tuple[str, ...] = (*BLENDSHAPE_NAMES[1:], *HEAD_ANGLES)
"""The coefficients but for ``_neutral``, which says nothing, and the head's angles."""

Flag = Literal["still", "short", "face lost", "follows weakly", "follows another"]

_RATE_HZ = 12.5  # a blink still lasts two or three frames
_LONGEST_S = 10.0  # of a clip, for the search among all originals
_LONGEST_GAP_S = 0.2  # between frames with a face, across which a signal is interpolated
_SAME_RATE = 0.01  # within this share two frame rates are one
_BLOCK = 256  # avatars held against all originals at once


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


def follow(original: ChannelSignals, avatar: ChannelSignals, config: FollowingConfig) -> ClipFollowing:
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


def best_matches(
    originals: Sequence[ChannelSignals], avatars: Sequence[ChannelSignals], config: FollowingConfig
) -> list[Match]:
    """The original whose motion each avatar fits best; see the formula above.

    Clips of differing lengths are compared over what they have in common, at least the shortest length, in
    their first 10 s. An avatar's own original is the one that bears its name.
    """
    length_s = min(max((float(clip.times[-1]) for clip in originals), default=0.0), _LONGEST_S)
    grid = _Grid.of(originals, length_s, config)
    place = {original.clip: o for o, original in enumerate(originals)}
    matches: list[Match] = []
    for start in range(0, len(avatars), _BLOCK):
        some = avatars[start : start + _BLOCK]
        similarity = _similarity(_Grid.of(some, length_s, config), grid, config)
        matches.extend(
            _match(row, place.get(avatar.clip), originals)
            for row, avatar in zip(similarity, some, strict=True)
        )
    return matches


@dataclass(frozen=True, eq=False)
class _Grid:
    """N clips read at one rate: every channel to mean 0 and deviation 1 in its clip, 0 where not seen."""

    values: Float32[np.ndarray, "N T C"]
    seen: Float32[np.ndarray, "N T"]
    moves: Float32[np.ndarray, "N C"]  # 1 where a channel moves, else 0

    @classmethod
    def of(cls, clips: Sequence[ChannelSignals], length_s: float, config: FollowingConfig) -> "_Grid":
        at = np.arange(int(length_s * _RATE_HZ + 1e-3) + 1) / _RATE_HZ
        N, T, C = len(clips), len(at), len(CHANNELS)
        values, seen = np.zeros((N, T, C), np.float32), np.zeros((N, T), np.float32)
        moves = np.zeros((N, C), np.float32)
        for n, clip in enumerate(clips):
            face = clip.tracked
            gap_s = max(_LONGEST_GAP_S, 2 * float(np.median(np.diff(clip.times))))
            readings, known = read_at(at, clip.times[face], clip.values[face], longest_gap_s=gap_s)
            if known.any():
                spread = readings[known].std(axis=0)
                values[n, known] = (readings[known] - readings[known].mean(axis=0)) / np.maximum(
                    spread, STILL
                )
                seen[n], moves[n] = known, spread >= config.least
        return cls(values, seen, moves)


def _similarity(avatars: _Grid, originals: _Grid, config: FollowingConfig) -> Float32[np.ndarray, "n M"]:
    """The formula; minus infinity where two clips cannot be compared."""
    total = np.zeros((len(avatars.seen), len(originals.seen)), np.float32)
    for c in range(len(CHANNELS)):
        signal = slice(c, c + 1)
        r = all_correlations(
            avatars.values[:, :, signal], avatars.seen, originals.values[:, :, signal], originals.seen
        )
        total += r * originals.moves[:, c]
    channels = originals.moves.sum(axis=1)
    long_enough = avatars.seen @ originals.seen.T >= config.shortest_s * _RATE_HZ
    comparable = long_enough & (channels >= config.fewest_channels)
    return np.where(comparable, total / np.maximum(channels, 1), np.float32(-np.inf))


def _match(
    similarity: Float32[np.ndarray, " M"], mine: int | None, originals: Sequence[ChannelSignals]
) -> Match:
    if not np.isfinite(similarity).any():
        return Match(None, None, None)
    best = int(similarity.argmax())
    own = None if mine is None or not np.isfinite(similarity[mine]) else float(similarity[mine])
    return Match(originals[best].clip, float(similarity[best]), own)
