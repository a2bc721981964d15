"""What changed from one score file to another of the same people, and do they compare the same clips?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from amber_id.biometrics import Comparisons
from amber_id.biometrics.comparisons import pair_numbers
from amber_id.errors import EvaluationError
from amber_id.figures import figures_in
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import less
from amber_id.results import Difference
from amber_id.score_files import ScoreFile


def differences(
    read: ScoreFile, other: ScoreFile, config: EvaluationConfig, path: Path
) -> tuple[dict[str, Difference], tuple[str, ...]]:
    """Figures of `read` less those of `other`, paired over people; and what to say of their comparisons.

    Parameters
    ----------
    read, other
        Scores of the same people.
    config
        Resamples, level, seed.
    path
        Where `other` was read.

    Raises
    ------
    EvaluationError
        If the people are not known, not the same, or too few for an interval.
    """
    if read.comparisons is None or other.comparisons is None:
        raise EvaluationError(
            f"{path}: a paired difference needs scores whose people are known on both sides"
        )
    apart = set(read.subjects) ^ set(other.subjects)
    if apart:
        raise EvaluationError(
            f"{path}: expected the same people on both sides, got {len(apart)} on one side only, e.g. "
            f"{min(apart)}; leave out their comparisons, or, where people are named after a clip, say who is "
            "who (--subjects)"
        )
    names = [row.name for row in figures_in("differences")]
    changes = less(other.comparisons, read.comparisons, config, names)
    return changes, tuple(_other_comparisons(read, other, path))


def _other_comparisons(read: ScoreFile, other: ScoreFile, path: Path) -> Iterator[str]:
    """What a difference rests on besides two systems; in whole sentences."""
    one, two = read.comparisons, other.comparisons
    assert one is not None
    assert two is not None
    clips = sorted({*read.clips, *other.clips})
    if len(clips) == len(read.clips) + len(other.clips):
        yield "The two files hold other clips of the same people, which contribute to the differences."
        return
    number = {clip: n for n, clip in enumerate(clips)}
    pairs = [_pairs(scores, comparisons, number) for scores, comparisons in ((read, one), (other, two))]
    alone = [int((~np.isin(pairs[i], pairs[1 - i])).sum()) for i in (0, 1)]
    if any(alone):
        yield (
            "The two files hold other comparisons of the same people: "
            f"{alone[0]:,} of {len(pairs[0]):,} are not in {path.name}, and {alone[1]:,} of its "
            f"{len(pairs[1]):,} not here. These contribute to the differences, which are therefore not "
            "those of systems alone; keep the comparisons that both have."
        )
    elif len(pairs[0]) == len(pairs[1]) and np.array_equal(np.sort(one.scores), np.sort(two.scores)):
        yield f"{path.name} holds exactly the same scores: there is nothing to compare."


def _pairs(scores: ScoreFile, comparisons: Comparisons, number: dict[str, int]) -> Int64[np.ndarray, " P"]:
    """A number for the two clips of each comparison, the same in both files."""
    common = np.array([number[clip] for clip in scores.clips])
    return pair_numbers(common[comparisons.enrolment], common[comparisons.probe], len(number))
