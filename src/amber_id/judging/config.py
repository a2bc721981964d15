"""How many resamples and permutations, at which level and from which seed?"""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class EvaluationConfig(BaseModel):
    """How figures and their intervals are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicates: int = Field(1000, ge=100)  # of the bootstrap over subjects
    permutations: int = Field(200, ge=20)  # of who the clips show, for linkability and ZEBRA
    level: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)
    different_utterances: bool = False  # only comparisons of two clips that are known to say different things

    def rng(self) -> np.random.Generator:
        """Source of the draws, from its start: all figures of a study see the same draws of people."""
        return np.random.default_rng(self.seed)
