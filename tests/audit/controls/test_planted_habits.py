"""Planted habits: what is planted, and that strong ones are found where weak ones are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.ablations.clip_statistics import ClipStatistics
from amber_id.audit.ablations.regions import PARTS
from amber_id.audit.controls.planted_habits import SPREADS, sensitivity_of, spread_of_people, with_habits
from amber_id.face_mesh import points_of
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import FeatureConfig, WindowSet, load_windows
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate


@pytest.fixture(scope="module")
def nobodies(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """People who differ in nothing."""
    folder = tmp_path_factory.mktemp("nobodies")
    generate(SynthConfig(people=16, clips=5, habit=0, shape=0.0, seed=2), folder)
    return RecordingSet.open(folder / "original")


@pytest.fixture(scope="module")
def windows(nobodies: RecordingSet) -> WindowSet:
    return load_windows(nobodies, FeatureConfig(view="motion"))


def names(windows: WindowSet) -> list[str]:
    return [entry.subject for entry in windows.entries]


def test_a_habit_is_one_factor_for_each_part_of_a_person(windows: WindowSet):
    planted = with_habits(windows, names(windows), spread=0.4, seed=0)
    points = np.array(windows.config.points)
    factors = {}
    for segment, clip in enumerate(windows.segment_clip):
        before, after = (
            each.frames[each.segment_first[segment] :][: each.segment_length[segment]]
            for each in (windows, planted)
        )
        for part in PARTS:
            own = np.isin(points, points_of(part))
            ratio = np.linalg.norm(after[..., own]) / np.linalg.norm(before[..., own])
            factors.setdefault((windows.entries[clip].subject, part), []).append(ratio)
    for found in factors.values():
        assert np.ptp(found) < 1e-3
    logs = np.log([found[0] for found in factors.values()])
    assert 0.3 < logs.std() < 0.5


def test_the_spread_of_people_is_that_which_was_planted(windows: WindowSet):
    assert spread_of_people(windows) < 0.1
    planted = with_habits(windows, names(windows), spread=0.4, seed=0)
    assert 0.3 < spread_of_people(planted) < 0.5


def test_strong_habits_are_found_and_nothing_where_nothing_is_planted(
    nobodies: RecordingSet, windows: WindowSet, monkeypatch: pytest.MonkeyPatch
):
    split = make_split(source_of_subjects(nobodies), SplitConfig(folds=2))
    monkeypatch.setattr("amber_id.audit.controls.planted_habits.SPREADS", (0.0, 0.8))
    found = sensitivity_of(
        ClipStatistics.of(windows), nobodies, split, EvaluationConfig(replicates=100), cell="OOO"
    )
    none, strong = found.points
    assert none.eer.high > 0.5
    assert strong.eer.high < 0.4
    assert found.smallest_recognised == 0.8
    assert found.verdict == "pass"
    assert "from a spread of 0.8 on" in found.evidence
    assert 0 <= found.fit < 0.3


def test_a_study_that_finds_no_planted_habit_says_so(
    nobodies: RecordingSet, windows: WindowSet, monkeypatch: pytest.MonkeyPatch
):
    few = nobodies.select(nobodies.subjects[:9])
    some = replace(nobodies, entries=tuple(e for e in few.entries if e.clip.endswith(("0", "1"))))
    monkeypatch.setattr("amber_id.audit.controls.planted_habits.SPREADS", (0.01, 0.02))
    split = make_split(source_of_subjects(some), SplitConfig(folds=2, dev=0.25))
    found = sensitivity_of(
        ClipStatistics.of(load_windows(some, windows.config)),
        some,
        split,
        EvaluationConfig(replicates=100),
        cell="AAA",
    )
    assert found.smallest_recognised is None
    assert found.verdict == "warn"
    assert "a null result is uninformative here" in found.evidence
    assert (found.cell, found.eer) == ("AAA", found.points[-1].eer)


def test_spreads_rise():
    assert list(SPREADS) == sorted(SPREADS)


def test_clips_are_only_changed_in_a_copy(windows: WindowSet, tmp_path: Path):
    before = np.array(windows.frames)
    with_habits(windows, names(windows), spread=0.4, seed=0)
    np.testing.assert_array_equal(windows.frames, before)
