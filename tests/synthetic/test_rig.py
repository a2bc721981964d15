"""Signals of a clip: ranges, blinks, gaze, brows and head as the habits say, and content that is nobody's."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.synthetic import HABITS, rig
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.people import MODES, Traits
from amber_id.synthetic.rig import RATE_HZ, ClipSignals, Draws, blink_profile, clip_signals
from amber_id.synthetic.speech import draw_utterance, speak

POSITIONS = {habit.name: n for n, habit in enumerate(HABITS)}


@pytest.fixture(autouse=True)
def still(request, monkeypatch):
    """Without the wavering of every coefficient, what a habit does can be told exactly."""
    if "wavering" not in request.node.name:
        monkeypatch.setattr(rig, "_WAVERING", tuple((0.0, seconds) for _, seconds in rig._WAVERING))


def _index(name: str) -> int:
    return BLENDSHAPE_NAMES.index(name)


LEFT, RIGHT, JAW = (_index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen"))


def _traits(**quantities: float) -> Traits:
    """Typical but for the habits named, which are given in their units."""
    traits = Traits(np.zeros(len(HABITS)), np.zeros((3, MODES)))
    for name, value in quantities.items():
        habit = HABITS[POSITIONS[name]]
        above = value - habit.typical if habit.signed else np.log(value / habit.typical)
        traits.habits[POSITIONS[name]] = above / habit.spread
        assert traits[name] == pytest.approx(value)
    return traits


def _clip(traits: Traits, clip: int = 0, seconds: float = 60.0) -> ClipSignals:
    """What somebody does; the same number is the same random numbers."""
    draws = Draws(*(np.random.default_rng([clip, n]) for n in range(5)))
    return clip_signals(traits, _said(clip, seconds), draws, seconds=seconds)


def _said(clip: int, seconds: float):
    return draw_utterance(np.random.default_rng([clip, 5]), seconds)


def _blinks(signals: ClipSignals) -> np.ndarray:
    """First frame of every closing, seen in both eyes."""
    closed = signals.blendshapes[:, [LEFT, RIGHT]].mean(axis=1) > 0.42
    return np.flatnonzero(closed[1:] & ~closed[:-1])


def test_signals_are_of_the_stated_shapes_and_ranges():
    signals = _clip(_traits(), seconds=1.37)
    assert signals.blendshapes.shape == (166, 52)  # 165 intervals of 1/120 s
    assert signals.rotation.shape == signals.translation.shape == (166, 3)
    assert signals.blendshapes.min() >= 0
    assert signals.blendshapes.max() <= 1
    assert signals.blendshapes[:, 0] == pytest.approx(0, abs=2e-4)
    assert np.abs(signals.rotation).max() < np.radians(45)


def test_the_same_traits_and_draws_are_the_same_signals():
    here, there = _clip(_traits(jaw_gain=1.3), seconds=3.0), _clip(_traits(jaw_gain=1.3), seconds=3.0)
    other = _clip(_traits(jaw_gain=1.3), clip=1, seconds=3.0)
    for name in ("blendshapes", "rotation", "translation"):
        assert np.array_equal(getattr(here, name), getattr(there, name))
        assert not np.allclose(getattr(here, name), getattr(other, name))


def test_a_face_s_shape_changes_nothing_of_what_is_done():
    plain, shaped = _traits(), Traits(np.zeros(len(HABITS)), np.ones((3, MODES)))
    assert np.array_equal(_clip(plain, seconds=2.0).blendshapes, _clip(shaped, seconds=2.0).blendshapes)


@pytest.mark.parametrize("habit", [habit.name for habit in HABITS])
def test_every_habit_shows_in_its_region(habit):
    """And nowhere else, but where regions are tied: eyes stay on their place when the head turns."""
    parts = {"eye": "eyes", "brow": "eyebrows", "jaw": "lips", "mouth": "lips"}
    typical = _clip(_traits(), seconds=20.0)
    traits = _traits()
    traits.habits[POSITIONS[habit]] = 1.0
    shown = _clip(traits, seconds=20.0)
    moved = np.flatnonzero(np.abs(shown.blendshapes - typical.blendshapes).max(axis=0) > 1e-9)
    regions = {
        region for n in moved for part, region in parts.items() if BLENDSHAPE_NAMES[n].startswith(part)
    }
    if not np.array_equal(shown.rotation, typical.rotation):
        regions.add("head")
    tied = {"head": {"eyes"}, "lips": {"eyebrows", "head", "eyes"}}
    region = HABITS[POSITIONS[habit]].region
    assert region in regions
    # Stress comes when the syllable does, so that its time moves brows and head, and with it gaze.
    allowed = tied["lips"] if habit == "speech_tempo" else tied["head"] if region == "head" else set()
    assert regions - {region} <= allowed


@pytest.mark.parametrize("rate", [10.0, 60.0])
def test_blinks_come_at_the_person_s_rate_and_never_too_close(rate):
    # Five minutes; the standard deviation of the count is below that of a Poisson process.
    starts = [_blinks(_clip(_traits(blink_rate=rate), clip)) for clip in range(5)]
    count = sum(len(s) for s in starts)
    assert count == pytest.approx(5 * rate, abs=3 * np.sqrt(5 * rate))
    # Half a second from start to start; lengths and heights vary by a few hundredths.
    assert min(np.diff(s).min() for s in starts) / RATE_HZ >= 0.43


def test_eyes_are_closed_as_often_when_a_clip_starts_as_later():
    traits = _traits(blink_rate=60.0)
    clips = [_clip(traits, clip, seconds=1.99).blendshapes for clip in range(400)]
    closed = np.mean([b[:, [LEFT, RIGHT]].mean(axis=1) > 0.42 for b in clips], axis=0)
    assert closed[:12].mean() == pytest.approx(closed.mean(), rel=0.35)
    quarters = closed[:240].reshape(4, 60).mean(axis=1)
    assert quarters == pytest.approx(np.full(4, closed.mean()), rel=0.2)


def test_a_blink_closes_fast_and_opens_slower():
    times = np.arange(0, 0.6, 0.001)
    profile = blink_profile(times, np.array([0.1]), np.array([0.3]))[:, 0]
    assert times[profile.argmax()] == pytest.approx(0.2, abs=0.002)
    moving = times[(profile > 0.05) & (profile < 0.95)]
    assert np.sum(moving > 0.2) == pytest.approx(2 * np.sum(moving < 0.2), rel=0.05)
    assert profile[times < 0.1].max() == 0
    assert profile[times > 0.4].max() == pytest.approx(0, abs=1e-12)


def test_longer_and_deeper_blinks_keep_the_eyes_closed_longer_and_further():
    def closed(length_s: float) -> float:
        signals = _clip(_traits(blink_length=length_s))
        return float((signals.blendshapes[:, LEFT] > 0.42).sum() / len(_blinks(signals)))

    assert closed(0.4) == pytest.approx(closed(0.2) * 2, rel=0.15)
    typical, deep = (_clip(_traits(blink_depth=d)).blendshapes[:, LEFT] for d in (1.0, 1.2))
    none = _clip(_traits(blink_depth=1e-9)).blendshapes[:, LEFT]
    free = (typical > none) & (none > 0.001) & (deep < 0.999)
    assert free.mean() > 0.08
    assert (deep - none)[free] == pytest.approx(1.2 * (typical - none)[free])


def test_asymmetry_is_the_ratio_of_the_sides():
    uneven, none = (_clip(_traits(blink_asymmetry=1.3, blink_depth=d)).blendshapes for d in (0.9, 1e-9))
    closing = (uneven - none)[:, [LEFT, RIGHT]]
    free = (closing > 0.01).all(axis=1) & (none[:, [LEFT, RIGHT]] > 0.001).all(axis=1)
    assert free.mean() > 0.08
    assert closing[free, 0] / closing[free, 1] == pytest.approx(np.full(free.sum(), 1.3))
    symmetric = _clip(_traits()).blendshapes
    assert np.array_equal(symmetric[:, LEFT], symmetric[:, RIGHT])


@pytest.mark.parametrize(
    ("habit", "left", "right"),
    [
        ("smile_asymmetry", "mouthSmileLeft", "mouthSmileRight"),
        ("brow_asymmetry", "browOuterUpLeft", "browOuterUpRight"),
    ],
)
def test_brows_and_smiles_have_their_ratio_of_sides_too(habit, left, right):
    sides = _clip(_traits(**{habit: 1.4})).blendshapes[:, [_index(left), _index(right)]]
    free = ((sides > 2e-4) & (sides < 0.999)).all(axis=1)
    assert free.mean() > 0.5
    assert sides[free, 0] == pytest.approx(1.4 * sides[free, 1])


def test_jaw_gain_and_resting_jaw():
    typical, wide = (_clip(_traits(jaw_gain=gain)).blendshapes[:, JAW] for gain in (1.0, 1.5))
    rest = _traits()["resting_jaw"]
    below = wide < 0.999  # a coefficient ends there
    assert below.mean() > 0.98
    assert wide[below] == pytest.approx(rest + 1.5 * (typical[below] - rest))
    dropped = _clip(_traits(resting_jaw=0.1)).blendshapes[:, JAW]
    assert dropped - 0.1 == pytest.approx(typical - rest)
    # Pauses are long enough for the mouth to come to rest.
    assert (np.abs(typical - rest) < 1e-9).mean() > 0.02


@pytest.mark.parametrize(
    ("habit", "name", "value"),
    [
        ("resting_lids", "eyeBlinkLeft", 0.3),
        ("resting_squint", "eyeSquintRight", 0.5),
        ("resting_brow", "browInnerUp", 0.4),
        ("resting_frown", "browDownLeft", 0.2),
        ("resting_smile", "mouthSmileLeft", 0.3),
    ],
)
def test_resting_faces_are_the_person_s(habit, name, value):
    typical, person = (_clip(t).blendshapes[:, _index(name)] for t in (_traits(), _traits(**{habit: value})))
    free = (typical > 2e-4) & (person < 0.999)
    assert free.mean() > 0.1
    raised = value - _traits()[habit]
    assert (person - typical)[free] == pytest.approx(np.full(free.sum(), raised))


def test_a_mouth_is_shifted_to_one_side():
    left, right = (_clip(_traits(mouth_shift=s), seconds=2.0).blendshapes.mean(axis=0) for s in (0.05, -0.05))
    even = _clip(_traits(), seconds=2.0).blendshapes.mean(axis=0)
    assert (left - even)[_index("mouthLeft")] == pytest.approx(0.05, abs=2e-4)
    assert (right - even)[_index("mouthRight")] == pytest.approx(0.05, abs=2e-4)
    assert left[_index("mouthRight")] == even[_index("mouthRight")]


def test_chin_and_brows_go_with_what_is_stressed():
    times = np.arange(20 * 120 + 1) / RATE_HZ
    stress = speak(_said(0, 20.0), _traits(), times).stress
    assert stress.max() > 0.5
    still, nodding = (_clip(_traits(speech_nod=n), seconds=20.0).rotation for n in (1.0, 4.0))
    assert (nodding - still)[:, 0] == pytest.approx(np.radians(3.0) * stress)
    assert np.array_equal(nodding[:, 1:], still[:, 1:])
    inner = _index("browInnerUp")
    calm, lively = (_clip(_traits(speech_brow=b), seconds=20.0).blendshapes[:, inner] for b in (1.0, 2.0))
    free = (calm > 2e-4) & (lively < 0.999)
    assert free.mean() > 0.5
    assert (lively - calm)[free] == pytest.approx(0.08 * stress[free])


def test_gaze_wanders_as_far_as_the_person_s_does():
    def wandering(reach: float) -> float:
        # Without turns of the head, which the eyes make up for.
        traits = _traits(gaze_range=reach, sway_size=1e-6, speech_nod=1e-6)
        out, inwards = (
            _clip(traits, seconds=30.0).blendshapes[:, _index(name)]
            for name in ("eyeLookOutLeft", "eyeLookInLeft")
        )
        return float((out - inwards).std())

    assert wandering(1e-6) < 1e-4
    assert wandering(1.0) == pytest.approx(2 * wandering(0.5), rel=0.25)


@pytest.mark.parametrize("axis", [0, 1])
def test_gaze_is_held_when_the_head_turns(axis):
    """The irises go to the left of the picture when the nose goes to the right, and up when it goes down."""
    signals = _clip(_traits(gaze_range=1e-6, blink_depth=1e-9))
    nose = Rotation.from_rotvec(signals.rotation).apply([0.0, 0.0, -1.0])[:, axis]
    looks = [n for n, name in enumerate(BLENDSHAPE_NAMES) if name.startswith("eyeLook")]
    iris = measured_faces().basis[looks][:, [468, 473], axis].mean(axis=1)
    moved = signals.blendshapes[:, looks] @ iris
    assert np.corrcoef(moved, nose)[0, 1] < -0.7


def test_what_is_said_is_new_in_every_clip():
    jaws = [_clip(_traits(), clip, seconds=30.0).blendshapes[:, JAW] for clip in range(4)]
    assert np.abs(np.corrcoef(jaws) - np.eye(4)).max() < 0.3


def test_the_head_sways_about_where_the_clip_looks():
    rotations = np.degrees([_clip(_traits(), c, seconds=3.0).rotation for c in range(200)])
    assert rotations.mean(axis=(0, 1))[1:] == pytest.approx([0, 0], abs=1.5)
    assert rotations.mean(axis=1).std(axis=0) == pytest.approx([5.2, 6.2, 3.2], rel=0.2)
    assert (rotations.std(axis=1).mean(axis=0) > [1.5, 1.5, 1.0]).all()
    assert (rotations.std(axis=1).mean(axis=0) < [4.0, 4.0, 2.5]).all()


def test_sway_and_tilt_are_the_person_s():
    typical = _clip(_traits(), seconds=10.0).rotation
    tilted = _clip(_traits(head_tilt=4.0), seconds=10.0).rotation
    assert np.degrees(tilted - typical) == pytest.approx(np.tile([0, 0, 4.0], (len(typical), 1)))
    yaw, wide = typical[:, 1], _clip(_traits(sway_size=2.0), seconds=10.0).rotation[:, 1]
    assert wide - wide.mean() == pytest.approx(2 * (yaw - yaw.mean()))

    def turns_per_s(time_s: float) -> float:
        yaw = np.concatenate(
            [_clip(_traits(sway_time=time_s), c, seconds=30.0).rotation[:, 1] for c in range(3)]
        )
        return float(np.diff(yaw).std() / yaw.std())

    assert turns_per_s(0.2) == pytest.approx(2 * turns_per_s(0.4), rel=0.3)


def test_signals_between_the_rows_are_on_a_line():
    signals = _clip(_traits(), seconds=1.2)
    found = signals.at(np.array([0.0, 3.25, 7.0, 144.0]))
    for name in ("blendshapes", "rotation", "translation"):
        rows, values = getattr(signals, name), getattr(found, name)
        assert len(rows) == 145
        assert values[[0, 2, 3]] == pytest.approx(rows[[0, 7, 144]])
        assert values[1] == pytest.approx(0.75 * rows[3] + 0.25 * rows[4])


def test_wavering_never_rests_and_stays_small():
    """On the scale of the sigmoid's argument, where nothing else moves: the jaw in its pauses."""
    jaw = np.concatenate([_clip(_traits(jaw_gain=1e-9), clip).blendshapes[:, JAW] for clip in (0, 1)])
    argument = np.log(jaw / (1 - jaw))
    expected = np.sqrt(sum(size**2 for size, _ in rig._WAVERING))
    assert argument.std() == pytest.approx(expected, rel=0.15)
    assert argument.mean() == pytest.approx(np.log(0.03 / 0.97), abs=0.1)
    assert (np.diff(jaw) != 0).all()
