"""The mesh in the model bundle: read whole, symmetric, with open eyes and mouth; other files are refused."""

import zipfile

import numpy as np
import pytest

from amber_id.avatarize.default_head.canonical_face import (
    LOWER_LIP_EDGE,
    OVAL,
    UPPER_LID,
    UPPER_LIP_EDGE,
    read_canonical_face,
)
from amber_id.errors import ModelBundleError
from amber_id.face_mesh import mean_face, mirror_pairs

MEMBER = "geometry_pipeline_metadata_landmarks.binarypb"


def test_vertices_are_the_landmarks(model_bundle):
    face = read_canonical_face(model_bundle)
    tracked = mean_face()[:468] * (1, -1, -1) * face.eye_span
    apart = (face.positions - face.positions.mean(axis=0)) - (tracked - tracked.mean(axis=0))
    assert np.linalg.norm(apart, axis=1).mean() < 0.5, "centimetres between it and the mean of real faces"
    mirrored = face.positions[mirror_pairs()[:468]] * (-1, 1, 1)
    np.testing.assert_allclose(mirrored, face.positions, atol=0.05)
    assert 0 <= face.uvs.min() < face.uvs.max() <= 1
    assert face.uvs[10, 1] < face.uvs[152, 1], "the forehead is above the chin in the picture"


def test_eyes_and_mouth_are_open(model_bundle):
    triangles = read_canonical_face(model_bundle).triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    directed = set(map(tuple, edges.tolist()))
    assert len(directed) == len(edges), "every triangle is turned the same way"
    on_open_edge = {a for a, b in directed if (b, a) not in directed}
    assert on_open_edge >= {*OVAL, *UPPER_LIP_EDGE, *LOWER_LIP_EDGE, *UPPER_LID["Left"], *UPPER_LID["Right"]}
    assert len(on_open_edge) == 36 + 20 + 2 * 16


@pytest.mark.parametrize("content", [None, b"", b"\x0a\x7fcut off", b"\x0b"])
def test_another_file_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "other.task"
    if content is None:
        path.write_bytes(b"not a zip file")
    else:
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr(MEMBER, content)
    with pytest.raises(ModelBundleError, match=r"other\.task: expected a face landmarker bundle") as refused:
        read_canonical_face(path)
    assert "\n" not in str(refused.value)
