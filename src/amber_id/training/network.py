"""The training loop of a network, and how it goes on after a kill.

Cross-entropy over the training subjects, on cosines between embeddings and one learnt direction for each
subject (Wang et al., "NormFace", ACM MM 2017). AdamW; the learning rate warms up over a tenth of the
steps and falls to zero as a cosine. After every epoch the dev people are measured and the state is
written. Nothing random outlives an epoch: shuffling and dropout are seeded by seed, fold and epoch, so a
run that was killed ends in the same weights as one that was not (same machine type, versions, threads).
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.atomic_files import write_text_atomically
from amber_id.attackers import DevFigures
from amber_id.attackers.stgcn import Stgcn, StgcnAttacker
from amber_id.errors import EmbeddingError, FileFormatError, TrainingError
from amber_id.file_formats import read_tensors, write_tensors
from amber_id.motion import WindowSet
from amber_id.training.dev import measure_dev
from amber_id.training.run_folder import FoldFolder, LoopConfig

_WARM_UP = 0.1  # of all steps
_LONGEST_GRADIENT = 5.0  # longer ones are cut to this norm
_STATE_SCHEMA = "amber-id/training-state/1"
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


@dataclass
class _State:
    """Everything that changes while training."""

    network: Stgcn
    directions: nn.Parameter  # (subjects, D)
    optimiser: torch.optim.AdamW
    epoch: int
    log: list[tuple[float, ...]]


def train_network(
    make_network: Callable[[], Stgcn],
    train: WindowSet,
    dev: WindowSet,
    config: LoopConfig,
    folder: FoldFolder,
    *,
    seed: int,
    device: torch.device,
    fingerprint: str,
    resume: bool,
    save_epoch: Callable[[StgcnAttacker, int, DevFigures, bool], None],
    on_epoch: Callable[[EpochReport], None] | None = None,
) -> None:
    """Train on `train`, measure on `dev`, and hand every epoch's attacker to `save_epoch`.

    `save_epoch` gets the attacker, the epoch from one, its dev figures, and whether it is the best so far.
    `fingerprint` says what this training is; a state with another one is refused.

    Raises
    ------
    TrainingError
        If the training has diverged, so that embeddings are no longer numbers.
    """
    state = _begin(make_network, train, config, seed=seed, fold=folder.fold, device=device)
    if resume and folder.state.exists():
        _restore(state, folder, fingerprint)
    values = torch.from_numpy(train.values).to(device)
    mask = torch.from_numpy(train.mask).to(device)
    subject = torch.from_numpy(train.subject_of_clip).to(device)
    first_window = torch.from_numpy(np.searchsorted(train.clip, np.arange(len(train.entries) + 1)))
    started, first = time.perf_counter(), state.epoch
    while state.epoch < config.epochs:
        epoch_started = time.perf_counter()
        with _seeded(seed, folder.fold, state.epoch):
            loss = _train_epoch(state, values, mask, subject, first_window, config)
        seconds = time.perf_counter() - epoch_started
        attacker = StgcnAttacker(state.network, device)
        try:
            figures = measure_dev(attacker, dev)
        except EmbeddingError as error:
            raise TrainingError(
                f"fold {folder.fold}, epoch {state.epoch + 1}: the training has diverged (loss {loss:g}); "
                "lower the learning rate"
            ) from error
        state.epoch += 1
        is_best = all((figures.eer, -figures.auc) < (row[2], -row[3]) for row in state.log)
        state.log.append((state.epoch, loss, figures.eer, figures.auc, _rate(state.optimiser)))
        save_epoch(attacker, state.epoch, figures, is_best)
        _write_log(state, folder)
        _write_state(state, folder, fingerprint)
        if on_epoch is not None:
            per_epoch = (time.perf_counter() - started) / (state.epoch - first)
            left = per_epoch * (config.epochs - state.epoch)
            report = EpochReport(
                fold=folder.fold,
                epoch=state.epoch,
                epochs=config.epochs,
                loss=loss,
                dev=figures,
                is_best=is_best,
                clips_per_s=len(train.entries) / seconds,
                seconds_left=left,
            )
            on_epoch(report)


def _begin(
    make_network: Callable[[], Stgcn],
    train: WindowSet,
    config: LoopConfig,
    *,
    seed: int,
    fold: int,
    device: torch.device,
) -> _State:
    with _seeded(seed, fold, -1):
        network = make_network().to(device)
        dimensions = network.project.out_features
        directions = nn.Parameter(torch.randn(len(train.subjects), dimensions).to(device))
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": [*decayed, directions], "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return _State(network, directions, torch.optim.AdamW(groups, lr=config.learning_rate), 0, [])


def _train_epoch(
    state: _State,
    values: Float[Tensor, "N C T V"],
    mask: Bool[Tensor, "N T"],
    subject: Int[Tensor, " M"],
    first_window: Int[Tensor, " _"],
    config: LoopConfig,
) -> float:
    """Train on one random window of every clip, in random order; the mean loss."""
    state.network.train()
    total = 0.0
    batches = _batches(len(subject), config.batch)
    steps = config.epochs * len(batches)
    for i, clips in enumerate(batches):
        share = (state.epoch * len(batches) + i + 0.5) / steps
        for group in state.optimiser.param_groups:
            group["lr"] = config.learning_rate * _schedule(share)
        windows = _random_windows(first_window, clips).to(values.device)
        embedded = state.network(values[windows], mask[windows])
        cosines = embedded @ F.normalize(state.directions, dim=1).T
        loss = F.cross_entropy(
            config.logit_scale * cosines,
            subject[clips.to(values.device)],
            label_smoothing=config.label_smoothing,
        )
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(state.network.parameters(), _LONGEST_GRADIENT)
        state.optimiser.step()
        total += float(loss.detach()) * len(clips)
    return total / len(subject)


def _batches(n: int, size: int) -> list[Int[Tensor, " B"]]:
    """A random order, cut into batches of nearly equal size, so that none is too small for a batch norm."""
    return list(torch.tensor_split(torch.randperm(n), max(1, round(n / size))))


def _random_windows(first_window: Int[Tensor, " _"], clips: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
    """One window of each clip, all its windows alike.

    Clip m has the windows from ``first_window[m]`` to before ``first_window[m + 1]``.
    """
    first, count = first_window[clips], first_window[clips + 1] - first_window[clips]
    return first + (torch.rand(len(clips), dtype=torch.float64) * count).long()


def _schedule(share: float) -> float:
    if share < _WARM_UP:
        return share / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (share - _WARM_UP) / (1 - _WARM_UP)))


def _rate(optimiser: torch.optim.Optimizer) -> float:
    return float(optimiser.param_groups[0]["lr"])


@contextmanager
def _seeded(seed: int, fold: int, epoch: int) -> Iterator[None]:
    """Make torch's randomness depend on these three numbers, and leave its global state as it was."""
    words = np.random.SeedSequence([seed, fold, epoch + 1]).generate_state(2, np.uint32)
    with torch.random.fork_rng():
        torch.manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)
        yield


