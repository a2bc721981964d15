"""A map of embeddings on which near means alike: t-SNE (van der Maaten and Hinton, JMLR 9, 2008).

t-SNE makes much of little: of the same clips in another order it draws another map, and of embeddings that
differ by rounding alone it draws groups. So clips are taken in the order of their names, however they come,
and where all embeddings are alike there is no map.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from amber_id.errors import EvaluationError
from amber_id.extras import from_extra

_PERPLEXITY = 30.0
_ALIKE = 1e-6  # less than a cosine of 1; networks compute to about 1e-7


def perplexity_of(clips: int) -> float:
    """How many neighbours a clip is meant to keep: 30, or a third of all others.

    >>> perplexity_of(7), perplexity_of(800)
    (2.0, 30.0)
    """
    return min(_PERPLEXITY, (clips - 1) / 3)


def tsne(vectors: Float[np.ndarray, "N D"], clips: Sequence[str], *, seed: int) -> Float[np.ndarray, "N 2"]:
    """Where each of the `clips`, which have different names, lies on the map, by the cosine of its vector.

    The same for the same seed, in whatever order the clips come.

    Raises
    ------
    EvaluationError
        If all vectors are alike.
    MissingDependencyError
        If openTSNE is not installed.
    """
    with from_extra("openTSNE", "report"):
        from openTSNE import TSNE
    if alike(vectors):
        raise EvaluationError(f"the embeddings of all {len(vectors)} clips are alike")
    order = np.argsort(np.array(clips))
    # One thread: sums made by several are in another order each time, and t-SNE makes much of little.
    fitted = TSNE(
        perplexity=perplexity_of(len(vectors)),
        metric="cosine",
        random_state=seed,
        n_jobs=1,
        initialization="pca",
    )
    places = np.empty((len(vectors), 2))
    places[order] = fitted.fit(vectors[order])
    return places


def alike(vectors: Float[np.ndarray, "N D"]) -> bool:
    """Whether all vectors, none of which is zero, have one direction but for rounding.

    >>> alike(np.array([[1.0, 2.0], [2.0, 4.0]])), alike(np.array([[1.0, 2.0], [1.0, 2.1]]))
    (True, False)
    """
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return bool((directions @ directions[0]).min() > 1 - _ALIKE)
