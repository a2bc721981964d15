"""The schema of ``thesis.json``: the experiment of the master thesis again, and the corrected one beside it.

Two runs of the same study agree in everything but `times`. The JSON schema is published in
``docs/thesis_study.schema.json``.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from amber_id.results.evaluation import DevFold
from amber_id.results.figures import (
    ComparisonCounts,
    ConditionName,
    Difference,
    Frozen,
    Rate,
    Recognition,
    Times,
    with_figures,
)
from amber_id.results.study import DroppedClip

THESIS_SCHEMA: Literal["amber-id/thesis-study/2"] = "amber-id/thesis-study/2"

PipelineName = Literal["thesis", "corrected"]
ThesisSplit = Literal["k0", "folds"]


class PublishedFigure(Frozen):
    """A figure that the thesis reports, on its own people and with its own choices."""

    name: str
    condition: ConditionName
    eer: float
    about: str  # whose it is, and what was chosen on whom


class Fault(Frozen):
    """Something that the published code does, and what becomes of it here."""

    thesis: str
    as_in_thesis: str  # in the pipeline "as in the thesis"
    corrected: str


class FoldFigure(Frozen):
    """What an attacker finds among the test people of one fold."""

    fold: int
    subjects: int
    counts: ComparisonCounts
    eer: Rate | None  # None where there are too few people for an interval


@with_figures("thesis")
class ConditionFigures(Frozen):
    """An attacker trained, chosen and tested on clips of one condition; all folds pooled."""

    subjects: int  # that were tested
    clips: int
    failed_clips: int  # of test people, of no use to this attacker
    counts: ComparisonCounts
    eer: Rate
    auc: Rate
    recognition: Recognition
    accuracy: Rate | None = None  # the two None where an older version made the study
    balanced_accuracy: Rate | None = None
    dev: tuple[DevFold, ...]
    folds: tuple[FoldFigure, ...]
    remarks: tuple[str, ...] = ()  # that it has hardly learnt, in whole sentences


class ThesisPart(Frozen):
    """One setting, under each condition."""

    name: str
    pipeline: PipelineName
    split: ThesisSplit
    loss: str
    sees: str  # xy or xy+motion; of the corrected pipeline its view
    region: str | None  # the only one that is shown; None: all 152 points
    main: bool  # the published best setting; of the corrected pipeline the view all; of the whole face
    conditions: dict[ConditionName, ConditionFigures]
    difference: Difference | None  # EER of anonymised less that of original clips, paired over people
    not_paired: str | None  # why there is none, in a sentence


def run_name(part: str, condition: ConditionName) -> str:
    """The folder, in ``runs`` and in ``models``, of a part under a condition."""
    return f"{part} {condition}".replace(" ", "-")


def thesis_arrays(study: Path, part: str, condition: ConditionName) -> Path:
    """The file of embeddings and scores of a part under a condition, as `read_arrays` reads it."""
    return study / "models" / run_name(part, condition) / "arrays.safetensors"


class ThesisCounts(Frozen):
    """What the study rests on."""

    subjects: int
    clips: int  # of each condition
    dropped_clips: int
    subjects_of_source: dict[str, int]
    k0: dict[str, int]  # people of train, dev and test


class ThesisProvenance(Frozen):
    """Which program, data and seeds made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: dict[ConditionName, str]  # folder names
    recordings_sha256: dict[ConditionName, str]
    splits_sha256: dict[ThesisSplit, str]
    allowed: tuple[str, ...] = ()  # leaks that were known and meant
    checkpoints_sha256: dict[str, tuple[str, ...]]  # of each run
    trackers: tuple[str, ...]
    avatars: tuple[str, ...] = ()  # what made those that the clips show, where their recordings say
    point_set: str
    tracker_of_thesis: bool  # whether all clips say that MediaPipe's FaceMesh tracked them
    synthetic: bool  # synthetic people
    test_openings: dict[ThesisSplit, int]


class ThesisStudyResults(Frozen):
    """Everything that the study found."""

    schema_: Literal["amber-id/thesis-study/2"] = Field(THESIS_SCHEMA, alias="schema")
    headline: str
    config: dict[str, Any]
    published: tuple[PublishedFigure, ...]
    counts: ThesisCounts
    parts: tuple[ThesisPart, ...]
    # EER of the corrected pipeline's main part less that of the other's, of the same people, paired
    pipelines: dict[ThesisSplit, dict[ConditionName, Difference]]
    faults: tuple[Fault, ...]
    departures: tuple[str, ...]  # of the pipeline "as in the thesis" from the thesis, in whole sentences
    dropped: tuple[DroppedClip, ...]
    limits: tuple[str, ...]  # what may not be concluded
    provenance: ThesisProvenance
    times: Times
