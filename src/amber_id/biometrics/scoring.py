"""All pairs of very many clips, compared and counted without ever holding their scores.

Embeddings are compared block by block; the scores of a block go into histograms and are forgotten. Time grows
with the square of the clips, memory does not: it is that of the embeddings, one block, and the histograms.

Conventions
-----------
The score is the cosine, in single precision (rounding of about 1e-7). It is counted in `FINE_BINS` equal bins
over [-1, 1], from which figures are read; :meth:`ErrorCurve.eer_bounds` says between which values the exact
EER lies. For the bootstrap, the same are counted in fewer bins for each pair of people, or for each person.
The arithmetic runs where the embeddings are: NumPy arrays on the processor, torch tensors on their device.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int, Int64, Shaped

from amber_id.biometrics.directions import unit_vectors
from amber_id.biometrics.tallies import (
    DEFAULT_BINS,
    MOST_PAIRED_SUBJECTS,
    PairTally,
    ScoreHistogram,
    SubjectTally,
    quantile_edges,
)
from amber_id.errors import EvaluationError

if TYPE_CHECKING:
    import torch

FINE_BINS = 2**17
_HALF = FINE_BINS // 2
_NOT_COUNTED = FINE_BINS  # the bin of comparisons that stand in a block and are not to be counted
_BLOCK = 2**24  # scores at a time: about 0.4 GB while they are counted
_ROWS = 1024  # clips of a block at most
_SAMPLED_SUBJECTS, _SAMPLED_CLIPS = 256, 8  # from which the edges of the fewer bins are chosen

Vectors: TypeAlias = "Float[np.ndarray, 'N D'] | torch.Tensor"


def tally_all(
    vectors: Vectors,
    subjects: Int[np.ndarray, " N"],
    *,
    detail: Literal["pairs", "subjects"] | None = None,
    bins: int = DEFAULT_BINS,
    shard: tuple[int, int] = (1, 1),
    on_progress: Callable[[int], None] | None = None,
) -> PairTally | SubjectTally:
    """Compare each unordered pair of different clips by cosine, and count; for a bootstrap over people.

    Parameters
    ----------
    vectors
        One embedding per clip, of any length but zero: an array, or a torch tensor on any device.
    subjects
        Who each clip shows, as an index in 0..S-1.
    detail
        Whether to count for each pair of people or for each person; unless given, pairs up to
        `MOST_PAIRED_SUBJECTS` people.
    bins
        Most bins for each pair of people, or person.
    shard
        ``(i, n)``: the i-th of n parts of the comparisons, of which :func:`amber_id.biometrics.merge` makes
        the whole again.
    on_progress
        Called after each block with how many comparisons it had.

    Raises
    ------
    EvaluationError
        If there are fewer than two clips.
    ValueError
        If a vector is zero or not finite, or an argument is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(5), 4)
    >>> vectors = rng.normal(size=(5, 8))[subjects] + 0.5 * rng.normal(size=(20, 8))
    >>> people = tally_all(vectors, subjects)
    >>> int(people.counts.sum()), people.counts.shape[0]
    (190, 15)
    >>> low, high = people.whole.curve().eer_bounds()
    >>> float(low) <= float(people.whole.curve().eer()) <= float(high)
    True
    """
    study = _Study.of(vectors, subjects, bins)
    if detail is None:
        detail = "pairs" if len(study.subjects) <= MOST_PAIRED_SUBJECTS else "subjects"
    counter = _PairCounter(study) if detail == "pairs" else _SubjectCounter(study)
    whole = _count(study, shard, on_progress, counter)
    return counter.tally(whole)


def histogram_all(
    vectors: Vectors,
    subjects: Int[np.ndarray, " N"],
    *,
    shard: tuple[int, int] = (1, 1),
    on_progress: Callable[[int], None] | None = None,
) -> ScoreHistogram:
    """Compare each unordered pair of different clips by cosine, and count; for figures without an interval.

    Parameters and errors are those of :func:`tally_all`, which takes somewhat longer.

    Examples
    --------
    >>> histogram = histogram_all(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0, 0, 1]))
    >>> histogram.edges[histogram.mated > 0], histogram.edges[histogram.nonmated > 0]
    (array([0.99998474]), array([0.]))
    """
    return _count(_Study.of(vectors, subjects, bins=2), shard, on_progress, None)


@runtime_checkable
class _Arithmetic(Protocol):
    """What a device does with blocks; arrays of it slice, index, add and reshape as NumPy's do."""

    directions: Any

    def places(self, rows: Any, columns: Any) -> Any:
        """The fine bin of the score of each row with each column; both are slices or indices."""

    def own(self, values: Shaped[np.ndarray, "..."]) -> Any:
        """An array of this device."""

    def joined(self, parts: list[Any]) -> Any:
        """All entries of several arrays, in a row."""

    def counted(self, places: Any, n: int) -> Int64[np.ndarray, " n"]:
        """How often each of 0..n-1 occurs."""


