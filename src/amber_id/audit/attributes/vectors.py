"""What does the attack on attributes see of a clip? Statistics, as the attacker `moments` does.

An attribute of people is part of what distinguishes them, so the clips are vectors as `moments` makes them to
recognise people: fitted, in each fold of the study, to who its train people are, not to the attribute.

An attribute of clips varies within a person, and what recognises people removes that: so the statistics
themselves, mean over the windows of a clip, are standardised, reduced to principal components and made round
by their covariance, shrunk after Ledoit and Wolf (J. Multivariate Analysis 88, 2004).
Neither sees a label, so permuted labels meet the same vectors.

Values are learnt from train and dev people alike, since nothing is chosen.
"""

import numpy as np
from jaxtyping import Float, Int

from amber_id.attackers.moments import principal_components
from amber_id.audit.ablations.clip_statistics import ClipStatistics, fitted_in_folds
from amber_id.audit.attributes.guesses import FoldVectors
from amber_id.embeddings import mean_directions
from amber_id.extras import from_extra
from amber_id.protocols import Split

_MOST_COMPONENTS = 100


def fold_vectors(
    statistics: ClipStatistics, split: Split, used: Int[np.ndarray, " N"], *, of_person: bool
) -> list[FoldVectors]:
    """The vectors of each fold of a split; `used` are the clips, by position, that have a value.

    Raises TrainingError if there is too little to fit to.
    """
    subject = np.array([entry.subject for entry in statistics.windows.entries])[used]
    folds = []
    fitted = fitted_in_folds(statistics, split) if of_person else None
    bare = None if of_person else _means(statistics)[used]
    for number in range(len(split.folds)):
        learnt = (*split.subjects("train", number), *split.subjects("dev", number))
        train, test = (
            np.flatnonzero(np.isin(subject, people)) for people in (learnt, split.subjects("test", number))
        )
        if fitted is not None:
            embeddings = fitted[number].project(statistics.values)
            vectors = mean_directions(embeddings, statistics.windows)[used].astype(np.float64)
            folds.append(FoldVectors(train, test, vectors[train], vectors[test]))
        elif bare is not None:
            folds.append(FoldVectors(train, test, *_rounded(bare[train], bare[test])))
    return [fold for fold in folds if len(fold.train) and len(fold.test)]


def _means(statistics: ClipStatistics) -> Float[np.ndarray, "M F"]:
    """The mean of the statistics of each clip's windows."""
    clip = statistics.windows.clip
    sums = np.zeros((len(statistics.windows.entries), statistics.values.shape[1]))
    np.add.at(sums, clip, statistics.values)
    return sums / np.bincount(clip, minlength=len(sums))[:, None]


def _rounded(
    train: Float[np.ndarray, "n F"], test: Float[np.ndarray, "m F"]
) -> tuple[Float[np.ndarray, "n D"], Float[np.ndarray, "m D"]]:
    with from_extra("scikit-learn", "train"):
        from sklearn.covariance import ledoit_wolf
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale <= 1e-6 * np.abs(mean) + 1e-9, np.inf, scale)
    train, test = (train - mean) / scale, (test - mean) / scale
    axes, reduced = principal_components(train, min(_MOST_COMPONENTS, len(train) - 1))
    covariance, _ = ledoit_wolf(reduced, assume_centered=True)
    variance, turned = np.linalg.eigh(covariance)
    whiten = turned / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    return reduced @ whiten, test @ axes @ whiten
