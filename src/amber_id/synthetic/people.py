"""In what do synthetic people differ, and by how much?

A person is a face shape and a vector of habits. Every habit is drawn from the standard normal distribution,
times a strength. The quantity that it sets is ``typical * exp(spread * strength * z)``: always positive, and
typical where z is 0. At strength 0 nobody differs. At strength 1 faces differ as much as was measured between
real people; how far habits spread at strength 1 is an assumption, stated in `HABITS`, since a few short clips
of a person do not show it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from amber_id.face_mesh import mean_face
from amber_id.synthetic.fields import face_shape
from amber_id.synthetic.measured import measured_faces
from amber_id.synthetic.seeds import stream


@dataclass(frozen=True)
class Habit:
    """One way of moving: its typical value, and the standard deviation of its logarithm at strength 1."""

    name: str
    typical: float
    spread: float
    meaning: str


# A vector is known by positions: add new habits at the end.
HABITS: tuple[Habit, ...] = (
    # 26 a minute in conversation: Bentivoglio et al., "Analysis of blink rate patterns in normal subjects",
    # Movement Disorders 12(6), 1997. The other typical values are near the medians of tracked clips.
    Habit("blink_rate", 26.0, 0.45, "blinks per minute"),
    Habit("blink_length", 0.27, 0.20, "seconds from the first movement of the lids to the last"),
    Habit("blink_asymmetry", 1.0, 0.15, "closing of the left eye over that of the right"),
    Habit("jaw_gain", 1.0, 0.35, "opening of the mouth in speech, 1 is typical"),
    Habit("speech_tempo", 4.5, 0.15, "syllables per second without pauses"),
    Habit("resting_jaw", 0.03, 0.60, "coefficient of jawOpen between utterances"),
)
_POSITIONS = {habit.name: position for position, habit in enumerate(HABITS)}


@dataclass(frozen=True)
class Person:
    """Somebody who never lived.

    `index` counts from 0; `vector` holds the habits in the order of `HABITS`, as standard normal numbers
    times the strength; `face` is the person's face with the mean expression, in the mean face's frame.
    """

    index: int
    vector: Float[np.ndarray, " H"]
    face: Float[np.ndarray, "478 3"]

    @property
    def subject(self) -> str:
        """The subject as in recordings, ``id001`` for index 0."""
        return f"id{self.index + 1:03d}"

    def habit(self, name: str) -> float:
        """The quantity that a habit sets, in the unit that `HABITS` states."""
        position = _POSITIONS[name]
        habit = HABITS[position]
        return float(habit.typical * np.exp(habit.spread * self.vector[position]))


def draw_person(index: int, *, seed: int, shape: float = 1.0, habit: float = 1.0) -> Person:
    """Person number `index` of those that `seed` stands for; the same, however many there are.

    `shape` and `habit` are strengths, not negative: 0 makes all faces, or all habits, the same.
    """
    if index < 0 or shape < 0 or habit < 0:
        raise ValueError(f"index, shape and habit must not be negative, got {index}, {shape}, {habit}")
    vector = habit * stream(seed, "habits", index).standard_normal(len(HABITS))
    offset = face_shape(stream(seed, "shape", index)) * measured_faces().shape_std
    return Person(index, vector, mean_face() + shape * offset)
