"""What is inside a GLB file, so far as its parts may be trusted?

Conventions
-----------
The structure is parsed by ``pygltflib``, which believes what it reads; so every index, size and offset is
checked here before it is used. Nothing outside the file is ever opened.
All that is unpacked of one file stays below `MOST_BYTES` together, whatever the file says of itself.
"""

import contextlib
import hashlib
import re
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import numpy as np
from jaxtyping import Float32, Int64

from amber_id.errors import AvatarError
from amber_id.extras import from_extra
from amber_id.quoting import one_line
from amber_id.reading import UNREADABLE

MOST_BYTES = 1 << 30

# What an avatar's structure takes is far below; pygltflib needs many times as much memory.
_MOST_JSON_BYTES = 1 << 24
_MOST_JSON_OBJECTS = 200_000
_LONGEST_REASON = 200
_HEADER = struct.Struct("<4sIIII")  # magic, version, length, then the length and kind of the first chunk
_JSON_CHUNK = 0x4E4F534A
_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
# What is read, and what says only how light falls, which is not drawn.
_HARMLESS = re.compile(
    r"KHR_mesh_quantization|KHR_texture_transform|EXT_texture_webp|VRM|VRMC_.*"
    r"|KHR_materials_.*"
)
_PACKED = {"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"}
_KTX = "KHR_texture_basisu"


