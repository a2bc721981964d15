"""Which clips look alike to an attacker? A map of the test clips of one fold, for a reader to look at.

Each fold has an attacker of its own, whose embeddings mean nothing beside those of another: only the clips of
one fold can share a map. It is the fold with the most test clips, the first of equals. The attacker is the
one with the lowest EER on dev people; a fusion has no embeddings, so it is never one.

Clips are taken in the order of their names, however they come: of another order t-SNE draws another map.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from jaxtyping import Int

from amber_id.audit.attack.strongest_attacker import Tried
from amber_id.audit.attack.tested import EmbeddedClips
from amber_id.audit.attack.tsne import perplexity_of, tsne
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.study import Study
from amber_id.errors import EvaluationError
from amber_id.motion.pairs import bare_id
from amber_id.results import ConditionName, EmbeddingMap, MapPoint

_FEWEST_CLIPS = 5  # below, there are no neighbourhoods to keep
_MOST_CLIPS = 1000
_DIGITS = 4


def embedding_maps(
    cells: Mapping[str, Tried], *, seed: int
) -> tuple[dict[str, EmbeddingMap], tuple[str, ...]]:
    """The maps of cells, and why there is none of some, in whole sentences."""
    maps, reasons = {}, []
    for name, tried in cells.items():
        try:
            maps[name] = embedding_map(tried, seed=seed)
        except EvaluationError as error:
            reasons.append(f"There is no embedding map of {name}: {error}.")
    return maps, tuple(reasons)


def maps_of_cells(study: Study, cells: Mapping[str, Cell]) -> tuple[dict[str, EmbeddingMap], tuple[str, ...]]:
    """The maps of the cells that know one condition, and why there is none of some."""

    def map_in(cell: str, _condition: ConditionName) -> tuple[dict[str, EmbeddingMap], tuple[str, ...]]:
        return embedding_maps({cell: cells[cell].tried}, seed=study.config.evaluation.seed)

    asked = study.in_own_cells("map", map_in).values()
    maps = {name: each for of_cell, _ in asked for name, each in of_cell.items()}
    return maps, tuple(reason for _, reasons in asked for reason in reasons)


def embedding_map(tried: Tried, *, seed: int, most: int = _MOST_CLIPS) -> EmbeddingMap:
    """The map of a cell that knows one condition, with `most` clips at most.

    Raises
    ------
    EvaluationError
        If there are fewer than five clips, or the attacker's embeddings of them are all alike.
    MissingDependencyError
        If openTSNE is not installed.
    """
    mapped = tried.mapped
    fold = max(mapped.members[0].folds, key=lambda each: len(each.test.entries))
    if len(fold.test.entries) < _FEWEST_CLIPS:
        raise EvaluationError(
            f"fold {fold.header.fold} has {len(fold.test.entries)} clips, a map takes {_FEWEST_CLIPS}"
        )
    mapped_clips = _evenly(fold.test, most)
    entries = [fold.test.entries[i] for i in mapped_clips]
    try:
        coordinates = tsne(fold.test.vectors[mapped_clips], [entry.clip for entry in entries], seed=seed)
    except EvaluationError as error:
        raise EvaluationError(f"{mapped.attacker.name} has collapsed, {error}") from error
    places = coordinates.round(_DIGITS).tolist()
    return EmbeddingMap(
        attacker=mapped.attacker.name,
        fold=fold.header.fold,
        clips_of_fold=len(fold.test.entries),
        perplexity=perplexity_of(len(mapped_clips)),
        points=tuple(
            MapPoint(clip=bare_id(entry.clip), subject=entry.subject, x=x, y=y)
            for entry, (x, y) in zip(entries, places, strict=True)
        ),
    )


def _evenly(clips: EmbeddedClips, most: int) -> Int[np.ndarray, " K"]:
    """Positions of `most` clips at most, by name: the first of everybody, then the second, and so on."""
    earlier: Counter[str] = Counter()
    rank = []
    by_name = np.argsort(np.array([entry.clip for entry in clips.entries]))
    for entry in (clips.entries[i] for i in by_name):
        rank.append(earlier[entry.subject])
        earlier[entry.subject] += 1
    return by_name[np.sort(np.argsort(np.array(rank), kind="stable")[:most])]
