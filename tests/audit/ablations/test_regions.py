"""Shares of regions: Shapley's arithmetic, and a habit that is planted in one region."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked, attacked_on
from amber_id.audit.ablations.regions import PARTS, SIDES, regions_of, shapley_weights
from amber_id.biometrics import Comparisons, eer
from amber_id.errors import TrainingError
from amber_id.face_mesh import points_of
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training.named import training_of


def test_shapley_values_are_means_over_all_orders():
    parts = ("a", "b", "c")
    rng = np.random.default_rng(0)
    sets = {frozenset(order[:n]) for order in permutations(parts) for n in range(4)}
    worth = {each: float(rng.normal()) for each in sorted(sets, key=sorted)}
    for part in parts:
        added = [
            worth[frozenset(order[: order.index(part) + 1])] - worth[frozenset(order[: order.index(part)])]
            for order in permutations(parts)
        ]
        weights = shapley_weights(part, parts)
        assert sum(weights[each] * worth[each] for each in weights) == pytest.approx(np.mean(added))


@pytest.fixture(scope="module")
def eyes_only(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """People who differ in how they use their eyes, and in nothing else."""
    folder = tmp_path_factory.mktemp("eyes")
    generate(SynthConfig(people=16, clips=6, habit={"eyes": 2.0} | _NOTHING_ELSE, shape=0.0, seed=1), folder)
    return RecordingSet.open(folder / "original")


_NOTHING_ELSE = {"lips": 0.0, "eyebrows": 0.0, "head": 0.0}


def test_the_region_with_the_habit_has_the_largest_share(eyes_only: RecordingSet):
    split = make_split(source_of_subjects(eyes_only), SplitConfig(folds=2))
    statistics = ClipStatistics.of(load_windows(eyes_only, training_of("moments", view="motion").features))
    found = regions_of(lambda sets: attacked_on(statistics, sets, split), EvaluationConfig(replicates=100))
    assert set(found) == {*PARTS, *SIDES}
    shares = {part: found[part].share for part in PARTS}
    assert max(shares, key=lambda part: shares[part].value) == "eyes"
    assert shares["eyes"].low > 0
    assert found["eyes"].removed.value > 0
    assert found["left_eye"].share is None
    everywhere = statistics.restricted_to(statistics.windows.config.points)
    whole = Comparisons.pool(attacked(everywhere, split))
    total = sum(share.value for share in shares.values())
    assert total == pytest.approx(0.5 - eer(whole.mated_scores, whole.nonmated_scores), abs=1e-6)


def test_statistics_of_a_region_are_those_of_its_points(eyes_only: RecordingSet):
    lips = points_of("lips")
    whole = ClipStatistics.of(load_windows(eyes_only, FeatureConfig(view="motion")))
    alone = ClipStatistics.of(load_windows(eyes_only, FeatureConfig(view="motion", regions=("lips",))))
    of_lips = whole.restricted_to(lips).values
    assert of_lips.shape[1] < alone.values.shape[1]  # which has their co-movement, too
    np.testing.assert_array_equal(of_lips, alone.values[:, : of_lips.shape[1]])


def test_what_sets_share_is_computed_once_and_is_the_same(
    eyes_only: RecordingSet, monkeypatch: pytest.MonkeyPatch
):
    split = make_split(source_of_subjects(eyes_only), SplitConfig(folds=2))
    statistics = ClipStatistics.of(load_windows(eyes_only, FeatureConfig(view="motion")))
    asked = [frozenset(points_of(part)) for part in ("eyes", "left_eye", "lips")]
    asked.append(asked[0] | asked[2])
    together = attacked_on(statistics, asked, split)
    for points, found in zip(asked, together, strict=True):
        alone = Comparisons.pool(attacked(statistics.restricted_to(points), split))
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-6)
    monkeypatch.setattr(
        "amber_id.audit.ablations.clip_statistics._MOST_PRODUCTS", 0
    )  # as with very many clips
    np.testing.assert_array_equal(attacked_on(statistics, asked, split)[0].subjects, together[0].subjects)


def test_a_part_that_never_moves_is_refused(eyes_only: RecordingSet):
    split = make_split(source_of_subjects(eyes_only), SplitConfig(folds=2))
    statistics = ClipStatistics.of(load_windows(eyes_only, FeatureConfig(view="motion")))
    lips = frozenset(points_of("lips"))
    still = statistics.values.copy()
    still[:, statistics.columns_of(lips)] = 1.0
    with pytest.raises(TrainingError, match="no statistic differs"):
        attacked_on(replace(statistics, values=still), [lips, frozenset(points_of("eyes"))], split)
