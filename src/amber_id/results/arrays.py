"""The small arrays beside the results of an evaluation, from which its figures are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from amber_id.errors import FileFormatError
from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.results.figures import Frozen

ARRAYS_SCHEMA = "amber-id/evaluation-arrays/1"
_ARRAYS = ("vectors", "tsne", "subject", "fold", "scores", "enrolment", "probe")


@dataclass(frozen=True)
class EvaluationArrays:
    """Embeddings of the test clips and the scores of their comparisons, all folds pooled.

    `scores` are those of the headline attacker. `vectors` are too, unless it is a fusion, which has none:
    then they are those of the attacker that is marked as mapped. They are L2-normalised; those of different
    folds come from different checkpoints and are never compared. `subject` and `fold` are one number per
    clip; `subject` points into `subjects`. `enrolment` and `probe` are clip numbers. `tsne` is one map per
    fold.
    """

    vectors: Float[np.ndarray, "N D"]
    tsne: Float[np.ndarray, "N 2"]
    subject: Int[np.ndarray, " N"]
    fold: Int[np.ndarray, " N"]
    scores: Float[np.ndarray, " P"]
    enrolment: Int[np.ndarray, " P"]
    probe: Int[np.ndarray, " P"]
    clips: tuple[str, ...]
    subjects: tuple[str, ...]


class _ArraysHeader(Frozen):
    clips: tuple[str, ...]
    subjects: tuple[str, ...]


def write_arrays(arrays: EvaluationArrays, path: Path) -> None:
    """Write `arrays`, whole or not at all; equal arrays give equal bytes."""
    header = {"clips": arrays.clips, "subjects": arrays.subjects}
    write_tensors(path, ARRAYS_SCHEMA, header, {name: getattr(arrays, name) for name in _ARRAYS})


def read_arrays(path: Path) -> EvaluationArrays:
    """Read an ``arrays.safetensors``; raises FileFormatError if it cannot be used."""
    values, tensors = read_tensors(path, ARRAYS_SCHEMA, largest_header=LARGE_HEADER)
    header = validated(_ArraysHeader, values, path)
    if set(tensors) != set(_ARRAYS):
        raise FileFormatError(path, f"expected the arrays {', '.join(_ARRAYS)}, got {', '.join(tensors)}")
    _check(tensors, header, path)
    return EvaluationArrays(**tensors, clips=header.clips, subjects=header.subjects)


def _check(tensors: Mapping[str, np.ndarray], header: _ArraysHeader, path: Path) -> None:
    """Raise FileFormatError where an array is not of the clips and subjects of the header."""
    N, P = len(header.clips), tensors["scores"].size
    D = (*tensors["vectors"].shape, 0)[1]
    shapes = {"vectors": (N, D), "tsne": (N, 2), "scores": (P,)}
    # The numbers that each is below; folds are only ever compared.
    below = {"subject": (N, len(header.subjects)), "fold": (N, None), "enrolment": (P, N), "probe": (P, N)}
    for name, shape in shapes.items():
        array = tensors[name]
        if array.shape != shape or array.dtype.kind != "f":
            raise FileFormatError(path, f"expected {name} of shape {shape}, got {_kind(array)}")
        if not np.isfinite(array).all():
            raise FileFormatError(path, f"expected finite {name}, got others")
    for name, (length, end) in below.items():
        array = tensors[name]
        if array.shape != (length,) or array.dtype.kind not in "iu":
            raise FileFormatError(path, f"expected {length} whole numbers in {name}, got {_kind(array)}")
        if (array < 0).any() or (end is not None and (array >= end).any()):
            raise FileFormatError(path, f"expected {name} to point at clips and subjects, got others")


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"
