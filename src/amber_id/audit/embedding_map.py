"""Which clips look alike to an attacker? A map of the test clips of one fold, for a reader to look at.

Each fold has an attacker of its own, whose embeddings mean nothing beside those of another: only the clips of
one fold can share a map. It is the fold with the most test clips, the first of equals. The attacker is the
one with the lowest EER on dev people; a fusion has no embeddings, so it is never one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Int

from amber_id.audit.conditions import bare_id
from amber_id.audit.evaluation import EmbeddedClips
from amber_id.audit.matrix import Cell
from amber_id.audit.tsne import perplexity_of, tsne
from amber_id.audit.worst_attacker import Tried
from amber_id.results import EmbeddingMap, MapPoint

_FEWEST_CLIPS = 5  # below, there are no neighbourhoods to keep
_MOST_CLIPS = 1000
_DIGITS = 4


def embedding_maps(cells: Mapping[str, Cell], names: Iterable[str], *, seed: int) -> dict[str, EmbeddingMap]:
    """The maps of the cells that are named, but for those with too few clips."""
    maps = {name: embedding_map(cells[name].tried, seed=seed) for name in names}
    return {name: found for name, found in maps.items() if found is not None}


def embedding_map(tried: Tried, *, seed: int, most: int = _MOST_CLIPS) -> EmbeddingMap | None:
    """The map of a cell that knows one condition, with `most` clips at most; None with fewer than five clips.

    Raises
    ------
    MissingDependencyError
        If openTSNE is not installed.
    """
    mapped = tried.mapped
    fold = max(mapped.members[0].folds, key=lambda each: len(each.test.entries))
    if len(fold.test.entries) < _FEWEST_CLIPS:
        return None
    kept = _evenly(fold.test, most)
    places = tsne(fold.test.vectors[kept], seed=seed).round(_DIGITS).tolist()
    entries = [fold.test.entries[i] for i in kept]
    return EmbeddingMap(
        attacker=mapped.attacker.name,
        fold=fold.header.fold,
        clips_of_fold=len(fold.test.entries),
        perplexity=perplexity_of(len(kept)),
        points=tuple(
            MapPoint(clip=bare_id(entry.clip), subject=entry.subject, x=x, y=y)
            for entry, (x, y) in zip(entries, places, strict=True)
        ),
    )


def _evenly(clips: EmbeddedClips, most: int) -> Int[np.ndarray, " K"]:
    """Positions of `most` clips at most: the first of everybody, then the second of everybody, and so on."""
    earlier: Counter[str] = Counter()
    rank = []
    for entry in clips.entries:
        rank.append(earlier[entry.subject])
        earlier[entry.subject] += 1
    return np.sort(np.argsort(np.array(rank), kind="stable")[:most])
