"""What a training of a network leaves so that it can go on: network, loss, optimiser and log of an epoch."""

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict

from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.training.run_folder import FoldFolder

_SCHEMA = "amber-id/training-state/2"

LogRow = tuple[float, float, float, float, float]
"""Of an epoch: its number from one, the loss, EER and AUC on dev, the learning rate."""


class StateHeader(BaseModel):
    """Which training a state is of, and a row for each of its epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fingerprint: str
    log: tuple[LogRow, ...]


def write_state(folder: FoldFolder, header: StateHeader, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the state of a fold, whole or not at all."""
    write_tensors(folder.state, _SCHEMA, header.model_dump(mode="json"), arrays)


def read_state(folder: FoldFolder, *, header_only: bool) -> tuple[StateHeader, dict[str, np.ndarray]]:
    """Read the state of a fold; raises FileFormatError if it is cut off, damaged, or of another kind."""
    values, arrays = read_tensors(folder.state, _SCHEMA, header_only=header_only, largest_header=LARGE_HEADER)
    return validated(StateHeader, values, folder.state), arrays
