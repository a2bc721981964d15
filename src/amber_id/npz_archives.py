"""What does one of NumPy's files hold, and may it be read?

Conventions
-----------
An ``.npz`` is a zip archive with one ``.npy`` per array, an ``.npy`` one array. Nothing is unpickled. Before
an array is read, its header must ask for no more bytes than the file has for it, and all arrays that are read
together for no more than a limit: a zip archive of some megabytes may unpack to as many gigabytes.
"""

import contextlib
import io
import math
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from amber_id.errors import FileFormatError
from amber_id.quoting import one_line
from amber_id.reading import reading

LARGEST_ARRAYS = 2 << 30
"""How many bytes the arrays that are read of one file may have, unpacked."""

ONLY = ""
"""What the array of an ``.npy`` file, which has no name, is called."""

_MAGIC = b"\x93NUMPY"
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # a member, or the end of an archive without any
_LONGEST_NAME = 80
_LONGEST_HEADER = 10_000  # characters, as NumPy has it
_PART = 1 << 20  # bytes of an array that are looked at by themselves


class ArrayHead(NamedTuple):
    """What the header of an array says of it, before the array is read."""

    shape: tuple[int, ...]
    dtype: np.dtype
    size: int  # bytes


class ArrayFile:
    """The arrays of an open file, read one at a time when asked for."""

    def __init__(
        self,
        path: Path,
        expected: str,
        file: io.BufferedIOBase,
        members: zipfile.ZipFile | None,
        at_most: int,
    ) -> None:
        self.path, self._expected = path, expected
        self._file, self._members = file, members
        self._at_most = self._left = at_most
        infos = (
            []
            if members is None
            else [info for info in members.infolist() if not info.filename.endswith("/")]
        )
        self._infos = {info.filename.removesuffix(".npy"): info for info in infos}

    @property
    def is_archive(self) -> bool:
        """Whether this is an archive, not an ``.npy`` file."""
        return self._members is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays in their order; `ONLY` for that of an ``.npy`` file."""
        return tuple(self._infos) if self.is_archive else (ONLY,)

    def head(self, name: str) -> ArrayHead:
        """What the header of an array says; raises FileFormatError if it is none, or the array is cut off."""
        there = self._infos[name].file_size if self.is_archive else os.fstat(self._file.fileno()).st_size
        with reading(self.path, self._expected), self._opened(name) as data, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's parser, for what a damaged header looks like
            shape, dtype = _header(data)
            size, there = math.prod(shape) * dtype.itemsize, there - data.tell()
            if min(shape, default=0) < 0 or not dtype.itemsize:
                raise ValueError(f"an array of {dtype} and shape {shape}")
            if size > there and not dtype.hasobject:
                raise ValueError(f"{_called(name)} should have {size:,} bytes, has {there:,}")
        return ArrayHead(shape, dtype, size)

    def read(self, name: str) -> np.ndarray:
        """One array.

        Raises
        ------
        FileFormatError
            If it holds Python objects, is cut off, or is larger, with those read before, than may be read.
        """
        self._allowed(name)
        with reading(self.path, self._expected), self._opened(name) as data, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.lib.format.read_array(data, allow_pickle=False, max_header_size=_LONGEST_HEADER)

    def parts(self, name: str) -> Iterator[np.ndarray]:
        """An array of one axis, some of its values at a time, so that it is never held whole.

        At least one part comes, empty if the array is.

        Raises
        ------
        FileFormatError
            As `read` does; if it has other axes, or one value has more than `_PART` bytes.
        """
        head = self._allowed(name)
        if len(head.shape) != 1 or head.dtype.itemsize > _PART:
            raise FileFormatError(
                self.path,
                f"expected a row of values of at most {_PART:,} bytes each in {_called(name)}, got "
                f"{one_line(str(head.dtype), _LONGEST_NAME)} of shape {head.shape}",
            )
        step = _PART // head.dtype.itemsize
        with self._opened(name) as data:
            with reading(self.path, self._expected):
                _header(data)
            for first in range(0, max(head.shape[0], 1), step):
                count = min(step, head.shape[0] - first)
                with reading(self.path, self._expected):
                    part = np.frombuffer(data.read(count * head.dtype.itemsize), head.dtype, count)
                yield part

    def _allowed(self, name: str) -> ArrayHead:
        """What the header says of an array that may be read."""
        head = self.head(name)
        if head.dtype.hasobject:
            got = f"Python objects in {_called(name)}"
            raise FileFormatError(
                self.path,
                f"expected plain arrays of numbers, got {got}; objects may run code and are not read",
            )
        self._left -= head.size
        if self._left < 0:
            raise FileFormatError(
                self.path, f"expected arrays of at most {self._at_most:,} bytes together, got more; divide it"
            )
        return head

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[io.BufferedIOBase]:
        if self._members is None:
            self._file.seek(0)
            yield self._file
        else:
            info = self._infos[name]
            with reading(self.path, self._expected):
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    # Others give all that a piece expands to at once, however much that is.
                    raise ValueError(f"{_called(name)} is packed in another way than DEFLATE")
                data = self._members.open(info)
            assert isinstance(data, io.BufferedIOBase)  # as it is, whatever the stubs say
            with data:
                yield data


@contextlib.contextmanager
def open_arrays(path: Path, expected: str, at_most: int = LARGEST_ARRAYS) -> Iterator[ArrayFile]:
    """Open an ``.npy`` or ``.npz`` file; `expected` is what messages call it.

    Raises
    ------
    FileFormatError
        If it cannot be read, is a pickle, or of another kind.
    """
    with contextlib.ExitStack() as opened:
        members = None
        with reading(path, expected):
            file = opened.enter_context(path.open("rb"))
            start = file.read(len(_MAGIC))
            if not start.startswith((_MAGIC, *_ZIP_STARTS)):
                raise ValueError("a pickle of Python objects, or no NumPy file at all")
            if start != _MAGIC:
                members = opened.enter_context(zipfile.ZipFile(file))
        yield ArrayFile(path, expected, file, members, at_most)


def _header(data: io.BufferedIOBase) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type, read from where an array begins; its values follow."""
    formats = np.lib.format
    is_first = formats.read_magic(data) == (1, 0)
    read = formats.read_array_header_1_0 if is_first else formats.read_array_header_2_0
    shape, _, dtype = read(data, max_header_size=_LONGEST_HEADER)
    return shape, dtype


def _called(name: str) -> str:
    return one_line(name, _LONGEST_NAME) if name else "its array"
