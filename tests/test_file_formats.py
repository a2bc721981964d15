"""Our tensor files: they come back as they went, equal content is equal bytes, others are refused by name."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict
from safetensors.numpy import save

from amber_id.errors import FileFormatError
from amber_id.file_formats import (
    LARGE_HEADER,
    arrays_hash,
    read_json,
    read_shapes,
    read_tensors,
    validated,
    write_tensors,
)
from amber_id.misfits import first_problem

SCHEMA = "amber-id/thing/1"
HEADER = {"name": "ä thing", "numbers": [1, 2.5], "nested": {"b": None, "a": True}}


def _arrays() -> dict[str, np.ndarray]:
    return {
        "matrix": np.random.default_rng(0).normal(size=(3, 4)),
        "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
        "number": np.array(2.5),
        "empty": np.zeros((0, 3), np.float32),
        "whole": np.array([1, -2], dtype=np.int64),
        "yes": np.array([True, False]),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "thing.safetensors"
    write_tensors(path, SCHEMA, HEADER, _arrays())
    return path


def test_header_and_arrays_come_back(file: Path):
    header, tensors = read_tensors(file, SCHEMA)
    assert header == HEADER
    assert set(tensors) == set(_arrays())
    for name, array in _arrays().items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)
    assert tensors["number"].shape == ()


def test_the_header_alone_brings_no_array(file: Path):
    assert read_tensors(file, SCHEMA, header_only=True) == (HEADER, {})


def test_a_header_of_many_names_is_a_tensor(tmp_path: Path):
    names = [f"source_id{number:06d}/a clip with an ordinary name {number:07d}" for number in range(150_000)]
    header = {"clips": names, "name": "ä thing"}
    assert len(json.dumps(header)) > 8_000_000
    for path in (tmp_path / "one", tmp_path / "other"):
        write_tensors(path, SCHEMA, header, _arrays())
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "other").read_bytes()
    assert int.from_bytes(content[:8], "little") < 2000  # what safetensors reads as its header
    found, tensors = read_tensors(tmp_path / "one", SCHEMA, largest_header=LARGE_HEADER)
    assert found == header
    assert set(tensors) == set(_arrays())
    alone = read_tensors(tmp_path / "one", SCHEMA, header_only=True, largest_header=LARGE_HEADER)
    assert alone == (header, {})
    with pytest.raises(FileFormatError, match="expected amber-id/other/1, got amber-id/thing/1"):
        read_tensors(tmp_path / "one", "amber-id/other/1", largest_header=LARGE_HEADER)
    with pytest.raises(FileFormatError, match="expected a header of at most 1,048,576 bytes, got more"):
        read_tensors(tmp_path / "one", SCHEMA)


def test_a_small_header_is_where_it_always_was_and_says_what_the_arrays_are(tmp_path: Path):
    number = {"number": np.array(2.5)}
    checksum = hashlib.sha256(b'["number", "<f8", []]\n' + np.array(2.5).tobytes()).hexdigest()
    text = json.dumps({"schema": SCHEMA, "arrays_sha256": checksum, **HEADER}, sort_keys=True)
    (tmp_path / "by hand").write_bytes(save(number, metadata={"amber_id": text}))
    write_tensors(tmp_path / "new", SCHEMA, HEADER, number)
    assert (tmp_path / "by hand").read_bytes() == (tmp_path / "new").read_bytes()
    old = json.dumps({"schema": SCHEMA, **HEADER}, sort_keys=True)
    (tmp_path / "old").write_bytes(save(number, metadata={"amber_id": old}))
    for name in ("new", "old"):
        assert read_tensors(tmp_path / name, SCHEMA) == (HEADER, number)


@pytest.mark.parametrize("place", range(1, 8))
def test_one_flipped_bit_of_the_arrays_is_a_damaged_file(file: Path, place: int):
    content = bytearray(file.read_bytes())
    arrays = len(content) - 8 - int.from_bytes(content[:8], "little")
    content[-1 - arrays * place // 8] ^= 1 << place
    file.write_bytes(content)
    assert read_tensors(file, SCHEMA, header_only=True)[0] == HEADER
    with pytest.raises(FileFormatError, match="not those that were written: the file is damaged"):
        read_tensors(file, SCHEMA)


def test_what_is_mapped_is_what_was_written_or_refused(file: Path, tmp_path: Path):
    header, tensors = read_tensors(file, SCHEMA, mapped=("float32", "empty"))
    assert header == HEADER
    assert isinstance(tensors["float32"], np.memmap)
    for name, array in _arrays().items():
        np.testing.assert_array_equal(tensors[name], array)
    for name, message in (("whole", "expected whole of type F32, got I64"), ("none", "an array none, got")):
        with pytest.raises(FileFormatError, match=message):
            read_tensors(file, SCHEMA, mapped=(name,))
    content = file.read_bytes()
    place = content.index(_arrays()["float32"].tobytes())
    file.write_bytes(content[:place] + b"\0\0\xc0\x7f" + content[place + 4 :])
    with pytest.raises(FileFormatError, match="the file is damaged"):
        read_tensors(file, SCHEMA, mapped=("float32",))
    old = save({"x": np.zeros(2, np.float32)}, metadata={"amber_id": json.dumps({"schema": SCHEMA})})
    file.write_bytes(old)
    with pytest.raises(FileFormatError, match="the file is damaged"):
        read_tensors(file, SCHEMA, mapped=("x",))


def test_the_hash_depends_on_names_types_shapes_and_values():
    arrays = [
        {"a": np.zeros(4, np.float32)},
        {"b": np.zeros(4, np.float32)},
        {"a": np.zeros(4, np.int32)},
        {"a": np.zeros((2, 2), np.float32)},
        {"a": np.array([0, 0, 0, 1], np.float32)},
        {"a": np.zeros(2, np.float32), "b": np.zeros(2, np.float32)},
    ]
    assert len({arrays_hash(each) for each in arrays}) == len(arrays)


def test_shapes_are_told_without_reading(file: Path):
    header, shapes = read_shapes(file, SCHEMA)
    assert header == HEADER
    assert shapes == {name: array.shape for name, array in _arrays().items()}


def test_a_long_header_is_refused_before_it_is_read(tmp_path: Path):
    text = json.dumps({"schema": SCHEMA, "more": "x" * 4_000_000})
    (tmp_path / "long").write_bytes(save({"x": np.zeros(2)}, metadata={"amber_id": text}))
    with pytest.raises(FileFormatError, match=r"with a header of at most 3,145,728 bytes, got 4,000,"):
        read_tensors(tmp_path / "long", SCHEMA)
    nearly = json.dumps({"schema": SCHEMA, "more": "x" * 2_000_000})
    (tmp_path / "nearly").write_bytes(save({"x": np.zeros(2)}, metadata={"amber_id": nearly}))
    with pytest.raises(FileFormatError, match="expected a header of at most 1,048,576 bytes, got more"):
        read_tensors(tmp_path / "nearly", SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"schema": ' * 50_000,
        '{"schema": "amber-id/thing/1", "n": ' + "9" * 5_000 + "}",
        '{"schema": ["amber-id/thing/1"]}',
        '{"schema": "' + "x\\n" * 5_000 + '"}',
    ],
    ids=["deep list", "deep object", "5,000 digits", "a list for a schema", "a long schema"],
)
def test_a_header_that_json_chokes_on_is_one_line(tmp_path: Path, text: str):
    path = tmp_path / "x"
    path.write_bytes(save({"x": np.zeros(2)}, metadata={"amber_id": text}))
    with pytest.raises(FileFormatError) as error:
        read_tensors(path, SCHEMA)
    assert len(str(error.value)) < 700
    assert "\n" not in str(error.value)


def test_arrays_in_another_memory_order_come_back(tmp_path: Path):
    arrays = {"turned": np.arange(12.0).reshape(3, 4).T, "every other": np.arange(10)[::2]}
    write_tensors(tmp_path / "f", SCHEMA, {}, arrays)
    _, tensors = read_tensors(tmp_path / "f", SCHEMA)
    for name, array in arrays.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)


def test_equal_content_is_equal_bytes_in_any_order(file: Path, tmp_path: Path):
    again = tmp_path / "again.safetensors"
    header = {"nested": {"a": True, "b": None}, "numbers": [1, 2.5], "name": "ä thing"}
    write_tensors(again, SCHEMA, header, dict(reversed(_arrays().items())))
    assert again.read_bytes() == file.read_bytes()
    changed = _arrays() | {"number": np.array(2.6)}
    write_tensors(again, SCHEMA, header, changed)
    assert again.read_bytes() != file.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_a_cut_off_file_is_refused(file: Path, share: float):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    for header_only in (False, True):
        with pytest.raises(FileFormatError, match=f"expected {SCHEMA}, got a file that is cut off") as error:
            read_tensors(file, SCHEMA, header_only=header_only)
        assert str(error.value).startswith(f"{file}: ")
        assert error.value.path == file
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello, this is a text and no tensor file", "cut off or of another kind"),
        (save({"x": np.zeros(2)}), "got a file with no schema"),
        (save({"x": np.zeros(2)}, metadata={"other": "{}"}), "got a file with no schema"),
        (save({"x": np.zeros(2)}, metadata={"amber_id": "{"}), "expected JSON in its header"),
        (save({"x": np.zeros(2)}, metadata={"amber_id": "[1]"}), "got a file with no schema"),
        (
            save({"x": np.zeros(2)}, metadata={"amber_id": json.dumps({"schema": "amber-id/thing/2"})}),
            "expected amber-id/thing/1, got amber-id/thing/2",
        ),
    ],
)
def test_another_kind_or_schema_is_refused_by_name(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=message) as error:
        read_tensors(path, SCHEMA)
    assert str(error.value).startswith(f"{path}: ")


def test_a_folder_and_nothing_are_refused_by_name(tmp_path: Path):
    with pytest.raises(FileFormatError, match=f"{tmp_path}: expected {SCHEMA}, got a folder"):
        read_tensors(tmp_path, SCHEMA)
    with pytest.raises(FileFormatError, match=f"none.safetensors: expected {SCHEMA}, got nothing"):
        read_tensors(tmp_path / "none.safetensors", SCHEMA)


def test_a_place_that_cannot_be_looked_at_is_refused_by_name(tmp_path: Path):
    path = tmp_path / ("x" * 300)
    for read in (read_tensors, read_shapes):
        with pytest.raises(FileFormatError, match=r"x: cannot be read \(File name too long\)"):
            read(path, SCHEMA)


# models ---------------------------------------------------------------------------------------------


class _Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    size: float
    names: tuple[str, ...] = ()


def test_json_comes_back_as_a_model(tmp_path: Path):
    path = tmp_path / "thing.json"
    path.write_text('{"size": 2, "names": ["a"]}')
    assert read_json(_Thing, path) == _Thing(size=2, names=("a",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"size": 2', "Invalid JSON"),
        ('{"size": NaN}', "its size does not fit"),
        ("{}", "it needs `size`, got none"),
        ('{"size": 1, "names": [1]}', r"its names\.0 does not fit"),
        ('{"size": 1, "more": 1}', "it has no `more`; it has size, names"),
    ],
)
def test_json_that_does_not_fit_is_refused_by_place(tmp_path: Path, text: str, message: str):
    path = tmp_path / "thing.json"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=message) as error:
        read_json(_Thing, path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_missing_json_is_refused(tmp_path: Path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_json(_Thing, tmp_path / "none.json")


def test_values_are_validated_with_the_path(tmp_path: Path):
    assert validated(_Thing, {"size": 1.5}, tmp_path).size == 1.5
    with pytest.raises(FileFormatError, match=f"{tmp_path}: its size does not fit"):
        validated(_Thing, {"size": "large"}, tmp_path)


def test_only_the_first_problem_is_told():
    with pytest.raises(ValueError) as error:
        _Thing.model_validate({"size": "x", "names": [1, 2]})
    assert first_problem(error.value).count("does not fit") == 1
