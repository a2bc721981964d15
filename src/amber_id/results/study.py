"""The schema of the ``results.json`` of a study: originals and anonymised clips of the same people.

A cell of the threat matrix has three letters, train / enrol / probe, each O(riginal), A(nonymised) or B(oth).
Two runs of the same study agree in everything but `times`. The JSON schema is published in
``docs/study.schema.json``.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from amber_id.results.attributes import AttributeResult
from amber_id.results.checks import Check
from amber_id.results.evaluation import Attacker, AttackerResult, DevFold, Metrics
from amber_id.results.figures import (
    Bootstrap,
    ComparisonCounts,
    ConditionName,
    Difference,
    Disclosure,
    Frozen,
    Rate,
    Recognition,
    Times,
)
from amber_id.results.framing import FramingOfStudy
from amber_id.results.groups import GroupResult
from amber_id.results.older_studies import study_3_of
from amber_id.results.population import PopulationResult
from amber_id.results.sessions import SessionsResult
from amber_id.results.utility import UtilityResult

STUDY_SCHEMA: Literal["amber-id/study/3"] = "amber-id/study/3"


class DroppedClip(Frozen):
    """A clip that is in no figure, in neither condition, and why."""

    clip: str
    condition: ConditionName  # in which it was of no use
    reason: str


class StudyCounts(Frozen):
    """What the figures rest on; every person is tested once over all folds."""

    subjects: int  # that were tested
    clips: dict[ConditionName, int]  # of those people
    seconds_per_clip: float  # median
    subjects_of_source: dict[str, int]
    dropped_clips: int


class InversionResult(Frozen):
    """An attacker that undoes something in every clip, beside the same one that takes clips as they are.

    Of several inversions it is the one of the lowest EER on dev people.
    """

    attacker: str  # that takes clips as they are
    inverted: str  # the other
    inversion: str
    less: Difference  # EER of `inverted` less that of `attacker`, paired; below 0: it recognises more
    conclusion: str  # about the anonymiser, in a whole sentence


class CellResult(Frozen):
    """One scenario: the strongest of the attackers, which was chosen on dev, and all that were tried."""

    story: str
    counts: ComparisonCounts
    attacker: Attacker
    metrics: Metrics
    within_source: Rate | None  # EER among people of one source; None of one, or too few people
    recognition: Recognition  # of the comparisons within sources where those have a figure
    disclosure: Disclosure
    population: tuple[PopulationResult, ...] = ()  # search among more people than were measured
    attackers: dict[str, AttackerResult]
    dev: tuple[DevFold, ...]
    bootstrap: Bootstrap
    limits: tuple[str, ...]
    # What of the anonymiser could be undone; empty where no anonymised clip is tested, or nothing was tried.
    inversions: tuple[InversionResult, ...] = ()


class Share(Frozen):
    """How much of 0.5 - EER is owed to a region: its Shapley value; those of all regions add up to it."""

    value: float
    low: float
    high: float
    level: float


class VariantResult(Frozen):
    """`moments` with less to see, or with something taken from it, on the same comparisons."""

    eer: Rate
    auc: Rate
    recognition: Recognition
    less: dict[str, Difference]  # eer and auc, less those of `moments` with everything


class RegionResult(Frozen):
    """What a region of the face gives away, by `moments` in the view motion."""

    alone: Rate  # EER of this region alone
    removed: Difference  # EER of all other regions, less that of the whole face
    share: Share | None  # Shapley; None for one side of the face


class CurvePoint(Frozen):
    """The EER with so many people to learn from, seconds of a clip seen, or clips on either side."""

    x: float
    eer: Rate
    less: Difference | None  # EER less that of the point before, paired; None where it cannot be paired


class CurvesResult(Frozen):
    """Would more data reveal more? A curve has no point where the clips do not allow one."""

    people: tuple[CurvePoint, ...]  # learnt from, by `moments`; empty where two conditions are known
    seconds: tuple[CurvePoint, ...]  # of a test clip, by `moments`; empty where two conditions are known
    clips: tuple[CurvePoint, ...]  # on either side, by the strongest attacker of the cell


class MapPoint(Frozen):
    """A test clip on a map of embeddings."""

    clip: str
    subject: str
    x: float
    y: float


class EmbeddingMap(Frozen):
    """The test clips of one fold as one attacker sees them, by t-SNE on the cosine of embeddings.

    Near means alike to this attacker. How far apart groups lie, and how large they are, means nothing.
    """

    attacker: str  # the one with the lowest dev EER; never a fusion, which has no embeddings
    fold: int
    clips_of_fold: int  # more than there are points if there were too many to draw
    perplexity: float
    points: tuple[MapPoint, ...]


class PlantedHabits(CurvePoint):
    """How well habits of one strength are recognised; x is the spread."""

    recognition: Recognition


class SensitivityResult(Check):
    """Would habits have been recognised, had they been there? Planted in the clips of a cell, by `moments`.

    A habit makes a person move each part of the face by a factor of its own; the standard deviation of its
    logarithm over people is the spread. EER and recognition of the check are those of the strongest habits.
    """

    points: tuple[PlantedHabits, ...]  # from the smallest spread on
    smallest_recognised: float | None  # spread from which on all are recognised; None: not the largest either
    spread_of_people: float  # of these people's own movements
    fit: float  # EER of `moments` on the people it learnt from, in the view motion


class ReferencePoint(Frozen):
    """What a simple anonymiser of landmarks reaches on the same originals."""

    eer: Rate  # by `moments`, which learnt from its output
    expression: Rate | None  # kept, as `UtilityResult.expression`


class NetworkResult(Frozen):
    """What a network finds when it is shown less, on the comparisons of a cell."""

    name: str
    views: dict[str, VariantResult]  # static, pose, motion, all; trained anew on each
    regions: dict[str, RegionResult]  # by one that was trained with regions hidden at random


class Headline(Frozen):
    """The finding in a sentence, and whether it may be used."""

    text: str
    cell: str
    recognition: Recognition
    valid: bool  # False: a control or a confound forbids it
    reasons: tuple[str, ...]  # why not


class StudyProvenance(Frozen):
    """Which program, data and seeds made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: dict[ConditionName, str]  # folder names
    recordings_sha256: dict[ConditionName, str]
    split_sha256: str
    protocol: str | None = None  # by which people were divided; None where by hand, or where nobody noted it
    manifest_sha256: str | None = None  # of clips and subjects, whatever tracked them; None if not noted
    checkpoints_sha256: dict[str, tuple[str, ...]]  # of each run
    trackers: tuple[str, ...]
    avatars: tuple[str, ...] = ()  # what made those that the clips show, where their recordings say
    synthetic: bool  # synthetic people
    test_opening: int
    allowed: tuple[str, ...] = ()  # leaks that were known and meant


