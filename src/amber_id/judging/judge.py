"""Every figure of a set of comparisons, with its interval over people and beside a guesser's.

One table of figures serves an evaluation and the scores of any other system. All intervals of a study come
from the same draws of people. What needs other people's scores, a threshold or a calibration, is judged on
comparisons that were shifted or calibrated with those: accepted from zero on, or as log likelihood ratios.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Estimate,
    Gallery,
    PairTally,
    PermutationTest,
    Statistic,
    SubjectFigures,
    Tally,
    bootstrap,
    bootstrap_difference,
    bootstrap_mean,
    d_sys,
    d_sys_raw_of,
    gallery_scores,
    is_directed,
    min_cllr_of,
    per_subject_figures,
    permutation_null,
    rank1_hits,
    tally,
    worst_decile_eer,
    zebra_expected_of,
)
from amber_id.biometrics.comparisons import pair_numbers
from amber_id.biometrics.curves import PerResample
from amber_id.biometrics.disclosure import MOST_EXPECTED, d_sys_bins, zebra_worst_case
from amber_id.biometrics.recognition import LEVEL
from amber_id.errors import EvaluationError
from amber_id.judging.figures import (
    CHANCE,
    EER,
    FMRS,
    FROM_THRESHOLD,
    OF_BOTH,
    OF_LLRS,
    OPTIMISTIC,
    at_best_threshold,
    statistics_of,
)
from amber_id.judging.recognition import recognition_of
from amber_id.results import Difference, Disclosure, NullTest, Rate, Recognition

_LARGEST_GALLERY = 20_000_000  # clips times people


class EvaluationConfig(BaseModel):
    """How figures and their intervals are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicates: int = Field(1000, ge=100)  # of the bootstrap over subjects
    permutations: int = Field(200, ge=20)  # of who the clips show, for linkability and ZEBRA
    level: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class Judged:
    """Figures by name; the estimate of the EER, which says how all intervals were made."""

    rates: dict[str, Rate]
    disclosure: Disclosure
    people: tuple[SubjectFigures, ...]
    eer: Estimate
    recognition: Recognition
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
    curve = people.whole.curve()  # refuses an empty side
    bins = d_sys_bins(_different_mated_pairs(comparisons))  # the same in every resample
    measures: Mapping[str, Callable[[ErrorCurve], PerResample]] = {
        "linkability": partial(d_sys_raw_of, bins=bins),
        "zebra_expected": zebra_expected_of,
        "min_cllr": min_cllr_of,
        "eer_rocch": ErrorCurve.eer_rocch,
        "auc": ErrorCurve.auc,
    }
    if from_threshold is None:
        measures = {**measures, **OPTIMISTIC}
    null, why_not = _permuted(comparisons, measures, config)
    statistics = statistics_of(curve, comparisons.fmr_floor) | {
        "linkability": Statistic(measures["linkability"]),
        "zebra_expected": Statistic(zebra_expected_of, (0.0, MOST_EXPECTED)),
    }
    estimates, rates = judge_tally(people, statistics, config)
    excess = (
        null["linkability"].excess if null else d_sys(comparisons.mated_scores, comparisons.nonmated_scores)
    )
    rates["linkability"] = _moved(rates["linkability"], excess)
    # What is fitted to the scores it judges is never as bad as an ideal guesser.
    for name in null.keys() - {"linkability", "auc"}:
        rates[name] = rates[name].model_copy(update={"chance": null[name].null_mean})
    limits = [*why_not, *_limits(comparisons, rates)]
    identified, why = _identification(comparisons, config)
    rates |= identified
    limits.extend(why)
    if from_threshold is not None:
        rates |= rates_at_threshold(from_threshold, config) | _at_best_offset(from_threshold, config)
    if llrs is not None:
        found = _bootstrapped(tally(llrs), OF_LLRS, config)
        rates |= {name: Rate.of(each, 1.0) for name, each in found.items()}
    figures = per_subject_figures(comparisons)
    recognition = recognition_in(people, estimates["eer"], null.get("auc"), config)
    disclosure = _disclosure(curve, null, figures)
    return Judged(rates, disclosure, figures, estimates["eer"], recognition, tuple(limits))


def _different_mated_pairs(comparisons: Comparisons) -> int:
    """Pairs of clips of one person; those that stand twice in a list say no more than once."""
    mated = comparisons.mated
    pairs = pair_numbers(comparisons.enrolment[mated], comparisons.probe[mated], len(comparisons.subjects))
    return len(np.unique(pairs))


