"""What does a part of the study of the thesis find on its test people? With intervals, folds apart."""

from amber_id.audit.attack.strongest_attacker import Tried
from amber_id.audit.attack.tested import TestedFold
from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.judging.judge import (
    EvaluationConfig,
    judged_rates,
    judged_rates_and_recognition,
    less,
    rates_at_threshold,
)
from amber_id.results import ComparisonCounts, ConditionFigures, DevFold, Difference, FoldFigure


def figures_of(tried: Tried, config: EvaluationConfig) -> ConditionFigures:
    """Every figure of a part under one condition, its only attacker being `tried`."""
    (scored,) = tried.scored
    (tested,) = scored.members
    compared, remarks = scored.comparisons, tried.limits
    names = ("eer", "auc", "tmr_at_fmr_1_percent")
    rates, recognition = judged_rates_and_recognition(compared, config, names)
    right = rates_at_threshold(scored.from_threshold, config)
    return ConditionFigures(
        subjects=len(tested.subjects),
        clips=len(tested.entries),
        failed_clips=sum(len(fold.test.failures) for fold in tested.folds),
        counts=ComparisonCounts(mated=compared.n_mated, nonmated=compared.n_nonmated),
        eer=rates["eer"],
        recognition=recognition,
        auc=rates["auc"],
        tmr_at_fmr_1_percent=rates.get("tmr_at_fmr_1_percent"),
        accuracy=right["accuracy"],
        balanced_accuracy=right["balanced_accuracy"],
        dev=tuple(
            DevFold(
                fold=fold.header.fold,
                subjects=fold.header.dev.subjects,
                eer=fold.header.dev.eer,
                threshold=fold.header.dev.threshold,
                epoch=fold.header.epoch,
            )
            for fold in tested.folds
        ),
        folds=tuple(_of_fold(fold, config) for fold in tested.folds) if len(tested.folds) > 1 else (),
        remarks=remarks,
    )


def eer_difference(
    one: Comparisons, other: Comparisons, config: EvaluationConfig
) -> tuple[Difference | None, str | None]:
    """The EER of `other` less that of `one`; or why there is none."""
    try:
        return less(one, other, config)["eer"], None
    except EvaluationError as error:
        return None, f"No paired difference: {error}."


def _of_fold(fold: TestedFold, config: EvaluationConfig) -> FoldFigure:
    """One fold by itself, its people numbered by themselves."""
    compared = fold.test.compared(fold.test.subjects)
    try:
        eer = judged_rates(compared, config, ("eer",))["eer"]
    except EvaluationError:
        eer = None
    return FoldFigure(
        fold=fold.header.fold,
        subjects=len(fold.test.subjects),
        counts=ComparisonCounts(mated=compared.n_mated, nonmated=compared.n_nonmated),
        eer=eer,
    )
