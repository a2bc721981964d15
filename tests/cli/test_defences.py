"""`amber defences` on the command line."""

import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import DEFENCES, load_learned
from amber_id.anonymisers.defence import Given
from amber_id.anonymisers.learned_motion import DRAWN, state_size
from amber_id.cli.defences import defences_export
from amber_id.synthetic import SynthConfig, generate
from amber_id.training.defence.export import largest_difference
from fixtures.command_line import Done
from fixtures.learned_defence import HIDDEN, untrained_file, untrained_model


def test_a_defence_is_trained_on_the_split_beside_the_recordings(
    amber: partial[Done], tmp_path: Path
) -> None:
    config = SynthConfig.model_validate({"people": 8, "clips": 2, "duration": "8", "seed": 4})
    generate(config, tmp_path / "people", workers=1)
    originals, out = tmp_path / "people" / "original", tmp_path / "learned.safetensors"
    places = ["train"] * 4 + ["dev"] * 2 + ["test"] * 2
    rows = [f"id00{n},{place},0" for n, place in enumerate(places, 1)]
    (originals / "split.csv").write_text("\n".join(["subject,partition,fold", *rows]) + "\n")
    shutil.rmtree(originals / "synth_id008")  # nobody needs the clips of test people
    done = amber("defences", "train", originals, "--out", out, "--synthetic", 0, "--epochs", 1)
    assert done.returncode == 0, done.stderr
    model = load_learned(out)
    dev = model.header.dev
    assert done.stdout.splitlines() == [
        "trained on 4 people of recordings and 0 synthetic ones; epoch 1 of 1",
        f"2 dev people: EER {dev.eer:.3f} of the strongest attacker ({dev.attacker}), correlation "
        f"{dev.correlation:.3f}, amplitude {dev.amplitude:.2f}",
        str(out),
    ]
    assert "epoch   1/1  dev EER" in done.stderr
    assert [model.knows(name) for name in ("id001", "id005", "id007")] == [True, False, False]
    assert [model.was_chosen_on(name) for name in ("id001", "id005", "id007")] == [False, True, False]


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("onnx")
    defences_export(untrained_file(folder), folder / "learned.onnx")
    return folder / "learned.onnx"


def test_onnx_agrees_with_what_defends_a_file(onnx_file: Path) -> None:
    import onnxruntime

    size = state_size(HIDDEN)
    data = onnx_file.read_bytes()
    assert largest_difference(data, untrained_model()) < 1e-5
    assert largest_difference(data, untrained_model(seed=1)) > 1e-3
    frame = np.random.default_rng(0).uniform(0, 1, (1, 57)).astype(np.float32)
    shapes = {"since_s": 1, "numbers": DRAWN, "strength": 1, "state": size}
    inputs = {name: np.zeros((1, width), np.float32) for name, width in shapes.items()}
    changed, state = onnxruntime.InferenceSession(data).run(None, {"frame": frame} | inputs)
    np.testing.assert_array_equal(changed, frame)  # at strength 0, to the bit
    assert state.shape == (1, size)


def test_the_recipe_of_the_docs_gives_what_a_file_gets(
    onnx_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "defences.md").read_text("utf-8")
    (recipe,) = [each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "onnx" in each]
    shutil.copy(onnx_file, tmp_path / "learned.onnx")
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    tracker = [(rng.uniform(0, 1, 51), rng.normal(0, 0.1, 3), 0.04 * n) for n in range(6)]
    frames: list[np.ndarray] = []
    after_each = "\n    frames.append(np.concatenate([coefficients, rotation]))\n"
    exec(recipe.rstrip() + after_each, {"tracker": tracker, "secret": 3, "frames": frames})
    step = DEFENCES["learned"].live(1.0, Given(np.random.default_rng(3), model=untrained_model()))
    for n, ((coefficients, rotation, _), frame) in enumerate(zip(tracker, frames, strict=True)):
        expected = step(np.concatenate([coefficients, rotation, np.zeros(3)]), 0.04 if n else 0.0)
        np.testing.assert_allclose(frame, expected[:54], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["train", "--out", "x.onnx"], 2, "--out must be a file, FILE.safetensors, got x.onnx"),
        (["train", "--out", "x.safetensors", "--synthetic", "-1"], 2, "--synthetic: expected 0 or more"),
        (["train", "--out", "x.safetensors", "--epochs", "0"], 2, "--epochs: expected 1 or more"),
        (
            ["train", "--out", "x.safetensors", "--synthetic", "3", "--quiet"],
            1,
            "synthetic people: 3 people have clips enough with blendshapes, at least 4 are needed",
        ),
        (["export", "x.safetensors", "--onnx", "x.bin"], 2, "--onnx must be a file, FILE.onnx, got x.bin"),
        (
            ["export", "none.safetensors", "--onnx", "x.onnx"],
            1,
            "none.safetensors: expected amber-id/learned",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    amber: partial[Done],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = amber("defences", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"amber: {reason}"), done.stderr
    assert not list(tmp_path.iterdir())
