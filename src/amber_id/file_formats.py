"""How are our own files written, read, and refused?

A tensor file is one ``.safetensors`` whose only metadata entry, ``amber_id``, is JSON with sorted keys, a
``schema`` and the checksum of the arrays; equal content is equal bytes. safetensors refuses headers of more
than 100 MB, which the names of half a million clips fill: long JSON is a tensor of bytes, and the entry says
in which. A file that is cut off, damaged, of another kind or of another schema is refused by name, with what
was expected and what came. Files of versions that wrote no checksum are read without one.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from safetensors import safe_open
from safetensors.numpy import save

from amber_id.atomic_files import write_atomically, write_text_atomically
from amber_id.errors import FileFormatError
from amber_id.misfits import first_problem
from amber_id.names import composed
from amber_id.quoting import one_line
from amber_id.reading import LONGEST_LINE, parsed_json, read_bytes, reading, text_lines

SMALL_HEADER = 1 << 20
"""How many bytes of JSON the header of a file about one thing may have."""

LARGE_HEADER = 128 << 20
"""How many where it names many clips."""

LARGEST_TABLE = 256 << 20
"""How many letters a CSV table of ours, or a table of subjects, may have."""

MOST_CELLS = 6_000_000
"""How many cells and rows it may have together: as Python's they take some hundred bytes each."""

_BOTH_ENDS = "\r\n"
_FORMULA = re.compile("'*[=+\\-@\t\r]")  # what stands for one where it begins a cell, marked or not
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", re.ASCII)
_KEY = "amber_id"
_IN_TENSOR = "header_tensor"  # in the entry, where the JSON is the bytes of the tensor of this name
_CHECKSUM = "arrays_sha256"
_LONGEST_ENTRY = 8_000_000  # characters: short of what is refused, and quick to open
_NAMES_AND_SHAPES = 1 << 20  # bytes of safetensors' own header beside the entry
_MAPPED_TYPE = "F32"
_Model = TypeVar("_Model", bound=BaseModel)


def write_tensors(
    path: Path, schema: str, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write arrays and what they mean, whole or not at all; raises AmberError where that cannot be done."""
    # Not ascontiguousarray, which would give a single number an axis.
    arrays = {name: np.asarray(tensors[name], order="C") for name in sorted(tensors)}
    sealed = {"schema": schema, **header} | ({_CHECKSUM: arrays_hash(arrays)} if arrays else {})
    text = json.dumps(sealed, sort_keys=True)
    if len(text) > _LONGEST_ENTRY:
        arrays[_KEY] = np.frombuffer(text.encode(), np.uint8)
        text = _entry_of_long(schema)
    write_atomically(path, save(arrays, metadata={_KEY: text}))


def arrays_hash(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256, as hexadecimal, of arrays by name: of each a line of JSON, name, type and shape; its bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        digest.update(f"{json.dumps([name, array.dtype.str, array.shape])}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def read_tensors(
    path: Path,
    schema: str,
    *,
    header_only: bool = False,
    mapped: Collection[str] = (),
    largest_header: int = SMALL_HEADER,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header without schema and checksum, and the arrays, none if `header_only`.

    Those in `mapped`, which must be float32, are not read but mapped into memory, read-only. A file with such
    must have a checksum, which is compared once in a process for each state of the file.

    Raises
    ------
    FileFormatError
        If the file is missing, cut off, damaged, no tensor file, of another schema, or its header is longer
        than `largest_header` bytes of JSON.
    """
    header, places, tensors = _opened(path, schema, header_only, mapped, largest_header)
    for name in mapped if not header_only else ():
        if name not in places:
            raise FileFormatError(path, f"expected an array {name}, got {', '.join(sorted(places))}")
        tensors[name] = _mapped(path, name)
    checksum = header.pop(_CHECKSUM, None)
    if header_only or (checksum is None and not mapped):
        return header, tensors
    actual = _hash_once(path, tuple(mapped), _state_of(path)) if mapped else arrays_hash(tensors)
    if actual != checksum:
        raise FileFormatError(path, "its arrays are not those that were written: the file is damaged")
    return header, tensors


def read_shapes(path: Path, schema: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """The header as of `read_tensors`, and the shape of each array, of which none is read."""
    header, shapes, _ = _opened(path, schema, True, (), SMALL_HEADER)
    header.pop(_CHECKSUM, None)
    return header, shapes


def _opened(
    path: Path, schema: str, header_only: bool, mapped: Collection[str], largest_header: int
) -> tuple[dict[str, Any], dict[str, tuple[int, ...]], dict[str, np.ndarray]]:
    """The header with its checksum, the shapes of all arrays, and those that are asked for."""
    with reading(path, schema):  # a folder may be shut, or a name too long
        kind = "a file" if path.is_file() else "a folder" if path.exists() else "nothing"
    if kind != "a file":
        raise FileFormatError(path, f"expected {schema}, got {kind}")
    _refuse_long_header(path, schema, largest_header)
    text: str | bytes
    with reading(path, schema), safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(_KEY, "{}")
        names = set(file.keys())
        if _KEY in names and text == _entry_of_long(schema):
            if file.get_slice(_KEY).get_shape()[0] > largest_header:
                raise FileFormatError(
                    path, f"expected a header of at most {largest_header:,} bytes, got more"
                )
            text = file.get_tensor(_KEY).tobytes()
            names.remove(_KEY)
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
        wanted = [] if header_only else sorted(names.difference(mapped))
        tensors = {name: file.get_tensor(name) for name in wanted}
    if len(text) > largest_header:
        raise FileFormatError(path, f"expected a header of at most {largest_header:,} bytes, got more")
    header = parsed_json(text, path, "JSON in its header")
    named = header.pop("schema", None) if isinstance(header, dict) else None
    if named != schema:
        came = one_line(str(named), 80) if named else "a file with no schema"
        raise FileFormatError(path, f"expected {schema}, got {came}")
    return header, shapes, tensors


def _refuse_long_header(path: Path, schema: str, largest_header: int) -> None:
    """Before safetensors reads its own header, which the first 8 bytes of a file count."""
    with reading(path, schema), path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    # Inside safetensors' header our JSON is a string, in which every quotation mark takes two bytes.
    most = 2 * min(largest_header, _LONGEST_ENTRY) + _NAMES_AND_SHAPES
    if most < length <= path.stat().st_size:
        raise FileFormatError(
            path, f"expected {schema} with a header of at most {most:,} bytes, got {length:,}"
        )


def _entry_of_long(schema: str) -> str:
    """What the entry says where the JSON itself is a tensor."""
    return json.dumps({"schema": schema, _IN_TENSOR: _KEY}, sort_keys=True)


def _state_of(path: Path) -> tuple[int, ...]:
    now = path.stat()
    return (now.st_ino, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=1000)
def _hash_once(path: Path, mapped: tuple[str, ...], state: tuple[int, ...]) -> str:  # noqa: ARG001
    """The hash of all arrays of a file, the mapped ones page by page; another state, another answer."""
    with reading(path, "a tensor file"), safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in set(file.keys()) - {_KEY, *mapped}}
    return arrays_hash(arrays | {name: _mapped(path, name) for name in mapped})


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mapped(path: Path, name: str) -> np.ndarray:
    """An array of a tensor file that was found whole, not read but mapped into memory, read-only."""
    with reading(path, "a tensor file"), path.open("rb") as file:
        begin = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(begin))[name]
    if entry["dtype"] != _MAPPED_TYPE:
        raise FileFormatError(path, f"expected {name} of type {_MAPPED_TYPE}, got {entry['dtype']}")
    offset, shape = 8 + begin + entry["data_offsets"][0], tuple(entry["shape"])
    if 0 in shape:
        return np.zeros(shape, np.float32)
    return np.memmap(path, np.float32, "r", offset, shape)


