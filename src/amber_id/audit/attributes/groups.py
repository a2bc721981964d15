"""Do error rates differ between groups of people, and may that be chance?

Groups are the values of an attribute of people. All meet one threshold of dev people. FNMR and FMR within
each group, FMR between each two, EER of each among its own people; and the largest gap between two EERs.
People of a group are resampled among themselves, so a gap is a difference of two independent figures; its
interval is at the level of Bonferroni for all pairs and tests. Its p value comes from permuting the groups
over people: how often the largest of all gaps is as large, so that the choice of the pair is accounted for.

Of ISO/IEC 19795-10 (performance across demographic groups) this follows: groups are named with their sizes,
all meet one threshold that was not chosen on them, false matches are counted within and between groups, and
uncertainty is stated. It does not: people are no sample of a population, groups may differ in light, camera
or content as well, decisions are those of single comparisons of clips, and no summary but the largest gap is
given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Estimate,
    PairTally,
    Statistic,
    bootstrap,
    holm,
    tally,
)
from amber_id.biometrics.intervals import Spread, difference_of
from amber_id.biometrics.resampling import has_intervals, resample
from amber_id.judging.config import EvaluationConfig
from amber_id.results import BetweenGroups, Difference, GroupFigures, GroupGap, GroupResult, Rate

FEWEST_IN_GROUP = 10
"""People of a group that is measured."""
PERMUTATIONS = 1000
_BINS = 256  # of scores, the same in every permutation

_EER = {"eer": Statistic(ErrorCurve.eer)}
_AT_THRESHOLD = {
    "fmr": Statistic(lambda curve: curve.rates_at(0.0)[0]),
    "fnmr": Statistic(lambda curve: curve.rates_at(0.0)[1]),
}


@dataclass(frozen=True, eq=False)
class Grouped:
    """Comparisons of a cell whose people are of groups; `group_of` is by number of subject, -1 of none.

    `from_threshold` are the same comparisons less the threshold of their fold: accepted from zero on.
    """

    comparisons: Comparisons
    from_threshold: Comparisons
    names: tuple[str, ...]
    group_of: Int[np.ndarray, " S"]

    def within(self, group: int) -> tuple[Comparisons, Comparisons]:
        """The comparisons of people of one group, and those less the threshold."""
        one, other = self._groups()
        rows = (one == group) & (other == group)
        return self.comparisons.only(rows), _decided(self.from_threshold.only(rows))

    def between(self, first: int, second: int) -> Comparisons:
        """Less the threshold, non-mated comparisons of two groups; and the mated ones of both."""
        one, other = self._groups()
        apart = ((one == first) & (other == second)) | ((one == second) & (other == first))
        mated = self.comparisons.mated & np.isin(one, (first, second))
        return _decided(self.from_threshold.only(apart | mated))

    def _groups(self) -> tuple[Int[np.ndarray, " P"], Int[np.ndarray, " P"]]:
        return (
            self.group_of[self.comparisons.enrolment_subjects],
            self.group_of[self.comparisons.probe_subjects],
        )


def group_result(grouped: Grouped, config: EvaluationConfig, *, tests: int = 1) -> GroupResult:
    """The figures of every group, and the largest gap; `tests` is how many columns and cells are looked at.

    A group whose people were not compared with each other often enough for an interval is named and left out.
    """
    whole = [grouped.within(group) for group in range(len(grouped.names))]
    measured = [group for group, (own, _) in enumerate(whole) if _has_both(own)]
    lost = [name for group, name in enumerate(grouped.names) if group not in measured]
    remarks = tuple(
        f"{name} is left out: its people were not compared with each other often enough." for name in lost
    )
    figures = {grouped.names[group]: _figures(grouped, group, *whole[group], config) for group in measured}
    between = tuple(_between(grouped, pair, config) for pair in combinations(measured, 2))
    gap = _gap(grouped, {group: whole[group][0] for group in measured}, config, tests)
    return GroupResult(
        groups=figures, between=tuple(each for each in between if each is not None), gap=gap, remarks=remarks
    )


def corrected_gaps(results: Mapping[str, Mapping[str, GroupResult]]) -> dict[str, dict[str, GroupResult]]:
    """Results by column and cell, with the p values of their gaps after Holm."""
    tests = [
        (column, cell, each.gap.p_value)
        for column, cells in results.items()
        for cell, each in cells.items()
        if each.gap is not None and each.gap.p_value is not None
    ]
    p_values = holm([p_value for _, _, p_value in tests])
    of = {(column, cell): p for (column, cell, _), p in zip(tests, p_values, strict=True)}
    return {
        column: {cell: _with_corrected(each, of.get((column, cell))) for cell, each in cells.items()}
        for column, cells in results.items()
    }


def _with_corrected(result: GroupResult, p_value: float | None) -> GroupResult:
    if result.gap is None:
        return result
    return result.model_copy(update={"gap": result.gap.model_copy(update={"corrected": p_value})})


def _figures(
    grouped: Grouped, group: int, own: Comparisons, decided: Comparisons, config: EvaluationConfig
) -> GroupFigures:
    eer = _estimated(own, _EER, config)["eer"]
    rates = _estimated(decided, _AT_THRESHOLD, config)
    return GroupFigures(
        people=int(np.count_nonzero(grouped.group_of == group)),
        mated=own.n_mated,
        nonmated=own.n_nonmated,
        eer=Rate.of(eer, 0.5),
        **{name: Rate.of(each, 0.5) for name, each in rates.items()},
    )


def _between(grouped: Grouped, pair: tuple[int, int], config: EvaluationConfig) -> BetweenGroups | None:
    compared = grouped.between(*pair)
    if not _has_both(compared):
        return None
    fmr = _estimated(compared, {"fmr": _AT_THRESHOLD["fmr"]}, config)["fmr"]
    names = grouped.names[pair[0]], grouped.names[pair[1]]
    return BetweenGroups(groups=names, nonmated=compared.n_nonmated, fmr=Rate.of(fmr, 0.5))


def _gap(
    grouped: Grouped, own: Mapping[int, Comparisons], config: EvaluationConfig, tests: int
) -> GroupGap | None:
    """The largest gap; None of fewer than two groups."""
    pairs = list(combinations(own, 2))
    if not pairs:
        return None
    level = 1 - (1 - config.level) / (len(pairs) * tests)
    rng = config.rng()  # one after the other: people of different groups are drawn apart
    spreads = {}
    for group, compared in own.items():
        (resampled,) = resample([compared], _EER, replicates=config.replicates, rng=rng)
        spreads[group] = Spread.of(resampled, "eer", level)
    larger, smaller = max(
        (
            (max(pair, key=lambda g: spreads[g].value), min(pair, key=lambda g: spreads[g].value))
            for pair in pairs
        ),
        key=lambda pair: spreads[pair[0]].value - spreads[pair[1]].value,
    )
    return GroupGap(
        groups=(grouped.names[larger], grouped.names[smaller]),
        difference=Difference.of(difference_of(_apart(spreads[smaller], spreads[larger]))),
        looked_at=len(pairs),
        p_value=_p_value(grouped, sorted(own), config),
        corrected=None,
        permutations=PERMUTATIONS,
    )


def _apart(one: Spread, other: Spread) -> Spread:
    """`other` less `one`, of people drawn apart."""
    value = other.value - one.value
    return replace(
        other,
        value=value,
        resampled=other.resampled - one.resampled,
        left_out=value + np.concatenate([one.value - one.left_out, other.left_out - other.value]),
        redrawn=one.redrawn + other.redrawn,
        n_subjects=one.n_subjects + other.n_subjects,
        n_deciding=min(one.n_deciding, other.n_deciding),
    )


def _p_value(grouped: Grouped, groups: Sequence[int], config: EvaluationConfig) -> float | None:
    """None of so many people that their pairs are not counted apart."""
    everybody = np.isin(grouped.group_of, groups)
    one, other = grouped.comparisons.enrolment_subjects, grouped.comparisons.probe_subjects
    people = tally(grouped.comparisons.only(everybody[one] & everybody[other]), bins=_BINS)
    if not isinstance(people, PairTally):
        return None
    labels, rng = grouped.group_of[people.subjects], config.rng()
    rows = np.stack([labels, *(rng.permutation(labels) for _ in range(PERMUTATIONS))])
    eers = np.stack([_eers(people, (rows == group).astype(np.float64)) for group in groups])
    gaps = np.ptp(eers, axis=0)
    # Where a permutation leaves a group without comparisons, it counts as being as large.
    reached = np.count_nonzero(~(gaps[1:] < gaps[0] - 1e-9))
    return (1 + reached) / (1 + PERMUTATIONS)


def _eers(people: PairTally, members: Float[np.ndarray, "R S"]) -> Float[np.ndarray, " R"]:
    """The EER of the members of each row among themselves; not a number where there is none."""
    eers = np.full(len(members), np.nan)
    mated, nonmated = people.masses(members)
    defined = (mated.sum(axis=1) > 0) & (nonmated.sum(axis=1) > 0)
    if defined.any():
        eers[defined] = ErrorCurve.of_masses(people.edges, mated[defined], nonmated[defined]).eer()
    return eers


def _estimated(
    compared: Comparisons, statistics: Mapping[str, Statistic], config: EvaluationConfig
) -> dict[str, Estimate]:
    return bootstrap(compared, statistics, replicates=config.replicates, level=config.level, rng=config.rng())


def _has_both(compared: Comparisons) -> bool:
    return bool(compared.n_mated and compared.n_nonmated) and has_intervals(compared)


def _decided(compared: Comparisons) -> Comparisons:
    """Accepted as 1 and refused as -1: exact at the threshold, however scores are counted."""
    return replace(compared, scores=np.where(compared.scores >= 0, 1.0, -1.0))
