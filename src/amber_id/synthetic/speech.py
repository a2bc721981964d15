"""What does a mouth do when it speaks?

An utterance is a row of syllables: a consonant, by what it does to the lips, and a vowel, by its mouth shape.
Vowels are targets that the mouth approaches around the middle of their syllable, and neighbours run into each
other, as far as a person's coarticulation reaches (after the dominance functions of Cohen and Massaro,
"Modeling coarticulation in synthetic visual speech", 1993). Consonants close or shape the lips before them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from amber_id.synthetic.coefficients import coefficients, of
from amber_id.synthetic.people import Traits

# Mouth shapes of vowels, at their fullest, as in: father, bed, see, not, too, and the murmur of "the".
_VOWELS = np.stack(
    [
        coefficients({"jawOpen": 0.22, "mouthLowerDown": 0.08, "mouthUpperUp": 0.10, "mouthFunnel": 0.04}),
        coefficients({"jawOpen": 0.12, "mouthLowerDown": 0.12, "mouthUpperUp": 0.16, "mouthStretch": 0.04}),
        coefficients({"jawOpen": 0.05, "mouthLowerDown": 0.12, "mouthSmile": 0.16, "mouthStretch": 0.06}),
        coefficients({"jawOpen": 0.13, "mouthPucker": 0.35, "mouthFunnel": 0.12}),
        coefficients({"jawOpen": 0.04, "mouthPucker": 0.60, "mouthFunnel": 0.08}),
        coefficients({"jawOpen": 0.07, "mouthLowerDown": 0.05, "mouthUpperUp": 0.06}),
    ]
)
_VOWEL_SHARES = (0.18, 0.20, 0.18, 0.14, 0.10, 0.20)
# Consonants by what they do: lips meet (b, m, p), lip under teeth (f, v), lips rounded (sh, r, w), tongue
# behind the teeth (d, l, n, s, t), tongue further back or none (g, h, k). Shape at its fullest, and how much
# of the opening is taken away.
_CONSONANTS = np.stack(
    [
        coefficients(
            {"mouthPress": 0.08, "mouthRollLower": 0.12, "mouthRollUpper": 0.10, "mouthShrugLower": 0.05}
        ),
        coefficients({"mouthRollLower": 0.10, "mouthUpperUp": 0.06}),
        coefficients({"mouthFunnel": 0.10, "mouthPucker": 0.22}),
        coefficients({"mouthStretch": 0.02}),
        coefficients({}),
    ]
)
_TAKEN_AWAY = np.array([0.85, 0.6, 0.2, 0.45, 0.0])
_CONSONANT_SHARES = (0.18, 0.07, 0.13, 0.37, 0.25)

_OPENING = of("jawOpen", "mouthLowerDown", "mouthUpperUp")
_LIPS_MEET = of("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower")
_ROUNDING = of("mouthPucker", "mouthFunnel")
_SPREADING = of("mouthSmile", "mouthStretch")

# The first syllable comes at most this long before the clip: what was said before reaches into it.
AROUND_S = 1.5


@dataclass(frozen=True)
class Utterance:
    """N syllables: their vowels and consonants, how strong each is, its length and the pause after it.

    Lengths are in those of a typical syllable; `phase` in [0, 1) says where in a syllable the clip begins.
    """

    vowels: Int[np.ndarray, " N"]
    consonants: Int[np.ndarray, " N"]
    strengths: Float[np.ndarray, " N"]
    lengths: Float[np.ndarray, " N"]
    pauses: Float[np.ndarray, " N"]
    phase: float


@dataclass(frozen=True)
class Speech:
    """The mouth's coefficients, and how stressed what is being said is, at S times."""

    mouth: Float[np.ndarray, "S 52"]
    stress: Float[np.ndarray, " S"]


