"""People: what a habit means, what the strengths do, and that nobody depends on anybody else."""

import numpy as np
import pytest

from amber_id.face_mesh import mean_face
from amber_id.synthetic import HABITS, Person, draw_person


def test_a_habit_is_typical_at_zero_and_grows_as_stated():
    names = [habit.name for habit in HABITS]
    vector = np.zeros(len(HABITS))
    vector[names.index("blink_rate")] = 2.0
    person = Person(4, vector, mean_face())
    assert person.habit("blink_rate") == pytest.approx(26.0 * np.exp(0.45 * 2.0))
    assert person.habit("blink_length") == 0.27
    assert person.habit("jaw_gain") == 1.0
    assert person.subject == "id005"


def test_strengths_scale_what_tells_people_apart():
    weak, strong = (draw_person(3, seed=7, shape=s, habit=s) for s in (0.5, 2.0))
    assert strong.vector == pytest.approx(4 * weak.vector)
    assert strong.face - mean_face() == pytest.approx(4 * (weak.face - mean_face()))
    nobody = [draw_person(k, seed=7, shape=0.0, habit=0.0) for k in range(3)]
    for person in nobody:
        assert np.array_equal(person.vector, np.zeros(len(HABITS)))
        assert np.array_equal(person.face, mean_face())


def test_habits_are_standard_normal_and_people_are_many():
    vectors = np.array([draw_person(k, seed=0).vector for k in range(400)])
    assert vectors.mean(axis=0) == pytest.approx(np.zeros(len(HABITS)), abs=0.2)
    assert vectors.std(axis=0) == pytest.approx(np.ones(len(HABITS)), abs=0.15)
    assert np.corrcoef(vectors.T) == pytest.approx(np.eye(len(HABITS)), abs=0.2)
    assert len(np.unique(vectors)) == vectors.size


def test_another_seed_is_other_people():
    one, other = (draw_person(0, seed=seed) for seed in (0, 1))
    assert not np.isclose(one.vector, other.vector).any()
    assert np.abs(one.face - other.face).max() > 0.01


@pytest.mark.parametrize("wrong", [{"index": -1}, {"shape": -0.1}, {"habit": -1.0}])
def test_negative_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="must not be negative"):
        draw_person(**({"index": 0, "seed": 0} | wrong))
