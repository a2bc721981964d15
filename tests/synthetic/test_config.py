"""What can be asked for: settings and strengths as text, what is refused, and the way through a file."""

import numpy as np
import pytest
from pydantic import ValidationError

from amber_id.synthetic import HABITS, Setting, SynthConfig
from amber_id.synthetic.habits import REGIONS, strengths, survival


@pytest.mark.parametrize(
    ("text", "values", "by"),
    [
        ("30", (30.0,), "all"),
        (30, (30.0,), "all"),
        ("16:9", (16 / 9,), "all"),
        ("all=2", (2.0,), "all"),
        ("source=25,30", (25.0, 30.0), "source"),
        ("person=2,4", (2.0, 4.0), "person"),
        ("clip=4:3,16:9", (4 / 3, 16 / 9), "clip"),
    ],
)
def test_a_setting_is_read_from_text(text, values, by):
    setting = Setting.model_validate(text)
    assert (setting.values, setting.by) == (values, by)


@pytest.mark.parametrize(
    "text", ["", "x", "1,2", "source=25", "clip=1,2,3", "clip=", "moon=1,2", "16:0", "nan", "inf", "1:2:3"]
)
def test_what_is_no_setting_is_refused(text):
    with pytest.raises(ValidationError):
        Setting.model_validate(text)


def test_a_setting_lies_between_its_values():
    setting = Setting.model_validate("clip=2,4")
    assert [setting.at(share) for share in (0.0, 0.25, 1.0)] == [2.0, 2.5, 4.0]
    assert setting.mean == 3.0
    same = Setting.model_validate("30")
    assert (same.at(0.0), same.at(1.0), same.mean) == (30.0, 30.0, 30.0)


@pytest.mark.parametrize("text", ["30", "source=25,30", "person=2.5,4", "clip=0.1,0.2"])
def test_a_setting_prints_as_it_is_written(text):
    assert str(Setting.model_validate(text)) == text


@pytest.mark.parametrize(
    ("text", "eyes", "lips", "head"),
    [
        ("1", 1, 1, 1),
        ("0", 0, 0, 0),
        (2, 2, 2, 2),
        ("eyes=2,lips=0", 2, 0, 1),
        ("all=0,eyes=2", 2, 0, 0),
        ("eyes=2,all=0.5", 2, 0.5, 0.5),
    ],
)
def test_strengths_are_by_region(text, eyes, lips, head):
    habit = SynthConfig(habit=text).habit
    assert set(habit) == set(REGIONS)
    assert (habit["eyes"], habit["lips"], habit["head"]) == (eyes, lips, head)
    each = strengths(habit)
    assert [each[n] for n, h in enumerate(HABITS) if h.region == "eyes"] == [eyes] * 7


def test_regions_that_are_not_named_keep_their_strength():
    assert SynthConfig(habit={"eyes": 2.0}).habit == SynthConfig(habit="eyes=2").habit


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 0},
        {"clips": 0},
        {"sessions": 0},
        {"shape": -1},
        {"shape": float("nan")},
        {"habit": 9},
        {"habit": "nose=1"},
        {"habit": "eyes"},
        {"habit": "eyes=-1"},
        {"session": -1},
        {"content": "sung"},
        {"duration": "1"},
        {"duration": "clip=1,4"},
        {"fps": "5"},
        {"aspect": "4"},
        {"jitter": "-1"},
        {"framing": "0.1"},
        {"lost": "0.6"},
        {"duplicates": 1.0},
        {"seed": -1},
        {"sex": "f"},
    ],
)
def test_wrong_configurations_are_refused(wrong):
    with pytest.raises(ValidationError):
        SynthConfig(**wrong)


def test_a_message_says_what_is_wrong():
    with pytest.raises(ValidationError, match="must be from 10 to 120, got 5"):
        SynthConfig(fps="source=5,30")
    with pytest.raises(ValidationError, match="expected one number, or BY=number,number, got '16:0'"):
        SynthConfig(aspect="16:0")
    with pytest.raises(ValidationError, match="two with source=, person= or clip= before them"):
        SynthConfig(fps="25,30")


def test_a_configuration_comes_back_from_json():
    config = SynthConfig(
        people=7,
        habit="eyes=2,lips=0",
        session=0.3,
        content="own",
        aspect="source=4:3,16:9",
        fps="clip=25,29.97",
        duration="person=2,4",
        lost=0.1,
        seed=5,
    )
    assert SynthConfig.model_validate_json(config.model_dump_json()) == config
    assert SynthConfig.model_validate_json(SynthConfig().model_dump_json()) == SynthConfig()
    assert list(config.settings) == ["aspect", "fps", "jitter", "framing", "duration", "lost"]


def test_there_are_two_sources_only_where_something_goes_with_them():
    assert not SynthConfig(fps="clip=25,30", duration="person=2,4").two_sources
    assert SynthConfig(lost="source=0,0.1").two_sources


def test_habits_are_typical_at_zero_and_grow_as_stated():
    of = {habit.name: habit for habit in HABITS}
    assert len(of) == len(HABITS)
    assert of["blink_rate"].quantity(0.0) == 26.0
    assert of["blink_rate"].quantity(2.0) == pytest.approx(26.0 * np.exp(0.45 * 2.0))
    # What has a sign grows evenly to both sides.
    assert of["head_tilt"].quantity(-2.0) == pytest.approx(-6.0)
    assert of["lip_lag"].quantity(1.5) == pytest.approx(0.06)
    assert all(habit.typical > 0 for habit in HABITS if not habit.signed)
    assert {habit.region for habit in HABITS} == set(REGIONS)
    assert survival().tolist() == [habit.survives for habit in HABITS]
    assert (survival() > 0).all()
    assert (survival() <= 1).all()
