"""The training of a defence: limits on expression against attackers that are fitted anew as it goes.

Every second step the attackers are fitted to the latest defended clips of people who are not in it; the
defence then moves against them, within its limits (`limits.py`). After each epoch, attackers are fitted to
train people and tested on dev people, who choose the epoch: of those that keep the limit of correlation, the
one with the highest EER of the strongest attacker. Test people are not seen. One thread computes, so that
sums have one order.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amber_id.anonymisers.learned import LearnedDev
from amber_id.anonymisers.learned_motion import initial_weights
from amber_id.biometrics import compare_all, eer
from amber_id.errors import TrainingError
from amber_id.training.defence.adversary import Adversary, fitted, separation, share_between
from amber_id.training.defence.clips import RATE_HZ, Stretches, refuse_too_few
from amber_id.training.defence.config import DefenceTrainConfig
from amber_id.training.defence.limits import excess, kept
from amber_id.training.defence.network import DefenceNetwork
from amber_id.training.defence.statistics import VIEWS, statistics_of_view

_REFIT = 2  # steps with the same attackers
_ATTACKED_WITH = 64  # people at most to whom an attacker is fitted
_SHARE, _SEPARATION = 6.0, 0.75  # weights of the two that are minimised
_LARGE_SHARES = 3.0  # how much more large shares count
_SHARPNESS = 4.0  # of the bend at a separation of 0, below which little is gained
_SLACK = 0.004  # of the limit of correlation, on dev
_LEAST_SPREAD = 2e-3  # of a channel of the population that hardly moves
_AT_ONCE = 128  # stretches


@dataclass(frozen=True)
class EpochDone:
    """What an epoch came to on the dev people; `is_best` says whether it is the one that is kept so far."""

    epoch: int
    epochs: int
    dev: LearnedDev
    is_best: bool


@dataclass(frozen=True)
class Trained:
    """The weights of the epoch that was chosen."""

    weights: dict[str, Float[np.ndarray, "..."]]
    epoch: int
    dev: LearnedDev


def train_defence(
    train: Stretches,
    dev: Stretches,
    config: DefenceTrainConfig,
    *,
    on_epoch: Callable[[EpochDone], None] | None = None,
) -> Trained:
    """Train on stretches of some people, and choose the epoch on those of others.

    Raises
    ------
    TrainingError
        If there are fewer than four train people or two dev people, or the loss is no longer a number.
    """
    refuse_too_few(train, "training a defence")
    if dev.people < 2:
        raise TrainingError(f"training a defence: 2 dev people or more are needed, got {dev.people}")
    with _one_thread():
        training = _Training(train, config)
        best: Trained | None = None
        for epoch in range(1, config.epochs + 1):
            training.run_epoch(epoch)
            measured = training.measured_on(dev)
            limit = config.correlation - _SLACK
            is_best = best is None or _worth(measured, limit) > _worth(best.dev, limit)
            if best is None or is_best:
                best = Trained(training.network.arrays(), epoch, measured)
            if on_epoch is not None:
                on_epoch(EpochDone(epoch, config.epochs, measured, is_best))
    assert best is not None  # there is one epoch at least
    return best


def _worth(dev: LearnedDev, limit: float) -> tuple[bool, float]:
    """What is chosen by: the limit kept, then the EER; where none keeps it, the correlation."""
    keeps = dev.correlation >= limit
    return keeps, dev.eer if keeps else dev.correlation


class _Training:
    """The network, its optimiser, and the latest statistics of all defended train clips."""

    def __init__(self, train: Stretches, config: DefenceTrainConfig) -> None:
        self.train, self.config = train, config
        self.rng = np.random.default_rng([config.seed, 1])
        self.generator = torch.Generator().manual_seed(config.seed)
        weights = initial_weights(
            self.rng, hidden=config.hidden, middle=config.middle, population=_population(train)
        )
        self.network = DefenceNetwork(weights)
        self.optimiser = torch.optim.Adam(self.network.groups(config.rate))
        steps = config.epochs * config.steps
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: max(0.05, 1 - step / steps)
        )
        self.values = torch.tensor(train.values, dtype=torch.float32)
        self.members = [np.flatnonzero(train.owner == person) for person in range(train.people)]
        self.several = [n for n, own in enumerate(self.members) if len(own) >= config.clips]
        if len(self.several) < 2:
            raise TrainingError(
                f"training a defence: 2 people or more need {config.clips} stretches of their clips each"
            )
        self.statistics = self._defended_statistics(self.values, self.generator)
        self.adversaries: dict[str, Adversary] = {}

    def run_epoch(self, epoch: int) -> None:
        """So many steps; raises TrainingError if the loss is no longer a number."""
        picked = np.zeros(0, np.int64)
        for step in range(self.config.steps):
            if step % _REFIT == 0:
                n = min(self.config.people, max(2, len(self.several) // 2))
                picked = self.rng.choice(self.several, n, replace=False)
                self._refit(without=picked)
            loss = self._loss(picked)
            if not torch.isfinite(loss):
                raise TrainingError(f"the loss is no longer a number in epoch {epoch}: lower the rate")
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimiser.step()
            self.schedule.step()

    def measured_on(self, dev: Stretches) -> LearnedDev:
        """The strongest attacker's EER on dev people, and what their clips keep of expression."""
        generator = torch.Generator().manual_seed(self.config.seed + 1)
        before = torch.tensor(dev.values, dtype=torch.float32)
        after = self._defended(before, generator)
        measured = kept(before, after)
        chosen = self._some(np.arange(self.train.people), np.random.default_rng(self.config.seed))
        train = self._defended_statistics(self.values[chosen], generator)
        eers = {}
        for view in VIEWS:
            adversary = fitted(train[view], self.train.owner[chosen])
            vectors = adversary.embed(statistics_of_view(after, view, rate_hz=RATE_HZ))
            comparisons = compare_all(vectors.double().numpy(), dev.owner)
            eers[view] = eer(comparisons.mated_scores, comparisons.nonmated_scores)
        strongest = min(eers, key=lambda view: eers[view])
        return LearnedDev(
            eer=eers[strongest],
            attacker=strongest,
            correlation=float(measured.of_coefficients(measured.correlation).mean()),
            amplitude=float(measured.of_coefficients(measured.amplitude).mean().exp()),
            people=dev.people,
        )

    def _loss(self, people: np.ndarray) -> Tensor:
        K = self.config.clips
        rows = np.concatenate([self.rng.permutation(self.members[person])[:K] for person in people])
        before = self.values[rows]
        after = self.network.whole(before, rate_hz=RATE_HZ, generator=self.generator)
        loss = excess(kept(before, after), self.config.correlation)
        for view in VIEWS:
            statistics = statistics_of_view(after, view, rate_hz=RATE_HZ)
            self.statistics[view][rows] = statistics.detach()
            apart = separation(self.adversaries[view].embed(statistics), self.train.owner[rows])
            share = share_between(statistics.mean(dim=1).reshape(len(people), K, -1))
            bend = torch.nn.functional.softplus(_SHARPNESS * apart) / _SHARPNESS
            large = share + _LARGE_SHARES * torch.relu(share) ** 2
            loss = loss + _SEPARATION * bend + _SHARE * large.mean()
        return loss

    def _refit(self, without: np.ndarray) -> None:
        rows = self._some(np.setdiff1d(np.arange(self.train.people), without), self.rng)
        owner = self.train.owner[rows]
        self.adversaries = {view: fitted(self.statistics[view][rows], owner) for view in VIEWS}

    def _some(self, people: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The stretches of some of these people."""
        chosen = rng.choice(people, min(_ATTACKED_WITH, len(people)), replace=False)
        return np.flatnonzero(np.isin(self.train.owner, chosen))

    def _defended_statistics(self, values: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        parts = [
            {view: statistics_of_view(after, view, rate_hz=RATE_HZ) for view in VIEWS}
            for after in self._defended_parts(values, generator)
        ]
        return {view: torch.cat([part[view] for part in parts]) for view in VIEWS}

    def _defended(self, values: Tensor, generator: torch.Generator) -> Tensor:
        return torch.cat(list(self._defended_parts(values, generator)))

    def _defended_parts(self, values: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        for begin in range(0, len(values), _AT_ONCE):
            with torch.no_grad():
                part = values[begin : begin + _AT_ONCE]
                yield self.network.whole(part, rate_hz=RATE_HZ, generator=generator)


def _population(train: Stretches) -> dict[str, Float[np.ndarray, " C"]]:
    """Mean, spread of a stretch and squared speed: the mean over train people, who count alike."""

    def over_people(values: Float[np.ndarray, "N C"]) -> Float[np.ndarray, " C"]:
        return np.mean([values[train.owner == person].mean(axis=0) for person in range(train.people)], axis=0)

    spread = np.maximum(over_people(train.values.std(axis=1)), _LEAST_SPREAD)
    speed = (np.diff(train.values, axis=1) * RATE_HZ / spread) ** 2
    return {
        "mean": over_people(train.values.mean(axis=1)),
        "spread": spread,
        "speed": over_people(speed.mean(axis=1)) + 1e-6,
    }


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
