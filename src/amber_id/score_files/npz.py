"""Score columns in NumPy's ``.npz`` archive, where ``score`` is called ``scores``; never pickle.

An archive may also hold nothing but the scores of the mated and the non-mated comparisons: ``mated`` and
``nonmated``, or as the field calls these, ``genuine`` and ``impostor``.
"""

import io
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from amber_id.errors import FileFormatError, UsageError
from amber_id.npz_archives import ArrayFile, ArrayHead, open_arrays
from amber_id.quoting import one_line, quote
from amber_id.reading import reading
from amber_id.score_files.columns import Columns, columns_of, trials_of
from amber_id.score_files.headings import columns_by_meaning
from amber_id.score_files.lines import LARGEST_SCORES
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.trials import (
    LONGEST_NAME,
    NameColumn,
    NameNumbers,
    Trials,
    check_finite_scores,
    check_length,
    check_size,
)

_LONGEST_SHOWN = 80  # of an array, in a message
EXPECTED = "an .npz archive, no pickle"
_SIDES = {
    "mated": {"mated", "genuine", "target", "targets", "tar", "match", "positive", "pos"},
    "nonmated": {
        *("nonmated", "impostor", "impostors", "imposter", "nontarget", "nontargets", "imp", "non"),
        *("nonmatch", "negative", "neg"),
    },
}


def read_npz(path: Path) -> Trials | ScoreFile:
    """Read the comparisons of an archive, or scores alone where it names no clips.

    Raises
    ------
    FileFormatError
        If it cannot be read or is no archive, or an array is missing or of another type or length.
    """
    columns = Columns(path, score_name="scores")
    with open_arrays(path, EXPECTED, LARGEST_SCORES) as archive:
        _read_into(columns, archive)
    return _unnamed(columns) if columns.numbers.keys() & {"nonmated"} else trials_of(columns)


def npz_of(scores: ScoreFile, path: Path) -> bytes:
    """The content of an archive, the same bytes for the same scores.

    Raises
    ------
    UsageError
        If a name ends in a NUL, which NumPy drops.
    """
    arrays = {"mated": scores.mated_scores, "nonmated": scores.nonmated_scores}
    if scores.comparisons is not None:
        columns = columns_of(path, scores)
        for name, column in columns.names.items():
            ending = [text for text in column.names if text.endswith("\0")]
            if ending:
                raise UsageError(f"{path}: {name} {quote(ending[0])} ends in a NUL, which .npz cannot hold")
        names = {name: np.array(column.names)[column.rows] for name, column in columns.names.items()}
        numbers = columns.numbers
        arrays = {"scores": numbers["score"], "mated": numbers["mated"], **names}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def head_of(archive: ArrayFile, name: str) -> ArrayHead:
    """What the header of an array says; one of Python objects is refused, with what to do instead."""
    head = archive.head(name)
    if head.dtype.hasobject:
        called = one_line(name, _LONGEST_SHOWN)
        raise FileFormatError(
            archive.path,
            f"{called} holds Python objects, as columns of pandas do, and these are never unpickled; save it "
            f"as text or numbers: {called}=column.to_numpy(str); scores .to_numpy(float)",
        )
    return head


def _read_into(columns: Columns, archive: ArrayFile) -> None:
    if not archive.is_archive:
        raise FileFormatError(
            columns.path, f"expected {EXPECTED}, got a file that is cut off or of another kind (one array)"
        )
    sides = _sides(archive.names)
    if "nonmated" in sides:
        more = set(columns_by_meaning(columns.path, {*archive.names} - {*sides.values()}))
        if more or "mated" not in sides:
            raise FileFormatError(
                columns.path,
                "expected scores with their clips, or the arrays mated and nonmated alone, got "
                f"{'nonmated beside clips' if 'mated' in sides else 'no mated'}",
            )
        columns.numbers.update({side: _numbers(archive, name) for side, name in sides.items()})
        return
    columns.headings.update(columns_by_meaning(columns.path, archive.names))
    # One array at a time, and names in parts: NumPy keeps them at four bytes a letter.
    for name, heading in columns.headings.items():
        are_words = head_of(archive, heading).dtype.kind in "US"
        if name != "score" and (name != "label" or are_words):
            columns.names[name] = _names(archive, heading)
        else:
            columns.numbers[name] = _numbers(archive, heading)


def _numbers(archive: ArrayFile, name: str) -> np.ndarray:
    shape = head_of(archive, name).shape
    check_size(archive.path, math.prod(shape), 0)
    return archive.read(name)


def _sides(names: Iterable[str]) -> dict[str, str]:
    """Which arrays hold the scores of each kind of comparison, if any do."""
    sides = {}
    for name in names:
        word = "".join(letter for letter in name.casefold() if letter.isalpha())
        word = word.removesuffix("s").removesuffix("score")
        for side, words in _SIDES.items():
            if word in words or f"{word}s" in words:
                sides[side] = name
    return sides


def _names(archive: ArrayFile, name: str) -> NameColumn:
    shape, dtype, _ = head_of(archive, name)
    called, kind = (one_line(str(each), _LONGEST_SHOWN) for each in (name, dtype))
    if len(shape) != 1 or dtype.kind not in "USiu":
        raise FileFormatError(
            archive.path,
            f"expected a row of names in {called}, got {kind} of shape {shape}",
        )
    check_size(archive.path, shape[0], 0)
    if dtype.itemsize > 4 * LONGEST_NAME:
        raise FileFormatError(
            archive.path, f"expected names of at most {LONGEST_NAME:,} letters in {called}, got {kind}"
        )
    numbers, rows = NameNumbers(), []
    for part in archive.parts(name):
        with reading(archive.path, f"names in Unicode in {called}"):  # no character at all
            words = part.tolist()
        rows.append(numbers.of(words, len(words)))
        check_size(archive.path, 0, len(numbers))
    with reading(archive.path, f"names in Unicode in {called}"):
        names = [text.decode() if isinstance(text, bytes) else str(text) for text in numbers]
        check_length(archive.path, names)
        for text in names:
            text.encode()  # half a surrogate pair, which no other format can hold
    return NameColumn(np.concatenate(rows), names)


def _unnamed(columns: Columns) -> ScoreFile:
    mated, nonmated = (
        _plain_scores(columns.path, name, columns.numbers[name]) for name in ("mated", "nonmated")
    )
    return ScoreFile.unnamed(mated, nonmated)


def _plain_scores(path: Path, name: str, array: np.ndarray) -> Float64[np.ndarray, " P"]:
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise FileFormatError(
            path, f"expected a row of scores in {name}, got {array.dtype} of shape {array.shape}"
        )
    scores = array.astype(np.float64)
    check_finite_scores(path, f"{name}, row", np.arange(1, len(scores) + 1), scores)
    return scores
