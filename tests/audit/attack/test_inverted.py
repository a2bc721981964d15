"""The inversion is chosen on dev people, its use is shown on test people, and the sentence says no more."""

from dataclasses import replace

import pytest

from amber_id.attackers.checkpoint import MapFigures
from amber_id.audit import EvaluationConfig
from amber_id.audit.attack import tested as evaluation
from amber_id.audit.attack.inverted import inversions_of
from amber_id.audit.attack.strongest_attacker import score_attackers
from fixtures.pretended_attackers import TRAITS, pretend

QUICK = EvaluationConfig(replicates=100, permutations=20)


def test_an_inversion_that_helps_tells_what_the_anonymiser_does_not_hide():
    plain = pretend("moments", TRAITS[0], dev_noise=4, test_noise=4)
    undone = pretend("moments", TRAITS[1], dev_noise=0.8, test_noise=0.8, seed=1, inversion="standardised")
    other = pretend("stgcn", TRAITS[0], dev_noise=4, test_noise=4, seed=2)
    (result,) = inversions_of(score_attackers([plain, undone, other]), QUICK)
    assert (result.attacker, result.inverted) == ("moments", "moments, standardised")
    assert result.inversion == "standardised"
    assert result.less.high < 0
    assert "hides how much the face moves, but not when" in result.conclusion


def test_of_several_the_best_on_dev_stands_even_where_test_disagrees():
    plain = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1)
    flattered = pretend("moments", TRAITS[0], dev_noise=0.1, test_noise=8, seed=1, inversion="ranks")
    true = pretend("moments", TRAITS[0], dev_noise=3, test_noise=0.5, seed=2, inversion="smoothed")
    (result,) = inversions_of(score_attackers([plain, true, flattered]), QUICK)
    assert result.inversion == "ranks"
    assert result.less.low > 0
    assert "undoing it gains nothing" in result.conclusion


def test_without_a_difference_nothing_is_concluded():
    plain = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1)
    alike = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1, seed=5, inversion="paced")
    (result,) = inversions_of(score_attackers([plain, alike]), QUICK)
    assert result.less.low <= 0 <= result.less.high
    assert result.conclusion.startswith("It is not shown")


def test_what_pairs_are_worth_stands_apart_and_says_how_much_a_map_recovers():
    plain = pretend("moments", TRAITS[0], dev_noise=4, test_noise=4)
    undone = pretend("moments", TRAITS[1], dev_noise=0.8, test_noise=0.8, seed=1, inversion="ranks")
    mapped = pretend("moments", TRAITS[1], dev_noise=1, test_noise=1, seed=2, inversion="mapped")
    figures = [MapFigures(name="all", recovered=0.5), MapFigures(name="network", recovered=0.7)]
    folds = [
        replace(fold, header=fold.header.model_copy(update={"map": each}))
        for fold, each in zip(mapped.folds, figures, strict=True)
    ]
    without, with_pairs = inversions_of(
        score_attackers([plain, undone, evaluation.Tested(tuple(folds))]), QUICK
    )
    assert (without.inversion, with_pairs.inversion) == ("ranks", "mapped")
    assert with_pairs.less.high < 0
    assert "recovers 60% of the variance" in with_pairs.conclusion
    assert "five frames in 1 of 2 folds" in with_pairs.conclusion
    assert "recovers" not in without.conclusion


@pytest.mark.parametrize(
    "features",
    [{"signals": "blendshapes"}, {"inversion": "ranks", "view": "motion"}],
    ids=["other signals", "another view"],
)
def test_attackers_that_differ_in_more_are_not_set_beside_each_other(features):
    plain = pretend("moments", TRAITS[0], dev_noise=1, test_noise=1)
    other = pretend("moments", TRAITS[1], dev_noise=1, test_noise=1, seed=1, **features)
    assert inversions_of(score_attackers([plain, other]), QUICK) == ()
