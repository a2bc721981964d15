import dataclasses
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, error_curve
from amber_id.errors import EvaluationError
from amber_id.report.drawing.distributions import score_bins
from amber_id.report.drawing.maps import fold_maps
from amber_id.report.drawing.people import subject_rows
from amber_id.report.drawing.pseudonyms import subject_names
from amber_id.report.drawing.roc import ROC_POINTS, roc_points
from amber_id.report.evaluation.checked import check_belong_together, compared


@pytest.fixture
def many_comparisons() -> Comparisons:
    """300,000 comparisons among 40 people, no two scores alike."""
    rng = np.random.default_rng(5)
    enrolment, probe = rng.integers(0, 40, size=(2, 300_000))
    scores = rng.normal(size=300_000) + 1.5 * (enrolment == probe)
    return Comparisons(scores, enrolment, probe + 40, np.tile(np.arange(40), 2))


def test_comparisons_name_the_people_behind_the_clips(evaluation: Any) -> None:
    results, arrays = evaluation
    comparisons = compared(arrays)
    assert comparisons.n_mated == results.counts.comparisons.mated
    for row in (0, 100, len(arrays.scores) - 1):
        assert arrays.clips[arrays.probe[row]].startswith(
            arrays.subjects[comparisons.probe_subjects[row]] + "/"
        )


def test_a_short_curve_is_drawn_whole(evaluation: Any) -> None:
    comparisons = dataclasses.replace(
        compared(evaluation[1]), scores=np.round(compared(evaluation[1]).scores, 2)
    )
    curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    points = roc_points(comparisons)
    np.testing.assert_array_equal(points.fmr, curve.fmr[::-1])
    np.testing.assert_array_equal(points.tmr, curve.tmr[::-1])


def test_a_long_curve_is_thinned_without_changing_its_shape(many_comparisons: Comparisons) -> None:
    points = roc_points(many_comparisons)
    assert len(points.fmr) <= ROC_POINTS
    assert (points.fmr[0], points.tmr[0]) == (0, 0)
    assert (points.fmr[-1], points.tmr[-1]) == (1, 1)
    curve = error_curve(many_comparisons.mated_scores, many_comparisons.nonmated_scores)
    for threshold, fmr, tmr in zip(points.thresholds[::50], points.fmr[::50], points.tmr[::50], strict=True):
        assert curve.rates_at(float(threshold)) == (fmr, pytest.approx(1 - tmr))
    drawn = np.interp(curve.fmr[::-1], points.fmr, points.tmr)
    assert np.abs(drawn - curve.tmr[::-1]).max() < 0.01
    assert np.count_nonzero((points.fmr > 1e-4) & (points.fmr < 1e-2)) > 100


def test_low_fmr_ends_at_three_per_pair_of_people(evaluation: Any) -> None:
    _, arrays = evaluation
    met = set()
    for a, b in zip(arrays.enrolment, arrays.probe, strict=True):
        if arrays.subject[a] != arrays.subject[b]:
            met.add(frozenset((int(arrays.subject[a]), int(arrays.subject[b]))))
    points = roc_points(compared(arrays))
    assert points.subject_pairs == len(met) == 2 * 15  # all pairs of 6 people in each of two folds
    assert points.lowest_fmr == 0.1
    assert points.shows_low_fmr


def test_three_people_support_no_low_fmr() -> None:
    people = np.repeat([0, 1, 2], 4)
    enrolment, probe = np.array(list(combinations(range(12), 2))).T
    scores = np.random.default_rng(0).normal(size=len(probe))
    points = roc_points(Comparisons(scores, enrolment, probe, people))
    assert (points.subject_pairs, points.lowest_fmr, points.shows_low_fmr) == (3, 1.0, False)


def test_bins_hold_every_score_once() -> None:
    scores = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
    people = np.array([0, 1, 0, 1, 0, 1])
    bins = score_bins(Comparisons(scores, np.zeros(6, np.int64), 1 + np.arange(6), np.append(0, people)))
    for name, kind in (("mated", people == 0), ("nonmated", people == 1)):
        by_hand = [
            sum(low <= score < high or score == high == 1 for score in scores[kind])
            for low, high in zip(bins.edges, bins.edges[1:], strict=False)
        ]
        assert getattr(bins, name).tolist() == by_hand
    assert bins.mated.sum() == bins.nonmated.sum() == 3
    assert bins.width == pytest.approx(1 / 12)


def test_who_stands_out_most_comes_first_and_who_has_one_clip_last(evaluation: Any) -> None:
    rows = subject_rows(evaluation[0])
    gaps = [row.gap for row in rows]
    assert gaps[-1] is None
    assert gaps[:-1] == sorted((gap for gap in gaps if gap is not None), reverse=True)
    assert (rows[-1].clips, rows[-1].mated) == (1, None)
    names = subject_names(evaluation[0])
    by_name = {row.name: row for row in rows}
    for each in evaluation[0].subjects:
        assert by_name[names[each.subject]].mated == each.mean_mated


def test_a_map_holds_the_clips_of_its_own_fold(evaluation: Any) -> None:
    results, arrays = evaluation
    names = subject_names(results)
    maps = fold_maps(results, arrays)
    assert [each.fold for each in maps] == [0, 1]
    assert sum(each.clips for each in maps) == len(arrays.clips)
    for each in maps:
        for number, subject in enumerate(arrays.subjects):
            rows = (arrays.subject == number) & (arrays.fold == each.fold)
            drawn = each.people.get(names[subject], np.empty((0, 2)))
            np.testing.assert_array_equal(drawn, arrays.tsne[rows])


def test_a_map_of_very_many_clips_keeps_some_of_everybody(
    evaluation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amber_id.report.drawing.maps.MAP_CLIPS", 30)
    maps = fold_maps(*evaluation)
    drawn = [len(places) for each in maps for places in each.people.values()]
    assert len(drawn) == 12
    assert min(drawn) == 1
    assert sum(drawn) < 45 < len(evaluation[1].clips)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: {"clips": a.clips[1:]}, "got 89 and 88 clips"),
        (
            lambda a: {name: getattr(a, name)[1:] for name in ("scores", "enrolment", "probe")},
            "got 1948 and 1947 comparisons",
        ),
        (lambda a: {"subjects": tuple(f"x{name}" for name in a.subjects)}, "12 people that results.json"),
        (lambda a: {"tsne": np.full_like(a.tsne, np.nan)}, "tsne in arrays.safetensors must be finite"),
        (lambda a: {"scores": np.full_like(a.scores, np.nan)}, "scores in arrays.safetensors must be finite"),
    ],
)
def test_arrays_of_another_evaluation_are_refused(
    evaluation: Any, change: Callable[[Any], dict[str, Any]], message: str
) -> None:
    results, arrays = evaluation
    check_belong_together(results, arrays)
    with pytest.raises(EvaluationError, match=message):
        check_belong_together(results, dataclasses.replace(arrays, **change(arrays)))
