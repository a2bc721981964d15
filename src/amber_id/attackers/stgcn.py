"""The attacker `stgcn`: a spatio-temporal graph network that knows which landmark is which.

After ST-GCN (Yan et al., "Spatial temporal graph convolutional networks for skeleton-based action
recognition", AAAI 2018): every block mixes neighbours in K = 3 partitions of the face graph, then frames.
What makes it more than a set network, and what makes it train on a laptop:

- each vertex has its own input norm and its own learnt code;
- a learnt part of low rank is added to each partition of the skeleton (2s-AGCN, Shi et al., CVPR 2019), and a
  topology of the window itself, from signals that were averaged over its frames first (CTR-GCN, Chen et al.,
  ICCV 2021), so that one small product per window does what the thesis network does for every frame;
- the first temporal convolution strides, and later ones have branches of several reaches (as in pyskl's
  ST-GCN++, Duan et al., ACM MM 2022);
- at the end vertices are not averaged but read out as learnt parts of the face, frames are pooled by
  attentive statistics (Okabe et al., Interspeech 2018), and the mean and spread of the input stand beside
  them: much of what is characteristic of a person is how much each signal moves.

Padding is masked after every step and in the pooling: the embedding of a short clip does not depend on how
far it was padded.

Shapes: N windows, C channels, T frames, V vertices, K partitions, P parts, S frames after strides.
"""

from typing import Annotated, ClassVar

import torch
from jaxtyping import Bool, Float
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.attackers.networks import Network
from amber_id.motion import FaceGraph


def _odd(kernel: int) -> int:
    if kernel % 2 == 0:
        raise ValueError(f"must be odd, so that it is centred on a frame, got {kernel}")
    return kernel


OddKernel = Annotated[int, Field(ge=1, le=999), AfterValidator(_odd)]
Channels = Annotated[int, Field(ge=1, le=65_536)]
Widths = Annotated[tuple[Channels, ...], Field(min_length=1, max_length=64)]  # of layers, one after another


