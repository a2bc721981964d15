import math

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, compare_all
from amber_id.errors import EvaluationError, UndefinedMetricError


def make(
    scores=(0.9, 0.2, 0.4), enrolment=(0, 0, 1), probe=(1, 2, 2), subjects=(0, 0, 1), sessions=None
) -> Comparisons:
    return Comparisons(
        np.array(scores, float),
        np.array(enrolment),
        np.array(probe),
        np.array(subjects),
        None if sessions is None else np.array(sessions),
    )


def random_clips(n_clips=23, n_dimensions=7, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_clips, n_dimensions)).astype(np.float32)
    return vectors, rng.integers(5, size=n_clips)


def test_sides_are_told_apart_by_the_subjects() -> None:
    comparisons = make()
    np.testing.assert_array_equal(comparisons.mated, [True, False, False])
    np.testing.assert_array_equal(comparisons.mated_scores, [0.9])
    np.testing.assert_array_equal(comparisons.nonmated_scores, [0.2, 0.4])
    assert (comparisons.n_mated, comparisons.n_nonmated, comparisons.n_subjects) == (1, 2, 2)
    np.testing.assert_array_equal(comparisons.enrolment_subjects, [0, 0, 0])
    np.testing.assert_array_equal(comparisons.probe_subjects, [0, 1, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"scores": (math.nan, 0.2, math.nan)},
            "scores must be finite, got 2 NaN and 0 infinite among 3, first in row 0",
        ),
        (
            {"scores": (0.1, 0.2, -math.inf)},
            "scores must be finite, got 0 NaN and 1 infinite among 3, first in row 2",
        ),
        ({"probe": (0, 1)}, r"probe must be int64 of shape \(3,\), got int64 of shape \(2,\)"),
        ({"enrolment": (0.0, 0.0, 1.0)}, "enrolment must be int64 .* got float64"),
        ({"probe": (1, 2, 3)}, r"probe must hold clips in 0\.\.2, got 3 and 0 more"),
        ({"enrolment": (-1, -2, 1)}, r"enrolment must hold clips in 0\.\.2, got -1 and 1 more"),
        ({"probe": (1, 0, 1)}, "two clips, got clip 0 with itself in row 1 and 1 more"),
        ({"subjects": (0, -3, 1)}, "subjects must be numbered from 0, got -3"),
        ({"sessions": (0, 1)}, r"sessions must be int64 of shape \(3,\)"),
        ({"sessions": (0, 1, -1)}, "sessions must be numbered from 0, got -1"),
        ({"sessions": (0, 1, 1)}, "one subject, got several in session 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes, message, without_shape_checks) -> None:
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_pairs_of_people_are_counted_once_whatever_their_direction() -> None:
    # Subjects 0, 1, 2; met are {0, 1}, twice and in both directions, and {1, 2}.
    comparisons = make((0.1, 0.2, 0.3, 0.9), (0, 2, 2, 0), (2, 1, 3, 1), subjects=(0, 0, 1, 2))
    assert comparisons.n_subject_pairs == 2
    assert comparisons.fmr_floor == 1.0
    many = compare_all(*random_clips(60))
    assert many.n_subject_pairs == 10
    assert many.fmr_floor == pytest.approx(0.3)


def test_without_nonmated_comparisons_there_is_no_floor() -> None:
    with pytest.raises(UndefinedMetricError, match="non-mated comparisons, got none"):
        _ = make((0.9,), (0,), (1,)).fmr_floor


def test_pool_keeps_the_comparisons_of_each_fold_and_numbers_clips_on() -> None:
    pooled = Comparisons.pool([make(), make((0.5,), (1,), (0,), subjects=(2, 5))])
    np.testing.assert_array_equal(pooled.scores, [0.9, 0.2, 0.4, 0.5])
    np.testing.assert_array_equal(pooled.enrolment, [0, 0, 1, 4])
    np.testing.assert_array_equal(pooled.probe, [1, 2, 2, 3])
    np.testing.assert_array_equal(pooled.subjects, [0, 0, 1, 2, 5])
    assert pooled.sessions is None
    assert pooled.n_subjects == 6


def test_pool_keeps_sessions() -> None:
    known = make(sessions=(0, 4, 1))
    np.testing.assert_array_equal(Comparisons.pool([known, known]).sessions, [0, 4, 1, 0, 4, 1])


@pytest.mark.parametrize(
    ("parts", "message"),
    [([], "got 0 with 0"), ([make(), make(sessions=(0, 0, 1))], "all or none with sessions, got 2 with 1")],
)
def test_pool_refuses_no_fold_and_sessions_of_some(parts, message) -> None:
    with pytest.raises(ValueError, match=message):
        Comparisons.pool(parts)


def test_each_pair_of_clips_is_compared_once_with_its_cosine() -> None:
    vectors, subjects = random_clips()
    expected = []
    for i, first in enumerate(vectors.tolist()):
        for j, second in enumerate(vectors.tolist()):
            if i < j:
                product = sum(a * b for a, b in zip(first, second, strict=True))
                cosine = product / (math.hypot(*first) * math.hypot(*second))
                expected.append((cosine, i, j))
    scores, enrolment, probe = zip(*expected, strict=True)

    comparisons = compare_all(vectors, subjects)
    np.testing.assert_allclose(comparisons.scores, scores, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(comparisons.enrolment, enrolment)
    np.testing.assert_array_equal(comparisons.probe, probe)
    np.testing.assert_array_equal(comparisons.subjects, subjects)


@pytest.mark.parametrize("block_size", [1, 2, 5, 22, 23, 24])
def test_the_block_size_changes_rounding_only(block_size) -> None:
    vectors, subjects = random_clips()
    whole, blocks = compare_all(vectors, subjects), compare_all(vectors, subjects, block_size=block_size)
    np.testing.assert_allclose(blocks.scores, whole.scores, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(blocks.enrolment, whole.enrolment)
    np.testing.assert_array_equal(blocks.probe, whole.probe)


def test_a_second_run_gives_the_same_scores() -> None:
    vectors, subjects = random_clips()
    np.testing.assert_array_equal(
        compare_all(vectors, subjects).scores, compare_all(vectors, subjects).scores
    )


def test_the_length_of_a_vector_does_not_matter() -> None:
    vectors, subjects = random_clips()
    lengths = np.geomspace(1e-6, 1e6, len(vectors), dtype=np.float32)[:, None]
    scaled = compare_all(vectors * lengths, subjects)
    np.testing.assert_allclose(scaled.scores, compare_all(vectors, subjects).scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
def test_a_vector_without_direction_is_refused_by_row(value) -> None:
    vectors, subjects = random_clips()
    vectors[[4, 6]] = value
    with pytest.raises(ValueError, match="in row 4 and 1 more"):
        compare_all(vectors, subjects)


@pytest.mark.parametrize("n_clips", [0, 1])
def test_one_clip_cannot_be_compared(n_clips) -> None:
    with pytest.raises(EvaluationError, match=f"two clips, got {n_clips}"):
        compare_all(*random_clips(n_clips))


def test_a_block_holds_at_least_one_clip() -> None:
    with pytest.raises(ValueError, match="block_size must be at least 1, got 0"):
        compare_all(*random_clips(), block_size=0)
