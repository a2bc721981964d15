"""How well does a trained attacker tell, for two clips of people it has never seen, whether they are one?

All pairs of test clips are compared once by the cosine of their vectors. With k folds each attacker meets
only the test people of its own fold; the comparisons of all folds are pooled, so that every person is
tested once. The threshold of a decision is that of the dev people of the same fold. Intervals come from
drawing test people again, with the same draws for every figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import comb
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field

from amber_id.attackers import CheckpointHeader, load_attacker
from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Interval,
    best_balanced_accuracy,
    compare_all,
    error_curve,
    per_subject_means,
    subject_bootstrap,
)
from amber_id.embeddings import embed_clips
from amber_id.errors import EvaluationError, SplitError
from amber_id.motion import WindowSet, load_windows
from amber_id.protocols import Split, labelled, partition_of
from amber_id.recordings import RecordingSet
from amber_id.results import Metrics, Rate, SubjectResult
from amber_id.training import Run, refuse_overlap


class EvaluationConfig(BaseModel):
    """How figures and their intervals are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicates: int = Field(1000, ge=100)  # of the bootstrap over subjects
    level: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class TestedFold:
    """The test people of one fold as its attacker saw them."""

    checkpoint: Path
    header: CheckpointHeader
    windows: WindowSet
    vectors: Float[np.ndarray, "N D"]


@dataclass(frozen=True)
class Tested:
    """All folds of a study, tested; `subjects` are those of all folds, sorted."""

    folds: tuple[TestedFold, ...]
    subjects: tuple[str, ...]

    def subject_numbers(self, fold: TestedFold) -> Int[np.ndarray, " N"]:
        """For each clip of a fold, its subject as a position in `subjects`."""
        number = {subject: i for i, subject in enumerate(self.subjects)}
        return np.array([number[entry.subject] for entry in fold.windows.entries], dtype=np.int64)

    @cached_property
    def comparisons(self) -> Comparisons:
        """The comparisons of all folds, scores as they are."""
        return Comparisons.pool([self._within(fold) for fold in self.folds])

    @cached_property
    def comparisons_from_threshold(self) -> Comparisons:
        """The same with the dev threshold of its fold subtracted from each score: accepted from zero on."""
        threshold = np.concatenate(
            [np.full(comb(len(fold.vectors), 2), fold.header.dev.threshold) for fold in self.folds]
        )
        return replace(self.comparisons, scores=self.comparisons.scores - threshold)

    def _within(self, fold: TestedFold) -> Comparisons:
        return compare_all(fold.vectors, self.subject_numbers(fold), n_subjects=len(self.subjects))


def find_checkpoints(run: Path) -> tuple[Path, ...]:
    """The checkpoint of each fold of a run, or the one checkpoint that is named."""
    if run.is_file():
        return (run,)
    return tuple(folder.chosen for folder in Run.open(run).folds)


def embed_test_people(
    checkpoints: tuple[Path, ...],
    recordings: RecordingSet,
    split: Split,
    *,
    device: str = "auto",
    on_clip: Callable[[], None] | None = None,
) -> Tested:
    """Embed the clips of the test people of each checkpoint's fold.

    Raises
    ------
    SplitError
        If a test subject was trained or chosen on, or the split has not the folds of the checkpoints.
    EvaluationError
        If the point sets differ, or nobody in test has a usable clip.
    """
    folds = []
    for path in checkpoints:
        header, attacker = load_attacker(path, device)
        if header.folds != len(split.folds):
            raise SplitError(
                f"{path}: trained under a split of {header.folds} folds, "
                f"the recordings have one of {len(split.folds)}"
            )
        if recordings.entries[0].point_set != header.point_set:
            raise EvaluationError(
                f"{path}: expects {header.point_set}, the recordings have {recordings.entries[0].point_set}"
            )
        shown = labelled(recordings, header.control, seed=header.seed)
        people = partition_of(shown, split, "test", header.fold)
        known = header.train_subjects + header.dev_subjects
        refuse_overlap(known, people.subjects, f"{path}: trained or chosen on people of test")
        windows = load_windows(people, header.features, on_clip=on_clip)
        folds.append(TestedFold(path, header, windows, embed_clips(attacker, windows)))
    subjects = tuple(sorted({subject for fold in folds for subject in fold.windows.subjects}))
    return Tested(tuple(folds), subjects)


def measure(tested: Tested, config: EvaluationConfig) -> tuple[Metrics, Interval]:
    """Every figure with its interval over subjects; the interval of the EER says how all were made.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison, or there are too few people for an interval.
    """
    raw, decided = tested.comparisons, tested.comparisons_from_threshold
    if raw.n_mated == 0:
        raise EvaluationError("no test subject has two usable clips, so there is no mated comparison")
    _, best = best_balanced_accuracy(raw.mated_scores, raw.nonmated_scores)
    of_raw: Mapping[str, Callable[[ErrorCurve], float]] = {
        "eer": ErrorCurve.eer,
        "auc": ErrorCurve.auc,
        "balanced_accuracy_optimistic": lambda curve: curve.balanced_accuracy_at(best),
    }
    of_decided: Mapping[str, Callable[[ErrorCurve], float]] = {
        "accuracy": lambda curve: curve.accuracy_at(0.0),
        "balanced_accuracy": lambda curve: curve.balanced_accuracy_at(0.0),
    }
    majority = max(raw.n_mated, raw.n_nonmated) / len(raw.scores)
    rates: dict[str, float] = {}
    intervals: dict[str, Interval] = {}
    for comparisons, statistics in ((raw, of_raw), (decided, of_decided)):
        intervals |= subject_bootstrap(
            comparisons,
            statistics,
            replicates=config.replicates,
            level=config.level,
            rng=np.random.default_rng(config.seed),  # the same draws of people both times
        )
        curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
        rates |= {name: statistic(curve) for name, statistic in statistics.items()}
    metrics = Metrics(
        **{
            name: Rate(
                value=value,
                low=intervals[name].low,
                high=intervals[name].high,
                level=config.level,
                chance=majority if name == "accuracy" else 0.5,
            )
            for name, value in rates.items()
        }
    )
    return metrics, intervals["eer"]


def subject_results(tested: Tested) -> tuple[SubjectResult, ...]:
    """Every test subject's mean scores, sorted by subject."""
    rows = []
    for means in per_subject_means(tested.comparisons):
        subject = tested.subjects[means.subject]
        # With permuted labels a subject's clips may lie in several folders, but in one fold always.
        fold = next(fold for fold in tested.folds if subject in fold.windows.subjects)
        entries = [entry for entry in fold.windows.entries if entry.subject == subject]
        row = SubjectResult(
            subject=subject,
            source=entries[0].source,
            fold=fold.header.fold,
            clips=len(entries),
            mean_mated=means.mated_mean,
            mean_nonmated=means.nonmated_mean,
        )
        rows.append(row)
    return tuple(rows)
