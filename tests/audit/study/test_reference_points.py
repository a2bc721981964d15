"""Reference points: one that takes everything away leaves nobody recognisable."""

from functools import partial
from pathlib import Path

import pytest

from amber_id.anonymisers.apply import apply_reference
from amber_id.anonymisers.catalogue import Reference
from amber_id.anonymisers.changes import damping, noise
from amber_id.audit.study.reference_points import reference_point
from amber_id.audit.utility.measure import UtilityConfig
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import FeatureConfig
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate

WEAK = Reference("weak", partial(damping, factor=1.0))
STRONG = Reference("strong", partial(noise, share=0.5), needs="rng")


@pytest.fixture(scope="module")
def habits(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    folder = tmp_path_factory.mktemp("habits")
    generate(SynthConfig(people=14, clips=4, habit=2, seed=1), folder)
    return RecordingSet.open(folder / "original")


def test_noise_hides_people_and_expression_and_damping_by_one_neither(habits: RecordingSet, tmp_path: Path):
    split = make_split(source_of_subjects(habits), SplitConfig(folds=2))
    weak, strong = (
        reference_point(
            habits,
            apply_reference(habits, each, tmp_path / each.name),
            FeatureConfig(streams=("joint", "face")),
            split,
            EvaluationConfig(replicates=100),
            UtilityConfig(replicates=100),
        )
        for each in (WEAK, STRONG)
    )
    assert weak.eer.high < 0.45
    assert weak.eer.value < strong.eer.value
    assert weak.expression is not None
    assert strong.expression is not None
    assert weak.expression.value == pytest.approx(1.0, abs=1e-3)
    assert strong.expression.value < 0.5
