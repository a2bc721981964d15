"""Which avatars of a corpus move as their originals, and where is that written down?

Conventions
-----------
Two trees of recordings, that of the originals and that of the avatars, are joined by clip id. A clip that is
in one of them only, or cannot be compared, is a failure with its reason, and the others go on.
``following.csv`` has a row per clip, sorted, with every channel's correlation; an empty cell is a channel
that does not move in the original. ``following.json`` says it over all clips, with the configuration and
versions.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict

from amber_id import __version__
from amber_id.atomic_files import write_text_atomically
from amber_id.avatarize.following import (
    CHANNELS,
    ChannelSignals,
    ClipFollowing,
    Flag,
    FollowingConfig,
    Match,
    channel_signals,
    channels_followed,
)
from amber_id.errors import ClipError, CorpusError
from amber_id.file_formats import write_table
from amber_id.motion.likeness import ClipMotion, clip_motion, signals_of
from amber_id.motion.movements import Movements
from amber_id.recordings import RecordingSet, read_header
from amber_id.recordings.signals import HEAD_ANGLES
from amber_id.results import ConditionName, FailedClip

CHECKED: Mapping[ConditionName, Path] = MappingProxyType(
    {"original": Path("check/original"), "anonymised": Path("check/avatar")}
)
"""Where in a folder of avatars a check keeps the recordings of either side."""

_Seen = tuple[ChannelSignals, ClipMotion]
_LIBRARIES = ("numpy", "scipy")
# Two originals with the same motion fit as well as each other, but for the last digits.
_ROUNDING = 1e-5
_COLUMNS = (
    *("clip", "frames", "faces", "faces_kept", "moving_channels", "median", "best_match", "flags"),
    *CHANNELS,
    *(f"{name}_{what}" for name in HEAD_ANGLES for what in ("offset_deg", "gain")),
)


class Tracked(BaseModel):
    """What the recordings of one side were made with; several where they differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trackers: tuple[str, ...]
    models: tuple[str, ...]  # SHA-256


class ChannelFollowing(BaseModel):
    """One channel over the clips in which it moves; no median without any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: int
    median: float | None


class HeadFollowing(BaseModel):
    """One of the head's angles: medians over clips; of the gain, over those in which it moves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset_deg: float | None
    gain: float | None


