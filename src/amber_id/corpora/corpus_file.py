"""What is known of the clips of a corpus beyond whose they are: ``corpus.csv``.

Conventions
-----------
An optional table in a corpus folder, or beside recordings, one row per clip::

    clip,session,date,utterance
    ravdess_id001/video007,1,2024-05-17,kids are talking by the door

Of the columns only ``clip`` is required: the clip's id, ``folder/stem``, without suffix. An empty cell is not
known. White space around a cell does not count. Other columns are the user's own and passed over unless they
are named (`read_corpus_columns`), so a misspelt one is too: the audit then says that the file tells it
nothing. Rows of clips that are not in the folder are allowed. A date is a day of the calendar, YYYY-MM-DD
(ISO 8601). Who a clip shows is said by its folder alone, whatever a column ``subject`` says.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from amber_id.atomic_files import write_atomically
from amber_id.errors import FileFormatError
from amber_id.file_formats import table_rows, table_text
from amber_id.names import note_case_twins
from amber_id.quoting import escaped, quote

CORPUS_FILE = "corpus.csv"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_HEADING = 200  # of a heading


@dataclass(frozen=True)
class ClipFacts:
    """What the corpus file says of one clip, as it stands there; None where that is not known.

    `session` names one sitting of one person: the same name under two people is two sessions. Clips of the
    same `utterance` say the same, whoever speaks. `date` is the day on which it was filmed, YYYY-MM-DD.
    """

    session: str | None = None
    utterance: str | None = None
    emotion: str | None = None
    intensity: str | None = None
    sex: str | None = None
    age: str | None = None
    avatar: str | None = None
    date: str | None = None

    @property
    def sitting(self) -> str | None:
        """The session; where none is named, the day: clips of one day are then taken as of one session."""
        return self.session or self.date


def read_corpus_file(folder: Path) -> Mapping[str, ClipFacts]:
    """What the corpus file in `folder` says, by the id of the clip; empty if there is none.

    Raises
    ------
    FileFormatError
        If it cannot be read, is not in UTF-8, has no column ``clip`` or one column twice, a row has more or
        fewer cells than the first line, a date is no day, or a clip is named twice or not at all.
    """
    path = folder / CORPUS_FILE
    rows = _rows_by_clip(path)[1]
    facts = {
        clip: ClipFacts(**{each.name: cells.get(each.name) or None for each in fields(ClipFacts)})
        for clip, cells in rows.items()
    }
    for each in fields(ClipFacts):
        values = {getattr(known, each.name) for known in facts.values()} - {None}
        note_case_twins(path, f"values of {each.name}", values)
    return facts


def read_corpus_columns(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Every column of the corpus file in `folder` but ``clip``, the user's own too; none if there is no file.

    Of each its cells that are not empty, by the id of the clip. Raises as `read_corpus_file` does.
    """
    read_corpus_file(folder)
    heading, cells_of = _rows_by_clip(folder / CORPUS_FILE)
    return {
        name: {clip: cells[name] for clip, cells in cells_of.items() if cells[name]}
        for name in heading
        if name not in ("", "clip")
    }


def copy_corpus_file(folder: Path, out: Path) -> None:
    """Copy the corpus file of `folder` to `out`, whole or not at all; what `out` has stays if there is none.

    Raises
    ------
    AmberError
        If `out` cannot be written.
    FileFormatError
        If the file does not fit, as `read_corpus_file` says.
    """
    read_corpus_file(folder)
    path = folder / CORPUS_FILE
    if path.exists():
        write_atomically(out / CORPUS_FILE, path.read_bytes())


def merge_corpus_file(
    folder: Path, columns: Sequence[str], rows: Mapping[str, Mapping[str, str]], gone: Collection[str] = ()
) -> None:
    """Add rows, by the id of the clip, to the corpus file of `folder`, and drop those of clips that are gone.

    What else the file says stays: other rows, other columns, and cells of which the new row knows nothing.
    The file is sorted by clip, and not touched if it says all of this already.

    Raises
    ------
    AmberError
        If it cannot be written.
    FileFormatError
        If it does not fit, as `read_corpus_file` says.
    """
    path = folder / CORPUS_FILE
    heading, there = _rows_by_clip(path)
    merged = {clip: dict(cells) for clip, cells in there.items() if clip not in gone}
    for clip, cells in rows.items():
        known = {name: cell for name, cell in cells.items() if cell}
        merged[clip] = {**merged.get(clip, {}), **known}
    names = [*columns, *(name for name in heading if name not in columns)]
    lines = ([merged[clip].get(name, "") for name in names] for clip in sorted(merged))
    data = table_text(names, lines).encode("utf-8")
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)


def _rows_by_clip(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The heading and the cells by column of each clip; nothing if there is no file."""
    if not path.exists():
        return [], {}
    rows = csv_rows(path)
    line, heading = next(rows, (1, []))
    _check_heading(heading, path, line)
    cells_of: dict[str, dict[str, str]] = {}
    line_of: dict[str, int] = {}
    for line, row in rows:
        if len(row) != len(heading):
            raise FileFormatError(path, f"line {line}: expected {len(heading)} cells, got {len(row)}")
        cells = dict(zip(heading, row, strict=True))
        clip = cells["clip"]
        if not clip:
            raise FileFormatError(path, f"line {line}: expected the id of a clip, got an empty cell")
        require_day(cells, path, line)
        if clip in cells_of:
            raise FileFormatError(
                path, f"line {line}: expected each clip once, got {clip} of line {line_of[clip]} again"
            )
        cells_of[clip] = cells
        line_of[clip] = line
    return heading, cells_of


def require_day(cells: Mapping[str, str], path: Path, line: int) -> None:
    """Refuse a row whose cell ``date`` is neither empty nor a day; raises FileFormatError."""
    day = cells.get("date", "")
    if not day:
        return
    try:
        if not _DAY.fullmatch(day):
            raise ValueError
        date.fromisoformat(day)
    except ValueError as error:
        raise FileFormatError(
            path, f"line {line}: expected a date as YYYY-MM-DD, got {quote(day)}; leave it empty if not known"
        ) from error


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row of a table that is not blank, its cells stripped, with the number of the line it ends in.

    Raises
    ------
    FileFormatError
        As `table_rows` does.
    """
    return ((line, [cell.strip() for cell in row]) for line, row in table_rows(path))


def _check_heading(heading: Sequence[str], path: Path, line: int) -> None:
    if "clip" not in heading:
        got = escaped(", ".join(heading)[:_LONGEST_HEADING]) or "nothing"
        raise FileFormatError(path, f"line {line}: expected a column clip, got {got}")
    twice = sorted({name for name in heading if name and heading.count(name) > 1})
    if twice:
        raise FileFormatError(path, f"line {line}: expected each column once, got {twice[0]} twice")
