"""Is it known whose scores these are, and are the people of dev other people?"""

from pathlib import Path

import numpy as np

from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.score_files import IdentifiedBy, ScoreFile


def check_other_people(read: ScoreFile, dev: ScoreFile, path: Path, *, same_file: bool) -> tuple[str, ...]:
    """Refuse a choice on people who are judged too; what could not be checked of it, in whole sentences.

    Raises
    ------
    EvaluationError
        If `dev`, which was read from `path`, holds people or clips of `read`, or is the same file.
    """
    shared = sorted((set(read.subjects) & set(dev.subjects)) or (set(read.clips) & set(dev.clips)))
    if same_file:
        shared = shared or ["the very same scores"]
    if shared:
        raise EvaluationError(
            f"{path}: expected other people to choose on, got {len(shared)} that are judged too, e.g. "
            f"{shared[0]}; what is chosen on them makes the figures too good"
        )
    if not (_unsure(read) or _unsure(dev)):
        return ()
    return (
        "Whether the people of --dev are other people could not be checked; if they are the same, "
        "accuracy and calibrated costs are too good. Name the subjects (--subjects) to check it.",
    )


def _unsure(read: ScoreFile) -> bool:
    """Whether two people of a file may be one, or nobody is known."""
    return read.identified_by in (IdentifiedBy.TARGET_TRIALS, IdentifiedBy.NOBODY)


def identity_limits(read: ScoreFile) -> tuple[str, ...]:
    """What it costs that people are not known, or from target trials only."""
    if read.comparisons is None:
        return (
            "The file does not say whose scores these are, so no interval over people can be given. Add "
            "columns for clip and subject.",
        )
    if read.identified_by is not IdentifiedBy.TARGET_TRIALS:
        return ()
    alone = _subjects_of_one_clip(read.comparisons)
    many = read.comparisons.n_subjects
    who = f"{alone} of these {many} are single clips without such a trial and may be another again"
    if not alone:
        who = f"two of these {many} whom no such trial links may be one person"
    return (
        f"People are known from target trials only: {who}, which makes intervals too narrow. A table of "
        "subjects (--subjects) mends that.",
    )


def _subjects_of_one_clip(comparisons: Comparisons) -> int:
    return int(np.count_nonzero(np.bincount(comparisons.subjects) == 1))
