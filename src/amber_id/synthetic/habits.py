"""Which habits of movement distinguish synthetic people?

Every habit is a number in units of how much it varies between clips of one person: mean zero, standard
deviation one within a person, and ``strength * sqrt(RATIO)`` between people. It sets a quantity of the rig:
``typical * exp(spread * number)``, or, for one that has a sign, ``typical + spread * number``.

How consistent people are, `RATIO`, and how far habits spread are assumptions: a few short clips from one
sitting show neither. They are fixed so that an ideal observer of the habits errs now and then.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from pydantic import ConfigDict

Region = Literal["eyes", "eyebrows", "lips", "head"]
REGIONS: tuple[Region, ...] = get_args(Region)

# Variance between people over variance within, of every habit, at strength 1.
RATIO = 0.8


@dataclass(frozen=True)
class Habit:
    """One way of moving.

    `survives` is the correlation of the number in a clip with that in its avatar's: the correlation that was
    measured for the coefficients it shows in, see `channel.py`; an avatar keeps time, so it is 1 for rhythms.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # in oracle.json

    name: str
    region: Region
    typical: float
    spread: float
    survives: float
    meaning: str
    signed: bool = False

    def quantity(self, number: float) -> float:
        """What the rig does at this number, in the unit that `meaning` states."""
        if self.signed:
            return self.typical + self.spread * number
        return float(self.typical * np.exp(self.spread * number))


# A vector is known by positions: add new habits at the end.
HABITS: tuple[Habit, ...] = (
    # 26 a minute in conversation: Bentivoglio et al., "Analysis of blink rate patterns in normal subjects",
    # Movement Disorders 12(6), 1997. The other typical values are near the medians of tracked clips.
    Habit("blink_rate", "eyes", 26.0, 0.45, 1.0, "blinks per minute"),
    Habit(
        "blink_length", "eyes", 0.27, 0.22, 0.96, "seconds from the first movement of the lids to the last"
    ),
    Habit("blink_asymmetry", "eyes", 1.0, 0.2, 0.80, "closing of the left eye over that of the right"),
    Habit("blink_depth", "eyes", 1.0, 0.25, 0.90, "how far a blink closes the lids, 1 is typical"),
    Habit("resting_lids", "eyes", 0.14, 0.45, 0.90, "coefficient of eyeBlink between blinks"),
    Habit("resting_squint", "eyes", 0.28, 0.4, 0.75, "coefficient of eyeSquint at rest"),
    Habit("gaze_range", "eyes", 1.0, 0.5, 0.60, "how far gaze wanders, 1 is typical"),
    Habit("resting_brow", "eyebrows", 0.17, 0.6, 0.85, "coefficient of browInnerUp at rest"),
    Habit("resting_frown", "eyebrows", 0.015, 0.9, 0.75, "coefficient of browDown at rest"),
    Habit(
        "speech_brow", "eyebrows", 1.0, 0.8, 0.85, "rise of the brows on a stressed syllable, 1 is typical"
    ),
    Habit("brow_asymmetry", "eyebrows", 1.0, 0.35, 0.75, "rise of the left brow over that of the right"),
    Habit("jaw_gain", "lips", 1.0, 0.4, 0.92, "opening of the mouth in speech, 1 is typical"),
    Habit("resting_jaw", "lips", 0.03, 0.7, 0.92, "coefficient of jawOpen between utterances"),
    Habit("speech_tempo", "lips", 4.5, 0.15, 1.0, "syllables per second without pauses"),
    Habit("coarticulation", "lips", 0.8, 0.25, 0.85, "reach of a vowel, in lengths of its syllable"),
    Habit(
        "lip_lag", "lips", 0.0, 0.04, 0.90, "seconds that the lips' shape comes after the jaw's", signed=True
    ),
    Habit("rounding_gain", "lips", 1.0, 0.45, 0.60, "pucker and funnel in speech, 1 is typical"),
    Habit("spreading_gain", "lips", 1.0, 0.5, 0.70, "smile and stretch in speech, 1 is typical"),
    Habit("upper_lip_gain", "lips", 1.0, 0.5, 0.70, "rise of the upper lip in speech, 1 is typical"),
    Habit("resting_smile", "lips", 0.05, 0.9, 0.80, "coefficient of mouthSmile at rest"),
    Habit("smile_asymmetry", "lips", 1.0, 0.35, 0.75, "smile of the left side over that of the right"),
    Habit("lip_press", "lips", 1.0, 0.6, 0.50, "pressing of the lips where they meet, 1 is typical"),
    Habit(
        "mouth_shift",
        "lips",
        0.0,
        0.03,
        0.60,
        "coefficient of mouthLeft, less that of mouthRight",
        signed=True,
    ),
    Habit("speech_nod", "head", 1.5, 0.7, 0.90, "degrees that the chin sinks on a stressed syllable"),
    Habit("sway_size", "head", 1.0, 0.4, 0.95, "size of the head's sway, 1 is typical"),
    Habit("sway_time", "head", 0.25, 0.35, 1.0, "time constant of the head's sway in seconds"),
    Habit("head_tilt", "head", 0.0, 3.0, 0.95, "degrees that the head is rolled at rest", signed=True),
)
POSITIONS = {habit.name: position for position, habit in enumerate(HABITS)}


def strengths(of: dict[Region, float]) -> Float[np.ndarray, " H"]:
    """Each habit's strength, that of its region."""
    return np.array([of[habit.region] for habit in HABITS])


def survival() -> Float[np.ndarray, " H"]:
    """Each habit's correlation between a clip and its avatar's."""
    return np.array([habit.survives for habit in HABITS])
