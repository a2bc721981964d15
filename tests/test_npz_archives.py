"""NumPy's files are read as far as asked for, never unpickled, and refused before they fill the memory."""

import contextlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.errors import FileFormatError
from amber_id.npz_archives import ONLY, open_arrays
from amber_id.recordings import read_landmark_file, read_thesis_meta


def header_of(shape: object, dtype: str = "<f8") -> bytes:
    """The header of an array that says what it likes."""
    said = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def test_arrays_come_back_one_by_one(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.arange(6.0).reshape(2, 3).T, b=np.array(["x", "yy"]))
    with open_arrays(tmp_path / "x.npz", "arrays") as file:
        assert file.names == ("a", "b")
        assert file.head("a") == ((3, 2), np.dtype("f8"), 48)
        np.testing.assert_array_equal(file.read("a"), np.arange(6.0).reshape(2, 3).T)
        assert file.read("b").tolist() == ["x", "yy"]
    np.save(tmp_path / "x.npy", np.arange(3))
    with open_arrays(tmp_path / "x.npy", "arrays") as file:
        assert (file.names, file.read(ONLY).tolist()) == ((ONLY,), [0, 1, 2])


def test_what_unpacks_to_more_than_the_limit_is_not_unpacked(tmp_path: Path) -> None:
    one = header_of((1000,)) + bytes(8000)
    zipped(tmp_path / "x.npz", a=one, b=one)
    with open_arrays(tmp_path / "x.npz", "arrays", at_most=15_000) as file:
        assert not file.read("a").any()
        with pytest.raises(FileFormatError, match="arrays of at most 15,000 bytes together, got more"):
            file.read("b")


@pytest.mark.parametrize(
    "data",
    [
        header_of((10**15,)),
        header_of((10**30, 10**30)),
        header_of((-1,)),
        header_of((10**15,), "<U0"),
        header_of((2, "a")),
        header_of(5),
        header_of((2,), "<f99"),
        header_of((2,), "no type"),
        header_of((3,)) + bytes(16),
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x09\x00\x10\x00{",
        b"\x93NUMPY\x01\x00\x06\x00(1.._)",
        b"\x93NUMPY\x01\x00\x10\x00" + b"-" * 16,
        b"\x93NUMPY\x02\x00\x00\xff\x00\x00" + b"(" * 65_280,
        b"",
        b"some text",
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_headers_that_promise_what_is_not_there_are_refused(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    if suffix == ".npy":
        path.write_bytes(data)
    else:
        zipped(path, landmarks=data)
    with pytest.raises(FileFormatError, match=r"expected NumPy's .npy or .npz, got") as caught:
        read_landmark_file(path)
    assert "\n" not in str(caught.value)


def test_six_megabytes_do_not_take_gigabytes(tmp_path: Path) -> None:
    frames = (3 << 30) // (478 * 3 * 8)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("landmarks.npy", header_of((frames, 478, 3)))
    # What the directory says of its size is all that is looked at: the zeros need not be there.
    data = bytearray((tmp_path / "x.npz").read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", (3 << 30) + 4096)
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(
        FileFormatError, match="expected at most 187,193 frames, got 280,790; divide the clip"
    ):
        read_landmark_file(tmp_path / "x.npz")


def test_members_that_may_expand_to_anything_at_once_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("landmarks.npy", header_of((3, 468, 2)) + bytes(3 * 468 * 2 * 8))
    with pytest.raises(FileFormatError, match="landmarks is packed in another way than DEFLATE"):
        read_landmark_file(tmp_path / "x.npz")


def test_arrays_beside_the_landmarks_are_not_read(tmp_path: Path) -> None:
    landmarks = np.zeros((2, 468, 2), np.float32)
    np.savez(tmp_path / "x.npz", landmarks=landmarks, names=np.array([None], object), fps=25)
    assert read_landmark_file(tmp_path / "x.npz").stated.fps == 25


def archive_of_landmarks() -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, landmarks=np.zeros((3, 468, 2)), fps=25.0, width=640, height=480)
    return held.getvalue()


def meta_of_the_thesis() -> bytes:
    held = io.BytesIO()
    np.savez(held, orig_T=90, fps=25.0, center=np.full(2, 0.5), scale_used=0.2, target_scale=1.0)
    return held.getvalue()


def array_of_landmarks() -> bytes:
    held = io.BytesIO()
    np.save(held, np.zeros((3, 468, 2), np.float32))
    return held.getvalue()


@pytest.mark.parametrize(
    ("whole", "read"),
    [
        (archive_of_landmarks, read_landmark_file),
        (array_of_landmarks, read_landmark_file),
        (meta_of_the_thesis, read_thesis_meta),
    ],
)
def test_damaged_files_are_read_or_refused(
    whole: Callable[[], bytes], read: Callable[[Path], object], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    path, data = tmp_path / "x.npz", whole()
    # Where a format has its fields: at the ends of an archive, and at the start of an array.
    places = np.r_[0:200, max(200, len(data) - 700) : len(data)]
    for _ in range(600):
        damaged = bytearray(data)
        for at in rng.choice(places[places < len(data)], rng.integers(1, 4)):
            damaged[at] = rng.integers(256)
        if rng.random() < 0.2:
            damaged = damaged[: rng.integers(len(damaged))]
        path.write_bytes(damaged)
        with contextlib.suppress(FileFormatError):
            read(path)
