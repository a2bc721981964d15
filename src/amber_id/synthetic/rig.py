"""What does a person do in a clip?

Signals over time: blendshapes in MediaPipe's order and sense, and the movement of the head. Syllables follow
each other at the person's tempo, with pauses; what is said differs from clip to clip and tells nothing about
the person. Blinks are a renewal process. Head, brows, lids and smile move slowly, and alike in everybody.

The figures without another source were chosen so that the clips move as much as tracked real ones do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.synthetic.fields import smooth_in_time
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.people import Person
from amber_id.synthetic.seeds import stream

# Events are drawn from this long before the clip to this long after it: some reach into it.
_AROUND_S = 1.5
# From the start of a blink to that of the next at least.
_REFRACTORY_S = 0.5
# Pitch, yaw, roll: standard deviation of where a clip's head looks, and of its sway about that.
_LOOKING_DEG = np.array([5.0, 6.0, 3.5])
_SWAY_DEG = np.array([2.8, 2.8, 1.7])
# Chin down, per accent: what a syllable's strength has above the typical one.
_NOD_DEG = 2.5
# In x, y, and the logarithm of size; the head's turning about the neck comes on top.
_TRANSLATION = np.array([0.03, 0.03, 0.018])


@dataclass(frozen=True)
class ClipSignals:
    """Blendshapes in [0, 1]; the head's rotation vector (radians) and translation from facing the camera.

    Axes as in the mean face: x to the right of the picture, y down, z away from the camera. Translation is in
    the mean face's unit; its third number is the change of the face's size, as a natural logarithm.
    """

    blendshapes: Float[np.ndarray, "T 52"]
    rotation: Float[np.ndarray, "T 3"]
    translation: Float[np.ndarray, "T 3"]


def _coefficients(values: Mapping[str, float]) -> Float[np.ndarray, " 52"]:
    """The full vector; a name without its side stands for both sides."""
    vector = np.zeros(len(BLENDSHAPE_NAMES))
    for name, value in values.items():
        both = [i for i, full in enumerate(BLENDSHAPE_NAMES) if full in (name, f"{name}Left", f"{name}Right")]
        if not both:
            raise ValueError(f"no blendshape is called {name}")
        vector[both] = value
    return vector


# Mouth shapes of vowels, at their fullest.
_VOWELS = np.stack(
    [
        _coefficients({"jawOpen": 0.22, "mouthLowerDown": 0.08, "mouthUpperUp": 0.10, "mouthFunnel": 0.04}),
        _coefficients({"jawOpen": 0.12, "mouthLowerDown": 0.12, "mouthUpperUp": 0.16, "mouthStretch": 0.04}),
        _coefficients({"jawOpen": 0.05, "mouthLowerDown": 0.12, "mouthSmile": 0.16, "mouthStretch": 0.06}),
        _coefficients({"jawOpen": 0.11, "mouthPucker": 0.40, "mouthFunnel": 0.12}),
        _coefficients({"jawOpen": 0.04, "mouthPucker": 0.65, "mouthFunnel": 0.08}),
    ]
)
_OPENING = _coefficients({"jawOpen": 1.0, "mouthLowerDown": 1.0, "mouthUpperUp": 1.0})
_LIPS_CLOSED = _coefficients(
    {"mouthPress": 0.08, "mouthRollLower": 0.12, "mouthRollUpper": 0.10, "mouthShrugLower": 0.05}
)
# Mean rise from the clip's median at the peak of tracked blinks: 0.50, 0.38, 0.24; frames miss some of it.
_EYES_CLOSED = _coefficients({"eyeBlink": 0.56, "eyeLookDown": 0.40, "eyeSquint": 0.25})
_LEFT = np.array([name.endswith("Left") for name in BLENDSHAPE_NAMES])
_RIGHT = np.array([name.endswith("Right") for name in BLENDSHAPE_NAMES])
# Slow changes that come by themselves: shape at one standard deviation, and time constant in seconds.
_SLOW = (
    (_coefficients({"browInnerUp": 0.13, "browOuterUp": 0.11}), 0.15),
    (_coefficients({"mouthSmile": 0.10, "mouthUpperUp": 0.04, "eyeSquint": 0.02}), 1.0),
    (_coefficients({"eyeBlink": 0.05, "eyeSquint": 0.07, "eyeLookDown": 0.06}), 0.6),
)


@dataclass(frozen=True)
class _Syllables:
    """When the syllables are at their fullest, how long each takes, and how strong each is."""

    times: Float[np.ndarray, " N"]
    lengths_s: Float[np.ndarray, " N"]
    strengths: Float[np.ndarray, " N"]


def clip_signals(person: Person, clip: int, *, seed: int, T: int, fps: float) -> ClipSignals:
    """What the person does in clip number `clip`, in T frames."""
    times = np.arange(T) / fps
    speech = stream(seed, "speech", person.index, clip)
    syllables = _syllables(speech, end_s=times[-1] + _AROUND_S, tempo=person.habit("speech_tempo"))
    blendshapes = np.tile(measured_faces().rest, (T, 1))
    blendshapes[:, BLENDSHAPE_NAMES.index("jawOpen")] = person.habit("resting_jaw")
    blendshapes += _mouth(person, times, syllables, speech)
    blendshapes += _eyes(person, times, stream(seed, "blinks", person.index, clip))
    blendshapes += _slow_changes(stream(seed, "expression", person.index, clip), T, fps=fps)
    accents = bumps(times, syllables.times, syllables.lengths_s) @ np.maximum(syllables.strengths - 1, 0)
    rotation, translation = _head(accents, stream(seed, "head", person.index, clip), fps=fps)
    return ClipSignals(np.clip(blendshapes, 0, 1), rotation, translation)


def bumps(
    times: Float[np.ndarray, " T"], centres: Float[np.ndarray, " N"], half_widths: Float[np.ndarray, " N"]
) -> Float[np.ndarray, "T N"]:
    """Raised cosines: 1 at the centre, 0 from the half width on.

    >>> bumps(np.array([0.0, 0.5, 1.0]), np.array([0.0]), np.array([1.0])).ravel().round(2).tolist()
    [1.0, 0.5, 0.0]
    """
    away = np.clip(np.abs(times[:, None] - centres) / half_widths, 0, 1)
    return (1 + np.cos(np.pi * away)) / 2


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


def _syllables(rng: np.random.Generator, *, end_s: float, tempo: float) -> _Syllables:
    # Three times as many as fit on average without a pause.
    N = int(np.ceil(3 * (end_s + _AROUND_S) * tempo))
    lengths_s = rng.lognormal(0, 0.25, N) / tempo
    pauses_s = np.where(rng.random(N) < 0.12, rng.uniform(0.2, 0.7, N), 0)
    times = rng.random() / tempo - _AROUND_S + np.cumsum(lengths_s + pauses_s)
    return _Syllables(times, lengths_s, rng.lognormal(0, 0.45, N))


def _mouth(
    person: Person, times: Float[np.ndarray, " T"], syllables: _Syllables, rng: np.random.Generator
) -> Float[np.ndarray, "T 52"]:
    """A random vowel in every syllable; before some of them the lips meet, as in b, m, p."""
    N = len(syllables.times)
    vowels = _VOWELS[rng.integers(len(_VOWELS), size=N)] * syllables.strengths[:, None]
    gains = 1 + _OPENING * (person.habit("jaw_gain") - 1)
    # Wider than half a syllable: neighbours run into each other.
    opened = bumps(times, syllables.times, 0.8 * syllables.lengths_s) @ (vowels * gains)
    meet = bumps(times, syllables.times - 0.5 * syllables.lengths_s, 0.4 * syllables.lengths_s)
    closed = np.clip(meet @ (rng.random(N) < 0.25).astype(np.float64), 0, 1)[:, None]
    return opened * (1 - 0.8 * closed * _OPENING) + closed * _LIPS_CLOSED


def _eyes(
    person: Person, times: Float[np.ndarray, " T"], rng: np.random.Generator
) -> Float[np.ndarray, "T 52"]:
    """Blinks: the time from one to the next is a refractory time and an exponential one.

    The time to the first is that of a process which began long ago (Cox, "Renewal theory", 1962): the start
    of the clip falls into a refractory time with the probability that is its share of the mean interval.
    """
    mean_s = 60 / person.habit("blink_rate")
    # Cannot take more than most of the interval, for whoever blinks without end.
    refractory_s = min(_REFRACTORY_S, 0.8 * mean_s)
    N = int(np.ceil((times[-1] + _AROUND_S) / refractory_s)) + 1
    waits = rng.exponential(mean_s - refractory_s, N)
    refractory = np.full(N, refractory_s)
    refractory[0] = refractory_s * rng.random() if rng.random() < refractory_s / mean_s else 0.0
    starts = np.cumsum(refractory + waits) - _AROUND_S
    lengths_s = person.habit("blink_length") * rng.lognormal(0, 0.10, N)
    closing = blink_profile(times, starts, lengths_s) @ np.clip(rng.normal(1, 0.12, N), 0.3, None)
    # The ratio of the two sides is the habit; their product stays what it is in everybody.
    left = np.sqrt(person.habit("blink_asymmetry"))
    return closing[:, None] * _EYES_CLOSED * np.where(_LEFT, left, np.where(_RIGHT, 1 / left, 1))


def _slow_changes(rng: np.random.Generator, T: int, *, fps: float) -> Float[np.ndarray, "T 52"]:
    changes = [
        smooth_in_time(rng, T, 1, fps=fps, time_constant_s=seconds) * shape for shape, seconds in _SLOW
    ]
    return np.sum(changes, axis=0)


def _head(
    accents: Float[np.ndarray, " T"], rng: np.random.Generator, *, fps: float
) -> tuple[Float[np.ndarray, "T 3"], Float[np.ndarray, "T 3"]]:
    """Where the clip's head looks, slow sway about it, and a nod on each accented syllable."""
    T = len(accents)
    looking = rng.normal(size=3) * _LOOKING_DEG
    sway = smooth_in_time(rng, T, 3, fps=fps, time_constant_s=0.2) * _SWAY_DEG
    nods = accents[:, None] * np.array([_NOD_DEG, 0, 0])
    translation = smooth_in_time(rng, T, 3, fps=fps, time_constant_s=0.5) * _TRANSLATION
    return np.radians(looking + sway + nods), translation