class StudyResults(Frozen):
    """Everything that a study found."""

    schema_: Literal["amber-id/study/3"] = Field(STUDY_SCHEMA, alias="schema")
    headline: Headline
    config: dict[str, Any]
    counts: StudyCounts
    cells: dict[str, CellResult]
    differences: dict[str, dict[str, Difference]]  # "AAA-OOO": eer and auc, paired over people
    views: dict[str, dict[str, VariantResult]]  # of a cell: static, pose, motion, all
    streams: dict[str, dict[str, VariantResult]]  # of a cell: joint, bone, joint_motion; the view motion
    regions: dict[str, dict[str, RegionResult]]  # of a cell
    network: dict[str, NetworkResult]  # of a cell; empty unless everything was asked (`full`)
    curves: dict[str, CurvesResult]  # of a cell
    sensitivity: dict[str, SensitivityResult]  # of a cell that knows one condition
    maps: dict[str, EmbeddingMap]  # of a cell that knows one condition
    controls: tuple[Check, ...]
    confounds: tuple[Check, ...]
    utility: UtilityResult | None  # None without both conditions
    groups: dict[str, dict[str, GroupResult]] = Field({})  # by column of corpus.csv, and by cell
    attributes: dict[str, AttributeResult] = Field(
        {}
    )  # by column of corpus.csv; empty where none was asked for
    references: dict[str, ReferencePoint]  # by the name of the anonymiser; empty without originals
    framing: FramingOfStudy | None = None  # None where no anonymised clip states a donor
    sessions: SessionsResult | None = None  # None where an earlier version made the study
    dropped: tuple[DroppedClip, ...]
    limits: tuple[str, ...]  # what these figures do not show
    provenance: StudyProvenance
    times: Times

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, data: Any) -> Any:
        return study_3_of(data, STUDY_SCHEMA)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks: controls, planted habits, confounds."""
        return (*self.controls, *self.sensitivity.values(), *self.confounds)
