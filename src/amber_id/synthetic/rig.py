"""What does a person do in a clip?

Signals over time: blendshapes in MediaPipe's order and sense, and the movement of the head. Somebody speaks
(`speech.py`) in an emotion; brows and head go with what is stressed. Blinks are a renewal process, gaze jumps
from one place to the next, head and expression move slowly. What is said and felt differs from clip to clip
and tells nothing about the person; how it is done is the person's habit.

The figures without another source were chosen so that clips move as much as tracked real ones do;
``benchmarks/realism.py`` compares them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit
from scipy.stats import norm

from amber_id.synthetic.coefficients import coefficients, of, sides
from amber_id.synthetic.fields import smooth_in_time
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.people import Traits
from amber_id.synthetic.speech import AROUND_S, Speech, Utterance, speak

# Signals are made at this rate and looked at where a frame is, whatever the camera's: a face moves alike
# before every camera.
RATE_HZ = 120.0

# From the start of a blink to that of the next at least.
_REFRACTORY_S = 0.5
# Mean rise from the clip's median at the peak of tracked blinks: 0.50, 0.38, 0.24; frames miss some of it.
_EYES_CLOSED = coefficients({"eyeBlink": 0.56, "eyeLookDown": 0.40, "eyeSquint": 0.25})
# A fixation lasts this long at least, and this much longer on average; the eye jumps within a frame or two.
_FIXATION_S = (0.15, 0.7)
_SACCADE_S = 0.04
# How far gaze wanders, across and up; and how much it stays where it was when the head turns, per radian.
_GAZE = np.array([0.07, 0.06])
_GAZE_HELD = 0.9
# A stressed syllable, twice as strong as the typical one, lifts the brows by this.
_BROW_ACCENT = coefficients({"browInnerUp": 0.08, "browOuterUp": 0.07})
# Slow changes that come by themselves: shape at one standard deviation, and time constant in seconds.
_SLOW = (
    (coefficients({"browInnerUp": 0.10, "browOuterUp": 0.09}), 0.15),
    (coefficients({"browDown": 0.02}), 0.5),
    (coefficients({"mouthSmile": 0.10, "mouthUpperUp": 0.04, "eyeSquint": 0.02}), 1.0),
    (coefficients({"eyeBlink": 0.05, "eyeSquint": 0.07, "eyeLookDown": 0.06}), 0.6),
)
# Coefficients of real faces are never still: standard deviations on the logit scale, and time constants. All
# have a spectrum alike, of which 6 % lies above 5.5 Hz. Nothing is nearer to 0 or 1 than this.
_WAVERING = ((0.25, 0.3), (0.12, 0.04))
_LEAST = 1e-4
# Pitch, yaw, roll: standard deviation of where a clip's head looks, and of its sway about that.
_LOOKING_DEG = np.array([5.0, 6.0, 3.0])
_SWAY_DEG = np.array([2.8, 2.8, 1.7])
# In x, y, and the logarithm of size; the head's turning about the neck comes on top.
_TRANSLATION = np.array([0.03, 0.03, 0.018])

# What an emotion adds to the face at rest at full strength, and how far it opens the mouth in speech.
_EMOTIONS = (
    (coefficients({}), 1.0),
    (coefficients({"mouthSmile": 0.25, "eyeSquint": 0.10, "mouthUpperUp": 0.05}), 1.1),
    (coefficients({"browInnerUp": 0.20, "mouthShrugLower": 0.05, "mouthFrown": 0.02}), 0.75),
    (coefficients({"browDown": 0.12, "eyeSquint": 0.08, "mouthPress": 0.04}), 1.25),
    (coefficients({"browInnerUp": 0.20, "browOuterUp": 0.15, "eyeWide": 0.05}), 1.1),
    (coefficients({"mouthUpperUp": 0.12, "eyeSquint": 0.10, "browDown": 0.06}), 1.0),
)


@dataclass(frozen=True)
class ClipSignals:
    """Blendshapes in [0, 1]; the head's rotation vector (radians) and translation from facing the camera.

    Axes as in the mean face: x to the right of the picture, y down, z away from the camera. Translation is in
    the mean face's unit; its third number is the change of the face's size, as a natural logarithm.
    """

    blendshapes: Float[np.ndarray, "T 52"]
    rotation: Float[np.ndarray, "T 3"]
    translation: Float[np.ndarray, "T 3"]

    def at(self, frames: Float[np.ndarray, " F"]) -> "ClipSignals":
        """The signals at other places than the rows, which are 0, 1, 2 ...; on a line between two rows."""
        before = np.minimum(frames.astype(np.int64), len(self.rotation) - 2)
        after = (frames - before)[:, None]

        def between(signal: Float[np.ndarray, "T C"]) -> Float[np.ndarray, "F C"]:
            return signal[before] * (1 - after) + signal[before + 1] * after

        return ClipSignals(between(self.blendshapes), between(self.rotation), between(self.translation))


@dataclass(frozen=True)
class Draws:
    """The random numbers of a clip, one generator for each thing that happens."""

    emotion: np.random.Generator
    blinks: np.random.Generator
    gaze: np.random.Generator
    expression: np.random.Generator
    head: np.random.Generator


def clip_signals(traits: Traits, utterance: Utterance, draws: Draws, *, seconds: float) -> ClipSignals:
    """What somebody with these traits does, at `RATE_HZ`, from the clip's start to its end."""
    times = np.arange(int(np.ceil(seconds * RATE_HZ)) + 1) / RATE_HZ
    felt, loudness = _emotion(draws.emotion)
    speech = speak(utterance, traits, times, loudness)
    rotation, translation = _head(traits, speech, draws.head)
    blendshapes = _at_rest(traits) + felt + speech.mouth
    blendshapes += traits["speech_brow"] * speech.stress[:, None] * _BROW_ACCENT
    blendshapes += _slow_changes(draws.expression, len(times))
    blendshapes *= _unevenness(traits)
    blendshapes += _blinks(traits, times, draws.blinks)
    blendshapes += _gaze(traits, times, rotation, draws.gaze)
    return ClipSignals(_never_still(draws.expression, blendshapes), rotation, translation)


