"""Who tries to recognise people by their motion? Features (N, C, T, V) to embeddings (N, D).

An attacker is one file with its source at the top, and one row of the table `ATTACKERS`. A weak attacker
overstates privacy: compare several.
"""

from amber_id.attackers.attacker import Attacker, AttackerKind
from amber_id.attackers.catalogue import ATTACKERS, FITTED, NETWORKS, AttackerName
from amber_id.attackers.checkpoint import (
    CheckpointHeader,
    DevCalibration,
    DevFigures,
    load_checkpoint,
    save_checkpoint,
)
from amber_id.attackers.devices import find_device
from amber_id.attackers.zoo import default_signals, default_streams, load_attacker, resolved_config

__all__ = [
    "ATTACKERS",
    "FITTED",
    "NETWORKS",
    "Attacker",
    "AttackerKind",
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
