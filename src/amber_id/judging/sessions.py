"""How much better are people recognised within a session than across two, and how does it change with days?

Conventions
-----------
The same people, and the same probes, are compared within a session and across two; figures count every person
alike, so that a person with one long session and one short one weighs the same on both sides. Below
`FEWEST_PEOPLE` people a figure is None.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from amber_id.biometrics import (
    Comparisons,
    PairTally,
    Sittings,
    Tally,
    bootstrap_difference,
    has_intervals,
    of_days,
    spreads_of_sums,
    tally,
    within_and_across,
)
from amber_id.biometrics.intervals import estimate_of
from amber_id.figures import fixed_statistics
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import as_rates, estimated
from amber_id.results import Difference, Rate
from amber_id.results.sessions import DaysPoint, Drift, SessionFigures, WithinAndAcross

FEWEST_PEOPLE = 8
"""With fewer, intervals hold the truth too rarely (docs/coverage.md)."""
DAYS = ((0, 0), (1, 7), (8, 30), (31, 180), (181, 365), (366, None))
"""First and last day of each bin."""


def session_figures(
    comparisons: Comparisons, sittings: Sittings, config: EvaluationConfig, *, by_days: bool = True
) -> SessionFigures:
    """The figures of some comparisons, whose clips `sittings` numbers alike.

    Raises
    ------
    EvaluationError
        If the people of a figure are enough, but too few of them were compared with each other.
    """
    within, across = within_and_across(comparisons, sittings)
    people = len(_mated_people(within))
    return SessionFigures(
        people=people,
        compared=_compared(within, across, config) if _are_enough(within, across) else None,
        **(_by_days(comparisons, sittings, config) if by_days and (sittings.days >= 0).any() else {}),
    )


def _are_enough(*sides: Comparisons) -> bool:
    """Whether all of them have people enough for a figure."""
    return all(len(_mated_people(each)) >= FEWEST_PEOPLE and has_intervals(each) for each in sides)


def _mated_people(comparisons: Comparisons) -> Sequence[int]:
    return np.unique(comparisons.enrolment_subjects[comparisons.mated]).tolist()


def _compared(within: Comparisons, across: Comparisons, config: EvaluationConfig) -> WithinAndAcross:
    one, other = _alike(within), _alike(across)
    statistics = fixed_statistics("eer")
    less = bootstrap_difference(
        one, other, statistics, replicates=config.replicates, level=config.level, rng=config.rng()
    )
    return WithinAndAcross(
        within=_eer(one, config), across=_eer(other, config), less=Difference.of(less["eer"])
    )


def _alike(comparisons: Comparisons) -> Tally:
    """People, and pairs of them, weigh the same; but of so many people that pairs are not kept apart."""
    people = tally(comparisons)
    return people.balanced() if isinstance(people, PairTally) else people


def _eer(people: Tally, config: EvaluationConfig) -> Rate:
    return as_rates(estimated(people, fixed_statistics("eer"), config), people)["eer"]


def _by_days(
    comparisons: Comparisons, sittings: Sittings, config: EvaluationConfig
) -> dict[str, tuple[DaysPoint, ...] | Drift | int | None]:
    points = []
    for first, last in DAYS:
        apart = of_days(comparisons, sittings, first, last)
        eer = _eer(_alike(apart), config) if _are_enough(apart) else None
        points.append(DaysPoint(first=first, last=last, people=len(_mated_people(apart)), eer=eer))
    sums = _sums_of_drift(comparisons, sittings)
    drift = None if len(sums) < FEWEST_PEOPLE else _drift(sums, config)
    return {"days": tuple(points), "people_drifting": len(sums), "drift": drift}


def _sums_of_drift(comparisons: Comparisons, sittings: Sittings) -> Float64[np.ndarray, "S 2"]:
    """Covariance of score and log10 of days, and variance of the latter, of each person with two gaps.

    Scores are in standard deviations of the non-mated ones; both are of one person's comparisons alone.
    """
    between = sittings.days_between(comparisons)
    counts = comparisons.mated & (between > 0)
    spread = comparisons.nonmated_scores.std() if comparisons.n_nonmated else 0.0
    if not spread:
        return np.empty((0, 2))
    subjects, scores = comparisons.enrolment_subjects[counts], comparisons.scores[counts] / spread
    log_days = np.log10(between[counts])
    sums = []
    for subject in np.unique(subjects):
        own = subjects == subject
        if np.ptp(log_days[own]) > 0:
            x, y = log_days[own] - log_days[own].mean(), scores[own]
            sums.append((float(np.mean(x * y)), float(np.mean(x * x))))
    return np.array(sums).reshape(-1, 2)


def _drift(sums: Float64[np.ndarray, "S 2"], config: EvaluationConfig) -> Drift:
    (spread,) = spreads_of_sums(
        [sums],
        lambda rows: rows[:, 0] / rows[:, 1],
        replicates=config.replicates,
        level=config.level,
        rng=config.rng(),
    )
    estimate = estimate_of(spread, None)
    return Drift(value=estimate.value, low=estimate.low, high=estimate.high, level=estimate.level)
