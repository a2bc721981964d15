"""What does every section of a study start from? The clips, their division, and where answers are kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amber_id.audit.ablations.clip_statistics import ClipStatistics, Fits
from amber_id.audit.study.clips import RecordingsOf, StudyClips, bare_sets
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.readings import StudyReadings
from amber_id.audit.study.scenarios import own_cells
from amber_id.audit.study.stages import Stages
from amber_id.biometrics import Comparisons
from amber_id.judging.rates import judged_rates_and_recognition, less
from amber_id.motion import FeatureConfig, WindowSet, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName, VariantResult
from amber_id.training.named import training_of

Variants = dict[str, VariantResult]
SHUFFLED = "shuffled frames"  # among the views, since it is asked in the same way
ALL = training_of("moments").features
MOTION = training_of("moments", view="motion").features


@dataclass(frozen=True)
class Study:
    """What every section needs."""

    sets: RecordingsOf
    clips: StudyClips
    split: Split
    config: StudyConfig
    attackers: tuple[str, ...]
    out: Path
    stages: Stages
    device: str
    readings: StudyReadings
    on_epoch: Callable[..., None] | None = None
    not_tried: tuple[str, ...] = ()  # why other attackers could not be, in whole sentences
    # By the id of a clip, with its condition and without; where only different utterances are compared.
    utterance_of: Mapping[str, str] | None = None

    _fits: dict[tuple[ConditionName, FeatureConfig], Fits] = field(default_factory=dict, init=False)

    @property
    def own_cells(self) -> dict[str, ConditionName]:
        """The cells that know one condition only, and which: OOO, AAA."""
        return own_cells(self.clips.conditions)

    def bare(self) -> dict[ConditionName, RecordingSet]:
        """The clips of each condition under their own ids, in their own folders."""
        return bare_sets(self.sets, self.clips)

    def windows(self, condition: ConditionName, features: FeatureConfig) -> WindowSet:
        """The windows of the clips of one condition."""
        return load_windows(self.clips.under(condition), self.config.used(features))

    def statistics(self, condition: ConditionName, features: FeatureConfig = ALL) -> ClipStatistics:
        """The statistics of the clips of one condition; what is fitted to them is fitted once in a study."""
        fits = self._fits.setdefault((condition, features), {})
        return ClipStatistics.of(self.windows(condition, features), fits, utterance_of=self.utterance_of)


def beside_the_whole(study: Study, compared: Mapping[str, Comparisons], whole: str) -> Variants:
    """Each beside the one that sees most."""
    config = study.config.evaluation
    variants = {}
    for name, comparisons in compared.items():
        rates, recognition = judged_rates_and_recognition(comparisons, config, ("eer", "auc"))
        variants[name] = VariantResult(
            **rates,
            recognition=recognition,
            less=less(compared[whole], comparisons, config),
        )
    return variants
