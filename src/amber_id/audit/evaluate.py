"""From a run and recordings to `EvaluationResults`, with everything needed to say where they came from."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from jaxtyping import Float

from amber_id.attackers import file_hash
from amber_id.audit.evaluation import (
    Tested,
    embed_test_people,
    find_checkpoints,
    measure,
    subject_results,
)
from amber_id.audit.judging import EvaluationConfig, bootstrap_of
from amber_id.audit.known_truth import oracle_result
from amber_id.audit.openings import record_opening
from amber_id.audit.wording import headline, limits
from amber_id.errors import MissingDependencyError
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet, read_failures, read_header
from amber_id.results import (
    Attacker,
    ComparisonCounts,
    Counts,
    DevFold,
    EvaluationArrays,
    EvaluationResults,
    FailedClip,
    Provenance,
    Times,
    surroundings,
)
from amber_id.synthetic import SYNTHETIC_TRACKER
from amber_id.training import versions

_FEWEST_FOR_TSNE = 8  # clips; below, t-SNE has no neighbourhoods to keep


def evaluate(
    run: Path,
    recordings: RecordingSet,
    split: Split,
    config: EvaluationConfig | None = None,
    *,
    oracle: Path | None = None,
    device: str = "auto",
    on_clip: Callable[[], None] | None = None,
) -> tuple[EvaluationResults, EvaluationArrays]:
    """Test a run, or one checkpoint, on the test people of the split.

    `oracle` is the ``oracle.json`` of synthetic recordings: the lowest possible EER of the same comparisons
    then stands beside the attacker's.

    Raises
    ------
    SplitError
        If a test subject was trained or chosen on.
    EvaluationError
        If there is nothing to compare, or too little for an interval; or the oracle is of other recordings.
    FileFormatError
        If a checkpoint or a recording cannot be used.
    """
    started = time.perf_counter()
    config = config or EvaluationConfig()
    checkpoints = find_checkpoints(run)
    tested = embed_test_people(checkpoints, recordings, split, device=device, on_clip=on_clip)
    metrics, judged = measure(tested, config)
    best = None if oracle is None else oracle_result(oracle, tested, recordings, metrics, config)
    failures = _failures(tested, recordings)
    provenance = _provenance(tested, recordings, split, config)
    results = EvaluationResults(
        headline=headline(tested, metrics),
        control=tested.folds[0].header.control,
        attacker=_attacker(tested),
        counts=_counts(tested, len(failures)),
        metrics=metrics,
        disclosure=judged.disclosure,
        oracle=best,
        dev=_dev(tested),
        subjects=subject_results(tested, judged.people),
        failures=failures,
        limits=limits(tested, judged, len(failures), synthetic=provenance.synthetic),
        bootstrap=bootstrap_of(judged.eer),
        provenance=provenance,
        times=Times(
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            wall_s=round(time.perf_counter() - started, 3),
        ),
    )
    return results, _arrays(tested, seed=config.seed)


def _attacker(tested: Tested) -> Attacker:
    header = tested.folds[0].header
    return Attacker(
        name=header.attacker,
        config=header.attacker_config,
        features=header.features.model_dump(mode="json"),
        train_subjects=len(header.train_subjects),
        train_clips=header.train_clips,
    )


def _counts(tested: Tested, failed_clips: int) -> Counts:
    comparisons = tested.comparisons
    source = {entry.subject: entry.source for fold in tested.folds for entry in fold.windows.entries}
    return Counts(
        subjects=len(tested.subjects),
        clips=sum(len(fold.windows.entries) for fold in tested.folds),
        windows=sum(len(fold.windows.clip) for fold in tested.folds),
        comparisons=ComparisonCounts(mated=comparisons.n_mated, nonmated=comparisons.n_nonmated),
        subjects_of_source=dict(sorted(Counter(source.values()).items())),
        failed_clips=failed_clips,
    )


def _dev(tested: Tested) -> tuple[DevFold, ...]:
    return tuple(
        DevFold(
            fold=fold.header.fold,
            subjects=fold.header.dev.subjects,
            eer=fold.header.dev.eer,
            threshold=fold.header.dev.threshold,
            epoch=fold.header.epoch,
        )
        for fold in tested.folds
    )


def _failures(tested: Tested, recordings: RecordingSet) -> tuple[FailedClip, ...]:
    """Clips of test people that gave no figure: never tracked, or too little of them."""
    listed = read_failures(recordings.root)
    untracked = [f for f in listed if f.stage == "track" and f.subject in tested.subjects]
    unusable = [failure for fold in tested.folds for failure in fold.windows.failures]
    reasons = {failure.clip: failure.reason for failure in (*untracked, *unusable)}
    return tuple(FailedClip(clip=clip, reason=reasons[clip]) for clip in sorted(reasons))


def _provenance(
    tested: Tested, recordings: RecordingSet, split: Split, config: EvaluationConfig
) -> Provenance:
    hashes = tuple(file_hash(fold.checkpoint) for fold in tested.folds)
    header = tested.folds[0].header
    opening = None
    if header.control is None:
        opening = record_opening(
            recordings.root, split=split.content_hash(), checkpoints=hashes, attacker=header.attacker
        )
    trackers, synthetic = _trackers(tested)
    return Provenance(
        **surroundings(),
        packages={name: number for name, number in versions().items() if name != "amber-id"},
        recordings=recordings.root.name,
        recordings_sha256=recordings.content_hash(),
        split_sha256=split.content_hash(),
        checkpoints_sha256=hashes,
        trackers=trackers,
        synthetic=synthetic,
        train_seed=header.seed,
        bootstrap_seed=config.seed,
        test_opening=opening,
    )


def _trackers(tested: Tested) -> tuple[tuple[str, ...], bool]:
    """What made the test recordings, sorted, and whether their people never lived."""
    headers = [read_header(entry.path) for fold in tested.folds for entry in fold.windows.entries]
    names = {f"{h.tracker} {h.tracker_version}, model {h.model_sha256[:12]}" for h in headers}
    return tuple(sorted(names)), all(h.tracker == SYNTHETIC_TRACKER for h in headers)


def _arrays(tested: Tested, *, seed: int) -> EvaluationArrays:
    enrolment, probe, first = [], [], 0
    for fold in tested.folds:
        a, b = np.triu_indices(len(fold.vectors), k=1)  # the order of `compare_all`
        enrolment.append(a + first)
        probe.append(b + first)
        first += len(fold.vectors)
    return EvaluationArrays(
        vectors=_stacked([fold.vectors for fold in tested.folds]),
        tsne=np.concatenate([_tsne(fold.vectors, seed=seed) for fold in tested.folds]),
        subject=np.concatenate([tested.subject_numbers(fold) for fold in tested.folds]),
        fold=np.concatenate([np.full(len(fold.vectors), fold.header.fold) for fold in tested.folds]),
        scores=tested.comparisons.scores,
        enrolment=np.concatenate(enrolment),
        probe=np.concatenate(probe),
        clips=tuple(entry.clip for fold in tested.folds for entry in fold.windows.entries),
        subjects=tested.subjects,
    )


def _stacked(vectors: list[Float[np.ndarray, "_ _"]]) -> Float[np.ndarray, "N D"]:
    """One after another; attackers trained on fewer people have shorter vectors, which zeros fill up."""
    width = max(v.shape[1] for v in vectors)
    return np.concatenate([np.pad(v, ((0, 0), (0, width - v.shape[1]))) for v in vectors])


def _tsne(vectors: Float[np.ndarray, "N D"], *, seed: int) -> Float[np.ndarray, "N 2"]:
    """A map of one fold's clips; with very few clips, their first two principal components."""
    if len(vectors) < _FEWEST_FOR_TSNE:
        centred = vectors - vectors.mean(axis=0)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        flat = (u * s)[:, :2]
        return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1]))).astype(np.float64)
    try:
        from openTSNE import TSNE
    except ImportError as error:
        raise MissingDependencyError.for_extra("openTSNE", "report") from error
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, metric="cosine", random_state=seed, n_jobs=1, initialization="pca")
    return np.asarray(tsne.fit(vectors), dtype=np.float64)
