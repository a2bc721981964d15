"""What do scores say? Figures with intervals over people; no attacker is needed."""

from amber_id.judging.config import EvaluationConfig
from amber_id.judging.embedding_results import judge_embeddings
from amber_id.judging.judge import Judged
from amber_id.judging.score_results import judge_scores

__all__ = ["EvaluationConfig", "Judged", "judge_embeddings", "judge_scores"]
