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
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel
from safetensors import safe_open
from safetensors.numpy import save

from amber_id.atomic_files import write_atomically, write_text_atomically
from amber_id.errors import FileFormatError
from amber_id.names import composed
from amber_id.reading import parsed_json, read_bytes, read_text, reading

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
    """Write a CSV table with one heading line, whole or not at all."""
    write_text_atomically(path, table_text(columns, rows))


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV table with one heading line, as text."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def read_table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """The rows of a CSV table without its heading line, names composed; blank lines are passed over.

    Raises
    ------
    FileFormatError
        If it cannot be read, has other columns, or a row is cut off; the message names the line.
    """
    text = read_text(path, "a CSV table")
    with reading(path, "a CSV table"):
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if lines[:1] != [list(columns)]:
        raise FileFormatError(path, f"expected the columns {', '.join(columns)} in its first line")
    for number, row in enumerate(lines[1:], start=2):
        if row and len(row) != len(columns):
            raise FileFormatError(path, f"line {number}: expected {len(columns)} values, got {len(row)}")
    return [[composed(cell) for cell in row] for row in lines[1:] if row]
