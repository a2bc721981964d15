import itertools
import math
import time

import numpy as np
import pytest

from amber_id.biometrics import permutation
from amber_id.biometrics.comparisons import Comparisons, compare_across, compare_all
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.disclosure import d_sys_raw_of, zebra_expected_of
from amber_id.biometrics.galleries import is_directed
from amber_id.biometrics.permutation import permutation_null
from amber_id.errors import EvaluationError, UndefinedMetricError


def mean_mated_score(curve: ErrorCurve) -> np.ndarray:
    return curve.mated_shares @ curve.scores


class Recorder:
    """A statistic that keeps the mated share of every score, as one integer per curve."""

    def __init__(self) -> None:
        self.patterns: list[tuple[int, ...]] = []

    def __call__(self, curve: ErrorCurve) -> np.ndarray:
        counts = (curve.mated_shares * np.asarray(curve.mated_weight)[:, None]).round().astype(int)
        self.patterns += [tuple(np.flatnonzero(row).tolist()) for row in counts]
        return np.ones(len(counts))


def patterns_of(comparisons, labellings) -> set[tuple[int, ...]]:
    """Which comparisons may be mated, if each has a score of its own, in ascending order."""
    return {
        tuple(
            k
            for k, (one, other) in enumerate(zip(comparisons.enrolment, comparisons.probe, strict=True))
            if labels[one] == labels[other]
        )
        for labels in labellings
    }


def study(pairs, subjects) -> Comparisons:
    enrolment, probe = np.array(pairs).T
    return Comparisons(np.arange(len(pairs)) / 16, enrolment, probe, np.array(subjects))


def seen_in(comparisons, draws=300) -> list[tuple[int, ...]]:
    recorder = Recorder()
    rng = np.random.default_rng(0)
    permutation_null(comparisons, {"pattern": recorder}, permutations=draws, rng=rng)
    assert len(recorder.patterns) == draws + 1
    return recorder.patterns


def test_clips_compared_with_each_other_change_places_all_alike() -> None:
    comparisons = study(list(itertools.combinations(range(4), 2)), [0, 0, 1, 1])
    observed, *seen = seen_in(comparisons)
    assert observed == (0, 5)
    # Clip 0 is with one of the three others, and the other two are together.
    assert set(seen) == {(0, 5), (1, 4), (2, 3)}
    for pattern in set(seen):
        assert seen.count(pattern) == pytest.approx(100, abs=25)


def test_clips_that_are_only_enrolled_stay_who_they_are() -> None:
    pairs = [(enrolled, probe) for enrolled in (0, 1, 2) for probe in (3, 4, 5)]
    subjects = [0, 1, 2, 0, 1, 2]
    comparisons = study(pairs, subjects)
    labellings = [[0, 1, 2, *probes] for probes in itertools.permutations((0, 1, 2))]
    assert set(seen_in(comparisons)) == patterns_of(comparisons, labellings)
    assert all(len(pattern) == 3 for pattern in seen_in(comparisons))


