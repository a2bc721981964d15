"""What does a trained attacker find out about people it has never seen, and how sure is that?"""

from amber_id.audit.evaluate import evaluate
from amber_id.audit.evaluation import EvaluationConfig

__all__ = ["EvaluationConfig", "evaluate"]
