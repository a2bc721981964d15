"""Who is somebody, and what of it does one clip show?

A person is two vectors of standard normal numbers: habits of moving (`habits.py`) and the shape of the face
(`fields.py`). A clip shows `Traits`: the person's numbers times the strengths, with the drift of its session,
and with what changes from clip to clip. All that a clip, and its avatar, tell about a person passes through
its traits; `Variances` says how they are distributed, which is all that an ideal observer needs.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from jaxtyping import Float

from amber_id.synthetic.avatars import USUAL, cue_of, own_number
from amber_id.synthetic.config import ORIGINAL, Condition, SynthConfig
from amber_id.synthetic.fields import MODES
from amber_id.synthetic.habits import HABITS, POSITIONS, RATIO, strengths, survival
from amber_id.synthetic.planted import Values, every_values, shift_of, strength_of, values_of
from amber_id.synthetic.seeds import stream

# The face of one person looks different from clip to clip, by this much of the spread between people: the
# tracked mean faces of real people's clips, without their expression, differ by 0.43 of it.
_SHAPE_WITHIN = 0.43
_FIRST_DAY, _DAYS_OF_FIRST = date(2024, 1, 1), 366  # of first sessions


@dataclass(frozen=True)
class Person:
    """A synthetic person: `index` counts from 0; standard normal numbers for habits and face."""

    index: int
    habits: Float[np.ndarray, " H"]
    shape: Float[np.ndarray, "3 K"]

    @property
    def subject(self) -> str:
        """The subject as in recordings."""
        return subject_of(self.index)


@dataclass(frozen=True)
class Traits:
    """What a clip shows of a person.

    `habits` in units of their variation between clips; `shape` in that of faces between real people.
    """

    habits: Float[np.ndarray, " H"]
    shape: Float[np.ndarray, "3 K"]

    def __getitem__(self, name: str) -> float:
        """The quantity that a habit sets, in the unit that `HABITS` states."""
        position = POSITIONS[name]
        return HABITS[position].quantity(float(self.habits[position]))

    @property
    def vector(self) -> Float[np.ndarray, " D"]:
        """All numbers, in the order of `Variances`."""
        return np.concatenate([self.habits, self.shape.ravel()])


@dataclass(frozen=True)
class Variances:
    """Variances of every number of the traits: of people, of a person's sessions, of a session's clips."""

    between: Float[np.ndarray, " D"]
    session: Float[np.ndarray, " D"]
    within: Float[np.ndarray, " D"]


def subject_of(index: int) -> str:
    """The subject of person number `index`, ``id001`` for 0."""
    return f"id{index + 1:03d}"


def draw_person(index: int, *, seed: int) -> Person:
    """Person number `index` of those that `seed` stands for; the same, however many there are."""
    habits = stream(seed, "habits", index).standard_normal(len(HABITS))
    return Person(index, habits, stream(seed, "shape", index).standard_normal((3, MODES)))


def origin_of(config: SynthConfig, person: int, clip: int) -> int:
    """The clip of which `clip` is a near-copy; itself, if it is none."""
    draw = stream(config.seed, "duplicates", person, clip)
    if clip == 0 or draw.random() >= config.duplicates:
        return clip
    return origin_of(config, person, int(draw.integers(clip)))


def session_of(config: SynthConfig, clip: int) -> int:
    """The session of a clip; a person's sessions have equally many, in order, but for a remainder."""
    return clip * config.sessions // config.clips


def dates_of(config: SynthConfig, person: int) -> tuple[date, ...]:
    """The day of each session of a person, in order: gaps from 1 to `days`, uniform in their logarithm."""
    rng = stream(config.seed, "dates", person)
    first = _FIRST_DAY + timedelta(days=int(rng.integers(_DAYS_OF_FIRST)))
    gaps = np.floor(np.exp(rng.uniform(0.0, np.log(config.days + 1), size=config.sessions - 1)))
    after = np.concatenate([[0], np.cumsum(np.clip(gaps, 1, config.days))])
    return tuple(first + timedelta(days=int(days)) for days in after)


