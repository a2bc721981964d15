"""What does a trained attacker find out about people it has never seen, and how sure is that?"""

from amber_id.audit.compare import compare_read, compare_studies, pool_parts
from amber_id.audit.evaluate import evaluate
from amber_id.audit.judging import EvaluationConfig
from amber_id.audit.outlook import Outlook, look_ahead
from amber_id.audit.score_results import judge_embeddings, judge_scores
from amber_id.audit.stage_list import stages_of_study
from amber_id.audit.study import run_study
from amber_id.audit.study_config import StudyConfig
from amber_id.audit.study_folders import read_studies
from amber_id.audit.study_split import begun_with, splits_not_used
from amber_id.audit.thesis_config import ThesisStudyConfig, thesis_study_config
from amber_id.audit.thesis_division import divided_as, divisions_of
from amber_id.audit.thesis_study import run_thesis_study

__all__ = [
    "EvaluationConfig",
    "Outlook",
    "StudyConfig",
    "ThesisStudyConfig",
    "begun_with",
    "compare_read",
    "compare_studies",
    "divided_as",
    "divisions_of",
    "evaluate",
    "judge_embeddings",
    "judge_scores",
    "look_ahead",
    "pool_parts",
    "read_studies",
    "run_study",
    "run_thesis_study",
    "splits_not_used",
    "stages_of_study",
    "thesis_study_config",
]
