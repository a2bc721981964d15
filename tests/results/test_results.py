"""results.json: it comes back as it went, holds no NaN, and its published schema is that of the code."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from amber_id.errors import FileFormatError
from amber_id.file_formats import write_tensors
from amber_id.results import (
    ARRAYS_SCHEMA,
    ComparisonResults,
    ConditionsResults,
    EvaluationArrays,
    EvaluationResults,
    FrontierResults,
    Metrics,
    Rate,
    ScoreResults,
    StudyResults,
    ThesisStudyResults,
    read_arrays,
    read_results,
    write_arrays,
    write_results,
)

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = DOCS / "results.schema.json"

_RATE = {"value": 0.26, "low": 0.22, "high": 0.3, "level": 0.95, "chance": 0.5}
_NULL = {"null_mean": 0.05, "p_value": 0.01, "permutations": 200}


_ATTACKER = {
    "name": "moments",
    "config": {"components": 128},
    "features": {"view": "all", "regions": ["lips"]},
    "train_subjects": 12,
    "train_clips": 60,
}


def _results() -> EvaluationResults:
    return EvaluationResults.model_validate(
        {
            "schema": "amber-id/evaluation/5",
            "headline": "Motion re-identifies: EER 26 % [22, 30]",
            "control": None,
            "attacker": _ATTACKER,
            "attackers": [
                {
                    **_ATTACKER,
                    "dev_eer": None,
                    "eer": _RATE,
                    "auc": _RATE,
                    "tmr_at_fmr_10_percent": _RATE,
                    "tmr_at_fmr_1_percent": _RATE,
                    "tmr_at_fmr_0_1_percent": None,
                    "chosen": True,
                    "mapped": True,
                }
            ],
            "counts": {
                "subjects": 2,
                "clips": 4,
                "windows": 9,
                "comparisons": {"mated": 2, "nonmated": 4},
                "subjects_of_source": {"talking": 2},
                "failed_clips": 1,
            },
            "metrics": dict.fromkeys(Metrics.model_fields, _RATE) | {"tmr_at_fmr_0_1_percent": None},
            "oracle": {
                "eer": {"value": 0.1, "low": 0.05, "high": 0.2, "level": 0.95, "chance": 0.5},
                "way": 0.75,
                "oracle_sha256": "0" * 64,
            },
            "recognition": {
                "outcome": "recognised",
                "p_value": 0.005,
                "permutations": 200,
                "excluded": None,
                "words": "People are recognised.",
            },
            "disclosure": {
                "linkability": _NULL,
                "zebra_expected": _NULL,
                "zebra_worst_case": 1.2,
                "zebra_category": "B",
                "worst_decile_eer": 0.1,
                "people_with_eer": 2,
            },
            "dev": [{"fold": 0, "subjects": 3, "eer": 1 / 3, "threshold": 0.1 + 0.2, "epoch": 7}],
            "subjects": [
                {
                    "subject": "id001",
                    "source": "talking",
                    "fold": 0,
                    "clips": 1,
                    "mean_mated": None,
                    "mean_nonmated": -0.1,
                    "eer": None,
                }
            ],
            "failures": [{"clip": "talking_id001/ä", "reason": "no face"}],
            "limits": ["Two people are few."],
            "bootstrap": {"replicates": 1000, "redrawn": 0, "level": 0.95, "degrees_of_freedom": 1.0},
            "provenance": {
                "amber_id": "0.1",
                "packages": {"numpy": "2"},
                "python": "3.12",
                "machine": "x86_64",
                "recordings": "recordings",
                "recordings_sha256": "0" * 64,
                "split_sha256": "1" * 64,
                "checkpoints_sha256": ["2" * 64],
                "trackers": ["mediapipe FaceLandmarker 1.2"],
                "train_seed": 0,
                "bootstrap_seed": 0,
                "synthetic": False,
                "test_opening": 1,
            },
            "times": {"finished": "2025-01-01T00:00:00+00:00", "wall_s": 3.5},
        }
    )


def _change(text: str, **changes: object) -> str:
    return json.dumps(json.loads(text) | changes)


def test_results_come_back_to_the_last_digit(tmp_path: Path):
    path = tmp_path / "eval" / "results.json"
    write_results(_results(), path)
    assert read_results(path) == _results()
    content = json.loads(path.read_text("utf-8"))
    assert content["schema"] == "amber-id/evaluation/5"
    assert content["metrics"]["eer"] == _RATE
    assert content["counts"]["comparisons"] == {"mated": 2, "nonmated": 4, "unknown_utterances": None}
    assert content["dev"][0]["threshold"] == 0.1 + 0.2
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("field", Rate.model_fields)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_rate_is_a_number(field: str, value: float | None):
    with pytest.raises(ValidationError, match=field):
        Rate.model_validate(_RATE | {field: value})


def test_nan_in_a_file_is_refused_by_place(tmp_path: Path):
    path = tmp_path / "results.json"
    write_results(_results(), path)
    path.write_text(path.read_text().replace("0.26", "NaN", 1))
    with pytest.raises(FileFormatError, match=r"its metrics\.eer\.value does not fit.*finite"):
        read_results(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "amber-id/evaluation/4"}, "its schema does not fit: .*amber-id/evaluation/5"),
        ({"shema": 1}, "it has no `shema`; do you mean schema?"),
        ({"headline": None}, "its headline does not fit"),
        ({"control": "shuffled"}, "its control does not fit: .*permuted-labels"),
    ],
)
def test_results_of_another_kind_are_refused_by_place(tmp_path: Path, changes: dict, message: str):
    path = tmp_path / "results.json"
    write_results(_results(), path)
    path.write_text(_change(path.read_text(), **changes))
    with pytest.raises(FileFormatError, match=message) as error:
        read_results(path)
    assert str(error.value).startswith(f"{path}: ")


def test_missing_and_cut_off_results_are_refused(tmp_path: Path):
    path = tmp_path / "results.json"
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_results(path)
    write_results(_results(), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(FileFormatError, match="Invalid JSON"):
        read_results(path)


def test_results_cannot_be_changed_by_accident():
    with pytest.raises(ValidationError, match="frozen"):
        _results().metrics.eer.value = 0.5


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("results.schema.json", EvaluationResults),
        ("metrics.schema.json", ScoreResults),
        ("study.schema.json", StudyResults),
        ("comparison.schema.json", ComparisonResults),
        ("conditions.schema.json", ConditionsResults),
        ("frontier.schema.json", FrontierResults),
        ("thesis_study.schema.json", ThesisStudyResults),
    ],
)
def test_the_published_schema_is_that_of_the_code(name: str, model: type[BaseModel]):
    schema = json.dumps(model.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
    assert (DOCS / name).read_text("utf-8") == schema, f"write docs/{name} again"


def test_the_published_schema_names_what_other_programs_rely_on():
    schema = json.loads(PUBLISHED.read_text("utf-8"))
    assert schema["properties"]["schema"]["const"] == "amber-id/evaluation/5"
    definitions = schema["$defs"]
    assert set(definitions["Metrics"]["required"]) >= {"eer", "auc", "accuracy", "balanced_accuracy"}
    assert set(definitions["Rate"]["required"]) >= {"value", "low", "high", "level"}
    assert {"subjects", "clips", "comparisons"} <= set(definitions["Counts"]["required"])
    assert definitions["ComparisonCounts"]["required"] == ["mated", "nonmated"]


def test_attackers_of_whom_none_or_two_are_chosen_are_refused():
    values = _results().model_dump(by_alias=True)
    (attacker,) = values["attackers"]
    for attackers, message in (
        ((), "attackers must have one that is chosen, got 0"),
        ((attacker, attacker), "attackers must have one that is chosen, got 2"),
        (
            (attacker, attacker | {"chosen": False}),
            "attackers must each have a dev_eer where there are several",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            EvaluationResults.model_validate(values | {"attackers": attackers})


# the arrays beside it -------------------------------------------------------------------------------


def _arrays(**changes: object) -> EvaluationArrays:
    rng = np.random.default_rng(0)
    values = {
        "vectors": rng.normal(size=(4, 3)).astype(np.float32),
        "tsne": rng.normal(size=(4, 2)).astype(np.float32),
        "subject": np.array([0, 0, 1, 1]),
        "fold": np.zeros(4, np.int64),
        "scores": rng.normal(size=6),
        "enrolment": np.array([0, 0, 0, 1, 1, 2]),
        "probe": np.array([1, 2, 3, 2, 3, 3]),
        "clips": ("a", "b", "c", "d"),
        "subjects": ("id001", "id002"),
    }
    return EvaluationArrays(**(values | changes))


def test_arrays_come_back_and_equal_ones_are_equal_bytes(tmp_path: Path):
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    write_arrays(_arrays(), one)
    write_arrays(_arrays(), other)
    assert one.read_bytes() == other.read_bytes()
    back = read_arrays(one)
    for name, value in vars(_arrays()).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(back, name), value, strict=True)
        else:
            assert getattr(back, name) == value


@pytest.mark.parametrize(
    ("header", "names", "message"),
    [
        ({"clips": [], "subjects": []}, ("vectors",), "expected the arrays vectors, tsne,.* got vectors"),
        ({"clips": []}, (), "it needs `subjects`"),
        ({"clips": 5, "subjects": []}, (), "its clips does not fit"),
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path: Path, header: dict, names: tuple, message: str):
    path = tmp_path / "arrays.safetensors"
    write_tensors(path, ARRAYS_SCHEMA, header, {name: np.zeros((1, 1)) for name in names})
    with pytest.raises(FileFormatError, match=message) as error:
        read_arrays(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"vectors": np.zeros((3, 3), np.float32)},
            r"expected vectors of shape \(4, 3\), got float32 of",
        ),
        ({"vectors": np.zeros(4, np.float32)}, r"expected vectors of shape \(4, 0\), got float32 of shape"),
        ({"vectors": np.full((4, 3), np.nan)}, "expected finite vectors, got others"),
        ({"tsne": np.zeros((4, 2), np.int64)}, r"expected tsne of shape \(4, 2\), got int64"),
        ({"scores": np.full(6, np.inf)}, "expected finite scores, got others"),
        ({"scores": np.zeros((2, 3))}, r"expected scores of shape \(6,\), got float64 of shape \(2, 3\)"),
        ({"subject": np.array([0, 0, 1, 2])}, "expected subject to point at clips and subjects, got others"),
        ({"subject": np.zeros(4)}, "expected 4 whole numbers in subject, got float64"),
        ({"fold": np.array([0, 0, 0, -1])}, "expected fold to point"),
        ({"enrolment": np.zeros(5, np.int64)}, "expected 6 whole numbers in enrolment"),
        ({"probe": np.array([1, 2, 3, 2, 3, 4])}, "expected probe to point"),
        ({"clips": ("a", "b", "c")}, r"expected vectors of shape \(3, 3\), got"),
    ],
)
def test_arrays_that_are_not_of_their_clips_are_refused(tmp_path: Path, change: dict, message: str):
    path = tmp_path / "arrays.safetensors"
    header = {"clips": ("a", "b", "c", "d"), "subjects": ("id001", "id002")}
    arrays = {name: value for name, value in vars(_arrays()).items() if name not in header}
    for name, value in change.items():
        (header if name in header else arrays)[name] = value
    write_tensors(path, ARRAYS_SCHEMA, header, arrays)
    with pytest.raises(FileFormatError, match=message):
        read_arrays(path)
