"""A value that marks a failed comparison is told from a score by how far it lies from all others."""

import numpy as np
import pytest

from amber_id.biometrics import placeholders

LARGEST = np.finfo(np.float64).max


def cosines(seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(0.4, 0.15, 200), rng.normal(0, 0.13, 3000)])


@pytest.mark.parametrize(
    "marks",
    [
        [-1000.0],
        [-999.0],
        [-10.0],
        [-LARGEST],
        [1e30],
        [float(np.finfo(np.float32).min)] * 5,
        [-1000.0, -999.0],
        [-1000.0, 1e30],
        [-LARGEST, LARGEST],
        [-1000.0] * 900,
        [-2.0] * 20,
        [-512.3],
    ],
)
def test_marks_are_found_beside_cosines(marks) -> None:
    scores = cosines()
    found = placeholders(np.concatenate([marks, scores]))
    assert found.values.tolist() == sorted(set(marks))
    assert (found.lowest, found.highest) == (scores.min(), scores.max())
    near = found.brought_near(np.concatenate([marks, scores]))
    low, high = scores.min(), scores.max()
    for mark, moved in zip(marks, near[: len(marks)], strict=True):
        assert moved == (2 * low - high if mark < low else 2 * high - low)
    np.testing.assert_array_equal(near[len(marks) :], scores)


def test_a_mark_is_found_beside_log_likelihood_ratios_of_some_hundred() -> None:
    rng = np.random.default_rng(0)
    ratios = np.concatenate([rng.normal(20, 15, 200), rng.normal(-60, 30, 3000)])
    assert placeholders(np.append(ratios, -1000.0)).values.tolist() == [-1000.0]


DRAWS = {
    "normal": lambda rng: rng.normal(size=3000),
    "few": lambda rng: rng.normal(size=30),
    "heavy tails": lambda rng: rng.standard_t(3, 1000),
    "Cauchy": lambda rng: rng.standard_cauchy(3000),
    "likelihood ratios": lambda rng: np.exp(rng.normal(0, 10, 3000)),
    "negated distances": lambda rng: -rng.lognormal(0, 2, 300),
    "ranks": lambda rng: rng.permutation(500).astype(float),
    "steps": lambda rng: rng.integers(0, 40, 300).astype(float),
    "two levels": lambda rng: rng.integers(0, 2, 300).astype(float),
    "three levels": lambda rng: rng.integers(0, 3, 300) * 1000.0,
    "a sigmoid": lambda rng: 1 / (1 + np.exp(-rng.normal(0, 8, 500))),
    "constant": lambda rng: np.full(rng.integers(1, 9), -1000.0),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_scores_are_no_marks(draw) -> None:
    for seed in range(40):
        assert placeholders(draw(np.random.default_rng(seed))).values.size == 0


@pytest.mark.parametrize("factor", [1e-200, 1e-3, 1e3, 1e200])
def test_the_unit_of_the_scores_does_not_matter(factor) -> None:
    scores = np.append(cosines(), [-700.0, -700.0])
    assert placeholders(scores * factor).values == pytest.approx([-700 * factor])


@pytest.mark.parametrize(("value", "found"), [(-1000.0, [-1000.0]), (-1024.0, [])])
def test_more_than_half_of_the_comparisons_fail_only_by_a_customary_number(value, found) -> None:
    scores = cosines()
    marked = np.append(scores, np.full(3 * len(scores), value))
    assert placeholders(marked).values.tolist() == found


def test_a_matcher_that_gives_nothing_to_most_pairs_gives_scores() -> None:
    rng = np.random.default_rng(0)
    scores = np.append(np.zeros(3000), rng.normal(60, 3, 200))
    assert placeholders(scores).values.size == 0


def test_no_score_is_refused() -> None:
    with pytest.raises(ValueError, match="placeholders needs scores, got none"):
        placeholders(np.zeros(0))
