"""The schema of ``comparison.json``: several studies side by side.

Equal studies and seeds give an equal file. The JSON schema is published in ``docs/comparison.schema.json``.
"""

from typing import Literal

from pydantic import Field

from amber_id.results.figures import (
    ComparisonCounts,
    ConditionName,
    Difference,
    Frozen,
    Rate,
    with_figures,
)
from amber_id.results.study import Headline

COMPARISON_SCHEMA: Literal["amber-id/comparison/1"] = "amber-id/comparison/1"


@with_figures("comparison")
class ComparedCell(Frozen):
    """A cell of the threat matrix by its strongest attacker, as its study has it."""

    attacker: str
    counts: ComparisonCounts
    eer: Rate
    eer_within_source: Rate | None  # None where there is one source only, and for pooled parts
    auc: Rate


class PairedDifferences(Frozen):
    """The chosen cell of a study less that of the first study, of the same people, paired over them."""

    eer: Difference
    auc: Difference


class ComparedStudy(Frozen):
    """One of the studies."""

    name: str  # of its folder, with as many parents as it takes to tell it from the others
    headline: Headline
    subjects: int  # that were tested
    clips: dict[ConditionName, int]
    cells: dict[str, ComparedCell]
    expression: Rate | None  # kept, of 1; None where it was not measured
    less_first: PairedDifferences | None  # None of the first itself, and where they cannot be paired
    not_paired: str | None  # why they cannot, in a sentence
    amber_id: str  # version that made the study
    synthetic: bool
    test_opening: int
    results_sha256: str
    scores_sha256: str  # of the chosen cell


class PooledParts(Frozen):
    """All studies as the parts of one: other people in each, compared within their part only."""

    subjects: int
    cell: ComparedCell


class ComparisonProvenance(Frozen):
    """Which program, and how the intervals were made that the studies do not have themselves."""

    amber_id: str
    python: str
    machine: str
    replicates: int
    level: float
    seed: int


class ComparisonResults(Frozen):
    """Several studies side by side, in the order in which they were given."""

    schema_: Literal["amber-id/comparison/1"] = Field(COMPARISON_SCHEMA, alias="schema")
    cell: str  # that is drawn, and of which there are differences
    story: str
    studies: tuple[ComparedStudy, ...]
    pooled: PooledParts | None  # None unless asked for
    limits: tuple[str, ...]  # what standing side by side does not show
    provenance: ComparisonProvenance
