"""The attacker `moments`: statistics and spectra of every signal, and a linear discriminant.

No network. Each signal (a channel of a vertex) of a window becomes ten numbers: mean, spread, skewness,
spread of its changes, and the logarithm of its power in six frequency bands. These are standardised,
reduced by principal components and projected by linear discriminant analysis with Ledoit-Wolf shrinkage
(Friedman, JASA 84, 1989; Ledoit and Wolf, J. Multivariate Analysis 88, 2004), fitted on the training
subjects. It needs seconds, and it is what a network has to beat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field

from amber_id.errors import MissingDependencyError, TrainingError

BANDS_HZ = ((0.4, 1.0), (1.0, 2.0), (2.0, 3.5), (3.5, 5.5), (5.5, 8.0), (8.0, 12.0))
_PER_BAND = 4  # frequencies looked at in each band
_TINY = 1e-12
_AT_ONCE = 256  # windows whose intermediate arrays are in memory together, about 0.2 GB


class MomentsConfig(BaseModel):
    """How the discriminant is fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    components: int = Field(128, ge=1)  # principal components kept at most
    dimensions: int = Field(128, ge=1)  # of the embedding, at most; subjects - 1 at most


@dataclass(frozen=True)
class MomentsAttacker:
    """A fitted attacker: F statistics, standardised, times one matrix.

    `frames_hz` is the rate of the features, for the spectra.
    """

    mean: Float[np.ndarray, " F"]
    scale: Float[np.ndarray, " F"]
    projection: Float[np.ndarray, "F D"]
    offset: Float[np.ndarray, " D"]
    frames_hz: Float[np.ndarray, ""]

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embeddings of windows, not yet normalised."""
        return self.project(window_statistics(values, mask, rate_hz=float(self.frames_hz)))

    def project(self, statistics: Float[np.ndarray, "N F"]) -> Float[np.ndarray, "N D"]:
        """The same from the statistics of `window_statistics`."""
        return ((statistics - self.mean) / self.scale) @ self.projection - self.offset

    def tensors(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray]) -> "MomentsAttacker":
        """The attacker of a checkpoint; raises ValueError if they are not those of one."""
        expected = {f.name for f in fields(cls)}
        if set(tensors) != expected:
            raise ValueError(f"expected the arrays {sorted(expected)}, got {sorted(tensors)}")
        F, D = (*tensors["projection"].shape, 0, 0)[:2]
        shapes = {"mean": (F,), "scale": (F,), "projection": (F, D), "offset": (D,), "frames_hz": ()}
        for name, shape in shapes.items():
            array = tensors[name]
            if array.shape != shape or not np.issubdtype(array.dtype, np.floating):
                raise ValueError(
                    f"{name} must be of shape {shape} and floating, got {array.shape} and {array.dtype}"
                )
        return cls(**tensors)


def fit_moments(
    values: Float[np.ndarray, "N C T V"],
    mask: Bool[np.ndarray, "N T"],
    subject: Int[np.ndarray, " N"],
    config: MomentsConfig,
    *,
    rate_hz: float,
) -> MomentsAttacker:
    """Fit on the windows of the training subjects.

    Raises
    ------
    TrainingError
        If nothing varies between windows, or nobody has two.
    """
    statistics = window_statistics(values, mask, rate_hz=rate_hz)
    return fit_to_statistics(statistics, subject, config, rate_hz=rate_hz)


def fit_to_statistics(
    statistics: Float[np.ndarray, "N F"],
    subject: Int[np.ndarray, " N"],
    config: MomentsConfig,
    *,
    rate_hz: float,
) -> MomentsAttacker:
    """The same from the statistics of `window_statistics`, for whoever fits to parts of them in turn."""
    try:
        from sklearn.decomposition import PCA
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    except ImportError as error:
        raise MissingDependencyError.for_extra("scikit-learn", "train") from error

    n_subjects = len(np.unique(subject))
    if n_subjects < 2 or len(subject) <= n_subjects:
        raise TrainingError(f"moments needs two subjects with several windows, got {len(subject)} windows")
    mean, scale = statistics.mean(axis=0), statistics.std(axis=0)
    constant = scale <= 1e-6 * np.abs(mean) + 1e-9
    if constant.all():
        raise TrainingError("moments: no statistic differs between any two windows; check the recordings")
    scale = np.where(constant, np.inf, scale)  # dividing by infinity leaves a constant statistic out
    standardised = (statistics - mean) / scale
    n_components = min(config.components, len(subject) - n_subjects, int((~constant).sum()))
    pca = PCA(n_components, svd_solver="full")
    reduced = pca.fit_transform(standardised)
    lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(reduced, subject)
    matrix = lda.scalings_[:, : min(config.dimensions, n_subjects - 1)]
    return MomentsAttacker(
        mean=mean,
        scale=scale,
        projection=pca.components_.T @ matrix,
        offset=pca.mean_ @ pca.components_.T @ matrix,
        frames_hz=np.array(rate_hz),
    )


def window_statistics(
    values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], *, rate_hz: float
) -> Float[np.ndarray, "N F"]:
    """Ten statistics of every signal of each window, in float64; frames outside the mask do not count."""
    parts = [
        _statistics(values[n : n + _AT_ONCE], mask[n : n + _AT_ONCE], rate_hz=rate_hz)
        for n in range(0, max(len(values), 1), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _statistics(
    values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], *, rate_hz: float
) -> Float[np.ndarray, "N F"]:
    N, C, T, V = values.shape
    signals = values.astype(np.float64).transpose(0, 1, 3, 2).reshape(N, C * V, T)
    weight = mask.astype(np.float64)[:, None, :]
    frames = weight.sum(axis=2)
    mean = (signals * weight).sum(axis=2) / frames
    centred = (signals - mean[:, :, None]) * weight
    spread = np.sqrt((centred**2).sum(axis=2) / frames)
    skewness = (centred**3).sum(axis=2) / frames / (spread**3 + _TINY)
    both = weight[:, :, 1:] * weight[:, :, :-1]
    changes = np.sqrt((np.diff(signals, axis=2) ** 2 * both).sum(axis=2) / np.maximum(both.sum(axis=2), 1))
    bands = _band_powers(centred, weight, rate_hz=rate_hz)
    logs = [np.log(x + 1e-6) for x in (spread, changes)]
    return np.concatenate([mean, skewness, *logs, *bands], axis=1)


def _band_powers(
    centred: Float[np.ndarray, "N S T"], weight: Float[np.ndarray, "N 1 T"], *, rate_hz: float
) -> list[Float[np.ndarray, "N S"]]:
    """Logarithm of the mean power in each band, by a Fourier sum over the frames of the mask.

    A Hann taper over those frames keeps slow drift out of the fast bands. Bands above half the rate are
    left out.
    """
    T = centred.shape[2]
    length = weight.sum(axis=2, keepdims=True)
    taper = weight * np.sin(np.pi * (np.arange(T) + 0.5) / length) ** 2
    tapered = centred * taper
    energy = (taper**2).sum(axis=2)
    powers = []
    for low, high in BANDS_HZ:
        if high > rate_hz / 2:
            break
        frequencies = np.linspace(low, high, _PER_BAND, endpoint=False)
        phase = 2 * np.pi * frequencies * np.arange(T)[:, None] / rate_hz
        power = (tapered @ np.cos(phase)) ** 2 + (tapered @ np.sin(phase)) ** 2
        powers.append(np.log(power.mean(axis=2) / energy + 1e-12))
    return powers
