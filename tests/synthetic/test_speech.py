"""Speech: what habits do to the mouth's shapes, one utterance written by hand or drawn."""

import numpy as np
import pytest

from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.synthetic import HABITS
from amber_id.synthetic.coefficients import coefficients, of, sides
from amber_id.synthetic.people import MODES, Traits
from amber_id.synthetic.speech import AROUND_S, Utterance, bumps, draw_utterance, speak

JAW, PUCKER, FUNNEL, SMILE, UPPER_LIP, LOWER_LIP, PRESS, ROLL = (
    BLENDSHAPE_NAMES.index(name)
    for name in (
        "jawOpen",
        "mouthPucker",
        "mouthFunnel",
        "mouthSmileLeft",
        "mouthUpperUpRight",
        "mouthLowerDownLeft",
        "mouthPressLeft",
        "mouthRollLower",
    )
)
TIMES = np.arange(0, 20, 1 / 120)
AH, SEE, NOT = 0, 2, 3
LIPS_MEET, NONE = 0, 4


def _traits(**numbers: float) -> Traits:
    """Typical but for the habits named."""
    habits = np.array([numbers.get(habit.name, 0.0) for habit in HABITS])
    return Traits(habits, np.zeros((3, MODES)))


def _syllables(vowel: int, consonant: int = NONE, strengths: tuple[float, ...] = (1.0,)) -> Utterance:
    """Syllables alike in all but strength, without pauses; silence before and after them."""
    N = len(strengths)
    pauses = np.zeros(N)
    return Utterance(
        vowels=np.full(N, vowel),
        consonants=np.full(N, consonant),
        strengths=np.array(strengths),
        lengths=np.full(N, 9.0),
        pauses=pauses,
        phase=0.0,
    )


def _drawn(**numbers: float) -> np.ndarray:
    return speak(draw_utterance(np.random.default_rng(0), 20.0), _traits(**numbers), TIMES).mouth


def test_one_syllable_by_hand():
    """Two seconds long, the first at AROUND_S before the clip, so that its middle is at -0.5 s."""
    speech = speak(_syllables(AH, strengths=(1.0, 2.0)), _traits(), TIMES)
    centre = 3.0 - AROUND_S
    at = round(centre * 120)
    assert speech.mouth[at, JAW] == pytest.approx(2 * 0.22)
    assert speech.mouth[at, UPPER_LIP] == pytest.approx(2 * 0.10)
    assert speech.mouth[at, FUNNEL] == pytest.approx(2 * 0.04)
    assert speech.stress[at] == pytest.approx(1.0)
    # 0.8 lengths away the vowel is over; after the last syllable nothing moves.
    reach = 0.8 * 2.0
    alone = centre - 2.0 + reach < TIMES
    expected = 0.44 * (1 + np.cos(np.pi * np.clip(np.abs(TIMES - centre) / reach, 0, 1))) / 2
    assert speech.mouth[alone, JAW] == pytest.approx(expected[alone])
    assert not speech.mouth[centre + reach + 0.01 < TIMES].any()


def test_lips_that_meet_take_the_opening_away():
    centre = 3.0 - AROUND_S
    met = round((centre - 1.0) * 120)  # where the second syllable begins
    opened = speak(_syllables(AH, NONE, (1.0, 1.0)), _traits(), TIMES).mouth[met]
    closed = speak(_syllables(AH, LIPS_MEET, (1.0, 1.0)), _traits(), TIMES).mouth[met]
    assert closed[JAW] == pytest.approx(0.15 * opened[JAW])
    assert opened[PRESS] == opened[ROLL] == 0
    assert closed[PRESS] == pytest.approx(0.08)
    pressed = speak(_syllables(AH, LIPS_MEET, (1.0, 1.0)), _traits(lip_press=1), TIMES).mouth[met]
    assert pressed[[PRESS, ROLL]] == pytest.approx(np.exp(0.6) * closed[[PRESS, ROLL]])


