"""The schema of the ``results.json`` of a frontier: several defences of the same clips, side by side.

A point is a defence at a strength, or a chain of them; all points are of the same people, clips and folds.
Two runs of the same frontier agree in everything but `times`. The JSON schema is published in
``docs/frontier.schema.json``.
"""

from typing import Any, Literal

from pydantic import Field

from amber_id.results.evaluation import AttackerResult
from amber_id.results.figures import (
    ComparisonCounts,
    Difference,
    FailedClip,
    Frozen,
    Rate,
    Recognition,
    Times,
)
from amber_id.results.framing import Framing
from amber_id.results.utility import Average, EventName

FRONTIER_SCHEMA: Literal["amber-id/frontier/1"] = "amber-id/frontier/1"

UtilityPart = Literal["face", "head", "smoothness", "events"]
"""The parts of the one number of utility, each in [0, 1]."""


class KeptSums(Frozen):
    """Sums over the clips of each person of how defended and undefended ones agree, and their counts."""

    subjects: tuple[str, ...]
    sums: dict[str, tuple[float, ...]]


class UtilityNumber(Frozen):
    """How useful defended clips are still.

    `number` is the geometric mean of `parts`, each 1 where nothing was changed: concordance of the face and
    of the head, smoothness, and F1 of events. `measured` are means over clips of what the number does not
    show alone: correlation and amplitude of coefficients, how far the face and the head at rest have moved,
    the error of the head in degrees.
    """

    number: Average
    parts: dict[UtilityPart, float]
    measured: dict[str, Average]
    recall: dict[EventName, float]  # share of the events of the originals that are still there
    f1: dict[EventName, float]


class DefenceStep(Frozen):
    """One defence of a chain; `donor` says whose style it takes on, of which `pool`.

    `model_sha256` is the hash of the file of one that was learned.
    """

    name: str
    strength: float
    summary: str
    family: str
    changes: str
    causal: bool
    delay_frames: int
    donor: Literal["population", "clip", "person"] | None
    pool: str | None
    model_sha256: str | None = None


class FailedPoint(Frozen):
    """A point without figures, and why."""

    name: str
    reason: str


class SeveralClips(Frozen):
    """The EER of an attacker who has so many clips of a person on either side."""

    clips: int
    eer: Rate


class Uninformed(Frozen):
    """What attackers reach that learnt from undefended clips, by the strongest on dev people."""

    linking: Rate  # EER of two defended clips
    originals: Rate  # EER of an undefended clip that was enrolled and a defended one


class PointFigures(Frozen):
    """What is measured of one point alone."""

    name: str
    steps: tuple[DefenceStep, ...]
    attacker: str  # the strongest, of the lowest EER on dev people
    attackers: dict[str, AttackerResult]
    not_fitted: dict[str, str]  # attackers that could learn nothing from these clips, and why
    counts: ComparisonCounts
    eer: Rate
    linkability: Rate | None
    several_clips: SeveralClips | None  # None where most people have fewer than four clips
    recognition: Recognition
    uninformed: Uninformed | None  # None of the undefended clips themselves
    framing: Framing | None  # None where no style of a single person is taken on
    kept: KeptSums
    measured_clips: int  # of which utility is measured
    test_opening: int  # ordinal of these attackers among all that were tested on this split, from 1
    scores_sha256: str


class FrontierPoint(PointFigures):
    """A point beside the others; differences are this point's figure less the other's, paired over people."""

    undefended: bool
    utility: UtilityNumber
    eer_less_undefended: Difference | None  # None of the undefended clips
    eer_less_reference: Difference | None  # None of the reference itself
    utility_less_reference: Difference | None
    limits_missed: tuple[str, ...]  # in words; empty where all limits are held
    dominated_by: tuple[str, ...]  # points of no lower EER and utility, and one of them higher
    clearly_dominated: bool  # by one of them, with both differences' intervals above 0


class StrengthStep(Frozen):
    """What one more step of strength of a defence changes, paired over people."""

    weaker: str
    stronger: str
    eer: Difference
    utility: Difference


class FrontierCounts(Frozen):
    """What all points rest on; every person is tested once over all folds."""

    subjects: int
    clips: int
    folds: int
    seconds_per_clip: float  # median


class FrontierProvenance(Frozen):
    """Which program, data and seeds made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: str  # folder name
    recordings_sha256: str
    donors: str | None  # who they are, in words; None where nobody real was named
    split_sha256: str
    protocol: str | None = None
    trackers: tuple[str, ...]
    avatars: tuple[str, ...] = ()
    synthetic: bool
    test_opening: int  # of the last point that was attacked
    allowed: tuple[str, ...] = ()


class FrontierResults(Frozen):
    """Privacy against utility of several defences."""

    schema_: Literal["amber-id/frontier/1"] = Field(FRONTIER_SCHEMA, alias="schema")
    config: dict[str, Any]
    finding: str  # in a sentence
    undefended: str  # name of the point of which nothing was changed but that the face's own shape is removed
    reference: str  # name of the point that differences are taken from
    points: tuple[FrontierPoint, ...]
    failed: tuple[FailedPoint, ...]  # whose figures are missing
    steps: tuple[StrengthStep, ...]
    parts: dict[str, str]  # of the number, and kinds of event: "", or why it does not count
    counts: FrontierCounts
    dropped: tuple[FailedClip, ...]
    limits: tuple[str, ...]  # what these figures do not show
    provenance: FrontierProvenance
    times: Times

    def point(self, name: str) -> FrontierPoint:
        """The point of this name; raises KeyError if there is none."""
        return {each.name: each for each in self.points}[name]
