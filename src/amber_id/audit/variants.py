"""What does `moments` find when it is shown less, or something else?

The statistics of every window are computed once; each question then takes a part of them, or other labels,
and fits anew in every fold of the study's split, on train people. Nothing is chosen: dev people are not used.
All variants of a cell are asked about the same comparisons as the cell itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from amber_id.attackers.moments import MomentsAttacker, MomentsConfig, fit_to_statistics, window_statistics
from amber_id.biometrics import Comparisons, compare_all
from amber_id.embeddings import mean_directions
from amber_id.motion import FeatureConfig, WindowSet, in_channels, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet


@dataclass(frozen=True)
class ClipStatistics:
    """What `moments` knows of every window of some clips."""

    windows: WindowSet
    values: Float[np.ndarray, "N F"]

    @classmethod
    def of(
        cls, recordings: RecordingSet, features: FeatureConfig, *, shuffled_by: int | None = None
    ) -> "ClipStatistics":
        """Compute them; with `shuffled_by`, a seed, the frames of every window in random order."""
        windows = load_windows(recordings, features)
        parts = []
        for number, (values, mask) in enumerate(windows.in_parts()):
            if shuffled_by is not None:
                values = _shuffled(values, mask, np.random.default_rng([shuffled_by, number]))
            parts.append(window_statistics(values, mask, rate_hz=features.rate_hz))
        return cls(windows, np.concatenate(parts))

    def shown(self, points: Collection[int]) -> "ClipStatistics":
        """The same of some landmarks alone; the face is normalised as a whole all the same."""
        config = self.windows.config
        seen = np.isin(config.points, list(points))
        signals = np.tile(seen, in_channels(config))  # a signal is a channel of a vertex
        return replace(self, values=self.values[:, np.tile(signals, self.values.shape[1] // len(signals))])

    def labelled(self, recordings: RecordingSet) -> "ClipStatistics":
        """The same of the same clips with the subjects of `recordings`."""
        return replace(self, windows=replace(self.windows, entries=recordings.entries))


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


def fitted_in_folds(
    statistics: ClipStatistics, split: Split, *, people: int | None = None
) -> tuple[MomentsAttacker, ...]:
    """`moments` fitted to the train people of each fold, or so many of them; raises as `attacked` does."""
    subjects, who = _people(statistics, split)
    fitted = []
    for fold in range(len(split.folds)):
        train = np.array([subjects.index(s) for s in split.subjects("train", fold)])
        learnt = np.random.default_rng(fold).permutation(train)[:people]
        fitted.append(_fitted(statistics, who, learnt))
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
        _compared(each, statistics, who, set(split.subjects("test", fold)), windows)
        for fold, each in enumerate(fitted)
    )


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
    )


def _compared(
    fitted: MomentsAttacker,
    statistics: ClipStatistics,
    who: Int[np.ndarray, " M"],
    people: set[str],
    windows: int | None,
) -> Comparisons:
    everybody = statistics.windows
    tested = everybody.select(people & set(everybody.subjects))
    is_tested = np.array([entry.subject in people for entry in everybody.entries])
    embeddings = fitted.project(statistics.values[is_tested[everybody.clip]])
    return compare_all(mean_directions(embeddings, tested, first=windows), who[is_tested])


def _shuffled(
    values: Float[np.ndarray, "n C T V"], mask: Bool[np.ndarray, "n T"], rng: np.random.Generator
) -> Float[np.ndarray, "n C T V"]:
    """Each window with its real frames in an order of its own; padding stays behind."""
    order = np.argsort(rng.random(mask.shape) + ~mask, axis=1)
    return np.take_along_axis(values, order[:, None, :, None], axis=2)
