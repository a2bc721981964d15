"""A search among more people than were measured, against populations that are there."""

import numpy as np
import pytest
from scipy.stats import norm, t

from amber_id.biometrics import Gallery, compare_all, gallery_scores, rank1_by_gallery_size, tpir_at_fpir
from amber_id.biometrics.comparisons import Comparisons
from amber_id.biometrics.intervals import jackknifed
from amber_id.biometrics.population import (
    _Tail,
    _thinned,
    check_population,
    fit_population,
    search_in_population,
)
from amber_id.errors import EvaluationError

CLIPS = 3


def population(n_people: int, noise: float, seed: int) -> Gallery:
    """People of 16 traits, each of whose clips is compared with the others' means."""
    rng = np.random.default_rng(seed)
    clips = rng.normal(size=(n_people, 1, 16)) + noise * rng.normal(size=(n_people, CLIPS, 16))
    vectors = (clips / np.linalg.norm(clips, axis=2, keepdims=True)).reshape(-1, 16)
    scores = vectors @ vectors.reshape(n_people, CLIPS, 16).mean(axis=1).T
    rows, people = np.arange(len(vectors)), np.repeat(np.arange(n_people), CLIPS)
    scores[rows, people] = (scores[rows, people] * CLIPS - 1) / (CLIPS - 1)
    return Gallery(scores, rows, people)


@pytest.mark.parametrize("noise", [0.8, 1.5])
def test_rates_among_many_are_foretold_from_few(noise: float) -> None:
    all_of_them = population(1000, noise, 1)
    (truth,) = rank1_by_gallery_size(all_of_them, [1000])
    (search,) = search_in_population(population(60, noise, 2), [1000])
    assert search.rank1.low < truth < search.rank1.high
    assert search.rank1.value == pytest.approx(truth, abs=0.1)
    open_set = tpir_at_fpir(all_of_them, fpir=0.1)
    assert search.tpir.low < open_set < search.tpir.high
    assert search.tpir.value < search.rank1.value


def test_nobody_is_found_where_nothing_tells_people_apart() -> None:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(40), 4)
    (search,) = search_in_population(gallery_scores(compare_all(rng.normal(size=(160, 8)), subjects)), [1000])
    assert search.rank1.value == pytest.approx(1 / 1000, abs=0.002)


def test_the_measured_gallery_comes_out_as_it_was_measured() -> None:
    gallery = population(60, 1.2, 3)
    (exact,) = rank1_by_gallery_size(gallery, [60])
    assert fit_population(gallery).rank1(60) == pytest.approx(exact, abs=0.03)


def test_folds_may_have_scores_of_their_own_level() -> None:
    level, scale = np.repeat([0.0, 50.0], 20), np.repeat([1.0, 7.0], 20)
    parts = []
    for fold in range(2):
        of_fold = population(20, 1.0, 4 + fold)
        parts.append((of_fold.scores, of_fold.subjects + 20 * fold))
    scores = np.full((120, 40), -np.inf)
    for fold, (of_fold, _) in enumerate(parts):
        scores[60 * fold : 60 * fold + 60, 20 * fold : 20 * fold + 20] = of_fold
    subjects = np.concatenate([people for _, people in parts])
    moved = scores * scale[subjects][:, None]
    moved += level[subjects][:, None]
    alike, apart = (fit_population(Gallery(each, np.arange(120), subjects)) for each in (scores, moved))
    assert apart.rank1(1000) == pytest.approx(alike.rank1(1000), rel=0.15)
    assert apart.tpir(1000, 0.1) == pytest.approx(alike.tpir(1000, 0.1), abs=0.1)


def test_a_tail_of_normal_scores_is_the_normal_tail() -> None:
    tail = _Tail.fitted(norm.ppf((np.arange(100_000) + 0.5) / 100_000), 1e-4)
    z = np.array([-1.0, 0.5, 2.0, 3.0, 5.0])
    assert tail.shares(z) == pytest.approx(norm.sf(z), rel=0.05)


def test_only_so_many_are_foretold() -> None:
    gallery = population(12, 1.0, 5)
    check_population(gallery, [12, 1200])
    with pytest.raises(
        EvaluationError, match=r"1,201 people cannot be told from galleries of 12: beyond 100"
    ):
        check_population(gallery, [1201])
    with pytest.raises(ValueError, match=r"people must be 12 or more.*got 11"):
        check_population(gallery, [11])
    with pytest.raises(EvaluationError, match=r"needs 8 in every gallery, got 7"):
        check_population(population(7, 1.0, 5), [100])
    with pytest.raises(ValueError, match=r"fpir and level must lie in \(0, 1\), got 0.0 and 0.95"):
        search_in_population(gallery, [100], fpir=0.0)


def test_scores_that_do_not_differ_are_refused() -> None:
    subjects = np.repeat(np.arange(10), 2)
    a, b = np.triu_indices(20, k=1)
    constant = Comparisons(np.zeros(len(a)), a, b, subjects)
    with pytest.raises(EvaluationError, match="scores that differ between people"):
        search_in_population(gallery_scores(constant), [100])


def test_many_probes_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amber_id.biometrics.population._MOST_SCORES", 240)
    kept = _thinned(population(12, 1.0, 6))
    assert np.bincount(kept.subjects).tolist() == [2] * 8 + [1] * 4


def test_an_interval_by_leaving_out_is_that_of_the_jackknife() -> None:
    left_out = np.array([0.30, 0.34, 0.28, 0.36, 0.31, 0.33])
    estimate = jackknifed(0.32, left_out, level=0.95, n_subjects=60, n_deciding=60)
    probits = norm.ppf(left_out)
    error = np.sqrt(5 / 6 * sum((each - probits.mean()) ** 2 for each in probits))
    reach = t.ppf(0.975, estimate.degrees_of_freedom) * error
    assert estimate.low == pytest.approx(norm.cdf(norm.ppf(0.32) - reach))
    assert estimate.high == pytest.approx(norm.cdf(norm.ppf(0.32) + reach))


@pytest.mark.parametrize(("rate", "high"), [(0.0, 0.045061), (0.0125, 0.067693)])
def test_a_rate_that_no_group_or_one_decides_has_the_exact_end(rate: float, high: float) -> None:
    # 3 / n in words; 0 and 1 of 80 people have these ends in any table of Clopper and Pearson
    left_out = np.array([rate, rate, 0.0, rate])
    estimate = jackknifed(rate, left_out, level=0.95, n_subjects=80, n_deciding=80)
    assert (estimate.low, estimate.high) == (0.0, pytest.approx(high, abs=1e-5))
    other = jackknifed(1 - rate, 1 - left_out, level=0.95, n_subjects=80, n_deciding=80)
    assert (other.low, other.high) == (pytest.approx(1 - high, abs=1e-5), 1.0)
