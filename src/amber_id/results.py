"""The schema of ``results.json``: every figure of an evaluation, with its interval and where it came from.

A figure travels with its interval over people and with what guessing would give; rates are fractions.
Two runs of the same study agree in everything but `times`. The JSON schemas are published in
``docs/results.schema.json`` and, for scores of other systems, ``docs/metrics.schema.json``.

`EvaluationArrays` are the small arrays beside it from which the figures are drawn: ``arrays.safetensors``.
"""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field

from amber_id import __version__
from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Estimate
from amber_id.errors import FileFormatError
from amber_id.file_formats import read_json, read_tensors, validated, write_tensors

EVALUATION_SCHEMA: Literal["amber-id/evaluation/4"] = "amber-id/evaluation/4"
METRICS_SCHEMA: Literal["amber-id/metrics/1"] = "amber-id/metrics/1"
ARRAYS_SCHEMA = "amber-id/evaluation-arrays/1"

FUSION = "fusion"  # the name of what several attackers find together


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def surroundings() -> dict[str, str]:
    """What every provenance says: the program's version, Python's, and the kind of machine."""
    return {
        "amber_id": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


class Rate(_Frozen):
    """A figure and its interval over subjects; `chance` is what guessing would give."""

    value: float
    low: float
    high: float
    level: float
    chance: float

    @classmethod
    def of(cls, found: Estimate, chance: float) -> "Rate":
        """An estimate beside what guessing would give."""
        return cls(value=found.value, low=found.low, high=found.high, level=found.level, chance=chance)


class Point(_Frozen):
    """A figure without an interval: nobody knows whose the scores are."""

    value: float
    chance: float


class Difference(_Frozen):
    """A figure less that of other scores of the same people, with its paired interval over subjects."""

    value: float
    low: float
    high: float
    level: float
    detectable: float  # smallest true difference that had an 80 % chance of an interval without zero


class ComparisonCounts(_Frozen):
    """How many comparisons of each kind."""

    mated: int
    nonmated: int


class Counts(_Frozen):
    """What the figures rest on; test partition only, all folds pooled."""

    subjects: int
    clips: int
    windows: int
    comparisons: ComparisonCounts
    subjects_of_source: dict[str, int]
    failed_clips: int  # test clips without usable features, and clips of the corpus that were never tracked


class Metrics(_Frozen):
    """1:1 verification by the headline attacker's scores; accept when score >= threshold."""

    eer: Rate
    eer_balanced: Rate | None  # every person and pair of people weighing alike; None beyond 300 people
    eer_rocch: Rate  # on the convex hull of the ROC
    auc: Rate
    tmr_at_fmr_10_percent: Rate | None  # None where too few pairs of people say anything at that FMR
    tmr_at_fmr_1_percent: Rate | None
    tmr_at_fmr_0_1_percent: Rate | None
    rank1: Rate | None  # closed-set identification; None where no galleries can be made
    min_dcf: Rate  # normalised, prior 0.01, equal costs
    min_cllr: Rate  # bits
    linkability: Rate  # D_sys, less what it is where there is nothing to find
    zebra_expected: Rate  # bits, at most 0.7213
    accuracy: Rate  # share of right decisions at the dev threshold, all comparisons alike
    balanced_accuracy: Rate  # 1 - (FMR + FNMR) / 2 at the dev threshold
    balanced_accuracy_optimistic: Rate  # at the threshold that is best on the test comparisons themselves


class NullTest(_Frozen):
    """A measure that is positive even where there is nothing to find, held against studies like that."""

    null_mean: float  # over studies in which it is permuted who the clips show
    p_value: float
    permutations: int


class Disclosure(_Frozen):
    """How much the scores give away, beyond error rates."""

    linkability: NullTest | None  # D_sys; None where nothing can be permuted
    zebra_expected: NullTest | None
    zebra_worst_case: float  # log10 of the strongest likelihood ratio; describes these comparisons only
    zebra_category: str  # of the worst case: "0", then "A" to "F"
    worst_decile_eer: float | None  # EER of the person at the most recognisable tenth of people
    people_with_eer: int


class OracleResult(_Frozen):
    """What anybody could reach on the same comparisons, which is known of people who never lived."""

    eer: Rate  # of the log-likelihood ratio of the clips' true traits
    way: float | None  # how far the attacker's EER went from 0.5 to it; None where it is 0.5
    oracle_sha256: str


class DevFold(_Frozen):
    """What was chosen on the dev people of one fold."""

    fold: int
    subjects: int
    eer: float
    threshold: float  # the score at which FMR and FNMR cross on dev
    epoch: int | None  # None for a fusion


class SubjectResult(_Frozen):
    """One test subject's mean scores; None where there is nothing to average."""

    subject: str
    source: str
    fold: int
    clips: int
    mean_mated: float | None
    mean_nonmated: float | None
    eer: float | None  # its own mated scores against the non-mated ones in which it takes part


class FailedClip(_Frozen):
    """A clip that gave no figure, and why."""

    clip: str
    reason: str


class Attacker(_Frozen):
    """Who attacked, and with what it was given."""

    name: str
    config: dict[str, Any]
    features: dict[str, Any]
    train_subjects: int
    train_clips: int


class AttackerResult(Attacker):
    """One of the attackers that were tried, on the same comparisons and draws of people as the others."""

    dev_eer: float | None  # what is chosen by: dev comparisons of all folds; None where there was no choice
    eer: Rate
    auc: Rate
    tmr_at_fmr_10_percent: Rate | None
    tmr_at_fmr_1_percent: Rate | None
    tmr_at_fmr_0_1_percent: Rate | None
    chosen: bool  # the worst, of the lowest dev EER: `attacker`, `metrics` and all else are its own
    mapped: bool  # `vectors` and `tsne` beside these results are its own


class Bootstrap(_Frozen):
    """How the intervals were made: by resampling subjects, on the probit scale for rates."""

    unit: Literal["subject"] = "subject"
    replicates: int
    redrawn: int  # replicates drawn again because one side had no comparison
    level: float
    degrees_of_freedom: float  # of the EER's spread between people; far below their number where few decide


class Provenance(_Frozen):
    """Which program, data and seed made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: str  # folder name
    recordings_sha256: str
    split_sha256: str
    checkpoints_sha256: tuple[str, ...]
    trackers: tuple[str, ...]
    synthetic: bool  # people who never lived
    train_seed: int | None  # None where fused attackers had different ones
    bootstrap_seed: int
    test_opening: (
        int | None
    )  # the how manyth attacker that saw the test people of this split; None for a control


class Times(_Frozen):
    """The only part that differs between two runs of the same study."""

    finished: str
    wall_s: float


class EvaluationResults(_Frozen):
    """One attacker, or the worst of several, tested on people it has never seen."""

    schema_: Literal["amber-id/evaluation/4"] = Field(EVALUATION_SCHEMA, alias="schema")
    headline: str
    control: Literal["permuted-labels"] | None
    attacker: Attacker
    counts: Counts
    metrics: Metrics
    attackers: tuple[AttackerResult, ...]  # all that were tried, the chosen one among them
    disclosure: Disclosure
    oracle: OracleResult | None  # None where nobody knows
    dev: tuple[DevFold, ...]
    subjects: tuple[SubjectResult, ...]
    failures: tuple[FailedClip, ...]
    limits: tuple[str, ...]  # what these figures do not show
    bootstrap: Bootstrap
    provenance: Provenance
    times: Times


class ScoreCounts(_Frozen):
    """What the figures rest on; people and clips are None where nobody knows whose the scores are."""

    subjects: int | None
    clips: int | None
    comparisons: ComparisonCounts
    subject_pairs: int | None  # pairs of people behind the non-mated comparisons
    fmr_floor: float  # FMR below which these say nothing: 3 / pairs


class ScoreSubject(_Frozen):
    """One subject's scores; None where there is nothing to average."""

    subject: str
    mean_mated: float | None
    mean_nonmated: float | None
    eer: float | None


class ScoreProvenance(_Frozen):
    """Which program, files and seed made this; files by name and SHA-256."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    files: dict[str, tuple[str, str]]  # scores, and where given: subjects, dev, against
    identified_by: str  # how it is known whose each clip is
    seed: int


class ScoreResults(_Frozen):
    """The scores of any verification system, judged."""

    schema_: Literal["amber-id/metrics/1"] = Field(METRICS_SCHEMA, alias="schema")
    counts: ScoreCounts
    metrics: dict[str, Rate | Point]
    disclosure: Disclosure | None
    differences: dict[str, Difference]  # these scores less those they were held against
    subjects: tuple[ScoreSubject, ...]
    limits: tuple[str, ...]
    bootstrap: Bootstrap | None
    provenance: ScoreProvenance
    times: Times


def write_results(results: EvaluationResults | ScoreResults, path: Path) -> None:
    """Write `results` as JSON, whole or not at all."""
    write_text_atomically(path, results.model_dump_json(indent=2, by_alias=True) + "\n")


def read_results(path: Path) -> EvaluationResults:
    """Read a ``results.json``; raises FileFormatError if it is missing, cut off, or of another schema."""
    return read_json(EvaluationResults, path)


def read_score_results(path: Path) -> ScoreResults:
    """Read the ``results.json`` of `amber metrics`; raises FileFormatError as `read_results` does."""
    return read_json(ScoreResults, path)


@dataclass(frozen=True)
class EvaluationArrays:
    """Embeddings of the test clips and the scores of their comparisons, all folds pooled.

    `scores` are those of the headline attacker. `vectors` are too, unless it is a fusion, which has none:
    then they are those of the attacker that is marked as mapped. They are L2-normalised; those of different
    folds come from different checkpoints and are never compared. `subject` and `fold` are one number per
    clip; `subject` points into `subjects`. `enrolment` and `probe` are clip numbers. `tsne` is one map per
    fold.
    """

    vectors: Float[np.ndarray, "N D"]
    tsne: Float[np.ndarray, "N 2"]
    subject: Int[np.ndarray, " N"]
    fold: Int[np.ndarray, " N"]
    scores: Float[np.ndarray, " P"]
    enrolment: Int[np.ndarray, " P"]
    probe: Int[np.ndarray, " P"]
    clips: tuple[str, ...]
    subjects: tuple[str, ...]


class _ArraysHeader(_Frozen):
    clips: tuple[str, ...]
    subjects: tuple[str, ...]


_ARRAYS = ("vectors", "tsne", "subject", "fold", "scores", "enrolment", "probe")


def write_arrays(arrays: EvaluationArrays, path: Path) -> None:
    """Write `arrays`, whole or not at all; equal arrays give equal bytes."""
    header = {"clips": arrays.clips, "subjects": arrays.subjects}
    write_tensors(path, ARRAYS_SCHEMA, header, {name: getattr(arrays, name) for name in _ARRAYS})


def read_arrays(path: Path) -> EvaluationArrays:
    """Read an ``arrays.safetensors``; raises FileFormatError if it cannot be used."""
    values, tensors = read_tensors(path, ARRAYS_SCHEMA)
    header = validated(_ArraysHeader, values, path)
    if set(tensors) != set(_ARRAYS):
        raise FileFormatError(path, f"expected the arrays {', '.join(_ARRAYS)}, got {', '.join(tensors)}")
    return EvaluationArrays(**tensors, clips=header.clips, subjects=header.subjects)
