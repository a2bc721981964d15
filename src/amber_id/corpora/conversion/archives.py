"""Which files are in a zip archive, and how one is taken out without harm?

Conventions
-----------
A member is never written where its own name says: the converter names the place. So no name can lead
outside; those that try are listed all the same. An archive is trusted for nothing: sizes are compared with
what comes out, and a member that expands more than any video would is not unpacked.
"""

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from amber_id.errors import ClipError, FileFormatError
from amber_id.reading import reading

# Videos are compressed already: DEFLATE takes a few per cent off, so a hundred times is no video.
_LARGEST_EXPANSION = 100
_CHUNK = 1 << 20


def read_directory(archive: Path, suffixes: Collection[str]) -> list[zipfile.ZipInfo]:
    """The files of an archive with one of the suffixes, hidden ones apart, in its own order.

    Raises
    ------
    ClipError
        If it is no zip file, or a damaged one.
    """
    with _parsing(archive.name), zipfile.ZipFile(archive) as file:
        members = file.infolist()
    return [
        member
        for member in members
        if not member.filename.endswith("/")  # is_dir() fails where there is no name at all
        and PurePosixPath(member.filename).suffix.lower() in suffixes
        and not _is_hidden(member.filename)
    ]


def objection_to(member: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Why a member is not unpacked, and the detail; None if it may be tried."""
    name = member.filename
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        return "its name in the archive leads outside", "expected a plain path without .."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link in an archive, not a file", ""
    if member.flag_bits & 1:
        return "encrypted", "unpack the archive with its password and run again"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Others give all that a piece expands to at once, however much that is.
        return "packed in another way than DEFLATE", "unpack the archive and run again"
    if member.file_size > _LARGEST_EXPANSION * max(member.compress_size, 1):
        return "expands to more than it can: no video packs so well", f"{member.file_size:,} bytes"
    return None


def read_start(archive: Path, member: zipfile.ZipInfo, length: int) -> bytes:
    """The first bytes of a member; raises ClipError if they cannot be read."""
    with _parsing(member.filename), zipfile.ZipFile(archive) as file, file.open(member) as data:
        return data.read(length)


def opened(archive: Path) -> zipfile.ZipFile:
    """An archive whose members are taken out; raises ClipError if it is none any more."""
    with _parsing(archive.name):
        return zipfile.ZipFile(archive)


def extract(file: zipfile.ZipFile, member: zipfile.ZipInfo, out: BinaryIO) -> None:
    """Write a member's bytes to `out`.

    Raises
    ------
    ClipError
        If it is damaged, or has another size than the archive says. What was written is then of no use.
    OSError
        If `out` cannot be written.
    """
    written = 0
    with _parsing(member.filename):
        data = file.open(member)
    with data:
        while True:
            with _parsing(member.filename):  # apart from writing, whose errors are another matter
                chunk = data.read(_CHUNK)
            written += len(chunk)
            if not chunk or written > member.file_size:
                break
            out.write(chunk)
    if written != member.file_size:
        raise ClipError(member.filename, f"expected {member.file_size:,} bytes, got {written:,}")


def modified_at(member: zipfile.ZipInfo) -> float:
    """The time of a member in seconds, in the local time zone; 0 where it has none that exists."""
    try:
        return datetime(*member.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def has_content(path: Path, member: zipfile.ZipInfo) -> bool:
    """Whether a file of the same size has the member's check sum; raises OSError if it cannot be read."""
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum == member.CRC


@contextlib.contextmanager
def _parsing(named: str) -> Iterator[None]:
    """Turn whatever a damaged archive raises in the block into a ClipError of this name."""
    try:
        with reading(Path(named), "a zip archive"):
            yield
    except FileFormatError as error:
        raise ClipError(named, error.reason) from error


def _is_hidden(name: str) -> bool:
    # macOS adds a folder of its own to archives.
    return any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/")
    )
