"""What a study says of sessions: a finding where there is one, and unknown, without a figure, where not."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from amber_id.audit.study.lines import of_sessions
from amber_id.audit.study.sessions import session_words
from amber_id.results import read_study_results, write_results
from amber_id.results.sessions import SessionFigures, SessionsResult
from fixtures.study_results import changed, difference, make_sessions, make_study

UNKNOWN = SessionFigures(people=7, compared=None)


def words(**changes: Any) -> str:
    result = SessionsResult.model_validate(make_sessions("AAA").model_dump() | changes)
    return session_words(result, "AAA")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"several": 0, "one": 0, "unknown": 9, "cells": {}},
            "corpus.csv names no sessions of these people.",
        ),
        ({"several": 0, "one": 9, "unknown": 0, "cells": {}}, "9 people have clips of one session."),
        (
            {"several": 0, "one": 9, "unknown": 2, "cells": {}},
            "9 people have clips of one session, of 2 others it is not known.",
        ),
        (
            {"cells": {"AAA": UNKNOWN}},
            "7 people have mated comparisons within a session and across two, 8 are needed.",
        ),
    ],
)
def test_what_is_not_known_has_no_figure(changes: Mapping[str, Any], expected: str) -> None:
    assert words(**changes) == f"Recognition across sessions: unknown. {expected}"


def test_a_difference_is_said_with_those_who_have_no_part() -> None:
    text = words()
    assert text.startswith("People are recognised less in another session than in the same (AAA): EER across")
    assert "difference +0.13 [+0.08, +0.18]; 17 people with both, 3 with one session, 1 of unknown" in text
    assert words(one=0, unknown=0).endswith("17 people with both.")


@pytest.mark.parametrize(("value", "finding"), [(-0.2, "recognised more in"), (0.01, "not shown that")])
def test_the_other_way_and_no_difference_are_said_as_they_are(value: float, finding: str) -> None:
    cell = make_sessions("AAA").cells["AAA"].model_dump()
    cell["compared"]["less"] = difference(value).model_dump()
    assert finding in words(cells={"AAA": cell})


def test_lines_are_printed_of_known_figures_alone() -> None:
    results = changed(make_study("OOO", "AAA")[0], sessions=make_sessions("OOO", "AAA").model_dump())
    lines = list(of_sessions(results))
    assert re.fullmatch(
        r"  OOO  EER across sessions 0.210 \[.*\], within 0.080 \[.*\], \+0.130 \[.*\]", lines[1]
    )
    assert "  OOO, EER by days between two clips: 0 0.100, 1 to 7 0.170, 31 or more 0.230" in lines
    unknown = SessionsResult(
        several=0, one=0, unknown=9, fewest_people=8, cells={}, views={}, words="Unknown."
    )
    assert list(of_sessions(changed(results, sessions=unknown.model_dump()))) == ["  Unknown."]
    assert list(of_sessions(make_study("OOO")[0])) == []


def test_a_study_without_this_part_is_still_read(tmp_path: Any) -> None:
    results = make_study("OOO", "AAA")[0]
    path = tmp_path / "results.json"
    write_results(results, path)
    text = path.read_text("utf-8")
    path.write_text(re.sub(r'\n *"sessions": null,', "", text), "utf-8")
    assert '"sessions"' not in path.read_text("utf-8")
    assert read_study_results(path).sessions is None
