"""A defence that was learned: its file, and how it changes a clip frame by frame, without torch.

It is trained by `amber_id.training.defence` and is one ``.safetensors``: the weights of `learned_motion.py`,
and in the header what they were trained on and what was measured on the dev people. Of the people that it
was trained on, and of those that chose its epoch, the header has hashes of their names with a salt, so that
a name can be looked up and a list of names cannot be read off; whoever has a list of likely names can try
them all.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field

from amber_id.anonymisers.channels import CHANNELS
from amber_id.anonymisers.defence import Defence, Frame, Given, Step
from amber_id.anonymisers.learned_motion import DRAWN, POPULATION, shapes, state_size, stepped
from amber_id.errors import FileFormatError
from amber_id.file_formats import file_hash, read_tensors, validated, write_tensors

LEARNED_SCHEMA: Literal["amber-id/learned-defence/2"] = "amber-id/learned-defence/2"
MOST_HIDDEN = 4096
"""How many numbers a recurrent unit, or the layer after it, may have."""


class LearnedDev(BaseModel):
    """What dev people's clips came to at strength 1: attackers' lowest EER, and what expression is left."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    eer: float = Field(ge=0, le=1)
    attacker: str
    correlation: float = Field(ge=-1, le=1)  # mean over the coefficients that move
    amplitude: float = Field(ge=0)  # geometric mean of their ratios of spread
    people: int = Field(ge=2)


class LearnedHeader(BaseModel):
    """Everything about a learned defence but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    channels: tuple[str, ...]
    hidden: int = Field(ge=1, le=MOST_HIDDEN)  # numbers of the recurrent unit
    middle: int = Field(ge=1, le=MOST_HIDDEN)  # of the layer between it and what it adds
    seed: int = Field(ge=0)
    epoch: int = Field(ge=0)  # the one that was chosen on dev
    epochs: int = Field(ge=0)
    dev: LearnedDev
    salt: str
    trained_on: tuple[str, ...]  # `name_hash` of the train people that are not synthetic
    chosen_on: tuple[str, ...]  # the same of the dev people, who chose the epoch
    synthetic_people: int = Field(ge=0)
    stretches: int = Field(ge=0)  # of recordings, that it was trained on
    recordings_sha256: str  # "" where all are synthetic
    versions: dict[str, str]
    amber_id_version: str


@dataclass(frozen=True)
class LearnedModel:
    """Weights, and where they come from; `sha256` is that of the file."""

    header: LearnedHeader
    weights: dict[str, Float[np.ndarray, "..."]]
    sha256: str

    def knows(self, subject: str) -> bool:
        """Whether somebody of this name is among the people that it was trained on."""
        return name_hash(self.header.salt, subject) in self.header.trained_on

    def was_chosen_on(self, subject: str) -> bool:
        """Whether somebody of this name is among the people that chose its epoch."""
        return name_hash(self.header.salt, subject) in self.header.chosen_on

    def words_on(self, subjects: Collection[str]) -> str:
        """How many of these names it knows, and what follows, in words; "" if none."""
        names = set(subjects)
        counts = {
            "that the learned defence was trained on": sum(map(self.knows, names)),
            "of people that chose its epoch": sum(map(self.was_chosen_on, names)),
        }
        known = " and ".join(f"{count} have names {whose}" for whose, count in counts.items() if count)
        if not known:
            return ""
        return f"of {len(names)} people, {known}: it may hide them better than it hides others"


def name_hash(salt: str, subject: str) -> str:
    """The hash that stands for a person's name."""
    return hashlib.sha256(f"{salt} {subject}".encode()).hexdigest()[:32]


def save_learned(path: Path, header: LearnedHeader, weights: dict[str, Float[np.ndarray, "..."]]) -> None:
    """Write a learned defence, whole or not at all; equal ones are equal bytes."""
    arrays = {name: np.asarray(array, np.float32) for name, array in weights.items()}
    write_tensors(path, LEARNED_SCHEMA, header.model_dump(mode="json"), arrays)


def load_learned(path: Path) -> LearnedModel:
    """Read a learned defence.

    Raises
    ------
    FileFormatError
        If it is missing, cut off, of another kind or version, or its weights do not fit its header.
    """
    values, tensors = read_tensors(path, LEARNED_SCHEMA)
    header = validated(LearnedHeader, values, path)
    if header.channels != CHANNELS:
        raise FileFormatError(
            path, f"expected the {len(CHANNELS)} channels of this version, got others; train it again"
        )
    expected = shapes(header.hidden, header.middle)
    if {name: array.shape for name, array in tensors.items()} != expected:
        raise FileFormatError(path, "its weights do not fit its header; train it again")
    for name, array in tensors.items():
        positive = name in POPULATION[1:]
        if array.dtype != np.float32 or not np.isfinite(array).all() or (positive and not (array > 0).all()):
            kind = "finite float32 above 0" if positive else "finite float32"
            raise FileFormatError(path, f"expected {kind} in {name}, got others")
    weights = {name: array.astype(np.float64) for name, array in tensors.items()}
    return LearnedModel(header, weights, file_hash(path))


def _learned(strength: float, given: Given) -> Step:
    model, rng = given.learned, given.rng
    state = np.zeros(state_size(model.header.hidden))

    def step(frame: Frame, since_s: float) -> Frame:
        nonlocal state
        numbers = rng.standard_normal(DRAWN)
        changed, state = stepped(np, model.weights, frame, np.array([since_s]), numbers, state)
        return frame + strength * (changed - frame)

    return step


LEARNED: tuple[Defence, ...] = (
    Defence(
        name="learned",
        summary="a network trained against attackers, of --model (`amber defences train` makes one)",
        family="learned",
        needs_model=True,
        live=_learned,
    ),
)
