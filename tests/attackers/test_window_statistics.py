"""Statistics that are kept: the same as computed anew, of the very windows, and forgotten when too many."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.attackers import window_statistics as module
from amber_id.attackers.window_statistics import statistics_of
from amber_id.motion import FeatureConfig, WindowSet, load_windows
from amber_id.recordings import RecordingSet


@pytest.fixture
def windows(people: RecordingSet) -> WindowSet:
    return load_windows(people, FeatureConfig(view="motion", regions=("nose",)))


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    module._known.clear()


def test_kept_statistics_are_those_that_are_computed(windows: WindowSet, monkeypatch: pytest.MonkeyPatch):
    anew = statistics_of(replace(windows, as_stored=False))
    first = statistics_of(windows)
    np.testing.assert_allclose(first, anew, atol=1e-9)
    monkeypatch.setattr(module, "window_statistics", None)  # must not be called again
    np.testing.assert_array_equal(statistics_of(windows), first)
    some = windows.select(windows.subjects[1:3])
    own = np.isin([entry.subject for entry in windows.entries], some.subjects)[windows.clip]
    np.testing.assert_array_equal(statistics_of(some), first[own])


def test_changed_windows_are_computed_anew(windows: WindowSet):
    first = statistics_of(windows)
    still = windows.changed(lambda frames, _: 0 * frames)
    assert not np.allclose(statistics_of(still), first)
    np.testing.assert_array_equal(statistics_of(windows), first)


def test_what_was_asked_for_longest_ago_is_forgotten_first(
    windows: WindowSet, monkeypatch: pytest.MonkeyPatch
):
    whole = statistics_of(windows)
    monkeypatch.setattr(module, "_MOST_BYTES", whole.nbytes // 2)
    statistics_of(windows)
    kept = [key[1] for key in module._known]
    assert 0 < len(kept) < len(windows.entries)
    assert kept == [entry.content_hash() for entry in windows.entries][-len(kept) :]
