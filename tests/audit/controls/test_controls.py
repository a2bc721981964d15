"""Controls: each verdict comes out where it must, and shuffled frames are the same frames."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers.co_movement import n_covariances
from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked
from amber_id.audit.controls.without_motion import (
    permuted_labels,
    shuffled_frames,
    static_only,
    without_motion,
)
from amber_id.audit.study.matrix import less
from amber_id.biometrics import Comparisons, compare_all
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import SplitConfig, labelled, make_split, source_of_subjects
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import Difference, Rate, Recognition, VariantResult

CONFIG = EvaluationConfig(replicates=200)
SUBJECTS = np.repeat(np.arange(12), 4)


def entries(*, seconds: np.ndarray, sources: int = 1) -> list[RecordingEntry]:
    return [
        RecordingEntry(
            clip=f"s{who % sources}_id{who:03d}/{n}", subject=f"id{who:03d}", source=f"s{who % sources}",
            path=Path("nowhere"), frames=100, tracked_frames=100, fps=25.0, duration_s=float(length),
            width=640, height=480, point_set="face_landmarker_478",
        )
        for n, (who, length) in enumerate(zip(SUBJECTS, seconds, strict=True))
    ]  # fmt: skip


def scores(noise: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(12, 16))[SUBJECTS]
    return compare_all(people + noise * rng.normal(size=people.shape), SUBJECTS)


def rate(value: float, half: float = 0.05) -> Rate:
    return Rate(value=value, low=value - half, high=value + half, level=0.95, chance=0.5)


def variant(value: float, gap: float, outcome: str = "recognised") -> VariantResult:
    difference = Difference(value=gap, low=gap - 0.05, high=gap + 0.05, level=0.95, detectable=0.1)
    found = Recognition(outcome=outcome, p_value=0.2, permutations=200, excluded=None, words="Said so.")
    return VariantResult(
        eer=rate(value),
        auc=rate(1 - value),
        recognition=found,
        less={"eer": difference, "auc": difference},
    )


def controls_of(seconds: np.ndarray, *, found: float, sources: int = 1) -> dict:
    results = without_motion(
        scores(1.0), entries(seconds=seconds, sources=sources), rate(found), CONFIG, cell="AAA"
    )
    return {result.name: result for result in results}


def test_durations_that_vary_by_chance_pass():
    seconds = np.random.default_rng(2).uniform(2, 4, size=len(SUBJECTS))
    found = controls_of(seconds, found=0.2)
    assert set(found) == {"duration only"}
    assert found["duration only"].verdict == "pass"


@pytest.mark.parametrize(("headline", "verdict"), [(0.3, "invalid"), (0.001, "warn")])
def test_durations_that_tell_people_apart_do_not_pass(headline: float, verdict: str):
    rng = np.random.default_rng(3)
    seconds = 2 + 0.3 * SUBJECTS + rng.normal(scale=0.2, size=len(SUBJECTS))
    assert controls_of(seconds, found=headline)["duration only"].verdict == verdict


def test_several_sources_are_asked_for():
    seconds = np.full(len(SUBJECTS), 3.0) + np.random.default_rng(4).uniform(size=len(SUBJECTS))
    found = controls_of(seconds, found=0.01, sources=3)["source only"]
    assert found.verdict == "warn"
    assert "source of a clip alone distinguishes people" in found.evidence


def test_sources_of_one_person_each_are_no_finding():
    seconds = np.full(len(SUBJECTS), 3.0)
    found = controls_of(seconds, found=0.3, sources=len(set(SUBJECTS)))["source only"]
    assert found.verdict == "not_decided"
    assert found.evidence.startswith("Each person is a source of their own")


@pytest.mark.parametrize(
    ("outcome", "gap", "verdict"),
    [
        ("not_recognised", 0.2, "pass"),
        ("recognised", 0.2, "pass"),
        ("recognised", 0.0, "warn"),
        ("not_decided", 0.0, "not_decided"),
    ],
)
def test_a_face_at_rest_that_is_enough_is_a_warning(outcome: str, gap: float, verdict: str):
    # An interval that opens wide, of few people with few errors, is no way to pass.
    assert static_only(variant(0.3, gap, outcome), cell="OOO").verdict == verdict


@pytest.mark.parametrize(
    ("gap", "said"),
    [(0.2, "The order of frames matters"), (0.0, "not decided whether the order"), (-0.2, "does not help")],
)
def test_whether_order_matters_is_said_as_the_interval_allows(gap: float, said: str):
    assert said in shuffled_frames(variant(0.3, gap), cell="OOO").evidence


def test_nothing_is_found_with_permuted_names(people: RecordingSet):
    split = make_split(source_of_subjects(people), SplitConfig(folds=2))
    statistics = ClipStatistics.of(load_windows(people, FeatureConfig(view="static")))
    shown = labelled(people, "permuted-labels", seed=CONFIG.seed)
    compared = Comparisons.pool(attacked(statistics.labelled(shown), split))
    found = permuted_labels(compared, CONFIG, cell="OOO")
    assert found.verdict == "pass"
    assert found.eer.low < 0.5


def test_shuffled_frames_are_the_same_frames_in_another_order(people: RecordingSet):
    windows = load_windows(people, FeatureConfig(view="motion", regions=("lips",)))
    shuffled, again = windows.shuffled(0), windows.shuffled(0)
    np.testing.assert_array_equal(shuffled.frames, again.frames)
    for segment in range(len(windows.segment_first)):
        before, after = (
            each.frames[each.segment_first[segment] :][: each.segment_length[segment]]
            for each in (windows, shuffled)
        )
        assert not np.array_equal(before, after)
        np.testing.assert_array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
    before, after = (ClipStatistics.of(each).values for each in (windows, shuffled))
    of_one = before.shape[1] - n_covariances(windows.config)  # statistics of one signal each
    changes = slice(3 * of_one // 22, 4 * of_one // 22)  # logarithm of their spread
    assert (after[:, changes] > before[:, changes]).mean() > 0.95


def test_a_difference_is_paired_over_people():
    one, other = scores(1.0), scores(2.0)
    found = less(one, other, CONFIG)["eer"]
    values = [judged_rates(each, CONFIG, ("eer",))["eer"].value for each in (one, other)]
    assert found.value == pytest.approx(values[1] - values[0])
    assert found.low > 0