def blink_profile(
    times: Float[np.ndarray, " T"], starts: Float[np.ndarray, " N"], lengths_s: Float[np.ndarray, " N"]
) -> Float[np.ndarray, "T N"]:
    """How far each blink has closed the lids: 0 to 1 in the first third of its length, back in the rest.

    >>> times, start, length_s = np.array([0.0, 0.1, 0.2, 0.3]), np.array([0.0]), np.array([0.3])
    >>> blink_profile(times, start, length_s).ravel().round(2).tolist()
    [0.0, 1.0, 0.5, 0.0]
    """
    done = np.clip((times[:, None] - starts) / lengths_s, 0, 1)
    return (1 - np.cos(np.pi * np.minimum(3 * done, 1.5 * (1 - done)))) / 2


def _emotion(rng: np.random.Generator) -> tuple[Float[np.ndarray, " 52"], float]:
    """What is felt, as coefficients at rest, and how far it opens the mouth in speech."""
    shape, loudness = _EMOTIONS[rng.integers(len(_EMOTIONS))]
    strength = float(rng.lognormal(-0.3, 0.6))
    return strength * shape, float(loudness ** min(strength, 2.0))


def _at_rest(traits: Traits) -> Float[np.ndarray, " 52"]:
    rest = measured_faces().rest.copy()
    for habit, names in (
        ("resting_lids", ("eyeBlink",)),
        ("resting_squint", ("eyeSquint",)),
        ("resting_brow", ("browInnerUp", "browOuterUp")),
        ("resting_frown", ("browDown",)),
        ("resting_jaw", ("jawOpen",)),
        ("resting_smile", ("mouthSmile",)),
    ):
        rest[of(*names)] = traits[habit]
    shift = traits["mouth_shift"]
    rest[of("mouthLeft")] += max(shift, 0.0)
    rest[of("mouthRight")] += max(-shift, 0.0)
    return rest


def _unevenness(traits: Traits) -> Float[np.ndarray, " 52"]:
    """Factors of the two sides of brows and smile."""
    factors = np.where(of("browOuterUp", "browDown"), sides(traits["brow_asymmetry"]), 1.0)
    return factors * np.where(of("mouthSmile"), sides(traits["smile_asymmetry"]), 1.0)


