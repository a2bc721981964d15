"""The attacker `distances`: do the distances between landmarks give a person away?

After avatar fingerprinting (Prashnani et al., "Avatar Fingerprinting for Authorized Use of Synthetic
Talking-Head Videos", ECCV 2024, arXiv 2305.03713): the Euclidean distances between landmarks in every
frame go into a temporal convolutional network. Where a head is and how far it rolls changes no distance, so
what is left is the shape of the face and how it moves.

The landmarks are anchors spread evenly over the vertices in their order, and all pairs of anchors are
taken; each distance is standardised by itself. Distances are taken raw: their logarithm would have no floor
where two anchors meet, as lids and lips do. Padding is hidden after every layer and in the pooling.

Shapes: N windows, C channels, T frames, V vertices, P pairs, E channels given, S frames given, D dimensions.
"""

from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.attackers.networks import Network
from amber_id.attackers.stgcn import Channels, MaskedVertexNorm, OddKernel, Widths
from amber_id.motion import FaceGraph


class DistancesConfig(BaseModel):
    """The shape of the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    anchors: int = Field(40, ge=2)  # landmarks between which distances are taken; all, if there are fewer
    channels: Widths = (128, 128, 128)  # of the layers; all but the first halve the frames
    kernel: OddKernel = 5  # frames seen by a layer; odd
    dimensions: Channels = 128  # of the embedding
    dropout: float = Field(0.2, ge=0, lt=1)


class Distances(Network):
    """Windows (N, C, T, V) and their mask (N, T) to embeddings (N, D) of length one.

    Raises
    ------
    ValueError
        If the channels are not those of the joint stream, or if there is no pair of vertices.
    """

    configuration: ClassVar[type[DistancesConfig]] = DistancesConfig

    first: Tensor
    second: Tensor

    def __init__(self, in_channels: int, graph: FaceGraph, config: DistancesConfig) -> None:
        super().__init__(in_channels, graph, config)
        if in_channels not in (2, 3):
            raise ValueError(
                f"distances take the joint stream alone, of 2 or 3 channels, got {in_channels} channels"
            )
        if graph.n_vertices < 2:
            raise ValueError(f"distances need at least 2 vertices, got {graph.n_vertices}")
        n_anchors = min(config.anchors, graph.n_vertices)
        anchors = np.linspace(0, graph.n_vertices - 1, n_anchors).round().astype(np.int64)
        rows, columns = np.triu_indices(n_anchors, k=1)
        self.register_buffer("first", torch.from_numpy(anchors[rows]), persistent=False)
        self.register_buffer("second", torch.from_numpy(anchors[columns]), persistent=False)
        self.input_norm = MaskedVertexNorm(1, len(rows))
        widths = (len(rows), *config.channels)
        self.layers = nn.ModuleList(
            TemporalLayer(widths[i], widths[i + 1], config, stride=1 if i == 0 else 2)
            for i in range(len(config.channels))
        )
        self.project = nn.Linear(2 * widths[-1], config.dimensions, bias=False)
        self.output_norm = nn.BatchNorm1d(config.dimensions)

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N D"]:
        """Embed windows."""
        distances = torch.linalg.vector_norm(x[..., self.first] - x[..., self.second], dim=1, keepdim=True)
        x = self.input_norm(distances, mask)[:, 0].mT  # (N, P, T)
        for layer in self.layers:
            x, mask = layer(x, mask)
        return F.normalize(self.output_norm(self.project(_pool(x, mask))).float(), dim=1)


class TemporalLayer(nn.Module):
    """Convolution over frames, batch norm, ReLU, dropout; padding stays hidden."""

    def __init__(self, in_channels: int, out_channels: int, config: DistancesConfig, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv1d(
            in_channels, out_channels, config.kernel, stride, config.kernel // 2, bias=False
        )
        self.norm = nn.BatchNorm1d(out_channels)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "N C T"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N E S"], Bool[Tensor, "N S"]]:
        """Give E channels and S = T / stride frames, and the mask of those."""
        mask = mask[:, :: self.stride]
        x = self.dropout(F.relu(self.norm(self.conv(x))))
        return x * mask[:, None].to(x.dtype), mask


def _pool(x: Float[Tensor, "N E T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N F"]:
    """Mean and spread over the frames of the mask, F = 2 E figures."""
    weight = mask[:, None].to(x.dtype)
    frames = weight.sum(dim=2).clamp(min=1)
    mean = (x * weight).sum(dim=2) / frames
    var = ((x - mean[:, :, None]) ** 2 * weight).sum(dim=2) / frames
    return torch.cat([mean, (var + 1e-6).sqrt()], dim=1)