def _write_log(state: _State, folder: FoldFolder) -> None:
    lines = [",".join(_LOG_COLUMNS)]
    lines += [",".join([str(int(epoch)), *(repr(float(x)) for x in rest)]) for epoch, *rest in state.log]
    write_text_atomically(folder.log, "\n".join(lines) + "\n")


def _write_state(state: _State, folder: FoldFolder, fingerprint: str) -> None:
    tensors = {f"network.{name}": t for name, t in state.network.state_dict().items()}
    tensors["directions"] = state.directions.detach()
    for index, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(t) for name, t in moments.items()}
    header = {"fingerprint": fingerprint, "epoch": state.epoch, "log": state.log}
    arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
    write_tensors(folder.state, _STATE_SCHEMA, header, arrays)


def _restore(state: _State, folder: FoldFolder, fingerprint: str) -> None:
    """Put the saved state into the fresh one.

    Raises
    ------
    FileFormatError
        If the file is cut off or belongs to another training.
    """
    header, arrays = read_tensors(folder.state, _STATE_SCHEMA)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if header["fingerprint"] != fingerprint:
        raise FileFormatError(
            folder.state,
            "belongs to a training with another configuration, split or recordings; use another --out",
        )
    state.network.load_state_dict(
        {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
    )
    state.directions.data.copy_(tensors["directions"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".")
            moments.setdefault(int(index), {})[key] = tensor
    state.optimiser.load_state_dict({**state.optimiser.state_dict(), "state": moments})
    state.epoch, state.log = header["epoch"], [tuple(row) for row in header["log"]]
