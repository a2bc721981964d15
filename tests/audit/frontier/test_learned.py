"""A learned defence as a point of a frontier."""

import pytest

from amber_id.audit import FrontierConfig
from amber_id.audit.frontier.plans import plans_of, state_of
from amber_id.audit.frontier.point import steps_of
from amber_id.errors import UsageError
from fixtures.learned_defence import untrained_model

CONFIG = FrontierConfig(defences=("learned:1", "population:1"))


def test_a_point_names_its_model_and_no_other_does() -> None:
    plans = plans_of(CONFIG, None, untrained_model())
    (learned,), (population,) = (steps_of(plans[name]) for name in CONFIG.defences)
    assert (learned.name, learned.model_sha256) == ("learned", "0" * 64)
    assert (population.name, population.model_sha256) == ("population", None)


def test_another_model_is_another_point_of_it_alone() -> None:
    plans = plans_of(CONFIG, None, untrained_model())
    assert state_of(plans["learned:1"])[-1] == "0" * 64
    assert "0" * 64 not in state_of(plans["population:1"])


def test_a_model_of_no_use_is_refused() -> None:
    with pytest.raises(UsageError, match="none of these defences was learned"):
        plans_of(FrontierConfig(), None, untrained_model())


def test_without_a_model_it_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match=r"^learned needs --model FILE"):
        plans_of(CONFIG, None)
