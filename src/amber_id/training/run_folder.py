"""What does a training leave, and where?

Layout::

    RUN/run.json                      the whole configuration, and what it was trained on
    RUN/split.csv                     who was trained on, chosen on, and is to be tested
    RUN/checkpoint.safetensors        the lowest dev EER so far
    RUN/checkpoints/epoch0007...      one for each epoch, for `amber reselect`; none in a study
    RUN/best.safetensors              what `amber reselect` chose
    RUN/log.csv                       one line for each epoch
    RUN/training_state.safetensors    what `--resume` needs; of a finished fold of a study no more than that

With k folds all but run.json and split.csv lie in RUN/fold0 to RUN/fold<k-1>.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from amber_id.atomic_files import write_text_atomically
from amber_id.attackers import AttackerName, CheckpointHeader, load_checkpoint
from amber_id.attackers.checkpoint import MOST_FOLDS
from amber_id.errors import FileFormatError
from amber_id.file_formats import read_json
from amber_id.motion import FeatureConfig
from amber_id.protocols import Control
from amber_id.reading import reading
from amber_id.training.loop_config import LoopConfig

_RUN_FILE = "run.json"
_SCHEMA: Literal["amber-id/run/2"] = "amber-id/run/2"


def is_first_process() -> bool:
    """Whether this is the only process of a training, or the first of those that ``torchrun`` started."""
    return os.environ.get("RANK", "0") == "0"


class TrainConfig(BaseModel):
    """Which attacker is trained, on what, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attacker: AttackerName = "stgcn"
    attacker_config: dict[str, Any] = {}  # what differs from the attacker's own defaults
    features: FeatureConfig = FeatureConfig()
    loop: LoopConfig = LoopConfig()  # networks only
    seed: int = Field(0, ge=0)
    control: Control | None = None


class RunRecord(BaseModel):
    """The content of ``run.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["amber-id/run/2"] = Field(_SCHEMA, alias="schema")
    config: TrainConfig
    folds: int = Field(ge=1, le=MOST_FOLDS)
    recordings_sha256: str
    split_sha256: str
    versions: dict[str, str]
    allowed: tuple[str, ...] = ()  # leaks


@dataclass(frozen=True)
class FoldFolder:
    """The files of one fold of a run."""

    path: Path
    fold: int

    @property
    def checkpoint(self) -> Path:
        """The checkpoint with the lowest dev EER so far."""
        return self.path / "checkpoint.safetensors"

    @property
    def best(self) -> Path:
        """What `amber reselect` chose, if it was run."""
        return self.path / "best.safetensors"

    @property
    def chosen(self) -> Path:
        """The checkpoint to use: `best` where there is one."""
        return self.best if self.best.exists() else self.checkpoint

    @property
    def state(self) -> Path:
        """What `--resume` needs."""
        return self.path / "training_state.safetensors"

    @property
    def log(self) -> Path:
        """One line for each epoch."""
        return self.path / "log.csv"

    def epoch(self, epoch: int) -> Path:
        """The checkpoint after an epoch, counted from one."""
        return self.path / "checkpoints" / f"epoch{epoch:04d}.safetensors"

    def epochs(self) -> list[Path]:
        """The checkpoints kept, in order of their epoch."""
        return sorted((self.path / "checkpoints").glob("epoch*.safetensors"))


@dataclass(frozen=True)
class Run:
    """A folder in which something was trained."""

    path: Path
    record: RunRecord

    @classmethod
    def create(cls, path: Path, record: RunRecord) -> "Run":
        """Make the folder and write its record."""
        write_text_atomically(path / _RUN_FILE, record.model_dump_json(indent=2, by_alias=True) + "\n")
        return cls(path, record)

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Read a run's record.

        Raises
        ------
        FileFormatError
            If there is none, or it is of another schema.
        """
        file = path / _RUN_FILE
        with reading(file, "a run"):
            is_there = file.is_file()
        if not is_there:
            raise FileFormatError(path, f"expected a run with a {_RUN_FILE}; make one with: amber train")
        return cls(path, read_json(RunRecord, file))

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether something was trained in this folder; raises FileFormatError if that cannot be seen."""
        with reading(path / _RUN_FILE, "a run"):
            return (path / _RUN_FILE).exists()

    @property
    def folds(self) -> tuple[FoldFolder, ...]:
        """The folder of each fold; the run itself where there is one fold."""
        if self.record.folds == 1:
            return (FoldFolder(self.path, 0),)
        return tuple(FoldFolder(self.path / f"fold{k}", k) for k in range(self.record.folds))

    def headers(self) -> tuple[CheckpointHeader, ...]:
        """What the checkpoint of each fold says of itself, its dev figures among it."""
        return tuple(load_checkpoint(folder.checkpoint)[0] for folder in self.folds)


def find_checkpoints(run: Path) -> tuple[Path, ...]:
    """The checkpoint of each fold of a run, or the one checkpoint that is named."""
    with reading(run, "a run or a checkpoint"):
        is_checkpoint = run.is_file()
    if is_checkpoint:
        return (run,)
    return tuple(folder.chosen for folder in Run.open(run).folds)
