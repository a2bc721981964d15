"""A text file of scores, plain or packed, of which no more is read than is agreed."""

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from amber_id.errors import FileFormatError
from amber_id.reading import reading

LARGEST_SCORES = 8 << 30
"""How many bytes a score file may have, unpacked: a hundred million lines with long names."""

BOM = b"\xef\xbb\xbf"
_BUFFER = 1 << 20
_MOST_PACKED = 100  # times its packed size: scores, even constant ones with long names, reach 30
_ALWAYS_UNPACKED = 64 << 20


class _Limited(io.RawIOBase):
    """A file, unpacked under ``.gz``; reading more of it than is allowed is an error."""

    def __init__(self, file: io.BufferedIOBase, path: Path) -> None:
        self._file = gzip.GzipFile(fileobj=file) if is_packed(path) else file
        self._path = path
        self._kind = "gzip" if is_packed(path) else "text"
        self._most, self._of = LARGEST_SCORES, ""
        size = os.fstat(file.fileno()).st_size
        unpacked = max(_ALWAYS_UNPACKED, _MOST_PACKED * size)
        if is_packed(path) and unpacked < self._most:
            self._most, self._of = unpacked, f" unpacked from {size:,}; unpack it if it is one"
        self._left = self._most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with reading(self._path, self._kind):
            data = self._file.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            reason = f"expected a score file of at most {self._most:,} bytes{self._of}, got more"
            raise FileFormatError(self._path, reason)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked under ``.gz``.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is packed and cut off or of another kind, or has more than `LARGEST_SCORES`
        bytes, or over a hundred times as many as are packed (64 MiB may always be unpacked).
    """
    with ExitStack() as closing:
        with reading(path, "text"):
            file = closing.enter_context(path.open("rb"))
        yield closing.enter_context(io.BufferedReader(_Limited(file, path), _BUFFER))


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
