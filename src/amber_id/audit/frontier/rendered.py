"""What of a defence is left where avatars are drawn and looked at? Defended recordings, rendered and tracked.

Each point's defended recordings drive videos of the default avatar, which the tracker sees as it would see
anybody. Videos and what was tracked stay under ``rendered/``: drawing takes most of the time of a frontier,
and goes on clip by clip where it was stopped.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from amber_id.anonymisers import Plan, defend
from amber_id.audit.frontier.plans import state_of
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.avatarize import (
    RECORDING_SUFFIX,
    AvatarizeConfig,
    avatarize_corpus,
    default_avatar_file,
)
from amber_id.corpora import find_corpus
from amber_id.errors import ClipError
from amber_id.file_formats import file_hash
from amber_id.motion import FeatureConfig
from amber_id.motion.features import clip_segments
from amber_id.recordings import RecordingSet
from amber_id.results import FailedClip
from amber_id.tracking import Landmarker, ModelBundle, track_corpus

_PAIRING = "pair"  # the stage of what is no clip's own failure


@dataclass(frozen=True)
class Rendering:
    """What draws avatars and tracks them."""

    bundle: ModelBundle
    avatar: Path
    workers: int

    @classmethod
    def by_default_avatar(cls, bundle: ModelBundle, workers: int) -> "Rendering":
        """With the avatar that comes with this program; the first call takes some seconds."""
        return cls(bundle, default_avatar_file(bundle), workers)

    @property
    def state(self) -> str:
        """Hash of all that decides how a recording is drawn and tracked."""
        return hash_of(self.bundle.sha256, file_hash(self.avatar), AvatarizeConfig().model_dump(mode="json"))

    def tracked(self, drives: Path, folder: Path) -> dict[str, str]:
        """Draw the recordings in `drives` and track the videos, both into `folder`.

        The tracked recordings are in ``recordings``; returns why clips are lost, by their ids.
        """
        avatars = folder / "avatars"
        corpus = find_corpus(drives, {RECORDING_SUFFIX}, what="recording")
        drawn = avatarize_corpus(corpus, avatars, self.avatar, None, AvatarizeConfig(), workers=self.workers)
        tracked = track_corpus(
            find_corpus(avatars), folder / "recordings", Landmarker(self.bundle), workers=self.workers
        )
        failures = (*drawn.failures, *tracked.failures)
        return {each.clip: each.reason for each in failures if each.stage != _PAIRING}


@dataclass(frozen=True)
class RenderedPoints:
    """The clips of every point as they were tracked from avatars, and why clips are lost at some point."""

    sets: Mapping[str, RecordingSet]
    lost: tuple[FailedClip, ...]


def rendered_points(
    originals: RecordingSet,
    plans: Mapping[str, Plan],
    features: Sequence[FeatureConfig],
    rendering: Rendering,
    folder: Path,
    stages: Stages,
) -> RenderedPoints:
    """Every point drawn and tracked, a stage each; a clip is lost where some attacker could not use it.

    Raises
    ------
    AmberError
        If the disk is full, or a library is missing.
    """
    sets: dict[str, RecordingSet] = {}
    lost: dict[str, str] = {}
    for name, plan in plans.items():
        settings = [each.model_dump(mode="json") for each in features]
        own = stages.depending_on(rendering.state, plan.text, plan.seed, state_of(plan), settings)
        place, stage = folder / name.replace(":", "-"), f"rendering {name}"
        draw = partial(_drawn, originals, plan, features, rendering, place)
        failed = own.done(stage, tuple[FailedClip, ...], draw)
        wanted = {entry.clip for entry in originals.entries} - {each.clip for each in failed}
        if not all((place / "recordings" / f"{clip}.safetensors").exists() for clip in wanted):
            own.forget(stage)
            failed = own.done(stage, tuple[FailedClip, ...], draw)
        sets[name] = RecordingSet.open(place / "recordings")
        lost |= {each.clip: f"{name}: {each.reason}" for each in failed}
    return RenderedPoints(sets, tuple(FailedClip(clip=clip, reason=reason) for clip, reason in lost.items()))


def _drawn(
    originals: RecordingSet,
    plan: Plan,
    features: Sequence[FeatureConfig],
    rendering: Rendering,
    folder: Path,
) -> tuple[FailedClip, ...]:
    drives = folder / "drives"
    if drives.exists():  # of a run that was stopped, maybe of other recordings
        shutil.rmtree(drives)
    failures = defend(originals, drives, plan, workers=rendering.workers)
    lost = {each.clip: each.reason for each in failures if each.stage == "defend"}
    lost |= rendering.tracked(drives, folder)
    shutil.rmtree(drives)
    recordings = RecordingSet.open(folder / "recordings")
    for entry in recordings.entries:
        try:
            recording = recordings.load(entry)
            for config in features:
                clip_segments(recording, config, {})
        except ClipError as error:
            lost[entry.clip] = error.reason
    return tuple(FailedClip(clip=clip, reason=reason) for clip, reason in sorted(lost.items()))