def _blinks(
    traits: Traits, times: Float[np.ndarray, " S"], rng: np.random.Generator
) -> Float[np.ndarray, "S 52"]:
    """Blinks: the time from one to the next is a refractory time and an exponential one.

    Numbers are drawn blink by blink, so that the first ones do not depend on how many there are. The time to
    the first is that of a process which began long ago (Cox, "Renewal theory", 1962): the start
    of the clip falls into a refractory time with the probability that is its share of the mean interval.
    """
    mean_s = 60 / traits["blink_rate"]
    # Cannot take more than most of the interval, for whoever blinks without end.
    refractory_s = min(_REFRACTORY_S, 0.8 * mean_s)
    N = int(np.ceil((times[-1] + AROUND_S) / refractory_s)) + 1
    refractory = np.full(N, refractory_s)
    within, share = rng.random(2)
    refractory[0] = refractory_s * share if within < refractory_s / mean_s else 0.0
    each = rng.normal(size=(N, 3))
    waits = -norm.logsf(each[:, 0]) * (mean_s - refractory_s)
    starts = np.cumsum(refractory + waits) - AROUND_S
    lengths_s = traits["blink_length"] * np.exp(0.10 * each[:, 1])
    depth = traits["blink_depth"] * np.clip(1 + 0.12 * each[:, 2], 0.3, None)
    closing = blink_profile(times, starts, lengths_s) @ depth
    return closing[:, None] * _EYES_CLOSED * sides(traits["blink_asymmetry"])


def _gaze(
    traits: Traits,
    times: Float[np.ndarray, " S"],
    rotation: Float[np.ndarray, "S 3"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "S 52"]:
    """Jumps from one place to the next, and the eyes stay on it while the head turns."""
    least, more = _FIXATION_S
    N = int(np.ceil((times[-1] + AROUND_S) / least)) + 1
    jumps = np.cumsum(least + rng.exponential(more, N)) - AROUND_S
    places = rng.normal(size=(N, 2)) * _GAZE * traits["gaze_range"]
    steps = np.diff(places, axis=0, prepend=np.zeros((1, 2)))
    arrived = np.clip((times[:, None] - jumps) / _SACCADE_S, 0, 1)
    turned = rotation - rotation.mean(axis=0)
    # A positive yaw turns the face to the picture's left, its own right; the eyes turn back, to its left.
    across, up = (arrived @ steps + _GAZE_HELD * turned[:, [1, 0]]).T
    left = coefficients(
        {"eyeLookOutLeft": 1.0, "eyeLookInLeft": -1.0, "eyeLookInRight": 1.0, "eyeLookOutRight": -1.0}
    )
    upwards = coefficients({"eyeLookUp": 0.5, "eyeLookDown": -1.0})
    return across[:, None] * left + up[:, None] * upwards


def _slow_changes(rng: np.random.Generator, S: int) -> Float[np.ndarray, "S 52"]:
    changes = [
        smooth_in_time(rng, S, 1, fps=RATE_HZ, time_constant_s=seconds) * shape for shape, seconds in _SLOW
    ]
    return np.sum(changes, axis=0)


def _never_still(
    rng: np.random.Generator, blendshapes: Float[np.ndarray, "S 52"]
) -> Float[np.ndarray, "S 52"]:
    """Every coefficient wavers, slowly and fast: as a sigmoid's argument does, so that it stays in [0, 1]."""
    S, C = blendshapes.shape
    wavering = sum(
        size * smooth_in_time(rng, S, C, fps=RATE_HZ, time_constant_s=seconds) for size, seconds in _WAVERING
    )
    return expit(logit(np.clip(blendshapes, _LEAST, 1 - _LEAST)) + wavering)


def _head(
    traits: Traits, speech: Speech, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "S 3"], Float[np.ndarray, "S 3"]]:
    """Where the clip's head looks, slow sway about it, and a nod on each stressed syllable."""
    S = len(speech.stress)
    looking = rng.normal(size=3) * _LOOKING_DEG + np.array([0.0, 0.0, traits["head_tilt"]])
    sway = smooth_in_time(rng, S, 3, fps=RATE_HZ, time_constant_s=traits["sway_time"])
    nods = speech.stress[:, None] * np.array([traits["speech_nod"], 0, 0])
    translation = smooth_in_time(rng, S, 3, fps=RATE_HZ, time_constant_s=0.5) * _TRANSLATION
    return np.radians(looking + traits["sway_size"] * _SWAY_DEG * sway + nods), translation
