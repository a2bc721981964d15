"""Figures of sums over people, and how they move when other people are drawn."""

from functools import partial

import numpy as np
import pytest

from amber_id.biometrics.intervals import difference_of
from amber_id.biometrics.sums import spreads_of_sums
from amber_id.errors import EvaluationError


def ratio(rows: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return rows[:, 0] / rows[:, 1]


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


spreads = partial(spreads_of_sums, replicates=300, level=0.95)


def test_resamples_are_those_of_a_plain_loop_over_people() -> None:
    sums = np.random.default_rng(1).uniform(1, 2, (7, 2))
    (spread,) = spreads([sums], ratio, rng=rng())
    times = rng().multinomial(7, np.full(7, 1 / 7), size=300)
    expected = []
    for row in times:
        people = [person for person, n in enumerate(row) for _ in range(n)]
        expected.append(sum(sums[p][0] for p in people) / sum(sums[p][1] for p in people))
    np.testing.assert_allclose(spread.resampled, expected)
    without = [np.delete(sums, person, axis=0).sum(axis=0) for person in range(7)]
    np.testing.assert_allclose(spread.left_out, [one / other for one, other in without])


def test_two_sides_see_the_same_people() -> None:
    sums = np.random.default_rng(2).uniform(1, 2, (9, 2))
    one, other = spreads([sums, sums * [1.1, 1]], ratio, rng=rng())
    difference = difference_of(one.moves_to(other))
    assert difference.value == pytest.approx(0.1 * one.value)
    # A tenth of each ratio, whoever is drawn: far narrower than either interval.
    assert difference.high - difference.low < 0.15 * (one.resampled.max() - one.resampled.min())


def test_who_says_nothing_is_drawn_again_and_counted() -> None:
    sums = np.zeros((5, 2))
    sums[0] = 2, 4
    (spread,) = spreads([sums], ratio, rng=rng())
    assert (spread.resampled == 0.5).all()
    assert spread.redrawn > 50  # without the first, of every third draw


@pytest.mark.parametrize(("people", "what"), [(2, "3 subjects or more, got 2"), (4, "every resample")])
def test_too_few_people_are_refused(people: int, what: str) -> None:
    with pytest.raises(EvaluationError, match=what):
        spreads([np.zeros((people, 2))], ratio, rng=rng())


def test_sides_of_other_people_are_refused() -> None:
    with pytest.raises(ValueError, match="the same people"):
        spreads([np.ones((4, 2)), np.ones((5, 2))], ratio, rng=rng())
