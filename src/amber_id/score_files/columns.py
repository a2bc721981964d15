"""Scores as columns, as Parquet and ``.npz`` have them.

Conventions
-----------
The columns are ``enrol``, ``probe``, ``score`` and ``mated`` (true or false) or ``label`` (target or
nontarget); and, if the file knows them, ``enrol_subject`` with ``probe_subject``, ``enrol_session`` with
``probe_session``. Other columns are passed over. Rows are counted from 1.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from amber_id.errors import FileFormatError
from amber_id.score_files.score_file import IdentifiedBy, ScoreFile
from amber_id.score_files.trials import (
    LABELS,
    NameColumn,
    Trials,
    check_finite_scores,
    names_of_clips,
    number_names,
    shown,
)

CLIPS = ("enrol", "probe")
SUBJECTS = ("enrol_subject", "probe_subject")
SESSIONS = ("enrol_session", "probe_session")
NAME_COLUMNS = (*CLIPS, *SUBJECTS, *SESSIONS, "label")
COLUMNS = (*NAME_COLUMNS, "score", "mated")


@dataclass(frozen=True)
class Columns:
    """The columns of one file: those that hold names, and `score` and `mated`."""

    path: Path
    names: dict[str, NameColumn] = field(default_factory=dict)
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    score_name: str = "score"  # as the format calls it


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
    places = np.arange(1, P + 1)
    check_finite_scores(path, "row", places, scores)
    for name, column in columns.names.items():
        _check_no_empty_name(path, name, column)
    enrolment, probe, clips = number_names(*(columns.names[name] for name in CLIPS))
    trials = Trials(path, "row", places, scores, _mated(columns), enrolment, probe, clips)
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
    missing += [] if present & {"mated", "label"} else ["mated"]
    if missing:
        raise FileFormatError(
            columns.path,
            f"expected the columns enrol, probe, {columns.score_name} and mated, got no {', '.join(missing)}",
        )
    if {"mated", "label"} <= present:
        raise FileFormatError(columns.path, "expected the column mated or label, got both; leave one out")
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
                columns.path, f"expected {name} of shape ({P},), one value per comparison, got {shape}"
            )
    return P


def _check_no_empty_name(path: Path, name: str, column: NameColumn) -> None:
    if "" in column.names:
        rows = np.flatnonzero(column.rows == column.names.index(""))
        if rows.size:
            raise FileFormatError(
                path,
                f"row {rows[0] + 1}: expected a name in {name}, got none; fill it in or leave the column out",
            )


def _mated(columns: Columns) -> Bool[np.ndarray, " P"]:
    if "label" not in columns.names:
        mated = columns.numbers["mated"]
        if mated.dtype != bool and not (mated.dtype.kind in "iu" and np.isin(mated, (0, 1)).all()):
            raise FileFormatError(
                columns.path, f"expected true or false in the column mated, got values of type {mated.dtype}"
            )
        return mated.astype(bool)
    label = columns.names["label"]
    known = np.array([name in LABELS for name in label.names], bool)[label.rows]
    if not known.all():
        row = int(np.flatnonzero(~known)[0])
        word = shown(label.names[label.rows[row]])
        raise FileFormatError(
            columns.path, f"row {row + 1}: expected target or nontarget in the column label, got {word}"
        )
    words: Bool[np.ndarray, " n"] = np.array([LABELS.get(name, False) for name in label.names], bool)
    return words[label.rows]


def _names_of_clips(
    trials: Trials, columns: Columns, what: str, sides: tuple[str, str]
) -> tuple[str, ...] | None:
    if sides[0] not in columns.names:
        return None
    return names_of_clips(trials, what, columns.names[sides[0]], columns.names[sides[1]])
