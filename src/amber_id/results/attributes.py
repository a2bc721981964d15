"""What else than identity clips tell: the schema of the attribute part of a study.

Rates are balanced accuracies of single clips: the mean over values of the share of their clips that are
guessed right. Whoever always names the most frequent value has one over the number of values: `chance`.
"""

from typing import Literal

from pydantic import Field

from amber_id.results.figures import ConditionName, Difference, Frozen, Rate
from amber_id.results.utility import Average

INFERRED_FROM = 0.05
"""A value is inferred where the corrected p value of its guesses is this low or lower."""


class AttributeFigures(Frozen):
    """How well one attribute is guessed from clips of one condition, by what learnt from other people's."""

    accuracy: Rate
    advantage: Average  # (accuracy less chance) over (1 less chance): 0 for a guesser, 1 for whoever knows
    control: float  # mean balanced accuracy where labels are permuted and the attack learns them anew
    p_value: float  # how often it is as high there
    corrected: float  # after Holm, for all attributes and conditions of the study
    permutations: int

    @property
    def inferred(self) -> bool:
        """Whether the attribute is guessed better than chance allows."""
        return self.corrected <= INFERRED_FROM


class AttributeResult(Frozen):
    """One attribute, a column of ``corpus.csv``; figures are empty where it could not be measured."""

    name: str
    wanted: bool  # whether it is meant to be readable, so that being readable is utility and not a leak
    kind: Literal["person", "clip"] | None = None  # whether it is constant over a person's clips
    values: tuple[str, ...] = ()
    people: dict[str, int] = Field({})  # tested, who show each value
    clips: int = 0  # tested, whose value is known
    majority: float | None = None  # share of these clips that have the most frequent value
    figures: dict[ConditionName, AttributeFigures] = Field({})
    lost: Difference | None = None  # accuracy of originals less that of anonymised clips, paired over people
    remarks: tuple[str, ...] = ()  # how values were formed and what was left out, in whole sentences
    not_measured: str | None = None  # why there are no figures

    @property
    def finding(self) -> tuple[ConditionName, AttributeFigures]:
        """The condition that a finding is about: the anonymised one, if any, that tells most; its figures."""
        anonymised = {name: each for name, each in self.figures.items() if name != "original"}
        return max((anonymised or self.figures).items(), key=lambda item: item[1].accuracy.value)
