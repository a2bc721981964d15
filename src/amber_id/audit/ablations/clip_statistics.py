"""What does `moments` find when it is shown less, or something else?

The statistics of every window are computed once; each question then takes a part of them, or other labels,
and fits anew in every fold of the study's split, on train people. Nothing is chosen: dev people are not used.
All variants of a cell are asked about the same comparisons as the cell itself.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.attackers.co_movement import n_covariances
from amber_id.attackers.moments import (
    MomentsAttacker,
    MomentsConfig,
    embeddings_from_products,
    fit_to_statistics,
    weighted_scale,
)
from amber_id.attackers.window_statistics import statistics_of
from amber_id.biometrics import ALL_PAIRS, Comparisons, CountedPairs, compare_all, eer
from amber_id.embeddings import mean_directions
from amber_id.extras import from_extra
from amber_id.motion import WindowSet, in_channels
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.workers import usable_cores

_MOST_PRODUCTS = 2**27  # of windows, kept at once: 1 GiB
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


Fits = dict[frozenset[str], MomentsAttacker]
"""What was fitted to some statistics, by the people that it was fitted to."""


@dataclass(frozen=True)
class ClipStatistics:
    """What `moments` knows of every window of some clips, and what was fitted to them so far."""

    windows: WindowSet
    values: Float[np.ndarray, "N F"]
    fits: Fits = field(default_factory=dict)
    whole: bool = True  # whether the face is; the co-movement of parts of it is not known
    counted: CountedPairs = ALL_PAIRS

    @classmethod
    def of(
        cls, windows: WindowSet, fits: Fits | None = None, *, counted: CountedPairs = ALL_PAIRS
    ) -> "ClipStatistics":
        """Compute them, where they are not known; `fits` are those to the same windows before, if any."""
        return cls(windows, statistics_of(windows), {} if fits is None else fits, counted=counted)

    def restricted_to(self, points: Collection[int]) -> "ClipStatistics":
        """These statistics of some landmarks alone, without the co-movement of several.

        The face is normalised as a whole nevertheless.
        """
        return replace(self, values=self.values[:, self.columns_of(points)], fits={}, whole=False)

    def columns_of(self, points: Collection[int]) -> Int[np.ndarray, " C"]:
        """Which statistics are of one of these landmarks alone."""
        config = self.windows.config
        seen = np.isin(config.points, list(points))
        signals = np.tile(seen, in_channels(config))  # a signal is a channel of a vertex
        of_one = self.values.shape[1] - (n_covariances(config) if self.whole else 0)
        return np.flatnonzero(np.tile(signals, of_one // len(signals)))

    def labelled(self, recordings: RecordingSet) -> "ClipStatistics":
        """These statistics, relabelled with the subjects of `recordings`."""
        return replace(self, windows=replace(self.windows, entries=recordings.entries), fits={})


def attacked(
    statistics: ClipStatistics, split: Split, *, people: int | None = None
) -> tuple[Comparisons, ...]:
    """The test comparisons of each fold; people are positions in the sorted subjects of the split.

    With `people`, learnt from so many of the train people of each fold only, the same ones every time.

    Raises
    ------
    TrainingError
        If there is too little to fit to.
    """
    return attacked_by(fitted_in_folds(statistics, split, people=people), statistics, split)


def tested_clips(statistics: ClipStatistics, split: Split) -> tuple[str, ...]:
    """The clips that the comparisons of `attacked` number, one fold after the other."""
    entries = statistics.windows.entries
    return tuple(
        entry.clip
        for fold in range(len(split.folds))
        for entry in entries
        if entry.subject in split.subjects("test", fold)
    )


def fitted_in_folds(
    statistics: ClipStatistics, split: Split, *, people: int | None = None
) -> tuple[MomentsAttacker, ...]:
    """`moments` fitted to the train people of each fold, or so many of them; raises as `attacked` does."""
    subjects, who = _people(statistics, split)
    fitted = []
    for fold in range(len(split.folds)):
        train = np.array([subjects.index(s) for s in split.subjects("train", fold)])
        learnt = np.random.default_rng(fold).permutation(train)[:people]
        names = frozenset(subjects[i] for i in learnt)
        if names not in statistics.fits:
            statistics.fits[names] = _fitted(statistics, who, learnt)
        fitted.append(statistics.fits[names])
    return tuple(fitted)


def attacked_by(
    fitted: Sequence[MomentsAttacker],
    statistics: ClipStatistics,
    split: Split,
    *,
    windows: int | None = None,
) -> tuple[Comparisons, ...]:
    """The test comparisons of each fold by its attacker; with `windows`, of the first ones of each clip."""
    _, who = _people(statistics, split)
    return tuple(
        _compared(
            _projected(each, statistics),
            statistics,
            who,
            set(split.subjects("test", fold)),
            windows,
        )
        for fold, each in enumerate(fitted)
    )


def fitting(statistics: ClipStatistics, split: Split) -> float:
    """The EER on the very people that each fold's attacker was fitted to, mean over folds.

    Far below that on test people it says that more people to learn from would help.
    """
    _, who = _people(statistics, split)
    eers = []
    for fold, each in enumerate(fitted_in_folds(statistics, split)):
        learnt = set(split.subjects("train", fold))
        compared = _compared(_projected(each, statistics), statistics, who, learnt, None)
        eers.append(eer(compared.mated_scores, compared.nonmated_scores))
    return float(np.mean(eers))


def attacked_on(
    statistics: ClipStatistics, sets: Sequence[frozenset[int]], split: Split
) -> list[Comparisons]:
    """The test comparisons of all folds, attacked anew on each of these sets of landmarks.

    How landmarks move together has no part in this. The same as `attacked` on the statistics that each set
    shows, but what sets share is computed once.
    """
    atoms = _atoms(sets)
    N = len(statistics.windows.clip)
    if len(atoms) * N**2 > _MOST_PRODUCTS:
        return _each_on_one_core(
            lambda points: Comparisons.pool(attacked(statistics.restricted_to(points), split)), sets
        )
    folds = [_attacked_on(statistics, sets, atoms, split, fold) for fold in range(len(split.folds))]
    return [Comparisons.pool(of_set) for of_set in zip(*folds, strict=True)]


def _attacked_on(
    statistics: ClipStatistics,
    sets: Sequence[frozenset[int]],
    atoms: Sequence[frozenset[int]],
    split: Split,
    fold: int,
) -> list[Comparisons]:
    """Fit in one fold; the products of windows are sums of those of atoms."""
    _, who = _people(statistics, split)
    windows = statistics.windows
    learnt = frozenset(split.subjects("train", fold))
    train = np.flatnonzero(np.array([entry.subject in learnt for entry in windows.entries])[windows.clip])
    subject = who[windows.clip[train]]
    fitted = statistics.fits.get(learnt)
    if fitted is None:
        mean, scale = weighted_scale(statistics.values[train], subject)
    else:
        mean, scale = fitted.mean, fitted.scale
    products = {}
    for atom in atoms:
        columns = statistics.columns_of(atom)
        own = (statistics.values[:, columns] - mean[columns]) / scale[columns]
        products[atom] = own @ own[train].T
    tested = set(split.subjects("test", fold))

    def compared(points: frozenset[int]) -> Comparisons:
        of_set = np.sum([products[atom] for atom in atoms if atom <= points], axis=0)
        embeddings = embeddings_from_products(of_set, train, subject, MomentsConfig())
        return _compared(lambda rows: embeddings[rows], statistics, who, tested, None)

    return _each_on_one_core(compared, sets)


def _atoms(sets: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """The largest sets of points that lie whole in or out of every one of the sets.

    >>> _atoms([frozenset({1, 2, 3}), frozenset({3})])
    [frozenset({1, 2}), frozenset({3})]
    """
    points_of: dict[tuple[bool, ...], set[int]] = {}
    for point in sorted(frozenset().union(*sets)):
        points_of.setdefault(tuple(point in each for each in sets), set()).add(point)
    return [frozenset(points) for points in points_of.values()]


def _each_on_one_core(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Several at a time: on two cores half as quick again as one after the other on both."""
    with from_extra("threadpoolctl", "train"):
        from threadpoolctl import threadpool_limits
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(usable_cores()) as threads:
        return list(threads.map(work, items))


