"""The border of every reader: one error that names the file, and never more than is agreed."""

import csv
import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from pydantic import BaseModel

from amber_id.errors import AmberError, FileFormatError, LeakError
from amber_id.quoting import one_line
from amber_id.reading import parsed_json, parsed_toml, read_bytes, read_text, reading


class _Thing(BaseModel):
    size: int


@pytest.mark.parametrize(
    "parse",
    [
        lambda: json.loads("[" * 100_000),
        lambda: json.loads("1" * 5_000),
        lambda: json.loads("{"),
        lambda: tomllib.loads("a = " + "[" * 10_000),
        lambda: b"\xff".decode(),
        lambda: list(csv.reader(["a" * 200_000])),
        lambda: zipfile.ZipFile(Path(__file__)),
        lambda: _Thing.model_validate({"size": "x"}),
        lambda: Path("/nowhere").read_bytes(),
    ],
)
def test_what_parsers_raise_is_one_line_with_the_name_of_the_file(parse):
    with (
        pytest.raises(FileFormatError, match=r"^that\.file: ") as error,
        reading(Path("that.file"), "a thing"),
    ):
        parse()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_errors_of_ours_and_faults_of_ours_pass_as_they_are():
    with pytest.raises(LeakError, match=r"^a leak$"), reading(Path("file"), "a thing"):
        raise LeakError("a leak")
    with pytest.raises(AssertionError), reading(Path("file"), "a thing"):
        raise AssertionError


def test_no_more_is_read_than_a_file_may_hold(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf1234567")
    assert read_text(path, "a thing", at_most=10) == "1234567"
    with pytest.raises(FileFormatError, match="expected a thing of at most 9 bytes, got more"):
        read_bytes(path, "a thing", at_most=9)


def test_deep_and_long_values_are_refused_by_name():
    for text in ("[" * 100_000, "1" * 5_000, '{"a":'):
        with pytest.raises(FileFormatError, match=r"^run\.json: expected JSON"):
            parsed_json(text, Path("run.json"))
        with pytest.raises(FileFormatError, match=r"^a\.toml: expected TOML"):
            parsed_toml("a = " + text, Path("a.toml"))


def test_an_error_is_one_line_whatever_its_names_hold():
    name = "evil\n\x1b[2Jname\u2028" + "x" * 200_000
    line = str(AmberError(f"{name}: expected a clip; rename it"))
    assert line.startswith(r"evil\n\x1b[2Jname\u2028xxx")
    assert line.endswith("expected a clip; rename it")
    assert len(line.splitlines()) == 1
    assert len(line) < 2_100


def test_leaks_keep_one_line_for_each_kind():
    assert str(LeakError("one\ntwo \x1b[0m")) == "one\ntwo \\x1b[0m"


def test_half_a_character_can_be_printed():
    assert one_line("\ud800").encode() == b"\\ud800"