def validated(model: type[_Model], values: object, path: Path) -> _Model:
    """The values as a model; raises FileFormatError with the first thing that does not fit."""
    return _fitting(model, path, lambda: model.model_validate(values))


def read_json(model: type[_Model], path: Path) -> _Model:
    """A JSON file as a model; raises FileFormatError if it cannot be read or does not fit."""
    data = read_bytes(path, "JSON")
    return _fitting(model, path, lambda: model.model_validate_json(data))


def _fitting(model: type[_Model], path: Path, validate: Callable[[], _Model]) -> _Model:
    with reading(path, "JSON"):
        try:
            return validate()
        except ValidationError as error:
            raise FileFormatError(path, first_problem(error, model)) from error


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
    parts, line = [], io.StringIO(newline="")
    # Told of both ends of lines, Python 3.11 quotes cells that hold either.
    writer = csv.writer(line, lineterminator=_BOTH_ENDS)
    for row in (columns, *rows):
        writer.writerow([_marked(cell) for cell in row])
        parts.append(line.getvalue().removesuffix(_BOTH_ENDS) + "\n")
        line.seek(0)
        line.truncate()
    return "".join(parts)


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
    table = []
    for line, row in rows:
        if len(row) != len(columns):
            raise FileFormatError(path, f"line {line}: expected {len(columns)} values, got {len(row)}")
        table.append(row)
    return table


def table_rows(path: Path, *, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV table that is not blank, with the number of the line it ends in.

    Names are composed, and the apostrophe that `table_text` puts before a formula is taken away.

    Raises
    ------
    FileFormatError
        If it cannot be read, is larger than `LARGEST_TABLE` or has more cells than `MOST_CELLS`, is not in
        UTF-8, or is no CSV table; the message names the line.
    """
    with ExitStack() as closing:
        with reading(path, "a CSV table"):
            file = closing.enter_context(path.open("rb"))
        lines, cells = _limited(text_lines(file, path), path), 0
        for line, row in csv_rows(path, lines, delimiter=separator):
            cells += len(row) + 1
            if cells > MOST_CELLS:
                reason = f"line {line}: expected at most {MOST_CELLS:,} cells and rows together, got more"
                raise FileFormatError(path, reason)
            yield line, [composed(_without_mark(cell)) for cell in row]


def _limited(lines: Iterable[str], path: Path) -> Iterator[str]:
    left = LARGEST_TABLE
    for line in lines:
        left -= len(line)
        if left < 0:
            raise FileFormatError(
                path, f"expected a CSV table of at most {LARGEST_TABLE:,} letters, got more"
            )
        yield line


def csv_rows(path: Path, lines: Iterable[str], **how: Any) -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV table that is not blank, with the number of the line it ends in, from its lines.

    `how` are options of `csv.reader`.

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
