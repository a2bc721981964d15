"""Embeddings instead of scores: one vector per clip, and who each clip shows.

A ``.safetensors`` file is what `amber embed` writes; an ``.npz`` archive with the arrays ``vectors`` (N, D)
and ``subjects`` (N,), or ``embeddings`` and ``labels``, is what any other system can write. All pairs of
clips are then compared by cosine, as many as there are, and no score is ever kept.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped
from pydantic import BaseModel, ConfigDict

from amber_id.errors import FileFormatError
from amber_id.file_formats import LARGE_HEADER, read_tensors, validated, write_tensors
from amber_id.names import composed, note_case_twins
from amber_id.npz_archives import open_arrays
from amber_id.reading import reading
from amber_id.score_files.lines import LARGEST_SCORES
from amber_id.score_files.npz import EXPECTED, head_of

_SCHEMA = "amber-id/embeddings/1"
_SUFFIX = ".safetensors"
_PART = 1 << 20  # numbers
# What an archive may call its arrays, the best first.
_VECTORS = ("vectors", "embeddings", "embedding", "embs", "emb", "features", "xvectors", "X")
_SUBJECTS = (
    *("subjects", "subject", "labels", "label", "speakers", "speaker_ids", "people", "identities", "ids"),
    *("targets", "y"),
)


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One vector of length 1 per clip, and who each clip shows."""

    vectors: Float32[np.ndarray, "N D"]
    subjects: Int64[np.ndarray, " N"]  # a position in `names`
    names: tuple[str, ...]


class EmbeddingsHeader(BaseModel):
    """What a file of our own says about its vectors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: tuple[str, ...]  # one for each vector
    subjects: tuple[str, ...]  # one for each vector
    attacker: str
    checkpoint_sha256: str
    recordings_sha256: str
    amber_id_version: str


def holds_embeddings(path: Path) -> bool:
    """Whether a file is to be read as embeddings: a tensor file of any kind, or an archive with vectors.

    False for anything else, readable or not.
    """
    if path.suffix.lower() == _SUFFIX:
        return True
    if path.suffix.lower() != ".npz":
        return False
    try:
        with open_arrays(path, EXPECTED) as archive:
            names = {Path(name).stem for name in archive.names}
    except FileFormatError:
        return False
    return archive.is_archive and bool(names & {*_VECTORS}) and not names & {"scores", "score"}


def write_embeddings(path: Path, vectors: Float32[np.ndarray, "N D"], header: EmbeddingsHeader) -> None:
    """Write vectors and whose they are, whole or not at all; equal embeddings are equal bytes.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written.
    """
    write_tensors(path, _SCHEMA, header.model_dump(mode="json"), {"vectors": vectors})


def read_embeddings(path: Path) -> Embeddings:
    """Read the vectors and subjects of a file of either kind.

    Raises
    ------
    FileFormatError
        If an array is missing, of another type or length, or a vector is not finite or zero; the message
        names the row, counted from 1.
    """
    read = _read_tensor_file if path.suffix.lower() == _SUFFIX else _read_archive
    vectors, subjects = read(path)
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise FileFormatError(path, f"expected vectors (N, D), got {vectors.dtype} of shape {vectors.shape}")
    if subjects.shape != vectors.shape[:1] or subjects.dtype.kind not in "iuU":
        raise FileFormatError(
            path,
            f"expected a number or name for each of {len(vectors)} vectors in subjects, "
            f"got {subjects.dtype} of shape {subjects.shape}",
        )
    lengths = np.concatenate([_lengths(vectors[part]) for part in _parts(vectors)])
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise FileFormatError(
            path,
            f"row {bad[0] + 1} of vectors: expected a finite vector that is not zero, got length "
            f"{lengths[bad[0]]}, and {bad.size - 1} more such; leave the clip out as a failure to acquire",
        )
    unit = np.empty(vectors.shape, np.float32)
    for part in _parts(vectors):
        unit[part] = vectors[part].astype(np.float64) / lengths[part, None]
    if subjects.dtype.kind == "U":
        subjects = np.array([composed(name) for name in subjects.tolist()])
        note_case_twins(path, "names of people", subjects.tolist())
    names, numbers = np.unique(subjects, return_inverse=True)
    return Embeddings(
        unit,
        numbers.astype(np.int64),
        tuple(str(name) for name in names),
    )


def _parts(vectors: Shaped[np.ndarray, "N D"]) -> Iterator[slice]:
    """Some rows at a time: in double precision all of them are large."""
    step = max(1, _PART // max(vectors.shape[1], 1))
    return (slice(first, first + step) for first in range(0, max(len(vectors), 1), step))


def _lengths(vectors: Shaped[np.ndarray, "n D"]) -> Float64[np.ndarray, " n"]:
    # In double precision: squares of very small or large numbers have no place in less.
    return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=1))


def _read_tensor_file(path: Path) -> tuple[Shaped[np.ndarray, "..."], Shaped[np.ndarray, "..."]]:
    values, tensors = read_tensors(path, _SCHEMA, largest_header=LARGE_HEADER)
    header = validated(EmbeddingsHeader, values, path)
    if set(tensors) != {"vectors"}:
        raise FileFormatError(path, f"expected the array vectors, got {', '.join(sorted(tensors)) or 'none'}")
    if len(header.clips) != len(header.subjects):
        lengths = f"{len(header.clips)} clips and {len(header.subjects)} subjects"
        raise FileFormatError(path, f"expected a clip and a subject for each vector, got {lengths}")
    return tensors["vectors"], np.array(header.subjects, dtype=np.str_)


def _read_archive(path: Path) -> tuple[Shaped[np.ndarray, "..."], Shaped[np.ndarray, "..."]]:
    with open_arrays(path, EXPECTED, LARGEST_SCORES) as archive:
        chosen = [
            next((name for name in names if name in archive.names), None) for names in (_VECTORS, _SUBJECTS)
        ]
        missing = [what for what, name in zip(("vectors", "subjects"), chosen, strict=True) if not name]
        if missing:
            raise FileFormatError(
                path,
                f"expected vectors and subjects, got no {missing[0]} among {', '.join(archive.names)}; "
                "call the rows vectors, and who each of them shows subjects",
            )
        for name in filter(None, chosen):
            head_of(archive, name)
        vectors, subjects = (archive.read(name) for name in filter(None, chosen))
        return vectors, _decoded(path, subjects)


def _decoded(path: Path, subjects: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Names as text, where they are bytes; raises FileFormatError where they are no characters."""
    if subjects.dtype.kind == "S":
        with reading(path, "names in UTF-8 in subjects"):
            return np.char.decode(subjects, "utf-8")
    if subjects.dtype.kind == "U":
        # NumPy reads four bytes a letter and does not look at them; Python has no such letter.
        letters = np.frombuffer(subjects.astype(subjects.dtype.newbyteorder("=")).tobytes(), np.uint32)
        if letters.max(initial=0) > sys.maxunicode:
            reason = "expected names in Unicode in subjects, got what is no character"
            raise FileFormatError(path, reason)
    return subjects
