"""Archives of embeddings are told from archives of scores, and refused by row where unusable."""

import numpy as np
import pytest

from amber_id.errors import FileFormatError
from amber_id.file_formats import write_tensors
from amber_id.score_files import EmbeddingsHeader, holds_embeddings, read_embeddings, write_embeddings

HEADER = EmbeddingsHeader(
    clips=("x_id2/a", "x_id1/a", "x_id2/b"),
    subjects=("id002", "id001", "id002"),
    attacker="moments",
    checkpoint_sha256="ab",
    recordings_sha256="cd",
    amber_id_version="0.1.0",
)


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
    ("vectors", "subjects", "who"),
    [
        ("embeddings", "labels", [2, 1, 2]),
        ("vectors", "subjects", np.array([b"b", b"a", b"b"])),
        ("X", "y", np.array(["b", "a", "b"])),
        ("features", "speakers", np.array(["b", "a", "b"])),
    ],
)
def test_arrays_may_be_called_as_others_do(tmp_path, vectors, subjects, who):
    path = tmp_path / "clips.npz"
    np.savez(path, **{vectors: np.eye(3), subjects: who, "notes": np.array([None], object)})
    assert holds_embeddings(path)
    read = read_embeddings(path)
    np.testing.assert_array_equal(read.subjects, [1, 0, 1])
    assert read.names in (("1", "2"), ("a", "b"))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"vectors": np.eye(3)}, "expected vectors and subjects, got no subjects among vectors; call"),
        (
            {"vectors": np.eye(3), "subjects": np.array(["b", "a", "b"], object)},
            r"subjects holds Python objects, as columns of pandas do, .*subjects=column.to_numpy\(str\)",
        ),
        ({"vectors": np.eye(3), "subjects": np.array([b"\xff", b"a", b"b"])}, "names in UTF-8 in subjects"),
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


def test_names_of_no_characters_are_refused(tmp_path):
    letters = np.array([[97, 0x110000], [98, 99]], np.uint32)
    np.savez(tmp_path / "clips.npz", vectors=np.eye(2), subjects=letters.view("U2")[:, 0])
    with pytest.raises(FileFormatError, match="names in Unicode in subjects, got what is no character"):
        read_embeddings(tmp_path / "clips.npz")


def test_embeddings_of_our_own_come_back(tmp_path):
    path = tmp_path / "clips.safetensors"
    write_embeddings(path, np.eye(3, dtype=np.float32), HEADER)
    assert holds_embeddings(path)
    read = read_embeddings(path)
    np.testing.assert_array_equal(read.vectors, np.eye(3))
    np.testing.assert_array_equal(read.subjects, [1, 0, 1])
    assert read.names == ("id001", "id002")


@pytest.mark.parametrize(
    ("schema", "changes", "arrays", "message"),
    [
        (
            "recording/1",
            {},
            {"vectors": np.eye(3)},
            "expected amber-id/embeddings/1, got amber-id/recording/1",
        ),
        (
            "embeddings/1",
            {"subjects": ["a"], "clips": ["a"]},
            {"vectors": np.eye(3)},
            "each of 3 vectors in subjects, got <U1",
        ),
        ("embeddings/1", {"clips": ["a"]}, {"vectors": np.eye(3)}, "got 1 clips and 3 subjects"),
        ("embeddings/1", {"pose": 1}, {"vectors": np.eye(3)}, "it has no `pose`; it has clips"),
        ("embeddings/1", {}, {"vector": np.eye(3)}, "expected the array vectors, got vector"),
        ("embeddings/1", {}, {"vectors": np.eye(3) * [1, 1, 0]}, "row 3 of vectors: .* got length 0"),
    ],
)
def test_tensor_files_that_are_no_embeddings_are_refused(tmp_path, schema, changes, arrays, message):
    path = tmp_path / "clips.safetensors"
    write_tensors(path, f"amber-id/{schema}", HEADER.model_dump(mode="json") | changes, arrays)
    with pytest.raises(FileFormatError, match=message):
        read_embeddings(path)
