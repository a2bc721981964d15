"""The attacker `moments`: statistics and spectra of every signal, and a linear discriminant.

No network. Each signal (a channel of a vertex) of a window becomes 22 numbers: mean, spread, skewness, spread
of its changes, the logarithm of its power in six frequency bands, seven quantiles, the distances between
four of them, and two quantiles of its changes: what is rare, such as a blink, shows in these.

In the view motion, the correlations between components of the movement of landmarks are statistics as well
(`co_movement.py`).

They are standardised, weighted by how well each alone tells the training subjects apart (the root of its
intraclass correlation), reduced by principal components, and projected by one of

plda    the two-covariance model (Ioffe, "Probabilistic linear discriminant analysis", ECCV 2006): the
        covariance of a subject's windows is made round, the subjects' own covariance, which few subjects
        tell badly, is drawn towards a round one, and every axis is scaled by the weight that its product has
        in the log-likelihood ratio of "one person" against "two". Cosines then rank pairs as that ratio does,
        but for lengths, which tell more of the recording than of the person.
lda     linear discriminant analysis (Friedman, JASA 84, 1989): fewer dimensions than subjects.

Kinds of statistics (`face_parts.py`: the face at rest, its movement, the head's; co-movement) are reduced and
projected each by itself and stand beside each other in the embedding. Products then add up, as the ratios of
independent kinds do: a kind that tells people apart badly has short vectors and little weight.

The covariance within subjects is shrunk after Ledoit and Wolf, J. Multivariate Analysis 88, 2004.

It needs seconds, and it is what a network has to beat.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field
from scipy.linalg import eigh

from amber_id.attackers.attacker import FittedKind
from amber_id.attackers.co_movement import (
    components_shape,
    correlations_of,
    fit_components,
    has_co_movement,
    n_covariances,
)
from amber_id.attackers.face_parts import parts_of
from amber_id.attackers.window_statistics import n_statistics, statistics_of, statistics_under
from amber_id.errors import TrainingError
from amber_id.extras import from_extra
from amber_id.motion import FeatureConfig, WindowSet

_ARRAYS = ("mean", "scale", "projection")  # of a checkpoint
_COMPONENTS = "components"  # of one that sees co-movement, too
_TINY = 1e-12
_LEAST_WEIGHT = 0.003  # of a statistic that tells nobody apart, as an intraclass correlation
_SHRINK_BETWEEN = 0.7  # towards a round one: the subjects are few
_LEAST_BETWEEN = 1e-3  # variance of subjects, in that of their windows, where none is found
_EXACT_UP_TO = 1500  # windows or statistics
_NOTHING_DIFFERS = "moments: no statistic differs between any two windows; check the recordings"


class MomentsConfig(BaseModel):
    """How the discriminant is fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    discriminant: Literal["plda", "lda"] = "plda"
    components: int = Field(48, ge=1)  # principal components kept at most
    dimensions: int = Field(48, ge=1)  # of the embedding, at most


