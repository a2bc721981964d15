"""How alike is a clip to people who have nothing to do with the comparison?

A clip that resembles everybody gets high scores with everybody, whoever it shows. S-norm measures that on a
cohort of other people and takes it out, for either clip of a comparison alike (Kenny, "Bayesian speaker
verification with heavy-tailed priors", Odyssey 2010).
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float64

from amber_id.biometrics.comparisons import Comparisons
from amber_id.biometrics.directions import unit_vectors
from amber_id.errors import EvaluationError

_LEAST_SPREAD = 1e-9  # of cosines; below, the cohort tells nothing about the clip


def cohort_statistics(
    vectors: Float[np.ndarray, "N D"], cohort: Float[np.ndarray, "K D"]
) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
    """Mean and standard deviation of the cosine scores of each clip with the clips of a cohort.

    Parameters
    ----------
    vectors
        One embedding per clip, of any length but zero.
    cohort
        Embeddings of clips of other people.

    Raises
    ------
    EvaluationError
        If the cohort has fewer than two clips, or all of them are equally alike to a clip.

    Examples
    --------
    >>> means, spreads = cohort_statistics(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]]))
    >>> means, spreads
    (array([0.5]), array([0.5]))
    """
    if len(cohort) < 2:
        raise EvaluationError(f"a cohort needs two clips or more, got {len(cohort)}")
    scores = unit_vectors(vectors, np.float64) @ unit_vectors(cohort, np.float64).T
    means, spreads = scores.mean(axis=1), scores.std(axis=1)
    if not (spreads > _LEAST_SPREAD).all():
        raise EvaluationError(
            "all clips of the cohort are equally alike to a clip: its scores have no spread"
        )
    return means, spreads


def s_norm(
    comparisons: Comparisons, means: Float64[np.ndarray, " N"], spreads: Float64[np.ndarray, " N"]
) -> Comparisons:
    """Scores in units of what either clip has with a cohort: the mean of (score - mean) / spread of the two.

    `means` and `spreads` are those of `cohort_statistics`, of the N clips of the comparisons.

    Examples
    --------
    >>> pair = Comparisons(np.array([0.8]), np.array([0]), np.array([1]), np.array([0, 0]))
    >>> s_norm(pair, np.array([0.2, 0.4]), np.array([0.1, 0.2])).scores
    array([4.])
    """
    one, other = comparisons.enrolment, comparisons.probe
    normalised = (comparisons.scores - means[one]) / spreads[one] + (
        comparisons.scores - means[other]
    ) / spreads[other]
    return replace(comparisons, scores=normalised / 2)
