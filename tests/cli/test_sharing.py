"""`amber embed`, `verify` and `export` as a stranger types them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors import safe_open

from amber_id.attackers import load_checkpoint, save_checkpoint
from amber_id.recordings import RecordingSet, load_recording, save_recording
from amber_id.training import FoldFolder
from fixtures.command_line import Done


def test_what_embed_writes_metrics_reads(
    amber: Callable[..., Done], moments_checkpoint: Path, people: RecordingSet, tmp_path: Path
) -> None:
    out = tmp_path / "vectors.safetensors"
    done = amber("embed", moments_checkpoint.parent, people.root, "--out", out)
    assert done.returncode == 0, done.stderr
    with safe_open(out, framework="numpy") as file:
        header, vectors = json.loads(file.metadata()["amber_id"]), file.get_tensor("vectors")
    assert header["schema"] == "amber-id/embeddings/1"
    assert header["clips"] == [entry.clip for entry in people.entries]
    assert header["subjects"] == [entry.subject for entry in people.entries]
    assert header["recordings_sha256"] == people.content_hash()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    D = vectors.shape[1]
    assert done.stdout.splitlines() == [f"48 clips of 12 people, {D} numbers each, by moments", str(out)]
    known = load_checkpoint(moments_checkpoint)[0]
    seen = len({*known.train_subjects, *known.dev_subjects})
    assert f"note: {seen} of 12 people bear numbers that were trained or chosen on" in done.stderr
    assert "personal data" in done.stderr
    command = [sys.executable, "-m", "amber_id", "metrics", out, "--out", tmp_path, "--replicates", "100"]
    judged = subprocess.run(command, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
    assert judged.stdout.startswith("72 mated and 1056 non-mated comparisons of 12 people")


def test_a_partition_is_what_the_checkpoint_knows(
    amber: Callable[..., Done], moments_checkpoint: Path, people: RecordingSet, tmp_path: Path
) -> None:
    known = load_checkpoint(moments_checkpoint)[0]
    out = tmp_path / "vectors.safetensors"
    done = amber("embed", moments_checkpoint, people.root, "--out", out, "--partition", "test", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    with safe_open(out, framework="numpy") as file:
        subjects = set(json.loads(file.metadata()["amber_id"])["subjects"])
    assert subjects == set(people.subjects) - {*known.train_subjects, *known.dev_subjects}
    assert subjects


def test_clips_that_gave_no_vector_are_named(
    amber: Callable[..., Done], moments_checkpoint: Path, people: RecordingSet, tmp_path: Path
) -> None:
    entry = people.entries[3]
    whole = load_recording(entry.path)
    tracked = np.zeros(len(whole.tracked), dtype=bool)
    tracked[:9] = True
    lost = {
        name: np.where(tracked.reshape(-1, *[1] * (array.ndim - 1)), array, np.float32(np.nan))
        for name in ("landmarks", "blendshapes", "pose")
        if (array := getattr(whole, name)) is not None
    }
    entry.path.unlink()
    save_recording(replace(whole, tracked=tracked, **lost), entry.path)
    done = amber("embed", moments_checkpoint, people.root, "--out", tmp_path / "v.safetensors", "--quiet")
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith(f"{entry.clip}: longest tracked stretch")
    assert done.stdout.startswith("47 clips of 12 people")


def test_verify_says_the_figures_their_limits_and_the_terms(
    amber: Callable[..., Done], moments_checkpoint: Path, people: RecordingSet
) -> None:
    first, second = (entry.path for entry in people.entries[:2])
    done = amber("verify", first, second, "--checkpoint", moments_checkpoint, "--prior", "0.2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    dev = load_checkpoint(moments_checkpoint)[0].dev
    assert re.fullmatch(
        r"no evidence either way: cosine \S+; with these dev people, no cosine is evidence",
        lines[0],
    )
    assert lines[1].startswith("log-likelihood ratio ")
    assert lines[2].startswith("probability of one person 0.")
    assert lines[2].endswith("at a prior of 0.2")
    assert lines[3].startswith(
        f"  limit: wrong in {100 * dev.eer:.1f} % of comparisons of {dev.subjects} dev people"
    )
    assert "do not use it to find out who is behind an avatar" in lines[-1]


def test_bad_input_is_a_line(
    amber: Callable[..., Done], moments_checkpoint: Path, people: RecordingSet, tmp_path: Path
) -> None:
    header, tensors = load_checkpoint(moments_checkpoint)
    mesh, control = tmp_path / "mesh.safetensors", tmp_path / "control.safetensors"
    save_checkpoint(mesh, header.model_copy(update={"point_set": "face_mesh_468"}), tensors)
    save_checkpoint(control, header.model_copy(update={"control": "permuted-labels"}), tensors)
    record = json.loads((moments_checkpoint.parent / "run.json").read_text())
    (tmp_path / "folds").mkdir()
    (tmp_path / "folds" / "run.json").write_text(json.dumps(record | {"folds": 3}))
    first, second = (entry.path for entry in people.entries[:2])
    out = tmp_path / "v.safetensors"
    chosen = FoldFolder(tmp_path / "folds" / "fold0", 0).chosen
    for arguments, code, told in (
        (["embed", tmp_path / "folds", people.root, "--out", out], 2, f"a run of 3 folds, .* e.g. {chosen}"),
        (["embed", mesh, people.root, "--out", out], 1, "points face_landmarker_478, .* on face_mesh_468"),
        (["embed", moments_checkpoint, people.root, "--out", "v.npz"], 2, "--out must be a file, FILE.safet"),
        (["embed", control, people.root, "--out", out, "--partition", "dev"], 2, "mixes clips of all"),
        (["verify", first, second, "--checkpoint", control], 1, "permuted-labels, so it recognises nobody"),
        (["verify", first, second, "--checkpoint", mesh], 1, "points face_landmarker_478, .* face_mesh_468"),
        (
            ["verify", first, second, "--checkpoint", first],
            1,
            "expected amber-id/checkpoint/2, got amber-id/r",
        ),
        (["verify", first, second, "--checkpoint", mesh, "--prior", "1"], 2, "--prior must be between 0 and"),
        (["export", moments_checkpoint, "--onnx", tmp_path / "x.onnx"], 2, "moments has no network to expo"),
        (["export", moments_checkpoint, "--onnx", tmp_path / "x.pb"], 2, "--onnx must be a file, FILE.onnx"),
    ):
        done = amber(*arguments)
        assert done.returncode == code, done.stderr
        assert re.search(told, done.stderr), done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("v.*")) + list(tmp_path.glob("x.*"))
