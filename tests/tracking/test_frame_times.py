"""Every frame gets its time: from a good clock, from the better of two bad ones, or from its neighbours."""

import numpy as np
import pytest

from amber_id.tracking.frame_times import FrameTimes, times_of_frames

NAN = float("nan")


def _times(pts: list[float], dts: list[float] | None = None, fps: float = 0.0) -> FrameTimes:
    found = times_of_frames(np.array(pts), np.array(dts or [NAN] * len(pts)), fps)
    assert found is not None
    assert (np.diff(found.seconds) > 0).all()
    return found


def test_good_times_are_kept_whatever_the_rate():
    pts = [5.0, 5.1, 5.4, 5.45, 7.0]
    found = _times(pts, [0.0] * 5, fps=10.0)
    np.testing.assert_allclose(found.seconds, np.array(pts) - 5)
    assert (found.start_s, found.guessed) == (5.0, 0)


def test_times_in_the_order_of_decoding_give_way_to_those_of_the_packets():
    """As AVI has them, with two B-frames in a row; the last two come when there are no more packets."""
    pts = np.array([2, 6, 8, 4, 12, 14, 10, 18, 20, 16, 23, 22]) / 60
    dts = [*(np.arange(4, 24, 2) / 60), NAN, NAN]
    found = _times(list(pts), dts, fps=30.0)
    np.testing.assert_allclose(found.seconds, np.arange(12) / 30)
    assert (found.start_s, found.guessed) == (pytest.approx(4 / 60), 0)


def test_times_in_the_order_of_decoding_are_sorted_where_packets_have_none():
    pts = np.array([1, 3, 4, 2, 6, 7, 5, 9, 10, 8]) / 25
    np.testing.assert_allclose(_times(list(pts)).seconds, np.arange(10) / 25)


def test_missing_times_are_put_between_their_neighbours_and_counted():
    found = _times([NAN, 0.04, 0.08, NAN, NAN, 0.2, 0.24, NAN], fps=25.0)
    np.testing.assert_allclose(found.seconds, np.arange(8) / 25, atol=1e-9)
    assert found.guessed == 3  # what the decoder gives last has no time of its own by nature


@pytest.mark.parametrize("bad", [{3: 0.08}, {3: 0.02}, {3: 50.0, 4: 51.0}, {0: 50.0}, {8: 0.02, 3: 9.0}])
def test_a_time_that_does_not_fit_is_forgotten(bad):
    right = np.arange(20) / 25
    wrong = right.copy()
    for frame, time_s in bad.items():
        wrong[frame] = time_s
    found = _times(list(wrong), fps=25.0)
    np.testing.assert_allclose(found.seconds, right, atol=1e-9)
    assert found.guessed == len(bad)


@pytest.mark.parametrize("back", [3, 5, 30, 1000])
def test_a_clock_that_is_set_back_goes_on_where_it_was(back):
    """Two recordings one after the other, each with its own clock."""
    times = np.arange(60) / 30
    times[30:] -= back / 30
    np.testing.assert_allclose(_times(list(times), fps=30.0).seconds, np.arange(60) / 30, atol=1e-9)


def test_a_variable_rate_is_kept_around_what_is_missing():
    right = np.cumsum([0, 1, 1, 5, 1, 2, 1, 1, 9, 1]) / 25
    wrong = right.copy()
    wrong[5] = NAN
    found = _times(list(wrong), fps=25.0)
    kept = np.arange(10) != 5
    np.testing.assert_allclose(found.seconds[kept], right[kept])
    assert right[4] < found.seconds[5] < right[6]


def test_a_rate_takes_the_place_of_a_clock_and_nothing_takes_the_place_of_both():
    np.testing.assert_allclose(_times([NAN] * 4, fps=30.0).seconds, np.arange(4) / 30)
    assert times_of_frames(np.full(4, NAN), np.full(4, NAN), 0.0) is None
    np.testing.assert_array_equal(_times([NAN]).seconds, [0.0])


def test_milliseconds_do_not_add_up_where_the_rate_is_known():
    dts = [*np.round(np.arange(2, 88) / 30, 3), NAN, NAN, NAN, NAN]
    found = _times([0.0] * 90, dts, fps=30.0)
    np.testing.assert_allclose(found.seconds, np.arange(90) / 30, atol=1e-3)


def test_times_that_a_writer_has_pushed_after_each_other_are_no_times():
    """As FFmpeg's writers do with a clock that is set back: twenty frames a tick after the one before."""
    times = np.arange(90) / 30
    times[45:] -= 20 / 30
    times[45:65] = times[44] + np.arange(1, 21) / 90_000
    found = _times(list(times), fps=30.0)
    np.testing.assert_allclose(found.seconds, np.arange(90) / 30, atol=2e-3)
    assert found.guessed >= 18


def test_the_last_frames_last_as_those_before_them():
    """A variable rate in AVI: the decoder gives the last two without a time."""
    steps = [1] * 30 + [3] * 19
    dts = [*(np.cumsum([2, *steps])[:-2] / 30), NAN, NAN]
    right = np.cumsum([0, *steps]) / 30
    np.testing.assert_allclose(_times([NAN] * 50, dts, fps=30.0).seconds, right, atol=1e-9)
