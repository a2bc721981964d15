"""What does every section of a study start from? The clips, their division, and where answers are kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from amber_id.audit.ablations.clip_statistics import ClipStatistics, Fits
from amber_id.audit.study.clips import RecordingsOf, StudyClips, bare_sets
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.readings import StudyReadings
from amber_id.audit.study.scenarios import own_cells
from amber_id.audit.study.shared import Shared
from amber_id.audit.study.stages import Stages
from amber_id.biometrics import Comparisons, CountedPairs
from amber_id.judging.rates import judged_rates_and_recognition, less
from amber_id.motion import FeatureConfig, WindowSet, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName, VariantResult
from amber_id.training.named import training_of

_Answer = TypeVar("_Answer")
Variants = dict[str, VariantResult]
OF_ORIGINALS = "OOO"
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
    shared: Shared
    of_originals: str  # hash of all that an answer about originals alone depends on
    on_epoch: Callable[..., None] | None = None
    not_tried: tuple[str, ...] = ()  # why other attackers could not be, in whole sentences
    # By the id of a clip, with its condition and without; where only different utterances are compared.
    utterance_of: Mapping[str, str] | None = None
    session_of: Mapping[str, str] | None = (
        None  # likewise, where mated comparisons count across sessions only
    )

    _fits: dict[tuple[ConditionName, FeatureConfig], Fits] = field(default_factory=dict, init=False)

    @property
    def readings(self) -> StudyReadings:
        """What was read off the recordings."""
        return self.shared.readings

    @property
    def own_cells(self) -> dict[str, ConditionName]:
        """The cells that know one condition only, and which: OOO, AAA."""
        return own_cells(self.clips.conditions)

    @property
    def counted(self) -> CountedPairs:
        """The rule by which comparisons count."""
        return CountedPairs(self.utterance_of, self.session_of)

    def in_own_cells(self, what: str, ask: Callable[[str, ConditionName], _Answer]) -> dict[str, _Answer]:
        """What is asked, by the name `what`, of each cell that knows one condition, and of this condition."""
        return {
            cell: self.of_cell(what, cell, partial(ask, cell, condition))
            for cell, condition in self.own_cells.items()
        }

    def of_cell(self, what: str, cell: str, compute: Callable[[], _Answer]) -> _Answer:
        """An answer about a cell; about originals alone it is computed once for all studies of these."""
        return self.of_originals_alone(what, compute) if cell == OF_ORIGINALS else compute()

    def of_originals_alone(self, what: str, compute: Callable[[], _Answer]) -> _Answer:
        """An answer that rests on originals alone, computed once for all studies of them."""
        return self.shared.once(self.of_originals, what, compute)

    def keep_of_originals(self, what: str, answer: object) -> None:
        """Have other studies of these originals take an answer about them that a file had."""
        self.shared.keep(self.of_originals, what, answer)

    def bare(self) -> dict[ConditionName, RecordingSet]:
        """The clips of each condition under their own ids, in their own folders."""
        return bare_sets(self.sets, self.clips)

    def windows(self, condition: ConditionName, features: FeatureConfig) -> WindowSet:
        """The windows of the clips of one condition."""
        return load_windows(self.clips.under(condition), self.config.used(features))

    def statistics(self, condition: ConditionName, features: FeatureConfig = ALL) -> ClipStatistics:
        """The statistics of the clips of one condition; what is fitted to them is fitted once in a study."""
        fits = self._fits.setdefault((condition, features), {})
        return ClipStatistics.of(self.windows(condition, features), fits, counted=self.counted)


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
