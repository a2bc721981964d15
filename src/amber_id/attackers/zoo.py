"""An attacker by its name, and the attacker of a checkpoint."""

from pathlib import Path
from typing import Any

from amber_id.attackers.attacker import Attacker, StoredAttacker
from amber_id.attackers.catalogue import ATTACKERS, AttackerName
from amber_id.attackers.checkpoint import CheckpointHeader, load_checkpoint
from amber_id.motion import FeatureConfig, Signals, Stream, View


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
    stored = StoredAttacker(path, tensors, header.features, header.attacker_config)
    return header, kind.load(stored, device)