@dataclass(frozen=True)
class MomentsAttacker:
    """A fitted attacker: F statistics, standardised, times one matrix."""

    mean: Float[np.ndarray, " F"]
    scale: Float[np.ndarray, " F"]
    projection: Float[np.ndarray, "F D"]
    features: FeatureConfig
    components: Float[np.ndarray, "2 M K"] | None = None  # whose correlations are statistics, if any are

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, not yet normalised."""
        return self.project(statistics_under(self.features, values, mask))

    def embed_set(self, windows: WindowSet) -> Float[np.ndarray, "N D"]:
        """Embeddings of all windows of a set, from statistics that are computed once for each clip."""
        return self.project(statistics_of(windows))

    def project(self, statistics: Float[np.ndarray, "N F"]) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, from their statistics as `statistics_under` gives them."""
        values, _ = _arranged(statistics, self.features, self.components)
        return ((values - self.mean) / self.scale) @ self.projection

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        arrays = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        return arrays if self.components is None else arrays | {_COMPONENTS: self.components}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], features: FeatureConfig) -> "MomentsAttacker":
        """The attacker of a checkpoint; raises ValueError if they are not those of one."""
        names = {*_ARRAYS, _COMPONENTS} if has_co_movement(features) else set(_ARRAYS)
        if set(tensors) != names:
            raise ValueError(f"expected the arrays {sorted(names)}, got {sorted(tensors)}")
        F, D = (*tensors["projection"].shape, 0, 0)[:2]
        shapes: dict[str, tuple[int, ...]] = {"mean": (F,), "scale": (F,), "projection": (F, D)}
        if _COMPONENTS in names:
            shapes[_COMPONENTS] = components_shape(features)
        for name, shape in shapes.items():
            array = tensors[name]
            if array.shape != shape or not np.issubdtype(array.dtype, np.floating):
                raise ValueError(
                    f"{name} must be of shape {shape} and floating, got {array.shape} and {array.dtype}"
                )
        # A statistic that never varied is divided by infinity.
        finite = all(np.isfinite(tensors[name]).all() for name in names - {"scale"})
        if not (finite and D and (tensors["scale"] > 0).all()):
            raise ValueError("expected a finite mean and projection and a positive scale, got others")
        return cls(**tensors, features=features)


def fit_moments(
    values: Float[np.ndarray, "N C T V"],
    mask: Bool[np.ndarray, "N T"],
    subject: Int[np.ndarray, " N"],
    config: MomentsConfig,
    *,
    features: FeatureConfig,
) -> MomentsAttacker:
    """Fit on the windows of the training subjects.

    Raises
    ------
    TrainingError
        If nothing varies between windows, or nobody has two.
    """
    statistics = statistics_under(features, values, mask)
    return fit_to_statistics(statistics, subject, config, features=features)


def fit_to_statistics(
    statistics: Float[np.ndarray, "N F"],
    subject: Int[np.ndarray, " N"],
    config: MomentsConfig,
    *,
    features: FeatureConfig,
    co_movement: bool = True,
) -> MomentsAttacker:
    """Fit to the statistics of `statistics_under`, for whoever fits to parts of them in turn.

    Where these lack the covariances of `covariances_of`, since they are of a part of the face, `co_movement`
    must be false.

    Raises TrainingError as `fit_moments` does.
    """
    components = None
    if co_movement and has_co_movement(features):
        components = fit_components(statistics[:, -n_covariances(features) :])
    values, parts = _arranged(statistics, features, components)
    mean, scale = weighted_scale(values, subject)
    blocks = []
    for part in parts:
        if np.isfinite(scale[part]).any():
            axes, reduced = principal_components(
                (values[:, part] - mean[part]) / scale[part], _n_components(config, subject)
            )
            of_part = axes @ _discriminant(reduced, subject, config)
            block = np.zeros((len(mean), of_part.shape[1]))
            block[part] = of_part
            blocks.append(block)
    return MomentsAttacker(mean, scale, np.hstack(blocks), features, components)


def _arranged(
    statistics: Float[np.ndarray, "N S"],
    features: FeatureConfig,
    components: Float[np.ndarray, "2 M K"] | None,
) -> tuple[Float[np.ndarray, "N F"], tuple[slice, ...]]:
    """What is projected, with correlations in the place of covariances, and which of it belongs together."""
    if components is None:
        return statistics, parts_of(features, statistics.shape[1])
    n = statistics.shape[1] - n_covariances(features)
    pairs = correlations_of(statistics[:, n:], components)
    ends = np.cumsum([n, *(each.shape[1] for each in pairs)]).tolist()
    apart = tuple(slice(begin, end) for begin, end in pairwise(ends))
    return np.concatenate([statistics[:, :n], *pairs], axis=1), (*parts_of(features, n), *apart)


