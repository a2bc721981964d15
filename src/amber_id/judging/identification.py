"""How often is the best match of a clip, among all people it was compared with, its own person?"""

import numpy as np

from amber_id.biometrics import (
    Comparisons,
    Gallery,
    bootstrap_mean,
    gallery_scores,
    is_directed,
    rank1_hits,
)
from amber_id.errors import EvaluationError
from amber_id.judging.config import EvaluationConfig
from amber_id.results import Rate

_LARGEST_GALLERY = 20_000_000  # clips times people
_FEWEST_PEOPLE = 3  # for an interval
_NEARLY_ALL = 0.9  # of the people, from which a clip was as good as compared with all


def identification(
    comparisons: Comparisons, config: EvaluationConfig
) -> tuple[dict[str, Rate], tuple[str, ...]]:
    """Rank-1 by its name, or nothing; and why there is none, or among how many people it is."""
    gallery = gallery_of(comparisons)
    if gallery is None:
        return {}, ("No rank-1: clips were not compared with all people, or there are too many of them.",)
    if len(np.unique(gallery.subjects)) < _FEWEST_PEOPLE:
        return {}, ("No rank-1: fewer than 3 people have two clips, too few for an interval.",)
    size = float(gallery.sizes.mean())
    few = (
        f"Rank-1 is among the people a clip was compared with, {size:.0f} on average of "
        f"{comparisons.n_subjects}."
    )
    return {"rank1": _rank1(gallery, config)}, (few,) if size < _NEARLY_ALL * comparisons.n_subjects else ()


def gallery_of(comparisons: Comparisons) -> Gallery | None:
    """Each clip against everybody; None where clips were not compared so that somebody could be searched.

    Also None where the table would not fit: a trial list of very many people, who did not meet anyway.
    """
    if len(comparisons.subjects) * comparisons.n_subjects > _LARGEST_GALLERY:
        return None
    try:
        return gallery_scores(comparisons, directed=is_directed(comparisons))
    except EvaluationError:
        return None


def _rank1(gallery: Gallery, config: EvaluationConfig) -> Rate:
    estimate = bootstrap_mean(
        rank1_hits(gallery),
        gallery.subjects,
        replicates=config.replicates,
        level=config.level,
        rng=config.rng(),
    )
    return Rate.of(estimate, float(np.mean(1 / gallery.sizes)))
