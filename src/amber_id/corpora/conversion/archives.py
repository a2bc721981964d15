"""Which files are in a zip archive, and how one is taken out without harm?

Conventions
-----------
A member is never written where its own name says: the converter names the place. So no name can lead
outside; those that try are listed all the same. An archive is trusted for nothing: sizes are compared with
what comes out, and a member that expands more than any video would is not unpacked.
"""

import stat
import zipfile
import zlib
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from amber_id.errors import ClipError

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
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ClipError(archive.name, str(error)) from error
    return [
        member
        for member in members
        if not member.is_dir()
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
    if member.file_size > _LARGEST_EXPANSION * max(member.compress_size, 1):
        return "expands to more than it can: no video packs so well", f"{member.file_size:,} bytes"
    return None


def read_start(archive: Path, member: zipfile.ZipInfo, length: int) -> bytes:
    """The first bytes of a member; raises ClipError if they cannot be read."""
    try:
        with zipfile.ZipFile(archive) as file, file.open(member) as data:
            return data.read(length)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ClipError(member.filename, str(error)) from error


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
    try:
        with file.open(member) as data:
            while chunk := _read(data.read, member):
                written += len(chunk)
                if written > member.file_size:
                    break
                out.write(chunk)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ClipError(member.filename, str(error)) from error
    if written != member.file_size:
        raise ClipError(member.filename, f"expected {member.file_size:,} bytes, got {written:,}")


def modified_at(member: zipfile.ZipInfo) -> float:
    """The time of a member in seconds, in the local time zone; 0 where it has none that exists."""
    try:
        return datetime(*member.date_time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def has_content(path: Path, member: zipfile.ZipInfo) -> bool:
    """Whether a file of the same size has the member's check sum; raises OSError if it cannot be read."""
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum == member.CRC


def _read(read: Callable[[int], bytes], member: zipfile.ZipInfo) -> bytes:
    # Apart from writing, whose errors are another matter.
    try:
        return read(_CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise ClipError(member.filename, str(error)) from error


def _is_hidden(name: str) -> bool:
    # macOS adds a folder of its own to archives.
    return any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/")
    )
