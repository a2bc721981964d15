"""The fusion is the formula it says, ignores what is useless, and does not flatter itself on dev."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize

from amber_id.audit.attack.fusion import RIDGE, Fusion, fit_fusion, left_out_llrs
from amber_id.biometrics import Comparisons, eer
from amber_id.errors import EvaluationError

MANY = 100_000  # people, whose weights are nearly free


def gaussian(gains: list[float], *, n: int = 4000, share: float = 0.2, seed: int = 0) -> tuple:
    """Scores N(gain, 1) if mated and N(0, 1) if not: the true LLR is the sum of gain x score - gain^2 / 2."""
    rng = np.random.default_rng(seed)
    mated = np.arange(n) < share * n
    return rng.normal(size=(n, len(gains))) + np.outer(mated, gains), mated


def cohort(people: int, clips: int = 3) -> Comparisons:
    subjects = np.repeat(np.arange(people), clips)
    one, other = np.triu_indices(len(subjects), k=1)
    return Comparisons(np.zeros(len(one)), one, other, subjects)


def test_the_fused_score_is_the_plain_formula():
    fusion = Fusion(np.array([1.5, 0.25]), -0.5, means=np.array([0.1, -0.2]), spreads=np.array([0.3, 0.6]))
    scores = np.random.default_rng(0).normal(size=(5, 2))
    for row, llr in zip(scores, fusion.llrs(scores), strict=True):
        plain = -0.5
        for i in range(2):
            plain += fusion.weights[i] * (row[i] - fusion.means[i]) / fusion.spreads[i]
        assert llr == pytest.approx(plain)


def test_no_other_line_has_a_lower_loss():
    scores, mated = gaussian([1.0, 0.5], n=300)
    standardised = (scores - scores.mean(axis=0)) / scores.std(axis=0)

    def plain_loss(weights: np.ndarray, offset: float) -> float:
        loss = 0.0
        for row, same in zip(standardised, mated, strict=True):
            probability = 1 / (1 + np.exp(-(row @ weights) - offset))  # at even prior odds
            side = mated.sum() if same else (~mated).sum()
            loss -= 0.5 / side * np.log(probability if same else 1 - probability)
        return loss

    def common_loss(line: np.ndarray) -> float:
        return plain_loss(np.full(2, line[0]), line[1]) + RIDGE / 2 * line[0] ** 2

    common = minimize(common_loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6}).x[0]

    def penalised(weights: np.ndarray, offset: float) -> float:
        return plain_loss(weights, offset) + ((weights - common) ** 2).sum() / (2 * 7)

    fusion = fit_fusion(scores, mated, people=7)
    best = penalised(fusion.weights, fusion.offset)
    for step in (-0.01, 0.01):
        assert penalised(fusion.weights + np.array([step, 0]), fusion.offset) > best
        assert penalised(fusion.weights + np.array([0, step]), fusion.offset) > best
        assert penalised(fusion.weights, fusion.offset + step) > best


def test_few_people_share_one_weight_and_many_have_their_own():
    scores, mated = gaussian([2.0, 0.5], n=40_000)
    few, many = (fit_fusion(scores, mated, people=people).weights for people in (1, 10_000))
    assert many[0] / many[1] == pytest.approx(4 * scores[:, 0].std() / scores[:, 1].std(), rel=0.15)
    assert few[0] / few[1] < 0.7 * many[0] / many[1]


def test_drawn_towards_equal_weights_it_does_better_on_other_people():
    """Eight attackers that are equally good, each wrong about every pair of people in its own way."""
    comparisons = cohort(10)
    mated = comparisons.mated
    dev, test = (
        np.isin(comparisons.enrolment_subjects, people) & np.isin(comparisons.probe_subjects, people)
        for people in (range(5), range(5, 10))
    )
    place = comparisons.enrolment_subjects * 10 + comparisons.probe_subjects
    rates: dict[int, list[float]] = {5: [], 100_000: []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        errors = rng.normal(size=(100, 8))[place]
        scores = mated[:, None] + errors + 0.3 * rng.normal(size=(len(mated), 8))
        for people, of_people in rates.items():
            llrs = fit_fusion(scores[dev], mated[dev], people=people).llrs(scores[test])
            of_people.append(eer(llrs[mated[test]], llrs[~mated[test]]))
    assert np.mean(rates[5]) < np.mean(rates[100_000]) - 0.015


def test_where_the_truth_is_known_the_fusion_finds_it():
    scores, mated = gaussian([2.0, 1.0], n=40_000)
    truth = scores @ [2.0, 1.0] - 2.5
    assert np.abs(fit_fusion(scores, mated, people=MANY).llrs(scores) - truth).mean() < 0.1


def test_how_many_of_each_kind_there_are_does_not_matter():
    few, many = (fit_fusion(*gaussian([1.5], n=40_000, share=share), people=MANY) for share in (0.05, 0.5))
    score = np.array([[0.75]])  # the true LLR is 0
    assert few.llrs(score) == pytest.approx(many.llrs(score), abs=0.1)


def test_the_unit_of_a_score_does_not_matter():
    scores, mated = gaussian([1.5, 1.0])
    in_other_units = scores * [0.01, 50.0] + [3.0, -7.0]
    np.testing.assert_allclose(
        fit_fusion(in_other_units, mated, people=MANY).llrs(in_other_units),
        fit_fusion(scores, mated, people=MANY).llrs(scores),
        atol=1e-4,
    )


def test_a_useless_attacker_gets_next_to_no_weight_and_a_misleading_one_none():
    scores, mated = gaussian([1.5, 0.0, -1.0], n=40_000)
    fusion = fit_fusion(scores, mated, people=MANY)
    assert fusion.weights[0] > 1
    assert 0 <= fusion.weights[1] < 0.05
    assert fusion.weights[2] == 0


def test_where_nobody_is_of_use_every_weight_is_zero():
    scores, mated = gaussian([-1.0, -2.0])
    fusion = fit_fusion(scores, mated, people=MANY)
    assert not fusion.weights.any()
    np.testing.assert_allclose(fusion.llrs(scores), 0, atol=1e-6)


def test_an_attacker_that_never_varies_does_no_harm():
    scores, mated = gaussian([1.5])
    constant = np.column_stack([scores, np.full(len(scores), 0.5)])
    np.testing.assert_allclose(
        fit_fusion(constant, mated, people=MANY).llrs(constant),
        fit_fusion(scores, mated, people=MANY).llrs(scores),
        atol=1e-5,
    )


def test_separable_dev_data_do_not_diverge():
    mated = np.arange(100) < 20
    fusion = fit_fusion(np.column_stack([mated, mated]) * 1.0, mated, people=MANY)
    llrs = fusion.llrs(np.array([[1.0, 1.0], [0.0, 0.0]]))
    assert 3 < llrs[0] < 12
    assert -12 < llrs[1] < -3


@pytest.mark.parametrize(("share", "told"), [(0.0, "got 0 and 50"), (1.0, "got 50 and 0")])
def test_one_kind_alone_is_refused(share: float, told: str):
    scores, mated = gaussian([1.0], n=50, share=share)
    with pytest.raises(EvaluationError, match=told):
        fit_fusion(scores, mated, people=MANY)


@pytest.mark.parametrize("people", [4, 5, 12])
def test_each_dev_comparison_is_scored_by_a_fusion_that_never_met_its_people(people: int):
    comparisons = cohort(people)
    scores = np.random.default_rng(1).normal(size=(len(comparisons.scores), 2)) + comparisons.mated[:, None]
    llrs = left_out_llrs(scores, comparisons)
    group = np.arange(people) % min(people, 5)
    for a, b in [*combinations(range(people), 2), *((a, a) for a in range(people))]:
        out = {group[a], group[b]}
        one, other = comparisons.enrolment_subjects, comparisons.probe_subjects
        known = np.array(
            [group[i] not in out and group[j] not in out for i, j in zip(one, other, strict=True)]
        )
        of_pair = (one == a) & (other == b)
        left = sum(each not in out for each in group)
        fusion = fit_fusion(scores[known], comparisons.mated[known], people=left)
        np.testing.assert_allclose(llrs[of_pair], fusion.llrs(scores[of_pair]))


def test_useless_attackers_look_good_only_on_the_people_fitted_to():
    comparisons = cohort(6)
    mated = comparisons.mated
    fitted, left_out = [], []
    for seed in range(20):
        scores = np.random.default_rng(seed).normal(size=(len(mated), 8))
        of_all = fit_fusion(scores, mated, people=6).llrs(scores)
        of_others = left_out_llrs(scores, comparisons)
        fitted.append(eer(of_all[mated], of_all[~mated]))
        left_out.append(eer(of_others[mated], of_others[~mated]))
    assert np.mean(fitted) < 0.42
    assert np.mean(left_out) == pytest.approx(0.5, abs=0.04)


def test_three_dev_people_are_too_few():
    comparisons = cohort(3)
    with pytest.raises(EvaluationError, match=r"4 dev people or more.* got 3"):
        left_out_llrs(np.zeros((len(comparisons.scores), 2)), comparisons)
