"""Streams: velocities are per second, bones are offsets from the parent, channels come in the order asked."""

import numpy as np

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
    still = {name: rng.normal(size=(7, 4, 2)) for name in ("joint", "bone", "face")}
    alone = still | {f"{name}_motion": velocity(values, rate_hz=25.0) for name, values in still.items()}
    order = ("bone_motion", "face", "joint", "face_motion", "bone", "joint_motion")
    stacked = stack_streams(still, order, rate_hz=25.0)
    assert stacked.shape == (7, 4, 12)
    for n, name in enumerate(order):
        np.testing.assert_array_equal(stacked[:, :, 2 * n : 2 * n + 2], alone[name])
