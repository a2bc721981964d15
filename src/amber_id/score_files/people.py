"""Whose is each clip of a score file?

Conventions
-----------
From the surest source there is: a table beside the file; the file's own columns of subjects; numbered folders
in the names, ``<source>_id<number>/...``, if every clip has one; else clips that a target trial links are one
person, named after the first of them. What a source says is never mended by another.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from amber_id.biometrics.comparisons import Comparisons
from amber_id.errors import EvaluationError
from amber_id.names import case_twin_remarks
from amber_id.score_files.folders import subject_of_folder
from amber_id.score_files.score_file import IdentifiedBy, ScoreFile
from amber_id.score_files.subject_table import SubjectTable, read_subject_table
from amber_id.score_files.trials import Trials, check_pairs

Names = Sequence[str]
_Name = TypeVar("_Name", str, tuple[int, str])


def identify(trials: Trials, table: Path | None = None) -> ScoreFile:
    """Find out whose each clip is, and hold the labels against it.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison.
    FileFormatError
        If a clip is not in the table, a pair stands twice, or a label contradicts the subjects.
    """
    check_sides(trials.path, int(trials.mated.sum()), int((~trials.mated).sum()))
    remarks = (*trials.remarks, *check_pairs(trials))
    sessions_of: Names | None
    if table is not None:
        known = read_subject_table(table, trials.clips, trials.path)
        subject_of, identified_by = known.subjects_of(trials.clips), IdentifiedBy.TABLE
        sessions_of, session_remarks = _sessions(known, trials)
        remarks += session_remarks
    else:
        subject_of, identified_by = _by_file(trials)
        sessions_of = trials.sessions
    subjects, names = _numbered(subject_of)
    _check_labels(trials, subjects, names, identified_by)
    remarks += case_twin_remarks("names of people", names)
    sessions, session_names = None, None
    if sessions_of is not None:
        # Session 1 of one person is not session 1 of the next.
        sessions, pairs = _numbered(list(zip(subjects.tolist(), sessions_of, strict=True)))
        session_names = tuple(name for _, name in pairs)
    comparisons = Comparisons(trials.scores, trials.enrolment, trials.probe, subjects, sessions)
    return ScoreFile.named(
        comparisons,
        trials.clips,
        names,
        identified_by=identified_by,
        sessions=session_names,
        remarks=remarks,
    )


def check_sides(path: Path, n_mated: int, n_nonmated: int) -> None:
    """Refuse scores of one kind alone; raises EvaluationError naming the kind that is missing."""
    if n_mated == 0 or n_nonmated == 0:
        missing = "mated (target)" if n_mated == 0 else "non-mated (nontarget)"
        raise EvaluationError(
            f"{path}: expected both kinds of comparison, got no {missing} one among {n_mated + n_nonmated}; "
            "error rates need both"
        )


def _by_file(trials: Trials) -> tuple[Names, IdentifiedBy]:
    if trials.subjects is not None:
        return trials.subjects, IdentifiedBy.COLUMNS
    folders = [subject_of_folder(clip) for clip in trials.clips]
    subjects = [subject for subject in folders if subject is not None]
    if len(subjects) == len(folders):
        return subjects, IdentifiedBy.FOLDERS
    return _linked(trials), IdentifiedBy.TARGET_TRIALS


def _sessions(table: SubjectTable, trials: Trials) -> tuple[Names | None, tuple[str, ...]]:
    """The session of each clip by a table where it knows all of them, else by the file; and what to say."""
    sessions = [table.sessions[clip] for clip in trials.clips]
    if all(sessions):
        return sessions, ()
    if not any(sessions):
        return trials.sessions, ()
    return trials.sessions, (
        f"Clips without a session in the table of subjects: {sessions.count('')} of {len(sessions)}, so that "
        "its sessions are not used.",
    )


def _linked(trials: Trials) -> list[str]:
    N = len(trials.clips)
    links = trials.enrolment[trials.mated], trials.probe[trials.mated]
    _, part = connected_components(coo_array((np.ones(len(links[0])), links), shape=(N, N)), directed=False)
    # The clips are sorted by name: the first of a part is its first name, whatever the order of the lines.
    _, first = np.unique(part, return_index=True)
    return [trials.clips[clip] for clip in first[part]]


def _numbered(values: Sequence[_Name]) -> tuple[Int64[np.ndarray, " N"], tuple[_Name, ...]]:
    """The values as numbers in their own order, and what each number stands for."""
    names = sorted(set(values))
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[value] for value in values], np.int64), tuple(names)


def _check_labels(
    trials: Trials, subjects: Int64[np.ndarray, " N"], names: Names, identified_by: IdentifiedBy
) -> None:
    one, other = subjects[trials.enrolment], subjects[trials.probe]
    wrong = np.flatnonzero((one == other) != trials.mated)
    if not wrong.size:
        return
    row = int(wrong[0])
    if trials.mated[row]:
        reason = f"are a target trial of two people, {names[one[row]]} and {names[other[row]]}"
    elif identified_by is IdentifiedBy.TARGET_TRIALS:
        reason = "are a nontarget trial, but target trials link them to one person"
    else:
        reason = f"are a nontarget trial of one person, {names[one[row]]}"
    trials.refuse(
        row,
        f"{reason} (known by {identified_by.split(';')[0]}), and {wrong.size - 1} more such: mend the label "
        "or the subjects",
    )
