import math

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, compare_all
from amber_id.errors import EvaluationError


def make(scores=(0.9, 0.2, 0.4), enrolment=(0, 0, 1), probe=(0, 1, 2), n_subjects=3) -> Comparisons:
    return Comparisons(np.array(scores, float), np.array(enrolment), np.array(probe), n_subjects)


def random_clips(n_clips=23, n_dimensions=7, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_clips, n_dimensions)).astype(np.float32)
    return vectors, rng.integers(5, size=n_clips)


def test_sides_are_told_apart_by_the_subjects() -> None:
    comparisons = make()
    np.testing.assert_array_equal(comparisons.mated, [True, False, False])
    np.testing.assert_array_equal(comparisons.mated_scores, [0.9])
    np.testing.assert_array_equal(comparisons.nonmated_scores, [0.2, 0.4])
    assert (comparisons.n_mated, comparisons.n_nonmated) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": (math.nan, 0.2, math.nan)}, "scores must be finite, got 2 NaN and 0 infinite among 3"),
        ({"scores": (0.1, 0.2, -math.inf)}, "scores must be finite, got 0 NaN and 1 infinite among 3"),
        ({"probe": (0, 1)}, r"probe must be int64 of shape \(3,\) like scores, got int64 of shape \(2,\)"),
        ({"enrolment": (0.0, 0.0, 1.0)}, "enrolment must be int64 .* got float64"),
        ({"probe": (0, 1, 3)}, r"probe must hold subjects in 0\.\.2, got 3 and 0 more"),
        ({"enrolment": (-1, -2, 1)}, r"enrolment must hold subjects in 0\.\.2, got -1 and 1 more"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes, message, without_shape_checks) -> None:
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_pool_keeps_the_comparisons_of_each_fold_in_order() -> None:
    pooled = Comparisons.pool([make(), make(scores=(0.5,), enrolment=(2,), probe=(1,))])
    np.testing.assert_array_equal(pooled.scores, [0.9, 0.2, 0.4, 0.5])
    np.testing.assert_array_equal(pooled.enrolment, [0, 0, 1, 2])
    np.testing.assert_array_equal(pooled.probe, [0, 1, 2, 1])
    assert pooled.n_subjects == 3


@pytest.mark.parametrize("parts", [[], [make(), make(n_subjects=4)]])
def test_pool_refuses_no_fold_and_folds_numbered_differently(parts) -> None:
    with pytest.raises(ValueError, match="same n_subjects"):
        Comparisons.pool(parts)


def test_each_pair_of_clips_is_compared_once_with_its_cosine() -> None:
    vectors, subjects = random_clips()
    expected = []
    for i, first in enumerate(vectors.tolist()):
        for j, second in enumerate(vectors.tolist()):
            if i < j:
                product = sum(a * b for a, b in zip(first, second, strict=True))
                cosine = product / (math.hypot(*first) * math.hypot(*second))
                expected.append((cosine, subjects[i], subjects[j]))
    scores, enrolment, probe = zip(*expected, strict=True)

    comparisons = compare_all(vectors, subjects)
    np.testing.assert_allclose(comparisons.scores, scores, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(comparisons.enrolment, enrolment)
    np.testing.assert_array_equal(comparisons.probe, probe)
    assert comparisons.n_subjects == 5


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


def test_subjects_of_other_folds_can_be_counted_in() -> None:
    vectors, subjects = random_clips()
    assert compare_all(vectors, subjects, n_subjects=9).n_subjects == 9
    with pytest.raises(ValueError, match=r"subjects in 0\.\.3"):
        compare_all(vectors, subjects, n_subjects=4)


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