def original_traits(config: SynthConfig, person: Person, clip: int) -> Traits:
    """What clip number `clip` of a person shows."""
    drift = stream(config.seed, "session", person.index, session_of(config, clip)).standard_normal(
        len(HABITS)
    )
    within = stream(config.seed, "traits", person.index, clip)
    values = values_of(config, person.index)
    own = strengths(config.habit) * strength_of(config, values) * person.habits + shift_of(config, values)
    habits = np.sqrt(RATIO) * (own + config.session * drift)
    return Traits(
        habits + within.standard_normal(len(HABITS)),
        config.shape * person.shape + _SHAPE_WITHIN * within.standard_normal((3, MODES)),
    )


def avatar_traits(config: SynthConfig, person: Person, clip: int, avatar: Condition = USUAL) -> Traits:
    """What an avatar shows of the same clip: habits with the channel's errors, and nobody's shape.

    Without the avatar's own cue. The error's size is fixed where the avatar keeps what is usual: it is that
    at which, with habits of strength 1, a habit in the clip and in the avatar's correlate as `HABITS` says.
    """
    original = original_traits(config, person, clip).habits
    errors = stream(config.seed, "channel", person.index, clip, *own_number(avatar))
    survives = config.shown_by(avatar).keeps * survival()
    lost = np.sqrt((1 - survives**2) * (1 + RATIO))
    habits = survives * original + lost * errors.standard_normal(len(HABITS))
    return Traits(habits, _SHAPE_WITHIN * errors.standard_normal((3, MODES)))


def shown_traits(config: SynthConfig, person: Person, clip: int, condition: Condition) -> Traits:
    """What clip number `clip` of a person shows in a condition."""
    if condition == ORIGINAL:
        return original_traits(config, person, clip)
    return avatar_traits(config, person, clip, condition)


def with_cue(config: SynthConfig, traits: Traits, condition: Condition) -> Traits:
    """Traits with what an avatar adds to those of everybody: its face, and its manner."""
    cue = 0.0 if condition == ORIGINAL else config.shown_by(condition).cue
    if cue == 0:
        return traits
    manner, face = cue_of(condition)
    return Traits(traits.habits + cue * np.sqrt(RATIO) * manner, traits.shape + cue * face)


@dataclass(frozen=True)
class Kind:
    """People of the same attributes and groups: the mean of the traits of their clips, and the variances."""

    values: Values
    mean: Float[np.ndarray, " D"]
    variances: Variances


def kinds(config: SynthConfig, condition: Condition) -> list[Kind]:
    """How the traits of a condition's clips are distributed, in people of each kind; all are as frequent."""
    survives = np.ones(len(HABITS))
    if condition != ORIGINAL:
        survives = config.shown_by(condition).keeps * survival()
    return [
        Kind(
            values,
            np.concatenate([np.sqrt(RATIO) * survives * shift_of(config, values), np.zeros(3 * MODES)]),
            variances(config, condition, strength_of(config, values)),
        )
        for values in every_values(config)
    ]


def variances(config: SynthConfig, condition: Condition, strength: float = 1.0) -> Variances:
    """How the traits of a condition's clips are distributed about their mean.

    `strength` is how many times as much as usual the habits of these people differ.
    """
    between = RATIO * (strength * strengths(config.habit)) ** 2
    session = np.full(len(HABITS), RATIO * config.session**2)
    within = np.ones(len(HABITS))
    shape = np.full(3 * MODES, config.shape**2)
    if condition != ORIGINAL:
        survives = (config.shown_by(condition).keeps * survival()) ** 2
        between, session = survives * between, survives * session
        within = survives + (1 - survives) * (1 + RATIO)
        shape = np.zeros(3 * MODES)
    return Variances(
        between=np.concatenate([between, shape]),
        session=np.concatenate([session, np.zeros(3 * MODES)]),
        within=np.concatenate([within, np.full(3 * MODES, _SHAPE_WITHIN**2)]),
    )
