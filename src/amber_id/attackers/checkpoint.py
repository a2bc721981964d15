"""A checkpoint says what it is, and is loaded strictly or refused.

One ``.safetensors``: the attacker's arrays, and in the header one JSON text with everything needed to use
it again (attacker, its configuration, the features it was given, the people it was trained and chosen on)
and to judge it (dev figures, versions, hashes). Never pickle.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from amber_id.file_formats import read_tensors, validated, write_tensors
from amber_id.motion import FeatureConfig
from amber_id.protocols import Control
from amber_id.recordings import PointSet

SCHEMA = "amber-id/checkpoint/1"

AttackerName = Literal["stgcn", "thesis", "distances", "moments", "blendshapes"]


class DevFigures(BaseModel):
    """What was measured on the dev people."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    eer: float
    auc: float
    threshold: float  # the score at which FMR and FNMR cross
    subjects: int


class CheckpointHeader(BaseModel):
    """Everything about a trained attacker but its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attacker: AttackerName
    attacker_config: dict[str, Any]
    features: FeatureConfig
    point_set: PointSet
    train_subjects: tuple[str, ...]
    dev_subjects: tuple[str, ...]
    train_clips: int
    fold: int
    folds: int
    seed: int
    control: Control | None
    epoch: int
    dev: DevFigures
    recordings_sha256: str
    split_sha256: str
    versions: dict[str, str]


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
    values, tensors = read_tensors(path, SCHEMA)
    return validated(CheckpointHeader, values, path), tensors


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
