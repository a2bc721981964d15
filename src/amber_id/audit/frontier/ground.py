"""What do all points of a frontier stand on? The same clips, people, folds and undefended recordings.

Undefended are the originals drawn anew from what drives an avatar (`redrawn`): the face's own shape, which no
avatar shows, is in no point, so that a difference between two points is that of their motion. An attacker who
has the pairs of an anonymiser has these and the defended clips; utility is held against them, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from amber_id.anonymisers import Plan, defend
from amber_id.audit.frontier.config import UNDEFENDED, FrontierConfig
from amber_id.audit.frontier.rendered import RenderedPoints, Rendering, rendered_points
from amber_id.audit.study.clips import StudyClips, study_clips
from amber_id.audit.study.split import study_split
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.audit.utility.expression import FaceSignals
from amber_id.errors import ClipError
from amber_id.motion import FeatureConfig
from amber_id.motion.pairs import bare_id
from amber_id.protocols import Split
from amber_id.recordings import Recording, RecordingEntry, RecordingSet
from amber_id.results import ConditionName, FailedClip
from amber_id.training import versions
from amber_id.training.named import training_of

_ORIGINAL: ConditionName = "original"
_FOLDER = "undefended"


@dataclass
class Channels:
    """The channels of expression of recordings, each read once."""

    _known: dict[Path, FaceSignals] = field(default_factory=dict)

    def copy(self) -> "Channels":
        """These channels, to which others can be added that are of no use later."""
        return Channels(dict(self._known))

    def keep(self, entry: RecordingEntry, recording: Recording) -> None:
        """Keep those of a recording that was read; one without a face has none."""
        try:
            self._known[entry.path] = FaceSignals.of(recording)
        except ClipError:
            return

    def of(self, recordings: RecordingSet, entry: RecordingEntry) -> FaceSignals:
        """The channels of a clip; raises ClipError if it has none."""
        if entry.path not in self._known:
            self._known[entry.path] = FaceSignals.of(recordings.load(entry))
        return self._known[entry.path]


@dataclass(frozen=True)
class Means:
    """What a frontier is made with."""

    device: str = "auto"
    workers: int = 1
    donors: RecordingSet | None = None  # whose styles some defences take on
    rendering: Rendering | None = None  # where clips are drawn as avatars and tracked


@dataclass(frozen=True)
class Ground:
    """What all points share; ids of undefended clips begin with ``original/``."""

    originals: RecordingSet  # the clips that are used, under their own ids
    clips: StudyClips
    split: Split
    config: FrontierConfig
    plans: Mapping[str, Plan]
    out: Path
    stages: Stages
    means: Means
    dropped: tuple[FailedClip, ...]
    rendered: Mapping[str, RecordingSet]  # the clips of every point, where they are rendered
    channels: Channels = field(default_factory=Channels)

    @property
    def undefended(self) -> RecordingSet:
        """The undefended clips, with the condition before their ids."""
        return self.clips.under(_ORIGINAL)

    @property
    def features(self) -> tuple[FeatureConfig, ...]:
        """The features of all attackers."""
        return _features(self.config)

    def bare(self, recordings: RecordingSet) -> RecordingSet:
        """Clips of a point under their own ids."""
        entries = (replace(entry, clip=bare_id(entry.clip)) for entry in recordings.entries)
        return replace(recordings, entries=tuple(entries))


def ground_of(
    recordings: RecordingSet,
    out: Path,
    config: FrontierConfig,
    plans: Mapping[str, Plan],
    means: Means,
    *,
    on_stage: Callable[[str, bool], None],
) -> Ground:
    """Draw the undefended clips, choose those that every attacker and every defence can use, divide people.

    Raises
    ------
    ClipError
        If no recording has coefficients.
    CorpusError
        If nobody has two usable clips.
    SplitError
        If there are too few people, or the split in `out` is not of them.
    UsageError
        If `out` holds other recordings.
    """
    usable, unusable = _with_donors(recordings, plans)
    drawn = hash_of(usable.content_hash(), versions())
    stages = Stages(out / "stages", drawn, on_stage)
    points = _drawn(usable, out, config, plans, stages, means)
    channels = Channels()
    clips = study_clips(
        {_ORIGINAL: points.sets[UNDEFENDED]}, out / _FOLDER, _features(config), on_recording=channels.keep
    )
    used = {bare_id(entry.clip) for entry in clips.recordings.entries}
    dropped = [
        *(FailedClip(clip=each.clip, reason=each.reason) for each in recordings.failures),
        *unusable,
        *points.lost,
        *(FailedClip(clip=each.clip, reason=each.reason) for each in clips.dropped),
    ]
    division = config.divided_as(len(clips.recordings.subjects))
    config = config.model_copy(update={"split": division})
    split = study_split(clips, out, division)
    settings = config.model_dump(mode="json", exclude={"defences", "against", "limits"})
    depends_on = hash_of(drawn, settings, clips.recordings.content_hash(), split.content_hash())
    return Ground(
        originals=_only(usable, used),
        clips=clips,
        split=split,
        config=config,
        plans=plans,
        out=out,
        stages=Stages(out / "stages", depends_on, on_stage),
        means=means,
        dropped=tuple(sorted({each.clip: each for each in dropped}.values(), key=lambda each: each.clip)),
        rendered=points.sets,
        channels=channels,
    )


def _drawn(
    originals: RecordingSet,
    out: Path,
    config: FrontierConfig,
    plans: Mapping[str, Plan],
    stages: Stages,
    means: Means,
) -> RenderedPoints:
    """The undefended clips, of every point where they are rendered; clips that are lost are in none."""
    if means.rendering is None:
        plan = plans[UNDEFENDED]
        undefended, lost = _undefended(originals, out / _FOLDER, plan, stages, means.workers)
        return RenderedPoints({UNDEFENDED: undefended}, lost)
    points = rendered_points(originals, plans, _features(config), means.rendering, out / "rendered", stages)
    left = {entry.clip for entry in originals.entries} - {each.clip for each in points.lost}
    if not left:
        raise ClipError(points.lost[0].clip, points.lost[0].reason)
    return RenderedPoints({name: _only(each, left) for name, each in points.sets.items()}, points.lost)


def _features(config: FrontierConfig) -> tuple[FeatureConfig, ...]:
    trainings = (config.used(training_of(name).features) for name in config.attackers)
    return tuple(dict.fromkeys(each.of_clips for each in trainings))


def _with_donors(
    recordings: RecordingSet, plans: Mapping[str, Plan]
) -> tuple[RecordingSet, list[FailedClip]]:
    """The clips for which every plan has a donor, and why not the others."""
    reasons: dict[str, str] = {}
    for entry in recordings.entries:
        for plan in plans.values():
            try:
                plan.chosen_for(entry.clip, entry.subject)
            except ClipError as error:
                reasons[entry.clip] = error.reason
    left = {entry.clip for entry in recordings.entries} - reasons.keys()
    if not left:
        raise ClipError(*next(iter(reasons.items())))
    failed = [FailedClip(clip=clip, reason=reason) for clip, reason in reasons.items()]
    return replace(_only(recordings, left), failures=()), failed


def _undefended(
    recordings: RecordingSet, folder: Path, plan: Plan, stages: Stages, workers: int
) -> tuple[RecordingSet, tuple[FailedClip, ...]]:
    """The undefended clips and why some could not be drawn; they are drawn once."""
    name, root = "undefended clips", folder / "recordings"

    def draw() -> tuple[FailedClip, ...]:
        failures = defend(recordings, root, plan, workers=workers)
        return tuple(
            FailedClip(clip=each.clip, reason=each.reason) for each in failures if each.stage == "defend"
        )

    failed = stages.done(name, tuple[FailedClip, ...], draw)
    wanted = {entry.clip for entry in recordings.entries} - {each.clip for each in failed}
    if not all((root / f"{clip}.safetensors").exists() for clip in wanted):
        stages.forget(name)
        failed = stages.done(name, tuple[FailedClip, ...], draw)
    return _only(RecordingSet.open(root), wanted), failed


def _only(recordings: RecordingSet, clips: set[str]) -> RecordingSet:
    return replace(recordings, entries=tuple(entry for entry in recordings.entries if entry.clip in clips))