class FollowingSummary(BaseModel):
    """What ``following.json`` says.

    `median` is over clips, of each clip's median over the channels that move. `face_share` is over the frames
    of all clips in which the original has a face. `searched` clips were held against all originals;
    `match_their_own` of them fit none better than their own, not even by less than the lead that is flagged.
    `lost` are the channels that move in the originals and whose median is below the floor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["amber-id/following/2"] = "amber-id/following/2"
    amber_id_version: str = __version__
    versions: dict[str, str]
    config: FollowingConfig
    originals: Tracked
    avatars: Tracked
    clips: int
    face_share: float | None
    median: float | None
    searched: int
    match_their_own: int
    flagged: dict[Flag, int]
    channels: dict[str, ChannelFollowing]
    head: dict[str, HeadFollowing]
    lost: tuple[str, ...]
    failures: tuple[FailedClip, ...]


@dataclass(frozen=True)
class FollowingReport:
    """How every avatar of a corpus follows its original, by clip; and which could not be compared."""

    clips: tuple[ClipFollowing, ...]
    failures: tuple[FailedClip, ...]
    config: FollowingConfig
    originals: Tracked
    avatars: Tracked

    def summary(self) -> FollowingSummary:
        """The figures over all clips."""
        flags = Counter(flag for clip in self.clips for flag in clip.flags)
        faces = sum(clip.faces for clip in self.clips)
        searched = [clip for clip in self.clips if clip.best_match is not None]
        channels = {name: self._channel(name) for name in CHANNELS}
        return FollowingSummary(
            versions={name: version(name) for name in _LIBRARIES},
            config=self.config,
            originals=self.originals,
            avatars=self.avatars,
            clips=len(self.clips),
            face_share=sum(clip.faces_kept for clip in self.clips) / faces if faces else None,
            median=_median(clip.median for clip in self.clips),
            searched=len(searched),
            match_their_own=sum(clip.best_match == clip.clip for clip in searched),
            flagged={flag: flags[flag] for flag in get_args(Flag)},
            channels=channels,
            head={name: self._head(name) for name in HEAD_ANGLES},
            lost=tuple(
                name
                for name, channel in channels.items()
                if channel.median is not None and channel.median < self.config.floor
            ),
            failures=self.failures,
        )

    def _channel(self, name: str) -> ChannelFollowing:
        correlations = [r for clip in self.clips if (r := clip.correlations[name]) is not None]
        return ChannelFollowing(clips=len(correlations), median=_median(correlations))

    def _head(self, name: str) -> HeadFollowing:
        return HeadFollowing(
            offset_deg=_median(clip.offsets_deg.get(name) for clip in self.clips),
            gain=_median(clip.gains.get(name) for clip in self.clips),
        )


def check_following(originals: Path, avatars: Path, config: FollowingConfig | None = None) -> FollowingReport:
    """Compare every avatar under `avatars` with its original under `originals`; both hold recordings.

    Raises
    ------
    CorpusError
        If one of them has no recordings, or they have no clip in common.
    """
    config = config or FollowingConfig()
    before, after = RecordingSet.open(originals), RecordingSet.open(avatars)
    names = [{entry.clip for entry in side.entries} for side in (before, after)]
    if not names[0] & names[1]:
        raise CorpusError(f"{avatars}: expected clips of {originals}, got none, e.g. {min(names[1])} instead")
    unread = [{failure.clip: failure.reason for failure in side.failures} for side in (before, after)]
    failures = [
        *_alone(names[0] - names[1], "no recording of its avatar", unread[1]),
        *_alone(names[1] - names[0], "no recording of its original", unread[0]),
    ]
    drives = _signals(before, names[0], "original", failures)
    tracked = _signals(after, names[0], "avatar", failures)
    pictured = {clip: seen for clip, seen in tracked.items() if clip in drives}
    clips = [channels_followed(drives[each][0], signals, config) for each, (signals, _) in pictured.items()]
    matches = _matches(drives, pictured, clips, config) if pictured else []
    clips = [_matched(clip, match, config) for clip, match in zip(clips, matches, strict=True)]
    return FollowingReport(
        clips=tuple(clips),
        failures=tuple(sorted(failures, key=lambda failed: (failed.clip, failed.reason))),
        config=config,
        originals=_tracked(before),
        avatars=_tracked(after),
    )


def write_following(report: FollowingReport, folder: Path) -> None:
    """Write ``following.csv`` and ``following.json``; raises AmberError if `folder` cannot be written."""
    write_table(folder / "following.csv", _COLUMNS, [_row(clip) for clip in report.clips])
    write_text_atomically(folder / "following.json", report.summary().model_dump_json(indent=2) + "\n")


def _alone(clips: Collection[str], reason: str, unread: Mapping[str, str]) -> list[FailedClip]:
    return [FailedClip(clip=clip, reason=unread.get(clip, reason)) for clip in clips]


def _signals(
    recordings: RecordingSet, wanted: Collection[str], side: str, failures: list[FailedClip]
) -> dict[str, _Seen]:
    """The signals of the wanted clips, in order; those that have none are added to the failures."""
    seen = {}
    for entry in recordings.entries:
        if entry.clip in wanted:
            try:
                recording = recordings.load(entry)
                seen[entry.clip] = channel_signals(recording), clip_motion(recording)
            except ClipError as error:
                failures.append(FailedClip(clip=error.clip, reason=f"{side}: {error.reason}"))
    return seen


def _matches(
    drives: Mapping[str, _Seen],
    pictured: Mapping[str, _Seen],
    clips: Sequence[ClipFollowing],
    config: FollowingConfig,
) -> list[Match]:
    """The original that each avatar follows best, by `motion/following.py`.

    Nothing is said of clips in whose originals few channels move: these fit others by chance.
    """
    names = [*pictured, *(clip for clip in drives if clip not in pictured)]
    originals = Movements(signals_of(drives[clip][1] for clip in names))
    following = Movements(signals_of(motion for _, motion in pictured.values())).followed(originals)
    return [
        Match(names[best], float(fit), float(own))
        if judged and sum(r is not None for r in clip.correlations.values()) >= config.fewest_channels
        else Match(None, None, None)
        for clip, judged, best, fit, own in zip(
            clips, following.judged, following.best, following.best_correlation, following.own, strict=True
        )
    ]


def _matched(clip: ClipFollowing, match: Match, config: FollowingConfig) -> ClipFollowing:
    """With the best match, and the flag if that is another one by the lead; a lesser lead may be chance."""
    if match.own is None or match.similarity is None:
        return clip
    if match.similarity <= match.own + _ROUNDING:
        return replace(clip, best_match=clip.clip)
    by_the_lead: tuple[Flag, ...] = ("follows another",) if match.similarity > match.own + config.lead else ()
    return replace(clip, best_match=match.clip, flags=(*clip.flags, *by_the_lead))


def _tracked(recordings: RecordingSet) -> Tracked:
    headers = [read_header(entry.path) for entry in recordings.entries]
    return Tracked(
        trackers=tuple(sorted({f"{header.tracker} {header.tracker_version}" for header in headers})),
        models=tuple(sorted({header.model_sha256 for header in headers})),
    )


def _row(clip: ClipFollowing) -> list[object]:
    correlations = [clip.correlations[name] for name in CHANNELS]
    moving = sum(r is not None for r in correlations)
    return [
        *(clip.clip, clip.frames, clip.faces, clip.faces_kept, moving, _number(clip.median)),
        *(clip.best_match or "", "; ".join(clip.flags)),
        *(_number(r) for r in correlations),
        *(_number(part.get(name)) for name in HEAD_ANGLES for part in (clip.offsets_deg, clip.gains)),
    ]


def _number(r: float | None) -> str:
    return "" if r is None else f"{r:.4f}"


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.median(known)), 4) if known else None
