"""Does a file end where its container means it to, or in the middle?

Conventions
-----------
Nothing is decoded: boxes, chunks, tags and packets say how long they are, so that the last one fits or does
not. None stands for a container that does not tell.

ISO base media (ISO/IEC 14496-12), Matroska (RFC 9559), AVI (RIFF), FLV 10.1, ASF 1.2, Ogg (RFC 3533),
GIF 89a, MPEG transport and program streams (ISO/IEC 13818-1).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

# So much of the end is searched for the last page or pack, both of which are smaller.
_TAIL = 1 << 17
_EBML_SEGMENT = 0x18538067
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_OGG_ENDS = 4
_PACK, _END_CODE = b"\x00\x00\x01\xba", b"\x00\x00\x01\xb9"
# A transport packet, and what recorders put around it: a time before, or a check after.
_TRANSPORT_PACKETS = (188, 192, 204)
_TRANSPORT_SYNC = 0x47


def is_whole(path: Path, container: str) -> bool | None:
    """Whether a file is there to its end; `container` is FFmpeg's name of its format, or several.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    for name in container.split(","):
        check = _CHECKS.get(name)
        if check is not None:
            with path.open("rb") as file:
                return check(file, os.fstat(file.fileno()).st_size)
    return None


def _boxes_fit(file: BinaryIO, size: int) -> bool | None:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            return True
        if length < 8:
            return None
        at += length
    return at <= size


def _segment_fits(file: BinaryIO, size: int) -> bool | None:
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        id_length, length_length = _vint_length(head[0]), 0
        if 1 <= id_length <= 4 and len(head) > id_length:
            length_length = _vint_length(head[id_length])
        if not 1 <= length_length <= 8:
            return None
        length = int.from_bytes(head[id_length : id_length + length_length], "big")
        unknown = (1 << 7 * length_length) - 1
        length &= unknown
        if length == unknown:
            return None
        at += id_length + length_length + length
        if int.from_bytes(head[:id_length], "big") == _EBML_SEGMENT:
            return at <= size
    return False


def _vint_length(first: int) -> int:
    """How many bytes a number of Matroska's takes, of which this is the first; 9 if it is none."""
    return 9 - first.bit_length()


def _chunks_fit(file: BinaryIO, size: int) -> bool | None:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        if head[:4] != b"RIFF":
            return True if at else None  # something of another kind behind it
        length = int.from_bytes(head[4:], "little")
        if length in (0, 0xFFFFFFFF):  # never filled in
            return None
        at += 8 + length + length % 2
    return at <= size + 1


def _tag_fits(file: BinaryIO, size: int) -> bool | None:
    tail = _tail(file, size, 4)
    before = int.from_bytes(tail, "big")
    if not 11 <= before <= size - 4:
        return False
    file.seek(size - 4 - before)
    return int.from_bytes(file.read(4)[1:], "big") + 11 == before


def _asf_fits(file: BinaryIO, size: int) -> bool | None:
    file.seek(0)
    head = file.read(_TAIL)
    at = head.find(_ASF_FILE)
    if not head.startswith(_ASF_HEADER) or at < 0:
        return None
    stated = int.from_bytes(head[at + 40 : at + 48], "little")
    return size >= stated if stated else None


def _ogg_ends(file: BinaryIO, size: int) -> bool | None:
    tail = _tail(file, size, _TAIL)
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return False
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    fits = at + 27 + tail[at + 26] + sum(lengths) <= len(tail)
    return fits and bool(tail[at + 5] & _OGG_ENDS)


def _gif_ends(file: BinaryIO, size: int) -> bool | None:
    return _tail(file, size, _TAIL).rstrip(b"\x00").endswith(b";")


def _packets_fit(file: BinaryIO, size: int) -> bool | None:
    file.seek(0)
    head = file.read(_TAIL)
    for length in _TRANSPORT_PACKETS:
        for first in range(min(length, len(head) - 3 * length)):
            if all(head[first + k * length] == _TRANSPORT_SYNC for k in range(4)):
                before = 4 if length == 192 else 0  # the time stands before the packet
                return (size - first + before) % length == 0
    return None


def _packs_fit(file: BinaryIO, size: int) -> bool | None:
    tail = _tail(file, size, _TAIL).rstrip(b"\x00\xff")
    if tail.endswith(_END_CODE):
        return True
    tail = _tail(file, size, _TAIL)
    at = tail.rfind(_PACK)
    if at < 0 or len(tail) < at + 14:
        return None if at < 0 else False
    at += 14 + (tail[at + 13] & 7) if tail[at + 4] >> 6 == 1 else 12
    while at + 6 <= len(tail) and tail[at : at + 3] == b"\x00\x00\x01":
        at += 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
    return at <= len(tail)


def _tail(file: BinaryIO, size: int, length: int) -> bytes:
    file.seek(max(0, size - length))
    return file.read()


_CHECKS: Mapping[str, Callable[[BinaryIO, int], bool | None]] = {
    "mov": _boxes_fit,
    "matroska": _segment_fits,
    "avi": _chunks_fit,
    "flv": _tag_fits,
    "asf": _asf_fits,
    "ogg": _ogg_ends,
    "gif": _gif_ends,
    "mpegts": _packets_fit,
    "mpeg": _packs_fit,
}
