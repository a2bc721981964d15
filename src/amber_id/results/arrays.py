"""The small arrays beside the results of an evaluation, from which its figures are drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from amber_id.errors import FileFormatError
from amber_id.file_formats import read_tensors, validated, write_tensors
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
    values, tensors = read_tensors(path, ARRAYS_SCHEMA)
    header = validated(_ArraysHeader, values, path)
    if set(tensors) != set(_ARRAYS):
        raise FileFormatError(path, f"expected the arrays {', '.join(_ARRAYS)}, got {', '.join(tensors)}")
    return EvaluationArrays(**tensors, clips=header.clips, subjects=header.subjects)
