"""The attackers that a defence is trained against, and how well they do.

They are `moments`, fitted anew every few steps to defended clips of people who are not in the step. What the
defence minimises is, in each view of `statistics.VIEWS`:

separation  of the mated from the non-mated cosines of the attacker of this view, in standard deviations
share       of the variance of each statistic that lies between people (intraclass correlation), unbiased,
            mean over all, large ones more: an attacker sees few directions at a time, and those that it does
            not see at the moment count, too
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from amber_id.attackers.moments import MomentsConfig, fit_to_statistics
from amber_id.motion import FeatureConfig

_FEATURES = FeatureConfig(signals="blendshapes")  # whose statistics are reduced as one kind
_TINY = 1e-7


@dataclass(frozen=True)
class Adversary:
    """A fitted attacker on one kind of statistics, in torch."""

    mean: Float[Tensor, " F"]
    projection: Float[Tensor, "F D"]

    def embed(self, statistics: Float[Tensor, "N W F"]) -> Float[Tensor, "N D"]:
        """One vector of length 1 for each stretch, from those of its windows."""
        vectors = (statistics - self.mean) @ self.projection
        vectors = torch.nn.functional.normalize(vectors, dim=2)
        return torch.nn.functional.normalize(vectors.sum(dim=1), dim=1)


def fitted(statistics: Float[Tensor, "N W F"], owner: Int[np.ndarray, " N"]) -> Adversary:
    """`moments` fitted to the statistics of the windows of N stretches; raises TrainingError as it does."""
    N, W, F = statistics.shape
    values = statistics.detach().reshape(N * W, F).double().numpy()
    attacker = fit_to_statistics(
        values, np.repeat(owner, W), MomentsConfig(), features=_FEATURES, co_movement=False
    )
    projection = attacker.projection / attacker.scale[:, None]
    return Adversary(*(torch.tensor(each, dtype=torch.float32) for each in (attacker.mean, projection)))


def separation(vectors: Float[Tensor, "N D"], owner: Int[np.ndarray, " N"]) -> Tensor:
    """Distance of the mean mated from the mean non-mated cosine, in their standard deviations."""
    first, second = torch.triu_indices(len(vectors), len(vectors), 1)
    scores = (vectors @ vectors.T)[first, second]
    owners = torch.as_tensor(owner)
    mated = owners[first] == owners[second]
    one, other = scores[mated], scores[~mated]
    return (one.mean() - other.mean()) / torch.sqrt((one.var() + other.var()) / 2 + _TINY)


def share_between(statistics: Float[Tensor, "P K F"]) -> Tensor:
    """The share of the variance of each of F statistics between P people, of K stretches each.

    Statistics that do not vary are left out.
    """
    P, K, _ = statistics.shape
    means = statistics.mean(dim=1)
    within = ((statistics - means[:, None]) ** 2).sum(dim=(0, 1)) / (P * (K - 1))
    between = means.var(dim=0) - within / K
    total = between + within
    return (between / total.clamp(min=_TINY))[total > _TINY]
