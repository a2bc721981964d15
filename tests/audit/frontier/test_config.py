"""Which points are asked for, and what cannot be asked."""

import pytest
from pydantic import ValidationError

from amber_id.anonymisers import DEFENCES
from amber_id.audit import DEFAULT_DEFENCES, DEFAULT_STRENGTHS, FrontierConfig, expanded
from amber_id.audit.frontier.config import PUBLISHED, UNDEFENDED
from amber_id.errors import UsageError


def test_a_defence_without_a_strength_is_tried_at_all_of_them() -> None:
    assert expanded(["damp", "p-blend:1", "damp:0.5"], [0.5, 1.0]) == ("damp:0.5", "damp:1", "p-blend:1")
    assert expanded(["rest+blinks"], [0.25]) == ("rest:0.25+blinks:0.25",)
    assert expanded(["rest+blinks:0.5"], [0.25]) == ("rest:1+blinks:0.5",)


def test_what_changes_nothing_is_the_undefended_point_alone() -> None:
    assert expanded(["damp", "redrawn", "noise:0"], [0.0, 1.0]) == ("damp:1",)
    config = FrontierConfig(defences=("damp:0", "redrawn:0.5", "damp:0.5", "p-blend"))
    assert config.points == (UNDEFENDED, PUBLISHED, "damp:0.5")
    assert FrontierConfig(defences=("damp:0.5",), against="damp:0.50").points == (UNDEFENDED, "damp:0.5")


def test_the_usual_points_are_of_several_families_and_need_no_donors() -> None:
    points = FrontierConfig(defences=expanded(DEFAULT_DEFENCES, DEFAULT_STRENGTHS)).points
    assert len(points) == 12
    names = {point.partition(":")[0] for point in points}
    assert {DEFENCES[name].family for name in names} >= {"drawing", "noise", "filter", "style"}
    assert not any(DEFENCES[name].from_pool for name in names)
    assert any(DEFENCES[name].causal and DEFENCES[name].family == "style" for name in names)


@pytest.mark.parametrize(
    ("texts", "strengths", "reason"),
    [
        (["damp"], [2.0], "--strengths: expected numbers from 0 to 1, got 2"),
        (["damp"], [], "--strengths: expected numbers from 0 to 1 with commas between them, got none"),
        (["damp:2"], [1.0], "--with damp: expected a strength from 0"),
        (["dampp"], [1.0], "--with: no defence is called 'dampp'; do you mean damp?"),
    ],
)
def test_what_is_no_point_is_refused(texts: list[str], strengths: list[float], reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        expanded(texts, strengths)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"attackers": ()}, "name at least one attacker"),
        ({"attackers": ("moments, mapped",)}, "name one at least that needs no pairs"),
        ({"attackers": ("momentum",)}, "expected names such as"),
        ({"split": {"protocol": "cross-session"}}, "counts all mated comparisons"),
        ({"evaluation": {"different_utterances": True}}, "compares all clips"),
    ],
)
def test_what_a_frontier_cannot_do_is_refused(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        FrontierConfig.model_validate(settings)
