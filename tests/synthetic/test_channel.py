"""The way to the avatar: coefficients arrive as correlated as measured, or not at all."""

from functools import cache

import numpy as np
import pytest

from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.synthetic import SynthConfig
from amber_id.synthetic.channel import through_channel
from amber_id.synthetic.people import draw_person, original_traits
from amber_id.synthetic.rig import ClipSignals, Draws, clip_signals
from amber_id.synthetic.speech import draw_utterance


@cache
def _clips() -> list[tuple[ClipSignals, ClipSignals]]:
    """Four seconds of many people, as they are and as they arrive."""
    found = []
    for k in range(150):
        traits = original_traits(SynthConfig(), draw_person(k, seed=0), 0)
        draws = Draws(*(np.random.default_rng([k, n]) for n in range(5)))
        utterance = draw_utterance(np.random.default_rng([k, 5]), 4.0)
        signals = clip_signals(traits, utterance, draws, seconds=4.0)
        found.append((signals, through_channel(signals, np.random.default_rng([k, 6]))))
    return found


def _median_correlation(signal: str, number: int) -> float:
    pairs = [(getattr(a, signal)[:, number], getattr(b, signal)[:, number]) for a, b in _clips()]
    return float(np.median([np.corrcoef(a, b)[0, 1] for a, b in pairs if a.std() > 1e-6 and b.std() > 1e-6]))


# What is cut off at 0 is cut off with its noise: mouths move otherwise than the spreads that were measured.
@pytest.mark.parametrize(
    ("name", "stated", "tolerance"),
    [
        ("jawOpen", 0.92, 0.08),
        ("eyeBlinkLeft", 0.95, 0.08),
        ("mouthSmileLeft", 0.80, 0.2),
        ("mouthPucker", 0.62, 0.2),
        ("browOuterUpRight", 0.85, 0.08),
    ],
)
def test_coefficients_arrive_as_correlated_as_measured(name, stated, tolerance):
    found = _median_correlation("blendshapes", BLENDSHAPE_NAMES.index(name))
    assert found == pytest.approx(stated, abs=tolerance)


@pytest.mark.parametrize(("axis", "stated"), [(0, 0.91), (1, 0.97), (2, 0.975)])
def test_the_head_s_turning_arrives_as_correlated_as_measured(axis, stated):
    assert _median_correlation("rotation", axis) == pytest.approx(stated, abs=0.04)


def test_nothing_arrives_of_what_avatars_have_not():
    absent = ["cheekPuff", "jawLeft", "jawForward", "mouthClose", "mouthDimpleLeft", "noseSneerRight"]
    signals, _ = _clips()[0]
    signals.blendshapes[:, [BLENDSHAPE_NAMES.index(name) for name in absent]] = 0.5
    arrived = through_channel(signals, np.random.default_rng(0)).blendshapes
    assert not arrived[:, [BLENDSHAPE_NAMES.index(name) for name in absent]].any()
    assert arrived.min() >= 0
    assert arrived.max() <= 1


def test_a_weak_shape_arrives_weaker():
    open_jaw, pucker = (BLENDSHAPE_NAMES.index(name) for name in ("jawOpen", "mouthPucker"))
    still = ClipSignals(np.full((60_000, 52), 0.5), np.zeros((60_000, 3)), np.ones((60_000, 3)))
    arrived = through_channel(still, np.random.default_rng(0))
    assert arrived.blendshapes[:, open_jaw].mean() == pytest.approx(0.475, abs=0.003)
    assert arrived.blendshapes[:, pucker].mean() == pytest.approx(0.3, abs=0.01)
    # The head is where it was, and turns by the error alone.
    assert np.array_equal(arrived.translation, still.translation)
    expected = np.array([2.8, 2.8, 1.7]) * np.sqrt(1 / np.array([0.91, 0.97, 0.975]) ** 2 - 1)
    assert np.degrees(arrived.rotation.std(axis=0)) == pytest.approx(expected, rel=0.1)
