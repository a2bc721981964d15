"""Who is trained on, who is chosen on, who is tested?

A split gives every subject one partition in each fold: train, dev or test, or unused where it takes no part.
No subject is ever in two partitions of a fold. It also says which mated comparisons count: all, or only those
of two clips from different sessions. `protocol.py` makes splits; ``split.csv`` may as well be made by hand.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import FileFormatError, LeakError, SplitError
from amber_id.file_formats import table_rows, table_text
from amber_id.quoting import escaped, quote

Partition = Literal["train", "dev", "test", "unused"]

SPLIT_FILE = "split.csv"
_COLUMNS = ["subject", "partition", "fold"]
_RULE_COLUMN = "mated"  # only where not all mated comparisons count
_ACROSS_SESSIONS = "across-sessions"
_NEEDED: tuple[Partition, ...] = ("train", "dev", "test")
FEWEST_TESTED = 3
"""So many people have figures with intervals: of two, every resample has the same non-mated comparisons."""

_FOLD = re.compile(r"\d{1,6}", re.ASCII)
_VALUES_AT_MOST = 8  # values of a row in a message
_LONGEST_VALUE = 40
_FEWEST = 2  # subjects in a partition: one alone has nobody to be compared with


@dataclass(frozen=True)
class Split:
    """One partition per subject and fold: ``folds[k][subject]``.

    Where `across_sessions`, mated comparisons of dev and test people count only if their two clips are from
    different sessions.

    Raises
    ------
    SplitError
        If the folds have different subjects, or train, dev or test of a fold has fewer than two.
    """

    folds: tuple[Mapping[str, Partition], ...]
    across_sessions: bool = False

    def __post_init__(self) -> None:
        if not self.folds:
            raise SplitError("a split needs at least one fold, got none")
        for k, fold in enumerate(self.folds):
            if fold.keys() != self.folds[0].keys():
                odd = ", ".join(sorted(fold.keys() ^ self.folds[0].keys()))
                raise SplitError(f"every fold must name the same subjects; fold {k} differs in {odd}")
            for partition in _NEEDED:
                n = len(self.subjects(partition, k))
                if n < _FEWEST:
                    raise SplitError(f"fold {k}: {partition} needs at least {_FEWEST} subjects, got {n}")

    def subjects(self, partition: Partition, fold: int) -> tuple[str, ...]:
        """The subjects of one partition of one fold, sorted."""
        return tuple(sorted(s for s, p in self.folds[fold].items() if p == partition))

    def to_csv(self) -> str:
        """The text of ``split.csv``."""
        rule = (_ACROSS_SESSIONS,) if self.across_sessions else ()
        rows = [(s, fold[s], k, *rule) for k, fold in enumerate(self.folds) for s in sorted(fold)]
        return table_text([*_COLUMNS, *(_RULE_COLUMN for _ in rule)], rows)

    def content_hash(self) -> str:
        """SHA-256, as hexadecimal, of the text of ``split.csv``."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()


def refuse_too_few_tested(split: Split, present: Collection[str]) -> None:
    """Refuse a split whose figures cannot have an interval, before anything is trained or tested for them.

    `present` are the people of whom there are clips.

    Raises
    ------
    SplitError
        If fewer than three of them are tested, in all folds together.
    """
    tested = {s for k in range(len(split.folds)) for s in split.subjects("test", k)} & set(present)
    if len(tested) < FEWEST_TESTED:
        folds = "1 fold" if len(split.folds) == 1 else f"{len(split.folds)} folds"
        raise SplitError(
            f"{len(tested)} people are tested, in {folds}: an interval over people needs {FEWEST_TESTED} or "
            "more; add people, or test everyone once: amber split --folds 3"
        )


def read_split(path: Path) -> Split:
    """Read a ``split.csv``.

    Raises
    ------
    FileFormatError
        If it is no such table.
    SplitError
        If a subject is in two partitions of a fold, a fold or a partition lacks people, or the rows do not
        agree on which mated comparisons count.
    """
    # People make this table by hand: columns may change places, and spreadsheets leave a mark in front.
    rows = table_rows(path)
    at = _places(path, *next(rows, (1, _COLUMNS)))
    folds: dict[int, dict[str, Partition]] = {}
    rules: set[str] = set()
    for line, row in rows:
        cells = {column: row[place] if place < len(row) else "" for column, place in at.items()}
        subject, partition, fold = (cells[column] for column in _COLUMNS)
        if not subject or partition not in get_args(Partition) or not _FOLD.fullmatch(fold):
            wanted = "subject, partition (train, dev, test or unused), fold (0, 1, ...)"
            raise FileFormatError(path, f"line {line}: expected {wanted}, got {_listed(row)}")
        rule = cells.get(_RULE_COLUMN, "")
        if rule not in ("", _ACROSS_SESSIONS):
            wanted = f"{_ACROSS_SESSIONS} or nothing"
            raise FileFormatError(path, f"column {_RULE_COLUMN}: expected {wanted}, got {quote(rule)}")
        rules.add(rule)
        before = folds.setdefault(int(fold), {}).setdefault(subject, partition)  # type: ignore[arg-type]
        if before != partition:
            twice = f"{subject} is in {before} and in {partition} of fold {fold}"
            raise LeakError(f"{path}: leak (subject): {twice}; give everybody one partition")
    if len(rules) > 1:
        raise SplitError(
            f"{path}: column {_RULE_COLUMN}: expected the same in every row, got it in some only"
        )
    if sorted(folds) != list(range(len(folds))):
        raise SplitError(f"{path}: folds must be numbered 0, 1, ..., got [{_listed(sorted(folds))}]")
    try:
        return Split(tuple(folds[k] for k in sorted(folds)), across_sessions=_ACROSS_SESSIONS in rules)
    except SplitError as error:
        raise SplitError(f"{path}: {error}") from error


def _places(path: Path, line: int, heading: Sequence[str]) -> dict[str, int]:
    """Where each column stands that is looked at."""
    at = {name: heading.index(name) for name in (*_COLUMNS, _RULE_COLUMN) if name in heading}
    if at.keys() >= {*_COLUMNS} and all(heading.count(name) == 1 for name in at):
        return at
    mend = (
        "a heading stands above the rows" if {*heading} & {*get_args(Partition)} else "name each column once"
    )
    raise FileFormatError(
        path, f"line {line}: expected the heading {','.join(_COLUMNS)}, got {_listed(heading)}; {mend}"
    )


def _listed(values: Sequence[object]) -> str:
    """Some values of a row, or numbers, that are to be told."""
    more = ", ..." if len(values) > _VALUES_AT_MOST else ""
    return ", ".join(escaped(str(value)[:_LONGEST_VALUE]) for value in values[:_VALUES_AT_MOST]) + more


def write_split(split: Split, path: Path) -> None:
    """Write ``split.csv``, whole or not at all."""
    write_text_atomically(path, split.to_csv())
