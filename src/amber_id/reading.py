"""What stands at the border of every reader?

A file may hold anything, also what was damaged, or made to do harm. So every reader asks two things here:
that whatever a parser raises for bytes it can make nothing of becomes one sentence with the name of the file,
and that no more is read than a file of its kind may hold.

Conventions
-----------
Only the parsing stands inside `reading`: a fault of our own computation must not be called a damaged file.
Limits are in bytes and listed in docs/file-formats.md.
"""

import contextlib
import csv
import io
import json
import lzma
import struct
import tokenize
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError

from amber_id.errors import FileFormatError
from amber_id.misfits import first_problem
from amber_id.quoting import one_line, quote

UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,  # of most parsers: no UTF-8, no JSON, no TOML, an integer of too many digits, pydantic
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # also what is nested too deeply, and NotImplementedError
    EOFError,
    MemoryError,
    SyntaxError,  # of NumPy, for the header of an array
    tokenize.TokenError,
    csv.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    SafetensorError,
)
"""Exceptions of parsers for bytes that they cannot read; OSError is treated separately."""

LARGEST_TEXT = 64 << 20
"""How many bytes a table, a configuration or a JSON file of ours may have."""

LONGEST_LINE = 1 << 20
"""How many bytes one line of text may have, and one row of a table over all of its lines."""

_LONGEST_REASON = 200
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


@contextlib.contextmanager
def reading(path: Path, expected: str, also: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what a parser raises in the block into an error that names the file.

    `expected` says what the file should be, as in "expected JSON, got ..."; `also` is what a parser raises
    beyond `UNREADABLE`. Errors of ours pass as they are.

    Raises
    ------
    FileFormatError
        If the block raises OSError, or anything that parsers raise for bytes they can make nothing of.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of a parser, as gzip's and Arrow's
            raise FileFormatError(path, _broken(error, expected)) from error
        raise FileFormatError(path, f"cannot be read ({one_line(error.strerror or str(error))})") from error
    except ValidationError as error:
        raise FileFormatError(path, first_problem(error)) from error
    except RecursionError as error:
        raise FileFormatError(path, f"expected {expected}, got something nested too deeply") from error
    except MemoryError as error:
        raise FileFormatError(path, f"expected {expected}, got what does not fit into memory") from error
    except (*UNREADABLE, *also) as error:
        raise FileFormatError(path, _broken(error, expected)) from error


def _broken(error: Exception, expected: str) -> str:
    what = one_line(str(error) or type(error).__name__, _LONGEST_REASON)
    return f"expected {expected}, got a file that is cut off or of another kind ({what})"


def read_bytes(path: Path, expected: str, at_most: int = LARGEST_TEXT) -> bytes:
    """The bytes of a file, never more than `at_most`.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is larger.
    """
    with reading(path, expected), path.open("rb") as file:
        data = file.read(at_most + 1)
    if len(data) > at_most:
        raise FileFormatError(path, f"expected {expected} of at most {at_most:,} bytes, got more")
    return data


def read_text(path: Path, expected: str, at_most: int = LARGEST_TEXT) -> str:
    """The text of a file in UTF-8, with or without a byte order mark; raises as `read_bytes` does."""
    data = read_bytes(path, expected, at_most)
    with reading(path, f"{expected} in UTF-8"):
        return data.decode("utf-8-sig")


def text_lines(file: io.BufferedIOBase, path: Path) -> Iterator[str]:
    """The lines of a text in UTF-8 with their ends, whichever of the three there are; no byte order mark.

    Raises
    ------
    FileFormatError
        If a line is longer than `LONGEST_LINE`, or is not in UTF-8; the message names it, counted from 1.
    """
    first, rest = 1, b""
    while True:
        with reading(path, "text"):
            chunk = file.read(_CHUNK)
        lines = (rest + chunk).splitlines(keepends=True)
        # The last may go on in the next chunk, even if it ends in \r: \n may follow.
        rest = lines.pop() if chunk and lines else b""
        for place, line in enumerate(lines, start=first):
            check_line(path, place, line)
            try:
                yield (line.removeprefix(_BOM) if place == 1 else line).decode()
            except UnicodeDecodeError as error:
                reason = f"line {place}: expected text in UTF-8, got other bytes"
                raise FileFormatError(path, reason) from error
        first += len(lines)
        check_line(path, first, rest)
        if not chunk:
            return


def check_line(path: Path, place: int, line: bytes) -> None:
    """Refuse a line that is longer than `LONGEST_LINE`; raises FileFormatError."""
    if len(line) > LONGEST_LINE:
        raise FileFormatError(
            path,
            f"line {place}: expected at most {LONGEST_LINE:,} bytes, got {quote(line[:100])} and more",
        )


def parsed_json(data: bytes | str, path: Path, expected: str = "JSON") -> Any:
    """What JSON says; raises FileFormatError where it is none, or nested too deeply."""
    with reading(path, expected):
        return json.loads(data)


def parsed_toml(text: str, path: Path) -> dict[str, Any]:
    """What TOML says; raises FileFormatError where it is none, or nested too deeply."""
    with reading(path, "TOML"):
        return tomllib.loads(text)
