"""The name of an attacker says how it is trained, and a wrong one what is expected."""

import pytest

from amber_id.attackers.names import named_attacker
from amber_id.training.named import training_of


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("stgcn", ("stgcn", "landmarks", "none")),
        ("moments, ranks", ("moments", "landmarks", "ranks")),
        ("moments on blendshapes, standardised", ("moments", "blendshapes", "standardised")),
        ("blendshapes", ("blendshapes", "blendshapes", "none")),
    ],
)
def test_a_name_says_attacker_signals_and_inversion(name: str, parts: tuple[str, str, str]):
    assert named_attacker(name) == parts
    features = training_of(name).features
    assert (features.signals, features.inversion) == parts[1:]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("moment", "got 'moment'; do you mean moments"),
        ("moments on lips", "expected names such as"),
        ("moments, rank", "after the comma, got 'moments, rank'; do you mean ranks"),
    ],
)
def test_a_wrong_name_is_refused(name: str, problem: str):
    with pytest.raises(ValueError, match=problem):
        named_attacker(name)
