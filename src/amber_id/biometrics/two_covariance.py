"""How much more likely is a pair of vectors if one person made both?

The two-covariance model: a person is drawn from a Gaussian, and each of its vectors lies about it with
Gaussian noise, the same in everybody (Brümmer and de Villiers, "The speaker partitioning problem", Odyssey
2010). Where the model is true, no score separates mated from non-mated pairs better than its log-likelihood
ratio (the lemma of Neyman and Pearson).
"""

import numpy as np
from jaxtyping import Float, Float64, Int64


def two_covariance_llr(
    vectors: Float[np.ndarray, "N D"],
    enrolment: Int64[np.ndarray, " P"],
    probe: Int64[np.ndarray, " P"],
    *,
    between: Float[np.ndarray, " D"],
    within: Float[np.ndarray, " D"],
) -> Float64[np.ndarray, " P"]:
    """Natural logarithm of the likelihood ratio of "one person" against "two people", for pairs of vectors.

    In one dimension, with ``u`` and ``v`` the numbers divided by the root of ``between + within`` and
    ``r = between / (between + within)``, it is ``(r u v - r**2 (u**2 + v**2) / 2) / (1 - r**2)`` less
    ``log(1 - r**2) / 2``; dimensions are independent, so theirs are added.

    Parameters
    ----------
    vectors
        N vectors with mean zero, in axes in which both covariances are diagonal. A mean of K clips is such a
        vector too, with a K-th of the variance within.
    enrolment, probe
        The pairs, as rows of `vectors`.
    between, within
        Variances of people, and of a person's vectors; not negative. A dimension without any is left out.

    Raises
    ------
    ValueError
        If a variance is negative, or one within is zero where people differ: vectors then are certain.

    Examples
    --------
    >>> vectors = np.array([[1.0], [1.0], [-1.0]])
    >>> variances = {"between": np.array([1.0]), "within": np.array([1.0])}
    >>> two_covariance_llr(vectors, np.array([0, 0]), np.array([1, 2]), **variances).round(3).tolist()
    [0.311, -0.356]
    """
    if (between < 0).any() or (within < 0).any():
        raise ValueError("variances must not be negative")
    if ((within == 0) & (between > 0)).any():
        raise ValueError("within must be above zero wherever people differ")
    varies = between > 0
    if not varies.any():
        return np.zeros(len(enrolment))
    total = between[varies] + within[varies]
    r = between[varies] / total
    unit = vectors[:, varies] / np.sqrt(total)
    weight = r / (1 - r**2)
    own = (unit**2) @ (weight * r) / 2
    alike = ((unit * weight) @ unit.T)[enrolment, probe]
    return alike - own[enrolment] - own[probe] - np.log1p(-(r**2)).sum() / 2