def weighted_scale(
    statistics: Float[np.ndarray, "N F"], subject: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, " F"]]:
    """The mean of each statistic, and what it is divided by: its spread over the weight that it has.

    Raises TrainingError as `fit_moments` does.
    """
    n_subjects = len(np.unique(subject))
    if n_subjects < 2 or len(subject) <= n_subjects:
        raise TrainingError(f"moments needs two subjects with several windows, got {len(subject)} windows")
    mean, scale = statistics.mean(axis=0), statistics.std(axis=0)
    constant = scale <= 1e-6 * np.abs(mean) + 1e-9
    if constant.all():
        raise TrainingError(_NOTHING_DIFFERS)
    scale = np.where(constant, np.inf, scale)  # dividing by infinity leaves a constant statistic out
    correlation = _intraclass_correlation((statistics - mean) / scale, subject)
    return mean, scale / np.sqrt(correlation + _LEAST_WEIGHT)


def embeddings_from_products(
    products: Float[np.ndarray, "M N"],
    train: Int[np.ndarray, " N"],
    subject: Int[np.ndarray, " N"],
    config: MomentsConfig,
) -> Float[np.ndarray, "M D"]:
    """What a fitted attacker makes of M windows, from the products of their statistics alone.

    ``products[m, n]`` is the product of the statistics, less their means and divided by their scales
    (`weighted_scale`), of window m and of window ``train[n]``, the n-th of the N that the attacker is fitted
    to, a window of ``subject[n]``. Products add up over statistics: those of parts of a face give those of
    any set of parts. Raises TrainingError if nothing varies.
    """
    variance, left = _largest_pairs(products[train], _n_components(config, subject))
    if len(variance) == 0:
        raise TrainingError(_NOTHING_DIFFERS)
    reduced = products @ (left / np.sqrt(variance))
    return reduced @ _discriminant(reduced[train], subject, config)


def _n_components(config: MomentsConfig, subject: Int[np.ndarray, " N"]) -> int:
    return min(config.components, len(subject) - len(np.unique(subject)))


def _discriminant(
    reduced: Float[np.ndarray, "N P"], subject: Int[np.ndarray, " N"], config: MomentsConfig
) -> Float[np.ndarray, "P D"]:
    fit = _plda if config.discriminant == "plda" else _lda
    return fit(reduced, subject)[:, : config.dimensions]


def _intraclass_correlation(
    standardised: Float[np.ndarray, "N F"], subject: Int[np.ndarray, " N"]
) -> Float[np.ndarray, " F"]:
    """The share of each statistic's variance that lies between subjects."""
    between, noise = variance_components(standardised, subject)
    return between / np.maximum(between + noise, _TINY)


def variance_components(
    values: Float[np.ndarray, "N F"], subject: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, " F"]]:
    """The variance of subjects, and that of what is one subject's (analysis of variance); neither below 0.

    Somebody must have two rows.
    """
    means, within = _within(values, subject)
    noise = (within**2).sum(axis=0) / (len(within) - len(means))
    return np.maximum(means.var(axis=0, ddof=1) - noise * len(means) / len(within), 0), noise


def _within(
    values: Float[np.ndarray, "N F"], subject: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, "S F"], Float[np.ndarray, "N F"]]:
    """The mean of each subject, and each row less that of its own."""
    _, place = np.unique(subject, return_inverse=True)
    member = (place == np.arange(place.max() + 1)[:, None]) / np.bincount(place)[:, None]
    means = member @ values
    return means, values - means[place]


def principal_components(
    values: Float[np.ndarray, "N F"], n: int
) -> tuple[Float[np.ndarray, "F P"], Float[np.ndarray, "N P"]]:
    """At most `n` principal axes of centred values, and the values on them.

    From the smaller of the two product matrices where that is small; else by a randomised decomposition
    (Halko, Martinsson and Tropp, SIAM Review 53, 2011), which draws the same numbers every time.
    """
    if min(values.shape) > _EXACT_UP_TO:
        with from_extra("scikit-learn", "train"):
            from sklearn.utils.extmath import randomized_svd
        _, _, axes = randomized_svd(values, n, n_oversamples=20, n_iter=7, random_state=0)
        axes = axes.T
    elif len(values) < values.shape[1]:
        variance, left = _largest_pairs(values @ values.T, n)
        axes = values.T @ (left / np.sqrt(variance))
    else:
        _, axes = _largest_pairs(values.T @ values, n)
    return axes, values @ axes


