"""How a valid file becomes a wrong one: damaged bytes, and contents that fit the format and make no sense.

Every function takes the bytes of a valid file and a random generator, and gives the bytes of another.
"""

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

_DEEP = "\ufdd0"  # stands for JSON that is nested deeply, and long, until all else is text
_LONG = "\ufdd1"
_RAW = {_DEEP: "[" * 50_000 + "]" * 50_000, _LONG: "7" * 5_000}
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3.5, 1e39, -1e308, 10**9, 10**18, float("nan"), float("inf")),
    *("", "x", "../x", "a" * 3_000, "two\nlines", "\x00", "\ud800", "=1+1", "1e999", "nan", _DEEP, _LONG),
    *([], {}, [None], [[]], {"": None}),
)
_CELLS = (
    *("", " ", "0", "-1", "nan", "inf", "1e999", "1_5", "7" * 5_000, "a" * 3_000, "=1+1", '"', '""', "'"),
    *("\x00", "two\nlines", "\r", "#", ",", ";", "\t", "é", "e\u0301", "\u2028", "id001", "../..", "true"),
)
_TYPES = ("F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL", "F8_E4M3", "X")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, lost, doubled, put in or written over, as disks, transfers and editors do."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        size = len(changed)
        at, length = rng.randrange(size + 1), rng.choice((1, 2, 8, 64, 4096))
        match rng.randrange(7):
            case 0 if size:
                changed[rng.randrange(size)] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at:]
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                changed[at:at] = rng.randbytes(min(length, 64))
            case 5:
                changed[at : at + length] = bytes([rng.choice((0, 255))]) * length
            case _:
                changed[at : at + 8] = rng.choice((0, 1, 255, 2**31, 2**63 - 1)).to_bytes(8, "little")
    return bytes(changed)


def changed_json(data: bytes, rng: random.Random) -> bytes:
    """JSON whose values, keys or lists are others."""
    return _as_json(_changed(json.loads(data), rng)).encode("utf-8", "surrogatepass")


def changed_tensors(data: bytes, rng: random.Random) -> bytes:
    """A tensor file with other values, types, shapes or offsets, or another header of ours."""
    size = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + size]), bytearray(data[8 + size :])
    names = [name for name in header if name != "__metadata__"]
    what = rng.randrange(6)
    if what == 0 and names:
        header[rng.choice(names)]["dtype"] = rng.choice(_TYPES)
    elif what == 1 and names:
        entry = header[rng.choice(names)]
        entry["shape"] = _changed(entry["shape"], rng)
    elif what == 2 and names:
        old = rng.choice(names)
        header[rng.choice((f"{old}2", "", "frames"))] = header.pop(old)
    elif what == 3 and body:
        for _ in range(rng.choice((1, 20))):
            at = rng.randrange(0, len(body), 4)
            body[at : at + 4] = struct.pack(
                "<f", rng.choice((float("nan"), float("inf"), 1.7e38, -1e30, 1e9))
            )
    elif "amber_id" in header.get("__metadata__", {}):
        ours = json.loads(header["__metadata__"]["amber_id"])
        header["__metadata__"]["amber_id"] = _as_json(_changed(ours, rng))
    else:
        header["__metadata__"] = _changed({"amber_id": "{}"}, rng)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(body[: len(body)])


def changed_table(data: bytes, rng: random.Random) -> bytes:
    """Lines of cells with others, more or fewer of them."""
    text = data.decode()
    separator = next((mark for mark in ("\t", ",", " = ", " ") if mark in text), ",")
    rows = [line.split(separator) for line in text.split("\n")]
    for _ in range(rng.choice((1, 1, 2, 5))):
        row = rng.choice(rows)
        at = rng.randrange(len(row) + 1)
        match rng.randrange(8):
            case 0 | 1 | 2:
                row[at : at + 1] = [rng.choice(_CELLS)]
            case 3:
                row.insert(at, rng.choice(_CELLS))
            case 4:
                del row[at : at + 1]
            case 5:
                rows.insert(rng.randrange(len(rows) + 1), list(row))
            case 6:
                rows.remove(row)
                rows = rows or [[""]]
            case _:
                rng.shuffle(row)
    return "\n".join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass")


