"""Are some groups of people recognised more than others: the schema of the groups of a study.

All groups meet one threshold, which was chosen on dev people whatever their group.
"""

from pydantic import Field

from amber_id.results.figures import Difference, Frozen, Rate

GAP_FROM = 0.05
"""A gap is shown where its corrected p value is this low or lower."""


class GroupFigures(Frozen):
    """The error rates of the people of one group among themselves."""

    people: int
    mated: int  # comparisons
    nonmated: int
    eer: Rate
    fmr: Rate  # at the threshold
    fnmr: Rate


class BetweenGroups(Frozen):
    """How often people of one group are taken for those of another, at the threshold."""

    groups: tuple[str, str]
    nonmated: int  # comparisons
    fmr: Rate


class GroupGap(Frozen):
    """The largest difference of the EERs of two groups."""

    groups: tuple[str, str]  # the one of the higher EER first
    difference: Difference  # at a level that holds for all pairs and tests that were looked at (Bonferroni)
    looked_at: int  # pairs of groups in this column and cell
    p_value: float | None  # how often the largest is as large where groups are permuted over people
    corrected: float | None  # after Holm, for all columns and cells
    permutations: int

    @property
    def is_shown(self) -> bool:
        """Whether the groups differ by more than chance allows."""
        if self.corrected is None:
            return self.difference.low > 0
        return self.corrected <= GAP_FROM


class GroupResult(Frozen):
    """The groups that one column of ``corpus.csv`` makes of the tested people, in one cell."""

    groups: dict[str, GroupFigures] = Field({})
    between: tuple[BetweenGroups, ...] = ()
    gap: GroupGap | None = None
    remarks: tuple[str, ...] = ()  # who was left out, in whole sentences
    not_measured: str | None = None