def test_folds_never_exchange_clips() -> None:
    fold = list(itertools.combinations(range(3), 2))
    pairs = fold + [(one + 3, other + 3) for one, other in fold]
    comparisons = study(pairs, [0, 0, 1, 0, 0, 2])
    orders = [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    labellings = [[*one, *(2 * subject for subject in other)] for one in orders for other in orders]
    assert set(seen_in(comparisons)) == patterns_of(comparisons, labellings)


def test_a_permutation_without_one_side_is_drawn_again() -> None:
    # Only two of the six pairs are compared; labels may leave neither mated, or both.
    comparisons = study([(0, 1), (1, 2), (2, 3)], [0, 0, 1, 2])
    for pattern in seen_in(comparisons):
        assert 0 < len(pattern) < 3


def test_value_null_and_p_follow_their_definitions() -> None:
    comparisons = study(list(itertools.combinations(range(5), 2)), [0, 0, 1, 1, 1])
    null = []

    def statistic(curve: ErrorCurve) -> np.ndarray:
        null.extend(mean_mated_score(curve).tolist())
        return mean_mated_score(curve)

    rng = np.random.default_rng(3)
    test = permutation_null(comparisons, {"mean": statistic}, permutations=150, rng=rng)["mean"]
    value, *null = null
    assert test.value == value == pytest.approx(comparisons.mated_scores.mean())
    assert test.permutations == len(null) == 150
    assert test.null_mean == pytest.approx(np.mean(null))
    assert test.excess == pytest.approx(value - np.mean(null))
    assert 0 < sum(x >= value - 1e-9 for x in null) < 150
    assert test.p_value == (1 + sum(x >= value - 1e-9 for x in null)) / 151


def people(rng, *, identity, n_subjects=14, clips=5) -> Comparisons:
    """Embeddings of noise, in which some clips are nearer to all others, and people differ if told so."""
    subjects = np.repeat(np.arange(n_subjects), clips)
    vectors = rng.normal(size=(len(subjects), 16)) + identity * rng.normal(size=(n_subjects, 16))[subjects]
    quality = rng.gamma(2, 1, size=len(subjects))[:, None]
    return compare_all(vectors + quality * rng.normal(size=16), subjects)


def test_a_study_of_nothing_is_found_to_disclose_in_5_of_100() -> None:
    runs, rejected = 100, np.zeros(2)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        comparisons = people(rng, identity=0.0, n_subjects=int(rng.integers(12, 21)))
        edges = np.quantile(comparisons.scores, np.arange(200) / 200)
        tests = permutation_null(
            comparisons,
            {"d_sys": d_sys_raw_of, "zebra": zebra_expected_of},
            permutations=39,
            rng=rng,
            edges=edges,
        )
        rejected += [test.p_value <= 0.05 for test in tests.values()]
    assert (rejected / runs < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)).all(), rejected
    assert rejected.sum() > 0  # or it could never find anything


def test_people_who_differ_a_little_are_found() -> None:
    statistics = {"d_sys": d_sys_raw_of, "zebra": zebra_expected_of}
    rng = np.random.default_rng(0)
    tests = permutation_null(people(rng, identity=0.7), statistics, permutations=99, rng=rng)
    for test in tests.values():
        assert test.p_value == 0.01
        assert test.excess > 0.02


