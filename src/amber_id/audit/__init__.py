"""What does a trained attacker find out about people it has never seen, and how sure is that?"""

from amber_id.audit.evaluate import evaluate
from amber_id.audit.judging import EvaluationConfig
from amber_id.audit.score_results import judge_embeddings, judge_scores
from amber_id.audit.study import run_study
from amber_id.audit.study_config import StudyConfig

__all__ = [
    "EvaluationConfig",
    "StudyConfig",
    "evaluate",
    "judge_embeddings",
    "judge_scores",
    "run_study",
]
