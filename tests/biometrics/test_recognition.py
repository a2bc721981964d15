"""The one rule of recognition, at its borders and on simulated studies."""

import numpy as np
import pytest

from amber_id.biometrics import (
    ErrorCurve,
    Estimate,
    PermutationTest,
    Recognition,
    Statistic,
    bootstrap,
    compare_all,
    decide_recognition,
    permutation_null,
    tally,
)
from amber_id.biometrics.recognition import _high_at


def interval(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 0.95, 25, 25, 9.0, 1000, 0)


def auc_test(p_value: float) -> PermutationTest:
    return PermutationTest(0.6, 0.5, 0.1, p_value, 200)


@pytest.mark.parametrize(
    ("eer", "p_value", "outcome", "obstacle"),
    [
        # EER 8.3 % [0.1, 60.4], p .005: 25 real people, AUC 97.2 %
        ((0.001, 0.604), 0.005, "recognised", None),
        ((0.3, 0.7), 0.05, "recognised", None),
        ((0.3, 0.7), 0.055, "not_recognised", None),
        ((0.3, 0.499), 0.06, "not_decided", "interval against test"),
        ((0.3, 0.40), 0.06, "recognised", None),
        ((0.3, 0.499), None, "recognised", None),
        ((0.3, 0.5), 0.3, "not_recognised", None),
        ((0.25, 0.7), 0.3, "not_decided", "leak not excluded"),
        ((0.251, 0.7), 0.3, "not_recognised", None),
        ((0.10, 0.81), 0.3, "not_decided", "leak not excluded"),
        ((0.5, 0.5), 1.0, "not_decided", "scores alike"),
        ((0.51, 0.7), 0.9, "not_decided", "worse than guessing"),
        ((0.45, 0.6), 0.98, "not_decided", "worse than guessing"),
        ((0.3, 0.7), None, "not_recognised", None),
        ((0.1, 0.4), None, "recognised", None),
    ],
)
def test_the_rule_at_its_borders(eer, p_value, outcome, obstacle) -> None:
    found = decide_recognition(interval(*eer), None if p_value is None else auc_test(p_value))
    assert (found.outcome, found.obstacle) == (outcome, obstacle)
    assert found.excluded == (None if outcome == "recognised" else eer[0])


def simulated(people: int, noise: float, seed: int) -> Recognition:
    rng = np.random.default_rng([people, seed])
    subjects = np.repeat(np.arange(people), 4)
    vectors = rng.normal(size=(4 * people, 16)) * noise + rng.normal(size=(people, 16))[subjects] * (
        noise < 9
    )
    compared = compare_all(vectors, subjects)
    auc = permutation_null(compared, {"auc": ErrorCurve.auc}, permutations=99, rng=rng)["auc"]
    eer = bootstrap(tally(compared, bins=128), {"eer": Statistic(ErrorCurve.eer)}, replicates=200, rng=rng)[
        "eer"
    ]
    return decide_recognition(eer, auc)


def test_of_studies_without_a_leak_few_are_called_recognised_and_many_not() -> None:
    outcomes = [simulated(12, 10.0, seed).outcome for seed in range(60)]
    assert outcomes.count("recognised") <= 7  # of 60 at 5.5 %: more once in 30 such tests
    assert outcomes.count("not_recognised") >= 30


def test_a_leak_in_people_with_few_errors_is_recognised_though_the_interval_opens_wide() -> None:
    outcomes = [simulated(6, 0.4, seed) for seed in range(30)]
    assert {each.outcome for each in outcomes} == {"recognised"}


def test_the_interval_beside_the_test_is_that_of_level_99() -> None:
    compared = compare_all(np.random.default_rng(0).normal(size=(48, 16)), np.repeat(np.arange(12), 4))
    made = {
        level: bootstrap(
            tally(compared), {"eer": Statistic(ErrorCurve.eer)}, level=level, rng=np.random.default_rng(1)
        )["eer"]
        for level in (0.95, 0.99)
    }
    assert _high_at(made[0.95], 0.99) == pytest.approx(made[0.99].high, abs=1e-9)
