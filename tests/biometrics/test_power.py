"""Power analysis: the simulated people are as asked for, and so are the intervals of their studies."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from amber_id.biometrics import (
    Difference,
    ErrorCurve,
    Estimate,
    SimulatedStudy,
    Statistic,
    StudyPlan,
    StudyPower,
    bootstrap,
    bootstrap_difference,
    histogram_all,
    people_needed,
    power,
    simulate_study,
    study_power,
)

PLAN = StudyPlan(people=20, clips=4, eer=0.2)


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other would take most of the time: the arrays are small."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def dimensions(monkeypatch: pytest.MonkeyPatch):
    """Sets the number of dimensions for one test."""

    def put(number: int) -> None:
        monkeypatch.setattr(power, "DIMENSIONS", number)
        power._noise_for.cache_clear()

    yield put
    power._noise_for.cache_clear()


@pytest.mark.parametrize(("eer", "unlike"), [(0.03, 0.6), (0.1, 0.0), (0.2, 0.6), (0.3, 1.0), (0.45, 0.3)])
def test_a_very_large_study_has_the_expected_eer_in_both_conditions(eer: float, unlike: float) -> None:
    plan = StudyPlan(people=1500, clips=3, eer=eer, unlike=unlike, detect=0.04)
    subjects = np.repeat(np.arange(plan.people), plan.clips)
    found = [
        float(histogram_all(vectors, subjects).curve().eer())
        for vectors in power.condition_vectors(plan, np.random.default_rng(0))
    ]
    # Each is known to about 0.006, and they are alike in part.
    assert found == pytest.approx([eer, eer + 0.04], abs=0.018)


def test_noise_and_people_of_both_conditions_correlate_as_asked() -> None:
    plan = StudyPlan(people=4000, clips=2, eer=0.2, correlation=0.7)
    one, other = (v.reshape(4000, 2, -1) for v in power.condition_vectors(plan, np.random.default_rng(0)))

    def correlation(a, b) -> float:
        return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])

    assert correlation(one.mean(axis=1), other.mean(axis=1)) == pytest.approx(0.7, abs=0.05)
    assert correlation(one[:, 0] - one[:, 1], other[:, 0] - other[:, 1]) == pytest.approx(0.66, abs=0.06)
    sizes = [np.log(np.linalg.norm(side[:, 0] - side[:, 1], axis=1)) for side in (one, other)]
    assert np.std(sizes, axis=1) == pytest.approx(0.62, abs=0.03)  # of 0.6, and 24 dimensions
    assert correlation(*sizes) == pytest.approx(0.68, abs=0.04)


def test_one_pair_of_clips_each_gives_the_width_of_a_coin(dimensions) -> None:
    """In many dimensions scores of strangers are independent, and both sides are normal with one variance.

    Then FNMR is a mean of S coins, of which the EER takes half: its error is sqrt(p (1 - p) / S) / 2.
    """
    dimensions(400)
    plan = StudyPlan(people=60, clips=2, eer=0.2, unlike=0.0)
    width = 2 * student.ppf(0.975, plan.people - 1) * math.sqrt(0.2 * 0.8 / plan.people) / 2
    assert study_power(plan, studies=30).width == pytest.approx(width, rel=0.1)


def test_the_width_is_that_of_the_influence_of_single_people() -> None:
    """By Hajek's projection, from people drawn here, without comparisons, tallies or resamples.

    A stranger's clip is a random direction, so a person moves the EER through its FNMR alone, by
    g / (f + g) of what its FNMR is off; f and g are the densities of both sides at the threshold.
    """
    D, C, S, eer, unlike = 24, 5, 60, 0.2, 0.6
    rng = np.random.default_rng(3)
    threshold = 1 - 2 * beta.ppf(eer, (D - 1) / 2, (D - 1) / 2)
    noise = power._noise_for(eer, unlike) * np.exp(unlike * rng.normal(size=(8000, 1, 1)))
    clips = rng.normal(size=(8000, 1, D)) + noise * rng.normal(size=(8000, C, D))
    clips /= np.linalg.norm(clips, axis=2, keepdims=True)
    scores = (clips @ clips.transpose(0, 2, 1))[:, *np.triu_indices(C, k=1)]
    assert np.mean(scores < threshold) == pytest.approx(eer, abs=0.006)
    f = np.mean(np.abs(scores - threshold) < 0.02) / 0.04
    g = beta.pdf((1 - threshold) / 2, (D - 1) / 2, (D - 1) / 2) / 2
    error = g / (f + g) * np.std((scores < threshold).mean(axis=1)) / math.sqrt(S)
    found = study_power(StudyPlan(people=S, clips=C, eer=eer, unlike=unlike), studies=30)
    assert found.width == pytest.approx(2 * student.ppf(0.975, S - 1) * error, rel=0.1)


def test_four_times_the_people_halve_the_width_and_four_times_the_clips_hardly_change_it() -> None:
    few, many, clips = (
        study_power(StudyPlan(people=people, clips=clips, eer=0.2), studies=16)
        for people, clips in ((30, 5), (120, 5), (30, 20))
    )
    assert 1.8 < few.width / many.width < 2.5
    assert 1.8 < few.detectable / many.detectable < 2.5
    assert 0.8 < clips.width / few.width < 1.0
    for each in (few, many, clips):
        assert each.width_low < each.width < each.width_high
    # 95 % of 96 are 91; less than 83 would be a chance of one in a thousand.
    assert 83 <= sum(each.held + each.held_difference for each in (few, many, clips)) < 96


def test_what_is_called_detectable_is_told_apart_in_four_of_five_studies() -> None:
    found = study_power(StudyPlan(people=30, clips=5, eer=0.16, detect=0.1), studies=50)
    assert found.detectable == pytest.approx(0.1, abs=0.012)
    assert 0.66 < found.told_apart / found.studies < 0.9
    nothing = study_power(StudyPlan(people=30, clips=5, eer=0.16), studies=12)
    assert nothing.told_apart <= 2


@pytest.mark.parametrize("plan", [replace(PLAN, detect=0.1), StudyPlan(people=5, clips=2, eer=0.001)])
def test_intervals_are_those_of_the_bootstrap(plan: StudyPlan) -> None:
    one, other = (power._tallied(v, plan) for v in power.condition_vectors(plan, np.random.default_rng(0)))
    eer = {"eer": Statistic(ErrorCurve.eer)}

    def again(function, *sides):
        return function(*sides, eer, replicates=50, rng=np.random.default_rng(7))["eer"]

    found = power._judged(one, other, 50, np.random.default_rng(7))
    assert found.eer == again(bootstrap, one)
    assert found.difference == again(bootstrap_difference, one, other)


def test_keeping_people_instead_of_pairs_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = StudyPlan(people=60, clips=3, eer=0.2)
    by_person = study_power(plan, studies=8)
    monkeypatch.setattr(power, "_MOST_PAIRED_SUBJECTS", 60)
    by_pair = study_power(plan, studies=8)
    assert by_person != by_pair
    assert by_person.width == pytest.approx(by_pair.width, rel=0.015)
    assert by_person.detectable == pytest.approx(by_pair.detectable, rel=0.015)


def test_a_study_depends_on_its_number_and_not_on_the_others() -> None:
    alone = simulate_study(PLAN, 3, replicates=50)
    assert alone == [simulate_study(PLAN, number, replicates=50) for number in (5, 3)][1]
    for other in (
        simulate_study(PLAN, 4, replicates=50),
        simulate_study(PLAN, 3, replicates=50, seed=1),
        simulate_study(replace(PLAN, eer=0.20001), 3, replicates=50),
        simulate_study(replace(PLAN, people=21), 3, replicates=50),
        simulate_study(replace(PLAN, clips=5), 3, replicates=50),
    ):
        assert other.eer != alone.eer
    # The first condition is the same whatever the second is.
    assert simulate_study(replace(PLAN, detect=0.1, correlation=0.9), 3, replicates=50).eer == alone.eer


@pytest.mark.parametrize(("people", "folds"), [(7, 1), (7, 2), (12, 3), (60, 1)])
def test_the_counts_are_those_of_the_comparisons(people: int, folds: int) -> None:
    plan = StudyPlan(people=people, clips=3, eer=0.2, folds=folds)
    vectors, _ = power.condition_vectors(plan, np.random.default_rng(0))
    whole = power._tallied(vectors, plan).whole
    assert (whole.mated.sum(), whole.nonmated.sum()) == (plan.n_mated, plan.n_nonmated)


def test_people_of_different_folds_are_not_compared() -> None:
    # 7 people fall into 3, 2 and 2: 3 + 1 + 1 pairs of people, with 3 x 3 comparisons each.
    assert StudyPlan(people=7, clips=3, eer=0.2, folds=3).n_nonmated == 45
    assert StudyPlan(people=7, clips=3, eer=0.2).n_nonmated == 21 * 9
    one, ten = (study_power(StudyPlan(people=40, clips=3, eer=0.2, folds=k), studies=12) for k in (1, 10))
    assert 1.05 < ten.width / one.width < 1.5


def test_conditions_that_are_more_alike_tell_smaller_differences_apart() -> None:
    apart, alike = (
        study_power(StudyPlan(people=30, clips=4, eer=0.2, correlation=c), studies=12).detectable
        for c in (0.0, 0.9)
    )
    assert 1.6 < apart / alike < 3


def _made(low: float, high: float, moved: tuple[float, float], detectable: float) -> SimulatedStudy:
    rest = (0.95, 20, 20, 19.0, 200, 0)
    return SimulatedStudy(
        Estimate((low + high) / 2, low, high, *rest),
        Difference(sum(moved) / 2, *moved, *rest, detectable),
    )


def test_the_summary_by_hand() -> None:
    plan = replace(PLAN, detect=0.1)
    found = StudyPower.of(plan, [
        _made(0.15, 0.25, (0.01, 0.2), 0.12),
        _made(0.20, 0.50, (0.0, 0.1), 0.11),
        _made(0.21, 0.41, (0.02, 0.09), 0.19),
        _made(0.05, 0.19, (0.11, 0.3), 0.2),
    ])  # fmt: skip
    assert found.plan == plan
    assert (found.studies, found.held, found.held_difference, found.told_apart) == (4, 2, 2, 3)
    assert (found.width, found.detectable) == pytest.approx((0.17, 0.155))
    assert (found.width_low, found.width_high) == pytest.approx((0.112, 0.27))


def _powers(detectable: dict[int, float], detect: float = 0.1) -> list[StudyPower]:
    return [
        StudyPower(StudyPlan(people, 5, 0.16, detect), 40, 0.1, 0.1, 0.1, each, 38, 38, 30)
        for people, each in detectable.items()
    ]


@pytest.mark.parametrize(
    ("detectable", "detect", "people"),
    [
        ({25: 0.2, 100: 0.05}, 0.1, 50),  # twice the people, half of it
        ({100: 0.05, 25: 0.2}, 0.1, 50),
        ({10: 0.4, 40: 0.1, 160: 0.05}, 0.1, 40),
        ({10: 0.09, 40: 0.05}, 0.1, 10),
        ({10: 0.3, 40: 0.101}, 0.1, math.inf),
        ({40: 0.1}, 0.1, 40),
        ({10: 0.2, 40: 0.05, 160: 0.08}, 0.06, 100 / 3),  # more people never detect less: that was noise
    ],
)
def test_people_needed_by_hand(detectable: dict[int, float], detect: float, people: float) -> None:
    assert people_needed(_powers(detectable, detect)) == pytest.approx(people)


def test_people_needed_refuses_what_it_cannot_answer() -> None:
    for powers in ([], _powers({20: 0.1, 40: 0.1}, detect=0.0), _powers({20: 0.1}) + _powers({40: 0.1}, 0.2)):
        with pytest.raises(ValueError, match="differ in people alone and have something to detect"):
            people_needed(powers)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"people": 2}, "people must be 3 or more, got 2"),
        ({"clips": 1}, "clips must be 2 or more, got 1"),
        ({"eer": 0.5}, r"eer must be above 0 and below 0\.5, got 0\.5"),
        ({"eer": math.nan}, "eer must be .* got nan"),
        ({"detect": 0.3}, r"detect must be 0 or more, and below 0\.3, got 0\.3"),
        ({"detect": -0.1}, "detect must be"),
        ({"folds": 11}, "folds must be 1 to 10, so that each has 2 of 20 people, got 11"),
        ({"unlike": -1.0}, "unlike must be from 0 to 2"),
        ({"correlation": 1.0}, "correlation must be 0 or more and below 1"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(PLAN, **wrong)


@pytest.mark.parametrize("wrong", [{"studies": 0}, {"replicates": 1}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        study_power(PLAN, **({"studies": 2} | wrong))


def test_the_smallest_study_there_can_be_has_an_interval() -> None:
    found = study_power(StudyPlan(people=3, clips=2, eer=0.01), studies=5)
    assert 0 < found.width <= 1
    assert found.detectable > 0