class _NumpyArithmetic:
    def __init__(self, vectors: Float[np.ndarray, "N D"], order: Int64[np.ndarray, " N"]) -> None:
        self.directions: Float32[np.ndarray, "N D"] = unit_vectors(vectors, np.float32)[order]

    def places(
        self, rows: slice | Int64[np.ndarray, " R"], columns: slice | Int64[np.ndarray, " C"]
    ) -> Int64[np.ndarray, "_ _"]:
        scores = self.directions[rows] @ self.directions[columns].T
        scores *= np.float32(_HALF)
        scores += np.float32(_HALF)
        np.clip(scores, 0, FINE_BINS - 1, out=scores)
        return scores.astype(np.int64)

    def own(self, values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
        return values

    def joined(self, parts: list[Int64[np.ndarray, "_ _"]]) -> Int64[np.ndarray, " _"]:
        return np.concatenate([part.reshape(-1) for part in parts])

    def counted(self, places: Int64[np.ndarray, "..."], n: int) -> Int64[np.ndarray, " n"]:
        return np.bincount(places.reshape(-1), minlength=n)


class _TorchArithmetic:
    def __init__(self, vectors: "torch.Tensor", order: Int64[np.ndarray, " N"]) -> None:
        import torch  # the caller has it already

        self._torch = torch
        lengths = vectors.detach().to(torch.float32).norm(dim=1, keepdim=True)
        unit_vectors(lengths.cpu().numpy(), np.float32)  # refuses what is zero or not finite, by row
        rows = torch.from_numpy(order).to(vectors.device)
        self.directions = vectors.detach()[rows].to(torch.float32) / lengths[rows]

    def places(self, rows: "slice | torch.Tensor", columns: "slice | torch.Tensor") -> "torch.Tensor":
        scores = self.directions[rows] @ self.directions[columns].T
        return scores.mul_(_HALF).add_(_HALF).clamp_(0, FINE_BINS - 1).to(self._torch.int64)

    def own(self, values: Shaped[np.ndarray, "..."]) -> "torch.Tensor":
        return self._torch.from_numpy(np.ascontiguousarray(values)).to(self.directions.device)

    def joined(self, parts: list["torch.Tensor"]) -> "torch.Tensor":
        return self._torch.cat([part.reshape(-1) for part in parts])

    def counted(self, places: "torch.Tensor", n: int) -> Int64[np.ndarray, " n"]:
        counts: Int64[np.ndarray, " n"] = self._torch.bincount(places.reshape(-1), minlength=n).cpu().numpy()
        return counts


@dataclass(frozen=True, eq=False)
class _Study:
    """Clips in the order of their subjects, and how finely they are counted."""

    arithmetic: _Arithmetic
    subjects: Int64[np.ndarray, " S"]  # ascending
    first: Int64[np.ndarray, " S1"]  # first clip of each subject; one more entry: N
    of_clip: Int64[np.ndarray, " N"]  # position in `subjects`
    coarse_edges: Int64[np.ndarray, " B"]  # fine bin at which each of the fewer bins begins

    @classmethod
    def of(cls, vectors: Vectors, subjects: Int[np.ndarray, " N"], bins: int) -> "_Study":
        N = len(vectors)
        if N < 2:
            raise EvaluationError(f"a comparison takes two clips, got {N}: add clips to this partition")
        if len(subjects) != N or (subjects < 0).any():
            raise ValueError(
                f"subjects must have one index from 0 for each of {N} clips, got {len(subjects)}"
            )
        order = np.argsort(subjects, kind="stable")
        names, first, of_clip = np.unique(subjects[order], return_index=True, return_inverse=True)
        arithmetic: _Arithmetic = (
            _NumpyArithmetic(vectors, order)
            if isinstance(vectors, np.ndarray)
            else _TorchArithmetic(vectors, order)
        )
        first = np.append(first, N)
        edges = _sampled_edges(arithmetic, first, bins)
        return cls(arithmetic, names.astype(np.int64), first, of_clip, edges)

    @property
    def edges(self) -> Float[np.ndarray, " B"]:
        """The lower edges of the fewer bins, as scores."""
        return self.coarse_edges / _HALF - 1

    def blocks(self, shard: tuple[int, int]) -> Iterator[slice]:
        """Clips compared at a time with all later ones; a shard has every n-th block."""
        i, n = shard
        if not 1 <= i <= n:
            raise ValueError(f"shard must be (i, n) with 1 <= i <= n, got {shard}")
        N = len(self.of_clip)
        starts = [0]
        while starts[-1] < N:
            starts.append(min(starts[-1] + max(1, min(_BLOCK // (N - starts[-1]), _ROWS)), N))
        blocks = [slice(a, b) for a, b in pairwise(starts)]
        return iter(blocks[i - 1 :: n])


def _count(
    study: _Study,
    shard: tuple[int, int],
    on_progress: Callable[[int], None] | None,
    counter: "_PairCounter | _SubjectCounter | None",
) -> ScoreHistogram:
    """Go through all blocks; the fine histogram of both kinds."""
    N, device = len(study.of_clip), study.arithmetic
    both, mated = (np.zeros(FINE_BINS + 1, np.int64) for _ in range(2))
    for rows in study.blocks(shard):
        n_rows = rows.stop - rows.start
        places = device.places(rows, slice(rows.start, N))
        square = places[:, :n_rows]
        square[device.own(np.tril(np.ones((n_rows, n_rows), dtype=bool)))] = _NOT_COUNTED
        own = [places[a:b, a:c] for a, b, c in _own_spans(study, rows)]
        both += device.counted(places, FINE_BINS + 1)
        mated += device.counted(device.joined(own), FINE_BINS + 1)
        if counter is not None:
            counter.add(rows, places)
        if on_progress is not None:
            on_progress(n_rows * (2 * (N - rows.start) - n_rows - 1) // 2)
    mated, both = mated[:FINE_BINS], both[:FINE_BINS]
    return ScoreHistogram(np.arange(FINE_BINS) / _HALF - 1, mated, both - mated)


class _PairCounter:
    """Histograms of each two people, in the order (0, 0), (0, 1), ..., (1, 1), ..."""

    def __init__(self, study: _Study) -> None:
        S, B = len(study.subjects), len(study.coarse_edges)
        self._study = study
        self._coarse = study.arithmetic.own(_coarse_bins(study))
        self._first_row = np.cumsum([0, *range(S, 0, -1)])
        self._counts = np.zeros((S * (S + 1) // 2, B + 1), np.int32)

    def add(self, rows: slice, places: Any) -> None:
        """Count the scores of a block."""
        study, device, width = self._study, self._study.arithmetic, self._counts.shape[1]
        coarse = self._coarse[places]
        for a, b, _ in _own_spans(study, rows):
            subject = int(study.of_clip[rows.start + a])
            of_column = device.own((study.of_clip[rows.start + a :] - subject) * width)
            n_others = len(study.subjects) - subject
            counts = device.counted(coarse[a:b, a:] + of_column, n_others * width)
            self._counts[self._first_row[subject] :][:n_others] += counts.reshape(-1, width).astype(np.int32)

    def tally(self, whole: ScoreHistogram) -> PairTally:
        """What was counted."""
        S = len(self._study.subjects)
        one, other = np.triu_indices(S)
        edges, subjects = self._study.edges, self._study.subjects
        return PairTally(whole, edges, self._counts[:, :-1], one, other, np.arange(S), subjects)


class _SubjectCounter:
    """Histograms of each person with itself and with all others."""

    def __init__(self, study: _Study) -> None:
        S, B = len(study.subjects), len(study.coarse_edges)
        self._study = study
        self._coarse = study.arithmetic.own(_coarse_bins(study))
        self._mated, self._all = (np.zeros((S, B + 1), np.int64) for _ in range(2))

    def add(self, rows: slice, places: Any) -> None:
        """Count the scores of a block."""
        study, device, width = self._study, self._study.arithmetic, self._mated.shape[1]
        coarse = self._coarse[places]
        for a, b, c in _own_spans(study, rows):
            subject = study.of_clip[rows.start + a]
            self._mated[subject] += device.counted(coarse[a:b, a:c], width)
            self._all[subject] += device.counted(coarse[a:b, a:], width)
        first = int(study.of_clip[rows.start])
        of_column = device.own((study.of_clip[rows.start :] - first) * width)
        counts = device.counted(coarse + of_column, (len(study.subjects) - first) * width)
        self._all[first:] += counts.reshape(-1, width)

    def tally(self, whole: ScoreHistogram) -> SubjectTally:
        """What was counted; a comparison of a subject with itself is in both of its rows of `_all`."""
        mated, nonmated = self._mated[:, :-1], (self._all - 2 * self._mated)[:, :-1]
        return SubjectTally(whole, self._study.edges, mated, nonmated, self._study.subjects)


def _own_spans(study: _Study, rows: slice) -> Iterator[tuple[int, int, int]]:
    """First row, end of rows and end of columns of each subject of a block, counted from its start."""
    for subject in range(study.of_clip[rows.start], study.of_clip[rows.stop - 1] + 1):
        first, last = study.first[subject], study.first[subject + 1]
        yield max(first - rows.start, 0), min(last, rows.stop) - rows.start, last - rows.start


def _coarse_bins(study: _Study) -> Int64[np.ndarray, " F"]:
    """The place among the fewer bins of each fine bin; what is not to be counted goes after the last."""
    coarse = np.searchsorted(study.coarse_edges, np.arange(FINE_BINS), side="right") - 1
    return np.append(coarse, len(study.coarse_edges))


def _sampled_edges(
    arithmetic: _Arithmetic, first: Int64[np.ndarray, " S1"], bins: int
) -> Int64[np.ndarray, " B"]:
    """Edges of the fewer bins: quantiles of both sides, from the first clips of people spread evenly.

    The choice does not bias a rate, which is exact at every edge; it is the same in every shard.
    """
    S = len(first) - 1
    people = np.unique(np.linspace(0, S - 1, min(S, _SAMPLED_SUBJECTS)).astype(np.int64))
    spans = [np.arange(first[p], min(first[p + 1], first[p] + _SAMPLED_CLIPS)) for p in people]
    clips = np.concatenate(spans)
    who = np.repeat(people, [len(span) for span in spans])
    rows = arithmetic.own(clips)
    places = arithmetic.places(rows, rows)
    later = np.triu(np.ones((len(clips), len(clips)), dtype=bool), k=1)
    same = who[:, None] == who
    mated, nonmated = (
        arithmetic.counted(places[arithmetic.own(later & side)], FINE_BINS) for side in (same, ~same)
    )
    return quantile_edges(np.arange(FINE_BINS, dtype=np.float64), mated, nonmated, bins).astype(np.int64)
