"""The training loop of a network, and how it goes on after a kill.

Cross-entropy, ArcFace or supervised contrast (`losses.py`) on batches cut on the device (`batches.py`).
AdamW; the learning rate warms up over a tenth of the steps and falls to zero as a cosine, unless it is to
stay. After every epoch the dev people are measured and the state is written; training stops when their EER
has long not fallen. After a first phase the loss proper begins with a new head and optimiser.
Nothing random outlives an epoch: all that is drawn is seeded by seed, fold and epoch, so a run that was
killed ends in the same weights as one that was not (same machine type, versions, threads; CPU, float32).

Started by ``torchrun`` it trains on several devices, each with its share of every batch; what is written is
written by the first of them.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from amber_id.atomic_files import write_text_atomically
from amber_id.attackers import DevFigures
from amber_id.attackers.networks import NetworkAttacker
from amber_id.errors import EmbeddingError, FileFormatError, TrainingError
from amber_id.motion import WindowSet
from amber_id.reading import reading
from amber_id.training.batches import DeviceWindows, clip_batches, shuffled
from amber_id.training.dev import measure_dev
from amber_id.training.fabric import open_fabric
from amber_id.training.loop_config import LoopConfig
from amber_id.training.losses import Loss
from amber_id.training.run_folder import FoldFolder, is_first_process
from amber_id.training.state_file import LogRow, StateHeader, read_state, write_state

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_WARM_UP = 0.1  # of all steps
_LONGEST_GRADIENT = 5.0  # longer ones are cut to this norm
_BATCH_OF_RATE = 32  # clips for which the learning rate is given
_LOG_COLUMNS = ("epoch", "loss", "dev_eer", "dev_auc", "learning_rate")


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to."""

    fold: int
    epoch: int
    epochs: int
    loss: float
    dev: DevFigures
    is_best: bool
    clips_per_s: float
    seconds_left: float


class Learner(nn.Module):
    """A network and its loss, which are trained together."""

    def __init__(self, network: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.network = network
        self.loss = loss

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"], subject: Int[Tensor, " N"]
    ) -> Float[Tensor, ""]:
        """The loss of a batch."""
        loss: Tensor = self.loss(self.network(x, mask), subject)
        return loss


@dataclass
class _State:
    """Everything that changes while training."""

    learner: Learner
    optimiser: torch.optim.Optimizer
    log: list[LogRow]
    second: Loss | None  # that takes over after the first phase

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return len(self.log)

    def note(self, loss: float, figures: DevFigures) -> bool:
        """Write an epoch down, and return whether it is the best so far."""
        is_best = all((figures.eer, -figures.auc) < (row[2], -row[3]) for row in self.log)
        rate = float(self.optimiser.param_groups[0]["lr"])
        self.log.append((self.epoch + 1.0, loss, figures.eer, figures.auc, rate))
        return is_best


@dataclass(frozen=True)
class _Learning:
    """A network and its optimiser on the devices of a training."""

    fabric: "Fabric"
    learner: nn.Module
    optimiser: torch.optim.Optimizer


def train_network(
    make_network: Callable[[], nn.Module],
    train: WindowSet,
    dev: WindowSet,
    config: LoopConfig,
    folder: FoldFolder,
    *,
    seed: int,
    device: torch.device,
    fingerprint: str,
    resume: bool,
    session_of: Mapping[str, str] | None = None,
    save_epoch: Callable[[NetworkAttacker, int, DevFigures, bool, bool], None],
    on_epoch: Callable[[EpochReport], None] | None = None,
) -> None:
    """Train on `train`, measure on `dev`, and hand every epoch's attacker to `save_epoch`.

    `save_epoch` gets the attacker, the epoch from one, its dev figures, whether it is the best so far, and
    whether it is the last. With `session_of`, that of each clip, only mated comparisons across sessions count
    on dev. `fingerprint` says what this training is; a state with another one is refused.

    Raises
    ------
    TrainingError
        If the training has diverged, so that the loss or embeddings are no longer numbers.
    """
    fabric = open_fabric(device, config)
    state = _begin(make_network, train, config, seed=seed, fold=folder.fold, device=fabric.device)
    if resume and folder.state.exists():
        _restore(state, folder, fingerprint, config)
    learning = _set_up(fabric, state, config)
    windows = DeviceWindows.of(train, fabric.device)
    started, first = time.perf_counter(), state.epoch
    while not _is_over(state.log, config):
        if state.second is not None and not _in_first_phase(state.epoch, config):
            _begin_second_phase(state, config)
            learning = _set_up(fabric, state, config)
        with _seeded(seed, folder.fold, state.epoch) as word:
            loss, clips_per_s = _next_epoch(learning, windows, train, state.epoch, config, seed=word)
        if not math.isfinite(loss):
            raise TrainingError(_diverged(folder, state.epoch, loss))
        attacker = NetworkAttacker(state.learner.network, fabric.device, train.config)
        measured = None
        if is_first_process():
            measured = _measure(attacker, dev, session_of, folder, state.epoch, loss)
        figures: DevFigures = fabric.broadcast(measured)  # type: ignore[assignment]
        is_best = state.note(loss, figures)
        if not is_first_process():
            continue
        save_epoch(attacker, state.epoch, figures, is_best, _is_over(state.log, config))
        _write_log(state, folder)
        _write_state(state, folder, fingerprint)
        if on_epoch is not None:
            per_epoch = (time.perf_counter() - started) / (state.epoch - first)
            left_s = per_epoch * (config.epochs - state.epoch)
            done = (folder.fold, state.epoch, config.epochs)
            on_epoch(EpochReport(*done, loss, figures, is_best, clips_per_s, left_s))
    fabric.barrier()


