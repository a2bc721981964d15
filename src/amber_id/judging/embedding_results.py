"""The figures of all pairs of very many clips, whose scores are counted in bins and not kept."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from amber_id.biometrics import Tally, tally_all
from amber_id.biometrics.comparisons import lowest_rate
from amber_id.figures import Sample, in_order, statistics_of
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.limits import interval_limits
from amber_id.judging.made_by import hashed, provenance, times_since
from amber_id.judging.rates import judge_tally, recognition_in
from amber_id.results import METRICS_SCHEMA, Bootstrap, ComparisonCounts, ScoreCounts, ScoreResults
from amber_id.score_files import Embeddings, IdentifiedBy, read_embeddings


def judge_embeddings(
    embeddings: Path,
    config: EvaluationConfig | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScoreResults:
    """The figures of all pairs of very many clips, whose scores are counted and not kept.

    Parameters
    ----------
    embeddings
        An ``.npz`` archive of vectors and subjects.
    config
        Resamples, level, seed; nothing is permuted.
    on_progress
        Called with how many comparisons were just made, and how many there are in all.

    Raises
    ------
    EvaluationError
        If a side is empty or people are too few for an interval.
    FileFormatError
        If the file cannot be used.
    """
    started = time.perf_counter()
    config = config or EvaluationConfig()
    read = read_embeddings(embeddings)
    counted = _counted(read, on_progress)
    counts = _counts(read, counted)
    curve = counted.whole.curve()
    low, high = curve.eer_bounds()
    estimates, rates = judge_tally(counted, statistics_of(Sample(curve, counts.fmr_floor), "counts"), config)
    return ScoreResults(
        schema=METRICS_SCHEMA,
        counts=counts,
        metrics=in_order(rates),
        recognition=recognition_in(counted, estimates["eer"], None, config),
        disclosure=None,
        differences={},
        subjects=(),
        limits=(
            f"Scores were counted in bins and not kept: the EER lies between {low:.6f} and {high:.6f}. "
            "Linkability, rank-1 and the figures of single people need scores that are kept.",
            *_same_vectors(read),
            *interval_limits(estimates["eer"]),
        ),
        bootstrap=Bootstrap.of(estimates["eer"]),
        provenance=provenance(hashed({"embeddings": embeddings}), str(IdentifiedBy.COLUMNS), config.seed),
        times=times_since(started),
    )


def _counted(read: Embeddings, on_progress: Callable[[int, int], None] | None) -> Tally:
    """The scores of all pairs of clips, counted."""
    n_clips = len(read.subjects)
    total = n_clips * (n_clips - 1) // 2
    return tally_all(
        read.vectors,
        read.subjects,
        on_progress=None if on_progress is None else lambda done: on_progress(done, total),
    )


def _counts(read: Embeddings, counted: Tally) -> ScoreCounts:
    n_subjects = len(read.names)
    pairs = n_subjects * (n_subjects - 1) // 2
    return ScoreCounts(
        subjects=n_subjects,
        clips=len(read.subjects),
        comparisons=ComparisonCounts(
            mated=int(counted.whole.mated.sum()), nonmated=int(counted.whole.nonmated.sum())
        ),
        subject_pairs=pairs,
        fmr_floor=lowest_rate(pairs),
    )


def _same_vectors(read: Embeddings) -> Iterator[str]:
    """A vector that clips of several people have is no embedding, or one clip under several names."""
    people: dict[bytes, list[int]] = defaultdict(list)
    for vector, subject in zip(read.vectors, read.subjects.tolist(), strict=True):
        people[vector.tobytes()].append(subject)
    shared = [each for each in people.values() if len(set(each)) > 1]
    if shared:
        names = [read.names[subject] for subject in sorted(set(shared[0]))[:2]]
        yield (
            f"{sum(map(len, shared)):,} clips have the very same vector as a clip of another person, e.g. of "
            f"{names[0]} and {names[1]}: a constant in place of a failed embedding, or one clip under two "
            "names. They count as equal; leave them out or mend them."
        )