def judge_tally(
    people: Tally, statistics: Mapping[str, Statistic], config: EvaluationConfig
) -> tuple[dict[str, Estimate], dict[str, Rate]]:
    """Statistics of comparisons that were counted; and the EER with all people weighing alike."""
    estimates = _bootstrapped(people, statistics, config)
    rates = _as_rates(estimates)
    if isinstance(people, PairTally):
        balanced = _bootstrapped(people.balanced(), EER, config)
        rates["eer_balanced"] = Rate.of(balanced["eer"], 0.5)
    return estimates, rates


def rates_at_threshold(from_threshold: Comparisons, config: EvaluationConfig) -> dict[str, Rate]:
    """Right decisions at a threshold chosen on other people; always naming the commoner kind is the guess."""
    found = _bootstrapped(tally(from_threshold), FROM_THRESHOLD, config)
    n_mated, n_nonmated = from_threshold.n_mated, from_threshold.n_nonmated
    guessed = {
        "accuracy": max(n_mated, n_nonmated) / (n_mated + n_nonmated),
        "balanced_accuracy": 0.5,
    }
    return {name: Rate.of(found[name], chance) for name, chance in guessed.items()}


def _at_best_offset(from_threshold: Comparisons, config: EvaluationConfig) -> dict[str, Rate]:
    """One offset for all folds, from the thresholds of their own: never below the figure without one."""
    people = tally(from_threshold)
    found = _bootstrapped(people, at_best_threshold(people.whole.curve()), config)
    null, _ = _permuted(from_threshold, OPTIMISTIC, config)
    return {name: Rate.of(each, null[name].null_mean if null else 0.5) for name, each in found.items()}


def _limits(comparisons: Comparisons, rates: Mapping[str, Rate]) -> Iterator[str]:
    """What the figures of these scores must not be taken for."""
    if rates["auc"].high < 0.5:
        yield (
            "AUC is below 0.5: mated comparisons have the lower scores. If these are distances, negate them; "
            "linkability finds people either way."
        )
    floor = comparisons.fmr_floor
    if floor > min(FMRS.values()):
        yield (
            f"TMR is given at an FMR of {floor:.2g} or more: {comparisons.n_subject_pairs:,} pairs of people "
            "say nothing about a lower one."
        )
    still = [name for name, rate in rates.items() if rate.low == rate.high]
    if still:
        yield f"All resamples gave the same {', '.join(sorted(still))}: that is no interval."


def _permuted(
    comparisons: Comparisons,
    measures: Mapping[str, Callable[[ErrorCurve], PerResample]],
    config: EvaluationConfig,
) -> tuple[dict[str, PermutationTest], tuple[str, ...]]:
    """The measures against chance; nothing, and why, where clips cannot change places."""
    try:
        found = permutation_null(
            comparisons,
            measures,
            permutations=config.permutations,
            rng=np.random.default_rng(config.seed),
        )
    except EvaluationError as error:
        said = (
            f"No p values of AUC, linkability and ZEBRA: {error}. Linkability may come out somewhat too high "
            "here."
        )
        return {}, (said,)
    return found, ()


def _gallery(comparisons: Comparisons) -> Gallery | None:
    """Each clip against everybody; None where clips were not compared so that somebody could be searched.

    Also None where the table would not fit: a trial list of very many people, who did not meet anyway.
    """
    if len(comparisons.subjects) * comparisons.n_subjects > _LARGEST_GALLERY:
        return None
    try:
        return gallery_scores(comparisons, directed=is_directed(comparisons))
    except EvaluationError:
        return None


def _identification(
    comparisons: Comparisons, config: EvaluationConfig
) -> tuple[dict[str, Rate], tuple[str, ...]]:
    """Rank-1, or why there is none, and among how many."""
    gallery = _gallery(comparisons)
    if gallery is None:
        said = "No rank-1: clips were not compared with all people, or there are too many of them."
        return {}, (said,)
    if len(np.unique(gallery.subjects)) < 3:
        return {}, ("No rank-1: fewer than 3 people have two clips, too few for an interval.",)
    size = float(gallery.sizes.mean())
    few = (
        f"Rank-1 is among the people a clip was compared with, {size:.0f} on average of "
        f"{comparisons.n_subjects}."
    )
    return {"rank1": _rank1(gallery, config)}, (few,) if size < 0.9 * comparisons.n_subjects else ()


