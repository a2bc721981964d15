"""What stands in a score file, whatever its format, and does it contradict itself?

Conventions
-----------
P comparisons ("trials") of N clips, the clips numbered in the order of their names.
A row is an index in 0..P-1; people are told its place, a line or row of the file counted from 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64

from amber_id.biometrics.comparisons import pair_numbers
from amber_id.errors import FileFormatError
from amber_id.names import composed

LABELS = {
    "target": True,
    "nontarget": False,
    "mated": True,
    "nonmated": False,
    "genuine": True,
    "impostor": False,
    "1": True,
    "0": False,
}

_SHOWN = 40  # characters of a value in a message: a file of another kind may have no line end at all


@dataclass(frozen=True, eq=False)
class Trials:
    """The comparisons of one file, with what the file itself says of the clips.

    `place_name` and `places` say where each comparison stands, e.g. "line" and 7.
    """

    path: Path
    place_name: str
    places: Int[np.ndarray, " P"]
    scores: Float64[np.ndarray, " P"]
    mated: Bool[np.ndarray, " P"]
    enrolment: Int64[np.ndarray, " P"]
    probe: Int64[np.ndarray, " P"]
    clips: tuple[str, ...]
    subjects: tuple[str, ...] | None = None  # of each clip, where the file has them
    sessions: tuple[str, ...] | None = None  # of each clip, where the file has them

    def refuse(self, row: int, reason: str) -> NoReturn:
        """Raise FileFormatError for one comparison, naming its place and its clips."""
        clips = f"{self.clips[self.enrolment[row]]} and {self.clips[self.probe[row]]}"
        raise FileFormatError(self.path, f"{self.place_name} {self.places[row]}: {clips} {reason}")


@dataclass(frozen=True, eq=False)
class NameColumn:
    """A column of names: each row is an index into the names."""

    rows: Int[np.ndarray, " P"]
    names: list[str]


class NameNumbers(dict[object, int]):
    """Numbers names as they come, from 0."""

    def __missing__(self, name: object) -> int:
        number = self[name] = len(self)
        return number

    def of(self, names: Iterable[object], count: int) -> Int[np.ndarray, " P"]:
        """The numbers of `count` names."""
        return np.fromiter(map(self.__getitem__, names), np.int32, count)


def number_names(
    one: NameColumn, other: NameColumn
) -> tuple[Int64[np.ndarray, " P"], Int64[np.ndarray, " P"], tuple[str, ...]]:
    """Two columns under one numbering, in the order of the names that occur, composed.

    Examples
    --------
    >>> number_names(NameColumn(np.array([0, 0]), ["b"]), NameColumn(np.array([1, 2]), ["x", "c", "a"]))
    (array([1, 1]), array([2, 0]), ('a', 'b', 'c'))
    """
    one, other = (NameColumn(each.rows, [composed(name) for name in each.names]) for each in (one, other))
    used = [np.flatnonzero(np.bincount(column.rows, minlength=len(column.names))) for column in (one, other)]
    names = sorted(
        {column.names[index] for column, found in zip((one, other), used, strict=True) for index in found}
    )
    numbers = {name: number for number, name in enumerate(names)}
    first, second = (
        np.array([numbers.get(name, -1) for name in column.names], np.int64)[column.rows]
        for column in (one, other)
    )
    return first, second, tuple(names)


def names_of_clips(trials: Trials, what: str, enrolment: NameColumn, probe: NameColumn) -> tuple[str, ...]:
    """One name per clip from two columns that must say the same of a clip wherever it stands.

    Raises
    ------
    FileFormatError
        If a clip has two different names; the message names one of the places.
    """
    *values, names = number_names(enrolment, probe)
    sides = list(zip((trials.enrolment, trials.probe), values, strict=True))
    name_of_clip = np.empty(len(trials.clips), np.int64)
    for clips, value in sides:
        name_of_clip[clips] = value
    for clips, value in sides:
        astray = np.flatnonzero(value != name_of_clip[clips])
        if astray.size:
            row = int(astray[0])
            clip = clips[row]
            raise FileFormatError(
                trials.path,
                f"{trials.place_name} {trials.places[row]}: clip {trials.clips[clip]} has {what} "
                f"{names[value[row]]} here and {names[name_of_clip[clip]]} elsewhere; a clip shows one "
                "person in one session",
            )
    return tuple(names[value] for value in name_of_clip)


def check_pairs(trials: Trials) -> None:
    """Refuse a clip compared with itself, and two clips compared twice, in either direction.

    Raises
    ------
    FileFormatError
        Naming the place and the clips.
    """
    alone = np.flatnonzero(trials.enrolment == trials.probe)
    if alone.size:
        trials.refuse(int(alone[0]), "are one clip; a comparison takes two, leave it out")
    pairs = pair_numbers(trials.enrolment, trials.probe, len(trials.clips))
    ordered = np.sort(pairs)
    if (ordered[1:] == ordered[:-1]).any():
        _, first, which = np.unique(pairs, return_index=True, return_inverse=True)
        row = int(np.flatnonzero(first[which] != np.arange(len(pairs)))[0])
        earlier = trials.places[first[which[row]]]
        trials.refuse(
            row,
            f"were compared before, in {trials.place_name} {earlier}; keep one score of the two clips, "
            "in one direction",
        )


def check_finite_scores(
    path: Path, place_name: str, places: Int[np.ndarray, " P"], scores: Float64[np.ndarray, " P"]
) -> None:
    """Refuse a score that is not finite.

    Raises
    ------
    FileFormatError
        Naming the first place.
    """
    bad = np.flatnonzero(~np.isfinite(scores))
    if bad.size:
        raise FileFormatError(
            path,
            f"{place_name} {places[bad[0]]}: expected a finite score, got {scores[bad[0]]}; leave the "
            "comparison out as a failure to acquire, or mend what made it",
        )


def shown(value: object) -> str:
    """A value from a file, short and on one line."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
