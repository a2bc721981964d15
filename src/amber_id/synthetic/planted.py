"""What else do synthetic people have besides an identity: attributes that show in how they move, and groups.

Each attribute, and each group, has two values, and of the people 2j and 2j + 1 one has either, by lot; so
both are equally frequent, whatever else goes with the number of a person.

attribute   every habit of people with the second value is shifted against that of people with the first, up
            or down by the name of the attribute, by so many standard deviations of people (at strength 1)
group       habits of people with the second value differ by so many times as much: 0.5 makes them more
            alike, and harder to distinguish

Values are written to ``corpus.csv`` as a and b; those of ``sex`` as female and male, and those of ``age`` as
whole years from 18 to 29 and from 45 to 59.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

from amber_id.synthetic.config import SynthConfig
from amber_id.synthetic.habits import HABITS
from amber_id.synthetic.seeds import stream

_WRITTEN: Mapping[str, tuple[str, str]] = {"sex": ("female", "male")}
_YEARS = ((18, 30), (45, 60))


@dataclass(frozen=True)
class Values:
    """One value, 0 or 1, of each attribute and each group."""

    attributes: dict[str, int]
    groups: dict[str, int]

    @property
    def all(self) -> dict[str, int]:
        """Those of attributes, then those of groups."""
        return self.attributes | self.groups


def values_of(config: SynthConfig, person: int) -> Values:
    """The values that a person has."""
    return Values(
        {name: _value(config.seed, name, person) for name in config.attribute},
        {name: _value(config.seed, name, person) for name in config.group},
    )


def every_values(config: SynthConfig) -> Iterator[Values]:
    """All values that people may have, each as frequent as every other."""
    names = (*config.attribute, *config.group)
    for values in product((0, 1), repeat=len(names)):
        of = dict(zip(names, values, strict=True))
        yield Values({name: of[name] for name in config.attribute}, {name: of[name] for name in config.group})


def shift_of(config: SynthConfig, values: Values) -> Float[np.ndarray, " H"]:
    """By how much habits are shifted, in standard deviations of people at strength 1."""
    shift = np.zeros(len(HABITS))
    for name, value in values.attributes.items():
        signs = stream(0, "planted", _number(name)).choice([-1.0, 1.0], len(HABITS))
        shift += (value - 0.5) * config.attribute[name] * signs
    return shift


def strength_of(config: SynthConfig, values: Values) -> float:
    """How many times as much as usual the habits of such people differ."""
    return float(np.prod([config.group[name] for name, value in values.groups.items() if value]))


def written_values(config: SynthConfig, person: int) -> dict[str, str]:
    """The values of a person as ``corpus.csv`` has them, by column."""
    return {
        name: _written(config, name, value, person) for name, value in values_of(config, person).all.items()
    }


def written_pair(name: str) -> tuple[str, str]:
    """How the two values of an attribute or a group are called."""
    if name == "age":
        younger, older = (f"{first} to {end - 1}" for first, end in _YEARS)
        return younger, older
    return _WRITTEN.get(name, ("a", "b"))


def _written(config: SynthConfig, name: str, value: int, person: int) -> str:
    if name == "age":
        return str(stream(config.seed, "planted", _number(name), person, value).integers(*_YEARS[value]))
    return written_pair(name)[value]


def _value(seed: int, name: str, person: int) -> int:
    first = stream(seed, "planted", _number(name), person // 2).integers(2)
    return int(first) ^ (person % 2)


def _number(name: str) -> int:
    return zlib.crc32(name.encode())