def changed_archive(data: bytes, rng: random.Random) -> bytes:
    """An archive that can be unpacked, and whose members cannot be read or say something else."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        members = old.namelist()
        chosen = rng.choice(members)
        for name in members:
            content = old.read(name)
            if name == chosen:
                match rng.randrange(4):
                    case 0:
                        continue
                    case 1:
                        name = rng.choice(("x.npy", "../x.npy", "x/y", name.upper()))
                    case _:
                        content = changed_array(content, rng)
            new.writestr(name, content)
    return stream.getvalue()


def changed_array(data: bytes, rng: random.Random) -> bytes:
    """A ``.npy`` file whose header or numbers are others."""
    end = data.find(b"\n") + 1
    if not data.startswith(b"\x93NUMPY") or not end:
        return damaged(data, rng)
    header, body = data[10 : end - 1].decode(), data[end:]
    old, new = rng.choice(
        (
            ("'descr': '<", rng.choice(("'descr': '>", "'descr': '|O", "'descr': '<U", "'descr': '<m"))),
            ("(", rng.choice(("(9, ", "(0, ", "(-1, ", "(1000000000000, ", "((", ""))),
            ("False", rng.choice(("True", "None", "0", "[" * 200))),
            ("f8", rng.choice(("f4", "c16", "i8", "V8", "f2", "M8[s]"))),
            ("'shape'", rng.choice(("'form'", "'descr'"))),
        )
    )
    if old not in header or rng.random() < 0.3:
        at = rng.randrange(0, max(len(body), 8), 8)
        body = (
            body[:at]
            + struct.pack("<d", rng.choice((float("nan"), float("inf"), 1e39, -1e300)))
            + body[at + 8 :]
        )
    header = header.replace(old, new, 1)
    return data[:8] + struct.pack("<H", len(header) + 1) + header.encode() + b"\n" + body


def changed_glb(data: bytes, rng: random.Random) -> bytes:
    """A GLB whose JSON says something else, or whose numbers are others."""
    size = struct.unpack("<I", data[12:16])[0]
    text, rest = data[20 : 20 + size], bytearray(data[20 + size :])
    if rng.random() < 0.3:
        for _ in range(rng.choice((1, 30))):
            at = rng.randrange(8, len(rest), 4)
            rest[at : at + 4] = struct.pack("<f", rng.choice((float("nan"), float("inf"), 1e38, -1e12)))
    else:
        text = changed_json(text, rng)
    text += b" " * (-len(text) % 4)
    whole = struct.pack("<II", len(text), 0x4E4F534A) + text + bytes(rest)
    return data[:8] + struct.pack("<I", 12 + len(whole)) + whole


def _as_json(value: Any) -> str:
    text = json.dumps(value)
    for mark, raw in _RAW.items():
        text = text.replace(json.dumps(mark), raw)
    return text


def _changed(value: Any, rng: random.Random) -> Any:
    """The same with one thing in it changed, anywhere."""
    if isinstance(value, dict) and value and rng.random() < 0.93:
        key = rng.choice(list(value))
        kind = rng.random()
        if kind < 0.12:
            return {name: each for name, each in value.items() if name != key}
        if kind < 0.2:
            return {**value, rng.choice(("", f"{key}s", "schema", "x" * 3_000)): rng.choice(_VALUES)}
        return {**value, key: _changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.93:
        at = rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.12:
            return value[:at] + value[at + 1 :]
        if kind < 0.24:
            return [*value, value[at]]
        return [*value[:at], _changed(value[at], rng), *value[at + 1 :]]
    return rng.choice(_VALUES)
