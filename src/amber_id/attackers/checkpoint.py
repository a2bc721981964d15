"""A checkpoint says what it is, and is loaded strictly or refused.

One ``.safetensors``: the attacker's arrays, and in the header one JSON text with everything needed to use
it again (attacker, its configuration, the features it was given, the people it was trained and chosen on)
and to judge it (dev figures, versions, hashes). Never pickle.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from amber_id.attackers.catalogue import AttackerName
from amber_id.attackers.maps import MapName
from amber_id.errors import EvaluationError
from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.motion import FeatureConfig
from amber_id.protocols import Control
from amber_id.recordings import PointSet

SCHEMA = "amber-id/checkpoint/2"

MOST_FOLDS = 100_000
"""How many folds a training may have: more than there are people in any corpus."""


class DevCalibration(BaseModel):
    """How a cosine becomes a natural-log likelihood ratio: ``slope * score + offset``.

    Fitted on the dev people, on whom the checkpoint was chosen too, so it is optimistic.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float = Field(ge=0)
    offset: float
    lowest: float  # score of a dev comparison; nothing is known of scores beyond these two
    highest: float


class DevFigures(BaseModel):
    """What was measured on the dev people."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    eer: float = Field(ge=0, le=1)
    auc: float = Field(ge=0, le=1)
    threshold: float  # the score at which FMR and FNMR cross
    subjects: int = Field(ge=0)
    calibration: DevCalibration | None  # None: the scores separate, or do not rise with identity
    # The cosines from which these people do not tell one person from two, lowest and highest; None in
    # checkpoints of versions that did not measure it, and where scores do not rise with identity.
    undecided: tuple[float, float] | None = None


class MapFigures(BaseModel):
    """Which map from anonymised to original frames was used, and what it recovers on dev people."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: MapName
    recovered: float = Field(le=1)  # share of the variance of the originals' movement


class CheckpointHeader(BaseModel):
    """Everything about a trained attacker but its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attacker: AttackerName
    attacker_config: dict[str, Any]
    features: FeatureConfig
    point_set: PointSet
    train_subjects: tuple[str, ...]
    dev_subjects: tuple[str, ...]
    train_clips: int = Field(ge=0)
    train_sources: tuple[str, ...]
    fold: int = Field(ge=0)
    folds: int = Field(ge=1, le=MOST_FOLDS)
    seed: int = Field(ge=0)
    control: Control | None
    epoch: int = Field(ge=0)
    dev: DevFigures
    map: MapFigures | None = None  # of an attacker that has pairs
    recordings_sha256: str
    split_sha256: str
    versions: dict[str, str]

    def check_point_set(self, point_set: PointSet, what: str) -> None:
        """Refuse landmarks of another tracker than those that were trained on.

        Raises
        ------
        EvaluationError
            If `what`, e.g. a file, has another point set; the message names both.
        """
        if point_set != self.point_set:
            raise EvaluationError(
                f"{what}: has the points {point_set}, the checkpoint was trained on {self.point_set}; "
                "track the videos with the tracker of the checkpoint"
            )


def save_checkpoint(path: Path, header: CheckpointHeader, tensors: Mapping[str, np.ndarray]) -> None:
    """Write a checkpoint, whole or not at all; equal checkpoints are equal bytes."""
    write_tensors(path, SCHEMA, header.model_dump(mode="json"), tensors)


def load_checkpoint(path: Path) -> tuple[CheckpointHeader, dict[str, np.ndarray]]:
    """Read a checkpoint.

    Raises
    ------
    FileFormatError
        If it is missing, cut off, of another schema, or does not describe itself fully.
    """
    values, tensors = read_tensors(path, SCHEMA, largest_header=LARGE_HEADER)
    return validated(CheckpointHeader, values, path), tensors
