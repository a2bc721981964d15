"""What does every part of the study of the thesis start from? Clips, divisions, and a place for results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from amber_id.audit.study.clips import RecordingsOf, StudyClips, bare_sets, study_clips
from amber_id.audit.study.split import study_split
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.audit.thesis.config import Part, ThesisStudyConfig
from amber_id.audit.thesis.division import divided_as, divisions_of
from amber_id.protocols import Split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName, ThesisSplit, run_name
from amber_id.training import versions


@dataclass(frozen=True)
class ThesisStudy:
    """What every part needs."""

    sets: RecordingsOf
    clips: StudyClips
    splits: Mapping[ThesisSplit, Split]
    wanted: ThesisStudyConfig  # as it was asked for
    config: ThesisStudyConfig  # as it is, divided by the number of people
    out: Path
    stages: Stages
    device: str
    on_epoch: Callable[..., None] | None
    by_number: tuple[str, ...]  # which divisions follow the number of people, in whole sentences

    def bare(self) -> dict[ConditionName, RecordingSet]:
        """The clips of each condition under their own ids, in their own folders."""
        return bare_sets(self.sets, self.clips)

    def run(self, part: Part, condition: ConditionName) -> Path:
        """Where a part is trained under a condition."""
        return self.out / "runs" / run_name(part.name, condition)

    def stages_of(self, part: Part, *more: object) -> Stages:
        """The stages of a part, which depend on this part alone."""
        trained = part.training.model_dump(mode="json")
        return self._stages(trained, self.splits[part.split].content_hash(), *more)

    def stages_of_splits(self) -> Stages:
        """The stages that depend on clips and splits alone."""
        hashes = [split.content_hash() for split in self.splits.values()]
        return self._stages(hashes)

    def _stages(self, *parts: object) -> Stages:
        return replace(
            self.stages, depends_on=hash_of(self.clips.recordings.content_hash(), versions(), parts)
        )


def begun(
    sets: RecordingsOf,
    out: Path,
    wanted: ThesisStudyConfig,
    parts: Sequence[Part],
    device: str,
    reasons: Mapping[str, str],
    on_stage: Callable[[str, bool], None],
    on_epoch: Callable[..., None] | None,
) -> ThesisStudy:
    """The clips, their divisions, and where the answers are kept."""
    on_stage("clips", False)
    whole = dict.fromkeys(part.training.features for part in parts if part.region is None)
    clips = study_clips(sets, out, whole, reasons=reasons)
    config, by_number = divided_as(wanted, len(clips.recordings.subjects))
    divisions_of(config, source_of_subjects(clips.under(clips.conditions[0])))
    splits: dict[ThesisSplit, Split] = {
        "k0": study_split(clips, out / "splits" / "k0", config.k0),
        "folds": study_split(clips, out / "splits" / "folds", config.folds),
    }
    stages = Stages(out / "stages", "", on_stage)
    return ThesisStudy(sets, clips, splits, wanted, config, out, stages, device, on_epoch, by_number)
