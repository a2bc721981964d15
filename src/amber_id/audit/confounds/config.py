"""From where on is a confound a warning, or forbids a headline?"""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.audit.confounds.properties import PROPERTIES
from amber_id.motion.near_copies import NEAR_COPY

# Properties and face size under two conditions, utterances, each among all and within sources; lost faces.
_MOST_TESTS = 2 * (2 * (len(PROPERTIES) + 1) + 1) + 1


class ConfoundConfig(BaseModel):
    """From where on something is a warning, or forbids a headline."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    level: float = Field(0.05, gt=0, lt=1)  # how often clean clips may raise any flag
    permutations: int = Field(999, ge=1)
    invalid_eer: float = Field(0.40, gt=0, le=0.5)  # of a property by itself
    near_copy: float = Field(NEAR_COPY, gt=0, lt=1)  # concordance of motions, mean of face and head
    invalid_copies: float = Field(0.1, gt=0, le=1)  # share of clips with a near-copy of the same person
    warn_astray: float = Field(0.05, gt=0, le=1)  # share of clips that do not follow their originals
    invalid_astray: float = Field(0.1, gt=0, le=1)
    lost_difference: float = Field(0.02, ge=0, le=1)  # smallest difference of shares of lost frames
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _can_reject(self) -> "ConfoundConfig":
        needed = int(np.ceil(_MOST_TESTS / self.level)) - 1
        if self.permutations < needed:
            raise ValueError(
                f"permutations must be at least {needed} for {_MOST_TESTS} tests at level {self.level:g}, "
                f"got {self.permutations}: with fewer nothing could be significant"
            )
        return self
