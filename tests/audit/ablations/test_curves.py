"""More people, seconds, clips: the curves end where the cell is, and say nothing that clips do not allow."""

from itertools import pairwise

import numpy as np
import pytest

from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked
from amber_id.audit.ablations.curves import clips_curve, people_curve, seconds_curve
from amber_id.biometrics import Comparisons, compare_all, eer
from amber_id.embeddings import mean_directions
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import Split, SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet

CONFIG = EvaluationConfig(replicates=100)


@pytest.fixture
def statistics(people: RecordingSet) -> ClipStatistics:
    return ClipStatistics.of(load_windows(people, FeatureConfig(view="static")))


@pytest.fixture
def split(people: RecordingSet) -> Split:
    return make_split(source_of_subjects(people), SplitConfig(folds=2))


def test_both_curves_of_moments_end_at_everything(statistics: ClipStatistics, split: Split):
    whole = Comparisons.pool(attacked(statistics, split))
    everything = eer(whole.mated_scores, whole.nonmated_scores)
    of_people = people_curve(statistics, split, CONFIG)
    fewest = min(len(split.subjects("train", fold)) for fold in (0, 1))
    assert [point.x for point in of_people][-1] == fewest
    of_seconds = seconds_curve(statistics, split, CONFIG)
    assert [point.x for point in of_seconds] == [2.56, 3.84, 4.0]
    assert of_seconds[-1].eer.value == pytest.approx(everything)
    for curve in (of_people, of_seconds):
        assert curve[0].less is None
        for before, after in pairwise(curve):
            assert after.less.value == pytest.approx(after.eer.value - before.eer.value)


def test_with_fewer_people_less_is_learnt_from(statistics: ClipStatistics, split: Split):
    few, all_of_them = (attacked(statistics, split, people=n)[0].scores for n in (3, None))
    assert not np.allclose(few, all_of_them)
    again = attacked(statistics, split, people=3)[0].scores
    np.testing.assert_array_equal(few, again)


def test_the_first_windows_of_a_clip_are_its_first(statistics: ClipStatistics):
    windows = statistics.windows
    embeddings = np.random.default_rng(0).normal(size=(len(windows.clip), 4))
    alone = mean_directions(embeddings, windows, first=1)
    begin = np.searchsorted(windows.clip, np.arange(len(windows.entries)))
    unit = embeddings[begin] / np.linalg.norm(embeddings[begin], axis=1, keepdims=True)
    np.testing.assert_allclose(alone, unit, atol=1e-6)
    np.testing.assert_array_equal(
        mean_directions(embeddings, windows, first=99), mean_directions(embeddings, windows)
    )


def test_more_clips_on_either_side_find_more_as_far_as_they_go():
    rng = np.random.default_rng(1)
    subjects = np.repeat(np.arange(12), 8)
    people = rng.normal(size=(12, 16))[subjects]
    comparisons = compare_all(people + 3 * rng.normal(size=people.shape), subjects)
    curve = clips_curve(comparisons, CONFIG)
    assert [point.x for point in curve] == [1.0, 2.0, 3.0]  # 8 clips make two groups of 3
    assert curve[0].eer.value == pytest.approx(eer(comparisons.mated_scores, comparisons.nonmated_scores))
    assert curve[2].eer.value < curve[0].eer.value - 0.05