class Glb:
    """An open GLB: `structure` as ``pygltflib`` has it, and the arrays and bytes that it points to.

    Raises
    ------
    AvatarError
        If it is no GLB, is cut off, or needs something that cannot be read here.
    MissingDependencyError
        If pygltflib is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = MOST_BYTES
        data = self._read()
        self.sha256 = hashlib.sha256(data).hexdigest()
        with self.doubted():
            self.structure = self._parse(data)
            self._binary = self.structure.binary_blob() or b""
            self._check_extensions()
            self._check_all_inside()

    def fault(self, what: str) -> AvatarError:
        """An error that names the file."""
        return AvatarError(f"{self.path}: {what}")

    @contextlib.contextmanager
    def doubted(self) -> Iterator[None]:
        """Say that the file is wrong where the block fails over JSON of another form than glTF's."""
        try:
            yield
        except UNREADABLE as error:
            reason = one_line(str(error).partition("\n")[0], _LONGEST_REASON)
            raise self.fault(f"its structure is not glTF's ({type(error).__name__}: {reason})") from error

    def reserve(self, size: int) -> None:
        """Count bytes that are about to be taken; raises AvatarError when it is too many."""
        self._left -= size
        if self._left < 0:
            raise self.fault(f"takes more than {MOST_BYTES >> 20} MiB when unpacked; is it an avatar?")

    def entry(self, kind: str, index: Any) -> Any:
        """The structure's entry of this kind, e.g. ``accessors``; raises AvatarError where there is none."""
        entries = getattr(self.structure, kind)
        if not is_whole(index) or index >= len(entries):
            raise self.fault(f"refers to number {index!r} of {len(entries)} {kind}")
        return entries[index]

    def floats(self, accessor: Any, width: int) -> Float32[np.ndarray, "N {width}"]:
        """What a number of `accessors` holds, normalised integers as floats; raises AvatarError for NaN."""
        values, normalized = self._array(accessor, width)
        if normalized and values.dtype.kind in "iu":
            values = np.maximum(values / np.float32(np.iinfo(values.dtype).max), -1)
        values = values.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise self.fault(f"number {accessor} of accessors holds values that are not finite")
        return values

    def integers(self, accessor: Any, width: int) -> Int64[np.ndarray, "N {width}"]:
        """What a number of `accessors` holds, which must be unsigned integers."""
        values, _ = self._array(accessor, width)
        if values.dtype.kind != "u":
            raise self.fault(f"number {accessor} of accessors should hold unsigned integers")
        return values.astype(np.int64)

    def view_bytes(self, index: Any) -> memoryview:
        """The bytes of a number of `bufferViews`."""
        view = self.entry("bufferViews", index)
        start, size = view.byteOffset or 0, view.byteLength
        if not is_whole(start) or not is_whole(size) or start + size > len(self._binary):
            raise self.fault(
                f"number {index} of bufferViews lies outside the file's data; is the file cut off?"
            )
        self.entry("buffers", view.buffer)
        return memoryview(self._binary)[start : start + size]

    def _array(self, index: Any, width: int) -> tuple[np.ndarray, bool]:
        accessor = self.entry("accessors", index)
        if accessor.componentType not in _DTYPES or _WIDTHS.get(accessor.type) != width:
            raise self.fault(f"number {index} of accessors is {accessor.type}, {accessor.componentType}")
        dtype = np.dtype(_DTYPES[accessor.componentType])
        if not is_whole(accessor.count):
            raise self.fault(f"number {index} of accessors has {accessor.count!r} elements")
        self.reserve(accessor.count * width * 8)  # as it is read, and as it is handed out
        if accessor.bufferView is None:
            values = np.zeros((accessor.count, width), dtype)
        else:
            values = self._from_view(accessor.bufferView, accessor.byteOffset, accessor.count, width, dtype)
        if accessor.sparse is not None:
            self._put_sparse(values, accessor.sparse)
        return values, bool(accessor.normalized)

    def _from_view(self, view: Any, offset: Any, count: int, width: int, dtype: np.dtype) -> np.ndarray:
        data, element = self.view_bytes(view), width * dtype.itemsize
        stride = self.entry("bufferViews", view).byteStride or element
        offset = offset or 0
        if not is_whole(offset) or not is_whole(stride) or stride < element:
            raise self.fault(f"number {view} of bufferViews has a wrong offset or stride")
        if count and offset + (count - 1) * stride + element > len(data):
            raise self.fault(f"number {view} of bufferViews is too short for {count} elements")
        return np.ndarray((count, width), dtype, data if count else None, offset if count else 0,
                          (stride, dtype.itemsize)).copy()  # fmt: skip

    def _put_sparse(self, values: np.ndarray, sparse: Any) -> None:
        count, dtype = sparse.count, _DTYPES.get(sparse.indices.componentType, "")
        if not is_whole(count) or count > len(values) or dtype[1:2] != "u":
            raise self.fault("has a sparse accessor whose indices are wrong")
        where = self._from_view(
            sparse.indices.bufferView, sparse.indices.byteOffset, count, 1, np.dtype(dtype)
        )[:, 0]
        if count and where.max() >= len(values):
            raise self.fault(f"has a sparse accessor that sets element {where.max()} of {len(values)}")
        view, offset = sparse.values.bufferView, sparse.values.byteOffset
        values[where] = self._from_view(view, offset, count, values.shape[1], values.dtype)

    def _read(self) -> bytes:
        try:
            size = self.path.stat().st_size
            if size > MOST_BYTES:
                raise self.fault(f"has {size:,} bytes, more than an avatar takes")
            return self.path.read_bytes()
        except OSError as error:
            raise self.fault(f"cannot be read ({error.strerror or error})") from error

    def _parse(self, data: bytes) -> Any:
        """Let pygltflib parse what was checked to be a whole GLB."""
        pygltflib = import_pygltflib()
        if self.path.suffix.lower() == ".gltf" or data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise self.fault("is a .gltf with its data in other files; export it as one .glb")
        if len(data) < _HEADER.size or not data.startswith(b"glTF"):
            raise self.fault("is not a GLB file")
        _, version, length, json_length, kind = _HEADER.unpack_from(data)
        if version != 2 or kind != _JSON_CHUNK:
            raise self.fault(f"is GLB version {version}; export it as version 2")
        if length > len(data) or _HEADER.size + json_length > length:
            raise self.fault(f"is cut off: {len(data):,} of {length:,} bytes")
        objects = data.count(b"{", _HEADER.size, _HEADER.size + json_length)
        if json_length > _MOST_JSON_BYTES or objects > _MOST_JSON_OBJECTS:
            raise self.fault(
                f"its structure has {objects:,} objects, {json_length:,} bytes; is it an avatar?"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about chunks and fields of other programs
            return pygltflib.GLTF2.load_from_bytes(data[:length])

    def _check_extensions(self) -> None:
        required = {str(name) for name in self.structure.extensionsRequired or ()}
        if required & _PACKED:
            raise self.fault(f"is packed with {min(required & _PACKED)}; export it without compression")
        if _KTX in required:
            raise self.fault(f"has KTX2 textures ({_KTX}); export it with PNG or JPEG textures")
        unknown = sorted(name for name in required if not _HARMLESS.fullmatch(name))
        if unknown:
            raise self.fault(f"needs the extension {unknown[0]}, which cannot be read; export it without")

    def _check_all_inside(self) -> None:
        for kind in ("buffers", "images"):
            for i, part in enumerate(getattr(self.structure, kind) or ()):
                if part.uri is not None:
                    raise self.fault(f"number {i} of {kind} lies outside the file; export all as one .glb")
        if len(self.structure.buffers or ()) > 1:
            raise self.fault("has more than one buffer; export all as one .glb")


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether it is a whole number that is not negative, as sizes and indices are."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def import_pygltflib() -> ModuleType:
    """The library, where it is installed; raises MissingDependencyError where not."""
    with from_extra("pygltflib", "avatar"):
        import pygltflib
    return pygltflib
