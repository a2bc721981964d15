"""How is a defence trained?"""

from pydantic import BaseModel, ConfigDict, Field

from amber_id.anonymisers.learned import MOST_HIDDEN

MOST_SYNTHETIC = 10_000
"""How many synthetic people may be added."""


class DefenceTrainConfig(BaseModel):
    """The size of the network, what it is trained on besides recordings, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    hidden: int = Field(48, ge=1, le=MOST_HIDDEN)  # numbers of the recurrent unit
    middle: int = Field(96, ge=1, le=MOST_HIDDEN)  # of the layer between it and what it adds
    synthetic: int = Field(240, ge=0, le=MOST_SYNTHETIC)  # people that are added to the train people
    epochs: int = Field(24, ge=1, le=10_000)
    steps: int = Field(20, ge=1, le=10_000)  # of an epoch
    people: int = Field(20, ge=2, le=1000)  # in a step
    clips: int = Field(4, ge=2, le=100)  # of each of them
    correlation: float = Field(0.967, ge=0, le=1)  # with the original that coefficients are to keep
    rate: float = Field(2e-3, gt=0, le=1)  # of learning; ten times that for what each channel has of its own
    seed: int = Field(0, ge=0)