def _people(statistics: ClipStatistics, split: Split) -> tuple[list[str], Int[np.ndarray, " M"]]:
    """The sorted subjects of the split, and for each clip the position of its own."""
    subjects = sorted(split.folds[0])
    return subjects, np.array([subjects.index(entry.subject) for entry in statistics.windows.entries])


def _fitted(
    statistics: ClipStatistics, who: Int[np.ndarray, " M"], people: Int[np.ndarray, " P"]
) -> MomentsAttacker:
    of_window = who[statistics.windows.clip]
    train = np.isin(of_window, people)
    return fit_to_statistics(
        statistics.values[train],
        of_window[train],
        MomentsConfig(),
        features=statistics.windows.config,
        co_movement=statistics.whole,
    )


def _projected(
    fitted: MomentsAttacker, statistics: ClipStatistics
) -> Callable[[Bool[np.ndarray, " N"]], Float[np.ndarray, "n D"]]:
    return lambda rows: fitted.project(statistics.values[rows])


def _compared(
    embeddings_of: Callable[[Bool[np.ndarray, " N"]], Float[np.ndarray, "n D"]],
    statistics: ClipStatistics,
    who: Int[np.ndarray, " M"],
    people: set[str],
    windows: int | None,
) -> Comparisons:
    everybody = statistics.windows
    tested = everybody.select(people & set(everybody.subjects))
    is_tested = np.array([entry.subject in people for entry in everybody.entries])
    embeddings = embeddings_of(is_tested[everybody.clip])
    comparisons = compare_all(mean_directions(embeddings, tested, first=windows), who[is_tested])
    return statistics.counted.of(comparisons, [entry.clip for entry in tested.entries])
