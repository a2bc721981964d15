"""Which number has each person of one's own?

Conventions
-----------
``people.csv`` in a corpus keeps the numbers that were given: ``subject,source,person``. A person is its name
and its source. New people get the lowest numbers that are free, in the order of their names; so the same
person may have two numbers in two corpora, unless the second is numbered like the first.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from amber_id.corpora import find_subject_folders
from amber_id.errors import CorpusError, FileFormatError
from amber_id.file_formats import read_table, write_table
from amber_id.locks import hold_lock
from amber_id.quoting import names_and_more, one_line

PEOPLE_FILE = "people.csv"
Person = tuple[str, str]  # source and name
_COLUMNS = ("subject", "source", "person")
_LOCK = ".amber-people.lock"
_MOST_SIBLINGS = 100  # folders beside the corpus that are looked into
_NAMED_AT_MOST = 3


def number_people(
    dst: Path, people: Iterable[Person], *, first: int = 1, like: Path | None = None
) -> tuple[Mapping[Person, int], tuple[str, ...]]:
    """The number of each person, and what there is to say; new people are written to ``people.csv``.

    They have the numbers that they have in the corpus `like`, if there is one.

    Raises
    ------
    AmberError
        If `dst` cannot be written.
    CorpusError
        If `like` has no ``people.csv``, or `dst` has another number, or another person of that number.
    FileFormatError
        If a ``people.csv`` is there and is no such table.
    """
    path, known = dst / PEOPLE_FILE, {} if like is None else _numbers_like(like)
    with hold_lock(dst / _LOCK):
        numbers = read_people(path) if path.exists() else {}
        _refuse_two_numbers(dst, numbers, like, known)
        new = sorted(set(people) - numbers.keys())
        if new:
            taken = {int(folder.subject[2:]) for folder in find_subject_folders(dst)} | set(numbers.values())
            for person in new:
                if known.get(person) in taken:
                    raise CorpusError(
                        f"{dst}: id{known[person]:03d}, the number of {one_line(person[1], 80)} in {like}, "
                        "is another person's; use another DST"
                    )
            taken |= set(known.values())
            number = first
            for person in new:
                while person not in known and number in taken:
                    number += 1
                numbers[person] = known.get(person, number)
                taken.add(numbers[person])
            rows = sorted((number, *person) for person, number in numbers.items())
            write_table(path, _COLUMNS, [(f"id{number:03d}", *person) for number, *person in rows])
    if like is not None:
        return numbers, _remark_on_unknown(like, [person for person in new if person not in known])
    return numbers, _remarks_on_siblings(dst, {person: numbers[person] for person in new})


def read_people(path: Path) -> dict[Person, int]:
    """The numbers of people that a table keeps; raises FileFormatError if it is none, or one is twice."""
    numbers: dict[Person, int] = {}
    for subject, source, person in read_table(path, _COLUMNS):
        if not re.fullmatch(r"id\d{1,9}", subject, re.ASCII):
            raise FileFormatError(path, f"expected subjects such as id007, got {subject}")
        if (source, person) in numbers or int(subject[2:]) in numbers.values():
            raise FileFormatError(
                path, f"expected each person and each number once, got {subject} {person} again"
            )
        numbers[source, person] = int(subject[2:])
    return numbers


def _numbers_like(like: Path) -> dict[Person, int]:
    if not (like / PEOPLE_FILE).exists():
        raise CorpusError(
            f"{like}: expected a corpus with {PEOPLE_FILE}, as amber corpus folders leaves it, got none"
        )
    return read_people(like / PEOPLE_FILE)


def _refuse_two_numbers(
    dst: Path, numbers: Mapping[Person, int], like: Path | None, known: Mapping[Person, int]
) -> None:
    for person, number in numbers.items():
        if known.get(person, number) != number:
            raise CorpusError(
                f"{dst}: {one_line(person[1], 80)} is id{number:03d} in it, and id{known[person]:03d} in "
                f"{like}; use another DST"
            )


def _remark_on_unknown(like: Path, new: Collection[Person]) -> tuple[str, ...]:
    if not new:
        return ()
    return (f"{like} does not have {_names(new)}: new numbers, which nobody has there.",)


def _remarks_on_siblings(dst: Path, new: Mapping[Person, int]) -> tuple[str, ...]:
    """Corpora beside this one in which people of these names have other numbers."""
    tables = sorted(dst.absolute().parent.glob(f"*/{PEOPLE_FILE}"))[:_MOST_SIBLINGS] if new else []
    remarks = []
    for path in tables:
        try:
            there = {} if path.parent == dst.absolute() else read_people(path)
        except FileFormatError:  # of somebody else
            continue
        differ = [person for person, number in new.items() if there.get(person, number) != number]
        if differ:
            remarks.append(
                f"{path.parent} has other numbers for {_names(differ)}: if they are the same people and the "
                f"two are to be compared, delete {dst} and run again with --like {path.parent}."
            )
    return tuple(remarks)


def _names(people: Collection[Person]) -> str:
    return names_and_more([one_line(person, 80) for _, person in sorted(people)], _NAMED_AT_MOST)
