"""What does not fit a configuration is a sentence: where, what is allowed, what came, the nearest name."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typer.testing import CliRunner

from amber_id.audit import StudyConfig, ThesisStudyConfig, thesis_study_config
from amber_id.avatarize import AvatarizeConfig
from amber_id.cli import app
from amber_id.errors import UsageError
from amber_id.misfits import first_problem
from amber_id.motion import FeatureConfig
from amber_id.synthetic import SynthConfig
from amber_id.training import TrainConfig

# Words of pydantic's that no person should be shown.
_RAW = ("Input should", "Extra inputs", "Field required", "type=", "function-", "literal[", "Value error")


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    share: float = Field(0.5, gt=0, le=1)
    kind: Literal["lips", "nose"] | Literal["eyes"] = "lips"


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int = Field(1, ge=0)
    name: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    flag: bool = False
    inner: _Inner = _Inner()
    many: tuple[_Inner, ...] = Field((), max_length=2)
    by_name: dict[str, _Inner] = {}
    either: int | Literal["auto"] = 1
    pair: tuple[int, int] = (1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nubmer": 1}, "it has no `nubmer`; do you mean number?"),
        ({"zzz": 1}, "it has no `zzz`; it has number, name, flag, inner, many, by_name, either, pair"),
        ({"inner": {"shares": 1}}, "its inner has no `shares`; do you mean share?"),
        ({"many": [{}, {"kin": 1}]}, "its many.1 has no `kin`; do you mean kind?"),
        ({"by_name": {"x": {"kin": 1}}}, "its by_name.x has no `kin`; do you mean kind?"),
        ({"number": "x"}, "its number does not fit: expected a whole number, got 'x'"),
        ({"number": 1.5}, "its number does not fit: expected a whole number, got 1.5"),
        ({"number": -1}, "its number does not fit: expected 0 or more, got -1"),
        ({"number": [1]}, "its number does not fit: expected a whole number, got a list"),
        ({"flag": "maybe"}, "its flag does not fit: expected true or false, got 'maybe'"),
        ({"name": 3}, "its name does not fit: expected text, got 3"),
        ({"name": "A"}, "its name does not fit: expected text of the form ^[a-z]+$, got 'A'"),
        ({"inner": 3}, "its inner does not fit: expected a table of names and values, got 3"),
        ({"inner": {"share": 0}}, "its inner.share does not fit: expected a number above 0, got 0"),
        ({"inner": {"share": math.nan}}, "its inner.share does not fit: expected a finite number, got nan"),
        (
            {"inner": {"kind": "eye"}},
            "its inner.kind does not fit: expected lips, nose or eyes, got 'eye'; do you mean eyes?",
        ),
        ({"many": [{}] * 3}, "its many does not fit: expected 2 values or fewer, got 3"),
        ({"pair": [1]}, "its pair does not fit: expected 2 values or more, got fewer"),
        ({"either": "x"}, "its either does not fit: expected a whole number or auto, got 'x'"),
        ({"a\nb": 1}, r"it has no `a\nb`; it has number, name, flag, inner, many, by_name, either, pair"),
    ],
)
def test_each_kind_of_misfit_has_a_sentence(values: dict[str, Any], said: str):
    with pytest.raises(ValidationError) as caught:
        _Outer.model_validate(values)
    assert first_problem(caught.value, _Outer) == said


def test_a_name_that_one_of_two_models_knows_is_not_called_unknown():
    def problem(split: dict[str, Any]) -> str:
        with pytest.raises(ValidationError) as caught:
            StudyConfig(split=split)
        return first_problem(caught.value, StudyConfig)

    assert problem({"folds": 3, "protocol": "fivefold"}).startswith(
        "its split.protocol does not fit: expected shares, thesis-sizes, 5-fold, "
    )
    assert problem({"folds": 3, "sed": 1}) == "its split has no `sed`; do you mean seed?"
    assert problem({"folds": 0}) == "its split.folds does not fit: expected 1 or more, got 0"


def _odd_values(usual: Any) -> list[Any]:
    return [None, "odd", -1, math.nan, math.inf, 10**400, [], ["odd"], {}, {"odd": 1}, True, b"x", "\ud800"]


def _changed(values: Any, odd: Any) -> list[Any]:
    """The values with one place changed, for each place."""
    if isinstance(values, dict):
        changed = [{**values, name: new} for name, old in values.items() for new in _changed(old, odd)]
        return [odd, {**values, "odd": odd}, *changed]
    if isinstance(values, list | tuple) and values:
        return [odd, [odd, *values[1:]]]
    return [odd]


@pytest.mark.parametrize(
    ("model", "usual"),
    [
        (TrainConfig, TrainConfig().model_dump(mode="json")),
        (StudyConfig, StudyConfig().model_dump(mode="json")),
        (ThesisStudyConfig, thesis_study_config()),
        (SynthConfig, SynthConfig().model_dump(mode="json")),
        (FeatureConfig, FeatureConfig().model_dump(mode="json")),
        (AvatarizeConfig, AvatarizeConfig().model_dump(mode="json")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_no_configuration_shows_the_words_of_pydantic(model: type[BaseModel], usual: dict[str, Any]):
    refused = 0
    for odd in _odd_values(usual):
        for values in _changed(usual, odd):
            try:
                model.model_validate(values)
            except ValidationError as error:
                refused += 1
                line = first_problem(error, model)
                assert not [raw for raw in _RAW if raw in line], line
                assert len(line.splitlines()) == 1
                assert len(line) < 1500
    assert refused > 50


@pytest.mark.parametrize(
    ("verb", "toml", "said"),
    [
        ("train", "[loop]\nepoch = 3", "loop has no `epoch`; do you mean epochs?"),
        ("train", "loop = 3", "loop: expected a table, [loop], got 3"),
        ("train", "seed = 3", "it has no `seed`, only attacker_config and loop; --seed says it"),
        ("train", "model = 3", "it has no `model`, only attacker_config and loop"),
        ("train", "lop = 3", "it has no `lop`, only attacker_config and loop; do you mean loop?"),
        (
            "train",
            "[attacker_config]\nx = 1",
            "attacker_config of moments: it has no `x`; it has discriminant",
        ),
        ("audit", "[loop]\nepoch = 3", "loop has no `epoch`; do you mean epochs?"),
        ("audit", "split = 3", "split: expected a table, [split], got 3"),
        ("audit", "model = 3", "it has no `model`; it has attackers, "),
        ("audit", '[loop.loss]\nname = "arc"', "loop.loss.name: expected cross_entropy, arcface or supcon"),
        ("thesis", "corrected = 3", "corrected: expected a table of names and values, got 3"),
        (
            "thesis",
            '[corrected]\nviews = ["motoin"]',
            "corrected.views.0: expected all, motion, pose or static",
        ),
        ("thesis", "a = " + "[" * 3000, "expected TOML, got something nested too deeply"),
    ],
)
def test_a_file_is_named_with_the_place_in_it(tmp_path: Path, verb: str, toml: str, said: str):
    file = tmp_path / "told.toml"
    file.write_text(toml)
    verbs = {
        "train": ["train", tmp_path, "--attacker", "moments"],
        "audit": ["audit", "--original", tmp_path],
        "thesis": ["study", "thesis", "--didd", tmp_path, "--tavd", tmp_path],
    }
    done = CliRunner().invoke(
        app, [*map(str, verbs[verb]), "--out", str(tmp_path / "out"), "--config", str(file)]
    )
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["synth", "x", "--habit", "mouth=1"], "--habit: expected eyes, eyebrows, lips or head, got 'mouth'"),
        (
            ["synth", "x", "--fps", "soruce=25,30"],
            "--fps: expected all, source, person or clip, got 'soruce'; do",
        ),
        (["synth", "x", "--shape", "nan"], "--shape: expected a finite number, got nan"),
        (["train", "x", "--out", "y", "--regions", "mouth"], "--regions: expected face_oval, left_eye, "),
        (["train", "x", "--out", "y", "--streams", "joints"], "--streams: expected joint, bone, face, "),
        (
            ["train", "x", "--out", "y", "--device", "gpu"],
            "--device must be auto, cpu, cuda or cuda:N, got gpu",
        ),
        (["train", "x", "--out", "y", "--epochs", "0"], "--epochs: expected 1 or more, got 0"),
        (["audit", "--original", "x", "--out", "y", "--seed", "-1"], "--seed: expected 0 or more, got -1"),
        (["audit", "--original", "x", "--out", "y", "--folds", "1"], "--folds must be 2 or more"),
        (["split", "x", "--folds", "1"], "--folds must be 2 or more, in which everyone is tested once"),
        (["split", "x", "--dev", "nan"], "--dev: expected a number below 1, got nan"),
    ],
)
def test_a_flag_is_named_where_it_does_not_fit(arguments: list[str], said: str):
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--view", "motoin"],
            "'--view': expected all, motion, pose or static, got 'motoin'; do you mean motion?",
        ),
        (["--seed", "x"], "'--seed': expected a whole number, got 'x'"),
    ],
)
def test_typer_does_not_pass_on_the_words_of_pydantic(arguments: list[str], said: str):
    done = CliRunner().invoke(app, ["train", "x", "--out", "y", *arguments])
    assert done.exit_code == 2
    assert done.output.strip().endswith(f"Error: Invalid value for {said}")


def test_the_command_line_goes_before_the_file():
    from amber_id.cli.training_file import training_settings

    file = {"loop": {"epochs": 3, "batch": 8, "loss": {"name": "cross_entropy", "scale": 8.0}}}
    told = training_settings(file, Path("a.toml"), epochs=5, loss="supcon")
    loss = {"name": "supcon", "scale": 8.0}
    assert told["loop"] == {"epochs": 5, "batch": 8, "loss": loss, "clips_per_subject": 4}
    assert training_settings(file, Path("a.toml"), epochs=None, loss=None)["loop"] == file["loop"]
    assert training_settings({}, None, epochs=None, loss=None) == {"attacker_config": {}, "loop": {}}
