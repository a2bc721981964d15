"""Archives of embeddings are told from archives of scores, and refused by row where unusable."""

import numpy as np
import pytest

from amber_id.errors import FileFormatError
from amber_id.score_files import holds_embeddings, read_embeddings


def test_embeddings_are_told_from_scores(tmp_path):
    np.savez(tmp_path / "scores.npz", mated=np.ones(2), nonmated=np.zeros(2))
    np.savez(tmp_path / "clips.npz", vectors=np.eye(3), subjects=np.array(["b", "a", "b"]))
    (tmp_path / "text.npz").write_text("no archive")
    whole = (tmp_path / "scores.npz").read_bytes()
    (tmp_path / "broken.npz").write_bytes(whole[:200] + whole[-22:])
    assert not holds_embeddings(tmp_path / "broken.npz")
    assert not holds_embeddings(tmp_path / "scores.npz")
    assert not holds_embeddings(tmp_path / "text.npz")
    assert not holds_embeddings(tmp_path / "missing.npz")
    assert holds_embeddings(tmp_path / "clips.npz")
    read = read_embeddings(tmp_path / "clips.npz")
    np.testing.assert_array_equal(read.vectors, np.eye(3))
    np.testing.assert_array_equal(read.subjects, [1, 0, 1])
    assert read.names == ("a", "b")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"vectors": np.eye(3)}, "expected vectors and subjects, got no subjects"),
        ({"vectors": np.ones(3), "subjects": np.ones(3, int)}, r"expected vectors \(N, D\), got float64 of"),
        ({"vectors": np.eye(3), "subjects": np.ones(2, int)}, "each of 3 vectors in subjects, got int64 of"),
        ({"vectors": np.eye(3) * [1, 1, 0], "subjects": np.arange(3)}, "row 3 of vectors: .* got length 0"),
        ({"vectors": np.full((2, 2), np.nan), "subjects": np.arange(2)}, "row 1 .*, and 1 more such"),
    ],
)
def test_embeddings_that_cannot_be_compared_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "clips.npz", **arrays)
    with pytest.raises(FileFormatError, match=message):
        read_embeddings(tmp_path / "clips.npz")


def test_the_size_of_a_vector_does_not_matter(tmp_path):
    for dtype, size in ((np.float64, 1e-25), (np.float16, 6e4), (np.float32, 1e-30)):
        np.savez(tmp_path / "clips.npz", vectors=np.full((2, 4), size, dtype), subjects=np.arange(2))
        np.testing.assert_allclose(read_embeddings(tmp_path / "clips.npz").vectors, 0.5)