class StgcnConfig(BaseModel):
    """The shape of the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Widths = (24,)  # of the blocks; all but the first halve frames
    stem_kernel: OddKernel = 9  # frames seen by the first temporal convolution; odd
    stem_stride: int = Field(4, ge=1, le=999)  # frames from one step of it to the next
    kernel: OddKernel = 3  # steps seen by a branch of the other temporal convolutions; odd
    dilations: tuple[Annotated[int, Field(ge=1, le=999)], ...] = Field(
        (1, 2), min_length=1, max_length=64
    )  # of the branches
    rank: Channels = 8  # of the learnt part of the adjacency, and of that of a window
    parts: Channels = 16  # of the face, in the read-out
    width: Channels = 128  # channels of the read-out
    read_kernel: OddKernel = 5  # steps seen by the read-out; odd
    dimensions: Channels = 128  # of the embedding
    dropout: float = Field(0.3, ge=0, lt=1)


class Stgcn(Network):
    """Windows (N, C, T, V) and their mask (N, T) to embeddings (N, D) of length one."""

    configuration: ClassVar[type[StgcnConfig]] = StgcnConfig

    def __init__(self, in_channels: int, graph: FaceGraph, config: StgcnConfig) -> None:
        super().__init__(in_channels, graph, config)
        V, first, last = graph.n_vertices, config.channels[0], config.channels[-1]
        self.input_norm = MaskedVertexNorm(in_channels, V)
        self.stem = TemporalConv(in_channels, first, config.stem_kernel, stride=config.stem_stride)
        self.vertex_code = nn.Parameter(torch.randn(first, 1, V) * 0.1)
        widths = (first, *config.channels)
        self.blocks = nn.ModuleList(
            Block(widths[i], widths[i + 1], graph, config, stride=1 if i == 0 else 2)
            for i in range(len(config.channels))
        )
        self.parts = nn.Parameter(torch.randn(V, config.parts) / V**0.5)
        self.read_out = nn.Sequential(
            nn.Conv1d(
                last * config.parts,
                config.width,
                config.read_kernel,
                padding=config.read_kernel // 2,
                bias=False,
            ),
            nn.BatchNorm1d(config.width),
        )
        self.pool = AttentiveStatistics(config.width)
        self.moments = nn.Linear(3 * in_channels * V, config.width, bias=False)
        self.pooled_norm = nn.BatchNorm1d(3 * config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.project = nn.Linear(3 * config.width, config.dimensions, bias=False)
        self.output_norm = nn.BatchNorm1d(config.dimensions)

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N D"]:
        """Embed windows."""
        x = self.input_norm(x, mask)
        moments = self.moments(self.dropout(_moments(x, mask)))
        x, mask = self.stem(x, mask)
        x = _hide(F.relu(x) + self.vertex_code, mask)
        for block in self.blocks:
            x, mask = block(x, mask)
        parts = (x @ self.parts).mT.flatten(1, 2)  # (N, C P, S)
        pooled = self.pool(F.relu(self.read_out(parts)), mask)
        pooled = self.pooled_norm(torch.cat([pooled, moments], dim=1))
        return F.normalize(self.output_norm(self.project(self.dropout(pooled))).float(), dim=1)


class Block(nn.Module):
    """Neighbours, then frames, with a shortcut."""

    def __init__(
        self, in_channels: int, out_channels: int, graph: FaceGraph, config: StgcnConfig, *, stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        self.spatial = GraphConv(in_channels, out_channels, graph, config.rank)
        self.temporal = BranchedConv(out_channels, config, stride=stride)
        self.dropout = nn.Dropout(config.dropout)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N E S V"], Bool[Tensor, "N S"]]:
        """Give E channels and S = T / stride frames, and the mask of those."""
        shortcut = self.shortcut(x[:, :, :: self.stride])
        x, mask = self.temporal(_hide(self.spatial(x, mask), mask), mask)
        return _hide(F.relu(shortcut + self.dropout(x)), mask), mask


class GraphConv(nn.Module):
    """Sum over neighbours in K partitions, each with its own weights, then batch norm and ReLU.

    The adjacency of partition k is that of the face plus ``left[k] @ right[k]``, which starts near zero. One
    more partition is of the window: ``tanh(query^T key)`` of its vertices, averaged over frames, which starts
    at zero and enters by a learnt factor.
    """

    adjacency: Tensor

    def __init__(self, in_channels: int, out_channels: int, graph: FaceGraph, rank: int) -> None:
        super().__init__()
        K, V = graph.adjacency.shape[:2]
        self.register_buffer("adjacency", torch.from_numpy(graph.adjacency).float(), persistent=False)
        self.left = nn.Parameter(torch.randn(K, V, min(rank, V)) * 0.01)
        self.right = nn.Parameter(torch.randn(K, min(rank, V), V) * 0.1)
        self.query = nn.Linear(in_channels, rank, bias=False)
        self.key = nn.Linear(in_channels, rank, bias=False)
        self.own = nn.Parameter(torch.zeros(()))
        self.mix = nn.Conv2d((K + 1) * in_channels, out_channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N E T V"]:
        """Mix each vertex with its neighbours."""
        N, C, T, V = x.shape
        K = len(self.adjacency)
        weights = self.adjacency + self.left @ self.right  # (K, V, V): row i gathers from column j
        gathered = x.reshape(N * C * T, V) @ weights.reshape(K * V, V).T  # one product for all partitions
        gathered = gathered.reshape(N, C, T, K, V).permute(0, 3, 1, 2, 4).reshape(N, K * C, T, V)
        mean = (x.sum(dim=2) / _frames(mask)[:, None, None]).mT
        own = torch.tanh(self.query(mean) @ self.key(mean).mT) * (self.own / V)
        of_window = (x.reshape(N, C * T, V) @ own.mT).reshape(N, C, T, V)
        return F.relu(self.norm(self.mix(torch.cat([gathered, of_window], dim=1))))


class TemporalConv(nn.Module):
    """Convolution over frames alone, then batch norm; padding stays hidden."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, stride: int, dilation: int = 1
    ) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            (kernel, 1),
            (stride, 1),
            (kernel // 2 * dilation, 0),
            (dilation, 1),
            bias=False,
        )
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N E S V"], Bool[Tensor, "N S"]]:
        """Give S = T / stride frames, and the mask of those."""
        mask = mask[:, :: self.stride]
        return _hide(self.norm(self.conv(x)), mask), mask


