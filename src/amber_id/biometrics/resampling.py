"""What would the figures have been, had other people been drawn?

Conventions
-----------
R resamples of S subjects. A resample says how often each subject is drawn, and, where sessions are resampled
too, how often each of its sessions; all tallies of a study see the same draws.
A resample in which a side of any tally has no comparison is drawn again, and counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int64

from amber_id.biometrics.comparisons import Comparisons
from amber_id.biometrics.curves import ErrorCurve, PerResample
from amber_id.biometrics.tallies import PairTally, SubjectTally, Tally, tally
from amber_id.errors import EvaluationError

FEWEST_MATED, FEWEST_NONMATED = 2, 3  # subjects, of whom resamples differ
_AT_A_TIME = 250  # resamples
_MOST_LEFT_OUT = 500  # groups of subjects
_MOST_REDRAWS = 1000  # per resample on average, before giving up


@dataclass(frozen=True)
class Statistic:
    """A figure of an error curve, one value for each resample, and the ends that it cannot pass."""

    of: Callable[[ErrorCurve], PerResample]
    bounds: tuple[float, float] | None = (0.0, 1.0)  # lowest and highest possible; None where there is no end


# One set of scores, or one for each training seed, whose figures are averaged.
Study: TypeAlias = Comparisons | PairTally | SubjectTally | Sequence[Comparisons | PairTally | SubjectTally]


@dataclass(frozen=True, eq=False)
class Resampled:
    """Each statistic of one study, by name, averaged over training seeds."""

    values: dict[str, float]
    resampled: dict[str, Float64[np.ndarray, " R"]]
    left_out: dict[str, Float64[np.ndarray, " G"]]  # with one group left out; NaN where that empties a side
    redrawn: int
    n_subjects: int  # S, those that were drawn
    n_deciding: int  # those with comparisons of the kind that fewer of them have


def resample(
    studies: Sequence[Study],
    statistics: Mapping[str, Statistic],
    *,
    replicates: int,
    rng: np.random.Generator,
) -> list[Resampled]:
    """Every statistic of each study and of its resamples, under the same draws of people.

    Raises
    ------
    EvaluationError
        If fewer than 3 subjects have non-mated comparisons or fewer than 2 have mated ones, the subjects are
        not the same in all, or a statistic is not finite.
    UndefinedMetricError
        If a side is empty.
    ValueError
        If a study has no comparisons.
    """
    sides = [_tallies(study) for study in studies]
    every = [each for side in sides for each in side]
    for each in every:
        each.whole.curve()  # refuses an empty side
        _check_people(each)
        if not np.array_equal(each.subjects, every[0].subjects):
            apart = len(np.setxor1d(each.subjects, every[0].subjects))
            raise EvaluationError(
                f"studies must be of the same people to be resampled together, got {apart} in one only"
            )
    draws = _Draws.of(every, replicates, rng)
    return [_resampled(side, draws, statistics) for side in sides]


def _resampled(tallies: list[Tally], draws: "_Draws", statistics: Mapping[str, Statistic]) -> Resampled:
    """Every statistic of one study, of its resamples, and with one group of subjects left out at a time."""
    values, resampled, left_out = [], [], []
    S = draws.times.shape[1]
    group = _groups(S)
    for each in tallies:
        curve = each.whole.curve()
        values.append({name: np.atleast_1d(statistic.of(curve)) for name, statistic in statistics.items()})
        resampled.append(_evaluate(each, draws.times, draws.of_sessions(each), statistics))
        left_out.append(_leave_out(each, group, statistics))
    return Resampled(
        {name: float(_finite(_over_seeds(values, name), name, "figures")[0]) for name in statistics},
        {name: _finite(_over_seeds(resampled, name), name, "resamples") for name in statistics},
        {name: _over_seeds(left_out, name) for name in statistics},
        draws.redrawn,
        S,
        min(min(each.n_mated_subjects, each.n_nonmated_subjects) for each in tallies),
    )


def _groups(n_subjects: int) -> Int64[np.ndarray, " S"]:
    """Which subjects are left out together: each alone, or, of very many, some neighbours."""
    groups: Int64[np.ndarray, " S"] = np.arange(n_subjects) * min(n_subjects, _MOST_LEFT_OUT) // n_subjects
    return groups


def _leave_out(
    of: Tally, group: Int64[np.ndarray, " S"], statistics: Mapping[str, Statistic]
) -> dict[str, Float64[np.ndarray, " G"]]:
    """Each statistic with one group left out at a time; NaN where that empties a side."""
    parts, n_groups = [], int(group[-1]) + 1
    for start in range(0, n_groups, _AT_A_TIME):
        groups = np.arange(start, min(start + _AT_A_TIME, n_groups))
        parts.append(_evaluate(of, (group != groups[:, None]).astype(np.float64), None, statistics))
    return {name: np.concatenate([part[name] for part in parts]) for name in statistics}


def _evaluate(
    of: Tally,
    times: Float64[np.ndarray, "R S"],
    unit_times: Float64[np.ndarray, "R U"] | None,
    statistics: Mapping[str, Statistic],
) -> dict[str, Float64[np.ndarray, " R"]]:
    """Each statistic of each resample; NaN where a side is empty."""
    values = {name: np.full(len(times), np.nan) for name in statistics}
    for start in range(0, len(times), _AT_A_TIME):
        rows = slice(start, start + _AT_A_TIME)
        mated, nonmated = of.masses(times[rows], None if unit_times is None else unit_times[rows])
        defined = (mated.sum(axis=1) > 0) & (nonmated.sum(axis=1) > 0)
        if not defined.any():
            continue
        curve = ErrorCurve.of_masses(of.edges, mated[defined], nonmated[defined])
        for name, statistic in statistics.items():
            values[name][rows][defined] = statistic.of(curve)
    return values


@dataclass(frozen=True, eq=False)
class _Draws:
    """How often each subject, and each session of it, is drawn in each resample."""

    times: Float64[np.ndarray, "R S"]
    unit_times: dict[bytes, Float64[np.ndarray, "R U"]]  # by layout of sessions; the same on both sides
    redrawn: int

    @classmethod
    def of(
        cls,
        tallies: Sequence[Tally],
        replicates: int,
        rng: np.random.Generator,
    ) -> "_Draws":
        """Draw, and draw again where a side of any tally is left empty."""
        S = len(tallies[0].subjects)  # the same in all
        by_session = [each for each in tallies if isinstance(each, PairTally) and each.by_session]
        layouts = {each.unit_subjects.tobytes(): each.unit_subjects for each in by_session}
        draws = cls(
            np.empty((replicates, S)),
            {key: np.empty((replicates, len(units))) for key, units in layouts.items()},
            0,
        )
        redrawn, pending = 0, np.arange(replicates)
        while pending.size:
            draws.times[pending] = rng.multinomial(S, np.full(S, 1 / S), size=len(pending))
            for key, units in layouts.items():
                draws.unit_times[key][pending] = _drawn_sessions(units, len(pending), rng)
            empty = np.zeros(len(pending), dtype=bool)
            for each in tallies:
                unit_times = draws.of_sessions(each)
                empty |= ~_is_defined(
                    each, draws.times[pending], None if unit_times is None else unit_times[pending]
                )
            pending = pending[empty]
            redrawn += len(pending)
            if redrawn > _MOST_REDRAWS * replicates:
                raise EvaluationError(
                    f"resamples must hold mated and non-mated comparisons, got {redrawn} that do not: too "
                    "few people were compared with each other; add people"
                )
        return cls(draws.times, draws.unit_times, redrawn)

    def of_sessions(self, of: Tally) -> Float64[np.ndarray, "R U"] | None:
        """The draws of the sessions of a tally; None where it does not keep them apart."""
        if not isinstance(of, PairTally) or not of.by_session:
            return None
        return self.unit_times[of.unit_subjects.tobytes()]


def _drawn_sessions(
    unit_subjects: Int64[np.ndarray, " U"], replicates: int, rng: np.random.Generator
) -> Float64[np.ndarray, "R U"]:
    """Sessions of each subject drawn with replacement, as many as it has."""
    times = np.empty((replicates, len(unit_subjects)))
    for subject in np.unique(unit_subjects):
        own = np.flatnonzero(unit_subjects == subject)
        times[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=replicates)
    return times


def _is_defined(
    of: Tally, times: Float64[np.ndarray, "R S"], unit_times: Float64[np.ndarray, "R U"] | None
) -> Bool[np.ndarray, " R"]:
    """Whether a resample has comparisons of both kinds."""
    mated, nonmated = of.totals(times, unit_times)
    return (mated > 0) & (nonmated > 0)


def _tallies(study: Study) -> list[Tally]:
    parts = [study] if isinstance(study, Comparisons | PairTally | SubjectTally) else list(study)
    if not parts:
        raise ValueError("a study needs one set of comparisons or more, got none")
    return [tally(part) if isinstance(part, Comparisons) else part for part in parts]


def has_intervals(comparisons: Comparisons) -> bool:
    """Whether enough people have mated, and non-mated, comparisons for an interval over people."""
    of = tally(comparisons)
    return of.n_nonmated_subjects >= FEWEST_NONMATED and of.n_mated_subjects >= FEWEST_MATED


def _check_people(of: Tally) -> None:
    if of.n_nonmated_subjects < FEWEST_NONMATED:
        raise EvaluationError(
            f"an interval over people needs non-mated comparisons among {FEWEST_NONMATED} subjects or more, "
            f"got {of.n_nonmated_subjects}: with fewer, every resample would hold the same non-mated scores"
        )
    if of.n_mated_subjects < FEWEST_MATED:
        raise EvaluationError(
            f"an interval over people needs mated comparisons of {FEWEST_MATED} subjects or more, got "
            f"{of.n_mated_subjects}: every resample would hold the same mated scores"
        )


def _over_seeds(
    parts: Sequence[Mapping[str, Float64[np.ndarray, " R"]]], name: str
) -> Float64[np.ndarray, " R"]:
    return np.stack([part[name] for part in parts]).mean(axis=0)


def _finite(values: Float64[np.ndarray, " R"], name: str, of: str) -> Float64[np.ndarray, " R"]:
    undefined = np.count_nonzero(~np.isfinite(values))
    if undefined:
        raise EvaluationError(f"{name} must be finite, got {undefined} of {len(values)} {of} that are not")
    return values
