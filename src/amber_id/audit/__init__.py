"""What does a trained attacker find out about people it has never seen, and how sure is that?"""

from amber_id.audit.attack.evaluate import evaluate
from amber_id.audit.compare.folders import read_studies
from amber_id.audit.compare.side_by_side import compare_read, compare_studies, pool_parts
from amber_id.audit.conditions.lines import conditions_lines
from amber_id.audit.conditions.outlook import look_ahead_together, stages_of_conditions
from amber_id.audit.conditions.run import run_conditions
from amber_id.audit.frontier.config import DEFAULT_DEFENCES, DEFAULT_STRENGTHS, FrontierConfig, expanded
from amber_id.audit.frontier.plans import check_plans
from amber_id.audit.frontier.run import run_frontier, stages_of_frontier
from amber_id.audit.study.by_attribute import require_attributes
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.outlook import Outlook, look_ahead
from amber_id.audit.study.run import run_study
from amber_id.audit.study.sections import study_lines
from amber_id.audit.study.split import begun_with, splits_not_used
from amber_id.audit.study.stage_list import stages_of_study
from amber_id.audit.study.tried import with_enough_people
from amber_id.audit.thesis.config import ThesisStudyConfig, thesis_study_config
from amber_id.audit.thesis.division import divided_as, divisions_of
from amber_id.audit.thesis.run import run_thesis_study
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.embedding_results import judge_embeddings
from amber_id.judging.score_results import judge_scores

__all__ = [
    "DEFAULT_DEFENCES",
    "DEFAULT_STRENGTHS",
    "EvaluationConfig",
    "FrontierConfig",
    "Outlook",
    "StudyConfig",
    "ThesisStudyConfig",
    "begun_with",
    "check_plans",
    "compare_read",
    "compare_studies",
    "conditions_lines",
    "divided_as",
    "divisions_of",
    "evaluate",
    "expanded",
    "judge_embeddings",
    "judge_scores",
    "look_ahead",
    "look_ahead_together",
    "pool_parts",
    "read_studies",
    "require_attributes",
    "run_conditions",
    "run_frontier",
    "run_study",
    "run_thesis_study",
    "splits_not_used",
    "stages_of_conditions",
    "stages_of_frontier",
    "stages_of_study",
    "study_lines",
    "thesis_study_config",
    "with_enough_people",
]
