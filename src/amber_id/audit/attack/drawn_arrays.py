"""What is kept of a test so that its figures can be drawn: embeddings, a map of them, scores."""

import numpy as np
from jaxtyping import Float

from amber_id.audit.attack.strongest_attacker import Tried
from amber_id.audit.attack.tested import EmbeddedClips
from amber_id.audit.attack.tsne import alike, tsne
from amber_id.results import EvaluationArrays

_FEWEST_FOR_TSNE = 8  # clips; below, t-SNE has no neighbourhoods to keep


def arrays_of(tried: Tried, *, seed: int) -> EvaluationArrays:
    """Embeddings and scores of the attacker that is reported, and a map of each fold's clips."""
    strongest, tested = tried.strongest, tried.mapped.members[0]
    return EvaluationArrays(
        vectors=_stacked([fold.test.vectors for fold in tested.folds]),
        tsne=np.concatenate([_map(fold.test, seed=seed) for fold in tested.folds]),
        subject=strongest.comparisons.subjects,
        fold=np.concatenate([np.full(len(f.test.entries), f.header.fold) for f in tested.folds]),
        scores=strongest.comparisons.scores,
        enrolment=strongest.comparisons.enrolment,
        probe=strongest.comparisons.probe,
        clips=tuple(entry.clip for entry in tested.entries),
        subjects=tested.subjects,
    )


def _stacked(vectors: list[Float[np.ndarray, "_ _"]]) -> Float[np.ndarray, "N D"]:
    """One after another; attackers trained on fewer people have shorter vectors, which zeros fill up."""
    width = max(v.shape[1] for v in vectors)
    return np.concatenate([np.pad(v, ((0, 0), (0, width - v.shape[1]))) for v in vectors])


def _map(clips: EmbeddedClips, *, seed: int) -> Float[np.ndarray, "N 2"]:
    """A map of one fold's clips; of very few, or where all are alike, their first principal components."""
    vectors = clips.vectors
    if alike(vectors):
        return np.zeros((len(vectors), 2))  # in one place, as they are; t-SNE would draw groups of rounding
    if len(vectors) < _FEWEST_FOR_TSNE:
        centred = vectors - vectors.mean(axis=0)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        flat = (u * s)[:, :2]
        return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1]))).astype(np.float64)
    return tsne(vectors, [entry.clip for entry in clips.entries], seed=seed)