def is_finished(folder: FoldFolder, config: LoopConfig) -> bool:
    """Whether the training of a fold, of which there is a state, has come to its end."""
    return _is_over(read_state(folder, header_only=True)[0].log, config)


def forget_tensors(folder: FoldFolder) -> None:
    """Keep of the state of a finished fold what `is_finished` reads, and nothing to go on from."""
    header, _ = read_state(folder, header_only=True)
    write_state(folder, header, {})


def _is_over(log: Sequence[Sequence[float]], config: LoopConfig) -> bool:
    if not log:
        return False
    best = min(log, key=lambda row: (row[2], -row[3], row[0]))
    return len(log) >= config.epochs or len(log) - best[0] >= config.patience


def _begin(
    make_network: Callable[[], nn.Module],
    train: WindowSet,
    config: LoopConfig,
    *,
    seed: int,
    fold: int,
    device: torch.device,
) -> _State:
    with _seeded(seed, fold, -1):
        network = make_network()
        x, mask = train.gather(slice(0, 1))
        dimensions = network.eval()(torch.from_numpy(x), torch.from_numpy(mask)).shape[1]
        losses = [config.loss] if config.first_phase is None else [config.first_phase.loss, config.loss]
        first, *later = [Loss(len(train.subjects), dimensions, loss).to(device) for loss in losses]
    learner = Learner(network, first).to(device)
    return _State(learner, _optimiser(learner, config), [], later[0] if later else None)


