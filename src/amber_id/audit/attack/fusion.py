"""What do several attackers find out together?

The fused score is how likely it is that both clips show one person, as natural log-odds at even prior odds:
a logistic regression over the scores of the attackers, fitted to dev comparisons. Mated and non-mated
comparisons weigh one half each. No weight is negative: what is misleading on a few dev people is noise.

Few dev people cannot tell which of several good attackers is the better one, and weights that were freely
fitted to them do worse on others than equal ones. So the weights are drawn towards equal ones on
standardised scores, as if one more dev person had voted for them: the maximum a posteriori under a normal
prior around the best common weight, of precision 1 / people. An attacker that is of no use by itself on dev
is drawn towards 0.

Conventions
-----------
P comparisons, each with the scores of A attackers; natural logarithms; higher means more alike.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Bool, Float, Float64
from scipy.optimize import minimize
from scipy.special import expit

from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError

RIDGE = 1e-3  # on the squared common weight: where dev separates, ever larger ones fit ever better
_GROUPS = 5  # of dev people, left out in turn
FEWEST_PEOPLE = 4  # two to be left out, two to fit to


@dataclass(frozen=True, eq=False)
class Fusion:
    """LLR = offset + sum over attackers of weight x (score - mean) / spread.

    Examples
    --------
    >>> fusion = Fusion(np.array([2.0, 0.0]), 0.5, means=np.array([0.1, 0.0]), spreads=np.array([0.2, 1.0]))
    >>> fusion.llrs(np.array([[0.3, 9.0], [0.1, -9.0]]))
    array([2.5, 0.5])
    """

    weights: Float64[np.ndarray, " A"]  # 0 or more
    offset: float
    means: Float64[np.ndarray, " A"]  # of the scores on dev
    spreads: Float64[np.ndarray, " A"]

    def llrs(self, scores: Float[np.ndarray, "P A"]) -> Float64[np.ndarray, " P"]:
        """Natural-log likelihood ratio of each comparison."""
        return (scores - self.means) / self.spreads @ self.weights + self.offset


def fit_fusion(scores: Float[np.ndarray, "P A"], mated: Bool[np.ndarray, " P"], *, people: int) -> Fusion:
    """Minimise the mean logarithmic loss at even prior odds, plus the sum of (w - common)^2 / (2 people).

    `people` is how many dev people the comparisons are of. `common` is the best weight that all attackers can
    share that are of use by themselves, whose mated comparisons score higher on average; it is 0 for others.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison.
    """
    P = len(scores)
    n_mated = int(np.count_nonzero(mated))
    if n_mated in (0, P):
        raise EvaluationError(
            f"a fusion needs mated and non-mated dev comparisons, got {n_mated} and {P - n_mated}"
        )
    means, spreads = scores.mean(axis=0), scores.std(axis=0)
    spreads = np.where(spreads > 1e-12, spreads, 1.0)  # an attacker that never varies gets no weight anyway
    standardised = (scores - means) / spreads
    of_use = standardised[mated].mean(axis=0) > 0
    common, _ = _fitted((standardised @ of_use)[:, None], mated, towards=np.zeros(1), strength=RIDGE)
    weights, offset = _fitted(standardised, mated, towards=common * of_use, strength=1 / people)
    return Fusion(weights, offset, means, spreads)


def _fitted(
    scores: Float[np.ndarray, "P A"],
    mated: Bool[np.ndarray, " P"],
    *,
    towards: Float64[np.ndarray, " A"],
    strength: float,
) -> tuple[Float64[np.ndarray, " A"], float]:
    """Weights of 0 or more and an offset, by the loss plus strength / 2 x the squared distances `towards`."""
    P, A = scores.shape
    n_mated = int(np.count_nonzero(mated))
    design = np.column_stack([scores, np.ones(P)])
    sign = np.where(mated, 1.0, -1.0)
    share = np.where(mated, 0.5 / n_mated, 0.5 / (P - n_mated))
    prior = np.append(np.full(A, strength), 0.0)
    centre = np.append(towards, 0.0)

    def loss(line: Float64[np.ndarray, " A1"]) -> tuple[float, Float64[np.ndarray, " A1"]]:
        margins = sign * (design @ line)
        value = share @ np.logaddexp(0, -margins) + prior @ (line - centre) ** 2 / 2
        return float(value), prior * (line - centre) - (share * sign * expit(-margins)) @ design

    fit = minimize(
        loss,
        np.zeros(A + 1),
        jac=True,
        method="TNC",  # of 600 random cohorts L-BFGS-B stopped short of the bottom in one, this in none
        bounds=[(0, None)] * A + [(None, None)],
        options={"ftol": 1e-15, "gtol": 1e-10, "maxfun": 5000},
    )
    # Where rounding ends the descent, `success` is False at the very bottom; the slope tells.
    blocked = (fit.x == 0) & (fit.jac > 0) & (prior > 0)
    steepest = float(np.abs(np.where(blocked, 0.0, fit.jac)).max())
    if not steepest < 1e-5:
        raise EvaluationError(
            f"the fit of a fusion must end where the loss is flat, got a slope {steepest:.1g}"
        )
    return fit.x[:-1], float(fit.x[-1])


def left_out_llrs(scores: Float[np.ndarray, "P A"], comparisons: Comparisons) -> Float64[np.ndarray, " P"]:
    """LLR of each dev comparison from a fusion that was fitted to other dev people than its two.

    Parameters
    ----------
    scores
        Of each attacker.
    comparisons
        Who was compared in each row; its own scores are not used.

    Raises
    ------
    EvaluationError
        If there are fewer than 4 people, or those left have no mated or no non-mated comparison.
    """
    people = np.union1d(comparisons.enrolment_subjects, comparisons.probe_subjects)
    if len(people) < FEWEST_PEOPLE:
        raise EvaluationError(
            f"a fusion needs {FEWEST_PEOPLE} dev people or more, to leave out two, got {len(people)}"
        )
    groups = min(_GROUPS, len(people))
    # Dealt out like cards, so that each group has people of every source.
    one = np.searchsorted(people, comparisons.enrolment_subjects) % groups
    other = np.searchsorted(people, comparisons.probe_subjects) % groups
    low, high = np.minimum(one, other), np.maximum(one, other)
    llrs = np.empty(len(scores))
    for a, b in combinations_with_replacement(range(groups), 2):
        judged = (low == a) & (high == b)
        if judged.any():
            fitted_to = ~np.isin(low, (a, b)) & ~np.isin(high, (a, b))
            people_left = sum(each % groups not in (a, b) for each in range(len(people)))
            fusion = fit_fusion(scores[fitted_to], comparisons.mated[fitted_to], people=people_left)
            llrs[judged] = fusion.llrs(scores[judged])
    return llrs
