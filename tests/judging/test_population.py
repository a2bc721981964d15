"""Among how many people a search is foretold, and what guessing gives there."""

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, Estimate, PopulationSearch, compare_all
from amber_id.judging import EvaluationConfig
from amber_id.judging.population import population_search
from amber_id.results import PopulationResult


def compared(n_people: int) -> Comparisons:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(n_people), 2)
    vectors = rng.normal(size=(n_people, 8))[subjects] + rng.normal(size=(2 * n_people, 8))
    return compare_all(vectors, subjects)


@pytest.mark.parametrize(
    ("n_people", "searched", "refused"), [(9, [100], "1,000"), (20, [100, 1000], "10,000")]
)
def test_no_more_than_a_hundred_times_the_gallery(n_people: int, searched: list[int], refused: str) -> None:
    searches, (limit,) = population_search(compared(n_people), EvaluationConfig())
    assert [each.people for each in searches] == searched
    assert f"search among {refused} people: a clip was compared with {n_people}, and beyond 100" in limit


def test_too_few_people_are_named() -> None:
    searches, (limit,) = population_search(compared(7), EvaluationConfig())
    assert searches == ()
    assert "a clip was compared with 7 people, fewer than 8" in limit


def test_constant_scores_foretell_nothing() -> None:
    constant = compared(12)
    constant = Comparisons(
        np.zeros(len(constant.scores)), constant.enrolment, constant.probe, constant.subjects
    )
    searches, (limit,) = population_search(constant, EvaluationConfig())
    assert searches == ()
    assert "scores that differ between people" in limit


def test_chance_is_that_of_scores_that_say_nothing() -> None:
    n, fpir = 20, 0.1
    scores = np.random.default_rng(1).normal(size=(200_000, n))  # the first is the mate's
    threshold = np.quantile(scores[:, 1:].max(axis=1), 1 - fpir)
    hits = (scores.argmax(axis=1) == 0) & (scores[:, 0] >= threshold)
    rate = Estimate(0.5, 0.4, 0.6, 0.95, 30, 30, 20.0, 20, 0)
    result = PopulationResult.of(PopulationSearch(n, rate, rate, fpir))
    assert result.rank1.chance == 1 / n
    assert result.tpir.chance == pytest.approx(hits.mean(), rel=0.05)
    assert result.words == (
        "among 20 people, by a model: rank-1 0.500 [0.400, 0.600], TPIR at FPIR 10 % 0.500 [0.400, 0.600]; "
        "chance 0.0500"
    )