def _largest_pairs(
    matrix: Float[np.ndarray, "N N"], n: int
) -> tuple[Float[np.ndarray, " P"], Float[np.ndarray, "N P"]]:
    """The `n` largest eigenvalues, descending, and their vectors; none that is 0 but for rounding."""
    N = len(matrix)
    variance, vectors = eigh(matrix, subset_by_index=(max(N - n, 0), N - 1), driver="evx")
    variance, vectors = variance[::-1], vectors[:, ::-1]
    is_real = variance > 1e-10 * variance[0]
    return variance[is_real], vectors[:, is_real]


def _plda(reduced: Float[np.ndarray, "N P"], subject: Int[np.ndarray, " N"]) -> Float[np.ndarray, "P D"]:
    """Axes in which both covariances are diagonal, each scaled by the root of its weight in the ratio."""
    with from_extra("scikit-learn", "train"):
        from sklearn.covariance import ledoit_wolf
    means, within = _within(reduced, subject)
    covariance, _ = ledoit_wolf(within, assume_centered=True)
    variance, axes = np.linalg.eigh(covariance * len(within) / (len(within) - len(means)))
    whiten = axes / np.sqrt(np.maximum(variance, _TINY))
    centred = (means - means.mean(axis=0)) @ whiten
    between = centred.T @ centred / (len(means) - 1) - np.eye(len(whiten)) * len(means) / len(within)
    level = max(float(np.trace(between)) / len(between), _LEAST_BETWEEN)
    between = (1 - _SHRINK_BETWEEN) * between + _SHRINK_BETWEEN * level * np.eye(len(between))
    variance, axes = np.linalg.eigh(between)
    variance = np.maximum(variance[::-1], _TINY)
    share = variance / (1 + variance)
    # The product of two standardised numbers has the weight share / (1 - share ** 2) in the ratio.
    return whiten @ axes[:, ::-1] * np.sqrt(share / (1 - share**2) / (1 + variance))


def _lda(reduced: Float[np.ndarray, "N P"], subject: Int[np.ndarray, " N"]) -> Float[np.ndarray, "P D"]:
    with from_extra("scikit-learn", "train"):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(reduced, subject)
    return lda.scalings_[:, : len(np.unique(subject)) - 1]


def _fitter(windows: WindowSet, config: MomentsConfig) -> Callable[[WindowSet], MomentsAttacker]:
    """A function that fits to some of these windows, whose statistics are computed once for all folds."""
    statistics = statistics_of(windows)
    subject_of_clip = np.array([entry.subject for entry in windows.entries])

    def fit(train: WindowSet) -> MomentsAttacker:
        own = np.isin(subject_of_clip, train.subjects)[windows.clip]
        subject = train.subject_of_clip[train.clip]
        return fit_to_statistics(statistics[own], subject, config, features=train.config)

    return fit


def _loaded(tensors: Mapping[str, np.ndarray], features: FeatureConfig) -> MomentsAttacker:
    """The attacker of a checkpoint; raises ValueError where its arrays are not those of its features."""
    attacker = MomentsAttacker.from_tensors(tensors, features)
    expected = n_statistics(features) - n_covariances(features)
    if attacker.components is not None:
        K = attacker.components.shape[2]
        expected += K * (K - 1)  # pairs of components of movement, and of changes
    if attacker.mean.size != expected:
        raise ValueError(f"expected {expected} statistics, as its features have, got {attacker.mean.size}")
    return attacker


MOMENTS = FittedKind(
    name="moments",
    summary="statistics of every signal and a linear discriminant, in seconds",
    config=MomentsConfig,
    streams=("joint",),
    streams_with_pose=("joint", "face"),
    fitter=_fitter,
    loader=_loaded,
)
