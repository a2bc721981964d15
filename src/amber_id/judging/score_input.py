"""What of a score file is judged, and what marks a comparison that failed?

A value that marks a failure is no score: what depends on the size of scores, a calibration or a mean, would
be of that value alone. Among the scores that are judged it counts as lower, or higher, than all of them;
among those that people choose by it does not count. A value above all others that most often stands for mated
comparisons is a score, the highest that the system gives; so is one below them for most non-mated comparisons
and few mated ones: failures do not know who is shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from amber_id.biometrics import Comparisons, Placeholders, of_different_utterances, placeholders
from amber_id.errors import EvaluationError
from amber_id.score_files import ScoreFile, read_scores
from amber_id.score_files.people import check_sides

_CEILING = 10  # mated comparisons with a value above all others from which it is a score, not a failure


@dataclass(frozen=True, eq=False)
class ScoreInput:
    """The scores of a file, those that mark a failure moved next to the others or left out."""

    scores: ScoreFile
    failed: Bool[np.ndarray, " P"]  # of `scores.comparisons`; empty where nobody is known
    limits: tuple[str, ...]
    unknown_utterances: int | None = None  # clips left out for that; None where all are compared

    @property
    def succeeded(self) -> Comparisons | None:
        """The comparisons that did not fail."""
        comparisons = self.scores.comparisons
        return None if comparisons is None else comparisons.only(~self.failed)


def read_judged(
    path: Path, subjects: Path | None, utterance_of: Mapping[str, str] | None = None
) -> ScoreInput:
    """Scores to be judged; a failed comparison counts as lower, or higher, than all others.

    With `utterance_of`, by clip, those of different utterances. Raises what
    :func:`amber_id.score_files.read_scores` raises, and EvaluationError if nothing is left of a side.
    """
    whole = read_scores(path, subjects=subjects)
    read = _of_different_utterances(whole, path, utterance_of)
    unknown = None if utterance_of is None else sum(clip not in utterance_of for clip in read.clips)
    return replace(_judged(path, read), unknown_utterances=unknown)


def _judged(path: Path, read: ScoreFile) -> ScoreInput:
    """Scores of which those that mark a failure are moved next to the others."""
    marks = _placeholders(read)
    remarks = tuple(f"{path.name}: {remark}" for remark in read.remarks)
    if not marks.values.size:
        return ScoreInput(read, _among(marks, read), remarks)
    below = marks.values < marks.lowest
    counts = []
    if below.any():
        counts.append(
            "lower than every score, so that a failed mated comparison is a miss, and last in rank-1"
        )
    if not below.all():
        counts.append("higher than every score, so that a failed non-mated comparison is a false match")
    limit = (
        f"{_description(path, read, marks)} Each counts as {'; or '.join(counts)}; cllr and act_dcf take it "
        "as no evidence. If failures should not count, leave them out."
    )
    near = _with_scores(read, marks.brought_near)
    return ScoreInput(near, _among(marks, read), (*remarks, limit))


def read_chosen_on(
    path: Path, subjects: Path | None, utterance_of: Mapping[str, str] | None = None
) -> ScoreInput:
    """Scores to choose a threshold and a calibration on, without comparisons that failed.

    Raises as `read_judged` does, also where nothing is left of a side.
    """
    read = _of_different_utterances(read_scores(path, subjects=subjects), path, utterance_of)
    marks = _placeholders(read)
    remarks = tuple(f"{path.name}: {remark}" for remark in read.remarks)
    if not marks.values.size:
        return ScoreInput(read, _among(marks, read), remarks)
    succeeded = [side[~marks.among(side)] for side in _sides(read)]
    check_sides(path, *(len(side) for side in succeeded))
    comparisons = read.comparisons
    if comparisons is not None:
        comparisons = comparisons.only(~marks.among(comparisons.scores))
    left = replace(read, mated_scores=succeeded[0], nonmated_scores=succeeded[1], comparisons=comparisons)
    limit = f"{_description(path, read, marks)} Threshold and calibration are chosen without them."
    return ScoreInput(left, _among(marks, left), (*remarks, limit))


def _of_different_utterances(
    read: ScoreFile, path: Path, utterance_of: Mapping[str, str] | None
) -> ScoreFile:
    """The comparisons of two clips known to say different things, where these alone are asked for."""
    if utterance_of is None or read.comparisons is None:
        return read
    comparisons = of_different_utterances(read.comparisons, read.clips, utterance_of)
    if 0 in (comparisons.n_mated, comparisons.n_nonmated):
        missing = "non-mated" if comparisons.n_mated else "mated"
        raise EvaluationError(
            f"{path}: expected comparisons of clips with different utterances, got no {missing} one; the "
            f"table of subjects knows the utterance of {sum(clip in utterance_of for clip in read.clips)} of "
            f"{len(read.clips)} clips"
        )
    return replace(
        read,
        mated_scores=comparisons.mated_scores,
        nonmated_scores=comparisons.nonmated_scores,
        comparisons=comparisons,
    )


def _placeholders(read: ScoreFile) -> Placeholders:
    """The values that mark failures, without those that tell who is shown, as no failure does."""
    marks = placeholders(np.concatenate(_sides(read)))
    values, lowest, highest = marks.values, marks.lowest, marks.highest
    mated, nonmated = (np.isin(side, values[values > highest]) for side in _sides(read))
    if mated.sum() >= max(_CEILING, nonmated.sum()):
        values, highest = values[values < lowest], float(values[-1])
    mated, nonmated = (np.isin(side, values[values < lowest]) for side in _sides(read))
    # Where so many fail, whether clip by clip or person by person, mated comparisons fail .58 times as often.
    if nonmated.any() and nonmated.mean() > 0.5 > mated.mean() / nonmated.mean():
        values, lowest = values[values > highest], float(values[0])
    return Placeholders(values, lowest, highest)


def _sides(read: ScoreFile) -> tuple[Float64[np.ndarray, " M"], Float64[np.ndarray, " N"]]:
    return read.mated_scores, read.nonmated_scores


def _among(marks: Placeholders, read: ScoreFile) -> Bool[np.ndarray, " P"]:
    if read.comparisons is None:
        return np.zeros(0, bool)
    return marks.among(read.comparisons.scores)


def _with_scores(
    read: ScoreFile, change: Callable[[Float64[np.ndarray, " P"]], Float64[np.ndarray, " P"]]
) -> ScoreFile:
    """These comparisons with other scores."""
    comparisons = read.comparisons
    if comparisons is not None:
        comparisons = replace(comparisons, scores=change(comparisons.scores))
    return replace(
        read,
        mated_scores=change(read.mated_scores),
        nonmated_scores=change(read.nonmated_scores),
        comparisons=comparisons,
    )


def _description(path: Path, read: ScoreFile, marks: Placeholders) -> str:
    """How many comparisons have such a value, and which."""
    n_mated, n_nonmated = (int(marks.among(side).sum()) for side in _sides(read))
    total = len(read.mated_scores) + len(read.nonmated_scores)
    values = " or ".join(f"{value:.4g}" for value in marks.values)
    return (
        f"{path.name}: {n_mated + n_nonmated:,} of {total:,} comparisons (mated: {n_mated:,}) with the value "
        f"{values}, far from all other scores ({marks.lowest:.3g} to {marks.highest:.3g}): probably the mark "
        "of a failed comparison, not a score."
    )
