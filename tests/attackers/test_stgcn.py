"""The network: shapes, masks, and that it knows which landmark is which."""

import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from amber_id.attackers.stgcn import GraphConv, MaskedVertexNorm, Stgcn, StgcnConfig
from amber_id.motion.graph import face_graph, unconnected_graph

N, C, T, V = 5, 6, 50, 152


@pytest.fixture
def network() -> Stgcn:
    torch.manual_seed(1)
    network = Stgcn(C, face_graph(), StgcnConfig())
    network(torch.randn(8, C, T, V), torch.ones(8, T, dtype=torch.bool))  # fills the running figures
    return network.eval()


def windows(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(N, C, T, V), torch.ones(N, T, dtype=torch.bool)


def test_embeddings_have_length_one(network: Stgcn) -> None:
    embedded = network(*windows())
    assert embedded.shape == (N, StgcnConfig().dimensions)
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(N))


def test_padding_tells_nothing(network: Stgcn) -> None:
    """A short window alone, and the same one padded with anything under a mask, are embedded alike."""
    x, mask = windows()
    for block in network.blocks:
        block.spatial.own.data.fill_(1.0)
    short = network(x[:, :, :40], mask[:, :40])
    mask[:, 40:] = False
    torch.testing.assert_close(network(x, mask), short, rtol=1e-4, atol=1e-5)


def test_a_window_is_embedded_alike_in_any_company(network: Stgcn) -> None:
    x, mask = windows()
    torch.testing.assert_close(network(x[:1], mask[:1]), network(x, mask)[:1], rtol=1e-4, atol=1e-5)


def test_it_matters_which_landmark_is_which(network: Stgcn) -> None:
    """The thesis network gave the same embedding to within 3e-8 when the landmarks were shuffled."""
    x, mask = windows()
    order = torch.randperm(V, generator=torch.Generator().manual_seed(2))
    assert (network(x[..., order], mask) - network(x, mask)).abs().max() > 1e-2


def test_order_in_time_matters(network: Stgcn) -> None:
    x, mask = windows()
    x = x.cumsum(dim=2)
    assert (network(x.flip(2), mask) - network(x, mask)).abs().max() > 1e-3


def test_every_parameter_has_a_gradient() -> None:
    torch.manual_seed(0)
    network = Stgcn(C, face_graph(), StgcnConfig())
    for part in network.modules():
        if isinstance(part, GraphConv):
            part.own.data.fill_(1.0)  # starts at zero, which nothing goes through
    network(*windows()).square().mul(torch.arange(128)).sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


@pytest.mark.parametrize(("channels", "vertices", "frames"), [(1, 58, 25), (6, 2, 64), (3, 9, 33)])
def test_other_sizes(channels: int, vertices: int, frames: int) -> None:
    network = Stgcn(channels, unconnected_graph(vertices), StgcnConfig(channels=(8, 12, 16), dimensions=10))
    embedded = network(torch.randn(4, channels, frames, vertices), torch.ones(4, frames, dtype=torch.bool))
    assert embedded.shape == (4, 10)
    assert torch.isfinite(embedded).all()


def test_vertex_norm_is_batch_norm_over_the_mask() -> None:
    norm = MaskedVertexNorm(2, 3)
    x, mask = torch.randn(4, 2, 7, 3) * 5 + 2, torch.ones(4, 7, dtype=torch.bool)
    mask[1, 3:] = False
    got = norm(x, mask)
    for c in range(2):
        for v in range(3):
            real = torch.cat([x[n, c, mask[n], v] for n in range(4)])
            expected = (x[2, c, :, v] - real.mean()) / (real.var(correction=0) + 1e-6).sqrt()
            torch.testing.assert_close(got[2, c, :, v], expected, rtol=1e-4, atol=1e-4)
    assert (got[1, :, 3:] == 0).all()


def test_a_signal_that_never_moves_stays_zero(network: Stgcn) -> None:
    fresh = Stgcn(C, face_graph(), StgcnConfig())
    embedded = fresh(torch.zeros(N, C, T, V), torch.ones(N, T, dtype=torch.bool))
    assert torch.isfinite(embedded).all()


def test_an_even_kernel_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be odd"):
        StgcnConfig(kernel=4)


def test_a_branch_of_a_strided_block_sees_no_padding() -> None:
    torch.manual_seed(0)
    network = Stgcn(C, face_graph(), StgcnConfig(channels=(12, 16), dilations=(1, 3))).eval()
    x, mask = windows()
    mask[:, 37:] = False
    torch.testing.assert_close(network(x, mask), network(x[:, :, :37], mask[:, :37]), rtol=1e-4, atol=1e-5)


def test_a_window_has_a_topology_of_its_own() -> None:
    torch.manual_seed(0)
    layer = GraphConv(C, 8, face_graph(), rank=4).eval()
    x, mask = windows()
    without = layer(x, mask)
    layer.own.data.fill_(5.0)
    assert (layer(x, mask) - without).abs().max() > 1e-2
    one, two = layer(x[:1], mask[:1]), layer(torch.cat([x[:1], 3 * x[1:2]]), mask[:2])[:1]
    torch.testing.assert_close(one, two)  # that of another window changes nothing


def test_it_costs_less_than_one_gmac_for_a_window() -> None:
    network = Stgcn(4, face_graph(), StgcnConfig()).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.randn(1, 4, 64, V), torch.ones(1, 64, dtype=torch.bool))
    assert counter.get_total_flops() / 2 < 0.1e9
