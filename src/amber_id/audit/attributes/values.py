"""Which value does each clip have, and may it be asked for?

A column of ``corpus.csv`` says it. An attribute is a person's where it is constant over the clips of most
people whose clips have it; the others are left out then. Else it is a clip's.

Years of age become bands: under 18, 18 to 29, 30 to 44, 45 to 59, 60 and over. Another column of numbers of
which there are more than 8 is divided at the median over people.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from amber_id.notation import plural

FEWEST_PEOPLE, FEWEST_OF_ONE = 10, 5
"""People whose values are known, and people who show a value that counts."""
AGE_BANDS = (18, 30, 45, 60)
"""Each band begins with one of these, but the first."""

_LEAST_KNOWN = 0.5  # share of clips
_MOST_NUMBERS = 8  # different ones, that are values as they stand


@dataclass(frozen=True)
class ClipValues:
    """Values of clips that enough people show; `names` are the different ones, in order."""

    of_person: bool  # constant over a person's clips
    value_of: Mapping[str, str]  # by clip
    names: tuple[str, ...]
    people: Mapping[str, int]  # of those that are tested, who show each value
    remarks: tuple[str, ...]  # how values were formed and what was left out


@dataclass(frozen=True)
class NotMeasured:
    """Why an attribute has no figures, in a sentence."""

    why: str


@dataclass(frozen=True)
class Needed:
    """Some people, of whom so many must show a value, or it does not count."""

    people: Set[str]
    fewest: int


def clip_values(
    column: str, known: Mapping[str, str], subject_of: Mapping[str, str], needed: Sequence[Needed]
) -> ClipValues | NotMeasured:
    """The values of clips in a column, as far as they are known.

    `subject_of` has every clip of the study; of `needed` the first are the people that are tested.
    """
    value_of = {clip: known[clip] for clip in subject_of if clip in known}
    if len(value_of) < _LEAST_KNOWN * len(subject_of):
        return NotMeasured(
            f"{column} is known of {len(value_of)} of {plural(len(subject_of), 'clip', 'clips')}; half of "
            "them are needed."
        )
    value_of, banded = _banded(column, value_of, subject_of)
    of_person, value_of, constant = _constant(column, value_of, subject_of)
    shown_by: dict[str, set[str]] = defaultdict(set)
    for clip, value in value_of.items():
        shown_by[value].add(subject_of[clip])
    names = tuple(
        name
        for name in _in_order(shown_by)
        if all(len(shown_by[name] & each.people) >= each.fewest for each in needed)
    )
    tested, fewest = needed[0].people, needed[0].fewest
    people = {name: len(shown_by[name] & tested) for name in names}
    in_all = len(tested & set().union(*(shown_by[name] for name in names)))
    if len(names) < 2 or in_all < FEWEST_PEOPLE:
        return NotMeasured(
            f"{plural(len(names), 'value', 'values')} of {column} shown by {fewest} tested people or more, "
            f"by {in_all} in all; 2 values and {FEWEST_PEOPLE} people are needed."
        )
    rare = len(shown_by) - len(names)
    left_out = f"{plural(rare, 'value is', 'values are')} left out, shown by too few people."
    return ClipValues(
        of_person,
        {clip: value for clip, value in value_of.items() if value in people},
        names,
        people,
        (*banded, *constant, *([left_out] if rare else [])),
    )


def _banded(
    column: str, value_of: Mapping[str, str], subject_of: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Numbers as bands, and how they were formed; other values as they are."""
    numbers = {clip: number for clip, value in value_of.items() if (number := _number(value)) is not None}
    different = len(set(numbers.values()))
    if not numbers or len(numbers) < len(value_of) or (column != "age" and different <= _MOST_NUMBERS):
        return dict(value_of), ()
    if column == "age":
        remark = f"Years of age are in bands: {', '.join(_bands(AGE_BANDS))}."
        return {clip: _band(number, AGE_BANDS) for clip, number in numbers.items()}, (remark,)
    of_people = defaultdict(list)
    for clip, number in numbers.items():
        of_people[subject_of[clip]].append(number)
    middle = float(np.median([np.mean(own) for own in of_people.values()]))
    low, high = f"below {middle:g}", f"{middle:g} or more"
    remark = f"Numbers are divided at {middle:g}, the median over people."
    return {clip: low if number < middle else high for clip, number in numbers.items()}, (remark,)


def _bands(starts: tuple[int, ...]) -> list[str]:
    inner = [f"{first} to {end - 1}" for first, end in pairwise(starts)]
    return [f"under {starts[0]}", *inner, f"{starts[-1]} and over"]


def _band(number: float, starts: tuple[int, ...]) -> str:
    return _bands(starts)[int(np.searchsorted(starts, number, side="right"))]


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _constant(
    column: str, value_of: Mapping[str, str], subject_of: Mapping[str, str]
) -> tuple[bool, dict[str, str], tuple[str, ...]]:
    """Whether it is a person's, the values that then count, and who was left out."""
    of_people = defaultdict(set)
    for clip, value in value_of.items():
        of_people[subject_of[clip]].add(value)
    varies = {subject for subject, values in of_people.items() if len(values) > 1}
    if len(varies) > len(of_people) / 2:
        return False, dict(value_of), ()
    left = {clip: value for clip, value in value_of.items() if subject_of[clip] not in varies}
    remark = f"{plural(len(varies), 'person is', 'people are')} left out, whose clips differ in {column}."
    return True, left, (remark,) if varies else ()


def _in_order(names: Mapping[str, object]) -> list[str]:
    """Bands of age in their order, other names by the alphabet."""
    bands = _bands(AGE_BANDS)
    return sorted(names, key=lambda name: (bands.index(name) if name in bands else -1, name))
