"""The attacker `thesis`: what did the master thesis' own network see?

Rebuilt from the description of *Assessing Privacy of Anonymized Video* (TU Berlin, 2025), without its code,
so that numbers can be compared: nine blocks, each an attention between the vertices of a frame (after
2s-AGCN, Shi et al., CVPR 2019, less its fixed and its learnt adjacency), then a temporal convolution. The
description leaves biases and norms open; these give the size (2.846 M parameters) and the cost (59.5 GFLOP
for a window of 64 frames and 152 vertices, forward) that were measured of the original.

In the code of the thesis, read since, a block has no ReLU between attention and convolution, and drops out
after the shortcut is added, not before; that was left as it is, since checkpoints depend on it.

All vertices share all weights and norms, and there is neither adjacency nor vertex code, so the network
cannot tell which landmark is which: shuffled landmarks have the same embedding. It is kept as published,
weakness included; `stgcn` is the stronger attacker. The thesis had no mask, since all its clips were made
equally long; here padding is hidden before and after every temporal convolution and left out of the mean.

Shapes: N windows, C channels, T frames, V vertices, A attention width, E channels given, D dimensions.
"""

from typing import ClassVar

from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.attackers.networks import Network
from amber_id.attackers.stgcn import Channels, OddKernel, Widths
from amber_id.motion import FaceGraph


class ThesisConfig(BaseModel):
    """The shape of the network; the defaults are the published one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Widths = (64, 64, 64, 128, 128, 128, 256, 256, 256)  # of the blocks
    kernel: OddKernel = 9  # frames seen by a temporal convolution; odd
    dimensions: Channels = 256  # of the embedding
    dropout: float = Field(0.3, ge=0, lt=1)


class Thesis(Network):
    """Windows (N, C, T, V) and their mask (N, T) to embeddings (N, D) of length one."""

    configuration: ClassVar[type[ThesisConfig]] = ThesisConfig

    def __init__(
        self,
        in_channels: int,
        graph: FaceGraph,
        config: ThesisConfig,
    ) -> None:
        super().__init__(in_channels, graph, config)
        widths = (in_channels, *config.channels)
        self.blocks = nn.ModuleList(
            AttentionBlock(widths[i], widths[i + 1], config) for i in range(len(config.channels))
        )
        self.project = nn.Linear(widths[-1], config.dimensions)
        self.output_norm = nn.BatchNorm1d(config.dimensions)

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N D"]:
        """Embed windows."""
        V = x.shape[3]
        keep = mask[:, None, :, None].to(x.dtype)
        x = x * keep
        for block in self.blocks:
            x = block(x, keep)
        frames = mask.sum(dim=1, keepdim=True).clamp(min=1)
        pooled = x.sum(dim=(2, 3)) / (frames * V)
        return F.normalize(self.output_norm(self.project(pooled)).float(), dim=1)


class AttentionBlock(nn.Module):
    """Vertices, then frames, with a shortcut: a plain one where the number of channels stays."""

    def __init__(self, in_channels: int, out_channels: int, config: ThesisConfig) -> None:
        super().__init__()
        self.spatial = VertexAttention(in_channels, out_channels)
        self.spatial_norm = nn.BatchNorm2d(out_channels)
        self.temporal = nn.Conv2d(
            out_channels, out_channels, (config.kernel, 1), padding=(config.kernel // 2, 0)
        )
        self.temporal_norm = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(config.dropout)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels)
            )

    def forward(
        self, x: Float[Tensor, "N C T V"], keep: Float[Tensor, "N 1 T 1"]
    ) -> Float[Tensor, "N E T V"]:
        """Give E channels; frames where `keep` is zero come out as zero."""
        mixed = F.relu(self.spatial_norm(self.spatial(x)))
        mixed = self.temporal_norm(self.temporal(mixed * keep))
        return F.relu(self.shortcut(x) + self.dropout(mixed)) * keep


class VertexAttention(nn.Module):
    """Every vertex gathers from all vertices of its frame, as much as its query likes their keys."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        width = max(8, in_channels // 2)
        self.query = nn.Linear(in_channels, width)
        self.key = nn.Linear(in_channels, width)
        self.value = nn.Linear(in_channels, out_channels)

    def forward(self, x: Float[Tensor, "N C T V"]) -> Float[Tensor, "N E T V"]:
        """Mix the vertices of each frame: softmax(query key^T / sqrt(A)) value, V x V for every frame."""
        x = x.permute(0, 2, 3, 1)
        mixed = F.scaled_dot_product_attention(self.query(x), self.key(x), self.value(x))
        return mixed.permute(0, 3, 1, 2)
