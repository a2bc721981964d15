"""The attacker `stgcn`: a spatio-temporal graph network that knows which landmark is which.

After ST-GCN (Yan et al., "Spatial temporal graph convolutional networks for skeleton-based action
recognition", AAAI 2018): every block mixes neighbours in K = 3 partitions of the face graph, then
frames by a temporal convolution. Three things make it more than a set network: each vertex has its own
input norm and its own learnt code, and a learnt part, of low rank, is added to each partition of the
skeleton (as in 2s-AGCN, Shi et al., CVPR 2019), so that parts of the face far apart can act together.
The first convolution strides over time, so that it trains on a laptop. Padding is masked after every
block and in the pooling: the embedding of a short clip does not depend on how far it was padded.

Shapes: N windows, C channels, T frames, V vertices, K partitions, D dimensions.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.motion import FaceGraph


class StgcnConfig(BaseModel):
    """The shape of the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: tuple[int, ...] = Field(
        (32, 64), min_length=1
    )  # of the blocks; all but the first halve the frames
    stem_kernel: int = Field(9, ge=1)  # frames seen by the first temporal convolution; odd
    stem_stride: int = Field(4, ge=1)  # frames from one step of it to the next
    kernel: int = Field(5, ge=1)  # frames seen by the other temporal convolutions; odd
    rank: int = Field(8, ge=1)  # of the learnt part of the adjacency
    dimensions: int = Field(128, ge=1)  # of the embedding
    dropout: float = Field(0.2, ge=0, lt=1)

    @field_validator("stem_kernel", "kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"must be odd, so that it is centred on a frame, got {kernel}")
        return kernel


class Stgcn(nn.Module):
    """Windows (N, C, T, V) and their mask (N, T) to embeddings (N, D) of length one."""

    def __init__(self, in_channels: int, graph: FaceGraph, config: StgcnConfig) -> None:
        super().__init__()
        first = config.channels[0]
        self.input_norm = MaskedVertexNorm(in_channels, graph.n_vertices)
        self.stem = TemporalConv(in_channels, first, config.stem_kernel, stride=config.stem_stride)
        self.vertex_code = nn.Parameter(torch.randn(first, 1, graph.n_vertices) * 0.1)
        widths = (first, *config.channels)
        self.blocks = nn.ModuleList(
            Block(widths[i], widths[i + 1], graph, config, stride=1 if i == 0 else 2)
            for i in range(len(config.channels))
        )
        self.project = nn.Linear(2 * config.channels[-1], config.dimensions, bias=False)
        self.output_norm = nn.BatchNorm1d(config.dimensions)

    def forward(self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N D"]:
        """Embed windows."""
        x = self.input_norm(x, mask)
        x, mask = self.stem(x, mask)
        x = _hide(x + self.vertex_code, mask)
        for block in self.blocks:
            x, mask = block(x, mask)
        return F.normalize(self.output_norm(self.project(_pool(x, mask))), dim=1)


class Block(nn.Module):
    """Neighbours, then frames, with a shortcut."""

    def __init__(
        self, in_channels: int, out_channels: int, graph: FaceGraph, config: StgcnConfig, *, stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        self.spatial = GraphConv(in_channels, out_channels, graph, config.rank)
        self.temporal = TemporalConv(out_channels, out_channels, config.kernel, stride=stride)
        self.dropout = nn.Dropout(config.dropout)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N E S V"], Bool[Tensor, "N S"]]:
        """Give E channels and S = T / stride frames, and the mask of those."""
        kept = self.shortcut(x[:, :, :: self.stride])
        x, mask = self.temporal(_hide(self.spatial(x), mask), mask)
        return _hide(F.relu(kept + self.dropout(x)), mask), mask


class GraphConv(nn.Module):
    """Sum over neighbours in K partitions, each with its own weights, then batch norm and ReLU.

    The adjacency of partition k is that of the face plus ``left[k] @ right[k]``, which starts near zero.
    """

    adjacency: Tensor

    def __init__(self, in_channels: int, out_channels: int, graph: FaceGraph, rank: int) -> None:
        super().__init__()
        K, V = graph.adjacency.shape[:2]
        self.register_buffer("adjacency", torch.from_numpy(graph.adjacency).float(), persistent=False)
        rank = min(rank, V)
        self.left = nn.Parameter(torch.randn(K, V, rank) * 0.01)
        self.right = nn.Parameter(torch.randn(K, rank, V) * 0.1)
        self.mix = nn.Conv2d(K * in_channels, out_channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Float[Tensor, "N C T V"]) -> Float[Tensor, "N E T V"]:
        """Mix each vertex with its neighbours."""
        N, C, T, V = x.shape
        K = len(self.adjacency)
        weights = self.adjacency + self.left @ self.right  # (K, V, V): row i gathers from column j
        gathered = x.reshape(N * C * T, V) @ weights.reshape(K * V, V).T  # one product for all partitions
        gathered = gathered.reshape(N, C, T, K, V).permute(0, 3, 1, 2, 4).reshape(N, K * C, T, V)
        return F.relu(self.norm(self.mix(gathered)))


class TemporalConv(nn.Module):
    """Convolution over frames alone, then batch norm; padding stays hidden."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(
            in_channels, out_channels, (kernel, 1), (stride, 1), (kernel // 2, 0), bias=False
        )
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(
        self, x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]
    ) -> tuple[Float[Tensor, "N E S V"], Bool[Tensor, "N S"]]:
        """Give S = T / stride frames, and the mask of those."""
        mask = mask[:, :: self.stride]
        return _hide(self.norm(self.conv(x)), mask), mask


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


def _pool(x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N E"]:
    """Mean over vertices and frames, and mean over vertices of the spread over frames."""
    weight = mask[:, None, :, None].to(x.dtype)
    frames = weight.sum(dim=2).clamp(min=1)
    mean = (x * weight).sum(dim=2) / frames
    var = ((x - mean[:, :, None]) ** 2 * weight).sum(dim=2) / frames
    return torch.cat([mean.mean(dim=2), (var + 1e-6).sqrt().mean(dim=2)], dim=1)


class StgcnAttacker:
    """A trained network, used on NumPy arrays."""

    def __init__(self, network: Stgcn, device: torch.device) -> None:
        self.network = network.to(device).eval()
        self.device = device

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], *, batch: int = 64
    ) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, of length one."""
        parts = []
        with torch.inference_mode():
            for start in range(0, len(values), batch):
                x = torch.from_numpy(values[start : start + batch]).to(self.device)
                m = torch.from_numpy(mask[start : start + batch]).to(self.device)
                parts.append(self.network(x, m).float().cpu().numpy())
        return np.concatenate(parts)

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        return {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}

    @classmethod
    def from_tensors(
        cls,
        tensors: dict[str, np.ndarray],
        *,
        in_channels: int,
        graph: FaceGraph,
        config: StgcnConfig,
        device: torch.device,
    ) -> "StgcnAttacker":
        """The attacker of a checkpoint; raises RuntimeError if the arrays do not fit the network."""
        network = Stgcn(in_channels, graph, config)
        network.load_state_dict({name: torch.from_numpy(a) for name, a in tensors.items()}, strict=True)
        return cls(network, device)
