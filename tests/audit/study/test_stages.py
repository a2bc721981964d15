"""A stage is done once, and again where what it depends on has changed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amber_id.audit.study.stages import Stages, hash_of
from amber_id.results import Share

VALUE = {"AAA": Share(value=0.1, low=0.0, high=0.2, level=0.95)}


def test_a_stage_is_done_once_and_comes_back_as_it_was(tmp_path: Path):
    said: list[tuple[str, bool]] = []
    stages = Stages(tmp_path, "one", lambda name, before: said.append((name, before)))
    first = stages.done("shares", dict[str, Share], lambda: VALUE)
    again = stages.done("shares", dict[str, Share], dict)
    assert first == again == VALUE
    assert said == [("shares", False), ("shares", True)]


def test_a_stage_is_done_again_where_something_has_changed(tmp_path: Path):
    Stages(tmp_path, "one", lambda *_: None).done("shares", dict[str, Share], lambda: VALUE)
    assert Stages(tmp_path, "two", lambda *_: None).done("shares", dict[str, Share], dict) == {}


def test_a_hash_depends_on_every_part():
    assert hash_of({"a": 1}, "b") == hash_of({"a": 1}, "b")
    assert len({hash_of({"a": 1}, "b"), hash_of({"a": 2}, "b"), hash_of({"a": 1}, "c")}) == 3


def test_a_stage_that_was_edited_or_damaged_is_done_again_with_a_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    stages = Stages(tmp_path, "one", lambda *_: None)
    stages.done("shares", dict[str, Share], lambda: VALUE)
    path = tmp_path / "shares.json"
    whole = path.read_text()
    for damaged in (
        whole.replace("0.1", "0.3"),
        whole.replace('"value":0.1,', ""),
        whole.replace("0.1", "NaN"),
        whole.replace("stage/2", "stage/1"),
        whole[:-20],
        "[" * 100_000,
        '{"depends_on": ' + "9" * 5_000 + "}",
    ):
        path.write_text(damaged)
        caplog.clear()
        assert stages.done("shares", dict[str, Share], lambda: VALUE) == VALUE
        assert path.read_text() == whole
        assert "shares.json: " in caplog.text
        assert caplog.text.rstrip().endswith("; the stage is computed again")


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), length=st.integers(0, 8))
def test_whatever_a_file_holds_the_result_of_a_stage_is_its_own(
    tmp_path: Path, place: int, byte: int, length: int
):
    stages = Stages(tmp_path, "one", lambda *_: None)
    path = tmp_path / "shares.json"
    path.unlink(missing_ok=True)
    stages.done("shares", dict[str, Share], lambda: VALUE)
    content = path.read_bytes()
    place %= len(content)
    path.write_bytes(content[:place] + bytes([byte]) * length + content[place + 1 :])
    assert stages.done("shares", dict[str, Share], lambda: VALUE) == VALUE
