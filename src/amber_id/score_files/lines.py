"""A text file, plain or packed, whose faults are told in one line."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from amber_id.errors import FileFormatError

BOM = b"\xef\xbb\xbf"
_BUFFER = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked under ``.gz``.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is packed and cut off or of another kind.
    """
    try:
        with io.BufferedReader(gzip.open(path), _BUFFER) if is_packed(path) else path.open("rb") as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        reason = f"expected gzip, got a file that is cut off or of another kind ({error})"
        raise FileFormatError(path, reason) from error
    except OSError as error:
        raise FileFormatError(path, f"cannot be read ({error.strerror or error})") from error


def is_packed(path: Path) -> bool:
    """Whether the suffix says gzip."""
    return path.suffix.lower() == ".gz"


def is_number(word: str | bytes) -> bool:
    """Whether a word is a number. Python reads 1_5 as 15, which in a file is a slip."""
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in str(word)
