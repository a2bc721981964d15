"""Signals of a clip: ranges, blinks and syllables as the habits say, and content that is nobody's."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.face_mesh import BLENDSHAPE_NAMES, mean_face
from amber_id.synthetic import HABITS, Person
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.rig import ClipSignals, blink_profile, bumps, clip_signals

FPS = 30.0
LEFT, RIGHT, JAW = (BLENDSHAPE_NAMES.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen"))


def _person(**values: float) -> Person:
    """A typical person but for the habits named, which are given in their units."""
    person = Person(0, np.zeros(len(HABITS)), mean_face())
    for position, habit in enumerate(HABITS):
        if habit.name in values:
            person.vector[position] = np.log(values[habit.name] / habit.typical) / habit.spread
            assert person.habit(habit.name) == pytest.approx(values[habit.name])
    return person


def _long(person: Person, clip: int = 0) -> ClipSignals:
    """A minute of somebody."""
    return clip_signals(person, clip, seed=0, T=1800, fps=FPS)


def _blinks(signals: ClipSignals) -> np.ndarray:
    """First frame of every closing, seen in both eyes."""
    closed = signals.blendshapes[:, [LEFT, RIGHT]].mean(axis=1) > 0.42
    return np.flatnonzero(closed[1:] & ~closed[:-1])


def test_signals_are_of_the_stated_shapes_and_ranges():
    signals = clip_signals(_person(), 0, seed=0, T=41, fps=FPS)
    assert signals.blendshapes.shape == (41, 52)
    assert signals.rotation.shape == signals.translation.shape == (41, 3)
    assert signals.blendshapes.min() >= 0
    assert signals.blendshapes.max() <= 1
    assert signals.blendshapes[:, 0] == pytest.approx(0, abs=1e-4)
    assert np.abs(signals.rotation).max() < np.radians(45)


@pytest.mark.parametrize("rate", [10.0, 60.0])
def test_blinks_come_at_the_person_s_rate_and_never_too_close(rate):
    # Eight minutes; the standard deviation of the count is below that of a Poisson process.
    starts = [_blinks(_long(_person(blink_rate=rate), clip)) for clip in range(8)]
    count = sum(len(s) for s in starts)
    assert count == pytest.approx(8 * rate, abs=3 * np.sqrt(8 * rate))
    # Half a second from start to start; lengths and heights vary by a frame or two.
    assert min(np.diff(s).min() for s in starts) >= 13


def test_eyes_are_closed_as_often_when_a_clip_starts_as_later():
    person = _person(blink_rate=60.0)
    clips = [clip_signals(person, clip, seed=1, T=60, fps=FPS).blendshapes for clip in range(400)]
    closed = np.mean([b[:, [LEFT, RIGHT]].mean(axis=1) > 0.42 for b in clips], axis=0)
    assert closed[:3].mean() == pytest.approx(closed.mean(), rel=0.35)
    quarters = closed.reshape(4, 15).mean(axis=1)
    assert quarters == pytest.approx(np.full(4, closed.mean()), rel=0.2)


def test_a_blink_closes_fast_and_opens_slower():
    times = np.arange(0, 0.6, 0.001)
    profile = blink_profile(times, np.array([0.1]), np.array([0.3]))[:, 0]
    assert times[profile.argmax()] == pytest.approx(0.2, abs=0.002)
    moving = times[(profile > 0.05) & (profile < 0.95)]
    assert np.sum(moving > 0.2) == pytest.approx(2 * np.sum(moving < 0.2), rel=0.05)
    assert profile[times < 0.1].max() == 0
    assert profile[times > 0.4].max() == pytest.approx(0, abs=1e-12)


def test_longer_blinks_keep_the_eyes_closed_longer():
    def closed(length_s: float) -> float:
        signals = _long(_person(blink_length=length_s))
        return float((signals.blendshapes[:, LEFT] > 0.42).sum() / len(_blinks(signals)))

    assert closed(0.4) == pytest.approx(closed(0.2) * 2, rel=0.25)


def test_asymmetry_is_the_ratio_of_the_sides():
    signals = _long(_person(blink_asymmetry=1.3))
    rest = measured_faces().rest[LEFT]
    peaks = [signals.blendshapes[s : s + 6].max(axis=0) - rest for s in _blinks(signals)]
    left, right = np.median([p[LEFT] for p in peaks]), np.median([p[RIGHT] for p in peaks])
    assert left / right == pytest.approx(1.3, rel=0.05)
    symmetric = _long(_person()).blendshapes
    assert np.array_equal(symmetric[:, LEFT], symmetric[:, RIGHT])


def test_jaw_gain_and_resting_jaw():
    typical, wide = _long(_person()), _long(_person(jaw_gain=1.5))
    rest = _person().habit("resting_jaw")
    below = wide.blendshapes[:, JAW] < 0.9  # a coefficient ends at 1
    assert below.mean() > 0.98
    expected = rest + 1.5 * (typical.blendshapes[:, JAW] - rest)
    assert wide.blendshapes[below, JAW] == pytest.approx(expected[below])
    dropped = _long(_person(resting_jaw=0.1))
    assert dropped.blendshapes[:, JAW] - 0.1 == pytest.approx(typical.blendshapes[:, JAW] - rest)
    # Pauses are long enough for the mouth to come to rest.
    assert (np.abs(typical.blendshapes[:, JAW] - rest) < 1e-9).mean() > 0.02


def test_faster_speech_has_more_openings():
    def openings(tempo: float) -> int:
        jaw = np.concatenate(
            [_long(_person(speech_tempo=tempo), clip).blendshapes[:, JAW] for clip in (0, 1)]
        )
        return int(((jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:])).sum())

    assert openings(6.0) == pytest.approx(1.5 * openings(4.0), rel=0.15)


def test_bumps_are_one_at_their_centre_and_local():
    values = bumps(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    assert values == pytest.approx(np.array([[0, 0], [1, 0], [0.5, 0], [0, 1], [0, 0]]), abs=1e-12)


def test_what_is_said_is_new_in_every_clip_and_nobody_s():
    here, there = _person(), replace(_person(), index=1)
    jaws = [
        clip_signals(p, c, seed=0, T=900, fps=FPS).blendshapes[:, JAW] for p in (here, there) for c in (0, 1)
    ]
    correlation = np.corrcoef(jaws)
    assert np.abs(correlation - np.eye(4)).max() < 0.3


def test_the_head_sways_about_where_the_clip_looks():
    rotations = np.degrees([clip_signals(_person(), c, seed=0, T=90, fps=FPS).rotation for c in range(200)])
    assert rotations.mean(axis=(0, 1))[1:] == pytest.approx([0, 0], abs=1.5)
    assert rotations.mean(axis=1).std(axis=0) == pytest.approx([5.2, 6.2, 3.6], rel=0.2)
    assert (rotations.std(axis=1).mean(axis=0) > [1.5, 1.5, 1.0]).all()
    assert (rotations.std(axis=1).mean(axis=0) < [4.0, 4.0, 2.5]).all()
