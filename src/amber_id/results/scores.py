"""The schema of the ``results.json`` of `amber metrics`: the scores of any verification system, judged.

The JSON schema is published in ``docs/metrics.schema.json``.
"""

from typing import Literal

from pydantic import Field

from amber_id.results.figures import (
    Bootstrap,
    ComparisonCounts,
    Difference,
    Disclosure,
    Frozen,
    Point,
    Rate,
    Recognition,
    Times,
)
from amber_id.results.population import PopulationResult

METRICS_SCHEMA: Literal["amber-id/metrics/2"] = "amber-id/metrics/2"


class ScoreCounts(Frozen):
    """What the figures rest on; people and clips are None where nobody knows whose the scores are."""

    subjects: int | None
    clips: int | None
    comparisons: ComparisonCounts
    subject_pairs: int | None  # pairs of people behind the non-mated comparisons
    fmr_floor: float  # FMR below which these say nothing: 3 / pairs


class ScoreSubject(Frozen):
    """One subject's scores; None where there is nothing to average."""

    subject: str
    mean_mated: float | None
    mean_nonmated: float | None
    eer: float | None


class ScoreProvenance(Frozen):
    """Which program, files and seed made this; files by name and SHA-256."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    files: dict[str, tuple[str, str]]  # scores, and where given: subjects, dev, against
    identified_by: str  # how it is known whose each clip is
    seed: int


class ScoreResults(Frozen):
    """The scores of any verification system, judged."""

    schema_: Literal["amber-id/metrics/2"] = Field(METRICS_SCHEMA, alias="schema")
    counts: ScoreCounts
    metrics: dict[str, Rate | Point]
    recognition: Recognition
    disclosure: Disclosure | None
    population: tuple[PopulationResult, ...] = ()  # search among more people than were measured
    differences: dict[str, Difference]  # these scores less those they were held against
    subjects: tuple[ScoreSubject, ...]
    limits: tuple[str, ...]
    bootstrap: Bootstrap | None
    provenance: ScoreProvenance
    times: Times
