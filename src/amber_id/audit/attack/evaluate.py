"""From runs and recordings to `EvaluationResults`, with everything needed to say where they came from."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from amber_id.audit.attack.avatars import avatar_remarks
from amber_id.audit.attack.drawn_arrays import arrays_of
from amber_id.audit.attack.known_truth import oracle_result
from amber_id.audit.attack.made_by import common_provenance
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.attack.statements import headline, limits
from amber_id.audit.attack.strongest_attacker import Tried, attacker_results, measure, score_attackers
from amber_id.audit.attack.tested import embed_people, subject_results
from amber_id.audit.attack.utterances import utterances_beside
from amber_id.file_formats import file_hash
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.made_by import times_since
from amber_id.protocols import (
    Leak,
    Split,
    manifest_hash,
    protocol_of,
    refuse_leaks,
    refuse_too_few_tested,
    remarks_of,
)
from amber_id.protocols.leaks import limits_of
from amber_id.recordings import RecordingSet, read_failures
from amber_id.results import (
    Bootstrap,
    ComparisonCounts,
    Counts,
    EvaluationArrays,
    EvaluationResults,
    FailedClip,
    Provenance,
)


def evaluate(
    run: Path,
    recordings: RecordingSet,
    split: Split,
    config: EvaluationConfig | None = None,
    *,
    others: Sequence[Path] = (),
    oracle: Path | None = None,
    device: str = "auto",
    allow: Collection[str] = (),
    on_clip: Callable[[], None] | None = None,
) -> tuple[EvaluationResults, EvaluationArrays]:
    """Test a run, or one checkpoint, on the test people of the split.

    With `others`, runs trained under the same split, all of them and their fusion are tried, and the results
    are those of the strongest, which is chosen on dev people. `oracle` is the ``oracle.json`` of synthetic
    recordings: the lowest possible EER of the same comparisons then stands beside the attacker's. `allow`
    names leaks that are known and meant; results name them.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, and not allowed.
    SplitError
        If a test subject was trained or chosen on, a run was trained under another split, or fewer than three
        people are tested.
    UsageError
        If a run comes twice, or only some were trained on permuted labels.
    CorpusError
        If only different utterances are asked for, and it is not known what is said.
    EvaluationError
        If there is nothing to compare, or too little for an interval; or the oracle is of other recordings.
    FileFormatError
        If a checkpoint or a recording cannot be used.
    """
    started = time.perf_counter()
    config = config or EvaluationConfig()
    refuse_too_few_tested(split, recordings.subjects)
    utterance_of = utterances_beside(recordings) if config.different_utterances else None
    allowed = refuse_leaks(recordings, split, allow)
    tested = embed_people(
        (run, *others),
        recordings,
        split,
        device=device,
        on_clip=on_clip,
        with_dev=utterance_of is not None,  # thresholds of the runs are of all comparisons
        utterance_of=utterance_of,
    )
    tried = score_attackers(tested)
    results = _results(tried, recordings, split, config, oracle, allowed, started)
    return results, arrays_of(tried, seed=config.seed)


def _results(
    tried: Tried,
    recordings: RecordingSet,
    split: Split,
    config: EvaluationConfig,
    oracle: Path | None,
    allowed: tuple[Leak, ...],
    started: float,
) -> EvaluationResults:
    strongest, first = tried.strongest, tried.scored[0].members[0]
    metrics, judged = measure(strongest, config)
    best = None if oracle is None else oracle_result(oracle, strongest, recordings, metrics, config)
    failures = _failures(tried, recordings)
    provenance = _provenance(tried, recordings, split, config, allowed)
    return EvaluationResults(
        headline=headline(strongest, metrics, judged.recognition),
        control=first.folds[0].header.control,
        attacker=strongest.attacker,
        attackers=attacker_results(tried, metrics, config),
        counts=_counts(tried, len(failures)),
        metrics=metrics,
        recognition=judged.recognition,
        disclosure=judged.disclosure,
        population=judged.population,
        oracle=best,
        dev=strongest.dev,
        subjects=subject_results(first, judged.people),
        failures=failures,
        limits=(
            *limits(tried, judged, len(failures), synthetic=provenance.synthetic),
            *avatar_remarks(tried.mapped.members[0].entries),
            *remarks_of(recordings.root, split),
            *limits_of(allowed, *(() if provenance.synthetic else (recordings,))),
        ),
        bootstrap=Bootstrap.of(judged.eer),
        provenance=provenance,
        times=times_since(started),
    )


def _counts(tried: Tried, failed_clips: int) -> Counts:
    comparisons, tested = tried.strongest.comparisons, tried.mapped.members[0]
    source = {entry.subject: entry.source for entry in tested.entries}
    return Counts(
        subjects=len(tested.subjects),
        clips=len(tested.entries),
        windows=sum(int(fold.test.windows.sum()) for fold in tested.folds),
        comparisons=ComparisonCounts(
            mated=comparisons.n_mated,
            nonmated=comparisons.n_nonmated,
            unknown_utterances=tested.unknown_utterances,
        ),
        subjects_of_source=dict(sorted(Counter(source.values()).items())),
        failed_clips=failed_clips,
    )


def _failures(tried: Tried, recordings: RecordingSet) -> tuple[FailedClip, ...]:
    """Clips of test people that gave no figure: never tracked, or of no use to some attacker."""
    alone = [each for each in tried.scored if not each.is_fusion]
    reasons: dict[str, str] = {}
    for each in alone:
        who = f"{each.attacker.name}: " if len(alone) > 1 else ""
        for fold in each.members[0].folds:
            reasons |= {failure.clip: f"{who}{failure.reason}" for failure in fold.test.failures}
    subjects = alone[0].members[0].subjects
    listed = read_failures(recordings.root)
    reasons |= {f.clip: f.reason for f in listed if f.stage == "track" and f.subject in subjects}
    return tuple(FailedClip(clip=clip, reason=reasons[clip]) for clip in sorted(reasons))


def _provenance(
    tried: Tried,
    recordings: RecordingSet,
    split: Split,
    config: EvaluationConfig,
    allowed: Sequence[Leak],
) -> Provenance:
    alone = [each for each in tried.scored if not each.is_fusion]
    hashes = [tuple(file_hash(fold.checkpoint) for fold in each.members[0].folds) for each in alone]
    opening = None
    if tried.strongest.members[0].folds[0].header.control is None:
        opening = record_opening(
            recordings.root,
            split=split.content_hash(),
            # One look at the test people, whichever of the runs is named first.
            checkpoints=tuple(each for run in sorted(hashes) for each in run),
            attacker=" + ".join(sorted(each.attacker.name for each in alone)),
        )
    seeds = {fold.header.seed for tested in tried.strongest.members for fold in tested.folds}
    return Provenance(
        **common_provenance(tried.mapped.members[0].entries, allowed),
        recordings=recordings.root.name,
        recordings_sha256=recordings.content_hash(),
        split_sha256=split.content_hash(),
        protocol=protocol_of(recordings.root, split),
        manifest_sha256=manifest_hash(recordings),
        checkpoints_sha256=tuple(each for run in hashes for each in run),
        train_seed=seeds.pop() if len(seeds) == 1 else None,
        bootstrap_seed=config.seed,
        test_opening=opening,
    )
