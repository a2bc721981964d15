"""Networks are left out where people are too few to learn from, never silently, and never if asked for."""

import pytest

from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import named_attacker
from amber_id.audit import StudyConfig, with_enough_people
from amber_id.errors import UsageError
from amber_id.protocols import Split


def _split(*train: int) -> Split:
    """Folds with so many train people, five for dev and five for test, of a hundred."""
    people = [f"id{n:03d}" for n in range(100)]
    parts = [["train"] * n + ["dev"] * 5 + ["test"] * 5 + ["unused"] * (90 - n) for n in train]
    return Split(tuple(dict(zip(people, of_fold, strict=True)) for of_fold in parts))


def _tried(config: StudyConfig, *train: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return with_enough_people(config.attackers, _split(*train), config)


def test_the_fold_with_the_fewest_train_people_decides():
    config = StudyConfig(network_from_people=40)
    assert _tried(config, 40, 41) == (config.attackers, ())
    attackers, reasons = _tried(config, 41, 39)
    assert set(config.attackers) - set(attackers) == {"stgcn"}
    assert attackers == tuple(name for name in config.attackers if name != "stgcn")
    (reason,) = reasons
    assert reason.startswith("Network not tried (stgcn): 39 people to learn from, needed 40.")


def test_every_network_is_named_and_nothing_else_is_left_out():
    named = ("stgcn", "moments, standardised", "blendshapes", "distances")
    config = StudyConfig(attackers=named, network_from_people=40)
    attackers, (reason,) = _tried(config, 8)
    assert attackers == ("moments, standardised",)
    assert "(stgcn; blendshapes; distances)" in reason
    assert not any(ATTACKERS[named_attacker(name).attacker].is_network for name in attackers)


@pytest.mark.parametrize(
    "asked",
    [
        {"attackers": ("moments", "stgcn")},
        {"attackers": StudyConfig().attackers},
        {"full": True},
        {"network_from_people": 0},
    ],
)
def test_who_asks_for_a_network_gets_it(asked: dict):
    config = StudyConfig.model_validate(asked)
    assert config.network_from_people == 0
    assert _tried(config, 2) == (config.attackers, ())
    again = StudyConfig.model_validate(config.model_dump())
    assert again == config


def test_the_number_stands_in_what_is_written_of_a_configuration():
    usual = StudyConfig()
    assert usual.network_from_people > 0
    assert StudyConfig.model_validate(usual.model_dump()) == usual
    few, reasons = _tried(usual, 8)
    assert "stgcn" not in few
    assert f"needed {usual.network_from_people}" in reasons[0]


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="no attacker is left, since there are 8 people to learn from"):
        _tried(StudyConfig(attackers=("stgcn",), network_from_people=9), 8)
    with pytest.raises(ValueError, match="full: expected network_from_people = 0"):
        StudyConfig(full=True, network_from_people=9)