def test_the_same_draws_give_the_same_result() -> None:
    comparisons = people(np.random.default_rng(0), identity=0.3)
    one, same, other = (
        permutation_null(comparisons, {"d": d_sys_raw_of}, permutations=70, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert one == same != other


@pytest.mark.parametrize(("identity", "n_subjects", "clips"), [(1.0, 40, 5), (5.0, 300, 2)])
def test_many_scores_are_binned_without_loss_that_matters(identity, n_subjects, clips) -> None:
    rng = np.random.default_rng(0)
    comparisons = people(rng, identity=identity, n_subjects=n_subjects, clips=clips)
    exact = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    assert len(exact.scores) > 10_000
    statistics = {
        "zebra": zebra_expected_of,
        "d_sys": d_sys_raw_of,
        "eer": ErrorCurve.eer,
        "scores": lambda curve: np.full(len(curve.fmr), float(len(curve.scores))),
    }
    tests = permutation_null(comparisons, statistics, permutations=1, rng=rng)
    assert tests["zebra"].value == pytest.approx(float(zebra_expected_of(exact)), abs=5e-4)
    assert tests["d_sys"].value == pytest.approx(float(d_sys_raw_of(exact)), abs=1e-3)
    assert tests["eer"].value == pytest.approx(float(exact.eer()), abs=3e-4)
    assert 1000 < tests["scores"].value <= 2048


def test_few_scores_are_not_binned() -> None:
    rng = np.random.default_rng(0)
    comparisons = people(rng, identity=0.5, n_subjects=12)
    exact = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    for figure in (zebra_expected_of, d_sys_raw_of):
        test = permutation_null(comparisons, {"figure": figure}, permutations=1, rng=rng)["figure"]
        assert test.value == pytest.approx(float(figure(exact)), abs=1e-12)


def test_the_bins_do_not_know_who_a_clip_shows() -> None:
    rng = np.random.default_rng(0)
    comparisons = people(rng, identity=1.0, n_subjects=20)
    seen = []

    def statistic(curve: ErrorCurve) -> np.ndarray:
        seen.append(curve.scores)
        return np.zeros(len(curve.fmr))

    for subjects in (comparisons.subjects, rng.permutation(comparisons.subjects)):
        told = Comparisons(comparisons.scores, comparisons.enrolment, comparisons.probe, subjects)
        permutation_null(told, {"scores": statistic}, permutations=1, rng=rng)
    for scores_seen in seen[1:]:
        np.testing.assert_array_equal(scores_seen, seen[0])


def test_edges_may_be_given() -> None:
    comparisons = study(list(itertools.combinations(range(4), 2)), [0, 0, 1, 1])
    seen = []

    def statistic(curve: ErrorCurve) -> np.ndarray:
        seen.append((curve.mated_shares[0], curve.nonmated_shares[0]))
        return np.zeros(len(curve.fmr))

    edges = np.array([1 / 16, 3.5 / 16])
    permutation_null(comparisons, {"s": statistic}, permutations=1, rng=np.random.default_rng(0), edges=edges)
    # Scores 0 to 3 / 16 lie in the first bin, also 0, which is below it; of the mated 0 and 5 / 16.
    np.testing.assert_allclose(seen[0], [[1 / 2, 1 / 2], [3 / 4, 1 / 4]])
    for wrong in ([], [1.0, 1.0], [2.0, 1.0]):
        with pytest.raises(ValueError, match="edges must be one or more ascending numbers"):
            permutation_null(
                comparisons,
                {"s": statistic},
                rng=np.random.default_rng(0),
                edges=np.array(wrong, np.float64),
            )


@pytest.mark.parametrize(
    ("pairs", "subjects", "error", "message"),
    [
        ([(0, 1), (0, 2)], [0, 1, 2], UndefinedMetricError, "got no mated ones"),
        ([(0, 1), (0, 2), (1, 2)], [0, 0, 0], UndefinedMetricError, "got no non-mated ones"),
        # The one probe clip has nobody to change places with.
        ([(0, 2), (1, 2)], [0, 1, 0], EvaluationError, "clips of different .* got 1 in 1 separate groups"),
        # Two folds with one probe clip each.
        ([(0, 1), (2, 3)], [0, 0, 1, 2], EvaluationError, "got 2 in 2 separate groups"),
        # One fold with mated comparisons only, one with non-mated only.
        ([(0, 1), (1, 2), (3, 4), (4, 5)], [0, 0, 0, 1, 2, 3], EvaluationError, "got 6 in 2 separate groups"),
    ],
)
def test_a_study_in_which_nothing_can_change_is_refused(pairs, subjects, error, message) -> None:
    with pytest.raises(error, match=message):
        permutation_null(study(pairs, subjects), {"z": zebra_expected_of}, rng=np.random.default_rng(0))


def with_sessions(comparisons, sessions, kept=None) -> Comparisons:
    kept = np.ones(len(comparisons.scores), bool) if kept is None else kept
    return Comparisons(
        comparisons.scores[kept],
        comparisons.enrolment[kept],
        comparisons.probe[kept],
        comparisons.subjects,
        np.asarray(sessions),
    )


def test_clips_of_one_session_move_together() -> None:
    # Subject 0 in sessions 0 and 1 of two clips each, subject 1 in session 2, subject 2 in session 3.
    subjects, sessions = np.repeat([0, 0, 1, 2], 2), np.repeat(range(4), 2)
    comparisons = with_sessions(study(list(itertools.combinations(range(8), 2)), subjects), sessions)
    labellings = [np.repeat(order, 2) for order in itertools.permutations((0, 0, 1, 2))]
    assert set(seen_in(comparisons)) == patterns_of(comparisons, labellings)


def test_clips_of_one_session_are_not_compared_after_a_permutation_either(monkeypatch) -> None:
    monkeypatch.setattr(permutation, "_MAX_CHANGE", 1.0)  # so few people would be refused
    # Clips 0 to 3 enrolled, 4 to 7 probes, in sessions 0 to 3, two of each subject.
    pairs = [(one, other + 4) for one in range(4) for other in range(4) if one != other]
    sessions = [0, 1, 2, 3, 0, 1, 2, 3]
    comparisons = with_sessions(study(pairs, [0, 0, 1, 1, 0, 0, 1, 1]), sessions)
    expected = set()
    for order in itertools.permutations(range(4)):
        expected.add(
            tuple(
                k
                for k, (one, other) in enumerate(pairs)
                if one // 2 == order[other - 4] // 2 and one != order[other - 4]
            )
        )
    assert set(seen_in(comparisons)) == expected - {()}


def test_what_is_compared_must_not_depend_on_who_is_shown() -> None:
    rng = np.random.default_rng(0)
    comparisons = people(rng, identity=0.0)
    chosen = comparisons.mated | (rng.random(len(comparisons.scores)) < 0.5)
    trials = Comparisons(
        comparisons.scores[chosen],
        comparisons.enrolment[chosen],
        comparisons.probe[chosen],
        comparisons.subjects,
    )
    with pytest.raises(
        EvaluationError, match=r"this study has 140 mated comparisons, with permuted names 7\d"
    ):
        permutation_null(trials, {"zebra": zebra_expected_of}, permutations=19, rng=rng)


def test_clips_that_were_not_compared_are_not_in_a_permuted_study_either(monkeypatch) -> None:
    monkeypatch.setattr(permutation, "_MAX_CHANGE", 1.0)  # so few people would be refused
    # Clips 0 to 3 enrolled, 4 to 7 the same ones as probes, two of each subject; no clip meets itself.
    pairs = [(one, other + 4) for one in range(4) for other in range(4) if one != other]
    comparisons = study(pairs, [0, 0, 1, 1, 0, 0, 1, 1])
    expected = {
        tuple(
            k
            for k, (one, other) in enumerate(pairs)
            if one // 2 == order[other - 4] // 2 and one != order[other - 4]
        )
        for order in itertools.permutations(range(4))
    }
    assert set(seen_in(comparisons)) == expected - {()}


def test_meaningless_avatars_of_telling_originals_are_found_in_5_of_100() -> None:
    subjects, found = np.repeat(np.arange(8), 4), 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        originals = 2 * rng.normal(size=(8, 8))[subjects] + rng.normal(size=(32, 8))
        across = compare_across(originals, rng.normal(size=(32, 8)), subjects)
        test = permutation_null(across, {"auc": ErrorCurve.auc}, permutations=39, rng=rng)["auc"]
        found += test.p_value <= 0.05
    assert found <= 10


def test_a_room_is_no_identity_where_sessions_are_known() -> None:
    rng = np.random.default_rng(0)
    subjects, sessions = np.repeat(np.arange(12), 6), np.repeat(np.arange(24), 3)
    rooms = rng.normal(size=(24, 16))[sessions]
    vectors = rooms + rng.normal(size=(72, 16))
    statistics = {"zebra": zebra_expected_of}
    told = compare_all(vectors, subjects, sessions=sessions)
    blind = compare_all(vectors, subjects)
    assert permutation_null(told, statistics, permutations=99, rng=rng)["zebra"].p_value > 0.05
    assert permutation_null(blind, statistics, permutations=99, rng=rng)["zebra"].p_value == 0.01


def test_one_session_per_subject_says_nothing_about_people() -> None:
    comparisons = people(np.random.default_rng(0), identity=1.0)
    alone = with_sessions(comparisons, comparisons.subjects)
    with pytest.raises(EvaluationError, match=r"needs sessions of .* got 14 in 1 .* or leave sessions out"):
        permutation_null(alone, {"z": zebra_expected_of}, rng=np.random.default_rng(0))


def test_a_statistic_that_gives_no_number_is_refused() -> None:
    comparisons = study(list(itertools.combinations(range(4), 2)), [0, 0, 1, 1])

    def run(statistic):
        permutation_null(comparisons, {"mine": statistic}, rng=np.random.default_rng(0))

    with pytest.raises(ValueError, match="statistic mine must give one value per resample"):
        run(lambda _: 0.5)
    with pytest.raises(EvaluationError, match="statistic mine must be finite, got nan"):
        run(lambda curve: np.full(len(curve.fmr), math.nan))
    for statistics, permutations in (({}, 5), ({"z": zebra_expected_of}, 0)):
        with pytest.raises(ValueError, match="needs permutations >= 1 and a statistic"):
            permutation_null(comparisons, statistics, permutations=permutations, rng=np.random.default_rng(0))


def test_time_does_not_grow_with_the_square_of_the_groups() -> None:
    first, second = np.triu_indices(4, 1)
    start = 4 * np.arange(40_000)[:, None]  # of groups of two people with two clips each
    comparisons = Comparisons(
        scores=np.random.default_rng(0).normal(size=start.size * len(first)),
        enrolment=(start + first).ravel(),
        probe=(start + second).ravel(),
        subjects=np.repeat(np.arange(80_000), 2),
    )
    began = time.process_time()
    found = permutation_null(
        comparisons, {"auc": ErrorCurve.auc}, permutations=1, rng=np.random.default_rng(0)
    )
    assert time.process_time() - began < 5  # 13 s where each group was looked for among all clips
    assert found["auc"].value == pytest.approx(0.5, abs=0.01)
    assert not is_directed(comparisons)  # groups times people are more than 32 bits can count
