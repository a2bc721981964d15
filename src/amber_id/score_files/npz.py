"""Score columns in NumPy's ``.npz`` archive, where ``score`` is called ``scores``; never pickle.

An archive may also hold nothing but the scores of the mated and the non-mated comparisons: ``mated`` and
``nonmated``, or as the field calls these, ``genuine`` and ``impostor``.
"""

import io
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float64

from amber_id.errors import FileFormatError, UsageError
from amber_id.quoting import shown
from amber_id.score_files.columns import Columns, columns_of, trials_of
from amber_id.score_files.headings import columns_by_meaning
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.trials import NameColumn, NameNumbers, Trials, check_finite_scores

BROKEN = (
    # What NumPy and zipfile raise for bytes they cannot make sense of.
    ValueError,
    KeyError,
    EOFError,
    SyntaxError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    TypeError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_SIDES = {
    "mated": {"mated", "genuine", "target", "targets", "tar", "match", "positive", "pos"},
    "nonmated": {
        *("nonmated", "impostor", "impostors", "imposter", "nontarget", "nontargets", "imp", "non"),
        *("nonmatch", "negative", "neg"),
    },
}
_PIECE = 1 << 16  # names at a time: as Python strings they are large


def read_npz(path: Path) -> Trials | ScoreFile:
    """Read the comparisons of an archive, or scores alone where it names no clips.

    Raises
    ------
    FileFormatError
        If it cannot be read or is no archive, or an array is missing or of another type or length.
    """
    columns = Columns(path, score_name="scores")
    try:
        # Opened here: NumPy leaves a broken archive open.
        with path.open("rb") as file:
            _read_into(columns, file)
    except OSError as error:
        raise FileFormatError(path, f"cannot be read ({error.strerror or error})") from error
    except BROKEN as error:
        what = (str(error).splitlines() or ["no reason given"])[0]
        raise FileFormatError(
            path,
            f"expected an .npz archive, no pickle, got a file that is cut off or of another kind ({what})",
        ) from error
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
                raise UsageError(f"{path}: {name} {shown(ending[0])} ends in a NUL, which .npz cannot hold")
        names = {name: np.array(column.names)[column.rows] for name, column in columns.names.items()}
        numbers = columns.numbers
        arrays = {"scores": numbers["score"], "mated": numbers["mated"], **names}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def check_no_objects(path: Path, file: BinaryIO, names: Iterable[str]) -> None:
    """Refuse arrays of Python objects, which NumPy would have to unpickle.

    Raises
    ------
    FileFormatError
        Naming the array, and how to save it instead.
    ValueError
        Or another of `BROKEN`, if it is no archive.
    """
    formats = np.lib.format
    with zipfile.ZipFile(file) as members:
        for name in names:
            with members.open(f"{name}.npy") as member:
                is_first = formats.read_magic(member) == (1, 0)
                read = formats.read_array_header_1_0 if is_first else formats.read_array_header_2_0
                _, _, dtype = read(member)
            if dtype.hasobject:
                raise FileFormatError(
                    path,
                    f"{name} holds Python objects, as columns of pandas do, and these are never unpickled; "
                    f"save it as text or numbers: {name}=column.to_numpy(str); scores .to_numpy(float)",
                )


def _read_into(columns: Columns, file: BinaryIO) -> None:
    archive = np.load(file, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError("one array, no archive")
    sides = _sides(archive.files)
    if "nonmated" in sides:
        more = set(columns_by_meaning(columns.path, {*archive.files} - {*sides.values()}))
        if more or "mated" not in sides:
            raise FileFormatError(
                columns.path,
                "expected scores with their clips, or the arrays mated and nonmated alone, got "
                f"{'nonmated beside clips' if 'mated' in sides else 'no mated'}",
            )
        check_no_objects(columns.path, file, sides.values())
        columns.numbers.update({side: archive[name] for side, name in sides.items()})
        return
    columns.headings.update(columns_by_meaning(columns.path, archive.files))
    check_no_objects(columns.path, file, columns.headings.values())
    # One array at a time: NumPy keeps names at four bytes a letter.
    for name, heading in columns.headings.items():
        array = archive[heading]
        are_words = array.dtype.kind in "US"
        if name != "score" and (name != "label" or are_words):
            columns.names[name] = _names(columns.path, heading, array)
        else:
            columns.numbers[name] = array


def _sides(names: Iterable[str]) -> dict[str, str]:
    """Which arrays hold the scores of each kind of comparison, if any do."""
    found = {}
    for name in names:
        word = "".join(letter for letter in name.casefold() if letter.isalpha())
        word = word.removesuffix("s").removesuffix("score")
        for side, words in _SIDES.items():
            if word in words or f"{word}s" in words:
                found[side] = name
    return found


def _names(path: Path, name: str, array: np.ndarray) -> NameColumn:
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise FileFormatError(
            path, f"expected a row of names in {name}, got {array.dtype} of shape {array.shape}"
        )
    numbers = NameNumbers()
    pieces = [array[start : start + _PIECE] for start in range(0, len(array), _PIECE)]
    try:
        rows = [numbers.of(piece.tolist(), len(piece)) for piece in pieces]
        names = [text.decode() if isinstance(text, bytes) else str(text) for text in numbers]
        "".join(names).encode()
    except (
        ValueError
    ) as error:  # half a surrogate pair, which no other format can hold, or no character at all
        raise FileFormatError(path, f"expected names in Unicode in {name}, got {shown(error)}") from error
    return NameColumn(np.concatenate([np.zeros(0, np.int32), *rows]), names)


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
