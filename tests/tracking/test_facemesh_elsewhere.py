"""Where there is no FaceMesh, one line says what to do; and no folder mixes trackers."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from amber_id.corpora import find_corpus
from amber_id.errors import CorpusError, MissingDependencyError
from amber_id.recordings import load_recording, save_recording
from amber_id.tracking import Landmarker, find_face_mesh, find_model, track_corpus


def test_without_face_mesh_it_says_where_it_is_to_be_had():
    with pytest.raises(
        MissingDependencyError,
        match=r"^mediapipe \S+ has no FaceMesh; .*run `make facemesh`, then `\.venv-facemesh/bin/amber track",
    ):
        find_face_mesh()


def test_a_model_is_not_for_face_mesh(real_clips, tmp_path):
    command = [sys.executable, "-m", "amber_id", "track", real_clips, tmp_path / "out"]
    done = subprocess.run(
        [*command, "--tracker", "facemesh", "--model", "x.task"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "--tracker facemesh has its own: leave it out" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_points_is_refused_before_anything_is_written(
    synthetic_people, real_clips, model_bundle, tmp_path
):
    person = tmp_path / "someone_id777"
    person.mkdir()
    recording = load_recording(min(synthetic_people.glob("*_id*/*.safetensors")))
    older = replace(
        recording,
        landmarks=np.ascontiguousarray(recording.landmarks[:, :468]),
        point_set="face_mesh_468",
        tracker="mediapipe FaceMesh",
    )
    save_recording(older, person / "b.safetensors")
    (person / "a.safetensors").write_bytes(b"cut off")
    with pytest.raises(
        CorpusError,
        match=r"by mediapipe FaceMesh \(face_mesh_468\), this tracker gives face_landmarker_478; write to",
    ):
        track_corpus(find_corpus(real_clips), tmp_path, Landmarker(find_model(model_bundle)), workers=1)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "a.safetensors",
        "b.safetensors",
        person.name,
    ]
