"""Streams: velocities are per second, bones are offsets from the parent, channels come in the order asked."""

import numpy as np
import pytest

from amber_id.motion.streams import bones, stack_streams, velocity


def test_velocity_is_per_second_and_exact_on_a_ramp():
    for rate_hz in (10.0, 25.0, 60.0):
        seconds = np.arange(20)[:, None, None] / rate_hz
        ramp = seconds * [[3.0, -2.0], [0.0, 0.5]]
        speed = velocity(ramp, rate_hz=rate_hz)
        np.testing.assert_allclose(speed, np.broadcast_to([[3.0, -2.0], [0.0, 0.5]], (20, 2, 2)), atol=1e-9)


def test_velocity_equals_central_differences_in_a_loop():
    values = np.random.default_rng(0).normal(size=(6, 2, 3))
    expected = np.zeros_like(values)
    for t in range(6):
        before, after = max(t - 1, 0), min(t + 1, 5)
        expected[t] = (values[after] - values[before]) / ((after - before) / 25)
    np.testing.assert_allclose(velocity(values, rate_hz=25.0), expected)


def test_a_single_frame_stands_still():
    assert velocity(np.ones((1, 2, 3)), rate_hz=25.0).tolist() == np.zeros((1, 2, 3)).tolist()


def test_bones_by_hand():
    joints = np.array([[[1.0, 1.0], [4.0, 3.0], [9.0, 0.0]]])
    assert bones(joints, (0, 0, 1)).tolist() == [[[0.0, 0.0], [3.0, 2.0], [5.0, -3.0]]]


def test_streams_are_channels_in_the_order_asked():
    rng = np.random.default_rng(1)
    joints, bone = rng.normal(size=(7, 4, 2)), rng.normal(size=(7, 4, 2))
    alone = {
        "joint": joints,
        "bone": bone,
        "joint_motion": velocity(joints, rate_hz=25.0),
        "bone_motion": velocity(bone, rate_hz=25.0),
    }
    order = ("bone_motion", "joint", "bone", "joint_motion")
    stacked = stack_streams(joints, bone, order, rate_hz=25.0)
    assert stacked.shape == (7, 4, 8)
    for n, name in enumerate(order):
        np.testing.assert_array_equal(stacked[:, :, 2 * n : 2 * n + 2], alone[name])


@pytest.mark.parametrize("stream", ["bone", "bone_motion"])
def test_bones_need_a_skeleton(stream: str):
    with pytest.raises(ValueError, match=f"the stream {stream} needs landmarks"):
        stack_streams(np.zeros((3, 2, 1)), None, ("joint", stream), rate_hz=25.0)
