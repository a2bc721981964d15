"""S-norm is the formula it says, and helps where some clips resemble everybody."""

import numpy as np
import pytest

from amber_id.biometrics import cohort_statistics, compare_all, eer, s_norm
from amber_id.errors import EvaluationError


def test_the_normalised_score_is_the_plain_formula():
    rng = np.random.default_rng(0)
    vectors, cohort = rng.normal(size=(5, 4)), 3 * rng.normal(size=(7, 4))
    comparisons = compare_all(vectors, np.array([0, 0, 1, 1, 2]))
    means, spreads = cohort_statistics(vectors, cohort)
    normalised = s_norm(comparisons, means, spreads)

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt(a @ a) / np.sqrt(b @ b))

    for score, plain, i, j in zip(
        normalised.scores, comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True
    ):
        expected = 0.0
        for clip in (i, j):
            with_cohort = [cosine(vectors[clip], other) for other in cohort]
            expected += (plain - np.mean(with_cohort)) / np.std(with_cohort) / 2
        assert score == pytest.approx(expected)
    assert np.array_equal(normalised.subjects, comparisons.subjects)


def test_it_helps_where_some_clips_resemble_everybody():
    rng = np.random.default_rng(1)
    traits = rng.normal(size=(40, 16))
    subjects = np.repeat(np.arange(40), 6)
    common = np.zeros(16)
    common[0] = 6.0
    clips = traits[subjects] + rng.normal(size=(240, 16)) + rng.uniform(0, 1, (240, 1)) * common
    test, cohort = subjects < 20, subjects >= 20
    plain = compare_all(clips[test], subjects[test])
    normalised = s_norm(plain, *cohort_statistics(clips[test], clips[cohort]))
    rates = [eer(each.mated_scores, each.nonmated_scores) for each in (plain, normalised)]
    assert rates[1] < rates[0] - 0.015


@pytest.mark.parametrize(
    ("cohort", "problem"),
    [(np.ones((1, 2)), "two clips or more, got 1"), (np.ones((3, 2)), "equally alike")],
)
def test_a_cohort_that_tells_nothing_is_refused(cohort: np.ndarray, problem: str):
    with pytest.raises(EvaluationError, match=problem):
        cohort_statistics(np.array([[1.0, 0.5], [0.3, 2.0]]), cohort)
