"""People: what strengths do, how traits are distributed, and that nobody depends on how many there are."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from amber_id.synthetic import HABITS, SynthConfig
from amber_id.synthetic.habits import RATIO, REGIONS, survival
from amber_id.synthetic.people import (
    MODES,
    Traits,
    avatar_traits,
    dates_of,
    draw_person,
    origin_of,
    original_traits,
    session_of,
    variances,
)

TRAITS_OF = {"original": original_traits, "avatar": avatar_traits}
PEOPLE = 1500
# Clips 0 and 1 are of one session, clip 2 of another.
MIXED = SynthConfig(clips=4, habit="eyes=1,eyebrows=0.5,lips=2,head=0", session=0.7, shape=0.5)
# What is distributed alike: the habits of a region, or the shape.
GROUPS = [[n for n, h in enumerate(HABITS) if h.region == region] for region in REGIONS] + [
    list(range(len(HABITS), len(HABITS) + 3 * MODES))
]


@cache
def _clips(condition: str) -> np.ndarray:
    """Traits of three clips of many people."""
    people = [draw_person(k, seed=3) for k in range(PEOPLE)]
    config = MIXED.model_copy(update={"seed": 3})
    return np.array([[TRAITS_OF[condition](config, who, c).vector for c in (0, 1, 2)] for who in people])


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_traits_are_distributed_as_stated(condition):
    clips, stated = _clips(condition), variances(MIXED, condition)
    total = stated.between + stated.session + stated.within
    assert np.abs(clips.mean(axis=0) / np.sqrt(total)).max() < 5 / np.sqrt(PEOPLE)
    expected = {
        (0, 0): total,
        (0, 2): stated.between,
        (0, 1): stated.between + stated.session,
    }
    for (a, b), value in expected.items():
        found = (clips[:, a] * clips[:, b]).mean(axis=0)
        # The standard deviation of each is at most sqrt(2 / PEOPLE), or 0.037, of the total.
        assert np.abs((found - value) / total).max() < 0.17
        for group in GROUPS:
            off = ((found - value) / total)[group].mean()
            assert abs(off) < 5 * np.sqrt(2 / PEOPLE / len(group))


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_numbers_of_a_clip_are_independent(condition):
    correlations = np.corrcoef(_clips(condition)[:, 0].T)
    assert np.abs(correlations - np.eye(len(correlations))).max() < 0.15


def test_the_strengths_are_where_they_are_said_to_be():
    one = variances(SynthConfig(habit=1, shape=0.3, session=0.5), "original")
    assert one.between[: len(HABITS)] == pytest.approx(np.full(len(HABITS), RATIO))
    assert one.session[: len(HABITS)] == pytest.approx(np.full(len(HABITS), RATIO / 4))
    assert one.within[: len(HABITS)] == pytest.approx(np.ones(len(HABITS)))
    assert one.between[len(HABITS) :] == pytest.approx(np.full(3 * MODES, 0.09))
    assert not one.session[len(HABITS) :].any()
    # An avatar has nobody's face.
    assert not variances(SynthConfig(shape=1), "avatar").between[len(HABITS) :].any()


def test_a_habit_survives_as_much_as_stated():
    config = SynthConfig(people=PEOPLE)
    people = [draw_person(k, seed=0) for k in range(PEOPLE)]
    original, avatar = (np.array([f(config, p, 0).habits for p in people]) for f in TRAITS_OF.values())
    found = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(original.T, avatar.T, strict=True)])
    assert found == pytest.approx(survival(), abs=0.1)
    assert (found - survival()).mean() == pytest.approx(0, abs=0.01)
    # A rhythm arrives as it is.
    kept = survival() == 1
    assert kept.sum() == 3
    assert np.array_equal(original[:, kept], avatar[:, kept])


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_without_strengths_nothing_of_the_person_is_in_a_clip(condition):
    config = SynthConfig(habit=0, shape=0)
    here, there = draw_person(3, seed=0), draw_person(4, seed=0)
    somebody_else = replace(here, habits=there.habits, shape=there.shape)
    assert np.array_equal(
        TRAITS_OF[condition](config, here, 2).vector, TRAITS_OF[condition](config, somebody_else, 2).vector
    )
    assert not variances(config, condition).between.any()
    # With them there is.
    assert not np.isclose(
        TRAITS_OF[condition](SynthConfig(), here, 2).habits,
        TRAITS_OF[condition](SynthConfig(), somebody_else, 2).habits,
    ).any()


def test_one_region_alone_can_tell_people_apart():
    config = SynthConfig(habit="all=0,lips=1", shape=0)
    here = draw_person(0, seed=0)
    nobody = replace(here, habits=np.zeros(len(HABITS)))
    differs = original_traits(config, here, 0).habits != original_traits(config, nobody, 0).habits
    assert [HABITS[n].region for n in np.flatnonzero(differs)] == ["lips"] * 12


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_traits_do_not_depend_on_how_many_there_are(condition):
    few, many = SynthConfig(people=2, clips=3), SynthConfig(people=200, clips=50)
    who = draw_person(1, seed=0)
    for clip in range(3):
        assert np.array_equal(
            TRAITS_OF[condition](few, who, clip).vector, TRAITS_OF[condition](many, who, clip).vector
        )
    vectors = [TRAITS_OF[condition](few, draw_person(k, seed=0), c).vector for k in (0, 1) for c in range(3)]
    assert len(np.unique(np.array(vectors))) == 6 * len(vectors[0]) or condition == "avatar"
    assert len(np.unique(np.array(vectors)[:, 0])) == 6


def test_another_seed_is_other_people():
    one, other = (draw_person(0, seed=seed) for seed in (0, 1))
    assert not np.isclose(one.habits, other.habits).any()
    assert not np.isclose(one.shape, other.shape).any()
    assert (one.subject, draw_person(41, seed=0).subject) == ("id001", "id042")


def test_traits_are_read_in_units():
    traits = Traits(np.zeros(len(HABITS)), np.zeros((3, MODES)))
    assert traits["blink_rate"] == 26.0
    assert traits["head_tilt"] == 0.0
    traits.habits[[h.name for h in HABITS].index("jaw_gain")] = 1.0
    assert traits["jaw_gain"] == pytest.approx(np.exp(0.4))
    assert len(traits.vector) == len(HABITS) + 3 * MODES


def test_sessions_have_equally_many_clips_in_order():
    config = SynthConfig(clips=7, sessions=3)
    assert [session_of(config, c) for c in range(7)] == [0, 0, 0, 1, 1, 2, 2]


def test_drift_is_shared_in_a_session_and_absent_without():
    def drifts(session: float) -> np.ndarray:
        drifting, steady = (SynthConfig(clips=4, session=s) for s in (session, 0.0))
        who = draw_person(0, seed=0)
        return np.array(
            [
                original_traits(drifting, who, c).habits - original_traits(steady, who, c).habits
                for c in range(4)
            ]
        )

    found = drifts(1.0)
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx(found[3])
    assert np.abs(found[0] - found[2]).min() > 1e-4
    assert drifts(2.0) == pytest.approx(2 * found)


def test_copies_are_as_many_as_asked_and_copy_what_is_none():
    config = SynthConfig(people=100, clips=40, duplicates=0.3)
    origins = np.array([[origin_of(config, k, c) for c in range(40)] for k in range(100)])
    copied = origins != np.arange(40)
    assert copied[:, 1:].mean() == pytest.approx(0.3, abs=0.03)
    assert (origins <= np.arange(40)).all()
    for k in range(100):
        assert not copied[k, origins[k]].any()
    assert not any(origin_of(SynthConfig(), 0, c) - c for c in range(20))


def test_sessions_have_days_of_their_own_in_order():
    config = SynthConfig(sessions=4, days=100, seed=2)
    gaps = np.array([np.diff([day.toordinal() for day in dates_of(config, k)]) for k in range(400)])
    assert gaps.shape == (400, 3)
    assert (gaps.min(), gaps.max()) == (1, 100)
    # Uniform in its logarithm from 1 to 101, and cut to a whole day.
    assert (gaps <= 9).mean() == pytest.approx(np.log(10) / np.log(101), abs=0.05)
    assert dates_of(config, 0)[:2] == dates_of(config.model_copy(update={"people": 90, "sessions": 2}), 0)