class BranchedConv(nn.Module):
    """Over frames in branches: one convolution for each dilation, the highest of three, and the frame itself.

    Every branch has its share of the channels.
    """

    def __init__(self, channels: int, config: StgcnConfig, *, stride: int) -> None:
        super().__init__()
        n = len(config.dilations) + 2
        sizes = [channels // n] * (n - 1)
        sizes.append(channels - sum(sizes))
        self.stride = stride
        self.reduce = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.sizes = sizes
        self.branches = nn.ModuleList(
            TemporalConv(size, size, config.kernel, stride=stride, dilation=dilation)
            for size, dilation in zip(sizes, config.dilations, strict=False)
        )

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N C S V"], Bool[Tensor, "N S"]]:
        """Give S = T / stride frames, and the mask of those."""
        x = _hide(F.relu(self.norm(self.reduce(x))), mask)
        *convolved, highest, itself = torch.split(x, self.sizes, dim=1)
        strided = mask[:, :: self.stride]
        parts = [branch(part, mask)[0] for branch, part in zip(self.branches, convolved, strict=True)]
        # What is hidden is zero, and so is the least that a ReLU gives: it never is the highest.
        parts.append(_hide(F.max_pool2d(highest, (3, 1), (self.stride, 1), (1, 0)), strided))
        parts.append(itself[:, :, :: self.stride])
        return torch.cat(parts, dim=1), strided


class AttentiveStatistics(nn.Module):
    """Mean and spread over the frames of the mask, each channel weighing frames in its own way."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv1d(channels, channels // 2, 1), nn.Tanh(), nn.Conv1d(channels // 2, channels, 1)
        )

    def forward(self, x: Float[Tensor, "N E S"], mask: Bool[Tensor, "N S"]) -> Float[Tensor, "N F"]:
        """Give F = 2 E figures."""
        weight = self.look(x).masked_fill(~mask[:, None], -torch.inf).softmax(dim=2)
        mean = (x * weight).sum(dim=2)
        var = ((x - mean[:, :, None]) ** 2 * weight).sum(dim=2)
        return torch.cat([mean, (var + 1e-6).sqrt()], dim=1)


class MaskedVertexNorm(nn.Module):
    """Batch norm of every channel of every vertex by itself, over the frames of the mask alone."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, n_vertices: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(channels, n_vertices))
        self.register_buffer("running_var", torch.ones(channels, n_vertices))

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N C T V"]:
        """Standardise, by the batch in training and by the running figures otherwise."""
        mean, var = self.running_mean, self.running_var
        x = x.float()  # sums over a batch are beyond bf16
        if self.training:
            weight = mask[:, None, :, None].to(x.dtype)
            frames = weight.sum()
            mean = (x * weight).sum(dim=(0, 2)) / frames
            var = ((x - mean[:, None]) ** 2 * weight).sum(dim=(0, 2)) / frames
            self.running_mean.lerp_(mean.detach(), self.momentum)
            self.running_var.lerp_(var.detach(), self.momentum)
        # The floor keeps a signal that never moves, such as the motion of a static view, at zero.
        return _hide((x - mean[:, None]) / (var[:, None] + 1e-6).sqrt(), mask)


def _hide(x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N C T V"]:
    return x * mask[:, None, :, None].to(x.dtype)


def _frames(mask: Bool[Tensor, "N T"]) -> Float[Tensor, " N"]:
    return mask.sum(dim=1).clamp(min=1).float()


def _moments(x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N F"]:
    """The mean of every signal over the mask, and logarithms of its spread and its changes; F = 3 C V."""
    frames = _frames(mask)[:, None, None]
    mean = x.sum(dim=2) / frames
    var = (x**2).sum(dim=2) / frames - mean**2  # of values that are standardised already
    changes = ((x.diff(dim=2) * mask[:, None, 1:, None]) ** 2).sum(dim=2) / frames
    logs = [(power.clamp(min=0) + 1e-3).log() / 2 for power in (var, changes)]
    return torch.cat([mean, *logs], dim=1).flatten(1)
