"""The network on distances: what it is blind to, what it is not, masks and cost."""

import math

import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from amber_id.attackers.distances import Distances, DistancesConfig
from amber_id.motion.graph import face_graph, unconnected_graph

N, C, T, V = 8, 2, 16, 12
SMALL = DistancesConfig(anchors=6, channels=(8, 12, 16), dimensions=10)


@pytest.fixture
def network() -> Distances:
    torch.manual_seed(1)
    network = Distances(C, unconnected_graph(V), SMALL)
    for _ in range(20):  # brings the running figures near those of the windows
        network(torch.randn(N, C, T, V), torch.ones(N, T, dtype=torch.bool))
    return network.eval()


def windows(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(N, C, T, V), torch.ones(N, T, dtype=torch.bool)


def test_size_and_cost() -> None:
    network = Distances(2, face_graph(), DistancesConfig()).eval()
    parameters = sum(p.numel() for p in network.parameters())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        embedded = network(torch.randn(1, 2, 64, 152), torch.ones(1, 64, dtype=torch.bool))
    pairs, width = 780, 128
    convolutions = 5 * (pairs * width + 2 * width**2)
    assert parameters == convolutions + 3 * 2 * width + 2 * width**2 + 2 * width
    macs = 5 * (64 * pairs * width + (32 + 16) * width**2) + 2 * width**2
    assert counter.get_total_flops() == 2 * macs
    assert macs < 0.1e9
    assert embedded.shape == (1, 128)


def test_anchors_are_spread_from_the_first_vertex_to_the_last() -> None:
    network = Distances(2, face_graph(), DistancesConfig())
    pairs = torch.stack([network.first, network.second], dim=1)
    assert len(pairs.unique(dim=0)) == len(pairs) == 780
    assert (network.first != network.second).all()
    gaps = pairs.unique().diff()
    assert (pairs.min(), pairs.max()) == (0, 151)
    assert set(gaps.tolist()) == {3, 4}


def test_all_vertices_are_anchors_where_there_are_few() -> None:
    network = Distances(2, unconnected_graph(4), DistancesConfig())
    pairs = list(zip(network.first.tolist(), network.second.tolist(), strict=True))
    assert pairs == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_distances_are_euclidean_and_standardised(network: Distances) -> None:
    seen = []
    network.layers[0].register_forward_hook(lambda _module, given, _result: seen.append(given[0]))
    x, mask = windows()
    network(x, mask)
    a, b = int(network.first[3]), int(network.second[3])
    distance = math.hypot(*(x[1, :, 5, a] - x[1, :, 5, b]).tolist())
    mean, var = network.input_norm.running_mean[0, 3], network.input_norm.running_var[0, 3]
    assert seen[0][1, 3, 5].item() == pytest.approx(((distance - mean) / var.sqrt()).item(), abs=1e-4)


def test_embeddings_have_length_one(network: Distances) -> None:
    embedded = network(*windows())
    assert embedded.shape == (N, SMALL.dimensions)
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(N))


def test_where_the_head_is_and_how_it_rolls_does_not_matter(network: Distances) -> None:
    """Another roll and another place in every frame."""
    x, mask = windows()
    angle = torch.linspace(-1, 1, T)
    roll = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    moved = torch.einsum("dct,nctv->ndtv", roll, x) + torch.randn(N, C, T, 1)
    torch.testing.assert_close(network(moved, mask), network(x, mask), rtol=1e-4, atol=1e-5)
    assert (network(1.1 * x, mask) - network(x, mask)).abs().max() > 1e-3


def test_depth_is_part_of_a_distance() -> None:
    torch.manual_seed(1)
    network = Distances(3, unconnected_graph(V), SMALL).eval()
    x, mask = torch.randn(N, 3, T, V), torch.ones(N, T, dtype=torch.bool)
    flat = x * torch.tensor([1.0, 1.0, 0.0])[:, None, None]
    assert (network(flat, mask) - network(x, mask)).abs().max() > 1e-3


def test_it_matters_which_landmark_is_which() -> None:
    """Even where all are anchors, so that the distances themselves stay the same ones."""
    torch.manual_seed(1)
    network = Distances(C, unconnected_graph(V), SMALL.model_copy(update={"anchors": V})).eval()
    x, mask = windows()
    order = torch.randperm(V, generator=torch.Generator().manual_seed(2))
    assert (network(x[..., order], mask) - network(x, mask)).abs().max() > 1e-2


def test_order_in_time_matters(network: Distances) -> None:
    x, mask = windows()
    x, mask = x[:, :, :13].cumsum(dim=2), mask[:, :13]  # the strides keep the same frames from either end
    assert (network(x.flip(2), mask) - network(x, mask)).abs().max() > 1e-3


@pytest.mark.parametrize("frames", [11, 12])
def test_padding_tells_nothing(network: Distances, frames: int) -> None:
    """A short window alone, and the same one padded with anything under a mask, are embedded alike."""
    x, mask = windows()
    short = network(x[:, :, :frames], mask[:, :frames])
    mask[:, frames:] = False
    torch.testing.assert_close(network(x, mask), short, rtol=1e-5, atol=1e-5)


def test_padding_tells_nothing_in_training_either() -> None:
    x, mask = windows()
    mask[:, 11:] = False
    network = Distances(C, unconnected_graph(V), SMALL.model_copy(update={"dropout": 0.0}))
    torch.testing.assert_close(network(x * (1 + 9.0 * ~mask[:, None, :, None]), mask), network(x, mask))


def test_a_window_is_embedded_alike_in_any_company(network: Distances) -> None:
    x, mask = windows()
    torch.testing.assert_close(network(x[:1], mask[:1]), network(x, mask)[:1], rtol=1e-5, atol=1e-5)


def test_every_parameter_has_a_gradient() -> None:
    torch.manual_seed(0)
    network = Distances(C, unconnected_graph(V), SMALL)
    network(*windows()).mul(torch.arange(SMALL.dimensions)).sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-6]
    assert without == []


def test_a_still_face_can_be_learnt_from() -> None:
    network = Distances(C, unconnected_graph(V), SMALL)
    torch.nn.init.ones_(network.layers[-1].norm.bias)  # lets the gradient through where all else is zero
    embedded = network(torch.zeros(N, C, T, V), torch.ones(N, T, dtype=torch.bool))
    embedded.sum().backward()
    assert torch.isfinite(embedded).all()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("channels", [1, 4, 6])
def test_other_streams_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match=f"joint stream alone, of 2 or 3 channels, got {channels}"):
        Distances(channels, unconnected_graph(V), SMALL)


def test_a_single_vertex_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 vertices, got 1"):
        Distances(2, unconnected_graph(1), SMALL)


def test_unknown_keys_and_even_kernels_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        DistancesConfig.model_validate({"pairs": 780})
    with pytest.raises(ValidationError, match="must be odd"):
        DistancesConfig(kernel=4)
