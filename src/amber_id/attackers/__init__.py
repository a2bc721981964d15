"""Who tries to recognise people by their motion? Features (N, C, T, V) to embeddings (N, D).

An attacker is one file with its source at the top. A weak attacker overstates privacy: compare several.
"""

from amber_id.attackers.checkpoint import (
    AttackerName,
    CheckpointHeader,
    DevCalibration,
    DevFigures,
    load_checkpoint,
    save_checkpoint,
)
from amber_id.attackers.zoo import (
    Attacker,
    default_signals,
    default_streams,
    find_device,
    load_attacker,
    resolved_config,
)

__all__ = [
    "Attacker",
    "AttackerName",
    "CheckpointHeader",
    "DevCalibration",
    "DevFigures",
    "default_signals",
    "default_streams",
    "find_device",
    "load_attacker",
    "load_checkpoint",
    "resolved_config",
    "save_checkpoint",
]
