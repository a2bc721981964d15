"""Scores as a table of text: with a heading line, or with commas, semicolons or tabs between the values.

Conventions
-----------
The first line that is neither blank nor begins with # says which: at least two of its values are headings, or
it is a comparison. Under a heading the columns are found by name, in any order; without one they are in the
order of :mod:`amber_id.score_files.text`. Values may be quoted, and names have white space where that does
not separate. Text of the usual kind, white space and no heading, is not read here.
"""

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amber_id.errors import FileFormatError
from amber_id.file_formats import csv_rows
from amber_id.quoting import quote
from amber_id.reading import text_lines
from amber_id.score_files.columns import Columns, trials_of
from amber_id.score_files.headings import columns_by_meaning
from amber_id.score_files.lines import is_number, opened
from amber_id.score_files.trials import NameColumn, NameNumbers, Trials, check_length, check_size, label_of

_LONGEST_LINE = 1 << 16
_PIECE = 1 << 16  # rows between two looks at how many there are
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_ORDERS = (
    ("enrol", "probe", "label", "score"),
    ("enrol", "probe", "score", "label"),
    ("label", "enrol", "probe", "score"),
)


@dataclass(frozen=True)
class Layout:
    """How a table of text is read."""

    separator: str | None  # None: white space
    headings: tuple[str, ...] | None  # None: there is no heading line
    first: int  # the first line that is read, counted from 1


def layout_of(path: Path) -> Layout | None:
    """How a file is read that has a heading or other separators; None where it is text of the usual kind.

    Raises
    ------
    FileFormatError
        If it cannot be read.
    """
    with opened(path) as file:
        for place, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
            text = line.decode("utf-8-sig" if place == 1 else "utf-8", "replace").strip("\r\n")
            if text.strip() and not text.lstrip().startswith("#"):
                return _layout(path, text, place)
    return None


def read_table_of_scores(path: Path, layout: Layout) -> Trials:
    """The comparisons of a table of text.

    Raises
    ------
    FileFormatError
        If it cannot be read, or a line is cut off or does not fit; the message names the line.
    """
    places, rows = array("q"), _rows(path, layout)
    headings = layout.headings or _order(path, layout)
    headings_of = columns_by_meaning(path, headings)
    at = {name: headings.index(heading) for name, heading in headings_of.items()}
    names = {name: NameNumbers() for name in at if name != "score"}
    numbers: dict[str, array[int]] = {name: array("i") for name in names}
    scores = array("d")
    for place, row in rows:
        if len(row) != len(headings):
            raise FileFormatError(
                path, f"line {place}: expected {len(headings)} values, got {len(row)}: {quote(row)}"
            )
        places.append(place)
        if not len(places) % _PIECE:
            check_size(path, len(places), max(map(len, names.values()), default=0))
        for name, column in numbers.items():
            column.append(names[name][row[at[name]].strip()])
        if "score" in at:
            scores.append(_score(path, place, row[at["score"]], layout))
    check_size(path, len(places), max(map(len, names.values()), default=0))
    check_length(path, (str(text) for column in names.values() for text in column))
    columns = Columns(
        path,
        {name: NameColumn(np.array(numbers[name], np.int32), [*map(str, names[name])]) for name in names},
        {"score": np.array(scores)} if "score" in at else {},
        headings=headings_of,
        place_name="line",
        places=np.array(places, np.int64),
    )
    return trials_of(columns)


def _layout(path: Path, text: str, place: int) -> Layout | None:
    is_tsv = ".tsv" in (suffix.lower() for suffix in path.suffixes)
    words = text.split()
    if not is_tsv:
        if _is_heading(path, words):
            return Layout(None, tuple(words), place + 1)
        if len(words) == 4 and (_is_comparison(words) or not any(mark in text for mark in ",;")):
            return None
    for separator in "\t" if is_tsv else _SEPARATORS:
        values = _split(text, separator)
        if len(values) > 2:
            heads = tuple(value.strip() for value in values) if _is_heading(path, values) else None
            return Layout(separator, heads, place + (heads is not None))
    return None


def _is_heading(path: Path, values: Sequence[str]) -> bool:
    """Whether two values or more name columns, and none is a number."""
    if any(is_number(value) for value in values):
        return False
    return len(columns_by_meaning(path, [value.strip() for value in values])) > 1


def _is_comparison(values: Sequence[str]) -> bool:
    return any(
        label_of(values[order.index("label")]) is not None and is_number(values[order.index("score")])
        for order in _ORDERS
    )


def _order(path: Path, layout: Layout) -> tuple[str, ...]:
    """The columns of a table without headings, from the lines that tell."""
    possible = [*_ORDERS]
    for place, row in _rows(path, layout):
        fits = [
            order
            for order in possible
            if len(row) == 4
            and label_of(row[order.index("label")]) is not None
            and is_number(row[order.index("score")])
        ]
        if not fits:
            separated = _SEPARATORS.get(layout.separator or "", "white space")
            raise FileFormatError(
                path,
                f"line {place}: expected a heading, or `enrol probe target|nontarget score` with {separated} "
                f"between, got {quote(row)}; a heading names the columns enrol, probe, label and score",
            )
        possible = fits
        if len(fits) == 1:
            return fits[0]
    raise FileFormatError(
        path,
        "expected to tell label from score, got 0 or 1 in both columns of every line; write the labels as "
        "target and nontarget",
    )


def _rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The values of each line that is not blank and no comment, with the number of its line."""
    with opened(path) as file:
        lines = enumerate(text_lines(file, path), start=1)
        passed = (line if n >= layout.first else "\n" for n, line in lines)
        if layout.separator is None:
            for place, line in enumerate(passed, start=1):
                row = line.split()
                if row and not row[0].startswith("#"):
                    yield place, row
            return
        for place, row in csv_rows(path, passed, delimiter=layout.separator, skipinitialspace=True):
            # A name may begin with #, a comment has not as many values.
            if any(map(str.strip, row)) and not (row[0].startswith("#") and len(row) < 3):
                yield place, row


def _split(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def _score(path: Path, place: int, word: str, layout: Layout) -> float:
    if is_number(word):
        return float(word)
    mend = ""
    if layout.separator != "," and is_number(word.replace(",", ".", 1)):
        mend = "; write a decimal point"
    elif not word.strip():
        mend = "; leave the comparison out as a failure to acquire, or fill it in"
    raise FileFormatError(path, f"line {place}: expected a score, got {quote(word)}{mend}")
