"""How sure is a figure, when a few people make many comparisons?

All comparisons of one person share that person's habits, so they are not independent, and an interval that
resamples comparisons is several times too narrow. Here *subjects* are resampled with replacement, each with
all its comparisons; `tallies` says how a comparison of two people is weighted.
How an interval is made from the resamples stands in `intervals`.
"""

from collections.abc import Collection, Mapping

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from amber_id.biometrics.comparisons import Comparisons, check_finite
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.intervals import (
    Difference,
    Estimate,
    Spread,
    difference_of,
    estimate_of,
    unmoved_width,
)
from amber_id.biometrics.resampling import Statistic, Study, resample
from amber_id.errors import EvaluationError


def bootstrap(
    study: Study,
    statistics: Mapping[str, Statistic],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Every statistic with its interval over people; all of them see the same resamples.

    Parameters
    ----------
    study
        Comparisons or their tally; or a sequence of them, one for each training seed, over the same people:
        figures are then averaged over seeds, in the study as in each resample. Where a tally is by session, a
        second stage draws sessions within each drawn subject, which is on the safe side: such intervals were
        a third to a half wider than studies spread.
    statistics
        By name, e.g. ``{"eer": Statistic(ErrorCurve.eer)}``.
    replicates
        Resamples that count.
    level
        Of the intervals, in (0, 1).
    rng
        Source of the draws; the same state gives the same intervals.

    Raises
    ------
    EvaluationError
        If fewer than 3 subjects have non-mated comparisons or fewer than 2 have mated ones, or a statistic is
        not finite.
    UndefinedMetricError
        If a side is empty.
    ValueError
        If `replicates` or `level` is out of range, or there is no statistic.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(8), 5)
    >>> vectors = rng.normal(size=(8, 16))[subjects] + rng.normal(size=(40, 16))
    >>> statistics = {"eer": Statistic(ErrorCurve.eer), "auc": Statistic(ErrorCurve.auc)}
    >>> estimates = bootstrap(compare_all(vectors, subjects), statistics, replicates=200, rng=rng)
    >>> 0 < estimates["eer"].low < estimates["eer"].value < estimates["eer"].high < 0.3
    True
    """
    _check_settings(statistics, replicates, level)
    (resamples,) = resample([study], statistics, replicates=replicates, rng=rng)
    return {
        name: estimate_of(Spread.of(resamples, name, level), statistic.bounds)
        for name, statistic in statistics.items()
    }


def bootstrap_difference(
    one: Study,
    other: Study,
    statistics: Mapping[str, Statistic],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Difference]:
    """Every statistic of `other` minus that of `one`, with its paired interval over people.

    Both sides see the same draws of people, so that what makes a person easy or hard on both sides cancels.
    Subjects must be numbered alike, and be the same, on both sides; otherwise EvaluationError is raised.
    Parameters and other errors are those of :func:`bootstrap`.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(8), 5)
    >>> people = rng.normal(size=(8, 16))[subjects]
    >>> clear, noisy = (compare_all(people + s * rng.normal(size=(40, 16)), subjects) for s in (1, 2))
    >>> differences = bootstrap_difference(clear, noisy, {"eer": Statistic(ErrorCurve.eer)}, rng=rng)
    >>> differences["eer"].low > 0
    True
    """
    _check_settings(statistics, replicates, level)
    first, second = resample([one, other], statistics, replicates=replicates, rng=rng)
    differences = {}
    for name, statistic in statistics.items():
        one_side, other_side = (Spread.of(side, name, level) for side in (first, second))
        width = unmoved_width(one_side, other_side, statistic.bounds)
        differences[name] = difference_of(one_side.moves_to(other_side), width=width)
    return differences


def bootstrap_mean(
    values: Float[np.ndarray, " Q"],
    subjects: Int[np.ndarray, " Q"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """The mean of values in [0, 1], with its interval over the subjects that they belong to.

    For what is measured clip by clip, such as the hits of :func:`amber_id.biometrics.rank1_hits`. The other
    people in a gallery are taken as given: only those who are looked for are resampled.

    Raises
    ------
    EvaluationError
        If the values belong to fewer than 3 subjects.
    ValueError
        If a value lies outside [0, 1], the arrays differ in length, or a setting is out of range.

    Examples
    --------
    >>> subjects = np.repeat(np.arange(10), 4)
    >>> hits = (subjects < 3).astype(float)
    >>> share = bootstrap_mean(hits, subjects, rng=np.random.default_rng(0))
    >>> share.value, 0.02 < share.low < 0.08, 0.6 < share.high < 0.75
    (0.3, True, True)
    """
    _check_settings(("mean",), replicates, level)
    if values.shape != subjects.shape or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            f"values must be one fraction for each of {len(subjects)} subjects, got {len(values)} from "
            f"{values.min(initial=np.inf)} to {values.max(initial=-np.inf)}"
        )
    _, place = np.unique(subjects, return_inverse=True)
    counts = np.bincount(place).astype(np.float64)
    S, sums = len(counts), np.bincount(place, weights=values)
    if S < 3:
        raise EvaluationError(f"an interval over people needs 3 subjects or more, got {S}: add people")
    times = rng.multinomial(S, np.full(S, 1 / S), size=replicates)
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    resampled = (times @ sums) / (times @ counts)
    spread = Spread(float(values.mean()), resampled, left_out, 0, level, S, S)
    return estimate_of(spread, (0.0, 1.0))


def bootstrap_eer(
    scores: Float[np.ndarray, " P"],
    enrol_subjects: Shaped[np.ndarray, " P"],
    probe_subjects: Shaped[np.ndarray, " P"],
    mated: Bool[np.ndarray, " P"],
    *,
    replicates: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """The EER of scores from anywhere, with its interval over people.

    Parameters
    ----------
    scores
        One similarity per comparison.
    enrol_subjects, probe_subjects
        Who each side of the comparison shows: numbers or names.
    mated
        Whether the comparison is mated; must say the same as the two subjects.
    replicates, level
        As in :func:`bootstrap`.
    rng
        Source of the draws; ``numpy.random.default_rng(0)`` unless given.

    Raises
    ------
    ValueError
        If `mated` contradicts the subjects, the arrays differ in length, or a score is not finite.
    EvaluationError, UndefinedMetricError
        As :func:`bootstrap`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> enrol, probe = np.repeat(list("abcdefgh"), 40), np.tile(np.repeat(list("abcdefgh"), 5), 8)
    >>> scores = 2.0 * (enrol == probe) + rng.normal(size=320)
    >>> estimate = bootstrap_eer(scores, enrol, probe, enrol == probe)
    >>> 0 < estimate.low < estimate.value < estimate.high < 0.4
    True
    """
    comparisons = _of_subjects(
        np.asarray(scores),
        np.asarray(enrol_subjects),
        np.asarray(probe_subjects),
        np.asarray(mated, dtype=bool),
    )
    return bootstrap(
        comparisons,
        {"eer": Statistic(ErrorCurve.eer)},
        replicates=replicates,
        level=level,
        rng=rng or np.random.default_rng(0),
    )["eer"]


def _of_subjects(
    scores: Float[np.ndarray, " P"],
    enrol_subjects: Shaped[np.ndarray, " P"],
    probe_subjects: Shaped[np.ndarray, " P"],
    mated: Bool[np.ndarray, " P"],
) -> Comparisons:
    """Comparisons of which only the subjects are known; raises ValueError as `bootstrap_eer` does."""
    lengths = {len(scores), len(enrol_subjects), len(probe_subjects), len(mated)}
    if len(lengths) > 1:
        raise ValueError(
            f"scores, enrol_subjects, probe_subjects and mated must have one entry per comparison, got "
            f"{len(scores)}, {len(enrol_subjects)}, {len(probe_subjects)} and {len(mated)}"
        )
    check_finite(scores, "scores")
    wrong = np.flatnonzero((enrol_subjects == probe_subjects) != mated)
    if wrong.size:
        row = wrong[0]
        raise ValueError(
            f"mated must say whether both subjects are one, got {mated[row]} for {enrol_subjects[row]} and "
            f"{probe_subjects[row]} in row {row} and {wrong.size - 1} more such rows: do the ids match?"
        )
    names, number = np.unique(np.concatenate([enrol_subjects, probe_subjects]), return_inverse=True)
    # Which clips were compared is not known and not needed: each subject stands for an enrolment and a probe.
    S, P = len(names), len(scores)
    return Comparisons(
        scores=scores.astype(np.float64),
        enrolment=number[:P],
        probe=number[P:] + S,
        subjects=np.tile(np.arange(S), 2),
    )


def _check_settings(statistics: Collection[str], replicates: int, level: float) -> None:
    if replicates < 2 or not 0 < level < 1 or not statistics:
        raise ValueError(
            "a bootstrap needs replicates >= 2, level in (0, 1) and a statistic, "
            f"got replicates={replicates}, level={level} and {len(statistics)} statistics"
        )
