"""What is switched off where, and that a library's user keeps the environment that he has."""

import os
from contextlib import suppress

import pytest

from amber_id.no_telemetry import SWITCHES, keep_quiet, quiet_environment, quiet_import


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SWITCHES:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)


def test_our_own_process_and_its_children_are_quiet(monkeypatch):
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    keep_quiet()
    assert {name: os.environ[name] for name in SWITCHES} == {**SWITCHES, "ORT_DISABLE_TELEMETRY": "0"}


def test_an_import_is_quiet_and_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    before = dict(os.environ)
    with suppress(ImportError), quiet_import():
        assert {name: os.environ[name] for name in SWITCHES} == {**SWITCHES, "DO_NOT_TRACK": "0"}
        raise ImportError
    assert dict(os.environ) == before


def test_a_program_of_somebody_else_is_quiet_and_has_no_way_out():
    own = {"HOME": "/home/anna", "no_proxy": "*", "https_proxy": "http://proxy", "ORT_DISABLE_TELEMETRY": "0"}
    assert quiet_environment(own) == {
        "HOME": "/home/anna",
        "https_proxy": "none://127.0.0.1:1",
        **SWITCHES,
        "ORT_DISABLE_TELEMETRY": "0",
    }
