"""The thesis' network: its size, its weakness, and that padding tells nothing."""

import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from amber_id.attackers.thesis import AttentionBlock, Thesis, ThesisConfig, VertexAttention
from amber_id.motion.graph import face_graph, unconnected_graph

N, C, T, V = 8, 2, 16, 12
SMALL = ThesisConfig(channels=(8, 8, 16), dimensions=10)


@pytest.fixture
def network() -> Thesis:
    torch.manual_seed(1)
    network = Thesis(C, unconnected_graph(V), SMALL)
    network(torch.randn(N, C, T, V), torch.ones(N, T, dtype=torch.bool))  # moves the running figures
    return network.eval()


def windows(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(N, C, T, V), torch.ones(N, T, dtype=torch.bool)


def test_it_has_the_size_and_cost_of_the_original() -> None:
    with torch.device("meta"):  # shapes alone: nothing is computed
        network = Thesis(2, face_graph(), ThesisConfig()).eval()
        x, mask = torch.randn(1, 2, 64, 152), torch.ones(1, 64, dtype=torch.bool)
    parameters = sum(p.numel() for p in network.parameters())
    with FlopCounterMode(display=False) as counter:
        embedded = network(x, mask)
    assert f"{parameters / 1e6:.3f} M" == "2.846 M"
    assert f"{counter.get_total_flops() / 1e9:.1f} GFLOP" == "59.5 GFLOP"
    assert embedded.shape == (1, 256)


def test_embeddings_have_length_one(network: Thesis) -> None:
    embedded = network(*windows())
    assert embedded.shape == (N, SMALL.dimensions)
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(N))


def test_it_cannot_tell_which_landmark_is_which(network: Thesis) -> None:
    """The published weakness: shuffled landmarks, other windows would be embedded elsewhere."""
    x, mask = windows()
    embedded = network(x, mask)
    order = torch.randperm(V, generator=torch.Generator().manual_seed(2))
    assert (network(x[..., order], mask) - embedded).abs().max() < 1e-6
    assert (network(x.flip(0), mask) - embedded).abs().max() > 1e-2


def test_attention_is_the_formula_in_every_frame() -> None:
    torch.manual_seed(0)
    layer = VertexAttention(3, 5)
    x = torch.randn(2, 3, 4, 6)
    got = layer(x)
    for n in range(2):
        for t in range(4):
            vertices = x[n, :, t].T  # (V, C)
            likes = layer.query(vertices) @ layer.key(vertices).T / 8**0.5
            torch.testing.assert_close(got[n, :, t].T, likes.softmax(dim=1) @ layer.value(vertices))


def test_padding_tells_nothing(network: Thesis) -> None:
    """A short window alone, and the same one padded with anything under a mask, are embedded alike."""
    x, mask = windows()
    short = network(x[:, :, :11], mask[:, :11])
    mask[:, 11:] = False
    torch.testing.assert_close(network(x, mask), short, rtol=1e-5, atol=1e-5)


def test_padding_tells_nothing_in_training_either() -> None:
    x, mask = windows()
    mask[:, 11:] = False
    network = Thesis(C, unconnected_graph(V), SMALL.model_copy(update={"dropout": 0.0}))
    torch.testing.assert_close(network(x + 9.0 * ~mask[:, None, :, None], mask), network(x, mask))


def test_a_block_hides_padding() -> None:
    x, mask = windows()
    mask[:, 11:] = False
    given = AttentionBlock(C, 8, SMALL)(x, mask[:, None, :, None].float())
    assert (given[:, :, 11:] == 0).all()
    assert (given[:, :, :11] != 0).any()


def test_a_window_is_embedded_alike_in_any_company(network: Thesis) -> None:
    x, mask = windows()
    torch.testing.assert_close(network(x[:1], mask[:1]), network(x, mask)[:1], rtol=1e-5, atol=1e-5)


def test_order_in_time_matters(network: Thesis) -> None:
    x, mask = windows()
    x = x.cumsum(dim=2)
    assert (network(x.flip(2), mask) - network(x, mask)).abs().max() > 1e-3


def test_every_parameter_has_a_gradient(network: Thesis) -> None:
    """But for the biases of the keys: they add the same to a whole row, which softmax takes out again."""
    x, mask = windows()
    network.double()(x.double(), mask).mul(torch.arange(SMALL.dimensions)).sum().backward()
    without = {name for name, p in network.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-12}
    assert without == {f"blocks.{i}.spatial.key.bias" for i in range(len(SMALL.channels))}


def test_unknown_keys_and_even_kernels_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        ThesisConfig.model_validate({"stride": 2})
    with pytest.raises(ValidationError, match="must be odd"):
        ThesisConfig(kernel=4)
