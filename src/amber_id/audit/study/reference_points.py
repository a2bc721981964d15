"""How recognisable, and how expressive, do simple anonymisers leave the same originals?

Each anonymiser of `anonymisers/catalogue.py` that is asked for is applied to all originals; `moments` is
then fitted, and enrols and probes, on the result: an attacker who knows the anonymiser, as in the cell AAA.
Utility is measured as for the study's own anonymised clips. The changed recordings are deleted afterwards.
"""

from collections.abc import Collection
from functools import partial
from pathlib import Path

from amber_id.anonymisers.apply import apply_reference
from amber_id.anonymisers.catalogue import REFERENCES, Reference
from amber_id.atomic_files import scratch_folder
from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.study import ALL, Study
from amber_id.audit.utility.measure import UtilityConfig, measure_utility
from amber_id.biometrics import Comparisons
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName, ReferencePoint
from amber_id.workers import usable_cores

_SECONDS = 10.0  # that one usually takes


def reference_point(
    reference: Reference,
    originals: RecordingSet,
    features: FeatureConfig,
    split: Split,
    evaluation: EvaluationConfig,
    utility: UtilityConfig,
    folder: Path,
) -> ReferencePoint:
    """Where it lies between privacy and utility; the changed recordings are in `folder` meanwhile.

    Raises
    ------
    EvaluationError
        If nothing of what came out can be used.
    AmberError
        If the disk is full.
    """
    with scratch_folder(folder) as place:
        changed = apply_reference(originals, reference, place, seed=evaluation.seed, workers=usable_cores())
        statistics = ClipStatistics.of(load_windows(changed, features))
        comparisons = Comparisons.pool(attacked(statistics, split))
        kept = measure_utility(originals, changed, utility).expression
    return ReferencePoint(eer=judged_rates(comparisons, evaluation, ("eer",))["eer"], expression=kept)


def references_of(study: Study) -> dict[str, ReferencePoint]:
    """Where simple anonymisers of the same originals lie; each is a stage of its own."""
    originals = study.bare()["original"]
    asked = {each.name: each for each in REFERENCES if each.name in study.config.references}
    return {
        name: study.stages.done(
            f"reference {name}",
            ReferencePoint,
            partial(
                reference_point,
                reference,
                originals,
                ALL,
                study.split,
                study.config.evaluation,
                study.config.utility,
                study.out,
            ),
        )
        for name, reference in asked.items()
    }


def reference_stages(_conditions: Collection[ConditionName], config: StudyConfig) -> dict[str, float]:
    """The stages of `references_of`, with their usual seconds."""
    return {f"reference {name}": _SECONDS for name in config.references}
