"""A map of embeddings on which near means alike: t-SNE (van der Maaten and Hinton, JMLR 9, 2008)."""

import numpy as np
from jaxtyping import Float

from amber_id.errors import MissingDependencyError

_PERPLEXITY = 30.0


def perplexity_of(clips: int) -> float:
    """How many neighbours a clip is meant to keep: 30, or a third of all others.

    >>> perplexity_of(7), perplexity_of(800)
    (2.0, 30.0)
    """
    return min(_PERPLEXITY, (clips - 1) / 3)


def tsne(vectors: Float[np.ndarray, "N D"], *, seed: int) -> Float[np.ndarray, "N 2"]:
    """Where each clip lies on the map, by the cosine of vectors; the same for the same seed.

    Raises
    ------
    MissingDependencyError
        If openTSNE is not installed.
    """
    try:
        from openTSNE import TSNE
    except ImportError as error:
        raise MissingDependencyError.for_extra("openTSNE", "report") from error
    # One thread: sums made by several are in another order each time, and t-SNE makes much of little.
    fitted = TSNE(
        perplexity=perplexity_of(len(vectors)),
        metric="cosine",
        random_state=seed,
        n_jobs=1,
        initialization="pca",
    )
    return np.asarray(fitted.fit(vectors), dtype=np.float64)