@pytest.mark.parametrize(
    ("habit", "spread", "louder", "same"),
    [
        ("jaw_gain", 0.4, (JAW, LOWER_LIP, UPPER_LIP), (PUCKER, SMILE)),
        ("upper_lip_gain", 0.5, (UPPER_LIP,), (JAW, LOWER_LIP, PUCKER, SMILE)),
        ("rounding_gain", 0.45, (PUCKER, FUNNEL), (JAW, UPPER_LIP, SMILE, PRESS)),
        ("spreading_gain", 0.5, (SMILE,), (JAW, UPPER_LIP, PUCKER, PRESS)),
    ],
)
def test_gains_scale_their_coefficients_and_no_others(habit, spread, louder, same):
    typical, more = _drawn(), _drawn(**{habit: 1.0})
    for name in louder:
        assert more[:, name] == pytest.approx(np.exp(spread) * typical[:, name])
        assert typical[:, name].max() > 0.05
    assert np.array_equal(more[:, same], typical[:, same])


def test_the_lips_shape_comes_after_the_jaw():
    """The rounded vowel alone: pucker is the lips' shape, the opening is the jaw's."""

    def peaks(**numbers: float) -> tuple[float, float]:
        mouth = speak(_syllables(NOT, strengths=(0.0, 1.0)), _traits(**numbers), TIMES).mouth
        return tuple(float(TIMES[mouth[:, name].argmax()]) for name in (JAW, PUCKER))

    together = peaks()
    assert together[0] == together[1] == pytest.approx(1.5, abs=0.005)
    late, early = peaks(lip_lag=2.0), peaks(lip_lag=-2.0)
    assert late[0] == early[0] == together[0]
    assert late[1] - together[1] == pytest.approx(0.08, abs=0.01)
    assert early[1] - together[1] == pytest.approx(-0.08, abs=0.01)


def test_a_vowel_reaches_as_far_as_coarticulation_says():
    def moving_s(**numbers: float) -> float:
        mouth = speak(_syllables(SEE, strengths=(0.0, 1.0)), _traits(**numbers), TIMES).mouth
        return float((mouth[:, SMILE] > 0).sum() / 120)

    # Twice 0.8 lengths of 2 s, of which the beginning is before the clip.
    assert moving_s() == pytest.approx(1.6 + 1.5, abs=0.02)
    assert moving_s(coarticulation=-2.0) == pytest.approx(2 * 1.6 * np.exp(-0.5), abs=0.02)


def test_faster_speech_has_more_openings():
    def openings(number: float) -> int:
        jaw = _drawn(speech_tempo=number)[:, JAW]
        return int(((jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:])).sum())

    slow, fast = openings(-1.0), openings(1.0)
    assert slow > 30
    assert fast == pytest.approx(np.exp(0.3) * slow, rel=0.15)


def test_whoever_speaks_fast_has_enough_to_say():
    for seed in range(5):
        utterance = draw_utterance(np.random.default_rng(seed), 20.0)
        mouth = speak(utterance, _traits(speech_tempo=4.0), TIMES).mouth
        assert mouth[-360:, JAW].max() > 0.05


def test_mouths_come_to_rest_in_pauses_and_stress_is_never_below_zero():
    utterance = draw_utterance(np.random.default_rng(1), 20.0)
    speech = speak(utterance, _traits(), TIMES)
    assert (speech.mouth[:, JAW] < 1e-9).mean() > 0.02
    assert speech.mouth.min() >= 0
    assert speech.stress.min() >= 0
    murmured = utterance.vowels == 5
    assert utterance.strengths[murmured].max() <= 1 < utterance.strengths[~murmured].max()


def test_bumps_are_one_at_their_centre_and_local():
    values = bumps(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    assert values == pytest.approx(np.array([[0, 0], [1, 0], [0.5, 0], [0, 1], [0, 0]]), abs=1e-12)


def test_coefficients_are_named_with_or_without_their_side():
    both = coefficients({"mouthSmile": 0.5, "jawOpen": 1.0})
    assert {BLENDSHAPE_NAMES[n]: both[n] for n in np.flatnonzero(both)} == {
        "mouthSmileLeft": 0.5,
        "mouthSmileRight": 0.5,
        "jawOpen": 1.0,
    }
    assert of("eyeBlinkLeft").sum() == 1
    with pytest.raises(ValueError, match="no blendshape is called mouthSmirk"):
        of("mouthSmirk")
    # A mouth that moves to the left has a side in its name, but no other half.
    factors = sides(4.0)
    assert factors[both > 0].tolist() == [1.0, 2.0, 0.5]
