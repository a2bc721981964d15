"""A stage is done once, and again where what it depends on has changed."""

from pathlib import Path

from amber_id.audit.stages import Stages, hash_of
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
