"""What does a score file say, once read?

Conventions
-----------
Clips are numbered in the order of their names, subjects in the order of theirs, sessions subject by subject:
nothing hangs on the order of the lines but the order of the comparisons.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float64

from amber_id.biometrics.comparisons import Comparisons


class IdentifiedBy(StrEnum):
    """How it is known whose each clip is, the surest first; the value is a phrase for a report."""

    TABLE = "a table of clips and subjects"
    COLUMNS = "the file's own columns of subjects"
    FOLDERS = "the numbered folders in the clips' names"
    TARGET_TRIALS = "clips linked by target trials; people without a target trial may be counted twice"
    NOBODY = "nobody: scores without clips, so there can be no interval over people"


@dataclass(frozen=True, eq=False)
class ScoreFile:
    """Scores of a verification system, with the clips and people behind them where these are known.

    Make one with :meth:`named` or :meth:`unnamed`.

    Raises
    ------
    ValueError
        If names are missing, empty or used twice.

    Examples
    --------
    >>> comparisons = Comparisons(
    ...     scores=np.array([0.9, 0.2]),
    ...     enrolment=np.array([0, 0]),
    ...     probe=np.array([1, 2]),
    ...     subjects=np.array([0, 0, 1]),
    ... )
    >>> scores = ScoreFile.named(
    ...     comparisons, ("a1", "a2", "b1"), ("ann", "bob"), identified_by=IdentifiedBy.TABLE
    ... )
    >>> scores.mated_scores, scores.nonmated_scores
    (array([0.9]), array([0.2]))
    """

    mated_scores: Float64[np.ndarray, " M"]  # in the order of the file
    nonmated_scores: Float64[np.ndarray, " Q"]  # in the order of the file
    identified_by: IdentifiedBy
    comparisons: Comparisons | None = None  # None where nobody knows whose the scores are
    clips: tuple[str, ...] = ()  # the name of each clip of `comparisons`
    subjects: tuple[str, ...] = ()  # the name of each subject
    sessions: tuple[str, ...] | None = None  # the name of each session; different people may share names
    remarks: tuple[str, ...] = ()  # what a report of these scores must say of the file, in whole sentences

    def __post_init__(self) -> None:
        if self.comparisons is None:
            return
        _check_names("clips", self.clips, len(self.comparisons.subjects))
        _check_names("subjects", self.subjects, self.comparisons.n_subjects)
        if (self.sessions is None) != (self.comparisons.sessions is None):
            raise ValueError("sessions must have names where comparisons has sessions, and only there")

    @classmethod
    def named(
        cls,
        comparisons: Comparisons,
        clips: tuple[str, ...],
        subjects: tuple[str, ...],
        *,
        identified_by: IdentifiedBy,
        sessions: tuple[str, ...] | None = None,
        remarks: tuple[str, ...] = (),
    ) -> "ScoreFile":
        """Comparisons, with the names of their clips, subjects and, where these are known, sessions."""
        return cls(
            comparisons.mated_scores,
            comparisons.nonmated_scores,
            identified_by,
            comparisons,
            clips,
            subjects,
            sessions,
            remarks,
        )

    @classmethod
    def unnamed(
        cls, mated_scores: Float64[np.ndarray, " M"], nonmated_scores: Float64[np.ndarray, " Q"]
    ) -> "ScoreFile":
        """Scores alone, of clips nobody knows."""
        return cls(mated_scores, nonmated_scores, IdentifiedBy.NOBODY)


def _check_names(what: str, names: tuple[str, ...], count: int) -> None:
    if len(names) < count or not all(names) or len(set(names)) < len(names):
        raise ValueError(
            f"{what} must be {count} different names, none empty, got {len(names)}, "
            f"{len(set(names))} of them different"
        )