def draw_utterance(rng: np.random.Generator, seconds: float) -> Utterance:
    """What is said in a clip; enough of it for whoever speaks fast."""
    N = int(np.ceil(12 * (seconds + 2 * AROUND_S)))
    strengths = rng.lognormal(0, 0.45, N)
    # A murmured vowel is never stressed.
    vowels = rng.choice(len(_VOWELS), size=N, p=_VOWEL_SHARES)
    return Utterance(
        vowels=vowels,
        consonants=rng.choice(len(_CONSONANTS), size=N, p=_CONSONANT_SHARES),
        strengths=np.where(vowels == len(_VOWELS) - 1, np.minimum(strengths, 1), strengths),
        lengths=rng.lognormal(0, 0.25, N),
        pauses=np.where(rng.random(N) < 0.12, rng.uniform(1.0, 3.0, N), 0),
        phase=float(rng.random()),
    )


def speak(
    utterance: Utterance, traits: Traits, times: Float[np.ndarray, " S"], loudness: float = 1.0
) -> Speech:
    """The utterance as somebody says it; `loudness` scales how far the mouth opens, 1 is typical."""
    tempo = traits["speech_tempo"]
    lengths = utterance.lengths / tempo
    steps = np.cumsum(lengths + utterance.pauses / tempo)
    centres = steps - lengths / 2 - utterance.phase / tempo - AROUND_S
    heard = centres < times[-1] + AROUND_S
    centres, lengths, strengths = centres[heard], lengths[heard], utterance.strengths[heard]
    reach = traits["coarticulation"] * lengths
    vowels = _VOWELS[utterance.vowels[heard]] * strengths[:, None] * _gains(traits, loudness)
    jaw = _mixed(bumps(times, centres, reach), vowels * _OPENING)
    lips = _mixed(bumps(times - traits["lip_lag"], centres, reach), vowels * ~_OPENING)
    spoken = np.eye(len(_CONSONANTS))[utterance.consonants[heard]]
    shapes = np.clip(_mixed(bumps(times, centres - 0.5 * lengths, 0.45 * lengths), spoken), 0, 1)
    taken = np.clip((shapes * _TAKEN_AWAY).sum(axis=1, keepdims=True), 0, 1)
    pressed = _CONSONANTS * np.where(_LIPS_MEET, traits["lip_press"], _gains(traits, 1.0))
    mouth = jaw * (1 - taken) + lips + _mixed(shapes, pressed)
    stress = _mixed(bumps(times, centres, lengths), np.maximum(strengths - 1, 0)[:, None])[:, 0]
    return Speech(mouth, stress)


def bumps(
    times: Float[np.ndarray, " T"], centres: Float[np.ndarray, " N"], half_widths: Float[np.ndarray, " N"]
) -> Float[np.ndarray, "T N"]:
    """Raised cosines: 1 at the centre, 0 from the half width on.

    >>> bumps(np.array([0.0, 0.5, 1.0]), np.array([0.0]), np.array([1.0])).ravel().round(2).tolist()
    [1.0, 0.5, 0.0]
    """
    away = np.clip(np.abs(times[:, None] - centres) / half_widths, 0, 1)
    return (1 + np.cos(np.pi * away)) / 2


def _mixed(weights: Float[np.ndarray, "S N"], shapes: Float[np.ndarray, "N C"]) -> Float[np.ndarray, "S C"]:
    # Not `@`: starting its threads takes longer than such a product, whose bits may depend on their number.
    mixed: Float[np.ndarray, "S C"] = np.einsum("sn,nc->sc", weights, shapes)
    return mixed


def _gains(traits: Traits, loudness: float) -> Float[np.ndarray, " 52"]:
    gains = np.ones(len(_OPENING))
    gains[_OPENING] = traits["jaw_gain"] * loudness
    gains[of("mouthUpperUp")] *= traits["upper_lip_gain"]
    gains[_ROUNDING] = traits["rounding_gain"]
    gains[_SPREADING] = traits["spreading_gain"]
    return gains
