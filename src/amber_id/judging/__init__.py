"""What do scores say? Figures with intervals over people; no attacker is needed."""

from amber_id.judging.judge import EvaluationConfig, Judged
from amber_id.judging.score_results import judge_embeddings, judge_scores

__all__ = ["EvaluationConfig", "Judged", "judge_embeddings", "judge_scores"]
