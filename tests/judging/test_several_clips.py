"""An archive of clips recognises people better, and the figure says so only where most people have one."""

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, aggregate_clips, compare_all, eer, tally
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.judge import judge
from amber_id.judging.several_clips import of_several_clips

QUICK = EvaluationConfig(replicates=100, permutations=20)


def compared(clips: list[int], noise: float = 3.0) -> Comparisons:
    rng = np.random.default_rng(1)
    subjects = np.repeat(np.arange(len(clips)), clips)
    people = rng.normal(size=(len(clips), 16))[subjects]
    return compare_all(people + noise * rng.normal(size=people.shape), subjects)


def test_each_number_of_clips_has_its_figure_and_more_recognise_better():
    comparisons = compared([20] * 10)
    rates = judge(comparisons, QUICK).rates
    assert rates["eer_10_clips"].value < rates["eer_3_clips"].value < rates["eer"].value - 0.05
    groups = aggregate_clips(comparisons, 3, rng=QUICK.rng())
    by_hand = eer(groups.mated_scores, groups.nonmated_scores)
    assert rates["eer_3_clips"].value == pytest.approx(by_hand)
    assert rates["eer_3_clips"].low <= by_hand <= rates["eer_3_clips"].high
    assert rates["eer_3_clips"].chance == 0.5


def test_a_figure_of_few_of_the_people_is_left_out():
    most_have_six = compared([6] * 9 + [4])
    half_have_six = compared([6] * 5 + [4] * 5)
    assert set(of_several_clips(most_have_six, tally(most_have_six), QUICK)) == {"eer_3_clips"}
    assert of_several_clips(half_have_six, tally(half_have_six), QUICK) == {}


def test_a_list_that_compares_a_pair_twice_has_none():
    once = compared([6] * 6)
    twice = Comparisons(
        *(
            np.append(getattr(once, name), getattr(once, name)[:1])
            for name in ("scores", "enrolment", "probe")
        ),
        once.subjects,
    )
    assert of_several_clips(twice, tally(twice), QUICK) == {}
    assert "eer" in judge(twice, QUICK).rates
