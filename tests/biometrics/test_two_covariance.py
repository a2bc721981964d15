"""The two-covariance score: against densities worked out one by one, and the error rate that it promises."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import chi2, multivariate_normal

from amber_id.biometrics import compare_all, eer, two_covariance_llr


def test_it_is_the_ratio_of_the_densities():
    rng = np.random.default_rng(0)
    between, within = rng.uniform(0.1, 2, 4), rng.uniform(0.2, 1, 4)
    vectors = rng.normal(size=(6, 4)) * 1.5
    enrolment, probe = np.triu_indices(6, k=1)
    found = two_covariance_llr(vectors, enrolment, probe, between=between, within=within)
    total = np.diag(between + within)
    one = np.block([[total, np.diag(between)], [np.diag(between), total]])
    two = np.block([[total, np.zeros((4, 4))], [np.zeros((4, 4)), total]])
    for score, a, b in zip(found, enrolment, probe, strict=True):
        pair = np.concatenate([vectors[a], vectors[b]])
        expected = multivariate_normal.logpdf(pair, cov=one) - multivariate_normal.logpdf(pair, cov=two)
        assert score == pytest.approx(expected, abs=1e-9)


def test_order_does_not_matter_and_a_dimension_without_people_is_left_out():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(5, 3))
    variances = {"between": np.array([1.0, 0.5, 0.0]), "within": np.array([1.0, 1.0, 0.0])}
    a, b = np.triu_indices(5, k=1)
    there = two_covariance_llr(vectors, a, b, **variances)
    assert there == pytest.approx(two_covariance_llr(vectors, b, a, **variances))
    alone = {name: values[:2] for name, values in variances.items()}
    assert there == pytest.approx(two_covariance_llr(vectors[:, :2], a, b, **alone))
    nobody = two_covariance_llr(vectors, a, b, between=np.zeros(3), within=np.ones(3))
    assert np.array_equal(nobody, np.zeros(10))


def test_impossible_variances_are_refused():
    pair = (np.zeros((2, 1)), np.array([0]), np.array([1]))
    for between, within in ((-1.0, 1.0), (1.0, -1.0)):
        with pytest.raises(ValueError, match="must not be negative"):
            two_covariance_llr(*pair, between=np.array([between]), within=np.array([within]))
    with pytest.raises(ValueError, match="within must be above zero"):
        two_covariance_llr(*pair, between=np.array([1.0]), within=np.array([0.0]))


def test_the_error_rate_is_the_one_of_theory():
    """One dimension: sum and difference of a pair are independent, the score is a difference of squares."""
    r = 0.8

    def accepted(threshold: float, together: float, apart: float) -> float:
        """Probability of u v - r (u^2 + v^2) / 2 >= t; variances of s, d = (u +- v) / sqrt 2."""

        # It is (1 - r) s^2 / 2 - (1 + r) d^2 / 2.
        def given(q: float) -> float:
            d2 = chi2.ppf(q, 1) * apart
            return float(chi2.sf(max(2 * threshold + (1 + r) * d2, 0) / (1 - r) / together, 1))

        return quad(given, 0, 1, limit=200)[0]

    threshold = brentq(lambda t: accepted(t, 1, 1) - (1 - accepted(t, 1 + r, 1 - r)), -0.5, 0.5)
    expected = accepted(threshold, 1, 1)
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(600), 2)
    people = rng.normal(size=600) * np.sqrt(r)
    vectors = (people[subjects] + rng.normal(size=1200) * np.sqrt(1 - r))[:, None]
    pairs = compare_all(np.ones((1200, 1)), subjects)
    scores = two_covariance_llr(
        vectors, pairs.enrolment, pairs.probe, between=np.array([r]), within=np.array([1 - r])
    )
    # 600 mated pairs: the standard error is below 0.02.
    assert eer(scores[pairs.mated], scores[~pairs.mated]) == pytest.approx(expected, abs=0.04)
    # The ratio of a true model is calibrated: on average exp(score) is 1 over pairs of two people.
    assert np.exp(scores[~pairs.mated]).mean() == pytest.approx(1, abs=0.05)