def _rank1(gallery: Gallery, config: EvaluationConfig) -> Rate:
    found = bootstrap_mean(
        rank1_hits(gallery),
        gallery.subjects,
        replicates=config.replicates,
        level=config.level,
        rng=np.random.default_rng(config.seed),
    )
    return Rate.of(found, float(np.mean(1 / gallery.sizes)))


def _disclosure(
    curve: ErrorCurve, null: Mapping[str, PermutationTest], figures: tuple[SubjectFigures, ...]
) -> Disclosure:
    worst_case, category = zebra_worst_case(curve)
    with_eer = [each for each in figures if each.eer is not None]
    tests = {
        name: NullTest(null_mean=test.null_mean, p_value=test.p_value, permutations=test.permutations)
        for name, test in null.items()
    }
    return Disclosure(
        linkability=tests.get("linkability"),
        zebra_expected=tests.get("zebra_expected"),
        zebra_worst_case=worst_case,
        zebra_category=category,
        worst_decile_eer=worst_decile_eer(figures).eer if with_eer else None,
        people_with_eer=len(with_eer),
    )


def _bootstrapped(
    people: Tally, statistics: Mapping[str, Statistic], config: EvaluationConfig
) -> dict[str, Estimate]:
    """With the same draws of people every time."""
    return bootstrap(
        people,
        statistics,
        replicates=config.replicates,
        level=config.level,
        rng=np.random.default_rng(config.seed),
    )


def judged_rates(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> dict[str, Rate]:
    """Some figures alone, from the draws of people that all figures of a study come from.

    `names` are of those that are read from the scores alone; one that these people say nothing about is
    left out.
    """
    return _as_rates(_judged(comparisons, config, names)[1])


def _judged(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> tuple[Tally, dict[str, Estimate]]:
    people = tally(comparisons)
    defined = statistics_of(people.whole.curve(), comparisons.fmr_floor)
    statistics = {name: statistic for name, statistic in defined.items() if name in names}
    return people, _bootstrapped(people, statistics, config)


def _as_rates(estimates: Mapping[str, Estimate]) -> dict[str, Rate]:
    return {name: Rate.of(each, CHANCE.get(name, 0.5)) for name, each in estimates.items()}


def judged_recognition(comparisons: Comparisons, config: EvaluationConfig) -> tuple[Rate, Recognition]:
    """The EER with its interval, and whether these scores show that people are recognised."""
    rates, recognition = judged_rates_and_recognition(comparisons, config, ("eer",))
    return rates["eer"], recognition


def judged_rates_and_recognition(
    comparisons: Comparisons, config: EvaluationConfig, names: Collection[str]
) -> tuple[dict[str, Rate], Recognition]:
    """As `judged_rates`, with "eer" among the names; and whether people are recognised."""
    people, estimates = _judged(comparisons, config, names)
    null, _ = _permuted(comparisons, {"auc": ErrorCurve.auc}, config)
    return _as_rates(estimates), recognition_in(people, estimates["eer"], null.get("auc"), config)


def recognition_in(
    people: Tally, eer: Estimate, auc_test: PermutationTest | None, config: EvaluationConfig
) -> Recognition:
    """Whether people are recognised; by an interval of the level of the rule, whatever is shown."""
    if eer.level != 1 - LEVEL:
        eer = _bootstrapped(people, EER, config.model_copy(update={"level": 1 - LEVEL}))["eer"]
    return recognition_of(eer, auc_test)


def less(
    one: Comparisons,
    other: Comparisons,
    config: EvaluationConfig,
    statistics: Mapping[str, Statistic] = OF_BOTH,
) -> dict[str, Difference]:
    """EER and AUC, or other figures, of `other` less those of `one`, of the same people, paired over them."""
    found = bootstrap_difference(
        one,
        other,
        statistics,
        replicates=config.replicates,
        level=config.level,
        rng=np.random.default_rng(config.seed),
    )
    return {name: Difference.of(each) for name, each in found.items()}


def _moved(rate: Rate, value: float) -> Rate:
    """The same with its interval around another value."""
    by = value - rate.value
    return rate.model_copy(update={"value": value, "low": rate.low + by, "high": min(rate.high + by, 1.0)})
