"""Windows: every frame is in one, the last ends with the segment, padding is zero under a False mask."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.motion.windows import cut_windows, window_starts


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 80), st.data())
def test_every_frame_is_covered_and_the_last_window_ends_the_segment(length, window, data):
    hop = data.draw(st.integers(1, window))
    starts = window_starts(length, window=window, hop=hop)
    covered = {frame for start in starts for frame in range(start, start + window)}
    assert covered >= set(range(length))
    assert starts[0] == 0
    assert all(0 < later - earlier <= hop for earlier, later in pairwise(starts))
    if length >= window:
        assert starts[-1] + window == length
        assert starts[:-1] == [k * hop for k in range(len(starts) - 1)]
    else:
        assert starts == [0]


def test_windows_are_turned_once_and_equal_the_segment():
    segment = np.random.default_rng(0).normal(size=(75, 2, 5)).astype(np.float32)
    values, mask = cut_windows(segment, read=np.arange(64), hop=32)
    assert values.shape == (2, 2, 64, 5)
    assert values.dtype == np.float32
    assert mask.all()
    for n, start in enumerate((0, 11)):
        for t in (0, 40, 63):
            np.testing.assert_array_equal(values[n, :, t, :], segment[start + t])


def test_padding_is_zero_under_a_false_mask():
    segment = np.full((30, 3, 4), 7.0)
    values, mask = cut_windows(segment, read=np.arange(64), hop=32)
    assert values.shape == (1, 3, 64, 4)
    assert mask.tolist() == [[True] * 30 + [False] * 34]
    assert (values[:, :, :30] == 7).all()
    assert (values[:, :, 30:] == 0).all()
