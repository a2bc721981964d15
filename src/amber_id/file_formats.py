"""How are our own files written, read, and refused?

A tensor file is one ``.safetensors`` whose only metadata entry, ``amber_id``, is JSON with sorted keys and a
``schema``; equal content is equal bytes. safetensors refuses headers of more than 100 MB, which the names of
half a million clips fill: long JSON is a tensor of bytes, and the entry says in which. A file that is cut
off, of another kind or of another schema is refused by name, with what was expected and what came.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel
from safetensors import safe_open
from safetensors.numpy import save

from amber_id.atomic_files import write_atomically, write_text_atomically
from amber_id.errors import FileFormatError
from amber_id.names import composed
from amber_id.reading import LONGEST_LINE, parsed_json, read_bytes, reading, text_lines

LARGEST_TABLE = 128 << 20
"""How many bytes a CSV table of ours, or a table of subjects, may have."""

MOST_CELLS = 4_000_000
"""How many cells it may have: as Python's texts they take some 60 bytes each."""

_FORMULA = re.compile("'*[=+\\-@\t\r]")  # what stands for one where it begins a cell, marked or not
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", re.ASCII)
_KEY = "amber_id"
_IN_TENSOR = "header_tensor"  # in the entry, where the JSON is the bytes of the tensor of this name
_LONGEST_ENTRY = 8_000_000  # characters: short of what is refused, and quick to open
_Model = TypeVar("_Model", bound=BaseModel)


def write_tensors(
    path: Path, schema: str, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write arrays and what they mean, whole or not at all; raises AmberError where that cannot be done."""
    text = json.dumps({"schema": schema, **header}, sort_keys=True)
    # Not ascontiguousarray, which would give a single number an axis.
    arrays = {name: np.asarray(tensors[name], order="C") for name in sorted(tensors)}
    if len(text) > _LONGEST_ENTRY:
        arrays[_KEY] = np.frombuffer(text.encode(), np.uint8)
        text = _entry_of_long(schema)
    write_atomically(path, save(arrays, metadata={_KEY: text}))


def read_tensors(
    path: Path, schema: str, *, header_only: bool = False, leave_out: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header without its schema, and the arrays, none if `header_only`, or all but some.

    Raises
    ------
    FileFormatError
        If the file is missing, cut off, no tensor file, or of another schema.
    """
    if not path.is_file():
        raise FileFormatError(path, f"expected {schema}, got {'a folder' if path.exists() else 'nothing'}")
    text: str | bytes
    with reading(path, schema), safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(_KEY, "{}")
        inside = set(file.keys())
        if _KEY in inside and text == _entry_of_long(schema):
            text = file.get_tensor(_KEY).tobytes()
            inside.remove(_KEY)
        names = [] if header_only else sorted(inside.difference(leave_out))
        tensors = {name: file.get_tensor(name) for name in names}
    header = parsed_json(text, path, "JSON in its header")
    found = header.pop("schema", None) if isinstance(header, dict) else None
    if found != schema:
        raise FileFormatError(path, f"expected {schema}, got {found or 'a file with no schema'}")
    return header, tensors


def _entry_of_long(schema: str) -> str:
    """What the entry says where the JSON itself is a tensor."""
    return json.dumps({"schema": schema, _IN_TENSOR: _KEY}, sort_keys=True)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def map_tensor(path: Path, name: str) -> np.ndarray:
    """A float32 array of a tensor file that was found whole, not read but mapped into memory, read-only."""
    with path.open("rb") as file:
        begin = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(begin))[name]
    offset = 8 + begin + entry["data_offsets"][0]
    return np.memmap(path, np.float32, "r", offset, tuple(entry["shape"]))


def validated(model: type[_Model], values: object, path: Path) -> _Model:
    """The values as a model; raises FileFormatError with the first thing that does not fit."""
    with reading(path, "values that fit"):
        return model.model_validate(values)


def read_json(model: type[_Model], path: Path) -> _Model:
    """A JSON file as a model; raises FileFormatError if it cannot be read or does not fit."""
    data = read_bytes(path, "JSON")
    with reading(path, "JSON"):
        return model.model_validate_json(data)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table with one heading line, whole or not at all; see `table_text`."""
    write_text_atomically(path, table_text(columns, rows))


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""A CSV table with one heading line, as text; whoever opens it in a spreadsheet sees text as text.

    A text that a spreadsheet would take for a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a
    carriage return, and is no number) gets an apostrophe in front. `table_rows` takes it away again: what is
    written comes back, also where it begins with apostrophes itself. Numbers stay as they are.

    >>> table_text(["name", "change"], [("=1+1", -0.5), ("-0.5", ""), ("'=x", None)])
    "name,change\n'=1+1,-0.5\n-0.5,\n''=x,\n"
    """
    text = io.StringIO(newline="")
    marked = ([_marked(cell) for cell in row] for row in (columns, *rows))
    csv.writer(text, lineterminator="\n").writerows(marked)
    return text.getvalue()


def _marked(cell: object) -> object:
    is_formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def _without_mark(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def read_table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """The rows of a CSV table of ours without its heading line, see `table_rows`.

    Raises
    ------
    FileFormatError
        If it cannot be read, has other columns, or a row is cut off; the message names the line.
    """
    rows = table_rows(path)
    if next(rows, (1, []))[1] != list(columns):
        raise FileFormatError(path, f"expected the columns {', '.join(columns)} in its first line")
    found = []
    for line, row in rows:
        if len(row) != len(columns):
            raise FileFormatError(path, f"line {line}: expected {len(columns)} values, got {len(row)}")
        found.append(row)
    return found


def table_rows(path: Path, *, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV table that is not blank, with the number of the line it ends in.

    Names are composed, and the apostrophe that `table_text` puts before a formula is taken away.

    Raises
    ------
    FileFormatError
        If it cannot be read, is larger than `LARGEST_TABLE` or has more cells than `MOST_CELLS`, is not in
        UTF-8, or is no CSV table; the message names the line.
    """
    file = io.BytesIO(read_bytes(path, "a CSV table", LARGEST_TABLE))
    cells = 0
    for line, row in csv_rows(path, text_lines(file, path), delimiter=separator):
        cells += len(row)
        if cells > MOST_CELLS:
            raise FileFormatError(path, f"line {line}: expected at most {MOST_CELLS:,} cells, got more")
        yield line, [composed(_without_mark(cell)) for cell in row]


def csv_rows(path: Path, lines: Iterable[str], **how: Any) -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV table that is not blank, with the number of the line it ends in, from its lines.

    `how` is what `csv.reader` can be told.

    Raises
    ------
    FileFormatError
        If a row is no row of a table, or longer than `LONGEST_LINE`, for want of a closing quote, say.
    """
    length = 0

    def counted() -> Iterator[str]:
        nonlocal length
        for line in lines:
            length += len(line)
            if length > LONGEST_LINE:
                place = f"line {reader.line_num + 1}"
                raise FileFormatError(
                    path,
                    f"{place}: expected a row of at most {LONGEST_LINE:,} characters, got more; is a quote "
                    "not closed?",
                )
            yield line

    reader = csv.reader(counted(), strict=True, **how)
    try:
        for row in reader:
            length = 0
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise FileFormatError(
            path, f"line {reader.line_num}: expected a row of a CSV table ({error})"
        ) from error
