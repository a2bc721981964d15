"""Results in files: the schemas of every ``results.json``, and the arrays beside them.

A figure travels with its interval over people and with what guessing would give; rates are fractions.
"""

from pathlib import Path

from amber_id.atomic_files import write_text_atomically
from amber_id.file_formats import read_json
from amber_id.results.arrays import ARRAYS_SCHEMA, EvaluationArrays, read_arrays, write_arrays
from amber_id.results.attributes import AttributeFigures, AttributeResult
from amber_id.results.checks import VERDICTS, Check, Verdict, most_serious_first
from amber_id.results.comparison import (
    COMPARISON_SCHEMA,
    ComparedCell,
    ComparedStudy,
    ComparisonProvenance,
    ComparisonResults,
    PairedDifferences,
    PooledParts,
)
from amber_id.results.conditions import CONDITIONS_SCHEMA, ConditionsResults
from amber_id.results.evaluation import (
    EVALUATION_SCHEMA,
    FUSION,
    Attacker,
    AttackerResult,
    Counts,
    DevFold,
    EvaluationResults,
    Metrics,
    OracleResult,
    Provenance,
    SubjectResult,
    known_figures,
)
from amber_id.results.figures import (
    Bootstrap,
    ComparisonCounts,
    ConditionName,
    Difference,
    Disclosure,
    FailedClip,
    Frozen,
    NullTest,
    Point,
    Rate,
    Recognition,
    Times,
    surroundings,
)
from amber_id.results.frontier import FRONTIER_SCHEMA, FrontierResults
from amber_id.results.groups import BetweenGroups, GroupFigures, GroupGap, GroupResult
from amber_id.results.population import PopulationResult
from amber_id.results.scores import METRICS_SCHEMA, ScoreCounts, ScoreProvenance, ScoreResults, ScoreSubject
from amber_id.results.study import (
    STUDY_SCHEMA,
    CellResult,
    CurvePoint,
    CurvesResult,
    DroppedClip,
    EmbeddingMap,
    Headline,
    InversionResult,
    MapPoint,
    NetworkResult,
    PlantedHabits,
    ReferencePoint,
    RegionResult,
    SensitivityResult,
    Share,
    StudyCounts,
    StudyProvenance,
    StudyResults,
    VariantResult,
)
from amber_id.results.thesis_study import (
    THESIS_SCHEMA,
    ConditionFigures,
    Fault,
    FoldFigure,
    PipelineName,
    PublishedFigure,
    ThesisCounts,
    ThesisPart,
    ThesisProvenance,
    ThesisSplit,
    ThesisStudyResults,
    run_name,
    thesis_arrays,
)
from amber_id.results.utility import UtilityResult

__all__ = [
    "ARRAYS_SCHEMA",
    "COMPARISON_SCHEMA",
    "CONDITIONS_SCHEMA",
    "EVALUATION_SCHEMA",
    "FRONTIER_SCHEMA",
    "FUSION",
    "METRICS_SCHEMA",
    "STUDY_SCHEMA",
    "THESIS_SCHEMA",
    "VERDICTS",
    "Attacker",
    "AttackerResult",
    "AttributeFigures",
    "AttributeResult",
    "BetweenGroups",
    "Bootstrap",
    "CellResult",
    "Check",
    "ComparedCell",
    "ComparedStudy",
    "ComparisonCounts",
    "ComparisonProvenance",
    "ComparisonResults",
    "ConditionFigures",
    "ConditionName",
    "ConditionsResults",
    "Counts",
    "CurvePoint",
    "CurvesResult",
    "DevFold",
    "Difference",
    "Disclosure",
    "DroppedClip",
    "EmbeddingMap",
    "EvaluationArrays",
    "EvaluationResults",
    "FailedClip",
    "Fault",
    "FoldFigure",
    "FrontierResults",
    "Frozen",
    "GroupFigures",
    "GroupGap",
    "GroupResult",
    "Headline",
    "InversionResult",
    "MapPoint",
    "Metrics",
    "NetworkResult",
    "NullTest",
    "OracleResult",
    "PairedDifferences",
    "PipelineName",
    "PlantedHabits",
    "Point",
    "PooledParts",
    "PopulationResult",
    "Provenance",
    "PublishedFigure",
    "Rate",
    "Recognition",
    "ReferencePoint",
    "RegionResult",
    "ScoreCounts",
    "ScoreProvenance",
    "ScoreResults",
    "ScoreSubject",
    "SensitivityResult",
    "Share",
    "StudyCounts",
    "StudyProvenance",
    "StudyResults",
    "SubjectResult",
    "ThesisCounts",
    "ThesisPart",
    "ThesisProvenance",
    "ThesisSplit",
    "ThesisStudyResults",
    "Times",
    "UtilityResult",
    "VariantResult",
    "Verdict",
    "known_figures",
    "most_serious_first",
    "read_arrays",
    "read_comparison",
    "read_conditions",
    "read_frontier",
    "read_results",
    "read_score_results",
    "read_study_results",
    "read_thesis_study",
    "run_name",
    "surroundings",
    "thesis_arrays",
    "write_arrays",
    "write_results",
]


def write_results(
    results: EvaluationResults
    | ScoreResults
    | StudyResults
    | ConditionsResults
    | ComparisonResults
    | FrontierResults
    | ThesisStudyResults,
    path: Path,
) -> None:
    """Write `results` as JSON, whole or not at all."""
    write_text_atomically(path, results.model_dump_json(indent=2, by_alias=True) + "\n")


def read_results(path: Path) -> EvaluationResults:
    """Read a ``results.json``; raises FileFormatError if it is missing, cut off, or of another schema."""
    return read_json(EvaluationResults, path)


def read_study_results(path: Path) -> StudyResults:
    """Read the ``results.json`` of a study; raises FileFormatError as `read_results` does."""
    return read_json(StudyResults, path)


def read_score_results(path: Path) -> ScoreResults:
    """Read the ``results.json`` of `amber metrics`; raises FileFormatError as `read_results` does."""
    return read_json(ScoreResults, path)


def read_conditions(path: Path) -> ConditionsResults:
    """Read the ``results.json`` of several conditions; raises FileFormatError as `read_results` does."""
    return read_json(ConditionsResults, path)


def read_comparison(path: Path) -> ComparisonResults:
    """Read the ``comparison.json`` of `amber compare`; raises FileFormatError as `read_results` does."""
    return read_json(ComparisonResults, path)


def read_frontier(path: Path) -> FrontierResults:
    """Read the ``results.json`` of `amber frontier`; raises FileFormatError as `read_results` does."""
    return read_json(FrontierResults, path)


def read_thesis_study(path: Path) -> ThesisStudyResults:
    """Read the ``thesis.json`` of `amber study thesis`; raises FileFormatError as `read_results` does."""
    return read_json(ThesisStudyResults, path)
