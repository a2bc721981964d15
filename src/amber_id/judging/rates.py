"""Single figures with intervals from the same draws of people, and differences paired over people."""

from collections.abc import Collection, Mapping

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Estimate,
    PairTally,
    PermutationTest,
    Statistic,
    Tally,
    bootstrap,
    bootstrap_difference,
    tally,
)
from amber_id.biometrics.recognition import LEVEL
from amber_id.figures import FIGURES, Basis, Sample, fixed_statistics, statistics_of
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.permuted import permuted
from amber_id.judging.recognition import recognition_of
from amber_id.results import Difference, Rate, Recognition

_PAIRED = ("eer", "auc")


def sample_of(comparisons: Comparisons, people: Tally) -> Sample:
    """All comparisons together; `people` is their tally."""
    return Sample(people.whole.curve(), comparisons.fmr_floor, comparisons)


def estimated(
    people: Tally, statistics: Mapping[str, Statistic], config: EvaluationConfig
) -> dict[str, Estimate]:
    """Statistics with their intervals, with the same draws of people every time."""
    return bootstrap(people, statistics, replicates=config.replicates, level=config.level, rng=config.rng())


def as_rates(estimates: Mapping[str, Estimate], people: Tally) -> dict[str, Rate]:
    """Estimates beside what guessing gives among these comparisons."""
    sides = int(people.whole.mated.sum()), int(people.whole.nonmated.sum())
    return {name: Rate.of(each, FIGURES[name].chance_of(*sides)) for name, each in estimates.items()}


def rates_of(comparisons: Comparisons, config: EvaluationConfig, basis: Basis) -> dict[str, Rate]:
    """The figures of one basis; `comparisons` hold the scores that it asks for."""
    people = tally(comparisons)
    return as_rates(estimated(people, statistics_of(sample_of(comparisons, people), basis), config), people)


def judge_tally(
    people: Tally, statistics: Mapping[str, Statistic], config: EvaluationConfig
) -> tuple[dict[str, Estimate], dict[str, Rate]]:
    """Statistics of comparisons that were counted; and the figures in which all people weigh the same."""
    estimates = estimated(people, statistics, config)
    rates = as_rates(estimates, people)
    if isinstance(people, PairTally):
        of_all = statistics_of(Sample(people.whole.curve(), 0.0), "balanced")
        rates |= as_rates(estimated(people.balanced(), of_all, config), people)
    return estimates, rates


def judged_rates(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> dict[str, Rate]:
    """Some figures alone, from the draws of people that all figures of a study come from.

    `names` are of those that are read from the scores alone; one that these people say nothing about is
    left out.
    """
    people, estimates = _judged(comparisons, config, names)
    return as_rates(estimates, people)


def judged_recognition(comparisons: Comparisons, config: EvaluationConfig) -> tuple[Rate, Recognition]:
    """The EER with its interval, and whether these scores show that people are recognised."""
    rates, recognition = judged_rates_and_recognition(comparisons, config, ("eer",))
    return rates["eer"], recognition


def judged_rates_and_recognition(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> tuple[dict[str, Rate], Recognition]:
    """Some figures, "eer" among them, as `judged_rates` gives them; and whether people are recognised."""
    people, estimates = _judged(comparisons, config, names)
    null, _ = permuted(comparisons, {"auc": ErrorCurve.auc}, config)
    return as_rates(estimates, people), recognition_in(people, estimates["eer"], null.get("auc"), config)


def _judged(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> tuple[Tally, dict[str, Estimate]]:
    people = tally(comparisons)
    statistics = statistics_of(sample_of(comparisons, people), "counts", names=names)
    return people, estimated(people, statistics, config)


def recognition_in(
    people: Tally, eer: Estimate, auc_test: PermutationTest | None, config: EvaluationConfig
) -> Recognition:
    """Whether people are recognised; by an interval of the level of the rule, whatever the study has."""
    if eer.level != 1 - LEVEL:
        at_level = config.model_copy(update={"level": 1 - LEVEL})
        eer = estimated(people, fixed_statistics("eer"), at_level)["eer"]
    return recognition_of(eer, auc_test)


def less(
    one: Comparisons, other: Comparisons, config: EvaluationConfig, names: Collection[str] = _PAIRED
) -> dict[str, Difference]:
    """EER and AUC, or other figures, of `other` less those of `one`, of the same people, paired over them."""
    differences = bootstrap_difference(
        one,
        other,
        fixed_statistics(*names),
        replicates=config.replicates,
        level=config.level,
        rng=config.rng(),
    )
    return {name: Difference.of(each) for name, each in differences.items()}
