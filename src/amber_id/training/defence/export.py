"""A learned defence for programs without Python: one ``.onnx`` file of one frame, whose state is carried.

Inputs, float32, N faces at a time: ``frame`` (N, 57), the channels of `anonymisers.channels`; ``since_s``
(N, 1), seconds since the frame before; ``numbers`` (N, 456), new standard normal ones; ``strength`` (N, 1),
from 0 to 1; ``state`` (N, S), 0 before the first frame. Outputs: ``changed`` (N, 57) and ``next_state``.
The header of the file stands in ``metadata_props`` under ``amber_id``. A model is written only if
onnxruntime, given frames and its own state, agrees with what `amber defend` does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from amber_id.anonymisers.channels import CHANNELS, FACE
from amber_id.anonymisers.learned import LEARNED_SCHEMA, LearnedModel, load_learned
from amber_id.anonymisers.learned_motion import DRAWN, state_size, stepped
from amber_id.anonymisers.lips import with_closed_lips
from amber_id.atomic_files import write_atomically
from amber_id.attackers.onnx_export import require_onnx, session_of, traced
from amber_id.errors import AmberError
from amber_id.training.defence.network import DefenceNetwork

TOLERANCE = 1e-5
"""How far a channel may be from what `amber defend` makes of it."""

_INPUTS = ("frame", "since_s", "numbers", "strength", "state")
_FRAMES = 60


@dataclass(frozen=True)
class ExportedDefence:
    """What was written: the length of the state, and the largest difference from `amber defend`."""

    path: Path
    state: int
    largest_difference: float


class _AtStrength(nn.Module):
    def __init__(self, network: DefenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, frame: Tensor, since_s: Tensor, numbers: Tensor, strength: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        changed, after = self.network(frame, since_s, numbers, state)
        return frame + strength * (changed - frame), after


def export_defence(model_file: Path, path: Path) -> ExportedDefence:
    """Write a learned defence as ONNX, or nothing.

    Raises
    ------
    AmberError
        If it cannot be exported, or onnxruntime does not agree with numpy; `path` is then as it was before.
    FileFormatError
        If the file is no learned defence of this version.
    MissingDependencyError
        If the extra ``onnx`` is not installed.
    """
    require_onnx()
    model = load_learned(model_file)
    data = to_onnx(model)
    difference = largest_difference(data, model)
    if not difference <= TOLERANCE:
        raise AmberError(
            f"{model_file}: as ONNX its frames differ by {difference:.2g}, at most {TOLERANCE:g} is expected "
            "(not written)"
        )
    write_atomically(path, data)
    return ExportedDefence(path, state_size(model.header.hidden), difference)


def to_onnx(model: LearnedModel) -> bytes:
    """The bytes of an ONNX file; raises AmberError if torch cannot trace the network."""
    network = _AtStrength(DefenceNetwork(model.weights)).eval()
    S = state_size(model.header.hidden)
    example = (torch.zeros(2, len(CHANNELS)), torch.zeros(2, 1), torch.zeros(2, DRAWN), torch.ones(2, 1))
    return traced(
        network,
        (*example, torch.zeros(2, S)),
        inputs=_INPUTS,
        outputs=("changed", "next_state"),
        name="the defence",
        about={"schema": LEARNED_SCHEMA, **model.header.model_dump(mode="json")},
    )


def largest_difference(data: bytes, model: LearnedModel) -> float:
    """How far frames by onnxruntime are from those in numpy, over 60 frames of one and of three faces.

    In every second frame the lips are closed.
    """
    session = session_of(data)
    shut = np.where(np.array(CHANNELS) == "mouthClose", 0.2, 0.0)
    S = state_size(model.header.hidden)
    differences = []
    for faces in (1, 3):
        rng = np.random.default_rng(faces)
        state, carried = np.zeros((faces, S)), np.zeros((faces, S), np.float32)
        strength = rng.uniform(0, 1, (faces, 1))
        walked = rng.uniform(0, 0.5, (faces, len(CHANNELS)))
        for n in range(_FRAMES):
            walked = walked + 0.03 * rng.standard_normal(walked.shape)
            walked[:, FACE] = np.clip(walked[:, FACE], 0, 1)
            frame = with_closed_lips(walked, shut) if n % 2 else walked
            since_s = rng.uniform(0.01, 0.1, (faces, 1))
            numbers = rng.standard_normal((faces, DRAWN))
            changed, state = stepped(np, model.weights, frame, since_s, numbers, state)
            expected = frame + strength * (changed - frame)
            inputs = [np.asarray(each, np.float32) for each in (frame, since_s, numbers, strength)]
            named = dict(zip(_INPUTS, [*inputs, carried], strict=True))
            by_onnx, carried = session.run(None, named)
            differences.append(float(np.abs(by_onnx - expected).max()))
    return float(np.max(differences))
