"""How well does a trained attacker tell, for two clips of people it has never seen, whether they are one?

All pairs of test clips are compared once by the cosine of their vectors. With k folds each attacker meets
only the test people of its own fold; the comparisons of all folds are pooled, so that every person is
tested once. The threshold of a decision is that of the dev people of the same fold. Intervals come from
drawing test people again, with the same draws for every figure.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import comb
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from amber_id.attackers import CheckpointHeader, load_attacker
from amber_id.audit.judging import EvaluationConfig, Judged, judge
from amber_id.biometrics import Comparisons, SubjectFigures, compare_all
from amber_id.embeddings import embed_clips
from amber_id.errors import EvaluationError, SplitError
from amber_id.motion import WindowSet, load_windows
from amber_id.protocols import Split, labelled, partition_of
from amber_id.recordings import RecordingSet
from amber_id.results import Metrics, SubjectResult
from amber_id.training import Run, refuse_overlap


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
        return compare_all(fold.vectors, self.subject_numbers(fold))


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


def measure(tested: Tested, config: EvaluationConfig) -> tuple[Metrics, Judged]:
    """Every figure with its interval over subjects.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison, or there are too few people for an interval.
    """
    if tested.comparisons.n_mated == 0:
        raise EvaluationError("no test subject has two usable clips, so there is no mated comparison")
    judged = judge(tested.comparisons, config, from_threshold=tested.comparisons_from_threshold)
    undefined = dict.fromkeys(set(Metrics.model_fields) - set(judged.rates))
    return Metrics.model_validate(judged.rates | undefined), judged


def subject_results(tested: Tested, people: tuple[SubjectFigures, ...]) -> tuple[SubjectResult, ...]:
    """Every test subject's figures, sorted by subject."""
    rows = []
    for figures in people:
        subject = tested.subjects[figures.subject]
        # With permuted labels a subject's clips may lie in several folders, but in one fold always.
        fold = next(fold for fold in tested.folds if subject in fold.windows.subjects)
        entries = [entry for entry in fold.windows.entries if entry.subject == subject]
        row = SubjectResult(
            subject=subject,
            source=entries[0].source,
            fold=fold.header.fold,
            clips=len(entries),
            mean_mated=figures.mated_mean,
            mean_nonmated=figures.nonmated_mean,
            eer=figures.eer,
        )
        rows.append(row)
    return tuple(rows)
