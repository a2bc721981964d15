"""What came of a check: a control, a confound, or planted habits.

A *control* has an outcome that is known. A *confound* is something other than motion of the face that tells
people apart in the clips of a study. Each check has one verdict, and its evidence in whole sentences.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

from pydantic import Field

from amber_id.results.figures import ConditionName, Frozen, Rate, Recognition

Verdict = Literal["invalid", "warn", "not_decided", "not_checked", "pass"]
VERDICTS: Mapping[Verdict, str] = MappingProxyType(
    {
        "invalid": "INVALID",
        "warn": "WARN",
        "not_decided": "NOT DECIDED",
        "not_checked": "NOT CHECKED",
        "pass": "PASS",
    }
)
"""Every verdict as it is written, the most serious first."""

_Check = TypeVar("_Check", bound="Check")


class Check(Frozen):
    """One check and what came of it.

    `invalid`: a headline could come from it alone, or nothing can be concluded. `warn`: figures must be read
    with it. `not_decided`: there are too few people, or clips, to decide. `not_checked`: the clips do not
    say. `pass`: nothing speaks against the figures.
    """

    name: str  # e.g. "frame_rate"; the same in every study
    verdict: Verdict
    evidence: str  # in whole sentences, with its numbers
    cell: str | None = None  # that it is about; None where it is about clips, whatever the cell
    condition: ConditionName | None = None  # of the clips that it is about; None where it is about all
    eer: Rate | None = None  # of an attacker that was tried for this check
    recognition: Recognition | None = None  # whether that attacker recognised people
    figures: dict[str, float] = Field({})  # what the verdict rests on besides; rates are fractions

    @property
    def title(self) -> str:
        """Its name as a reader should see it."""
        return self.name.replace("_", " ")

    @property
    def about(self) -> str:
        """The cell or the condition that it is about; empty where it is about all clips."""
        return self.cell or self.condition or ""

    def concerns(self, cell: str, condition: ConditionName) -> bool:
        """Whether a finding about this cell, whose clips are of this condition, rests on it."""
        return self.cell in (None, cell) and self.condition in (None, condition)


def most_serious_first(checks: Iterable[_Check]) -> list[_Check]:
    """The checks in the order of `VERDICTS`; those of one verdict stay in their order."""
    order = list(VERDICTS)
    return sorted(checks, key=lambda check: order.index(check.verdict))
