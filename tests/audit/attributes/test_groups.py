"""Error rates by group: right by a plain count, gaps that are planted are found, chance alone is not."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.audit.attributes.groups import Grouped, corrected_gaps, group_result
from amber_id.biometrics import compare_all, eer, eer_threshold
from amber_id.judging.config import EvaluationConfig
from amber_id.results import GroupResult

CONFIG = EvaluationConfig(replicates=100, permutations=20)


def grouped(strengths: list[float], people: int = 14, clips: int = 4, seed: int = 0) -> Grouped:
    """Groups of people whose clips scatter about them, the less the greater the strength."""
    rng = np.random.default_rng(seed)
    group_of = np.repeat(np.arange(len(strengths)), people)
    subjects = np.repeat(np.arange(len(group_of)), clips)
    own = np.array(strengths)[group_of][:, None] * rng.normal(size=(len(group_of), 24))
    compared = compare_all(own[subjects] + rng.normal(size=(len(subjects), 24)), subjects)
    threshold = eer_threshold(compared.mated_scores, compared.nonmated_scores)
    shifted = replace(compared, scores=compared.scores - threshold)
    return Grouped(compared, shifted, tuple("abcd"[: len(strengths)]), group_of)


@pytest.fixture(scope="module")
def result() -> GroupResult:
    return group_result(grouped([1.2, 0.5, 0.8]), CONFIG)


def test_rates_are_those_of_a_plain_count(result: GroupResult) -> None:
    of = grouped([1.2, 0.5, 0.8])
    enrolled, probed = (
        of.group_of[side] for side in (of.comparisons.enrolment_subjects, of.comparisons.probe_subjects)
    )
    mated, accepted = of.comparisons.mated, of.from_threshold.scores >= 0
    for number, (name, figures) in enumerate(result.groups.items()):
        own = (enrolled == number) & (probed == number)
        assert figures.people == 14
        assert (figures.mated, figures.nonmated) == (14 * 6, 14 * 13 * 16 // 2)
        assert figures.fmr.value == pytest.approx(accepted[own & ~mated].mean())
        assert figures.fnmr.value == pytest.approx(1 - accepted[own & mated].mean())
        scores = of.comparisons.scores
        assert figures.eer.value == pytest.approx(eer(scores[own & mated], scores[own & ~mated])), name
    assert [each.groups for each in result.between] == [("a", "b"), ("a", "c"), ("b", "c")]
    apart = ((enrolled == 0) & (probed == 1)) | ((enrolled == 1) & (probed == 0))
    assert result.between[0].fmr.value == pytest.approx(accepted[apart].mean())
    assert result.between[0].nonmated == 14 * 14 * 16


def test_the_largest_gap_is_shown_with_a_wider_interval_the_more_was_looked_at(result: GroupResult) -> None:
    assert result.gap.groups == ("b", "a")
    assert result.gap.looked_at == 3
    assert result.gap.difference.value == pytest.approx(
        result.groups["b"].eer.value - result.groups["a"].eer.value
    )
    assert result.gap.difference.level == pytest.approx(1 - 0.05 / 3)
    assert result.gap.p_value < 0.01
    more = group_result(grouped([1.2, 0.5, 0.8]), CONFIG, tests=4).gap.difference
    assert more.low < result.gap.difference.low < result.gap.difference.high < more.high


def test_gaps_are_corrected_for_columns_and_cells(result: GroupResult) -> None:
    assert not result.gap.is_shown or result.gap.difference.low > 0  # nothing is corrected yet
    same = group_result(grouped([0.8, 0.8], seed=3), CONFIG)
    corrected = corrected_gaps({"sex": {"OOO": result, "AAA": same}})["sex"]
    assert corrected["OOO"].gap.corrected == pytest.approx(2 * result.gap.p_value)
    assert corrected["OOO"].gap.is_shown
    assert corrected["AAA"].gap.corrected == same.gap.p_value > 0.05
    assert not corrected["AAA"].gap.is_shown


def test_a_group_that_was_not_compared_is_named_and_left_out() -> None:
    of = grouped([1.0, 1.0, 1.0])
    alone = of.group_of[of.comparisons.enrolment_subjects] != 2
    kept = {
        name: replace(
            each, scores=each.scores[alone], enrolment=each.enrolment[alone], probe=each.probe[alone]
        )
        for name, each in (("comparisons", of.comparisons), ("from_threshold", of.from_threshold))
    }
    result = group_result(replace(of, **kept), CONFIG)
    assert list(result.groups) == ["a", "b"]
    assert result.remarks == ("c is left out: its people were not compared with each other often enough.",)
    assert result.gap.looked_at == 1
    one = replace(of, group_of=np.where(of.group_of == 0, 0, -1), names=("a",))
    assert group_result(one, CONFIG).gap is None
