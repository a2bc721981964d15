"""One vector per clip: the normalised mean of its windows' normalised embeddings.

Two clips are compared by the cosine of their vectors.
"""

import numpy as np
from jaxtyping import Float, Int

from amber_id.attackers import Attacker
from amber_id.errors import EmbeddingError
from amber_id.motion import WindowSet


def embed_clips(attacker: Attacker, windows: WindowSet) -> Float[np.ndarray, "M D"]:
    """One vector of length one for each clip of `windows`, in the order of its entries.

    Raises
    ------
    EmbeddingError
        If an embedding is zero or not a number; the message names the clip. If the windows are not of the
        features that the attacker was trained on.
    """
    _refuse_other_features(attacker, windows)
    return mean_directions(attacker.embed_set(windows), windows)


def mean_directions(
    embeddings: Float[np.ndarray, "N D"], windows: WindowSet, *, first: int | None = None
) -> Float[np.ndarray, "M D"]:
    """One vector of length one for each clip, from the embeddings of its windows, of any length.

    With `first`, from so many of its first windows only, or all where it has fewer.

    Raises
    ------
    EmbeddingError
        If one is zero or not a number; the message names the clip.
    """
    vectors = _unit(embeddings.astype(np.float64), windows, windows.clip)
    sums = np.zeros((len(windows.entries), vectors.shape[1]))
    used = slice(None) if first is None else _place_in_clip(windows) < first
    np.add.at(sums, windows.clip[used], vectors[used])
    return _unit(sums, windows, np.arange(len(sums))).astype(np.float32)


def _place_in_clip(windows: WindowSet) -> Int[np.ndarray, " N"]:
    """How many windows of its clip are before each window."""
    begin = np.searchsorted(windows.clip, np.arange(len(windows.entries)))
    return np.arange(len(windows.clip)) - begin[windows.clip]


def _refuse_other_features(attacker: Attacker, windows: WindowSet) -> None:
    trained, given = attacker.features.model_dump(), windows.config.model_dump()
    for name, value in trained.items():
        if given[name] != value:
            raise EmbeddingError(
                f"the attacker was trained on features with {name} {value}, these have {given[name]}; "
                "load them with the features in the checkpoint's header"
            )


def _unit(
    vectors: Float[np.ndarray, "N D"], windows: WindowSet, clip: np.ndarray
) -> Float[np.ndarray, "N D"]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    bad = np.flatnonzero(~(lengths[:, 0] > 0) | ~np.isfinite(lengths[:, 0]))
    if len(bad):
        name = windows.entries[clip[bad[0]]].clip
        raise EmbeddingError(f"{name}: its embedding is zero or not a number; the attacker is not usable")
    return vectors / lengths
