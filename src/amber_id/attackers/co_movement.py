"""How do the parts of a face move together?

Two people who raise their brows equally far and often differ in what else moves with them. Each window is
described by the correlations between components of its movement, and between components of its changes from
frame to frame. The components are principal ones of the windows that an attacker is fitted to.

So that only a small matrix of each window must be kept, the landmarks are first summed with smooth weights:
the eigenvectors of a Gaussian kernel of their places on the mean face, those of the largest eigenvalues.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from amber_id.face_mesh import mean_face
from amber_id.motion import FeatureConfig

_MODES = 32  # of one channel, at most
_WIDTH = 0.15  # of the kernel, in distances between the outer corners of the eyes
_COMPONENTS = 40  # at most
_STILL = 1e-6  # below any movement
_MOST = 0.99  # of a correlation: of a still component it is not defined, of one that copies another infinite

Matrices = Float[np.ndarray, "N M M"]


def has_co_movement(features: FeatureConfig) -> bool:
    """Whether these features show how landmarks move and nothing else, in one stream."""
    return features.on_face and features.view == "motion" and len(features.streams) == 1


def n_covariances(features: FeatureConfig) -> int:
    """How many numbers `covariances_of` gives for a window; 0 where there is no co-movement."""
    if not has_co_movement(features):
        return 0
    _, size, _ = components_shape(features)
    return size * (size + 1)


def components_shape(features: FeatureConfig) -> tuple[int, int, int]:
    """The shape of `fit_components` under these features."""
    size = _smooth_weights(features.points).shape[1] * features.channels_per_stream
    return 2, size, min(size, _COMPONENTS)


def covariances_of(
    values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"], features: FeatureConfig
) -> Float[np.ndarray, "N S"]:
    """The covariances of smooth sums of landmarks in each window, and those of their changes.

    Of either matrix the upper triangle with its diagonal, row by row.
    """
    weights = _smooth_weights(features.points)
    N, _C, T, _ = values.shape
    summed = (values.transpose(0, 2, 1, 3).astype(np.float64) @ weights).reshape(N, T, -1)
    both = mask[:, 1:] & mask[:, :-1]
    rows, columns = np.triu_indices(summed.shape[2])
    return np.concatenate(
        [
            _covariances(signals, seen)[:, rows, columns]
            for signals, seen in ((summed, mask), (np.diff(summed, axis=1), both))
        ],
        axis=1,
    )


def fit_components(covariances: Float[np.ndarray, "N S"]) -> Float[np.ndarray, "2 M K"]:
    """Principal components of movement and of changes within windows, those of most variance first."""
    return np.stack([_largest(matrices.mean(axis=0)) for matrices in _as_matrices(covariances)])


def correlations_of(
    covariances: Float[np.ndarray, "N S"], components: Float[np.ndarray, "2 M K"]
) -> tuple[Float[np.ndarray, "N R"], Float[np.ndarray, "N R"]]:
    """The correlations between components of movement, and those of changes, after Fisher's z.

    A component that does not move is correlated with none.
    """
    rows, columns = np.triu_indices(components.shape[2], k=1)
    pairs = []
    for matrices, axes in zip(_as_matrices(covariances), components, strict=True):
        own = axes.T @ matrices @ axes
        spread = np.sqrt(np.maximum(np.einsum("nkk->nk", own), 0)) + _STILL
        correlations = own[:, rows, columns] / spread[:, rows] / spread[:, columns]
        pairs.append(np.arctanh(np.clip(correlations, -_MOST, _MOST)))
    return pairs[0], pairs[1]


@cache
def _smooth_weights(points: tuple[int, ...]) -> Float[np.ndarray, "V K"]:
    places = mean_face()[list(points)]
    distances = ((places[:, None] - places) ** 2).sum(axis=2)
    _, vectors = np.linalg.eigh(np.exp(-distances / (2 * _WIDTH**2)))
    return vectors[:, ::-1][:, :_MODES]


def _covariances(signals: Float[np.ndarray, "N T M"], seen: Bool[np.ndarray, "N T"]) -> Matrices:
    weight = seen[:, :, None].astype(np.float64)
    frames = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    centred = (signals - (signals * weight).sum(axis=1, keepdims=True) / frames) * weight
    return centred.transpose(0, 2, 1) @ centred / frames


def _as_matrices(covariances: Float[np.ndarray, "N S"]) -> tuple[Matrices, Matrices]:
    N, S = covariances.shape
    size = round(np.sqrt(S + 0.25) - 0.5)  # S is size times size + 1
    rows, columns = np.triu_indices(size)
    matrices = np.zeros((2, N, size, size))
    for matrix, half in zip(matrices, np.split(covariances, 2, axis=1), strict=True):
        matrix[:, rows, columns] = half
        matrix[:, columns, rows] = half
    return matrices[0], matrices[1]


def _largest(covariance: Float[np.ndarray, "M M"]) -> Float[np.ndarray, "M K"]:
    _, axes = np.linalg.eigh(covariance)
    return axes[:, ::-1][:, :_COMPONENTS]