def _optimiser(learner: Learner, config: LoopConfig) -> torch.optim.Optimizer:
    decayed = [p for p in learner.parameters() if p.ndim > 1]
    free = [p for p in learner.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def _in_first_phase(epoch: int, config: LoopConfig) -> bool:
    """Whether the epoch that follows so many others has the loss of the first phase."""
    return config.first_phase is not None and epoch < config.first_phase.epochs


def _begin_second_phase(state: _State, config: LoopConfig) -> None:
    if state.second is not None:
        state.learner = Learner(state.learner.network, state.second)
        state.optimiser, state.second = _optimiser(state.learner, config), None


def _set_up(fabric: "Fabric", state: _State, config: LoopConfig) -> _Learning:
    if config.compiled:
        state.learner.compile()
    learner, optimiser = fabric.setup(state.learner, state.optimiser)
    return _Learning(fabric, learner, optimiser)


def _next_epoch(
    learning: _Learning,
    windows: DeviceWindows,
    train: WindowSet,
    epoch: int,
    config: LoopConfig,
    *,
    seed: int,
) -> tuple[float, float]:
    """See every clip once; the mean loss, and clips per second."""
    started = time.perf_counter()
    batches = clip_batches(
        train.subject_of_clip,
        config.batch,
        per_subject=config.clips_per_subject,
        seed=seed,
        subjects_once=config.subjects_once,
    )
    subject = torch.from_numpy(train.subject_of_clip)
    loss = _train_epoch(learning, windows, subject, batches, epoch, config)
    return loss, sum(map(len, batches)) / (time.perf_counter() - started)


def _train_epoch(
    learning: _Learning,
    windows: DeviceWindows,
    subject: Int[Tensor, " M"],
    batches: list[Int[Tensor, " B"]],
    epoch: int,
    config: LoopConfig,
) -> float:
    """Take one step for each batch; the mean loss."""
    fabric, learner, optimiser = learning.fabric, learning.learner, learning.optimiser
    learner.train()
    phase = config.first_phase if config.first_phase and _in_first_phase(epoch, config) else config
    highest = phase.learning_rate * (config.batch / _BATCH_OF_RATE) ** 0.5
    steps = config.epochs * len(batches)
    total = torch.zeros((), device=fabric.device)
    for i, batch in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = highest * _schedule((epoch * len(batches) + i + 0.5) / steps, config)
        clips = torch.tensor_split(batch, fabric.world_size)[fabric.global_rank]
        x, mask = windows.crop(clips, config.augment)
        label = subject[clips].to(fabric.device)
        if phase.loss.shuffled_negatives:
            nobody = torch.full_like(label, int(subject.max()) + 1)
            x, mask, label = torch.cat([x, shuffled(x, mask)]), mask.repeat(2, 1), torch.cat([label, nobody])
        loss = learner(x, mask, label)
        optimiser.zero_grad(set_to_none=True)
        fabric.backward(loss)
        fabric.clip_gradients(learner, optimiser, max_norm=_LONGEST_GRADIENT, error_if_nonfinite=False)
        optimiser.step()
        total += loss.detach() * len(batch)
    return float(total) / sum(map(len, batches))


def _measure(
    attacker: NetworkAttacker,
    dev: WindowSet,
    session_of: Mapping[str, str] | None,
    folder: FoldFolder,
    epoch: int,
    loss: float,
) -> DevFigures:
    try:
        return measure_dev(attacker, dev, session_of)
    except EmbeddingError as error:
        raise TrainingError(_diverged(folder, epoch, loss)) from error


def _diverged(folder: FoldFolder, epoch: int, loss: float) -> str:
    return (
        f"fold {folder.fold}, epoch {epoch + 1}: the training has diverged (loss {loss:g}); "
        "lower the learning rate"
    )


def _schedule(share: float, config: LoopConfig) -> float:
    if config.schedule == "constant":
        return 1.0
    if share < _WARM_UP:
        return share / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (share - _WARM_UP) / (1 - _WARM_UP)))


@contextmanager
def _seeded(seed: int, fold: int, epoch: int) -> Iterator[int]:
    """Make torch's randomness depend on these three numbers, and leave its global state as it was.

    Gives one more number that depends on them.
    """
    words = np.random.SeedSequence([seed, fold, epoch + 1]).generate_state(3, np.uint32)
    with torch.random.fork_rng():
        torch.manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)
        yield int(words[2])


def _write_log(state: _State, folder: FoldFolder) -> None:
    lines = [",".join(_LOG_COLUMNS)]
    lines += [",".join([str(int(epoch)), *(repr(float(x)) for x in rest)]) for epoch, *rest in state.log]
    write_text_atomically(folder.log, "\n".join(lines) + "\n")


def _write_state(state: _State, folder: FoldFolder, fingerprint: str) -> None:
    tensors = {f"learner.{name}": t for name, t in state.learner.state_dict().items()}
    for index, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(t) for name, t in moments.items()}
    header = StateHeader(fingerprint=fingerprint, log=tuple(state.log))
    write_state(folder, header, {name: tensor.cpu().numpy() for name, tensor in tensors.items()})


def _restore(state: _State, folder: FoldFolder, fingerprint: str, config: LoopConfig) -> None:
    """Put the saved state into the fresh one.

    Raises
    ------
    FileFormatError
        If the file is cut off or belongs to another training.
    """
    header, arrays = read_state(folder, header_only=False)
    if header.fingerprint != fingerprint:
        raise FileFormatError(
            folder.state,
            "belongs to a training with another configuration, split or recordings; use another --out",
        )
    if not _in_first_phase(len(header.log) - 1, config):
        _begin_second_phase(state, config)
    with reading(folder.state, "the state of this training"):
        _put(state, {name: torch.from_numpy(array) for name, array in arrays.items()})
    state.log = list(header.log)


def _put(state: _State, tensors: Mapping[str, Tensor]) -> None:
    """Load network, loss and optimiser; raises what torch does, or ValueError, if something does not fit."""
    own = {name.removeprefix("learner."): t for name, t in tensors.items() if name.startswith("learner.")}
    state.learner.load_state_dict(own)
    sizes = [p.shape for group in state.optimiser.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".")
            if tensor.shape not in ((), sizes[int(index)]):
                raise ValueError(f"{name} is of shape {tuple(tensor.shape)}")
            moments.setdefault(int(index), {})[key] = tensor
    state.optimiser.load_state_dict({**state.optimiser.state_dict(), "state": moments})
