"""What does a part of the study of the thesis find on its test people? With intervals, folds apart."""

from amber_id.audit.attack.strongest_attacker import Tried
from amber_id.audit.attack.tested import TestedFold
from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.figures import figures_in
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates, judged_rates_and_recognition, less, rates_of
from amber_id.results import ComparisonCounts, ConditionFigures, DevFold, Difference, FoldFigure


def figures_of(tried: Tried, config: EvaluationConfig) -> ConditionFigures:
    """Every figure of a part under one condition, its only attacker being `tried`."""
    (scored,) = tried.scored
    (tested,) = scored.members
    compared, remarks = scored.comparisons, tried.limits
    names = [figure.name for figure in figures_in("thesis")]
    rates, recognition = judged_rates_and_recognition(compared, config, names)
    rates |= rates_of(scored.from_threshold, config, "threshold")
    return ConditionFigures(
        subjects=len(tested.subjects),
        clips=len(tested.entries),
        failed_clips=sum(len(fold.test.failures) for fold in tested.folds),
        counts=ComparisonCounts(mated=compared.n_mated, nonmated=compared.n_nonmated),
        recognition=recognition,
        **{name: rates.get(name) for name in names},
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
