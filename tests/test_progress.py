"""What people are told while a study runs: which stage of how many, and how long all of them take."""

from types import SimpleNamespace

import pytest

from amber_id import progress
from amber_id.attackers import DevFigures
from amber_id.progress import StageClock, epoch_line
from amber_id.training.network import EpochReport


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(s=1000.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now.s)
    return now


def test_the_time_left_is_told_from_what_finished_stages_took(clock: SimpleNamespace):
    stages = StageClock({"clips": 1.0, "training": 10.0, "matrix": 4.0, "utility": 5.0})
    assert stages.begin("clips") == "stage 1 of 4: clips"
    clock.s += 60
    assert stages.begin("training") == "stage 2 of 4: training, about 19 min left in all"  # 19 units at 60 s
    clock.s += 300  # 11 units in 360 s
    assert stages.begin("matrix") == "stage 3 of 4: matrix, about 5 min left in all"  # 9 units


def test_stages_of_an_earlier_run_say_nothing_of_the_time_left(clock: SimpleNamespace):
    stages = StageClock({"clips": 1.0, "training": 10.0, "matrix": 4.0, "utility": 5.0})
    assert stages.begin("clips", before=True) == "stage 1 of 4: clips, done before"
    clock.s += 5
    assert stages.begin("training") == "stage 2 of 4: training"
    clock.s += 600
    assert stages.begin("matrix") == "stage 3 of 4: matrix, about 9 min left in all"  # 10 units in 600 s


def test_a_stage_without_a_clip_to_work_on_says_nothing_of_the_time_left(clock: SimpleNamespace):
    stages = StageClock({"tracking": 100.0, "clips": 10.0, "matrix": 90.0})
    stages.begin("tracking")
    clock.s += 1
    stages.count(0)
    assert stages.begin("clips") == "stage 2 of 3: clips"
    clock.s += 60
    assert stages.begin("matrix") == "stage 3 of 3: matrix, about 9 min left in all"


def test_the_first_twentieth_says_nothing_of_the_time_left(clock: SimpleNamespace):
    stages = StageClock({"clips": 1.0, "training": 50.0})
    stages.begin("clips")
    clock.s += 60
    assert stages.begin("training") == "stage 2 of 2: training"


@pytest.mark.parametrize(
    ("is_best", "said"), [(True, "dev EER 0.250, lowest so far  "), (False, "dev EER 0.250  ")]
)
def test_the_epoch_that_is_kept_is_told_in_words(is_best: bool, said: str):
    dev = DevFigures(eer=0.25, auc=0.8, threshold=0.1, subjects=4, calibration=None)
    line = epoch_line(EpochReport(0, 1, 5, 1.0, dev, is_best, 10.0, 61.0))
    assert said in line
    assert "*" not in line
