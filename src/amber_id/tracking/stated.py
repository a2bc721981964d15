"""What a table states about clips that do not say it themselves.

Conventions
-----------
CSV with one heading line. The first column names what a row holds for: a clip, or what clips lie in, a folder
or a person; then it holds for all of these. Of several rows that hold for a clip, what the most specific
states counts, value by value; an empty cell states nothing. Further columns, any of them in any order:
``fps``; ``width`` and ``height`` in pixels, or ``aspect``, e.g. 4:3, the ratio of width to height; where
people are not known by their folders, ``person`` and ``session``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from amber_id.corpora import Clip
from amber_id.corpora.corpus_file import csv_rows
from amber_id.errors import FileFormatError
from amber_id.quoting import one_line
from amber_id.recordings import StatedOfClip
from amber_id.recordings.landmark_files import pixels_of, size_of_aspect

_OF_PICTURE = ("fps", "width", "height", "aspect")
_OF_PEOPLE = ("person", "session")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class StatedRow:
    """What one row states; None, or nothing for a name, where it does not."""

    stated: StatedOfClip
    person: str = ""
    session: str = ""


def read_stated(path: Path) -> Mapping[str, StatedOfClip]:
    """What a table with the column ``clip`` states, by the names of clips, folders and people.

    Raises
    ------
    FileFormatError
        As `read_stated_rows` does.
    """
    return {name: row.stated for name, row in read_stated_rows(path, "clip").items()}


def read_stated_rows(path: Path, named: str, *, people: bool = False) -> Mapping[str, StatedRow]:
    """The rows of a table by what they hold for, which its column `named` says.

    Raises
    ------
    FileFormatError
        If it has other columns than it may have, names one thing twice, or a number is none or not positive.
    """
    known = [*(_OF_PEOPLE if people else ()), *_OF_PICTURE]
    lines = csv_rows(path)
    line, heading = next(lines, (1, []))
    if named not in heading or len(set(heading)) < len(heading) or not set(heading) <= {named, *known}:
        got = one_line(", ".join(heading), 2 * _LONGEST_NAME) or "nothing"
        raise FileFormatError(
            path,
            f"line {line}: expected the column {named} and any of {', '.join(known)}, each once, got {got}",
        )
    rows: dict[str, StatedRow] = {}
    for line, cells in lines:
        if len(cells) != len(heading):
            raise FileFormatError(path, f"line {line}: expected {len(heading)} values, got {len(cells)}")
        row = dict(zip(heading, cells, strict=True))
        if not row[named]:
            raise FileFormatError(path, f"line {line}: expected a name in {named}, got an empty cell")
        name = str(PurePosixPath(row[named]))
        if name in rows:
            raise FileFormatError(path, f"expected each {named} once, got {one_line(name, 80)} twice")
        rows[name] = StatedRow(_stated(path, name, row), row.get("person", ""), row.get("session", ""))
    return rows


def stated_of(stated: Mapping[str, StatedOfClip], names: Sequence[str]) -> StatedOfClip:
    """What is stated of a clip; `names` are what holds for it, from the most general on."""
    all_of_it = StatedOfClip()
    for name in names:
        if name in stated:
            all_of_it = stated[name].over(all_of_it)
    return all_of_it


def names_of(clip: Clip) -> tuple[str, ...]:
    """What a row calls a clip of a corpus: its person, the person's folder, and itself."""
    return clip.subject, clip.id.partition("/")[0], clip.id


def remark_on_idle(table: Path, rows: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """One sentence about rows that hold for nothing among `names`, or nothing where all do."""
    idle = sorted(set(rows) - set(names))
    if not idle:
        return ()
    some = ", ".join(one_line(name, _LONGEST_NAME) for name in idle[:3])
    more = f" and {len(idle) - 3} more" if len(idle) > 3 else ""
    return (f"{table}: no clip, folder or person that is there has the name {some}{more}.",)


def _stated(path: Path, name: str, row: Mapping[str, str]) -> StatedOfClip:
    fps, width, height = (_number(path, name, key, row.get(key, "")) for key in _OF_PICTURE[:3])
    if (width is None) != (height is None):
        raise FileFormatError(path, f"{name}: expected width and height, or neither, got one of them")
    if not row.get("aspect"):
        return StatedOfClip(fps, *(_side(path, name, side) for side in (width, height)))
    if width is not None:
        raise FileFormatError(path, f"{name}: expected width and height, or an aspect, got both")
    sides = row["aspect"].split(":")
    across, down = (_number(path, name, "aspect", side) for side in (sides if len(sides) == 2 else ("", "")))
    if across is None or down is None:
        got = one_line(row["aspect"], _LONGEST_NAME)
        raise FileFormatError(path, f"{name}: expected an aspect such as 4:3, got {got}")
    return StatedOfClip(fps, *(_side(path, name, float(side)) for side in size_of_aspect(across, down)))


def _side(path: Path, name: str, side: float | None) -> int | None:
    return None if side is None else pixels_of(path, f"a side of {one_line(name, _LONGEST_NAME)}", side)


def _number(path: Path, name: str, column: str, cell: str) -> float | None:
    if not cell.strip():
        return None
    try:
        number = float(cell)
    except ValueError as error:
        raise FileFormatError(
            path, f"{name}: expected a number in {column}, got {one_line(cell, 80)}"
        ) from error
    if not 0 < number < float("inf"):
        raise FileFormatError(
            path, f"{name}: expected a positive number in {column}, got {one_line(cell, 80)}"
        )
    return number
