"""Are people recognised? One rule for every page, control and command, stated before anything is seen.

Conventions
-----------
recognised      The permutation test of AUC, with people's names permuted over the clips, has p <= 0.05; or
                the interval of the EER lies wholly below the EER of a guesser: at level 0.99 beside the test,
                so that both together are wrong in 5 % of studies without a leak; at level 0.95 where names
                cannot be permuted.
not recognised  Neither shows it, and the 95 % interval of the EER excludes an EER of 0.25 or lower: a study
                that could not have shown that much decides nothing.
not decided     Everything else.

The test decides, since it stays exact where few people make few errors; the interval says how large the
finding is, and opens wide there. ``docs/recognition.md`` has the measured error rates of the rule.
"""

from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtr, ndtri
from scipy.stats import t as student

from amber_id.biometrics.intervals import Estimate
from amber_id.biometrics.permutation import PermutationTest

LEVEL = 0.05  # of the permutation test; intervals are at level 1 - LEVEL
_BESIDE_TEST = 0.99  # level of the interval that shows a leak by itself where there is a test, too
LARGE_LEAK = 0.25  # an EER that a study must be able to exclude before it says that nobody was recognised
GUESSING = 0.5  # EER of a guesser

Outcome = Literal["recognised", "not_recognised", "not_decided"]
Obstacle = Literal["scores alike", "worse than guessing", "interval against test", "leak not excluded"]


@dataclass(frozen=True)
class Recognition:
    """What a study shows of whether people are recognised.

    Examples
    --------
    >>> Recognition("recognised", p_value=0.005, permutations=200, excluded=None, obstacle=None).outcome
    'recognised'
    """

    outcome: Outcome
    p_value: float | None  # of the permutation test; None where clips cannot change places
    permutations: int | None
    excluded: float | None  # an EER this low or lower is excluded; None where people are recognised
    obstacle: Obstacle | None  # why it is not decided


def decide_recognition(eer: Estimate, auc_test: PermutationTest | None) -> Recognition:
    """Apply the rule.

    Parameters
    ----------
    eer
        The interval of the EER over people, at level 0.95.
    auc_test
        AUC against permuted names, as :func:`amber_id.biometrics.permutation_null` gives it; None where clips
        cannot change places. Then the interval decides alone.

    Examples
    --------
    >>> few_errors = Estimate(0.08, 0.001, 0.6, 0.95, 25, 25, 2.0, 1000, 0)
    >>> decide_recognition(few_errors, PermutationTest(0.97, 0.5, 0.47, 0.005, 200)).outcome
    'recognised'
    >>> nothing = Estimate(0.49, 0.43, 0.55, 0.95, 60, 60, 40.0, 1000, 0)
    >>> decide_recognition(nothing, PermutationTest(0.51, 0.5, 0.01, 0.4, 200)).excluded
    0.43
    >>> decide_recognition(Estimate(0.42, 0.1, 0.81, 0.95, 4, 4, 2.0, 1000, 0), None).obstacle
    'leak not excluded'
    """
    p_value, permutations = (None, None) if auc_test is None else (auc_test.p_value, auc_test.permutations)
    recognises = p_value is not None and p_value <= LEVEL
    if recognises or _high_at(eer, 1 - LEVEL if auc_test is None else _BESIDE_TEST) < GUESSING:
        return Recognition("recognised", p_value, permutations, None, None)
    obstacle = _obstacle(eer, auc_test)
    outcome: Outcome = "not_recognised" if obstacle is None else "not_decided"
    return Recognition(outcome, p_value, permutations, eer.low, obstacle)


def _obstacle(eer: Estimate, auc_test: PermutationTest | None) -> Obstacle | None:
    """What forbids to say that nobody was recognised."""
    if eer.low == eer.high:
        return "scores alike"
    below = auc_test is not None and auc_test.p_value > 1 - LEVEL / 2
    if eer.low > GUESSING or below:
        return "worse than guessing"
    if eer.high < GUESSING:
        return "interval against test"
    return "leak not excluded" if eer.low <= LARGE_LEAK else None


def _high_at(eer: Estimate, level: float) -> float:
    """The upper end at another level; see `intervals` for the scale. An end that is exact stays."""
    if not 0 < eer.value < 1:
        return eer.high
    df = eer.degrees_of_freedom
    wider = student.ppf((1 + level) / 2, df) / student.ppf((1 + eer.level) / 2, df)
    centre = ndtri(eer.value)
    return float(ndtr(centre + wider * (ndtri(eer.high) - centre)))
