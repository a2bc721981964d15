"""An attacker by its name, and the attacker of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from amber_id.attackers.attacker import Attacker, StoredAttacker
from amber_id.attackers.catalogue import ATTACKERS, AttackerName
from amber_id.attackers.checkpoint import CheckpointHeader, load_checkpoint
from amber_id.attackers.mapped import load_mapped
from amber_id.errors import FileFormatError
from amber_id.motion import INVERSIONS, FeatureConfig, Signals, Stream, View


def default_signals(attacker: AttackerName) -> Signals:
    """The signals that an attacker is given unless others are named."""
    return ATTACKERS[attacker].signals


def default_streams(attacker: AttackerName, signals: Signals, view: View) -> tuple[Stream, ...]:
    """The streams that an attacker is given unless others are named."""
    return ATTACKERS[attacker].default_streams(signals, view)


def resolved_config(
    attacker: AttackerName, features: FeatureConfig, values: dict[str, Any]
) -> dict[str, Any]:
    """An attacker's configuration with all defaults written out.

    Raises
    ------
    UsageError
        If the attacker cannot take these features, or has no such values.
    """
    return ATTACKERS[attacker].resolved(features, values)


def load_attacker(path: Path, device: str = "auto") -> tuple[CheckpointHeader, Attacker]:
    """Read a checkpoint and rebuild its attacker, strictly.

    Raises
    ------
    FileFormatError
        If the file is cut off, of another schema, or its arrays do not fit what its header says.
    """
    header, tensors = load_checkpoint(path)
    kind = ATTACKERS[header.attacker]

    def load(arrays: Mapping[str, np.ndarray], features: FeatureConfig) -> Attacker:
        return kind.load(StoredAttacker(path, arrays, features, header.attacker_config), device)

    if not INVERSIONS[header.features.inversion].is_learnt:
        return header, load(tensors, header.features)
    try:
        return header, load_mapped(load, tensors, header.features)
    except ValueError as error:
        raise FileFormatError(path, str(error)) from error
