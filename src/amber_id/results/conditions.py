"""The schema of the ``results.json`` of a study of several conditions: originals and several anonymisers.

Each anonymiser has an ordinary study in a folder of its name; what stands here is what none of these can say:
what an attacker who learnt from one condition finds in another. Conditions go by their names. Two runs of the
same study agree in everything but `times`. The JSON schema is published in ``docs/conditions.schema.json``.
"""

from typing import Any, Literal

from pydantic import Field

from amber_id.results.checks import Check
from amber_id.results.figures import ComparisonCounts, Difference, Frozen, Rate, Recognition, Times
from amber_id.results.study import Headline

CONDITIONS_SCHEMA: Literal["amber-id/conditions/1"] = "amber-id/conditions/1"


class MatrixCell(Frozen):
    """What the strongest attacker of some training finds, by one way of enrolling and probing.

    `train` is a condition, ``all`` of them, or the ``others``: all anonymised ones but the probed one.
    `enrol` and `probe` are conditions, or both ``each``: two clips of one anonymised condition, whichever.
    """

    train: str
    enrol: str
    probe: str
    learnt_from: tuple[str, ...]  # conditions
    story: str
    attacker: str  # chosen on dev people who were enrolled and probed as in this cell
    train_subjects: int
    train_clips: int
    counts: ComparisonCounts
    eer: Rate  # within sources where there are several, as in a headline
    within_source: bool
    recognition: Recognition

    @property
    def name(self) -> str:
        """Train, enrol and probe."""
        return f"{self.train}/{self.enrol}/{self.probe}"


class MatrixDifference(Frozen):
    """The EER of a cell less that of another, paired over people."""

    question: str
    cell: str
    less: str  # the other cell
    eer: Difference


class ConditionStudy(Frozen):
    """The study of one anonymised condition, beside this file in the folder of its name."""

    headline: Headline
    subjects: int  # that were tested
    clips: int
    dropped_clips: int
    same_clips: bool  # whether its people and clips are just those of the matrix
    test_opening: int


class LostClip(Frozen):
    """A clip that is not in the matrix, since some condition lacks it or cannot use it."""

    clip: str
    condition: str
    reason: str


class ConditionsCounts(Frozen):
    """What the matrix rests on: people and clips that all conditions have."""

    subjects: int  # that were tested
    clips: int  # of those people, of each condition
    dropped_clips: int


class ConditionsProvenance(Frozen):
    """Which program, data and seeds made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: dict[str, str]  # folder names, by condition
    recordings_sha256: dict[str, str]
    split_sha256: str
    protocol: str | None
    checkpoints_sha256: dict[str, tuple[str, ...]]  # of each training and attacker
    trackers: tuple[str, ...]
    avatars: tuple[str, ...]
    synthetic: bool
    test_opening: int
    allowed: tuple[str, ...]


class ConditionsResults(Frozen):
    """Several conditions of the same people: their own studies, and who recognises whom across them."""

    schema_: Literal["amber-id/conditions/1"] = Field(CONDITIONS_SCHEMA, alias="schema")
    conditions: tuple[str, ...]  # ``original`` first, where there are originals
    studies: dict[str, ConditionStudy]  # of each anonymised condition
    config: dict[str, Any]
    counts: ConditionsCounts
    cells: tuple[MatrixCell, ...]
    differences: tuple[MatrixDifference, ...]
    unknown_generator: dict[str, str]  # training that stands for it, by the condition probed
    checks: tuple[Check, ...]
    dropped: tuple[LostClip, ...]
    limits: tuple[str, ...]  # what these figures do not show
    provenance: ConditionsProvenance
    times: Times

    def cell(self, train: str, enrol: str, probe: str) -> MatrixCell | None:
        """A cell by its names; None where it was not asked for."""
        wanted = (train, enrol, probe)
        return next((each for each in self.cells if (each.train, each.enrol, each.probe) == wanted), None)
