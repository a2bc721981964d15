"""Which scores are no evidence: those of an interval over people, which shrinks as they grow."""

import math

import numpy as np
import pytest

from amber_id.biometrics import (
    Comparisons,
    LinearCalibration,
    compare_all,
    fit_linear_calibration,
    undecided_scores,
)


def study(n_people: int, seed: int, noise: float = 1.0) -> Comparisons:
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(n_people), 4)
    vectors = rng.normal(size=(n_people, 16))[subjects]
    return compare_all(vectors + noise * rng.normal(size=vectors.shape), subjects)


def line_of(comparisons: Comparisons) -> LinearCalibration:
    return fit_linear_calibration(comparisons.mated_scores, comparisons.nonmated_scores)


def test_the_interval_holds_the_score_of_ratio_1_among_all_people() -> None:
    whole = line_of(study(300, seed=999))
    neutral = -whole.offset / whole.scale
    held, widths = [], []
    for seed in range(60):
        comparisons = study(10, seed)
        low, high = undecided_scores(comparisons, line_of(comparisons))
        held.append(low <= neutral <= high)
        widths.append(high - low)
    assert np.mean(held) > 0.95 - 3 * math.sqrt(0.05 * 0.95 / 60)
    assert np.median(widths) < 0.3


def test_more_people_leave_less_open() -> None:
    widths = []
    for n_people in (8, 30, 100):
        comparisons = study(n_people, seed=1)
        low, high = undecided_scores(comparisons, line_of(comparisons))
        assert low < -line_of(comparisons).offset / line_of(comparisons).scale < high
        widths.append(high - low)
    assert widths[0] > 2 * widths[1] > 3 * widths[2]


def test_the_lines_without_each_person_are_fits_without_them() -> None:
    comparisons = study(9, seed=2)
    lines = []
    for left_out in range(9):
        whose = comparisons.enrolment_subjects, comparisons.probe_subjects
        kept = (whose[0] != left_out) & (whose[1] != left_out)
        line = fit_linear_calibration(
            comparisons.scores[kept & comparisons.mated], comparisons.scores[kept & ~comparisons.mated]
        )
        lines.append([line.scale, line.offset])
    apart = np.array(lines) - np.mean(lines, axis=0)
    covariance = 8 / 9 * apart.T @ apart
    line, reach = line_of(comparisons), 2.306004  # Student's t, 8 degrees of freedom
    for score in undecided_scores(comparisons, line):
        spread = math.sqrt(np.array([score, 1.0]) @ covariance @ np.array([score, 1.0]))
        assert abs(line.scale * score + line.offset) == pytest.approx(reach * spread, rel=0.02)


def test_where_little_is_known_every_score_is_left_open() -> None:
    for comparisons in (study(3, seed=0), study(12, seed=3, noise=6.0)):
        line = LinearCalibration(0.5, 0.0)
        assert undecided_scores(comparisons, line) == (-math.inf, math.inf)


def test_a_level_out_of_range_is_refused() -> None:
    comparisons = study(5, seed=0)
    with pytest.raises(ValueError, match=r"level must lie in \(0, 1\), got 1"):
        undecided_scores(comparisons, line_of(comparisons), level=1.0)
