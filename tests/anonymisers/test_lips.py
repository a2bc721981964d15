"""Closures of the lips that a style would leave open."""

import numpy as np
import pytest

from amber_id.anonymisers import Plan, defended, parsed_defences
from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, driven_by, signals_of
from amber_id.anonymisers.lips import opening_of, with_closed_lips
from amber_id.audit.utility.expression import CHANNELS as SHOWN
from amber_id.audit.utility.expression import FaceSignals, find_events
from amber_id.recordings import Recording
from amber_id.recordings.signals import matched
from amber_id.synthetic import SynthConfig, make_clip
from fixtures.learned_defence import untrained_model

CONFIG = SynthConfig.model_validate({"people": 6, "clips": 1, "duration": "6", "seed": 5, "lost": "0"})
JAW, LIPS_TOGETHER = CHANNELS.index("jawOpen"), CHANNELS.index("mouthClose")
PERIOD_S = 0.5


@pytest.fixture(scope="module")
def clips() -> list[Recording]:
    """Synthetic people, who hardly close their lips, with lips that close twice a second."""
    return [speaking(make_clip(CONFIG, person, 0)) for person in range(CONFIG.people)]


def speaking(recording: Recording) -> Recording:
    signals = signals_of(recording)
    values = signals.values.copy()
    values[:, LIPS_TOGETHER] = 0.4  # so that the jaw alone can close the lips
    values[:, JAW] = 0
    at_0 = opening_of(values)
    values[:, JAW] = 1
    per_jaw = opening_of(values) - at_0
    wanted = 0.06 * (1 - np.cos(2 * np.pi * signals.times / PERIOD_S))
    values[:, JAW] = np.clip((wanted - at_0) / per_jaw, 0, 1)
    return driven_by(recording, values, "")


def closures(recording: Recording) -> np.ndarray:
    shown = FaceSignals.of(recording).values.astype(np.float64)
    times = find_events("lip closures", shown, rate_hz=recording.fps, coefficients=True)
    assert times is not None
    return times


def test_the_opening_is_that_of_the_face_that_is_drawn(clips: list[Recording]) -> None:
    signals = signals_of(clips[0])
    still = signals.values.copy()
    still[:, HEAD] = 0
    drawn = driven_by(clips[0], still, "")
    column = [channel.name for channel in SHOWN].index("mouth opening")
    own = opening_of(signals.values)
    away = own > 0.05  # nearer, the lips may lie over each other, which has no length
    assert away.sum() > 20
    shown = FaceSignals.of(drawn).values[drawn.tracked]
    np.testing.assert_allclose(shown[away, column], own[away], atol=0.02)


def test_lips_close_where_they_did_and_are_free_elsewhere(clips: list[Recording]) -> None:
    originals = np.concatenate([signals_of(clip).values for clip in clips])
    values = np.random.default_rng(0).uniform(0, 0.4, originals.shape)
    before, own = opening_of(values), opening_of(originals)
    kept = with_closed_lips(values, originals)
    closed, free = own <= 0.02, own >= 0.06
    assert closed.sum() > 20
    assert free.sum() > 20
    np.testing.assert_allclose(opening_of(kept)[closed], np.maximum(own[closed], 0) / 2, atol=5e-3)
    np.testing.assert_allclose(opening_of(kept)[free], before[free], atol=1e-9)
    np.testing.assert_allclose(kept[free], values[free], atol=1e-9)
    assert kept[:, FACE].min() >= 0
    assert kept[:, FACE].max() <= 1
    still = [i for i, name in enumerate(CHANNELS) if not name.startswith(("jaw", "mouth"))]
    np.testing.assert_array_equal(kept[:, still], values[:, still])


def test_whole_live_and_learned_styles_keep_closures_that_a_distribution_loses(
    clips: list[Recording],
) -> None:
    names = ("population-distribution", "population-whole", "population-live", "learned")
    kept, number = dict.fromkeys(names, 0), 0
    for clip in clips:
        own = closures(clip)
        number += len(own)
        for name in kept:
            plan = Plan(parsed_defences(name), 1, model=untrained_model())
            shown = closures(defended(clip, plan))
            kept[name] += int(matched(own, shown, tolerance_s=0.1)[0].sum())
    assert number > 50
    assert min(kept[name] for name in names[1:]) > 0.9 * number
    assert kept["population-distribution"] < 0.5 * number
