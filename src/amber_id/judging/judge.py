"""Every figure of a set of comparisons, with its interval over people and beside a guesser's.

One table of figures serves an evaluation and the scores of any other system. All intervals of a study come
from the same draws of people. What needs other people's scores, a threshold or a calibration, is judged on
comparisons that were shifted or calibrated with those: accepted from zero on, or as log likelihood ratios.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amber_id.biometrics import Comparisons, Estimate, SubjectFigures, per_subject_figures, tally
from amber_id.figures import (
    FIGURES,
    LOWEST_FMR,
    OPTIMISTIC,
    measures_under_permutation,
    statistics_of,
)
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.identification import identification
from amber_id.judging.permuted import beside_chance, disclosure_of, permuted
from amber_id.judging.population import population_search
from amber_id.judging.rates import as_rates, estimated, judge_tally, rates_of, recognition_in, sample_of
from amber_id.judging.several_clips import of_several_clips
from amber_id.results import Disclosure, PopulationResult, Rate, Recognition


@dataclass(frozen=True)
class Judged:
    """Figures by name; the estimate of the EER, which says how all intervals were made."""

    rates: dict[str, Rate]
    disclosure: Disclosure
    people: tuple[SubjectFigures, ...]
    eer: Estimate
    recognition: Recognition
    population: tuple[PopulationResult, ...]
    limits: tuple[str, ...]  # what could not be judged, in whole sentences


def judge(
    comparisons: Comparisons,
    config: EvaluationConfig,
    *,
    from_threshold: Comparisons | None = None,
    llrs: Comparisons | None = None,
) -> Judged:
    """Every figure that these comparisons allow.

    Parameters
    ----------
    comparisons
        Scores as they are.
    config
        Resamples, level, seed.
    from_threshold
        The same comparisons with a threshold chosen on other people subtracted.
    llrs
        The same comparisons as natural-log likelihood ratios, calibrated on other people.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison, or there are too few people for an interval.
    """
    people = tally(comparisons)
    sample = sample_of(comparisons, people)  # refuses an empty side
    measures = measures_under_permutation(sample, "counts", "scores")
    if from_threshold is not None:  # the best threshold is judged on these
        measures = {name: each for name, each in measures.items() if name != OPTIMISTIC}
    null, why_not = permuted(comparisons, measures, config)
    estimates, rates = judge_tally(people, statistics_of(sample, "counts", "scores"), config)
    rates = beside_chance(rates, null, comparisons)
    identified, why_none = identification(comparisons, config)
    population, why_fewer = population_search(comparisons, config)
    limits = (*why_not, *_limits(comparisons, rates), *why_none, *why_fewer)
    rates |= identified | of_several_clips(comparisons, people, config)
    if from_threshold is not None:
        rates |= rates_of(from_threshold, config, "threshold") | _at_best_offset(from_threshold, config)
    if llrs is not None:
        rates |= rates_of(llrs, config, "llrs")
    of_people = per_subject_figures(comparisons)
    recognition = recognition_in(people, estimates["eer"], null.get("auc"), config)
    disclosure = disclosure_of(sample.curve, null, of_people)
    return Judged(rates, disclosure, of_people, estimates["eer"], recognition, population, limits)


def _at_best_offset(from_threshold: Comparisons, config: EvaluationConfig) -> dict[str, Rate]:
    """One offset for all folds, from the thresholds of their own: never below the figure without one."""
    people = tally(from_threshold)
    statistics = statistics_of(sample_of(from_threshold, people), "counts", names=(OPTIMISTIC,))
    measures = measures_under_permutation(sample_of(from_threshold, people), "counts")
    null, _ = permuted(from_threshold, {OPTIMISTIC: measures[OPTIMISTIC]}, config)
    rates = as_rates(estimated(people, statistics, config), people)
    return beside_chance(rates, null, from_threshold)


def _limits(comparisons: Comparisons, rates: Mapping[str, Rate]) -> Iterator[str]:
    """What the figures of these scores must not be taken for."""
    if rates["auc"].high < 0.5:
        yield (
            "AUC is below 0.5: mated comparisons have the lower scores. If these are distances, negate them; "
            "linkability does not depend on the sign."
        )
    floor = comparisons.fmr_floor
    if floor > LOWEST_FMR:
        yield (
            f"TMR is given at an FMR of {floor:.2g} or more: {comparisons.n_subject_pairs:,} pairs of people "
            "say nothing about a lower one."
        )
    still = [FIGURES[name].heading for name, rate in rates.items() if rate.low == rate.high]
    if still:
        yield f"All resamples gave the same {', '.join(sorted(still))}: that is no interval."
