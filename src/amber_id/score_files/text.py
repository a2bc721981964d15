"""Scores as text, one comparison a line: ``enrol probe target|nontarget score``.

Conventions
-----------
White space separates, so a name has none. Label and score may change places, or the label come first, the
same way in the whole file. What has a heading or other separators is for :mod:`amber_id.score_files.tables`.
Blank lines and lines that begin with # are passed over. Lines are counted from 1. UTF-8, gzip under ``.gz``.
Millions of lines are usual: a file is read piece by piece, and a line is looked at by itself only to say what
is wrong with it.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int

from amber_id.errors import FileFormatError, UsageError
from amber_id.quoting import quote
from amber_id.reading import LONGEST_LINE, check_line
from amber_id.score_files.lines import BOM, is_number, is_packed, opened
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.trials import (
    LABELS,
    NameColumn,
    NameNumbers,
    Trials,
    check_finite_scores,
    check_length,
    check_size,
    number_names,
)

_PIECE = 1 << 20  # bytes read at a time
_MOST_WAITING = 64  # pieces until a line tells label from score: some million lines
_END = b"\0"  # a word of its own at the end of each line, while lines are split
# In lower case, upper case, and as words begin: a table is quicker than to change each word of a file.
_LABELS = {
    dressed.encode(): mated
    for word, mated in LABELS.items()
    for dressed in (word, word.upper(), word.capitalize(), word.title())
}
_Order: TypeAlias = tuple[int, int, int, int]  # the columns of enrol, probe, label and score
_ORDERS: dict[int, _Order] = {2: (0, 1, 2, 3), 3: (0, 1, 3, 2), 0: (1, 2, 0, 3)}  # by that of the label
_EXPECTED = "expected `enrol probe target|nontarget score`"


@dataclass(frozen=True)
class _Piece:
    """The four columns of some lines, and the number of each line."""

    columns: list[list[bytes]]
    places: Int[np.ndarray, " n"]
    commented: int = 0  # lines that begin with # and look like comparisons


@dataclass
class _Columns:
    """What has been read so far, piece by piece."""

    names: NameNumbers = field(default_factory=NameNumbers)
    enrolment: list[Int[np.ndarray, " n"]] = field(default_factory=list)
    probe: list[Int[np.ndarray, " n"]] = field(default_factory=list)
    scores: list[Float64[np.ndarray, " n"]] = field(default_factory=list)
    mated: list[Bool[np.ndarray, " n"]] = field(default_factory=list)
    places: list[Int[np.ndarray, " n"]] = field(default_factory=list)
    commented: int = 0


def read_text(path: Path) -> Trials:
    """Read the comparisons of a text file.

    Raises
    ------
    FileFormatError
        If it cannot be read, or a line is cut off or does not fit; the message names the line.
    """
    columns = _Columns()
    waiting: list[_Piece] = []  # until a line tells label from score
    order = None
    for piece in _pieces(path):
        waiting.append(piece)
        order = order or _order(path, piece)
        if order is not None:
            for ready in waiting:
                _add(columns, path, ready, order)
            waiting.clear()
        if len(waiting) > _MOST_WAITING:
            break
    if waiting:
        lines = (
            f"the first {waiting[-1].places[-1]:,} lines" if len(waiting) > _MOST_WAITING else "every line"
        )
        raise FileFormatError(
            path,
            f"expected to tell label from score, got 0 or 1 in both columns of {lines}; write the labels "
            "as target and nontarget",
        )
    if order is None:
        raise FileFormatError(path, f"{_EXPECTED} in each line, got no line")
    return _trials(path, columns)


def text_of(scores: ScoreFile, path: Path) -> bytes:
    """The content of a text file, the same bytes for the same scores.

    Raises
    ------
    UsageError
        If a name has white space in it or begins with #.
    """
    comparisons = scores.comparisons
    assert comparisons is not None
    for clip in scores.clips:
        if clip.encode().split() != [clip.encode()] or clip.startswith(("#", "\ufeff")):
            raise UsageError(
                f"{path}: clip {quote(clip)} has white space in its name or begins with #, which text cannot "
                "hold; write .parquet"
            )
    rows = zip(
        comparisons.enrolment.tolist(),
        comparisons.probe.tolist(),
        comparisons.mated.tolist(),
        comparisons.scores.tolist(),
        strict=True,
    )
    text = "".join(
        f"{scores.clips[enrol]} {scores.clips[probe]} {'target' if mated else 'nontarget'} {score!r}\n"
        for enrol, probe, mated, score in rows
    ).encode()
    # No time of writing in the file: equal scores are equal bytes.
    return gzip.compress(text, mtime=0) if is_packed(path) else text


def _pieces(path: Path) -> Iterator[_Piece]:
    first = 1
    with opened(path) as file:
        while data := file.read(_PIECE) + file.readline(LONGEST_LINE + 1):
            if first == 1:
                data = data.removeprefix(BOM)
            if not data.endswith(b"\n"):
                check_line(path, first + data.count(b"\n"), data[data.rfind(b"\n") + 1 :])
                data += b"\n"
            piece = _split(data, first) or _split_line_by_line(path, data, first)
            first += data.count(b"\n")
            if len(piece.places) or piece.commented:
                yield piece


def _split(data: bytes, first: int) -> _Piece | None:
    """The columns if every line has four, with no blank line and no comment; about twice as fast."""
    if b"#" in data or _END in data:
        return None
    words = data.replace(b"\n", b" " + _END + b" ").split()
    count = data.count(b"\n")
    if len(words) != 5 * count or words[4::5] != [_END] * count:
        return None
    return _Piece([words[column::5] for column in range(4)], np.arange(first, first + count, dtype=np.int32))


def _split_line_by_line(path: Path, data: bytes, first: int) -> _Piece:
    rows, places, commented = [], [], 0
    for place, line in enumerate(data.split(b"\n")[:-1], start=first):
        row = line.split()
        if not row or row[0].startswith(b"#"):
            commented += bool(row) and _is_comparison(line.lstrip(b" \t#").split())
            continue
        if len(row) != 4:
            reason = f"{_EXPECTED}, 4 columns, got {len(row)}: {quote(line.strip())}; {_mend(row)}"
            raise FileFormatError(path, f"line {place}: {reason}")
        rows.append(row)
        places.append(place)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return _Piece(columns, np.array(places, np.int32), commented)


def _mend(row: list[bytes]) -> str:
    """What to do with a line of another number of words."""
    if len(row) == 3 and row[0] in _LABELS:
        return "a list of trials has no scores: add the score of each to its line"
    if len(row) == 3 and is_number(row[2]):
        return "there is no label: add target or nontarget to each line"
    return "separate by white space"


def _is_comparison(row: list[bytes]) -> bool:
    return len(row) == 4 and any(
        row[label] in _LABELS and is_number(row[score]) for _, _, label, score in _ORDERS.values()
    )


def _order(path: Path, piece: _Piece) -> _Order | None:
    """Where the columns are, from the first line that tells; None while two columns could be labels."""
    for place, *words in zip(piece.places, *piece.columns, strict=True):
        # A word is a label for sure, 0 and 1 may be scores.
        third, fourth = (word in _LABELS and (1 if word.isdigit() else 2) for word in words[2:])
        if third != fourth or third == 2:  # of two words, the second is reported as no score
            return _ORDERS[2 if third >= fourth else 3]
        if not third:
            if all(word in _LABELS for word in piece.columns[0]) and is_number(words[3]):
                return _ORDERS[0]
            mend = "labels are target and nontarget, genuine and impostor, same and different, 1 and 0"
            if not any(map(is_number, words)):
                mend = "a heading names the columns enrol, probe, label and score"
            raise FileFormatError(
                path,
                f"line {place}: expected target or nontarget in column 3 or 4, got {quote(words[2])} and "
                f"{quote(words[3])}; {mend}",
            )
    return None


def _add(columns: _Columns, path: Path, piece: _Piece, order: _Order) -> None:
    count = len(piece.places)
    enrol, probe, label, score = order
    columns.enrolment.append(columns.names.of(piece.columns[enrol], count))
    columns.probe.append(columns.names.of(piece.columns[probe], count))
    columns.mated.append(_labels(path, piece, label, score))
    columns.scores.append(_scores(path, piece, piece.columns[score]))
    columns.places.append(piece.places)
    columns.commented += piece.commented
    check_size(path, sum(map(len, columns.scores)), len(columns.names))


def _labels(path: Path, piece: _Piece, column: int, score: int) -> Bool[np.ndarray, " n"]:
    labels = piece.columns[column]
    try:
        return np.fromiter(map(_LABELS.__getitem__, labels), bool, len(labels))
    except KeyError:
        at = next(index for index, label in enumerate(labels) if label not in _LABELS)
    reason = f"expected target or nontarget in column {column + 1}, got {quote(labels[at])}"
    if piece.columns[score][at] in _LABELS:
        reason += "; label and score have changed places since the lines before"
    raise FileFormatError(path, f"line {piece.places[at]}: {reason}")


def _scores(path: Path, piece: _Piece, words: list[bytes]) -> Float64[np.ndarray, " n"]:
    try:
        # Python reads 1_5 as 15, which in a file is a slip.
        if b"_" in b"".join(words):
            raise ValueError
        scores = np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        at = next(index for index, word in enumerate(words) if not is_number(word))
        reason = f"line {piece.places[at]}: expected a score, got {quote(words[at])}"
        raise FileFormatError(path, reason) from None
    check_finite_scores(path, "line", piece.places, scores)
    return scores


def _trials(path: Path, columns: _Columns) -> Trials:
    places = _join(columns.places)
    rows = [_join(columns.enrolment), _join(columns.probe)]
    names = _decoded(path, columns.names, rows, places)
    check_length(path, names)
    enrolment, probe, clips = number_names(NameColumn(rows[0], names), NameColumn(rows[1], names))
    return Trials(
        path=path,
        place_name="line",
        places=places,
        scores=_join(columns.scores),
        mated=_join(columns.mated),
        enrolment=enrolment,
        probe=probe,
        clips=clips,
        remarks=_remarks(columns.commented),
    )


def _remarks(commented: int) -> tuple[str, ...]:
    if not commented:
        return ()
    return (
        f"Lines that begin with # and look like comparisons: {commented:,}. They were passed over; take the "
        "# away if they are comparisons, a heading needs none.",
    )


def _join(parts: list[np.ndarray]) -> np.ndarray:
    """All pieces as one array, and the pieces forgotten: a long file need not be held twice."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _decoded(
    path: Path, names: NameNumbers, rows: list[np.ndarray], places: Int[np.ndarray, " P"]
) -> list[str]:
    decoded = []
    for name, number in names.items():
        assert isinstance(name, bytes)
        try:
            decoded.append(name.decode())
        except UnicodeDecodeError:
            row = np.flatnonzero((rows[0] == number) | (rows[1] == number))[0]
            reason = f"line {places[row]}: expected names in UTF-8, got {quote(name)}"
            raise FileFormatError(path, reason) from None
    return decoded
