"""How recognisable, and how expressive, do simple anonymisers leave the same originals?

Each anonymiser of `anonymisers/catalogue.py` that is asked for is applied to all originals; `moments` is
then fitted, and enrols and probes, on the result: an attacker who knows the anonymiser, as in the cell AAA.
Utility is measured as for the study's own anonymised clips. The changed recordings are deleted afterwards.
"""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial

from amber_id.anonymisers.apply import apply_references
from amber_id.anonymisers.catalogue import REFERENCES, Reference
from amber_id.atomic_files import scratch_folder
from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.study import ALL, Study
from amber_id.audit.utility.expression import FaceSignals
from amber_id.audit.utility.measure import ChannelsOf, UtilityConfig, channels_read, expression_kept
from amber_id.biometrics import ALL_PAIRS, Comparisons, CountedPairs
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import ConditionName, ReferencePoint
from amber_id.workers import usable_cores

_SECONDS = 10.0  # that one usually takes


def references_of(study: Study) -> dict[str, ReferencePoint]:
    """Where simple anonymisers of the same originals lie; each is a stage of its own.

    Raises
    ------
    EvaluationError
        If nothing of what came out can be used.
    AmberError
        If the disk is full.
    """
    chosen = [each for each in REFERENCES if each.name in study.config.references]
    with _ChangedOriginals(study, chosen) as changed:
        return {reference.name: _kept_point(study, changed, reference) for reference in chosen}


class _ChangedOriginals:
    """The originals of a study after each of some references, in a folder that is deleted at the end.

    They are written together, at the first that is asked for and for all after it, so that each original is
    read once.
    """

    def __init__(self, study: Study, references: Sequence[Reference]) -> None:
        self.originals = study.bare()["original"]
        self._seed = study.config.evaluation.seed
        self._folder = study.out
        self._references = references
        self._scratch = ExitStack()
        self._changed: dict[str, RecordingSet] = {}

    def __enter__(self) -> "_ChangedOriginals":
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()

    def after(self, reference: Reference) -> RecordingSet:
        """The originals after one of the references."""
        if not self._changed:
            root = self._scratch.enter_context(scratch_folder(self._folder))
            left = self._references[self._references.index(reference) :]
            places = [(each, root / str(number)) for number, each in enumerate(left)]
            sets = apply_references(self.originals, places, seed=self._seed, workers=usable_cores())
            self._changed = {each.name: changed for each, changed in zip(left, sets, strict=True)}
        return self._changed[reference.name]


def _kept_point(study: Study, originals: _ChangedOriginals, reference: Reference) -> ReferencePoint:
    """A point from the file of its stage, from another study of these originals, or computed."""
    stage, compute = _stage(reference.name), partial(_reference_point, study, originals, reference)
    point: ReferencePoint = study.stages.done(
        stage, ReferencePoint, partial(study.of_originals_alone, stage, compute)
    )
    study.keep_of_originals(stage, point)
    return point


def _stage(reference: str) -> str:
    return f"reference {reference}"


def _reference_point(study: Study, originals: _ChangedOriginals, reference: Reference) -> ReferencePoint:
    before, config = originals.originals, study.config

    def channels_of(recordings: RecordingSet, entry: RecordingEntry) -> FaceSignals:
        return (study.readings.channels if recordings is before else channels_read)(recordings, entry)

    return reference_point(
        before,
        originals.after(reference),
        config.used(ALL),
        study.split,
        config.evaluation,
        config.utility,
        channels_of=channels_of,
        counted=study.counted,
    )


def reference_point(
    originals: RecordingSet,
    changed: RecordingSet,
    features: FeatureConfig,
    split: Split,
    evaluation: EvaluationConfig,
    utility: UtilityConfig,
    *,
    channels_of: ChannelsOf = channels_read,
    counted: CountedPairs = ALL_PAIRS,
) -> ReferencePoint:
    """Where the originals that a reference changed lie between privacy and utility.

    Raises EvaluationError if nothing of them can be used.
    """
    statistics = ClipStatistics.of(load_windows(changed, features), counted=counted)
    comparisons = Comparisons.pool(attacked(statistics, split))
    kept = expression_kept(originals, changed, utility, channels_of=channels_of)
    return ReferencePoint(eer=judged_rates(comparisons, evaluation, ("eer",))["eer"], expression=kept)


def reference_stages(_conditions: Collection[ConditionName], config: StudyConfig) -> dict[str, float]:
    """The stages of `references_of`, with their usual seconds."""
    return {_stage(name): _SECONDS for name in config.references}
