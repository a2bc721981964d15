"""What of a source did not become a clip, and why: ``left_out.csv``.

Conventions
-----------
Three kinds. ``choice``: left out on purpose, e.g. a song; no failure. ``unusable``: a file that should have
been a clip, but cannot be. ``missing``: a clip or a person that the publisher has and the corpus has not. A
reason is one of few, so that it can be counted; what is particular to the one file is the detail.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, cast

from amber_id.atomic_files import write_text_atomically
from amber_id.file_formats import read_table, table_text

LEFT_OUT_FILE = "left_out.csv"
Kind = Literal["choice", "missing", "unusable"]
_COLUMNS = ("source", "kind", "path", "reason", "detail")


class LeftOut(NamedTuple):
    """One file, clip or person that is not in the corpus; `path` is as in the source, or a folder of ours."""

    source: str
    kind: Kind
    path: str
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


def in_another_folder(source: str, path: str, detail: str) -> LeftOut:
    """A file that lies in the folder of another actor than its name says."""
    return LeftOut(source, "unusable", path, "lies in the folder of another actor", detail)


def counted(rows: Iterable[LeftOut], kind: Kind) -> Sequence[tuple[str, int]]:
    """How many of a kind there are, by reason, the most frequent first."""
    counts = Counter(row.reason for row in rows if row.kind == kind)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def merge_left_out(folder: Path, sources: Collection[str], rows: Iterable[LeftOut]) -> None:
    """Put the rows in place of those of the same sources; those of others stay.

    Raises
    ------
    AmberError
        If the file cannot be written, or one is there that is no such table.
    """
    path = folder / LEFT_OUT_FILE
    write_left_out(path, [*(row for row in read_left_out(path) if row.source not in sources), *rows])


def read_left_out(path: Path) -> list[LeftOut]:
    """What a table says was left out, nothing if there is none; raises FileFormatError if it is no such."""
    return [_row(row) for row in read_table(path, _COLUMNS)] if path.exists() else []


def write_left_out(path: Path, rows: Iterable[LeftOut]) -> None:
    """Write a table of what was left out, sorted, unless it says the same already.

    Raises
    ------
    AmberError
        If it cannot be written.
    """
    text = table_text(_COLUMNS, ([printable(cell) for cell in row] for row in sorted(rows)))
    if not path.exists() or path.read_bytes() != text.encode("utf-8"):
        write_text_atomically(path, text)


def _row(cells: Sequence[str]) -> LeftOut:
    source, kind, path, reason, detail = cells
    return LeftOut(source, cast(Kind, kind), path, reason, detail)


def printable(text: str) -> str:
    """The text with what is not UTF-8 in a file's name replaced, as a table can hold it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
