"""A study that an earlier version wrote is read, or refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from amber_id.errors import FileFormatError
from amber_id.results import StudyResults, read_study_results
from fixtures.study_results import make_study


def as_study_2(results: StudyResults) -> dict[str, Any]:
    """The results as version 2 of the schema had them."""
    data = json.loads(results.model_dump_json(by_alias=True)) | {"schema": "amber-id/study/2"}
    for control in data["controls"]:
        control["words"] = control.pop("evidence")
        del control["condition"], control["figures"]
    for planted in data["sensitivity"].values():
        planted["words"] = planted.pop("evidence")
        planted["smallest_found"] = planted.pop("smallest_recognised")
        for key in ("name", "cell", "condition", "figures", "eer", "recognition"):
            del planted[key]
    for confound in data["confounds"]:
        del confound["cell"], confound["eer"], confound["recognition"]
    for event in data["utility"]["events"]:
        event["found"] = event.pop("matched")
    return data


def test_a_study_of_schema_2_is_read_as_one_of_today(tmp_path: Path):
    results = make_study("OOO", "AAA")[0]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(as_study_2(results)))
    assert read_study_results(path) == results
    # It need not be said which schema it had: what is written next is of today's.
    assert read_study_results(path).schema_ == "amber-id/study/3"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "amber-id/study/1"),
        ("controls", 1),
        ("controls", [1]),
        ("sensitivity", []),
        ("sensitivity", {"AAA": 1}),
        ("sensitivity", {"AAA": {}}),
        ("sensitivity", {"AAA": {"points": []}}),
        ("sensitivity", {"AAA": {"points": [1]}}),
        ("utility", {"events": 1}),
        ("utility", {"events": [1]}),
    ],
)
def test_a_damaged_study_of_schema_2_is_refused_by_what_does_not_fit(tmp_path: Path, key: str, value: object):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(as_study_2(make_study("OOO", "AAA")[0]) | {key: value}))
    with pytest.raises(FileFormatError, match=key):
        read_study_results(path)
