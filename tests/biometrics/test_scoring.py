import numpy as np
import pytest
import torch

from amber_id.biometrics import (
    PairTally,
    SubjectTally,
    compare_all,
    eer,
    histogram_all,
    merge,
    scoring,
    tally,
    tally_all,
)
from amber_id.errors import EvaluationError

FINE_WIDTH = 2 / scoring.FINE_BINS


def clips(n_subjects=9, seed=0, dimensions=16):
    """Clips in no order, of people with 1 to 9 of them, numbered with gaps."""
    rng = np.random.default_rng(seed)
    subjects = rng.permutation(np.repeat(3 * np.arange(n_subjects), 1 + np.arange(n_subjects)))
    people = rng.normal(size=(3 * n_subjects, dimensions))
    vectors = people[subjects] + 1.5 * rng.normal(size=(len(subjects), dimensions))
    return vectors.astype(np.float32), subjects


@pytest.fixture(params=["one block", "many blocks"])
def blocks(request, monkeypatch) -> None:
    """The same whatever the size of a block, also where people are cut apart."""
    if request.param == "many blocks":
        monkeypatch.setattr(scoring, "_BLOCK", 200)


@pytest.mark.usefixtures("blocks")
def test_each_comparison_is_counted_once_in_its_bin_and_on_its_side() -> None:
    vectors, subjects = clips()
    held = compare_all(vectors, subjects)
    found = histogram_all(vectors, subjects)
    assert found.mated.sum() == held.n_mated
    assert found.nonmated.sum() == held.n_nonmated
    for side, scores in ((found.mated, held.mated_scores), (found.nonmated, held.nonmated_scores)):
        # Score by score in order: the lower edge of its bin lies at most a bin below.
        below = np.sort(scores) - np.repeat(found.edges, side)
        assert below.min() > -1e-6
        assert below.max() < FINE_WIDTH + 1e-6
    low, high = found.curve().eer_bounds()
    assert low <= eer(held.mated_scores, held.nonmated_scores) <= high


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("array", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_each_two_people_have_the_counts_of_their_scores(array) -> None:
    vectors, subjects = clips(seed=7)
    held, found = compare_all(vectors, subjects), tally_all(array(vectors), subjects, bins=32)
    # No score lies within the rounding of single precision of an edge.
    assert np.abs(held.scores[:, None] - found.edges).min() > 5e-7
    assert isinstance(found, PairTally)
    np.testing.assert_array_equal(found.subjects, np.unique(subjects))
    people = np.searchsorted(found.subjects, held.subjects)
    one, other = people[held.enrolment], people[held.probe]
    for a, b, counts in zip(found.one, found.other, found.counts, strict=True):
        scores = held.scores[((one == a) & (other == b)) | ((one == b) & (other == a))]
        expected = np.histogram(scores, np.append(found.edges, 1.1))[0]
        np.testing.assert_array_equal(counts, expected)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("array", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_each_person_has_the_counts_of_its_scores(array) -> None:
    vectors, subjects = clips()
    pairs = tally_all(vectors, subjects, bins=32)
    people = tally_all(array(vectors), subjects, bins=32, detail="subjects")
    assert isinstance(people, SubjectTally)
    np.testing.assert_array_equal(people.edges, pairs.edges)
    for subject in range(len(people.subjects)):
        own = (pairs.one == subject) & (pairs.other == subject)
        others = ((pairs.one == subject) | (pairs.other == subject)) & ~own
        np.testing.assert_array_equal(people.mated[subject], pairs.counts[own].sum(axis=0))
        np.testing.assert_array_equal(people.nonmated[subject], pairs.counts[others].sum(axis=0))
    np.testing.assert_array_equal(people.whole.nonmated, pairs.whole.nonmated)


def test_bins_lie_where_the_scores_are() -> None:
    vectors, subjects = clips(n_subjects=20)
    found = tally_all(vectors, subjects, bins=64)
    assert len(found.edges) > 32
    for side in (found.mated, ~found.mated):
        assert (found.counts[side].sum(axis=0) / found.counts[side].sum()).max() < 0.1


@pytest.mark.parametrize("detail", ["pairs", "subjects"])
def test_shards_add_up_to_the_whole(detail, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "_BLOCK", 200)
    vectors, subjects = clips()
    whole = tally_all(vectors, subjects, detail=detail)
    merged = merge([tally_all(vectors, subjects, detail=detail, shard=(i, 3)) for i in (1, 2, 3)])
    name = "counts" if detail == "pairs" else "nonmated"
    np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
    np.testing.assert_array_equal(merged.whole.mated, whole.whole.mated)


def test_progress_counts_every_comparison(monkeypatch) -> None:
    monkeypatch.setattr(scoring, "_BLOCK", 200)
    vectors, subjects = clips()
    seen = []
    histogram_all(vectors, subjects, on_progress=seen.append)
    assert len(seen) > 3
    assert sum(seen) == len(vectors) * (len(vectors) - 1) // 2


def test_a_clip_just_like_another_scores_in_the_last_bin() -> None:
    found = histogram_all(np.ones((3, 5)), np.array([0, 0, 1]))
    assert found.mated[-1] == 1
    assert found.nonmated[-1] == 2
    opposite = histogram_all(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([0, 1]))
    assert opposite.nonmated[0] == 1


def test_held_and_streamed_scores_give_the_same_interval() -> None:
    from amber_id.biometrics import ErrorCurve, Statistic, bootstrap

    vectors, subjects = clips(n_subjects=12)
    statistics = {"eer": Statistic(ErrorCurve.eer)}
    held, streamed = (
        bootstrap(study, statistics, rng=np.random.default_rng(0))["eer"]
        for study in (tally(compare_all(vectors, subjects)), tally_all(vectors, subjects))
    )
    assert streamed.value == pytest.approx(held.value, abs=1e-3)
    assert streamed.low == pytest.approx(held.low, abs=2e-3)
    assert streamed.high == pytest.approx(held.high, abs=2e-3)


@pytest.mark.parametrize("array", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_a_vector_without_direction_is_refused(array) -> None:
    vectors, subjects = clips()
    vectors[7] = 0
    with pytest.raises(ValueError, match=r"vectors must be finite and not zero, got length 0\.0 in row 7 "):
        tally_all(array(vectors), subjects)


def test_arguments_out_of_range_are_refused() -> None:
    vectors, subjects = clips()
    with pytest.raises(EvaluationError, match="two clips, got 1"):
        tally_all(vectors[:1], subjects[:1])
    with pytest.raises(ValueError, match="one index from 0 for each of 45 clips"):
        tally_all(vectors, -subjects)
    with pytest.raises(ValueError, match=r"1 <= i <= n, got \(4, 3\)"):
        tally_all(vectors, subjects, shard=(4, 3))
