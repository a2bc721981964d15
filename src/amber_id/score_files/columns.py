"""Scores as columns, as Parquet, ``.npz`` and tables of text have them.

Conventions
-----------
The columns are ``enrol``, ``probe``, ``score`` and ``label`` (target or nontarget, true or false, 1 or 0);
and, if the file knows them, ``enrol_subject`` and ``probe_subject``, ``enrol_session`` and ``probe_session``.
:mod:`amber_id.score_files.headings` says what else they may be called; other columns are passed over. Without
labels a comparison is mated where both subjects are one. Rows are counted from 1.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from amber_id.errors import FileFormatError
from amber_id.quoting import quote
from amber_id.score_files.score_file import IdentifiedBy, ScoreFile
from amber_id.score_files.trials import (
    NameColumn,
    Trials,
    check_finite_scores,
    label_of,
    names_of_clips,
    number_names,
)

CLIPS = ("enrol", "probe")
SUBJECTS = ("enrol_subject", "probe_subject")
SESSIONS = ("enrol_session", "probe_session")
NAME_COLUMNS = (*CLIPS, *SUBJECTS, *SESSIONS)
COLUMNS = (*NAME_COLUMNS, "score", "mated")


@dataclass(frozen=True)
class Columns:
    """The columns of one file: those that hold names or words, and those that hold numbers.

    Labels are in `names` where they are words, in `numbers` where they are true or false, 1 or 0.
    """

    path: Path
    names: dict[str, NameColumn] = field(default_factory=dict)
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)  # what the file calls a column
    score_name: str = "score"  # as the format calls it
    place_name: str = "row"
    places: Int[np.ndarray, " P"] | None = None  # of each row; from 1 unless told

    def called(self, name: str) -> str:
        """What the file calls one of our columns."""
        return self.headings.get(name, name)


def trials_of(columns: Columns) -> Trials:
    """The comparisons in some columns.

    Raises
    ------
    FileFormatError
        If a column is missing or of another type or length, or a value does not fit.
    """
    path = columns.path
    _check_present(columns)
    P = _check_lengths(columns)
    scores = columns.numbers["score"]
    if scores.dtype.kind not in "fiu":
        raise FileFormatError(path, f"expected numbers in the column of scores, got {scores.dtype}")
    scores = scores.astype(np.float64)
    places = np.arange(1, P + 1) if columns.places is None else columns.places
    check_finite_scores(path, columns.place_name, places, scores)
    for name in NAME_COLUMNS:
        if name in columns.names:
            _check_no_empty_name(columns, name, places)
    enrolment, probe, clips = number_names(*(columns.names[name] for name in CLIPS))
    trials = Trials(
        path, columns.place_name, places, scores, _mated(columns, places), enrolment, probe, clips
    )
    return replace(
        trials,
        subjects=_names_of_clips(trials, columns, "subject", SUBJECTS),
        sessions=_names_of_clips(trials, columns, "session", SESSIONS),
    )


def columns_of(path: Path, scores: ScoreFile) -> Columns:
    """The columns of a score file that is to be written."""
    comparisons = scores.comparisons
    assert comparisons is not None
    rows = (comparisons.enrolment, comparisons.probe)
    names = {name: NameColumn(clips, list(scores.clips)) for name, clips in zip(CLIPS, rows, strict=True)}
    # People made up from the target trials must not come back as what the file itself knew.
    if scores.identified_by is not IdentifiedBy.TARGET_TRIALS:
        for name, clips in zip(SUBJECTS, rows, strict=True):
            names[name] = NameColumn(comparisons.subjects[clips], list(scores.subjects))
    if comparisons.sessions is not None and scores.sessions is not None:
        for name, clips in zip(SESSIONS, rows, strict=True):
            names[name] = NameColumn(comparisons.sessions[clips], list(scores.sessions))
    return Columns(path, names, {"score": comparisons.scores, "mated": comparisons.mated})


def _check_present(columns: Columns) -> None:
    present = {*columns.names, *columns.numbers}
    missing = [name for name in CLIPS if name not in present]
    missing += [] if "score" in present else [columns.score_name]
    missing += [] if "label" in present or present >= {*SUBJECTS} else ["mated"]
    if missing:
        raise FileFormatError(
            columns.path,
            f"expected the columns enrol, probe, {columns.score_name} and mated (or label), got no "
            f"{', '.join(missing)}; call them so",
        )
    for one, other in (SUBJECTS, SESSIONS):
        if (one in present) != (other in present):
            alone, lacking = (one, other) if one in present else (other, one)
            raise FileFormatError(columns.path, f"expected {one} and {other}, got {alone} without {lacking}")


def _check_lengths(columns: Columns) -> int:
    shapes = {name: column.rows.shape for name, column in columns.names.items()}
    shapes |= {name: numbers.shape for name, numbers in columns.numbers.items()}
    P = len(columns.names["enrol"].rows)
    for name, shape in shapes.items():
        if shape != (P,):
            raise FileFormatError(
                columns.path,
                f"expected {columns.called(name)} of shape ({P},), one value per comparison, got {shape}",
            )
    return P


def _check_no_empty_name(columns: Columns, name: str, places: Int[np.ndarray, " P"]) -> None:
    column = columns.names[name]
    if "" in column.names:
        rows = np.flatnonzero(column.rows == column.names.index(""))
        if rows.size:
            raise FileFormatError(
                columns.path,
                f"{columns.place_name} {places[rows[0]]}: expected a name in {columns.called(name)}, got "
                "none; fill it in or leave the column out",
            )


def _mated(columns: Columns, places: Int[np.ndarray, " P"]) -> Bool[np.ndarray, " P"]:
    heading = columns.called("label")
    if "label" in columns.numbers:
        mated = columns.numbers["label"]
        if mated.dtype != bool and not (mated.dtype.kind in "iu" and np.isin(mated, (0, 1)).all()):
            raise FileFormatError(
                columns.path,
                f"expected true or false in the column {heading}, got values of type {mated.dtype}",
            )
        return mated.astype(bool)
    if "label" not in columns.names:
        one, other, _ = number_names(*(columns.names[name] for name in SUBJECTS))
        return one == other
    label = columns.names["label"]
    labels = [label_of(name) for name in label.names]
    known = np.array([each is not None for each in labels], bool)[label.rows]
    if not known.all():
        row = int(np.flatnonzero(~known)[0])
        word = quote(label.names[label.rows[row]])
        raise FileFormatError(
            columns.path,
            f"{columns.place_name} {places[row]}: expected target or nontarget in the column {heading}, got "
            f"{word}",
        )
    words: Bool[np.ndarray, " n"] = np.array([bool(each) for each in labels], bool)
    return words[label.rows]


def _names_of_clips(
    trials: Trials, columns: Columns, what: str, sides: tuple[str, str]
) -> tuple[str, ...] | None:
    if sides[0] not in columns.names:
        return None
    return names_of_clips(trials, what, columns.names[sides[0]], columns.names[sides[1]])
