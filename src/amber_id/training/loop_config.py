"""How is a network trained? Everything that may be chosen, without the libraries that do it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.errors import UsageError
from amber_id.face_mesh import mirror_pairs
from amber_id.motion import FeatureConfig


class LossConfig(BaseModel):
    """Which loss, and how sharp."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["cross_entropy", "arcface", "supcon"] = "cross_entropy"
    scale: float = Field(16.0, gt=0)  # cosines are multiplied by this before the softmax
    margin_degrees: float = Field(11.5, ge=0, lt=90)  # arcface
    label_smoothing: float = Field(0.1, ge=0, lt=1)  # cross_entropy
    shuffled_negatives: bool = False


class AugmentConfig(BaseModel):
    """How windows are changed in training; each zero is off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mirror: float = Field(0.0, ge=0, le=1)  # share of windows with left and right exchanged
    rotation_degrees: float = Field(0.0, ge=0)  # spread of a turn in the picture
    scale: float = Field(0.0, ge=0)  # spread of the logarithm of a factor on all values
    jitter: float = Field(0.0, ge=0)  # noise in every frame, in spreads of the batch's signals
    drop: float = Field(0.0, ge=0, lt=1)  # share of frames that repeat the one before
    speed: float = Field(0.0, ge=0, lt=0.7)  # spread of the logarithm of how fast a window runs
    hide: float = Field(0.0, ge=0, lt=1)  # chance of each region of the face to be zero; never of all
    shuffle: float = Field(0.0, ge=0, le=1)  # share of windows whose frames are in random order

    def check(self, features: FeatureConfig) -> None:
        """Raise UsageError if these features cannot be changed so."""
        if (self.mirror or self.rotation_degrees or self.hide) and not features.on_face:
            raise UsageError(
                "mirror, rotation and hide need landmarks; head pose and blendshapes have no left and right, "
                "and no regions"
            )
        if self.mirror and set(mirror_pairs()[list(features.points)]) != set(features.points):
            raise UsageError(f"mirror needs regions of both sides, got {', '.join(features.regions or ())}")


class FirstPhaseConfig(BaseModel):
    """Epochs with another loss before the loss proper, which then begins with a new head and optimiser."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(20, ge=1)
    learning_rate: float = Field(2e-3, gt=0)  # as that of the loop
    loss: LossConfig = LossConfig()


class LoopConfig(BaseModel):
    """How a network is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(60, ge=1)  # at most
    patience: int = Field(20, ge=1)  # epochs without a lower dev EER after which it stops
    batch: int = Field(32, ge=2)  # clips, over all devices
    clips_per_subject: int = Field(0, ge=0)  # of each subject in a batch; 0: at random
    subjects_once: bool = False  # in an epoch, with so many clips of each; else as many clips as there are
    learning_rate: float = Field(2e-3, gt=0)  # highest, for 32 clips; grows with the root of the batch
    weight_decay: float = Field(1e-2, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"  # of the learning rate
    loss: LossConfig = LossConfig()
    first_phase: FirstPhaseConfig | None = None  # of the epochs
    augment: AugmentConfig = AugmentConfig()
    precision: Literal["auto", "32", "bf16"] = "auto"  # auto: bf16 where the device is made for it
    compiled: bool = False  # by torch.compile, whose random numbers are others; gains nothing on a CPU
    kept_checkpoints: int = Field(50, ge=1)  # at most; evenly spaced, the last always

    @model_validator(mode="after")
    def _fit_together(self) -> "LoopConfig":
        if self.subjects_once and self.clips_per_subject == 0:
            raise ValueError("subjects_once needs clips_per_subject, of each subject in an epoch, got 0")
        if self.first_phase is not None and self.first_phase.epochs >= self.epochs:
            raise ValueError(
                f"first_phase must be shorter than the {self.epochs} epochs, got {self.first_phase.epochs}"
            )
        return self

    @model_validator(mode="after")
    def _several_clips_for_a_contrast(self) -> "LoopConfig":
        if self.loss.name == "supcon" and self.clips_per_subject < 2:
            raise ValueError(
                f"the loss supcon needs clips_per_subject of at least 2, got {self.clips_per_subject}"
            )
        return self
