"""What stands in a score file, whatever its format, and does it contradict itself?

Conventions
-----------
P comparisons ("trials") of N clips, the clips numbered in the order of their names.
A row is an index in 0..P-1; messages state its place, a line or row of the file counted from 1.
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
from amber_id.quoting import quote

_MATED = ("target", "tar", "mated", "genuine", "same", "match", "true", "positive", "1")
_NONMATED = (
    *("nontarget", "non-target", "imp", "nonmated", "non-mated", "impostor", "imposter", "different", "diff"),
    *("nonmatch", "non-match", "false", "negative", "0"),
)
LABELS = dict.fromkeys(_MATED, True) | dict.fromkeys(_NONMATED, False)
# Beside a score these could be one; in a column of labels they cannot.
_LABELS_OF_COLUMNS = LABELS | {"1.0": True, "0.0": False, "+1": True, "-1": False}

MOST_COMPARISONS = 200_000_000
"""How many comparisons a score file may have; each takes up to some 100 bytes."""

MOST_NAMES = 10_000_000
"""How many different names of clips, or of people; each takes some 400 bytes."""

LONGEST_NAME = 4096
"""How many letters a name may have: as many as the path of a file."""

_PREFIX = (
    "if one name stands for two recordings, such as an original that is enrolled and its avatar that is "
    "probed, prefix the condition: original/NAME and avatar/NAME"
)
_ROUNDING = 1e-5  # of a score: two directions that a system computes apart, in single precision


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
    remarks: tuple[str, ...] = ()  # what a report must say of the file

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
        {column.names[index] for column, indices in zip((one, other), used, strict=True) for index in indices}
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


def check_pairs(trials: Trials) -> tuple[str, ...]:
    """Refuse a clip compared with itself, and two scores of one comparison; what stands twice is remarked.

    Lists of the field hold some pairs twice, in both directions as a rule (the cleaned VoxCeleb1-O 337 of
    them), and other programs count every line: so it is done here.

    Raises
    ------
    FileFormatError
        Naming the place and the clips.
    """
    alone = np.flatnonzero(trials.enrolment == trials.probe)
    if alone.size:
        trials.refuse(
            int(alone[0]),
            f"are one clip, and {alone.size - 1} more such; a comparison takes two: leave it out, or, "
            f"{_PREFIX}",
        )
    pairs = pair_numbers(trials.enrolment, trials.probe, len(trials.clips))
    ordered = np.sort(pairs)
    if not (ordered[1:] == ordered[:-1]).any():
        return ()
    turned = trials.enrolment > trials.probe
    order = np.lexsort((turned, pairs))
    again = np.diff(pairs[order]) == 0
    same_way = again & (np.diff(turned[order]) == 0)
    first, second = order[:-1], order[1:]
    apart = trials.scores[first] != trials.scores[second]
    unclear = np.flatnonzero(same_way & (apart | (trials.mated[first] != trials.mated[second])))
    if unclear.size:
        _refuse_two_scores(trials, int(first[unclear[0]]), int(second[unclear[0]]), unclear.size)
    return _pair_remarks(trials, first[again], second[again], int((again & ~same_way).sum()))


def _refuse_two_scores(trials: Trials, one: int, other: int, count: int) -> NoReturn:
    one, other = sorted((one, other))
    trials.refuse(
        other,
        f"were compared before in this direction, in {trials.place_name} {trials.places[one]}, with another "
        f"score or label ({trials.scores[one]:g}, here {trials.scores[other]:g}), and {count - 1} more such; "
        "keep one line for each comparison of one system",
    )


def _pair_remarks(
    trials: Trials, first: Int64[np.ndarray, " D"], second: Int64[np.ndarray, " D"], n_both_ways: int
) -> tuple[str, ...]:
    """What a report says of pairs that stand twice."""
    remarks = [
        f"Comparisons of two clips that were compared before: {len(first):,}, {n_both_ways:,} of them in the "
        "other direction. Each counts, as in other programs; intervals over people allow for that."
    ]
    change = np.abs(trials.scores[first] / 2 - trials.scores[second] / 2)
    differ = change > _ROUNDING * np.abs(trials.scores[first])
    if differ.any():
        remarks.append(
            f"Two scores of one pair of clips differ {np.count_nonzero(differ):,} times, by up to "
            f"{2 * change.max():.3g}. That is right for a system that treats the two sides differently. "
            f"Otherwise, {_PREFIX}."
        )
    return tuple(remarks)


def check_size(path: Path, n_comparisons: int, n_names: int) -> None:
    """Refuse more comparisons, or more different names, than a file may have; raises FileFormatError."""
    for count, most, what in (
        (n_comparisons, MOST_COMPARISONS, "comparisons"),
        (n_names, MOST_NAMES, "different names"),
    ):
        if count > most:
            raise FileFormatError(path, f"expected at most {most:,} {what}, got {count:,} or more")


def check_length(path: Path, names: Iterable[str]) -> None:
    """Refuse a name that is too long; raises FileFormatError."""
    long = next((name for name in names if len(name) > LONGEST_NAME), None)
    if long is not None:
        raise FileFormatError(
            path,
            f"expected names of at most {LONGEST_NAME:,} letters, got {len(long):,} in {quote(long)}",
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


def label_of(word: str) -> bool | None:
    """Whether a word in a column of labels, in any case, says mated; None where it is no label.

    Examples
    --------
    >>> label_of("Target"), label_of("FALSE"), label_of("0.5")
    (True, False, None)
    """
    return _LABELS_OF_COLUMNS.get(word.strip().casefold())
